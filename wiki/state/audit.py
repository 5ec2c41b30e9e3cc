"""What was done, by whom and from where: written down along with what it tells of, and never changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select

from wiki.state.database import Database
from wiki.state.schema import audit

Clock = Callable[[], float]

DAYS = 365
ROWS = 500_000  # that are kept at most
SWEEP = 1_000  # entries after which it is looked for what is too old
CHARACTERS = 300  # of each text


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, and from where."""

    who: str  # a login, the name of a token; empty: somebody unknown
    address: str = ""  # of the network; empty where it was done on the machine itself


SHELL = By("command line")
"""Whoever has a shell where the state is."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done."""

    id: int
    time: datetime  # aware, UTC
    who: str
    what: str  # a short word, such as "account.add"
    target: str
    address: str
    detail: str


class Audit:
    """Keeps what was done.

    Args:
        database: Where.
        clock: Seconds since 1970.
        days: After which an entry is forgotten.
    """

    def __init__(self, database: Database, clock: Clock, days: int = DAYS) -> None:
        self._database = database
        self._clock = clock
        self._days = days

    def note(self, by: By, what: str, target: str = "", detail: str = "") -> None:
        """Write down what was done."""
        with self._database.writing() as db:
            self.write(db, by, what, target, detail)

    def write(self, db: Connection, by: By, what: str, target: str = "", detail: str = "") -> None:
        """Write down what was done in the same transaction; all or nothing is kept."""
        now = int(self._clock())
        texts = {"who": by.who, "what": what, "target": target, "address": by.address, "detail": detail}
        made = db.execute(
            insert(audit).values(time=now, **{name: text[:CHARACTERS] for name, text in texts.items()})
        )
        (number,) = made.inserted_primary_key or (0,)
        if number % SWEEP == 0:
            db.execute(
                delete(audit).where(
                    (audit.c.time < now - self._days * 86_400) | (audit.c.id <= number - ROWS)
                )
            )

    def entries(
        self, *, before: int | None = None, limit: int = 50, who: str = "", what: str = ""
    ) -> tuple[Sequence[Entry], bool]:
        """Return entries, newest first, and whether there are more.

        Args:
            before: Only those older than the entry of this number.
            limit: How many.
            who: Only those of one login or token.
            what: Only those of one kind.
        """
        query = select(audit).order_by(audit.c.id.desc()).limit(limit + 1)
        for column, wanted in ((audit.c.who, who), (audit.c.what, what)):
            if wanted:
                query = query.where(column == wanted)
        if before is not None:
            query = query.where(audit.c.id < before)
        with self._database.reading() as db:
            rows = db.execute(query).all()
        found = [
            Entry(row.id, moment(row.time), row.who, row.what, row.target, row.address, row.detail)
            for row in rows[:limit]
        ]
        return tuple(found), len(rows) > limit

    def kinds(self) -> Sequence[str]:
        """Return the kinds of entries that there are, in order."""
        with self._database.reading() as db:
            return tuple(db.scalars(select(audit.c.what).distinct().order_by(audit.c.what)))


def moment(seconds: int) -> datetime:
    """Return a time of the tables as one that can be shown."""
    return datetime.fromtimestamp(seconds, UTC)
