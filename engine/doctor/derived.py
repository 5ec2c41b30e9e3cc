"""git <-> catalog <-> index: do they say the same?"""

import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from engine.catalog import Catalog, Moment
from engine.catalog.codec import FactRows
from engine.catalog.history import BATCH, Tracer, edges_moved, finish, order
from engine.catalog.labels import unlabelled
from engine.catalog.proof import arrivals, is_whole, same_history, wrong_commits, wrong_facts, wrong_names
from engine.diagnosis import Diagnosis, error, ok, warning
from engine.errors import RevisionNotFoundError
from engine.markup import Markup
from engine.model import Form, Name
from engine.scanning import UNREADABLE, scan_page
from engine.search import SearchIndex
from engine.search.query import parse
from engine.store import Store

SAMPLE = 200  # pages and commits that are looked at unless all are
SEARCHED = 20  # of these pages, those that are looked for in the index
_NAMED = 3
_REPAIR = "quire doctor --repair derives it anew"

Progress = Callable[[str, int, int], None]
T = TypeVar("T")


class Derived:
    """Compares, at one moment of the catalog.

    Args:
        db: A connection that only reads.
        store: What everything was derived from.
        index: What finds words; ``None`` when it must not be opened.
        markup: Scans pages anew.
        full: Whether everything is compared, rather than a sample.
        progress: Told how much is done.
    """

    def __init__(
        self,
        db: Connection,
        store: Store,
        index: SearchIndex | None,
        markup: Markup,
        *,
        full: bool,
        progress: Progress,
    ) -> None:
        self._db = db
        self._moment = Moment(db)
        self._store = store
        self._index = index
        self._markup = markup
        self._full = full
        self._progress = progress

    def file(self) -> Iterator[Diagnosis]:
        """Is the file sound, and does it describe the branch?"""
        if said := is_whole(self._db, full=self._full):
            yield error("catalog", f"the catalog is broken: {said}", _REPAIR)
            return
        head, at = self._store.head(), self._moment.head
        if head != at:
            yield warning(
                "catalog",
                f"the catalog describes {_short(at)}, and the branch is at {_short(head)}",
                "a running server follows by itself; otherwise quire index",
            )
        elif head is not None and not (self._moment.scanned and self._moment.traced):
            yield warning(
                "catalog", "not all pages and commits have been read yet", "wait, or run quire index"
            )
        else:
            yield ok("catalog", f"the catalog is sound, and describes {_short(at)}")

    def names(self) -> Iterator[Diagnosis]:
        """Are the names those of the commit's files?"""
        if self._moment.head is None:
            return
        try:
            wrong = wrong_names(self._db, self._store.tree(self._moment.head))
        except RevisionNotFoundError:
            yield warning(
                "names", f"{_short(self._moment.head)} is gone from the repository", "run quire index"
            )
            return
        yield _told("names", "files", wrong, "the catalog names all files as git does")

    def facts(self) -> Iterator[Diagnosis]:
        """Are the facts those that a scan finds now?"""
        if not self._moment.scanned:
            return
        paths = {name.blob: name.path for name in self._moment.names(form=Form.PAGE)}
        blobs = self._chosen(list(paths))
        wrong: list[str] = []
        done = 0
        for part in _parts(blobs, SAMPLE):
            scanned = [rows for rows in self._scan(part) if rows is not None]
            wrong += (paths[blob] for blob in wrong_facts(self._db, scanned))
            done += len(part)
            self._progress("pages", done, len(blobs))
        wrong += (f"…/{last}" for last in unlabelled(self._db))  # not suggested by their names
        yield _told("facts", "pages", wrong, f"what is known of {_of(blobs, paths)} pages is what they say")

    def _scan(self, blobs: Sequence[str]) -> Iterator[FactRows | None]:
        for blob, content in self._store.read_many(blobs):
            known = self._moment.facts(blob)
            # What was too much for a process of its own is not tried in this one.
            unread = known is not None and UNREADABLE.code in {problem.code for problem in known.problems}
            yield None if unread else scan_page(self._markup, blob, content)

    def history(self) -> Iterator[Diagnosis]:
        """Are arrivals and touches those of the branch's history?"""
        head = self._moment.head
        if head is None or not self._moment.traced:
            return
        if edges_moved(self._db, self._store.edges()):
            yield warning(
                "history", "the clone was deepened or cut since its history was read", "run quire index"
            )
            return
        try:
            ordered = order(self._store.chain(head), head)
        except RevisionNotFoundError:
            return  # told of by `names`
        if arrivals(self._db) != ordered:
            yield error("history", "the order of commits is not that of the branch", _REPAIR)
            return
        chosen = self._chosen(ordered)
        wrong: list[str] = []
        done = 0
        for part in _parts(chosen, BATCH):
            wrong += wrong_commits(self._db, self._store.commits(part))
            done += len(part)
            self._progress("history", done, len(chosen))
        if self._full and not wrong and not self._is_traced_right(ordered):
            yield error("history", "pages are not carried through renames as they should be", _REPAIR)
            return
        yield _told(
            "history",
            "commits",
            wrong,
            f"what is known of {_of(chosen, ordered)} commits is what they changed",
        )

    def _is_traced_right(self, ordered: Sequence[str]) -> bool:
        """Trace the history anew, in a catalog that is thrown away."""
        with tempfile.TemporaryDirectory() as folder:
            fresh = Catalog(Path(folder))
            try:
                tracer = Tracer(self._store.commits)
                for part in _parts(ordered, BATCH):
                    with fresh.writing() as db:
                        tracer.append(db, part)
                with fresh.writing() as db:
                    finish(db, self._moment.head)
                with fresh.reading() as anew:
                    return same_history(self._db, anew)
            finally:
                fresh.close()

    def search(self) -> Iterator[Diagnosis]:
        """Does the index hold the pages of the commit, and find them?"""
        index, head = self._index, self._moment.head
        if index is None or head is None:
            return
        at = index.commit()
        if at != head:
            yield warning(
                "index",
                "there is no search index, or it cannot be read"
                if at is None
                else f"the search index describes {_short(at)}, and the catalog {_short(head)}",
                "a running server follows by itself; otherwise quire index",
            )
            return
        names = {name.path: name for name in self._moment.names(form=Form.PAGE)}
        pages = {path: name.blob for path, name in names.items()}
        held = dict(index.contents())
        if index.commit() != head:
            yield ok("index", "the search index was changed meanwhile")
            return
        wrong = [path for path in pages.keys() | held.keys() if pages.get(path) != held.get(path)]
        if not wrong:
            found = self._chosen(sorted(pages)) if self._full else self._chosen(sorted(pages))[:SEARCHED]
            wrong = [path for path in found if not self._finds(index, names[path])]
        if index.worn() and not wrong:
            yield ok("index", "the search index is worn by many changes; a server at rest builds it anew")
        yield _told(
            "index", "pages", sorted(wrong), f"the search index holds and finds all {len(pages):,} pages"
        )

    def _finds(self, index: SearchIndex, page: Name) -> bool:
        """Say whether a page is found by its own title; one whose title has no words is not asked for."""
        facts = self._moment.facts(page.blob)
        title = (facts.title if facts else "") or page.id.last
        query = parse('"{}"'.format(title.replace('"', " ")))
        if not query.parts:
            return True
        found = index.search(query, limit=1, allowed=lambda path: path == page.path)
        return any(hit.blob == page.blob for hit in found.hits)

    def _chosen(self, items: Sequence[T]) -> Sequence[T]:
        """Return all, or a sample, another one each time, in their order."""
        if self._full or len(items) <= SAMPLE:
            return items
        return [items[at] for at in sorted(random.sample(range(len(items)), SAMPLE))]


def _told(part: str, what: str, wrong: Sequence[str], well: str) -> Diagnosis:
    if not wrong:
        return ok(part, well)
    named = ", ".join(wrong[:_NAMED]) + (" …" if len(wrong) > _NAMED else "")
    return error(part, f"{len(wrong)} {what} are not as git has them: {named}", _REPAIR)


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def _of(some: Sequence[object], everything: Sequence[object] | dict[str, str]) -> str:
    if len(some) == len(everything):
        return f"all {len(everything):,}"
    return f"{len(some):,} of {len(everything):,}"


def _short(commit: str | None) -> str:
    return commit[:10] if commit else "no commit"
