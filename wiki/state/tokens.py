"""Tokens: by one a program says who it is, and it can do no more than the token allows."""

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from engine.access import EVERYTHING, Actor, Kind, Role, parse_patterns
from engine.cache import Cache
from engine.errors import StoreError
from engine.messages import Message
from engine.model import Author
from wiki.state.accounts import Account
from wiki.state.audit import Audit, By, Clock, moment
from wiki.state.database import Database
from wiki.state.errors import RefusedError, UnknownError
from wiki.state.names import look, parse_login
from wiki.state.schema import account, token
from wiki.state.signing import digested

PREFIX = "quire_"
"""What every token begins with, so that it is known for one where it should not be: in a log, in a repository."""

START_CHARACTERS = len(PREFIX) + 5  # of a token that are kept to recognise it by
BYTES = 32  # of chance in a token
USED_SECONDS = 600  # in which use is written down once
KEPT = 4_000  # tokens that each process remembers
ROLES = (Role.READER, Role.EDITOR)
DAYS = 3_650  # that a token lasts at most, where it ends at all


@dataclass(frozen=True, slots=True)
class Token:
    """What a program may do, and as whom."""

    id: int
    name: str
    start: str
    login: str  # of the account that it belongs to; empty: nobody's
    role: Role  # no more than that of the account
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    created: datetime
    expires: datetime | None
    used: datetime | None  # some minutes behind
    revoked: datetime | None

    @property
    def author(self) -> Author:
        """Whom its commits name."""
        return Author(self.name, f"{self.name}@localhost")

    @property
    def actor(self) -> Actor:
        """The program as the engine knows it."""
        return Actor(Kind.PROGRAM, self.name, self.role, self.author, self.reads, self.writes)


class Tokens:
    """Makes, finds and revokes tokens.

    Args:
        database: Where they are kept.
        audit: Where is written down what was done.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._kept: Cache[bytes, tuple[int, Token]] = Cache(KEPT)

    def create(
        self,
        name: str,
        *,
        by: By,
        role: Role = Role.READER,
        reads: Sequence[str] = EVERYTHING,
        writes: Sequence[str] = EVERYTHING,
        days: int | None = None,
        owner: Account | None = None,
    ) -> tuple[Token, str]:
        """Make a token, and return it with its text, which is told this once.

        Args:
            name: As whom the program appears; no account and no other token may have it.
            by: Who makes it.
            role: `Role.READER`, or `Role.EDITOR` for one that may write.
            reads: Patterns of what it may read, see `engine.access.fits`.
            writes: Patterns of what it may change, out of what it may read.
            days: After which it ends; ``None``: never.
            owner: Whom it belongs to; it may never do more than they.

        Raises:
            RefusedError: One of these cannot be.
        """
        name = parse_login(name)
        if role not in ROLES:
            raise RefusedError(Message("A token reads or writes; it cannot be “%(role)s”.", role=role))
        if days is not None and not 1 <= days <= DAYS:
            raise RefusedError(
                Message.counting(
                    "A token lasts from 1 to %(num)s day.", "A token lasts from 1 to %(num)s days.", DAYS
                )
            )
        try:
            reading, writing = parse_patterns(tuple(reads)), parse_patterns(tuple(writes))
        except ValueError as error:
            raise RefusedError(*error.args) from error
        if not reading or (role is Role.EDITOR and not writing):
            raise RefusedError(Message("A token needs a pattern of what it may do; ** is everything."))
        text = PREFIX + secrets.token_urlsafe(BYTES)
        now = int(self._clock())
        values = {
            "digest": digested(text),
            "start": text[:START_CHARACTERS],
            "name": name,
            "look": look(name),
            "account": owner.id if owner else None,
            "role": role,
            "reads": json.dumps(reading),
            "writes": json.dumps(writing if role is Role.EDITOR else ()),
            "created": now,
            "expires": None if days is None else now + days * 86_400,
        }
        with self._database.writing() as db:
            same_account = or_(account.c.look == look(name), account.c.name_look == look(name))
            same_token = (token.c.look == look(name)) & token.c.revoked.is_(None)
            for same in (select(account.c.id).where(same_account), select(token.c.id).where(same_token)):
                if db.scalar(same.limit(1)) is not None:
                    raise RefusedError(
                        Message(
                            "“%(name)s” is the name of an account or a token, or looks like one.", name=name
                        )
                    )
            made = db.execute(insert(token).values(**values))
            (number,) = made.inserted_primary_key or (0,)
            self._audit.write(db, by, "token.create", name, f"{role} {' '.join(writing or reading)}")
            return _token(db.execute(_ALL.where(token.c.id == number)).one()), text

    def find(self, text: str) -> Token | None:
        """Return what a token allows; ``None`` where it is none, has ended, or its account was disabled."""
        if not text.startswith(PREFIX):
            return None
        digest = digested(text)
        generation = self._database.generation()
        kept = self._kept.get(digest)
        if kept is not None and kept[0] == generation:
            found: Token | None = kept[1]
        else:
            found = self._read(digest)
            if found is not None:
                self._kept.put(digest, (generation, found), 1)
        now = self._clock()
        if found is None or (found.expires is not None and now >= found.expires.timestamp()):
            return None
        if found.used is None or now - found.used.timestamp() >= USED_SECONDS:
            with suppress(StoreError), self._database.writing(lasting=False) as db:
                db.execute(update(token).where(token.c.id == found.id).values(used=int(now)))
        return found

    def all(self, owner: Account | None = None) -> Sequence[Token]:
        """Return the tokens that were not revoked, of one account or of everybody, newest first."""
        query = _ALL.where(token.c.revoked.is_(None)).order_by(token.c.id.desc())
        if owner is not None:
            query = query.where(token.c.account == owner.id)
        with self._database.reading() as db:
            return tuple(map(_token, db.execute(query)))

    def revoke(self, number: int, *, by: By, owner: Account | None = None) -> None:
        """Let a token open nothing any more, at once.

        Raises:
            UnknownError: There is no such token, or it is not the *owner*'s.
        """
        wanted = (token.c.id == number) & token.c.revoked.is_(None)
        if owner is not None:
            wanted &= token.c.account == owner.id
        with self._database.writing() as db:
            name = db.scalar(select(token.c.name).where(wanted))
            if name is None:
                raise UnknownError(Message("There is no such token."))
            db.execute(update(token).where(wanted).values(revoked=int(self._clock())))
            self._audit.write(db, by, "token.revoke", name)

    def named(self, name: str) -> Token:
        """Return the token of a name; UnknownError when there is none that was not revoked."""
        with self._database.reading() as db:
            row = db.execute(_ALL.where(token.c.look == look(name), token.c.revoked.is_(None))).one_or_none()
        if row is None:
            raise UnknownError(Message("There is no token “%(name)s”.", name=name[:80]))
        return _token(row)

    def _read(self, digest: bytes) -> Token | None:
        with self._database.reading() as db:
            row = db.execute(_ALL.where(token.c.digest == digest)).one_or_none()
        return None if row is None or row.revoked is not None or row.owner_disabled else _token(row)


_ALL = select(
    token,
    account.c.login.label("owner_login"),
    account.c.role.label("owner_role"),
    account.c.disabled.label("owner_disabled"),
).join_from(token, account, isouter=True)


def _token(row: Row[Any]) -> Token:
    role = Role(row.role)
    if row.owner_role is not None and not Role(row.owner_role).covers(role):
        role = Role(row.owner_role)
    return Token(
        row.id,
        row.name,
        row.start,
        row.owner_login or "",
        role,
        tuple(json.loads(row.reads)),
        tuple(json.loads(row.writes)),
        moment(row.created),
        None if row.expires is None else moment(row.expires),
        None if row.used is None else moment(row.used),
        None if row.revoked is None else moment(row.revoked),
    )
