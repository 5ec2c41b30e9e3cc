"""The one way to follow: brings catalog and index to the branch's commit, in the order in which readers need them.

::

    names    at once, in one transaction; a small change takes its facts and touches with it, so that nothing is missing
    touches  behind, in batches, and first: until they are known, nobody may be sure of what a page is called by now
    facts    behind, in several processes
    index    behind, once all facts of the commit are known

Each part names the commit that it describes, in the transaction that changed it. So a process that was killed leaves a
gap, and the next one closes it. Of several processes on one host one works; the others wait shortly, and read on.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from logging import getLogger
from pathlib import Path

from engine.cache import Cache
from engine.catalog import Catalog, Moment
from engine.catalog.codec import FactRows, encode
from engine.catalog.facts import add_facts, forget_facts, relabel
from engine.catalog.history import (
    BATCH,
    Tracer,
    continues,
    edges_moved,
    finish,
    keep_arrivals,
    move_edges,
    next_rank,
    order,
)
from engine.catalog.labels import add_paths, forget_paths, unlabelled
from engine.catalog.names import change_names, replace_names
from engine.catalog.schema import HEAD, SCANNED, TRACED, is_damage, read_state, write_state
from engine.errors import RevisionNotFoundError, StoreError, WikiError
from engine.frontmatter import others
from engine.gathering import Gathering
from engine.language import language
from engine.leftovers import remove_old
from engine.locks import HostLock
from engine.markup import Markup, Parsed
from engine.model import Commit, Difference, Entry, Facts, Form, Name
from engine.scanning import MISSING, parse_page, scan_pages, scan_parsed
from engine.scheduling import batch
from engine.search import Document, IndexLostError, SearchIndex
from engine.site import PATH, Site, parse_site
from engine.store import Store

log = getLogger(__name__)

SMALL = 200  # files or commits: up to so many are scanned and traced together with the names
INLINE_PAGES = 64  # changed pages that are scanned while a reader waits, if together they have
INLINE_BYTES = 200_000  # no more than so many bytes
HASTE = 1.0  # seconds: who waits no longer than this is a reader
FRESH = 4  # changed pages whose parse is kept for whoever shows them first
FEW = 8  # files that are read one by one
LEAVE = 0.5  # seconds that a reader leaves it to who writes to follow
POLL = 0.1  # seconds between two looks at the branch
SOON = 0.05  # until work that somebody waits for is tried again
GLANCE = 1.0  # seconds after which is looked whether all is still there, although the branch did not move
REACHING = 1_000  # pairs of commits of which is remembered whether one comes after the other
LABELS = 5_000  # labels that are added in one transaction, so that other writers wait little
REST = 30.0  # seconds without any change, after which a worn index is built anew
SHORTLY = 1.0  # seconds that the work waits for others to bring the names
INDEX_WAIT = 0.5  # seconds that a search waits for the index to follow a small change
RETRY = 2.0  # seconds until work that failed is tried again
FIRST = 60.0  # seconds to wait for the very first names, before which nothing can be shown

Progress = Callable[[str, int, int], None]
"""Told the stage ("history", "pages", "index"), how much is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a wiki is put together from."""

    store: Store
    catalog: Catalog
    index: SearchIndex
    markup: Markup
    folder: Path  # where derived data lives, for the locks


@dataclass(frozen=True, slots=True)
class Work:
    """How far following has come."""

    stage: str = ""  # empty when there is nothing to do
    done: int = 0
    total: int = 0
    problem: str = ""  # why the last try failed


def version(head: str | None, edges: str, protections: str) -> str | None:
    """Name what all answers depend on; ``None`` without a commit.

    Args:
        head: The commit.
        edges: Where the history before it is cut, as `joined_edges` gives it.
        protections: What tells which pages are protected, see `Protections.stamp`.
    """
    if head is None or not (edges or protections):
        return head
    return f"{head}-{sha256(repr((edges, protections)).encode()).hexdigest()[:16]}"


class Follower:
    """Follows one store.

    Args:
        parts: The store, and what is derived from it.
        processes: Children that scan pages; 0 scans in this process.
    """

    def __init__(self, parts: Parts, *, processes: int | None = None) -> None:
        self._parts = parts
        self._processes = max(1, (os.cpu_count() or 1)) if processes is None else processes
        self._names_lock = HostLock(parts.folder / "names.lock")
        self._work_lock = HostLock(parts.folder / "work.lock")
        self._swept = False  # what earlier versions left is removed
        self._reindex = False  # the index is to be built anew although it describes the head
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._fresh: dict[str, Parsed] = {}
        # The commit at which the names were while the branch was not, and since when.
        self._behind: tuple[str | None, float] = None, 0.0
        self._missed = parts.folder / "missed"  # there while a change was not followed by who made it
        self._gathering = Gathering()
        self._reaching: Cache[tuple[str, str], bool] = Cache(REACHING)
        self.work = Work()

    # -- names, in the reader's time

    def follow(self, wait: float, leave: Callable[[], bool] | None = None) -> bool:
        """Bring the names to the branch's commit.

        When another thread or process is doing so, wait for at most *wait* seconds and leave it at that: the catalog
        then still describes the commit before.

        Args:
            wait: In seconds.
            leave: Says whether somebody writes, who will follow before they are told that it was done. Then what they
                wrote is left to them, unless they take long.

        Returns:
            Whether the catalog has all that anybody was told of.
        """
        head = self._parts.store.head()
        with self._parts.catalog.reading() as db:
            at = read_state(db, HEAD)
        if at == head or (leave is not None and self._is_left(at) and leave()):
            return True
        with self._names_lock.held(wait if at is not None else FIRST) as held:
            if not held:
                return False
            missed = self._missed_at()  # before the head is read: what is missed later stays so
            head = self._parts.store.head()  # may have moved while waiting
            with self._parts.catalog.reading() as db:
                at, scanned, traced = (read_state(db, key) for key in (HEAD, SCANNED, TRACED))
            if at != head and not self._bring_from(
                at, head, scanned=scanned == at, traced=traced == at, hasty=wait <= HASTE
            ):
                self._wake.set()
            if missed is not None and missed == self._missed_at():
                with suppress(OSError):
                    self._missed.unlink()
        return True

    def miss(self) -> None:
        """Let no reader leave it to others to follow, until somebody did: whoever wrote could not."""
        with suppress(OSError):
            self._missed.touch()

    def _missed_at(self) -> int | None:
        """Return a time that changes as often as somebody could not follow; ``None`` where all is followed."""
        with suppress(OSError):
            return self._missed.stat().st_mtime_ns
        return None

    def _is_left(self, at: str | None) -> bool:
        """Say whether following may be left to who writes: they have not missed it, and the names fell behind just now."""
        now = time.monotonic()
        if self._behind[0] != at:
            self._behind = at, now
        return at is not None and self.runs and now - self._behind[1] < LEAVE and self._missed_at() is None

    def _bring_from(
        self, at: str | None, head: str | None, *, scanned: bool, traced: bool, hasty: bool
    ) -> bool:
        """Move the names, and with a small change its facts and touches, in one transaction; say whether those came."""
        store, catalog = self._parts.store, self._parts.catalog
        if head is None:
            with catalog.writing(hasty=hasty) as db:
                replace_names(db, None, ())
                keep_arrivals(db, ())
                for key in (SCANNED, TRACED):
                    write_state(db, key, None)
            return False
        differences = self._differences(at, head)
        if differences is None:
            with catalog.writing(hasty=hasty and at is not None) as db:
                replace_names(db, head, store.tree(head))
                relabel(db)
            return False
        small = len(differences) <= SMALL
        rows = self._scan_now(differences) if small else None
        arrived = self._arrived_now(at, head) if small and traced else None
        with catalog.writing(hasty=hasty) as db:
            change_names(db, head, differences)
            relabel(db, _blobs(differences))
            if rows is not None:
                add_facts(db, rows)
                add_paths(db, unlabelled(db, [d.path for d in differences if d.new is not None]))
                if scanned:
                    write_state(db, SCANNED, head)
            if arrived is not None and read_state(db, TRACED) == at:
                Tracer(lambda ids: [arrived[each] for each in ids]).append(db, list(arrived))
                finish(db, head)
        return rows is not None and arrived is not None

    def _differences(self, at: str | None, head: str) -> Sequence[Difference] | None:
        if at is None:
            return None
        try:
            return self._parts.store.difference(at, head)
        except (RevisionNotFoundError, StoreError):
            return None  # gone after a force-push and gc, or half gone: what still has it open cannot tell

    def _scan_now(self, differences: Sequence[Difference]) -> list[FactRows] | None:
        """Scan what changed, while a reader waits; ``None`` where that is much, or odd: then it is done behind."""
        changed = {d.new.blob for d in differences if d.new is not None and d.new.form is Form.PAGE}
        store = self._parts.store
        try:
            if len(changed) > INLINE_PAGES or sum(map(store.size, changed)) > INLINE_BYTES:
                return None
            rows: list[FactRows] = []
            fresh: dict[str, Parsed] = {}
            for blob, content in self._read(sorted(changed)):
                parsed = parse_page(self._parts.markup, content)
                rows.append(scan_parsed(self._parts.markup, blob, parsed))
                if parsed is not None and len(fresh) < FRESH:
                    fresh[blob] = parsed
            self._fresh = fresh
            return rows
        except Exception:  # whatever is wrong with a page, it is shown by itself
            log.exception("a changed page could not be scanned at once")
            return None

    def fresh(self, blob: str) -> Parsed | None:
        """Return the parse of a text that has just come, once: who shows it first need not parse it again."""
        return self._fresh.pop(blob, None)

    def _read(self, blobs: Sequence[str]) -> Iterable[tuple[str, bytes]]:
        """Read texts: many of them by a process of their own, for which a few would only wait."""
        if len(blobs) > FEW:
            return self._parts.store.read_many(blobs)
        with suppress(RevisionNotFoundError):
            return [(blob, self._parts.store.read(blob)) for blob in blobs]
        return self._parts.store.read_many(blobs)  # it leaves out what is missing

    def _arrived_now(self, at: str | None, head: str) -> dict[str, Commit] | None:
        """Read the few commits that arrived since *at*, in order.

        Returns:
            The commits by id; ``None`` when they are many, or the line does not continue.
        """
        store = self._parts.store
        if at is None:
            return None
        try:
            newest = list(store.commits([head]))
            if newest[0].parents == (at,):
                return {head: newest[0]}
            chain = store.chain(head, since=at)
            if len(chain) > SMALL or not continues(chain, head, at):
                return None
            return {commit.id: commit for commit in store.commits(order(chain, head))}
        except (RevisionNotFoundError, StoreError):
            return None  # as in `_differences`

    # -- the rest, behind

    def start(self) -> None:
        """Follow in a thread of its own, until `stop`."""
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._thread.start()

    def await_index(self, commit: str | None) -> None:
        """Wait shortly until the index has *commit*, if the follower is about to bring it there."""
        if commit is None:
            return
        end = time.monotonic() + INDEX_WAIT
        while self._is_near_done and not self._reaches(commit, self._indexed()):
            self._want()
            if time.monotonic() > end:
                return
            time.sleep(0.005)

    def bring(self, commit: str, wait: float) -> bool:
        """Bring everything that is derived to *commit*, or to one after it.

        Args:
            commit: One of the branch's.
            wait: Seconds after which the rest is left to go on behind.

        Returns:
            Whether all of it is there.
        """
        end = time.monotonic() + wait
        self.follow(wait)
        if not self.runs:
            self.catch_up(wait)
        while not all(self._reaches(commit, at) for at in self._reached()):
            if time.monotonic() > end:
                with self._moment() as moment:
                    if not self._reaches(commit, moment.head):
                        self.miss()
                return False
            self._want()
            time.sleep(0.02)
        return True

    def _reached(self) -> set[str | None]:
        """Return the commits that the parts of what is derived describe."""
        with self._moment() as moment:
            return {moment.head, moment.scanned_at, moment.traced_at, self._indexed()}

    def _reaches(self, commit: str, at: str | None) -> bool:
        """Say whether *commit* is *at*, or one of its ancestors."""
        if at is None or at == commit:
            return at == commit
        known = self._reaching.get((commit, at))
        if known is None:
            try:
                known = not self._parts.store.chain(commit, since=at)
            except (RevisionNotFoundError, StoreError):
                return False
            self._reaching.put((commit, at), known, 1)
        return known

    def _want(self) -> None:
        """Let the thread see to the index, as somebody waits for it just now."""
        if self._gathering.want():
            self._wake.set()

    @property
    def runs(self) -> bool:
        """Whether this process follows in the background."""
        return self._thread is not None

    @property
    def _is_near_done(self) -> bool:
        """Whether the thread runs, and has no more before it than a small change."""
        return self._thread is not None and self.work.total <= SMALL

    def stop(self) -> None:
        """End the thread; work that was begun is taken up by the next process."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @batch()
    def _run(self) -> None:
        store, woken = self._parts.store, False
        seen: tuple[str | None, frozenset[str]] | None = None
        look = 0.0  # when to look whether all is there
        rested = time.monotonic()  # since when nothing has changed
        while not self._stopping.is_set():
            pause = POLL
            try:
                before, seen, now = seen, (store.head(), store.edges()), time.monotonic()
                if woken or seen != before or now >= look:
                    followed = self.follow(0)
                    due = self._gathering.due(self._indexed())
                    caught = self.catch_up(0, index=not due)
                    done = followed and caught and (not due or self._is_done())
                    if not caught:
                        pause = SOON if self._gathering.is_wanted else POLL * 5
                    look = now + (GLANCE if done else due if followed else 0.0)
                    rested = rested if done and seen == before else now
                if now - rested > REST:
                    rested = now
                    self.tidy()
            except _StoppedError:
                return
            except Exception as error:  # the wiki goes on serving; the work is tried again
                log.exception("following failed; trying again in %s s", RETRY)
                self.fail(error)
                self._stopping.wait(RETRY)
                pause = look = 0.0
            if woken := self._wake.wait(pause):
                self._wake.clear()

    def catch_up(
        self, wait: float = 0, progress: Progress = lambda stage, done, total: None, *, index: bool = True
    ) -> bool:
        """Bring touches, facts and index to the catalog's head, in this order; without *index* but for that.

        Returns:
            Whether all is done; false when another process is at it, for longer than *wait* seconds.
        """
        if not self._is_done(index=index):
            with self._work_lock.held(wait) as held:
                if not held:
                    return False
                while not self._is_done(index=index):
                    self.follow(SHORTLY)  # a commit that was forced away cannot be finished any more
                    self._trace(progress)  # needs no facts, is soon done, and those who write wait for it
                    self._scan(progress)
                    if index:
                        self._index(progress)
                if index:
                    self._forget()
                self.work = Work()
        if index:
            self._sweep()
        return True

    def _sweep(self) -> None:
        """Remove what earlier versions of the program derived, once."""
        if not self._swept:
            self._swept = True
            for path in remove_old(self._parts.folder, self._parts.catalog.path):
                log.info("%s is of an earlier version that still runs; it is removed another time", path)

    def tidy(self) -> None:
        """Build the index anew where many updates have made it slow; it answers meanwhile."""
        if not self._parts.index.worn():
            return
        with self._work_lock.held(0) as held, self._moment() as moment:
            if held and moment.head is not None and self._indexed() == moment.head:
                names = list(moment.names(form=Form.PAGE))

                def told(done: int) -> None:
                    self._tell(lambda stage, done, total: None, "index", done, len(names))

                documents = _documents(moment, names, self._site(moment))
                self._parts.index.rebuild(documents, moment.head, progress=told)
                self.work = Work()

    def fail(self, error: Exception) -> None:
        """Note why following failed; where the catalog is broken, put a new one in its place."""
        self.work = Work(problem=_shown(error))
        if is_damage(error):
            with self._names_lock.held(FIRST) as held:
                if held and not self._parts.catalog.is_sound():
                    log.error("the catalog is broken, and is built anew")
                    self._parts.catalog.renew()

    def forget(self, wait: float) -> None:
        """Put an empty catalog in the place of this one; the next `catch_up` fills it, and builds the index anew.

        Raises:
            StoreError: Another process is at work, for longer than *wait* seconds.
        """
        with self._work_lock.held(wait) as held, self._names_lock.held(wait) as still:
            if not (held and still):
                raise StoreError(
                    "another process is indexing this repository; wait until it is done, and try again"
                )
            self._parts.catalog.renew()
            self._reindex = True

    def reindex(self) -> None:
        """Let the next `catch_up` build the index anew."""
        self._reindex = True

    def _is_done(self, *, index: bool = True) -> bool:
        with self._parts.catalog.reading() as db:
            moment = Moment(db)
            if moment.head is not None and edges_moved(db, self._parts.store.edges()):
                return False
            done = moment.head is None or (moment.scanned and moment.traced)
            return done and (not index or (self._indexed() == moment.head and not self._reindex))

    def _indexed(self) -> str | None:
        return self._parts.index.commit() or None  # an index of an empty branch has the empty commit

    @contextmanager
    def _moment(self) -> Iterator[Moment]:
        with self._parts.catalog.reading() as db:
            yield Moment(db)

    def _scan(self, progress: Progress) -> None:
        with self._moment() as moment:
            if moment.scanned:
                return
            head, blobs, total = moment.head, moment.unknown_blobs(), moment.page_count()
        done = total - len(blobs)
        processes = self._processes if len(blobs) > SMALL else 0
        scanned = scan_pages(self._parts.markup, self._parts.store.read_many(blobs), processes)
        pending: list[FactRows] = []
        missing = dict.fromkeys(blobs)
        for rows in scanned:
            pending += rows
            for row in rows:
                missing.pop(row.blob, None)
            if len(pending) >= BATCH:
                done += self._add(pending)
                self._tell(progress, "pages", done, total)
                pending = []
        if missing and self._parts.store.head() == head:  # and not forced away while it was scanned
            pending += [encode(blob, Facts(problems=(MISSING,))) for blob in missing]
        done += self._add(pending)
        self._tell(progress, "pages", done, total)
        with self._parts.catalog.reading() as db:
            lasts = unlabelled(db)
        for start in range(0, len(lasts), LABELS):
            with self._parts.catalog.writing() as db:
                add_paths(db, lasts[start : start + LABELS])
        with self._parts.catalog.writing() as db:
            if read_state(db, HEAD) == head and not Moment(db).unknown_blobs():
                write_state(db, SCANNED, head)

    def _forget(self) -> None:
        """Forget facts of past texts, once the index describes none of those either."""
        with self._moment() as moment:
            if not moment.has_past_facts():
                return
        gone = 1
        while gone:
            with self._parts.catalog.writing() as db:
                gone = forget_facts(db) if read_state(db, HEAD) == self._indexed() else 0
        gone = 1
        while gone:
            with self._parts.catalog.writing() as db:
                gone = forget_paths(db)

    def _add(self, rows: Sequence[FactRows]) -> int:
        if rows:
            with self._parts.catalog.writing() as db:
                add_facts(db, rows)
        return len(rows)

    def _trace(self, progress: Progress) -> None:
        edges = self._parts.store.edges()
        with self._parts.catalog.reading() as db:
            moved = edges_moved(db, edges)
        if moved:
            with self._parts.catalog.writing() as db:
                move_edges(db, edges)
        with self._moment() as moment:
            if moment.traced or moment.head is None:
                return
            head = moment.head
        try:
            self._trace_to(head, progress)
        except (RevisionNotFoundError, StoreError):
            if self._stopping.is_set() or self._parts.store.head() == head:
                raise
            # Forced away meanwhile, and gone; the names will follow.

    def _trace_to(self, head: str, progress: Progress) -> None:
        ordered = order(self._parts.store.chain(head), head)
        with self._parts.catalog.writing() as db:
            finish(db, None)
            done = keep_arrivals(db, ordered)
        tracer = Tracer(self._parts.store.commits)
        for start in range(done, len(ordered), BATCH):
            with self._parts.catalog.writing() as db:
                if next_rank(db) != start:
                    return  # the branch was emptied meanwhile; the next round begins again
                tracer.append(db, ordered[start : start + BATCH])
            self._tell(progress, "history", min(start + BATCH, len(ordered)), len(ordered))
        with self._parts.catalog.writing() as db:
            if next_rank(db) == len(ordered):
                finish(db, head)

    def _index(self, progress: Progress) -> None:
        index = self._parts.index
        at = None if self._reindex else self._indexed()
        with self._moment() as moment:
            head = moment.head
            if not moment.scanned or (head == at and not self._reindex):
                return
            if head is None:
                index.rebuild((), "")
                self._reindex = False
                return
            differences = self._differences(at, head)
            site = self._site(moment)

            def told(done: int) -> None:
                self._tell(progress, "index", done, total)

            if differences is None or self._language_changed(differences, site):
                total = moment.page_count()
                index.rebuild(
                    _documents(moment, list(moment.names(form=Form.PAGE)), site), head, progress=told
                )
                self._reindex = False
                return
            changed = {d.path: d.new for d in differences if d.new is not None and d.new.form is Form.PAGE}
            removed = [d.path for d in differences if d.path not in changed]
            total = len(changed)
            names = [Name(entry.path, entry.blob, entry.form) for entry in changed.values()]
            try:
                index.update(_documents(moment, names, site), removed, head, progress=told)
            except IndexLostError:
                log.exception("the search index is lost, and is built anew")
                self._reindex = True

    def _site(self, moment: Moment) -> Site:
        return self._read_site(moment.name(PATH))

    def _read_site(self, file: Name | Entry | None) -> Site:
        if file is None or file.form is not Form.MEDIA:
            return Site()
        return parse_site(self._parts.store.read(file.blob))

    def _language_changed(self, differences: Sequence[Difference], site: Site) -> bool:
        """Say whether the site's language is another now, so that every page is to be indexed anew."""
        for difference in differences:
            if difference.path == PATH:
                return self._read_site(difference.old).language != site.language
        return False

    def _tell(self, progress: Progress, stage: str, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        self.work = Work(stage, done, total)
        progress(stage, done, total)


def _blobs(differences: Iterable[Difference]) -> Iterator[str]:
    """Yield the blobs of the pages that differ, before and after."""
    for difference in differences:
        for entry in (difference.old, difference.new):
            if entry is not None and entry.form is Form.PAGE:
                yield entry.blob


def _shown(error: Exception) -> str:
    """Return what readers may be told of an error: the text of our own, of others only what they are."""
    return str(error) if isinstance(error, WikiError) else type(error).__name__


class _StoppedError(StoreError):
    """The server ends, in the midst of work."""


def _documents(moment: Moment, names: Sequence[Name], site: Site) -> Iterator[Document]:
    """Yield what the index learns of pages, from their facts."""
    for start in range(0, len(names), BATCH):
        part = names[start : start + BATCH]
        facts = dict(moment.all_facts(name.blob for name in part))
        for name in part:
            if (known := facts.get(name.blob)) is not None:
                yield Document(
                    path=name.path,
                    blob=name.blob,
                    title=known.title or name.id.last,
                    aliases=known.aliases,
                    headings=tuple(heading.text for heading in known.headings),
                    tags=known.tags,
                    text="\n".join([known.text, known.description, *others(known.properties).values()]),
                    lang=language(known.lang, name.id, site.language),
                )
