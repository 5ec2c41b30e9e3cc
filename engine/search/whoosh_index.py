"""A search index in a folder, kept by Whoosh.

::

    folder/            0700: whoever can write here can run code, for Whoosh reads pickles
      current          names the index that counts; replaced by a rename
      v1-7/            that index: segments, and a table of contents for each commit
      v1-8/            one that is being built beside it
      writer.lock      held by whoever writes

An index names the commit that it describes in a document of its own, written in the same Whoosh commit.
What cannot be read counts as absent: `WhooshIndex.commit` is then ``None``, and somebody builds it anew.
"""

import heapq
import logging
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from whoosh.index import TOC, FileIndex
from whoosh.util.filelock import FileLock

from engine.search import Document, Hit, IndexLostError, Results, analysis
from engine.search.query import Query
from engine.search.ranking import Ranking
from engine.search.whoosh_segment import VERSION, Codec, Segment, Storage, mark, merge, page, schema, sync

FACTOR = 6  # so many small segments of about one size an update merges into one
LEVELS = 3  # of segments that are merged; those of more than FACTOR ** LEVELS documents are left to a rebuild
MAX_SEGMENTS = 24  # more, beside those of the last rebuild, make a search slower than a rebuild is worth
POSTINGS_IN_MEMORY = (
    1_200_000  # a full segment of a rebuild; one posting takes about 250 bytes until it is written
)
MAX_IDLE = 8  # readings that are kept open for the next question; each has two files a segment
MAX_WORN = 0.25  # the share of deleted documents above which a rebuild pays, when they are
MIN_WORN = 500  # so many at least

_log = logging.getLogger(__name__)
_NAME = re.compile(rf"v{VERSION}-([0-9]{{1,12}})")


class WhooshIndex:
    """A `SearchIndex` in *folder*."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()  # over the fields below
        self._idle: list[_Reading] = []
        self._storage: Storage | None = None
        self._damaged = ""  # the name of an index that cannot be read

    def commit(self) -> str | None:
        """Return the commit that the index describes, ``None`` while it is empty or cannot be read."""
        with self._reading() as reading:
            return reading.commit if reading else None

    def worn(self) -> bool:
        """Say whether a rebuild would pay: much was deleted, or many updates left their segments."""
        with self._reading() as reading:
            return reading is not None and reading.worn

    def search(
        self, query: Query, *, limit: int, offset: int = 0, allowed: Callable[[str], bool] | None = None
    ) -> Results:
        """Return hits *offset* to *offset + limit*, best first; a path for which *allowed* is false is no hit."""
        with self._reading() as reading:
            if reading is not None:
                try:
                    hits = tuple(islice(reading.hits(query, allowed), offset, offset + limit + 1))
                    return Results(reading.commit, hits[:limit], more=len(hits) > limit)
                except _DamagedError:
                    _log.exception("The search index %s is damaged", self._folder / reading.name)
                    self._damaged = reading.name
            return Results(None, (), more=False)

    def update(
        self,
        documents: Iterable[Document],
        removed: Iterable[str],
        commit: str,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        """Put *documents* in, take *removed* paths out, name *commit*: all at once, or nothing."""
        with self._writing():
            with self._reading() as reading:
                if reading is None:
                    raise IndexLostError(self._folder)
                parts = reading.parts
            name = self._current()
            try:
                index = FileIndex(self._storage_of(name), schema())
                _write(index, documents, removed, commit, progress, parts=parts)
            except _DamagedError as error:
                self._damaged = name
                raise IndexLostError(self._folder) from error

    def rebuild(
        self,
        documents: Iterable[Document],
        commit: str,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        """Build the index anew beside the old one, then let it take its place."""
        with self._writing():
            numbers = [
                int(match[1]) for path in self._folder.iterdir() if (match := _NAME.fullmatch(path.name))
            ]
            name = f"v{VERSION}-{max(numbers, default=0) + 1}"
            folder = self._folder / name
            folder.mkdir(mode=0o700)
            index = FileIndex.create(Storage(folder), schema())
            _write(index, documents, (), commit, progress)
            self._point_to(name)

    def contents(self) -> Iterator[tuple[str, str]]:
        """Yield path and blob of all documents."""
        with self._reading() as reading:
            if reading is not None:
                yield from reading.contents()

    def close(self) -> None:
        """Release files; the next question opens them again."""
        with self._lock:
            idle, self._idle, self._storage = self._idle, [], None
        for reading in idle:
            reading.close()

    def _current(self) -> str:
        """Return the name of the index that counts; empty when there is none, or one of another version."""
        try:
            name = (self._folder / "current").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""
        return name if _NAME.fullmatch(name) else ""

    def _storage_of(self, name: str) -> Storage:
        with self._lock:
            folder = self._folder / name
            if self._storage is None or self._storage.folder != str(folder):
                self._storage = Storage(folder)
            return self._storage

    def _point_to(self, name: str) -> None:
        """Make *name* the index that counts, and remove all others."""
        pointer = self._folder / "current.new"
        pointer.write_text(name, encoding="utf-8")
        sync(pointer)
        pointer.replace(self._folder / "current")
        sync(self._folder)
        for path in self._folder.iterdir():
            if path.is_dir() and path.name != name:
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the folder for writing, against other threads and processes."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        lock = FileLock(str(self._folder / "writer.lock"))
        lock.acquire(blocking=True)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _reading(self) -> Iterator["_Reading | None"]:
        """Lend a reading of the newest commit, to this thread alone; ``None`` when nothing can be read."""
        reading = self._borrow()
        try:
            yield reading
        finally:
            if reading is not None:
                with self._lock:
                    kept = len(self._idle) < MAX_IDLE
                    if kept:
                        self._idle.append(reading)
                if not kept:
                    reading.close()

    def _borrow(self) -> "_Reading | None":
        missed = None
        while (name := self._current()) and name != self._damaged:
            storage = self._storage_of(name)
            generation = TOC._latest_generation(storage, "MAIN")
            reading, stale = self._take(name, generation)
            try:
                if reading is None:
                    with storage.opening():
                        reading = _Reading(storage, name, generation, stale[0] if stale else None)
                return reading
            except Exception as error:  # a damaged pickle may raise anything
                # A writer may just have removed what this generation names; if so, there is a newer one.
                if missed != (name, generation):
                    missed = name, generation
                    continue
                _log.error("The search index %s cannot be read", self._folder / name, exc_info=error)
            finally:
                for each in stale:
                    each.close()
            self._damaged = name
        return None

    def _take(self, name: str, generation: int) -> "tuple[_Reading | None, list[_Reading]]":
        """Take an idle reading of this generation, and all of others, to be closed."""
        with self._lock:
            fitting = [each for each in self._idle if (each.name, each.generation) == (name, generation)]
            stale = [each for each in self._idle if each not in fitting]
            reading = fitting.pop() if fitting else None
            self._idle = fitting
        return reading, stale


class _DamagedError(Exception):
    """A file of the index does not hold what it should."""


@contextmanager
def _naming_damage() -> Iterator[None]:
    """Turn whatever a damaged file makes Whoosh raise into one error, apart from a full disk and errors of callers."""
    try:
        yield
    except FileNotFoundError as error:
        raise _DamagedError from error
    except OSError:
        raise
    except Exception as error:
        raise _DamagedError from error


class _Reading:
    """One generation of an index, open for one thread at a time."""

    def __init__(self, storage: Storage, name: str, generation: int, before: "_Reading | None") -> None:
        self.name = name
        self.generation = generation
        pages = schema()
        toc = TOC.read(storage, "MAIN", gen=generation, schema=pages)
        self._segments: list[Segment] = []
        try:
            for segment in toc.segments:
                if before is not None and (same := before.give(name, segment.segment_id())) is not None:
                    same.renew(segment)
                    self._segments.append(same)
                else:
                    self._segments.append(Segment(storage, pages, segment))
            named = next(segment.stored(document) for segment, document in self._live("kind", "commit"))
        except BaseException:
            self.close()
            raise
        self.commit: str = named["commit"]
        self.parts: int = named["parts"]
        total = sum(segment.documents for segment in self._segments)
        deleted = sum(len(segment.deleted) for segment in self._segments)
        self.worn = len(self._segments) > self.parts + MAX_SEGMENTS or deleted > max(
            MIN_WORN, MAX_WORN * total
        )
        languages = [name for name in analysis.LANGUAGES if next(self._live("lang", name), None)]
        self._ranking = Ranking(self._segments, total - deleted - 1, languages)

    def hits(self, query: Query, allowed: Callable[[str], bool] | None) -> Iterator[Hit]:
        """Yield all hits, best first; only those that are asked for cost more than their place in a heap."""
        with _naming_damage():
            matches = self._ranking.matches(query)
            heapq.heapify(matches)
        while matches:
            score, number, document = heapq.heappop(matches)
            with _naming_damage():
                kept = self._segments[number].stored(document)
                hit = Hit(kept["file"], kept["blob"], -score)
            if allowed is None or allowed(hit.path):
                yield hit

    def contents(self) -> Iterator[tuple[str, str]]:
        """Yield path and blob of all documents; what is damaged ends it."""
        with suppress(_DamagedError), _naming_damage():
            for segment, document in self._live("kind", "page"):
                kept = segment.stored(document)
                yield kept["file"], kept["blob"]

    def _live(self, field: str, term: str) -> Iterator[tuple[Segment, int]]:
        for segment in self._segments:
            for documents, _, _ in segment.blocks(field, term):
                for document in documents:
                    if document not in segment.deleted:
                        yield segment, document

    def give(self, index: str, segment: str) -> Segment | None:
        """Hand over a segment that a newer generation has as well; this one is then good for nothing but `close`."""
        same = next((each for each in self._segments if (self.name, each.name) == (index, segment)), None)
        if same is not None:
            self._segments.remove(same)
        return same

    def close(self) -> None:
        for segment in self._segments:
            segment.close()


def _write(
    index: FileIndex,
    documents: Iterable[Document],
    removed: Iterable[str],
    commit: str,
    progress: Callable[[int], None],
    *,
    parts: int = 0,
) -> None:
    """Write one commit; or, in an index without *parts*, which nobody reads yet, as many as keep the memory small."""
    in_parts = not parts
    written: set[str] = set()  # in parts before this one
    fresh: dict[str, int] = {}  # in this part
    leaving = set(removed)
    writer = _writer(index)
    try:
        for document in documents:
            if in_parts and len(writer.pool.current) > POSTINGS_IN_MEMORY:
                _commit(writer, leaving)
                written.update(fresh)
                fresh, leaving = {}, set()
                parts += 1
                writer = _writer(index)
            if document.path in fresh:  # of two with one path the later counts
                writer.newsegment.delete_document(fresh[document.path])
            if not in_parts or document.path in written:
                leaving.add(document.path)
            fresh[document.path] = writer.docnum
            writer.add_document(**page(document))
            progress(len(written) + len(fresh))
        writer.add_document(**mark(commit, parts + in_parts))
        _commit(writer, leaving)
    except BaseException:
        with suppress(Exception):  # the first error counts; what is left behind is removed by the next commit
            writer.cancel()
        raise


def _writer(index: FileIndex) -> Any:
    return index.writer(compound=False, codec=Codec(), limitmb=512)


def _commit(writer: Any, leaving: Iterable[str]) -> None:
    """Take out the mark of the commit before and the paths that are *leaving*, then commit."""
    terms = [("kind", "commit"), *(("key", path) for path in leaving)]
    with _naming_damage(), writer.storage.opening():
        for whoosh_segment in writer.segments:
            segment = Segment(writer.storage, writer.schema, whoosh_segment)
            for field, term in terms:
                for document in segment.having(field, term):
                    whoosh_segment.delete_document(document)
            segment.close()
        writer.commit(mergetype=_merge_small)


def _merge_small(writer: Any, segments: list[Any]) -> list[Any]:
    """Merge segments of about one size into the new one when there are several; never large ones, that takes too long.

    Segments fall into levels, each `FACTOR` times as large as the one below. A level that is full moves up as one.
    """
    left = [segment for segment in segments if segment.doc_count()]
    size = writer.docnum
    while (level := _level(size)) < LEVELS:
        same = [segment for segment in left if _level(segment.doc_count()) == level]
        if len(same) + 1 < FACTOR:
            break
        for segment in same:
            left.remove(segment)
            size += segment.doc_count()
            merge(writer, segment)
    return left


def _level(size: int) -> int:
    return 0 if size < FACTOR else 1 + _level(size // FACTOR)
