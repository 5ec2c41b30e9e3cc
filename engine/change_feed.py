"""What arrived since, in the order of arrival, for programs that follow the wiki; reached by `Snapshot.change_feed`.

The place up to which somebody has followed is a cursor. It names commits and no numbers of this catalog, so it holds on
any host, and after all that is derived was deleted::

    <commit>               all that arrived up to this one, which stands on the first-parent line of the branch
    <commit>-<n>           the same, but for the last n of them: it is in the midst of what a merge brought
    <commit>..<place>      and beyond that place only what the first one does not reach: that was followed before
                           another line of work became the first parent

The order of arrival has the order of each commit on the first-parent line as its beginning, so such a place stays what
it is for as long as that commit stands there. Where it does not any more, following begins again, and says so.
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice

from engine.access import fits
from engine.catalog import Came, Moment, Touched
from engine.errors import CursorError, NotReadyError, RevisionNotFoundError, StoreError
from engine.ids import PAGE_SUFFIXES
from engine.kept import Kept
from engine.messages import Message
from engine.model import Revision, TouchKind
from engine.sight import FILES_LOOKED_AT, Reader, Sight
from engine.store import Store

COMMITS = 1_000  # in one answer
FILES = FILES_LOOKED_AT  # of one commit that are told; the commit itself tells all
FILES_OF_ALL = 20_000  # after which an answer ends
BYTES = 300_000  # of the files of one commit that are told
BYTES_OF_ALL = 4_000_000  # after which an answer ends
AT_ONCE = 50  # commits in one question
NEAR = 1_000  # commits from the head; the line further back is kept, as walking it takes a while
FOLLOWED = 10_000  # commits that git is asked for where a cursor does not stand on the line of the head
LOOKED_AT = 5_000  # commits, and touches where not all are told, after which an answer ends
SUMMARY = 1_000  # characters of it that are told
ID = 70  # bytes that an id takes where it is told, at most
HEAD = "head"
"""Stands for the cursor of all that has arrived by now."""

_ID = "[0-9a-f]{40}(?:[0-9a-f]{24})?"
_CURSOR = re.compile(rf"(?:(?P<seen>{_ID})\.\.)?(?P<line>{_ID})(?:-(?P<left>[0-9]{{1,9}}))?")


@dataclass(frozen=True, slots=True)
class PathChange:
    """What a commit did to one file."""

    path: str
    kind: TouchKind
    old_path: str | None
    blob: str | None  # None when it was deleted


@dataclass(frozen=True, slots=True)
class Arrived:
    """One commit, with what it did, as far as was asked for and may be seen."""

    revision: Revision
    parents: tuple[str, ...]
    changes: tuple[PathChange, ...]
    more: bool  # it did more than `changes` tells


@dataclass(frozen=True, slots=True)
class Span:
    """Commits that arrived one after the other."""

    commits: tuple[Arrived, ...]
    cursor: str  # where to go on; empty while there is no commit
    more: bool  # there is more already
    reset: bool = False  # the place that was asked for is gone, and this goes on from another one
    begins: str | None = None  # where that is: the last commit that both have; None: at the beginning


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in the order of arrival."""

    rank: int  # of the last commit that was followed; -1 before the first
    seen: str = ""  # what it reaches was followed, too
    reset: bool = False
    begins: str | None = None


@dataclass(slots=True)
class _Walk:
    """What one answer has come to."""

    found: list[Arrived] = field(default_factory=list)
    rank: int = -1  # of the last commit that was looked at
    files: int = 0  # that are told
    bytes: int = 0  # about
    looked_at: int = 0


class ChangeFeed:
    """Tells what arrived, as one actor may see it. Made by `Snapshot.change_feed`."""

    def __init__(self, moment: Moment, store: Store, kept: Kept, reader: Reader, *, sees_all: bool) -> None:
        self._moment = moment
        self._arrivals = moment.arrivals
        self._store = store
        self._kept = kept
        self._sight = Sight(moment.arrivals, reader, sees_all=sees_all, whole=not store.root)

    def since(
        self,
        cursor: str = "",
        *,
        patterns: tuple[str, ...] = (),
        limit: int = COMMITS,
        files: int = FILES_OF_ALL,
        size: int = BYTES_OF_ALL,
    ) -> Span:
        """Return what arrived after a place, oldest first.

        Args:
            cursor: The place, as an answer gave it; any commit that was once the newest one is one, too. Empty for the
                beginning, `HEAD` for the end.
            patterns: Of paths, see `fits`; only commits that touched a file that fits one are told, with these files
                alone. None: all are told.
            limit: How many commits are told.
            files: After how many files the answer ends.
            size: After about how many bytes it ends.

        A commit that the actor sees nothing of is left out, and so is one without files where they do not see all, or
        the wiki is not the whole repository; the cursor goes past them. Where much has to be looked through an answer may tell less than *limit*, or nothing, and
        there is more all the same.

        Raises:
            CursorError: *cursor* is none.
            NotReadyError: The history is still being read.
        """
        told = self._parsed(cursor)
        if not self._moment.traced:
            raise NotReadyError(Message("The history is still being read; try again in a moment."))
        head = self._moment.head
        if head is None:
            return Span((), "", more=False, reset=told is not None)
        last = self._arrivals.rank(head) or 0
        if cursor == HEAD:
            return Span((), head, more=False)
        place = self._place(told, head)
        skipped = self._reached(place)
        if skipped is None:  # what was followed is told again, and not in silence
            begins = self._arrivals.at(place.rank) if place.rank >= 0 else None
            place, skipped = _Place(place.rank, reset=True, begins=begins), ()
        walk = self._walked(place.rank, skipped, patterns, limit, files, size)
        more = walk.rank < last
        cursor = self._cursor(head, walk.rank, place, skipped) if more else head
        return Span(tuple(walk.found), cursor, more, place.reset, place.begins)

    # -- places

    def _parsed(self, cursor: str) -> re.Match[str] | None:
        if cursor in {"", HEAD}:
            return None
        found = _CURSOR.fullmatch(cursor)
        if found is None:
            raise CursorError(
                Message("“%(cursor)s” is no cursor: give one as an answer had it.", cursor=cursor[:80])
            )
        return found

    def _place(self, told: re.Match[str] | None, head: str) -> _Place:
        """Find the place that a cursor names, or the nearest one before it that still is."""
        if told is None:
            return _Place(-1)
        commit, left, seen = told["line"], int(told["left"] or 0), told["seen"] or ""
        rank = self._arrivals.rank(commit)
        if rank is None and self._store.head() != head and head in self._gone(commit):
            raise NotReadyError(Message("The history is still being read; try again in a moment."))
        line = self._line(head, rank - 1) if rank is not None else ()
        at = bisect_left(line, rank) if rank is not None else 0
        if rank is not None and at < len(line) and line[at] == rank:
            before = line[at - 1] if at else -1
            if rank - left > before or left == 0:
                if not seen:
                    return _Place(rank - left)
                if self._arrivals.rank(seen) is not None:
                    return _Place(rank - left, seen)
        if rank is not None and not left and not seen:
            # It arrived by another parent: all that it reaches was followed, and what is new may stand before it.
            return _Place(self._common(commit, head)[0], commit)
        # In the midst of what a merge brought, all before its first parent was followed, and nothing else is sure.
        at, begins = self._common(seen or commit, head, without=commit if left and not seen else "")
        return _Place(at, reset=True, begins=begins)

    def _line(self, head: str, down_to: int) -> Sequence[int]:
        """Return the ranks on the first-parent line of the head in their order, down to one at least."""
        near = (self._arrivals.rank(head) or 0) - down_to <= NEAR
        if near:
            return [rank for _, rank in reversed(self._arrivals.line(head, down_to))]
        found = self._kept.line(head, self._moment.edges)
        if found is None:
            found = array("q", [rank for _, rank in reversed(self._arrivals.line(head, -1))])
            self._kept.keep_line(head, self._moment.edges, found)
        return found

    def _common(self, commit: str, head: str, *, without: str = "") -> tuple[int, str | None]:
        """Return the rank and id of the newest commit that stands on the first-parent lines of both."""
        line = self._line(head, -1)
        for each, rank in self._ancestry(commit, head):
            at = bisect_left(line, rank) if rank is not None else len(line)
            if rank is not None and at < len(line) and line[at] == rank and each != without:
                return rank, each
        return -1, None

    def _ancestry(self, commit: str, head: str) -> Iterator[tuple[str, int | None]]:
        """Yield the first-parent line of a commit as far as it is known here, or to git."""
        known = [*islice(self._arrivals.ancestry(commit), 1)]
        if known:
            yield from self._arrivals.ancestry(commit)
            return
        gone = self._gone(commit)
        arrived = self._arrivals.parents(gone)
        yield from next((self._arrivals.ancestry(each) for each in gone if each in arrived), ())

    def _gone(self, commit: str) -> Sequence[str]:
        """Return what git knows of the first-parent line of a commit that has not arrived, newest first."""
        try:
            return self._store.line(commit, FOLLOWED)
        except (RevisionNotFoundError, StoreError):
            return ()

    def _reached(self, place: _Place) -> Collection[str] | None:
        """Return what was followed of what stands behind a place; ``None`` where nobody can say, or that is too much."""
        if not place.seen:
            return ()
        since = self._arrivals.at(place.rank) if place.rank >= 0 else None
        try:
            found = {commit for commit, _ in self._store.chain(place.seen, since, most=FOLLOWED + 1)}
        except RevisionNotFoundError:  # cut off in a shallow clone
            return None
        return found if len(found) <= FOLLOWED else None

    def _cursor(self, head: str, rank: int, place: _Place, skipped: Collection[str]) -> str:
        """Name the place behind the commit of a rank."""
        line = self._line(head, rank)
        above = line[
            bisect_left(line, rank)
        ]  # the first commit of the line that has arrived with all before it
        left = above - rank
        seen = place.seen if skipped and rank < (self._arrivals.rank(place.seen) or 0) else ""
        return f"{seen}.." * bool(seen) + self._arrivals.at(above) + f"-{left}" * bool(left)

    # -- commits

    def _walked(
        self,
        rank: int,
        skipped: Collection[str],
        patterns: tuple[str, ...],
        limit: int,
        files: int,
        size: int,
    ) -> _Walk:
        walk = _Walk(rank=rank)
        while came := self._arrivals.arrived_after(walk.rank, AT_ONCE):
            for each, changes in self._touched(came, patterns):
                if (
                    len(walk.found) >= limit
                    or walk.files >= files
                    or walk.bytes >= size
                    or walk.looked_at >= LOOKED_AT
                ):
                    return walk
                walk.rank = each.rank
                walk.looked_at += 1 + (0 if self._sight.sees_all and not patterns else each.files)
                if each.revision.id in skipped:
                    continue
                told = self._told(each, changes, patterns)
                if told is not None:
                    walk.found.append(told)
                    walk.files += len(told.changes)
                    summary = len(told.revision.summary[:SUMMARY].encode("utf-8", "replace"))
                    walk.bytes += summary + sum(map(_size, told.changes)) + ID * (len(told.parents) + 4)
        return walk

    def _touched(
        self, came: Sequence[Came], patterns: tuple[str, ...]
    ) -> Iterator[tuple[Came, Sequence[PathChange]]]:
        """Yield commits with what is to be told of them, of each up to one file more than `FILES`."""
        start = 0
        while start < len(came):
            end, files = start, 0
            while end < len(came) and (end == start or files + came[end].files <= FILES):
                files += came[end].files
                end += 1
            if files > FILES:
                changes = self._changes(self._sight.touches(came[start].rank), patterns)
                yield came[start], [*islice(changes, FILES + 1)]
            else:
                touches = self._arrivals.touches_by_rank([each.rank for each in came[start:end]], FILES)
                seen = {*self._sight.sees(touch for each in touches.values() for touch in each)}
                for each in came[start:end]:
                    mine = (touch for touch in touches[each.rank] if touch in seen)
                    yield each, [*self._changes(mine, patterns)]
            start = end

    def _told(self, came: Came, changes: Sequence[PathChange], patterns: tuple[str, ...]) -> Arrived | None:
        if not changes and (patterns or not self._sight.knows_all):
            return None
        parents = came.parents if self._sight.knows_all else self._known(came.parents)
        sizes = accumulate(map(_size, changes))
        some = tuple(change for change, size in zip(changes[:FILES], sizes, strict=False) if size <= BYTES)
        return Arrived(came.revision, parents, some, len(some) < len(changes))

    def _known(self, parents: Sequence[str]) -> tuple[str, ...]:
        ranks = [(each, self._arrivals.rank(each)) for each in parents]
        return tuple(each for each, rank in ranks if rank is not None and self._sight.knows(rank))

    def _changes(self, touches: Iterable[Touched], patterns: tuple[str, ...]) -> Iterator[PathChange]:
        for touch in touches:
            step = self._sight.step(touch, 0)
            if not patterns or any(fits(path, patterns) for path in (touch.path, step.old_path) if path):
                yield PathChange(touch.path, step.kind, step.old_path, touch.blob)


def _size(change: PathChange) -> int:
    """Return about how many bytes it takes to tell of a file."""
    paths = f"{2 * change.path}{change.old_path or ''}"  # that of a page is in its id, too
    return 2 * ID + len(paths.encode("utf-8", "replace"))


def patterns_of(path: str) -> tuple[str, ...]:
    """Return the patterns that a path stands for, as somebody names it: a page, a file, a folder, or a pattern itself.

    Args:
        path: ``News/today`` is the page, the file and the folder of that name; ``News/`` the folder alone; what has
            ``*`` in it is a pattern of files and pages. A ``?`` is any character, and so is found in a name, too.
    """
    folder = path.strip("/")
    if not folder:
        return ()
    pages = tuple(f"{folder}{suffix}" for suffix in PAGE_SUFFIXES)
    if "*" in path:
        return (path,) if path.endswith(("/", "*")) else (path, *pages)
    return (f"{folder}/**",) if path.endswith("/") else (folder, *pages, f"{folder}/**")
