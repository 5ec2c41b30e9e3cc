"""One commit, with all that it did; reached by `Snapshot.commits`.

What the actor may not see is left out, and a commit that touched nothing that they may see is not there at all. A merge
is told by what it made itself, against its first parent, and by the commits that it brought.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from engine.alignment import Alignment, Row, Section
from engine.catalog import Moment, Touched
from engine.comparing import Side, contents, side_of
from engine.contents import Contents
from engine.errors import RevisionNotFoundError
from engine.messages import Message
from engine.model import Author, CommitText, Name, Revision, TouchKind
from engine.past import Past
from engine.past_answers import FileChange
from engine.sight import Reader, Sight
from engine.store import Store
from engine.store.trailers import KEY, MERGED, MOVED, split_message, told_moves

FILES = 20  # on one page
BYTES = 2_000_000  # of both sides of all files together, that are compared for one page
LINES = 300  # changed lines of one file that are shown; its own comparison shows more
LINES_OF_ALL = 2_000
CHARACTERS_OF_ALL = 400_000
BROUGHT = 50  # commits that a merge brought, and are named
BROUGHT_LOOKED_AT = 500  # where the actor does not know of all
TOUCHES_LOOKED_AT = 5_000  # of these commits
MESSAGE = 20_000  # characters of a message that are shown
TRAILERS = 100
MERGED_LOOKED_AT = 1_000  # files among which those that were merged are looked for
NAMING = frozenset({"Quire-Reverts", "Quire-Restores"})
"""Trailers that name a commit."""


@dataclass(frozen=True, slots=True)
class Trailer:
    """A line of the message's last paragraph, by which programs tell something."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FileShown:
    """One file that a commit touched, and what it did to it."""

    change: FileChange
    old: Side
    new: Side
    contents: Contents | None  # None where there was no room to compare it
    cut: bool = False  # some of what differs is left out


@dataclass(frozen=True, slots=True)
class CommitShown:
    """One commit, and a page of the files that it touched."""

    revision: Revision
    committer: Author
    committed_differs: bool  # the committer, or the time, is not the author's
    text: CommitText
    body: str  # what the message says behind its first paragraph
    body_cut: bool
    trailers: tuple[Trailer, ...]
    more_trailers: bool
    parents: tuple[Revision, ...]
    parent: str  # the one that files are compared with, as far as the actor may know it; else empty
    is_merge: bool
    brought: tuple[Revision, ...]  # by a merge, newest first
    more_brought: bool
    files: tuple[FileShown, ...]
    count: int  # of all files
    page: int
    pages: int


class Commits:
    """Shows commits, as one actor may see them. Made by `Snapshot.commits`."""

    def __init__(self, past: Past, moment: Moment, store: Store, reader: Reader, *, sees_all: bool) -> None:
        self._past = past
        self._arrivals = moment.arrivals
        self._store = store
        self._sight = Sight(moment.arrivals, reader, sees_all=sees_all, whole=not store.root)

    def full_id(self, text: str) -> str:
        """Return the id of the commit that *text* names; fails as `show`."""
        return self._find(text)[0]

    def _find(self, text: str) -> tuple[str, int]:
        commit, rank = self._past.arrived(text)
        if not self._sight.knows(rank):
            raise RevisionNotFoundError(Message("This wiki has no revision “%(text)s”.", text=text[:70]))
        return commit, rank

    def show(self, text: str, page: int = 1, *, compare: bool = True) -> CommitShown:
        """Return the commit that *text* names, with one page of its files; with none where there is no such page.

        Args:
            text: An id, or the beginning of one.
            page: From 1.
            compare: Whether the files are read and compared.

        Raises:
            RevisionNotFoundError: No commit of this branch is named so, or none that the actor may know of, or several.
            NotReadyError: The history is still being read.
        """
        commit, rank = self._find(text)
        touches, count = self._sight.touched_by(rank, FILES, (page - 1) * FILES)
        pages = max(1, -(-count // FILES))
        said = self._store.commit_text(commit)
        _, body, trailers = split_message(said.message)
        parents = self._arrivals.parents([commit]).get(commit, ())
        known = self._known(parents)
        brought, more = self._brought(commit, parents)
        told = (self._trailer(rank, *each) for each in trailers[:TRAILERS])
        return CommitShown(
            revision=self._arrivals.revisions([commit])[commit],
            committer=said.committer,
            committed_differs=(said.committer, said.committed) != (said.author, said.time),
            text=said,
            body=body[:MESSAGE],
            body_cut=len(body) > MESSAGE,
            trailers=tuple(filter(None, told)),
            more_trailers=len(trailers) > TRAILERS,
            parents=known,
            parent=parents[0] if known and known[0].id == parents[0] else "",
            is_merge=len(parents) > 1,
            brought=brought,
            more_brought=more,
            files=tuple(self._files(commit, parents, touches, compare=compare)),
            count=count,
            page=page,
            pages=pages,
        )

    # -- what it says

    def _trailer(self, rank: int, name: str, value: str) -> Trailer | None:
        """Return a trailer as the actor may read it: keys are nobody's, and files only of those who see them."""
        if name == KEY:
            return None
        if name == MOVED:
            pairs = self._moves(rank, told_moves(value))
            told = "; ".join(f"{old or '/'} → {new or '/'}" for old, new in pairs)
            value = told if told or not self._sight.sees_all else value
        elif name == MERGED and not self._sight.sees_all:
            value = ", ".join(self._merged(rank, value))
        elif name in NAMING and not self._sight.knows_all and not self._known([value]):
            return None
        return Trailer(name, value[:MESSAGE]) if value else None

    def _moves(self, rank: int, pairs: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Return those of some renames that the actor sees in the commit of a rank; of whole folders only who sees all."""
        if self._sight.sees_all:
            return pairs
        steps = (self._sight.step(touched, 0) for touched in self._sight.touches(rank))
        seen = {(step.old_path, step.name.path) for step in steps}
        return [pair for pair in pairs if pair in seen]

    def _merged(self, rank: int, value: str) -> Iterable[str]:
        """Yield the files in a list that the actor sees in the commit of a rank; there may be commas in their names."""
        touches = self._arrivals.touched_by(rank, MERGED_LOOKED_AT)
        seen = {touched.path for touched in self._sight.sees(touches)}
        rest = f", {value[:MESSAGE]}, "
        for path in sorted((touched.path for touched in touches), key=len, reverse=True):
            without = rest.replace(f", {path}, ", ", ", 1)
            if without != rest and path in seen:
                yield path
            rest = without

    # -- what stands around it

    def _known(self, ids: Iterable[str]) -> tuple[Revision, ...]:
        """Return those of some commits that arrived, and that the actor may know of."""
        listed = [*ids]
        revisions = self._arrivals.revisions(listed)
        ranks = {each: rank for each in listed if (rank := self._arrivals.rank(each)) is not None}
        return tuple(
            revisions[each]
            for each in listed
            if each in ranks and each in revisions and self._sight.knows(ranks[each])
        )

    def _brought(self, commit: str, parents: Sequence[str]) -> tuple[tuple[Revision, ...], bool]:
        """Return the commits that a merge joined to its first parent, newest first, and whether there are more."""
        if len(parents) < 2:
            return (), False
        try:
            chain = self._store.chain(commit, since=parents[0], most=BROUGHT_LOOKED_AT + 1)
        except RevisionNotFoundError:
            return (), False  # beyond the edge of a shallow clone
        ids = [each for each, _ in chain if each != commit]
        if self._sight.knows_all:
            return self._known(ids[:BROUGHT]), len(ids) > BROUGHT
        ranks = (self._arrivals.rank(each) for each in ids)
        touches = accumulate(self._arrivals.count_touched(rank) if rank is not None else 0 for rank in ranks)
        known = self._known(
            each for each, files in zip(ids, touches, strict=True) if files <= TOUCHES_LOOKED_AT
        )
        return known[:BROUGHT], len(known) > BROUGHT

    # -- what it did

    def _files(
        self, commit: str, parents: Sequence[str], touches: Sequence[Touched], *, compare: bool
    ) -> Iterable[FileShown]:
        room = _Room()
        for touched, change in zip(touches, self._past.file_changes(touches), strict=True):
            old = self._before(parents[0], touched, change, read=compare) if parents else Side("")
            if not compare:
                yield FileShown(change, old, Side(commit), None)
                continue
            new = self._side(commit, touched.path) if touched.blob is not None else Side(commit)
            yield room.compared(change, old, new)

    def _before(self, parent: str, touched: Touched, change: FileChange, *, read: bool) -> Side:
        """Return the file as the first parent has it."""
        if change.kind is TouchKind.ADDED:
            return Side(parent)
        path = change.old_path or touched.path
        side = self._side(parent, path, read=read)
        if side.name is None or self._sight.sees_all:
            return side
        # What lay there may be another file, which has gone where it is hidden since.
        made = self._arrivals.newest_at(path, touched.rank - 1, side.name.blob)
        return side if made is not None and self._sight.sees([made]) else Side(parent)

    def _side(self, commit: str, path: str, *, read: bool = True) -> Side:
        try:
            entry = self._store.entry(commit, path)
            if entry is None:
                return Side(commit)
            name = Name(entry.path, entry.blob, entry.form)
            return side_of(self._store, commit, name, most=BYTES) if read else Side(commit, name)
        except RevisionNotFoundError:  # a commit or a blob that a partial or a shallow clone has not got
            return Side(commit)


@dataclass(slots=True)
class _Room:
    """What may still be compared, and shown, on one page."""

    bytes: int = BYTES
    lines: int = LINES_OF_ALL
    characters: int = CHARACTERS_OF_ALL

    def compared(self, change: FileChange, old: Side, new: Side) -> FileShown:
        """Compare two sides, as far as there is room for it."""
        self.bytes -= old.size + new.size
        if self.bytes < 0 or self.lines <= 0 or self.characters <= 0:
            self.bytes += old.size + new.size
            return FileShown(change, _light(old), _light(new), None)
        found = contents(old, new)
        body, cut_body = self._cut(found.body)
        front, cut_front = self._cut(found.front)
        cut = cut_body or cut_front
        return FileShown(change, _light(old), _light(new), replace(found, body=body, front=front), cut)

    def _cut(self, alignment: Alignment | None) -> tuple[Alignment | None, bool]:
        """Leave out what there is no room for, and the lines that could be unfolded."""
        if alignment is None:
            return None, False
        lines = min(LINES, self.lines)
        sections: list[Section] = []
        left = 0
        for section in alignment.sections:
            if not section.number:
                sections.append(replace(section, rows=()))
                continue
            rows: list[Row] = []
            for row in section.rows:
                changed = 0 if row.same else (row.old is not None) + (row.new is not None)
                if lines <= 0 or self.characters <= 0:
                    left += changed
                    continue
                rows.append(row)
                lines -= changed
                self.lines -= changed
                self.characters -= _characters(row)
            if rows:
                sections.append(replace(section, rows=tuple(rows)))
        while left and sections and not sections[-1].number:
            sections.pop()
        changes = sum(bool(section.number) for section in sections)
        cut = alignment.cut + left
        return replace(alignment, sections=tuple(sections), changes=changes, cut=cut), bool(cut)


def _characters(row: Row) -> int:
    cells = (row.new,) if row.same else (row.old, row.new)
    return sum(len(piece.text) for cell in cells if cell is not None for piece in cell.pieces)


def _light(side: Side) -> Side:
    """Return a side without its bytes, which nobody needs any more."""
    return replace(side, content=None) if side.content is not None else side
