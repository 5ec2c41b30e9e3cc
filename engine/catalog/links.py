"""Every link of every page of the head, resolved: in the order of the pages, many at once, in bounded memory."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, select

from engine.catalog.resolve import INDEX_KEYS, find, has_folder
from engine.catalog.rows import Visible, chunks, everything, folders, to_name
from engine.catalog.schema import APART, alias, fact, link, name
from engine.catalog.shortcuts import Shortcuts
from engine.model import Form, Name

BATCH = 5_000  # links that are resolved together

_other = name.alias()
_with_last = select(_other.c.path).where(_other.c.last == link.c.tail)
_first, _second = (_with_last.limit(1).offset(nth).scalar_subquery() for nth in (0, 1))
# By the names in their order, from each along indexes: the other way round takes five times as long.
_LINKS = (
    select(name.c.path, name.c.blob, name.c.form, name.c.folder, link.c.target)
    .add_columns(case((_second.is_(None), _first)).label("sole"))  # the one file with this last part
    .join_from(name, fact, fact.c.blob == name.c.blob)
    .join(link, link.c.fact == fact.c.id)
    .where(name.c.form == Form.PAGE.value)
    .order_by(name.c.path, link.c.id)
)
_REDIRECTS = (
    select(name.c.path, name.c.blob, name.c.form, fact.c.data)
    .join(fact, fact.c.blob == name.c.blob)
    .where(name.c.form == Form.PAGE.value, APART, fact.c.redirects)
)
_ENDING = (
    select(name, link.c.target)
    .join(fact, fact.c.id == link.c.fact)
    .join(name, name.c.blob == fact.c.blob)
    .where(link.c.tail.in_(bindparam("tails", expanding=True)), name.c.form == Form.PAGE.value)
)
_LABELS = (
    select(fact.c.title).where(fact.c.blob.in_(bindparam("blobs", expanding=True))),
    select(alias.c.alias)
    .join(fact, fact.c.id == alias.c.fact)
    .where(fact.c.blob.in_(bindparam("blobs", expanding=True))),
)
# Few pages name others there, so the database looks for the brackets.
_FRONTS = (
    select(name, func.json_extract(fact.c.data, "$.properties").label("properties"))
    .join(fact, fact.c.blob == name.c.blob)
    .where(name.c.form == Form.PAGE.value)
)
_PAGES = (
    select(name.c.path, name.c.blob, name.c.form, name.c.last)
    .where(name.c.form == Form.PAGE.value)
    .order_by(name.c.path)
)
_LEADING_ON = select(fact.c.blob).where(APART, fact.c.redirects)


@dataclass(frozen=True, slots=True)
class LinkTo:
    """What one page names, and what it leads to. A page's several links to one target are one."""

    source: str  # path of the page
    target: str  # as it is written
    to: str | None  # path of the file or folder that is meant, None when nothing is


def all_links(db: Connection, visible: Visible = everything) -> Iterator[list[LinkTo]]:
    """Yield all links of the visible pages, batch by batch.

    Args:
        db: A reading transaction, for as long as the links are read.
        visible: Names for which it is false do not exist.
    """
    shortcuts = Shortcuts(db, visible)
    for rows in db.execute(_LINKS).partitions(BATCH):
        if visible is not everything:
            rows = [row for row in rows if visible(to_name(row))]
        slow = [row for row in rows if visible is not everything or not _is_sole(row)]
        found = find(db, ((row.folder, row.target) for row in slow), visible, shortcuts)
        paths = {pair: match[0].path if match else None for pair, match in found.items()}
        yield [LinkTo(row.path, row.target, paths.get((row.folder, row.target), row.sole)) for row in rows]


def _is_sole(row: Any) -> bool:
    """Say whether a link that does not tell where its target lies can mean one file only, see `Shortcuts`."""
    return row.sole is not None and "/" not in row.target


def orphans(db: Connection, linked: Collection[str], visible: Visible = everything) -> Iterator[Name]:
    """Yield the visible pages, ordered by path, that are not among *linked*, and that one would expect a link to.

    Pages that speak for a folder are found by its address, and pages that lead on to another are nobody's goal.
    """
    spoken_for = folders(db)
    leading_on = set(db.execute(_LEADING_ON).scalars())
    for rows in db.execute(_PAGES).partitions(BATCH):
        for row in rows:
            if row.path not in linked and row.last not in INDEX_KEYS and row.blob not in leading_on:
                page = to_name(row)
                folder = str(page.id)
                speaks = folder in spoken_for and has_folder(db, folder, visible)
                if not speaks and visible(page):
                    yield page


def links_ending(
    db: Connection, tails: Iterable[str], visible: Visible = everything
) -> Iterator[tuple[Name, str]]:
    """Yield the visible pages with links whose last part has one of the keys *tails*, each with such a target."""
    for part in chunks(tails):
        for row in db.execute(_ENDING, {"tails": part}):
            if visible(page := to_name(row)):
                yield page, row.target


def redirects(db: Connection, visible: Visible = everything) -> Iterator[tuple[Name, str]]:
    """Yield the visible pages that lead on to another, each with what it names."""
    for row in db.execute(_REDIRECTS):
        if visible(page := to_name(row)):
            yield page, str(json.loads(row.data)["redirect"])


def fronts(
    db: Connection,
    visible: Visible = everything,
    paths: Iterable[str] | None = None,
    *,
    brackets: bool = False,
) -> Iterator[tuple[Name, dict[str, Any]]]:
    """Yield the visible pages with front matter, each with its properties.

    Args:
        db: A reading transaction.
        visible: Names for which it is false do not exist.
        paths: Of the pages; all of them when ``None``.
        brackets: Only those pages that have ``[[`` in it.
    """
    properties = _FRONTS.selected_columns.properties
    query = _FRONTS.where(func.instr(properties, "[[") > 0 if brackets else properties != "{}")
    for part in [None] if paths is None else chunks(paths):
        for row in db.execute(query if part is None else query.where(name.c.path.in_(part))):
            if visible(page := to_name(row)):
                yield page, json.loads(row.properties)


def labels(db: Connection, blobs: Iterable[str]) -> set[str]:
    """Return the titles and aliases of some pages."""
    found: set[str] = set()
    for part in chunks(blobs):
        for query in _LABELS:
            found.update(db.execute(query, {"blobs": part}).scalars())
    return found - {""}


def led_to(db: Connection, visible: Visible = everything) -> Iterator[str]:
    """Yield the paths that visible pages lead on to: whoever links to such a page gets there."""
    for page, wanted in redirects(db, visible):
        if wanted:
            match = find(db, [(page.folder, wanted)], visible)[page.folder, wanted]
            if match is not None:
                yield match[0].path
