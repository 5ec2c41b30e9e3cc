"""Hunks made readable: two sides row by row, changed words marked, moved blocks told, unchanged lines folded.

All of it is bounded: what is compared by the caller, what is shown by the constants here. What is left out is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from engine.diff import Hunk, diff_lines
from engine.marking import Piece, marked, paired, shortened, whole

CONTEXT = 3
"""Unchanged lines around a change that are shown with it."""

LINES_SHOWN = 3_000
"""Changed lines, of both sides together, that are shown."""

CHARACTERS_SHOWN = 600_000
"""Characters of all lines that are shown, after long lines were shortened."""

UNCHANGED_SHOWN = 1_000
"""Unchanged lines that can be unfolded; a fold beyond them only tells how many it stands for."""

MOVED_AMONG = 20_000
"""Beyond so many changed lines no moved blocks are looked for."""

MOVED_LINES = 2
MOVED_CHARACTERS = 40
"""A block that has moved has so many lines with text, or so many characters."""


@dataclass(frozen=True, slots=True)
class Move:
    """The same text stands elsewhere on the other side."""

    line: int  # where the block begins there, counted from 1
    first: bool  # this is the block's first line


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of one side."""

    line: int  # counted from 1
    pieces: tuple[Piece, ...]
    move: Move | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What stands side by side; a side that is ``None`` has nothing there."""

    old: Cell | None
    new: Cell | None
    same: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Rows in a row: changes with the lines around them, or unchanged lines to fold."""

    rows: tuple[Row, ...]
    number: int = (
        0  # which of the sections with changes this is, counted from 1; 0 when nothing changed in it
    )
    lines: int = 0  # how many unchanged lines it stands for, when nothing changed in it

    def unified(self) -> Iterator[Row]:
        """Yield rows with one side each, but for unchanged lines: of each change what was removed comes first."""
        added: list[Row] = []
        for row in self.rows:
            if row.same:
                yield from added
                added = []
                yield row
                continue
            if row.old is not None:
                yield Row(row.old, None)
            if row.new is not None:
                added.append(Row(None, row.new))
        yield from added


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two texts, line by line."""

    sections: tuple[Section, ...] = ()
    added: int = 0  # lines
    removed: int = 0
    moved: int = 0  # lines that stand elsewhere on the other side; they count as added and removed, too
    changes: int = 0  # sections with changes that are shown
    cut: int = 0  # changed lines that are not shown
    exact: bool = True  # False where a part was too large to compare, and is shown as replaced

    @property
    def same(self) -> bool:
        """Whether no line differs."""
        return not (self.added or self.removed)


@dataclass(slots=True)
class _Room:
    """What may still be shown."""

    lines: int = LINES_SHOWN
    unchanged: int = UNCHANGED_SHOWN
    characters: int = CHARACTERS_SHOWN

    def take(self, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """Count what a line shows."""
        self.characters -= sum(len(piece.text) for piece in pieces)
        return pieces


@dataclass(slots=True)
class _Moves:
    """Blocks that stand elsewhere: for a line of each side, counted from 0, where."""

    old: dict[int, Move] = field(default_factory=dict)
    new: dict[int, Move] = field(default_factory=dict)


def align(old: Sequence[str], new: Sequence[str], *, first_old: int = 1, first_new: int = 1) -> Alignment:
    """Compare lines, given without their line ends.

    Args:
        old, new: The lines of both sides.
        first_old, first_new: What the first line of each is called.
    """
    found = diff_lines(old, new)
    aligner = _Aligner(old, new, found.hunks, first_old, first_new)
    sections = tuple(aligner.sections())
    added, removed = sum(hunk.added for hunk in found.hunks), sum(hunk.removed for hunk in found.hunks)
    return Alignment(
        sections=sections,
        added=added,
        removed=removed,
        moved=len(aligner.moves.new),
        changes=max((section.number for section in sections), default=0),
        cut=added + removed - aligner.shown,
        exact=found.exact,
    )


class _Aligner:
    def __init__(
        self, old: Sequence[str], new: Sequence[str], hunks: Sequence[Hunk], first_old: int, first_new: int
    ) -> None:
        self._old, self._new, self._hunks = old, new, hunks
        self._first_old, self._first_new = first_old, first_new
        self._room = _Room()
        self.moves = _moves(old, new, hunks, first_old, first_new)
        self.shown = 0  # changed lines, of both sides

    def sections(self) -> Iterator[Section]:
        """Yield changes with their context, and what is between them."""
        start = 0  # where the first line that is not shown yet is, on the old side
        for number, group in enumerate(_groups(self._hunks), 1):
            first, last = group[0], group[-1]
            before = max(start, first.old_start - CONTEXT)
            yield from self._folded(start, before, first.new_start - first.old_start)
            if self._is_full():
                return
            rows = [*self._unchanged(before, first.old_start, first.new_start - first.old_start)]
            for hunk, following in zip_longest(group, group[1:]):
                if self._is_full():
                    break
                rows += self._changed(hunk)
                end = following.old_start if following else min(hunk.old_end + CONTEXT, len(self._old))
                if self._is_full():
                    end = hunk.old_end
                rows += self._unchanged(hunk.old_end, end, hunk.new_end - hunk.old_end)
            yield Section(tuple(rows), number)
            if self._is_full():
                return
            start = min(last.old_end + CONTEXT, len(self._old))
        yield from self._folded(start, len(self._old), len(self._new) - len(self._old))

    def _is_full(self) -> bool:
        return self._room.lines <= 0 or self._room.characters <= 0

    def _folded(self, start: int, end: int, offset: int) -> Iterator[Section]:
        if start < end:
            fits = end - start <= self._room.unchanged and self._room.characters > 0
            self._room.unchanged -= (end - start) if fits else 0
            yield Section(tuple(self._unchanged(start, end, offset)) if fits else (), lines=end - start)

    def _unchanged(self, start: int, end: int, offset: int) -> Iterator[Row]:
        for index in range(start, end):
            pieces = self._room.take(shortened(whole(self._old[index])))
            yield Row(
                Cell(self._first_old + index, pieces),
                Cell(self._first_new + index + offset, pieces),
                same=True,
            )

    def _changed(self, hunk: Hunk) -> Iterator[Row]:
        """Put similar lines side by side, and what is between them."""
        old_free = [index for index in range(hunk.old_start, hunk.old_end) if index not in self.moves.old]
        new_free = [index for index in range(hunk.new_start, hunk.new_end) if index not in self.moves.new]
        pairs = paired([self._old[index] for index in old_free], [self._new[index] for index in new_free])
        at, there = hunk.old_start, hunk.new_start
        for one, other in pairs:
            yield from self._beside(at, old_free[one], there, new_free[other])
            if self._is_full():
                return
            at, there = old_free[one], new_free[other]
            before, after = marked(self._old[at], self._new[there])
            yield Row(self._old_cell(at, before), self._new_cell(there, after))
            at, there = at + 1, there + 1
        yield from self._beside(at, hunk.old_end, there, hunk.new_end)

    def _beside(self, start: int, end: int, other_start: int, other_end: int) -> Iterator[Row]:
        for one, other in zip_longest(range(start, end), range(other_start, other_end)):
            if self._is_full():
                return
            yield Row(
                self._old_cell(one, whole(self._old[one])) if one is not None else None,
                self._new_cell(other, whole(self._new[other])) if other is not None else None,
            )

    def _old_cell(self, index: int, pieces: tuple[Piece, ...]) -> Cell:
        return self._cell(self._first_old + index, pieces, self.moves.old.get(index))

    def _new_cell(self, index: int, pieces: tuple[Piece, ...]) -> Cell:
        return self._cell(self._first_new + index, pieces, self.moves.new.get(index))

    def _cell(self, line: int, pieces: tuple[Piece, ...], move: Move | None) -> Cell:
        self.shown += 1
        self._room.lines -= 1
        return Cell(line, self._room.take(shortened(pieces)), move)


def _groups(hunks: Sequence[Hunk]) -> list[list[Hunk]]:
    """Put hunks together that are so near that a fold between them would hide a line at most."""
    groups: list[list[Hunk]] = []
    for hunk in hunks:
        if groups and hunk.old_start - groups[-1][-1].old_end <= 2 * CONTEXT + 1:
            groups[-1].append(hunk)
        else:
            groups.append([hunk])
    return groups


def _moves(
    old: Sequence[str], new: Sequence[str], hunks: Sequence[Hunk], first_old: int, first_new: int
) -> _Moves:
    """Find blocks that were removed here and added there.

    A block grows from a line that was removed once and added once, so that its other place is certain.
    """
    removed = [index for hunk in hunks for index in range(hunk.old_start, hunk.old_end)]
    added = [index for hunk in hunks for index in range(hunk.new_start, hunk.new_end)]
    moves = _Moves()
    if len(removed) + len(added) > MOVED_AMONG:
        return moves
    gone, come = set(removed), set(added)
    there = _single(new, added)
    here = _single(old, removed)
    for index in removed:
        text = old[index]
        if index in moves.old or here.get(text) != index or text not in there or there[text] in moves.new:
            continue
        start, end, shift = index, index + 1, there[text] - index

        def goes_on(at: int, shift: int = shift) -> bool:
            return (
                at in gone
                and at + shift in come
                and at not in moves.old
                and at + shift not in moves.new
                and old[at] == new[at + shift]
            )

        while goes_on(start - 1):
            start -= 1
        while goes_on(end):
            end += 1
        block = [at for at in range(start, end) if old[at].strip()]
        if len(block) < MOVED_LINES and sum(len(old[at].strip()) for at in block) < MOVED_CHARACTERS:
            continue
        first, last = block[0], block[-1]
        for at in range(first, last + 1):
            moves.old[at] = Move(first_new + first + shift, at == first)
            moves.new[at + shift] = Move(first_old + first, at == first)
    return moves


def _single(lines: Sequence[str], indices: Sequence[int]) -> dict[str, int]:
    """Return where each line with text stands that is only once among these."""
    found: dict[str, int] = {}
    for index in indices:
        text = lines[index]
        if text.strip():
            found[text] = -1 if text in found else index
    return {text: index for text, index in found.items() if index >= 0}
