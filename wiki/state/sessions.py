"""Sessions: a browser that has signed in. What its cookie holds is kept as a digest, and ends at once when it should."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from engine.cache import Cache
from engine.errors import StoreError
from wiki.state.accounts import Account, account_of
from wiki.state.audit import Audit, By, Clock, moment
from wiki.state.database import Database
from wiki.state.schema import account, session
from wiki.state.signing import digested

DAYS = 30  # that a session lasts
IDLE_DAYS = 7  # after which one that was not used ends
SEEN_SECONDS = 600  # in which use is written down once
OF_ONE = 50  # sessions of one account; the oldest make room
KEPT = 4_000  # sessions that each process remembers
BYTES = 32  # of chance in a cookie
AGENT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that has signed in."""

    id: int
    account: int
    created: datetime
    expires: datetime
    seen: datetime  # some minutes behind
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Who a cookie stands for."""

    session: Session
    account: Account


class Sessions:
    """Begins and ends sessions, and says whom a cookie stands for.

    Args:
        database: Where they are kept.
        audit: Where is written down what was done.
        clock: Seconds since 1970.
        days: That a session lasts.
        idle_days: After which one that was not used ends.
    """

    def __init__(
        self, database: Database, audit: Audit, clock: Clock, days: int = DAYS, idle_days: int = IDLE_DAYS
    ) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._lasts = days * 86_400
        self._idle = idle_days * 86_400
        self._kept: Cache[bytes, tuple[int, Visit]] = Cache(KEPT)

    @property
    def seconds(self) -> int:
        """How long a session lasts."""
        return self._lasts

    def begin(self, found: Account, by: By, agent: str = "") -> str:
        """Begin a session, and return what its cookie holds, which nobody can tell from what is kept."""
        text = secrets.token_urlsafe(BYTES)
        now = int(self._clock())
        with self._database.writing() as db:
            self._sweep(db, found.id, now)
            db.execute(
                insert(session).values(
                    digest=digested(text),
                    account=found.id,
                    created=now,
                    expires=now + self._lasts,
                    seen=now,
                    address=by.address,
                    agent=agent[:AGENT_CHARACTERS],
                )
            )
            self._audit.write(db, By(found.login, by.address), "login")
        return text

    def find(self, text: str) -> Visit | None:
        """Return whom a cookie stands for, ``None`` when nobody: it ended, or never was.

        What was found is remembered until anybody changes anything in the state, so that an end is never missed.
        """
        digest = digested(text)
        generation = self._database.generation()
        kept = self._kept.get(digest)
        if kept is not None and kept[0] == generation:
            visit: Visit | None = kept[1]
        else:
            visit = self._read(digest)
            if visit is not None:
                self._kept.put(digest, (generation, visit), 1)
        now = self._clock()
        if visit is None or not self._holds(visit, now):
            return None
        if now - visit.session.seen.timestamp() >= SEEN_SECONDS:
            visit = self._saw(visit, int(now))
        return visit

    def of(self, found: Account) -> Sequence[Session]:
        """Return the sessions of an account that have not ended, the one used last first."""
        now = self._clock()
        query = (
            select(session)
            .where(session.c.account == found.id)
            .order_by(session.c.seen.desc(), session.c.id.desc())
        )
        with self._database.reading() as db:
            made = [_session(row) for row in db.execute(query)]
        return tuple(each for each in made if self._holds(Visit(each, found), now))

    def end(self, text: str, by: By) -> None:
        """End the session that a cookie stands for, if there is one."""
        with self._database.writing() as db:
            if db.execute(delete(session).where(session.c.digest == digested(text))).rowcount:
                self._audit.write(db, by, "logout")

    def revoke(self, found: Account, number: int, by: By) -> bool:
        """End one session of an account, and say whether there was such a one."""
        with self._database.writing() as db:
            own = (session.c.id == number) & (session.c.account == found.id)
            ended = db.execute(delete(session).where(own)).rowcount == 1
            if ended:
                self._audit.write(db, by, "session.end", found.login)
        return ended

    def _read(self, digest: bytes) -> Visit | None:
        query = (
            select(account, *(column.label(f"session_{column.name}") for column in session.c))
            .join_from(session, account)
            .where(session.c.digest == digest)
        )
        with self._database.reading() as db:
            row = db.execute(query).one_or_none()
        return None if row is None else Visit(_session(row, "session_"), account_of(row))

    def _holds(self, visit: Visit, now: float) -> bool:
        since = now - visit.session.seen.timestamp()
        return not visit.account.disabled and now < visit.session.expires.timestamp() and since < self._idle

    def _saw(self, visit: Visit, now: int) -> Visit:
        """Write down that a session is used; where that fails it is written down the next time."""
        with suppress(StoreError), self._database.writing(lasting=False) as db:
            db.execute(update(session).where(session.c.id == visit.session.id).values(seen=now))
        return replace(visit, session=replace(visit.session, seen=moment(now)))

    def _sweep(self, db: Connection, number: int, now: int) -> None:
        """Remove what has ended, and of one account the oldest of too many."""
        db.execute(delete(session).where((session.c.expires <= now) | (session.c.seen <= now - self._idle)))
        newest = select(session.c.id).where(session.c.account == number).order_by(session.c.id.desc())
        too_many = newest.offset(OF_ONE - 1).subquery()
        db.execute(delete(session).where(session.c.id.in_(select(too_many.c.id))))


def _session(row: Any, prefix: str = "") -> Session:
    number, of, created, expires, seen, address, agent = (
        getattr(row, prefix + name)
        for name in ("id", "account", "created", "expires", "seen", "address", "agent")
    )
    return Session(number, of, moment(created), moment(expires), moment(seen), address, agent)
