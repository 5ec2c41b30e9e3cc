"""One commit, with all that it did; reached by `Snapshot.commits`.

What the actor may not see is left out, and a commit that touched nothing that they may see is not there at all. A merge
is told by what it made itself, against its first parent, and by the commits that it brought.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.alignment import Alignment, Row, Section
from engine.catalog import Moment, Touched
from engine.comparing import Side, contents, side_of
from engine.contents import Contents
from engine.errors import RevisionNotFoundError
from engine.messages import Message
from engine.model import Author, CommitText, Name, Revision, TouchKind
from engine.past import Past
from engine.past_answers import FileChange
from engine.sight import Reader, Sight, past_name
from engine.store import Store
from engine.store.trailers import KEY, MERGED, MOVED, split_message, told_moves

FILES = 20  # on one page
BYTES = 2_000_000  # of both sides of all files together, that are compared for one page
LINES = 300  # changed lines of one file that are shown; its own comparison shows more
LINES_OF_ALL = 2_000
CHARACTERS_OF_ALL = 400_000
BROUGHT = 50  # commits that a merge brought, and are named
BROUGHT_LOOKED_AT = 500  # where the actor does not see all
MESSAGE = 20_000  # characters of a message that are shown


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
        self._reader = reader
        self._sight = Sight(moment.arrivals, reader, sees_all=sees_all)

    def show(self, text: str, page: int = 1) -> CommitShown:
        """Return the commit that *text* names, with one page of its files; the nearest where there is no such page.

        Raises:
            RevisionNotFoundError: No commit of this branch is named so, or none that the actor may know of, or several.
            NotReadyError: The history is still being read.
        """
        commit, rank = self._past.arrived(text)
        first, count = self._sight.touched_by(rank, 1)
        if not first and not self._sight.sees_all:
            raise RevisionNotFoundError(Message("This wiki has no revision “%(text)s”.", text=text[:70]))
        pages = max(1, -(-count // FILES))
        page = min(max(page, 1), pages)
        touches, _ = self._sight.touched_by(rank, FILES, (page - 1) * FILES)
        said = self._store.commit_text(commit)
        _, body, trailers = split_message(said.message)
        parents = self._arrivals.parents([commit]).get(commit, ())
        known = self._known(parents)
        brought, more = self._brought(commit, parents)
        return CommitShown(
            revision=self._arrivals.revisions([commit])[commit],
            committer=said.committer,
            committed_differs=(said.committer, said.committed) != (said.author, said.time),
            text=said,
            body=body[:MESSAGE],
            body_cut=len(body) > MESSAGE,
            trailers=tuple(filter(None, (self._trailer(*each) for each in trailers))),
            parents=known,
            parent=parents[0] if known and known[0].id == parents[0] else "",
            is_merge=len(parents) > 1,
            brought=brought,
            more_brought=more,
            files=tuple(self._files(commit, parents, touches)),
            count=count,
            page=page,
            pages=pages,
        )

    # -- what it says

    def _trailer(self, name: str, value: str) -> Trailer | None:
        """Return a trailer as the actor may read it: keys are nobody's, and paths only of those who see them."""
        if name == KEY:
            return None
        if not self._sight.sees_all and name == MOVED:
            pairs = [pair for pair in told_moves(value) if all(map(self._is_seen, pair))]
            return Trailer(name, "; ".join(f"{old} → {new}" for old, new in pairs)) if pairs else None
        if name == MOVED:
            pairs = list(told_moves(value))
            value = "; ".join(f"{old or '/'} → {new or '/'}" for old, new in pairs) if pairs else value
        elif not self._sight.sees_all and name == MERGED:
            value = ", ".join(path for path in value.split(", ") if self._is_seen(path))
        return Trailer(name, value[:MESSAGE]) if value else None

    def _is_seen(self, path: str) -> bool:
        """Say whether a file at *path* may be seen; of a folder that is not known."""
        return bool(path) and not path.endswith("/") and self._reader.may_see(past_name(path, None))

    # -- what stands around it

    def _known(self, ids: Iterable[str]) -> tuple[Revision, ...]:
        """Return those of some commits that arrived, and that the actor may know of."""
        listed = [*ids]
        revisions = self._arrivals.revisions(listed)
        ranks = {commit: rank for each in listed for commit, rank in self._arrivals.commits(each)}
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
            ids = [each for each, _ in self._store.chain(commit, since=parents[0]) if each != commit]
        except RevisionNotFoundError:
            return (), False  # beyond the edge of a shallow clone
        if self._sight.sees_all:
            return self._known(ids[:BROUGHT]), len(ids) > BROUGHT
        known = self._known(ids[:BROUGHT_LOOKED_AT])
        return known[:BROUGHT], len(known) > BROUGHT

    # -- what it did

    def _files(self, commit: str, parents: Sequence[str], touches: Sequence[Touched]) -> Iterable[FileShown]:
        room = _Room()
        for touched, change in zip(touches, self._past.file_changes(touches), strict=True):
            new = self._side(commit, touched.path) if touched.blob is not None else Side(commit)
            old = self._before(parents[0], touched, change) if parents else Side("")
            yield room.compared(change, old, new)

    def _before(self, parent: str, touched: Touched, change: FileChange) -> Side:
        """Return the file as the first parent has it."""
        if change.kind is TouchKind.ADDED:
            return Side(parent)
        path = change.old_path or touched.path
        side = self._side(parent, path)
        if side.name is None or self._sight.sees_all:
            return side
        # What lay there may be another file, which has gone where it is hidden since.
        made = self._arrivals.newest_at(path, touched.rank - 1, side.name.blob)
        return side if made is not None and self._sight.sees([made]) else Side(parent)

    def _side(self, commit: str, path: str) -> Side:
        try:
            entry = self._store.entry(commit, path)
            if entry is None:
                return Side(commit)
            return side_of(self._store, commit, Name(entry.path, entry.blob, entry.form), most=BYTES)
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
