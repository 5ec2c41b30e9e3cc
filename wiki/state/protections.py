"""Protections: pages that only admins may change, or only those who have an account and may edit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.access import Role, highest
from engine.messages import Message
from wiki.state.audit import Audit, By, Clock, moment
from wiki.state.database import Database
from wiki.state.errors import RefusedError
from wiki.state.pages import Lineage, lineage_of, page_key
from wiki.state.schema import protection

LEVELS = (Role.CONTRIBUTOR, Role.EDITOR, Role.ADMIN)
REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Protection:
    """One page that not everybody may change who may write."""

    path: str  # at which it was protected
    role: Role  # the least one that may change it
    by: str
    time: datetime
    reason: str


class PageProtections:
    """Keeps protections; the promise is `engine.access.Protections`.

    Args:
        database: Where they are kept.
        audit: Where is written down what was done.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._known: tuple[int, _Known] = (-1, _Known({}))

    def level(self, path: str, lineage: Lineage | None) -> Role:
        """Return the least role that may change a page, see `engine.access.Protections.level`."""
        found = self.find(lineage)
        return Role.CONTRIBUTOR if found is None else found.role

    def find(self, lineage: Lineage | None) -> Protection | None:
        """Return what protects a page that began so."""
        return self._current().by_lineage.get(lineage) if lineage is not None else None

    def pages(self) -> Sequence[tuple[str, Lineage, Role]]:
        """Return all that is protected, see `engine.access.Protections.pages`."""
        return self._current().pages

    def stamp(self) -> str:
        """Return what is another text once any protection has changed; cheap enough for every request."""
        return self._current().stamp

    def any(self) -> bool:
        """Say whether any page is protected."""
        return bool(self._current().pages)

    def highest(self) -> Role:
        """Return the least role that may change whatever is protected, see `engine.access.Protections.highest`."""
        return self._current().highest

    def set(self, path: str, lineage: Lineage, role: Role, *, by: By, reason: str = "") -> None:
        """Let nobody below *role* change a page; `Role.CONTRIBUTOR` takes the protection away.

        Raises:
            RefusedError: A page cannot be protected so.
        """
        if role not in LEVELS:
            raise RefusedError(Message("A page cannot be protected for “%(role)s”.", role=role))
        page = page_key(path, lineage)
        values = {
            "path": path,
            "role": role,
            "by": by.who,
            "time": int(self._clock()),
            "reason": " ".join(reason.split())[:REASON_CHARACTERS],
        }
        with self._database.writing() as db:
            db.execute(delete(protection).where(protection.c.page == page))
            if role is not Role.CONTRIBUTOR:
                db.execute(upsert(protection).values(page=page, **values))
            self._audit.write(db, by, "page.protect", path, f"{role} {reason}".strip())

    def _current(self) -> "_Known":
        generation = self._database.generation()
        if self._known[0] != generation:
            self._known = (generation, self._read())
        return self._known[1]

    def _read(self) -> "_Known":
        with self._database.reading() as db:
            rows = db.execute(select(protection).order_by(protection.c.page)).all()
        return _Known(
            {
                lineage: Protection(row.path, Role(row.role), row.by, moment(row.time), row.reason)
                for row in rows
                if (lineage := lineage_of(row.page)) is not None
            }
        )


class _Known:
    """All protections, as they are looked up."""

    def __init__(self, by_lineage: Mapping[Lineage, Protection]) -> None:
        self.by_lineage = by_lineage
        self.pages = tuple((each.path, lineage, each.role) for lineage, each in by_lineage.items())
        self.highest = highest(each.role for each in by_lineage.values())
        self.stamp = (
            sha256(repr(by_lineage).encode("utf-8", "surrogatepass")).hexdigest()[:12] if by_lineage else ""
        )
