"""Protections: pages that only admins may change, or only those who are editors by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.access import Role
from engine.messages import Message
from wiki.state.audit import Audit, By, Clock, moment
from wiki.state.database import Database
from wiki.state.errors import RefusedError
from wiki.state.pages import Lineage, page_key
from wiki.state.schema import protection

LEVELS = (Role.EDITOR, Role.ADMIN)
REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Protection:
    """One page that not everybody may change who may write."""

    path: str
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
        self._known: tuple[int, Mapping[str, Protection], Mapping[str, Protection]] = (-1, {}, {})
        self._stamp = (-1, "")

    def level(self, path: str, lineage: Lineage | None) -> Role:
        """Return the least role that may change a page, see `engine.access.Protections.level`."""
        found = self.find(path, lineage)
        return Role.EDITOR if found is None else found.role

    def find(self, path: str, lineage: Lineage | None) -> Protection | None:
        """Return what protects a page: what hangs on its lineage, else on its path.

        Where the lineage is not known, the path alone decides.
        """
        by_page, by_path = self._fresh()
        if lineage is None:
            return by_path.get(path)
        return by_page.get(page_key(path, lineage)) or by_page.get(page_key(path, None))

    def any(self) -> bool:
        """Say whether any page is protected."""
        return bool(self._fresh()[0])

    def stamp(self) -> str:
        """Return what changes when a protection does, see `engine.access.Protections.stamp`."""
        known, _ = self._fresh()
        if self._stamp[0] != self._known[0]:
            told = repr([(page, each.role, each.reason) for page, each in sorted(known.items())])
            self._stamp = (self._known[0], sha256(told.encode()).hexdigest()[:16] if known else "")
        return self._stamp[1]

    def _fresh(self) -> tuple[Mapping[str, Protection], Mapping[str, Protection]]:
        generation = self._database.generation()
        if self._known[0] != generation:
            self._known = (generation, *self._read())
        return self._known[1:]

    def all(self) -> Sequence[Protection]:
        """Return all protections, by path."""
        return tuple(sorted(self._read()[0].values(), key=lambda each: each.path))

    def set(self, path: str, lineage: Lineage | None, role: Role, *, by: By, reason: str = "") -> None:
        """Let nobody below *role* change a page; `Role.EDITOR` takes the protection away.

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
            db.execute(delete(protection).where(protection.c.page.in_([page, page_key(path, None)])))
            if role is not Role.EDITOR:
                db.execute(upsert(protection).values(page=page, **values))
            self._audit.write(db, by, "page.protect", path, f"{role} {reason}".strip())

    def moved(self, path: str, to: str) -> None:
        """Let protections that are kept by path go along with a page that was renamed."""
        with self._database.writing() as db:
            known = db.execute(select(protection.c.page).where(protection.c.path == path)).scalars().all()
            if page_key(path, None) in known:
                db.execute(delete(protection).where(protection.c.page == page_key(to, None)))
                own = protection.c.page == page_key(path, None)
                db.execute(update(protection).where(own).values(page=page_key(to, None)))
            if known:
                db.execute(update(protection).where(protection.c.path == path).values(path=to))

    def _read(self) -> tuple[Mapping[str, Protection], Mapping[str, Protection]]:
        with self._database.reading() as db:
            rows = db.execute(select(protection)).all()
        by_page = {
            row.page: Protection(row.path, Role(row.role), row.by, moment(row.time), row.reason)
            for row in rows
        }
        return by_page, {each.path: each for each in by_page.values()}
