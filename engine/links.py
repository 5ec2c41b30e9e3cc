"""The links of the whole wiki at one commit: which lead nowhere, and to which pages and media none leads.

Answering that means resolving every link (see `engine.catalog.links`), so it is done once for a commit and a set of
rights, by one thread at a time, and kept. Who asks waits shortly, and is else told of the last commit that is known.
"""

import threading
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from logging import getLogger

from engine.cache import Cache
from engine.catalog import Catalog, LinkTo, Moment, Visible
from engine.catalog.wanted import Wanted
from engine.frontlinks import is_kept, media_targets
from engine.ids import MAX_PATH_BYTES, fold_path
from engine.model import Form, Name

log = getLogger(__name__)

REPORTED = (
    5_000  # missing targets, pages that nothing links to, and media, that are named; the others are counted
)
COUNTED = 200_000  # different missing targets that are told apart; links to further ones are counted together
SOURCES = 3  # pages that are named for each missing target
WAIT = 1.0  # seconds that a reader waits for a report
CAPACITY = 40_000_000  # bytes of reports that are kept


@dataclass(frozen=True, slots=True)
class Wish:
    """A target that nothing fits."""

    target: str  # the path that would fit, as it was first written
    pages: int  # that name it
    sources: tuple[str, ...]  # the paths of some of them


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What the links of all pages come to, for one set of rights."""

    commit: str
    links: int  # a page's several links to one target are one
    wishes: tuple[Wish, ...]  # those that most pages name come first; at most `REPORTED`
    wish_count: int
    more_wishes: bool  # there are more than were told apart
    orphans: tuple[str, ...]  # paths of pages that no other page links to, ordered; at most `REPORTED`
    orphan_count: int
    unused: tuple[
        str, ...
    ] = ()  # paths of media that no page links to, shows or names, ordered; at most `REPORTED`
    unused_count: int = 0

    @property
    def size(self) -> int:
        """About how many bytes it takes in memory."""
        texts = [text for wish in self.wishes for text in (wish.target, *wish.sources)]
        paths = (*self.orphans, *self.unused)
        return 500 + 200 * len(self.wishes) + sum(100 + 2 * len(text) for text in (*texts, *paths))


def may_be_unused(name: Name) -> bool:
    """Say whether one expects pages to use a medium: not a hidden file, or one that is there for programs."""
    return is_kept(name.path) and not any(part.startswith(".") for part in name.path.split("/"))


def wish(source: str, target: str) -> str:
    """Return the path that a page would have to have for the link on page *source* to mean it, as far as paths go."""
    return Wanted.of(source.rpartition("/")[0], target).wish[:MAX_PATH_BYTES]


def report(moment: Moment, visible: Visible, stopping: threading.Event | None = None) -> LinkReport | None:
    """Resolve all links of *moment*.

    Args:
        moment: At a commit whose pages were all scanned.
        visible: What the actor may see.
        stopping: Once it is set there is no answer, soon.
    """
    linked = set(moment.led_to(visible))
    wishes = _Wishes()
    count = 0
    for batch in moment.all_links(visible):
        if stopping is not None and stopping.is_set():
            return None
        count += len(batch)
        linked.update(link.to for link in batch if link.to is not None and link.to != link.source)
        wishes.add(link for link in batch if link.to is None)
    orphans: list[str] = []
    orphan_count = 0
    for name in moment.orphans(linked, visible):
        orphan_count += 1
        if orphan_count <= REPORTED:
            orphans.append(name.path)
    unused = [name.path for name in _unused(moment, linked, visible)]
    made = LinkReport(
        commit=moment.head or "",
        links=count,
        wishes=tuple(wishes.most()),
        wish_count=len(wishes),
        more_wishes=wishes.more,
        orphans=tuple(orphans),
        orphan_count=orphan_count,
        unused=tuple(unused[:REPORTED]),
        unused_count=len(unused),
    )
    while made.size > CAPACITY // 4:  # or it would not be kept
        made = replace(
            made,
            wishes=made.wishes[: len(made.wishes) // 2],
            orphans=made.orphans[: len(made.orphans) // 2],
            unused=made.unused[: len(made.unused) // 2],
        )
    return made


def _unused(moment: Moment, linked: Collection[str], visible: Visible) -> Iterator[Name]:
    """Yield the media that are not among *linked*, and that no front matter names; ordered by path."""
    unlinked = [
        name
        for name in moment.names(form=Form.MEDIA)
        if name.path not in linked and may_be_unused(name) and visible(name)
    ]
    if not unlinked:
        return
    wanted = [
        (page.folder, target)
        for page, properties in moment.fronts(visible)
        for target in media_targets(properties)
    ]
    named = {target.name.path for target in moment.resolve(wanted, visible).values() if target is not None}
    yield from (name for name in unlinked if name.path not in named)


class _Wishes:
    """Counts the pages that name each missing target; told of the pages one after the other."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[Wish, str]] = {}  # with the page that was counted last
        self.more = False

    def __len__(self) -> int:
        return len(self._found)

    def add(self, links: Iterable[LinkTo]) -> None:
        for link in links:
            text = wish(link.source, link.target)
            key = fold_path(text)
            if (known := self._found.get(key)) is not None:
                found, last = known
                if last != link.source:
                    sources = (*found.sources, link.source)[:SOURCES]
                    self._found[key] = (Wish(found.target, found.pages + 1, sources), link.source)
            elif len(self._found) < COUNTED:
                self._found[key] = (Wish(text, 1, (link.source,)), link.source)
            else:
                self.more = True

    def most(self) -> Iterator[Wish]:
        """Yield those that most pages name."""
        ordered = sorted(self._found.items(), key=lambda item: (-item[1][0].pages, item[0]))
        return (found for _, (found, _) in ordered[:REPORTED])


class LinkReports:
    """Makes reports in a thread, one at a time, and keeps them by commit and scope."""

    def __init__(self) -> None:
        self._kept: Cache[tuple[str, str], LinkReport] = Cache(CAPACITY)
        self._latest: Cache[str, str] = Cache(200_000)  # scope -> the commit of its newest report
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._began = 0.0
        self._stopping = threading.Event()

    def report(self, catalog: Catalog, commit: str, scope: str, visible: Visible) -> LinkReport | None:
        """Return the report of *commit*, or after `WAIT` seconds that of another commit, ``None`` without any.

        Args:
            catalog: What to read; its pages were all scanned at *commit*.
            commit: Of the reader's snapshot.
            scope: Names what the reader may see.
            visible: Says what the reader may see, and is asked by another thread.
        """
        end = time.monotonic() + WAIT
        mine = False
        while (found := self._kept.get((commit, scope))) is None and not mine:
            thread, mine = self._work(catalog, scope, visible)
            # Whoever comes while a long one is made does not wait as long as the first.
            left = min(end, self._began + WAIT) - time.monotonic()
            if thread is None or left <= 0:
                break
            thread.join(left)
        return (
            found or self._kept.get((commit, scope)) or self._kept.get((self._latest.get(scope) or "", scope))
        )

    def close(self) -> None:
        """Stop, and wait until it has stopped."""
        self._stopping.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self, catalog: Catalog, scope: str, visible: Visible) -> tuple[threading.Thread | None, bool]:
        """Return the thread that is at work, and whether it was begun for this report: there was none."""
        with self._lock:
            if self._stopping.is_set():
                return None, False
            mine = self._thread is None or not self._thread.is_alive()
            if mine:
                self._began = time.monotonic()
                self._thread = threading.Thread(
                    target=self._make, args=(catalog, scope, visible), name="links", daemon=True
                )
                self._thread.start()
            return self._thread, mine

    def _make(self, catalog: Catalog, scope: str, visible: Visible) -> None:
        try:
            with catalog.reading() as db:
                moment = Moment(db)
                if not moment.scanned or self._kept.get((moment.head or "", scope)) is not None:
                    return  # the branch has moved on: it will be asked for again
                made = report(moment, visible, self._stopping)
        except Exception:  # nobody waits for its outcome; it is tried again when it is asked for again
            log.exception("the links of the wiki could not be put together")
            return
        if made is not None:
            self._kept.put((made.commit, scope), made, made.size)
            self._latest.put(scope, made.commit, 500)
