"""Drafts: what somebody typed and has not saved yet, kept for them across sessions and restarts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.errors import TooLargeError
from engine.messages import Message
from wiki.state.audit import Clock, moment
from wiki.state.database import Database
from wiki.state.pages import Lineage, lineage_of, page_key
from wiki.state.schema import draft

TEXT_BYTES = 1_000_000  # of one draft; as many as a page may have
FIELDS_BYTES = 500_000  # of what stands beside the text, as JSON
OF_ONE = 200  # drafts of one person
BYTES_OF_ONE = 20_000_000
SUMMARY_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed for one page."""

    id: int
    path: str
    base: str | None  # the blob that the edit began from; None: the page was to be new
    text: str
    summary: str
    saved: datetime
    section: str = ""  # its anchor; empty: of all of the page
    lineage: Lineage | None = None  # of the page; None: the path is all that is known of it
    fields: Mapping[str, str] = field(
        default_factory=dict
    )  # what was typed beside the text, by names of fields


class Drafts:
    """Keeps one draft of each person for each page, and one for each section of it.

    Args:
        database: Where they are kept.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def save(
        self,
        actor: str,
        path: str,
        text: str,
        *,
        base: str | None,
        section: str = "",
        lineage: Lineage | None = None,
        summary: str = "",
        fields: Mapping[str, str] | None = None,
    ) -> Draft:
        """Keep a draft; it takes the place of the one before.

        Args:
            actor: The name of an `Actor`; that of the local person is kept as well.
            path: Where the page is, or is to be.
            text: As it was typed.
            base: The blob that the edit began from; ``None`` for a page that is to be new.
            section: The anchor of the section that it is of; empty for all of the page.
            lineage: Of the page, so that the draft is found when the page was renamed.
            summary: What the commit was to say.
            fields: What was typed beside the text, by the names of the form's fields.

        Raises:
            TooLargeError: The draft is too large, or there are too many; nothing that was kept is lost.
        """
        if not actor:
            raise ValueError("a draft is somebody's")
        written = json.dumps(dict(fields)) if fields else ""
        size = len(text.encode("utf-8", "surrogatepass"))
        for part, limit in ((size, TEXT_BYTES), (len(written), FIELDS_BYTES)):
            if part > limit:
                raise TooLargeError(
                    Message(
                        "This draft has %(size)s bytes; up to %(limit)s are kept.", size=part, limit=limit
                    )
                )
        size += len(written)
        page = page_key(path, lineage, section)
        values = {
            "path": path,
            "section": section,
            "base": base,
            "text": text,
            "summary": summary[:SUMMARY_CHARACTERS],
            "saved": int(self._clock()),
            "fields": written,
        }
        with self._database.writing() as db:
            others = (draft.c.actor == actor) & (draft.c.page != page)
            sizes = func.coalesce(func.sum(func.length(draft.c.text) + func.length(draft.c.fields)), 0)
            count, kept = db.execute(select(func.count(), sizes).where(others)).one()
            if count >= OF_ONE or kept + size > BYTES_OF_ONE:
                raise TooLargeError(
                    Message.counting(
                        "You have %(num)s draft, and no room for another; delete it first.",
                        "You have %(num)s drafts, and no room for another; delete one first.",
                        count,
                    )
                )
            if lineage is not None:  # it was begun before the page was there
                before = page_key(path, None, section)
                db.execute(delete(draft).where(draft.c.actor == actor, draft.c.page == before))
            new = upsert(draft).values(actor=actor, page=page, **values)
            db.execute(new.on_conflict_do_update(index_elements=["actor", "page"], set_=values))
            mine = (draft.c.actor == actor) & (draft.c.page == page)
            return _draft(db.execute(select(draft).where(mine)).one())

    def get(self, actor: str, path: str, lineage: Lineage | None = None, section: str = "") -> Draft | None:
        """Return the draft of somebody for a page or a section, also one that was begun before the page was there.

        Where the lineage is not known, the path decides.
        """
        key = page_key(path, lineage, section)
        if lineage is None:
            fitting = or_(draft.c.page == key, and_(draft.c.path == path, draft.c.section == section))
        else:
            fitting = draft.c.page.in_([key, page_key(path, None, section)])
        query = select(draft).where(draft.c.actor == actor, fitting)
        with self._database.reading() as db:
            row = db.execute(
                query.order_by((draft.c.page == key).desc(), draft.c.saved.desc()).limit(1)
            ).one_or_none()
        return None if row is None else _draft(row)

    def numbered(self, actor: str, number: int) -> Draft | None:
        """Return a draft of somebody by its id, ``None`` where they have none of that."""
        query = select(draft).where(draft.c.actor == actor, draft.c.id == number)
        with self._database.reading() as db:
            row = db.execute(query).one_or_none()
        return None if row is None else _draft(row)

    def has(self, actor: str) -> bool:
        """Say whether somebody has a draft."""
        query = select(draft.c.id).where(draft.c.actor == actor).limit(1)
        with self._database.reading() as db:
            return db.execute(query).first() is not None

    def of(self, actor: str) -> Sequence[Draft]:
        """Return all drafts of somebody, the newest first."""
        query = select(draft).where(draft.c.actor == actor).order_by(draft.c.saved.desc(), draft.c.id.desc())
        with self._database.reading() as db:
            return tuple(map(_draft, db.execute(query)))

    def delete(self, actor: str, number: int) -> bool:
        """Delete a draft of somebody, and say whether there was such a one."""
        with self._database.writing() as db:
            gone = db.execute(delete(draft).where(draft.c.actor == actor, draft.c.id == number))
            return gone.rowcount == 1


def _draft(row: Row[Any]) -> Draft:
    return Draft(
        row.id,
        row.path,
        row.base,
        row.text,
        row.summary,
        moment(row.saved),
        row.section,
        lineage_of(row.page, row.section),
        json.loads(row.fields or "{}"),
    )
