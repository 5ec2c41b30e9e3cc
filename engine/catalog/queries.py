"""`Moment`: every question that may be asked of the catalog at one moment."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, text

from engine.catalog.clashes import Clashes
from engine.catalog.codec import decode, tail
from engine.catalog.facts import count_pages, too_many, unknown_blobs
from engine.catalog.folders import FilesIn, Media, files_below, pages_below, subfolders
from engine.catalog.labels import Suggestion, suggest
from engine.catalog.links import LinkTo, all_links, fronts, labels, led_to, links_ending, orphans, redirects
from engine.catalog.overlay import overlay
from engine.catalog.past import Arrivals, to_revision
from engine.catalog.related import related
from engine.catalog.resolve import (
    INDEX_KEYS,
    claim,
    find,
    fitting,
    folder_index,
    has_folder,
    is_in,
    pages_by_fact,
    resolve,
)
from engine.catalog.rows import Visible, chunks, everything, folders, to_name
from engine.catalog.schema import (
    APART,
    EDGES,
    HEAD,
    SCANNED,
    TRACED,
    alias,
    commit,
    fact,
    lineage,
    link,
    name,
    read_states,
    touch,
)
from engine.catalog.tags import tag_counts, tagged
from engine.catalog.uses import Uses, uses
from engine.ids import fold, fold_path, page_stem
from engine.model import Facts, Form, Name, Revision, Target

# What every page view asks is put together once: that takes longer than the answer.
_NAME = select(name).where(name.c.path == bindparam("path"))
_BY_KEY = select(name).where(name.c.key.in_(bindparam("keys", expanding=True)))
_FACTS = select(fact.c.data, fact.c.text).where(fact.c.blob == bindparam("blob"))
_LAST_CHANGE = (
    select(commit, lineage.c.commit.label("first"), lineage.c.path.label("first_path"))
    .join(touch, touch.c.commit == commit.c.id)
    .join(lineage, lineage.c.id == touch.c.lineage)
    .where(touch.c.path == bindparam("path"), touch.c.rank.is_not(None))
    .order_by(touch.c.rank.desc())
    .limit(1)
)
_LISTED = select(name).where(
    name.c.form == Form.PAGE.value, name.c.blob.not_in(select(fact.c.blob).where(APART))
)
_later = touch.alias()
_newest = (
    select(func.max(_later.c.rank)).where(_later.c.path == touch.c.path).correlate(touch).scalar_subquery()
)
_LAST_TIMES = (
    select(touch.c.path, commit.c.time)
    .join(commit, commit.c.id == touch.c.commit)
    .where(touch.c.path.in_(bindparam("paths", expanding=True)), touch.c.rank == _newest)
)
_LINKS_OF = (
    select(name, link.c.target, link.c.sentence, fact.c.title)
    .join(fact, fact.c.blob == name.c.blob)
    .join(link, link.c.fact == fact.c.id)
    .where(name.c.path.in_(bindparam("paths", expanding=True)), name.c.form == Form.PAGE.value)
    .order_by(name.c.path, link.c.id)
)
_PAGES_IN = (
    select(name, fact.c.title)
    .outerjoin(fact, fact.c.blob == name.c.blob)
    .where(name.c.folder == bindparam("folder"), name.c.form == Form.PAGE.value)
    .limit(bindparam("limit"))
)
_PAGES_FROM = _PAGES_IN.where(name.c.path >= bindparam("path")).order_by(name.c.path)
_PAGES_BEFORE = _PAGES_IN.where(name.c.path < bindparam("path")).order_by(name.c.path.desc())
_LINKS_HERE = (
    select(name, link.c.target, link.c.sentence, fact.c.title)
    .join(fact, fact.c.id == link.c.fact)
    .join(name, name.c.blob == fact.c.blob)
    .where(
        link.c.tail.in_(bindparam("tails", expanding=True)),
        name.c.form == Form.PAGE.value,
        name.c.path != bindparam("path"),
    )
    .order_by(name.c.path, link.c.id)
)
# The same along the names: the first of them are found soon where many pages link here, and without sorting all.
_LINKS_ALONG = text(
    "SELECT name.path, name.blob, name.form, link.target, link.sentence, fact.title FROM name"
    " CROSS JOIN fact ON fact.blob = name.blob CROSS JOIN link ON link.fact = fact.id"
    " WHERE link.tail IN :tails AND name.form = 'page' AND name.path <> :path ORDER BY name.path, link.id"
).bindparams(bindparam("tails", expanding=True))
_FEW_LINKS = (
    select(link.c.id).where(link.c.tail.in_(bindparam("tails", expanding=True))).limit(bindparam("limit"))
)
SORTED = 5_000  # links that may lead here, up to which they are looked for by where they lead to
RESOLVED = 500  # links that are resolved together while backlinks are looked for


@dataclass(frozen=True, slots=True)
class Backlink:
    """A page that links here, with the sentence around its first link."""

    name: Name
    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class LastChange:
    """The last commit that touched a page, and the page's lineage."""

    revision: Revision
    lineage: str  # "<first commit>:<first path>"


class Moment:
    """The catalog at one moment: all answers describe the commit `head`.

    Args:
        db: A reading transaction; it is pinned by the first question, which is asked here.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db
        at = read_states(db)
        self.head = at.get(HEAD)
        self.scanned_at = at.get(SCANNED)
        self.traced_at = at.get(TRACED)
        self.edges = at.get(EDGES, "")

    @property
    def scanned(self) -> bool:
        """Whether the facts of every page are known; until then backlinks and links by title are incomplete."""
        return self.head == self.scanned_at

    @property
    def traced(self) -> bool:
        """Whether touches and lineages describe the head too; until then there are no last changes."""
        return self.head == self.traced_at

    @property
    def clashes(self) -> Clashes:
        """Which names get in each other's way."""
        return Clashes(self._db)

    def unknown_blobs(self) -> list[str]:
        """Return the blobs of pages whose facts are not known yet."""
        return unknown_blobs(self._db)

    def page_count(self) -> int:
        """Return how many pages there are."""
        return count_pages(self._db)

    def has_past_facts(self) -> bool:
        """Say whether facts of past texts are more than what is worth keeping."""
        return too_many(self._db)

    def name(self, path: str) -> Name | None:
        """Return the name of one path."""
        row = self._db.execute(_NAME, {"path": path}).first()
        return to_name(row) if row else None

    def names(self, paths: Iterable[str] | None = None, form: Form | None = None) -> Iterator[Name]:
        """Yield the names of *paths* (all of them when ``None``), of one form or of any, ordered by path."""
        query = select(name).order_by(name.c.path)
        if form is not None:
            query = query.where(name.c.form == form.value)
        for part in [None] if paths is None else chunks(paths):
            for row in self._db.execute(query if part is None else query.where(name.c.path.in_(part))):
                yield to_name(row)

    @property
    def arrivals(self) -> Arrivals:
        """The commits that arrived, and what they touched; to be believed where `traced` holds."""
        return Arrivals(self._db)

    def named(self, text: str, visible: Visible = everything) -> list[Name]:
        """Return what *text* names exactly, best claim first: a path, or a page's id."""
        keys = list({fold_path(text), fold_path(page_stem(text) or text)})
        rows = map(to_name, self._db.execute(_BY_KEY, {"keys": keys}))
        return sorted((row for row in rows if text in (row.path, str(row.id)) and visible(row)), key=claim)

    def with_aliases(self, keys: Iterable[str], visible: Visible = everything) -> dict[str, list[Name]]:
        """Return the pages that have an alias with one of *keys*, by key."""
        return pages_by_fact(self._db, alias.c.key, keys, visible)

    def with_keys(self, keys: Iterable[str]) -> Iterator[Name]:
        """Yield the files whose keys are among *keys*, in no order."""
        for part in chunks(keys):
            yield from map(to_name, self._db.execute(_BY_KEY, {"keys": part}))

    def called(self, last: str, visible: Visible = everything) -> list[Name]:
        """Return the files whose ids end in a part with the key of *last*, in no order."""
        rows = map(to_name, self._db.execute(select(name).where(name.c.last == fold(last))))
        return list(filter(visible, rows))

    def keyed(self, text: str, visible: Visible = everything) -> list[Name]:
        """Return the names that *text* may stand for by key, or else by alias; one for each id, ordered by id."""
        key = fold_path(page_stem(text) or text)
        rows = (to_name(row) for row in self._db.execute(select(name).where(name.c.key == key)))
        found = [row for row in rows if visible(row)]
        if not found:
            found = pages_by_fact(self._db, alias.c.key, [fold_path(text)], visible).get(fold_path(text), [])
        best = {str(row.id): row for row in sorted(found, key=claim, reverse=True)}
        return [best[each] for each in sorted(best)]

    def alike(self, path: str) -> list[Name]:
        """Return the files whose address has the key of *path*'s, whoever may see them."""
        key = fold_path(page_stem(path) or path)
        return [to_name(row) for row in self._db.execute(select(name).where(name.c.key == key))]

    def folder_index(self, folder: str, visible: Visible = everything) -> Name | None:
        """Return the page that speaks for a folder."""
        return folder_index(self._db, folder, visible)

    def nearest(self, folder: str, lasts: Sequence[str], visible: Visible = everything) -> Name | None:
        """Return the page called like one of *lasts* in *folder*, else in the nearest folder above it."""
        parts = folder.split("/") if folder else []
        places = ["/".join(parts[:depth]) for depth in range(len(parts), -1, -1)]
        wanted = [f"{place}/{last}" if place else last for place in places for last in lasts]
        rows = map(to_name, self._db.execute(_BY_KEY, {"keys": [fold_path(each) for each in wanted]}))
        found = {str(row.id): row for row in rows if row.form is Form.PAGE and visible(row)}
        return next((found[each] for each in wanted if each in found), None)

    def has_folder(self, folder: str, visible: Visible = everything) -> bool:
        """Say whether a visible file lies in *folder*, at any depth."""
        return has_folder(self._db, folder, visible)

    def folder_like(self, text: str, visible: Visible = everything) -> str | None:
        """Return the folder that *text* may stand for by key, spelled as git has it; the first in order of paths."""
        key = fold_path(text)
        query = select(name).where(is_in(name.c.key, key)).order_by(name.c.key)
        if visible is everything:
            query = query.limit(1)
        for row in self._db.execute(query):
            if visible(found := to_name(row)):
                return "/".join(found.path.split("/")[: text.count("/") + 1])
        return None

    def pages_near(self, folder: str, path: str, limit: int) -> tuple[list[tuple[Name, str]], bool]:
        """Return pages directly in *folder*, with their titles, ordered by path, and whether there may be more.

        They are up to *limit* from *path* on, and as many before it.
        """
        asked = {"folder": folder, "path": path, "limit": limit}
        before = self._db.execute(_PAGES_BEFORE, asked).all() if path else []
        after = self._db.execute(_PAGES_FROM, asked).all()
        named = [(to_name(row), row.title) for row in (*reversed(before), *after)]
        return [(name, title or name.id.last) for name, title in named], limit in {len(before), len(after)}

    def subfolders(self, folder: str, limit: int | None = None) -> list[str]:
        """Return the folders directly in *folder*, or the first *limit*."""
        return subfolders(self._db, folder, limit)

    def pages_below(self, folder: str, visible: Visible = everything) -> dict[str, int]:
        """Return the folders directly in *folder* that have pages, at any depth, and how many."""
        return pages_below(self._db, folder, visible)

    def files_below(self, folder: str, visible: Visible = everything) -> Iterator[Name]:
        """Yield the files in *folder*, at any depth, ordered by path."""
        return files_below(self._db, folder, visible)

    def files_in(self, folder: str, *, pages: bool = True, visible: Visible = everything) -> FilesIn:
        """Return what gives the files directly in *folder* in parts, see `engine.catalog.folders`."""
        return FilesIn(self._db, folder, pages=pages, visible=visible)

    def folders(self) -> set[str]:
        """Return all folders that have a file in them, at any depth; the root is the empty one."""
        return folders(self._db)

    def facts(self, blob: str) -> Facts | None:
        """Return what the scan of *blob* learnt, ``None`` before it was scanned."""
        row = self._db.execute(_FACTS, {"blob": blob}).first()
        return decode(row.data, row.text) if row else None

    def all_facts(self, blobs: Iterable[str]) -> Iterator[tuple[str, Facts]]:
        """Yield the facts that are known of *blobs*."""
        for part in chunks(blobs):
            for row in self._db.execute(
                select(fact.c.blob, fact.c.data, fact.c.text).where(fact.c.blob.in_(part))
            ):
                yield row.blob, decode(row.data, row.text)

    def titles(self, names: Iterable[Name]) -> dict[str, str]:
        """Return a title for each page, by path: its own, else the last part of its id."""
        listed = list(names)
        own: dict[str, str] = {}
        for part in chunks(item.blob for item in listed):
            own.update(self._db.execute(select(fact.c.blob, fact.c.title).where(fact.c.blob.in_(part))).all())
        return {item.path: own.get(item.blob) or item.id.last for item in listed}

    def resolve(
        self, wanted: Iterable[tuple[str, str]], visible: Visible = everything
    ) -> dict[tuple[str, str], Target | None]:
        """Find what link targets mean, see `engine.catalog.resolve`."""
        return resolve(self._db, wanted, visible)

    def meant(
        self, wanted: Iterable[tuple[str, str]], visible: Visible = everything
    ) -> dict[tuple[str, str], tuple[Name, bool] | None]:
        """Find what link targets mean, and whether something else fits as well, see `engine.catalog.resolve.find`."""
        return find(self._db, wanted, visible)

    def after(
        self,
        gone: Collection[str],
        new: Collection[Name],
        aliases: Mapping[str, Collection[str]] | None = None,
    ) -> AbstractContextManager[None]:
        """Let every question be answered as if files had moved, see `engine.catalog.overlay`."""
        return overlay(self._db, gone, new, aliases)

    def suggest(self, typed: str, visible: Visible = everything) -> list[Suggestion]:
        """Return pages for what somebody has typed so far, see `engine.catalog.labels`."""
        return suggest(self._db, typed, visible)

    def tag_counts(self, visible: Visible = everything) -> list[tuple[str, int]]:
        """Return all tags, in one spelling of each, with the number of pages that have them; most used first."""
        return tag_counts(self._db, visible)

    def tagged(self, tag: str, visible: Visible = everything) -> Iterator[tuple[Name, str, str]]:
        """Yield the pages with a tag, ordered by title: each with its title, and the tag as the page has it."""
        return tagged(self._db, tag, visible)

    def listed(
        self, start: int = 0, count: int | None = None, visible: Visible = everything
    ) -> Iterator[Name]:
        """Yield the pages that lead on to no other, and that search engines may list, ordered by path.

        Args:
            start: How many to leave out before.
            count: How many to yield at most.
            visible: Names for which it is false do not exist.
        """
        query = _LISTED.order_by(name.c.path)
        if visible is everything:
            yield from map(
                to_name, self._db.execute(query.offset(start).limit(-1 if count is None else count))
            )
        else:
            seen = filter(visible, map(to_name, self._db.execute(query)))
            yield from islice(seen, start, None if count is None else start + count)

    def listed_count(self, visible: Visible = everything) -> int:
        """Return how many pages are `listed`."""
        if visible is everything:
            return self._db.execute(select(func.count()).select_from(_LISTED.subquery())).scalar_one()
        return sum(1 for _ in self.listed(visible=visible))

    def last_times(self, paths: Iterable[str]) -> dict[str, datetime]:
        """Return when each of *paths* was touched last; nothing while the history is still being read."""
        found: dict[str, datetime] = {}
        if self.traced:
            for part in chunks(paths):
                for row in self._db.execute(_LAST_TIMES, {"paths": part}):
                    found[row.path] = datetime.fromtimestamp(row.time, UTC)
        return found

    def all_links(self, visible: Visible = everything) -> Iterator[list[LinkTo]]:
        """Yield all links of the visible pages, see `engine.catalog.links`."""
        return all_links(self._db, visible)

    def led_to(self, visible: Visible = everything) -> Iterator[str]:
        """Yield the paths that visible pages lead on to, see `engine.catalog.links`."""
        return led_to(self._db, visible)

    def links_of(self, paths: Iterable[str], visible: Visible = everything) -> Iterator[tuple[str, Backlink]]:
        """Yield the links of the visible ones of these pages: the target as it is written, and where it is."""
        for part in chunks(paths):
            for row in self._db.execute(_LINKS_OF, {"paths": part}):
                if visible(page := to_name(row)):
                    yield row.target, Backlink(page, row.title or page.id.last, row.sentence)

    def links_ending(self, tails: Iterable[str], visible: Visible = everything) -> Iterator[tuple[Name, str]]:
        """Yield pages with links whose last part has one of these keys, see `engine.catalog.links`."""
        return links_ending(self._db, tails, visible)

    def redirects(self, visible: Visible = everything) -> Iterator[tuple[Name, str]]:
        """Yield the pages that lead on to another, each with what it names."""
        return redirects(self._db, visible)

    def fronts(
        self,
        visible: Visible = everything,
        paths: Iterable[str] | None = None,
        *,
        brackets: bool = False,
    ) -> Iterator[tuple[Name, dict[str, Any]]]:
        """Yield the pages with front matter, each with its properties, see `engine.catalog.links`."""
        return fronts(self._db, visible, paths, brackets=brackets)

    def labels(self, blobs: Iterable[str]) -> set[str]:
        """Return the titles and aliases of some pages."""
        return labels(self._db, blobs)

    def orphans(self, linked: Collection[str], visible: Visible = everything) -> Iterator[Name]:
        """Yield the pages that are not among *linked*, see `engine.catalog.links`."""
        return orphans(self._db, linked, visible)

    def fitting(self, folder: str, target: str, visible: Visible = everything) -> list[Name]:
        """Return the files that a link's target fits equally well, the one that it means first."""
        return fitting(self._db, folder, target, visible)

    def backlinks(
        self, target: Name, visible: Visible = everything, *, limit: int | None = None, start: int = 0
    ) -> list[Backlink]:
        """Return the pages that link to *target*, ordered by path; a page's links to itself do not count.

        Args:
            target: A page, or another file.
            visible: Names for which it is false do not exist.
            limit: How many to return at most; what lies behind is not looked at.
            start: How many to leave out before.
        """
        asked = {"tails": list(self._tails(target)), "path": target.path}
        meant: dict[tuple[str, str], Target | None] = {}
        found: dict[str, Backlink] = {}
        few = len(self._db.execute(_FEW_LINKS, asked | {"limit": SORTED}).all()) < SORTED
        query = _LINKS_HERE if few or limit is None else _LINKS_ALONG
        for part in self._db.execute(query, asked).partitions(RESOLVED):
            rows = [(page, row) for row in part if visible(page := to_name(row))]
            pairs = ((page.folder, row.target) for page, row in rows)
            meant |= self.resolve((pair for pair in pairs if pair not in meant), visible)
            for page, row in rows:
                hit = meant[page.folder, row.target]
                if hit is not None and hit.name.path == target.path and page.path not in found:
                    found[page.path] = Backlink(page, row.title or page.id.last, row.sentence)
            if limit is not None and len(found) >= start + limit:
                break
        return list(found.values())[start : None if limit is None else start + limit]

    def related(
        self, page: Name, facts: Facts, limit: int, visible: Visible = everything
    ) -> list[tuple[Name, str]]:
        """Return the pages that share most tags and links with *page*, each with its title."""
        return [
            (each, title or each.id.last) for each, title in related(self._db, page, facts, limit, visible)
        ]

    def uses(self, files: Sequence[Name], visible: Visible = everything) -> dict[str, Uses]:
        """Return by how many pages each of *files* is used, see `engine.catalog.uses`."""
        return uses(self._db, files, visible)

    def media(self, folder: str = "", visible: Visible = everything) -> Media:
        """Return what gives the media in *folder*, at any depth, in parts, see `engine.catalog.folders`."""
        return Media(self._db, folder, visible)

    def last_change(self, path: str) -> LastChange | None:
        """Return the last commit that touched *path*, ``None`` while the history is still being read."""
        if not self.traced:
            return None
        row = self._db.execute(_LAST_CHANGE, {"path": path}).first()
        return LastChange(to_revision(row), f"{row.first}:{row.first_path}") if row else None

    def _tails(self, target: Name) -> set[str]:
        """Return the keys of last parts that a link to *target* can end in."""
        page = target.id
        tails = {tail(page.last), tail(target.path)}
        if len(page.parts) > 1:
            tails.add(tail(page.parts[-2]))  # a link to its folder, for which it may speak
        known = self.facts(target.blob)
        if known is not None:
            tails.update(tail(each) for each in (known.title, *known.aliases))
        if target.form is Form.PAGE and self._may_speak_for_folder(page.key):
            tails.add("")  # ``./``, ``..`` and the like
        return tails

    def _may_speak_for_folder(self, key: str) -> bool:
        """Say whether a page is an index by its key, or is called like a folder."""
        inside = select(name.c.path).where(is_in(name.c.key, key)).limit(1)
        return key.rpartition("/")[2] in INDEX_KEYS or self._db.execute(inside).first() is not None
