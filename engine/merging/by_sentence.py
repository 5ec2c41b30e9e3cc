"""Merging by sentence what does not go together by lines.

::

    base     One.    Two.            Three.
    ours     One.    Two, changed.   Three.           each sentence is taken whole, from one side or the other;
    theirs   One!    Two.            Three.   Four.   both changed one, or both added one at one place: not at all
    ->       One!    Two, changed.   Three.   Four.

Unlike lines, sentences may be changed side by side without an unchanged one between them, as long as it is plain what
stands before what. Where only the line breaks within a paragraph differ, its sentences are the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from engine.diff import Hunk, diff
from engine.diff import lines as split_lines
from engine.merging.blocks import Unit, softened, units
from engine.merging.pieces import settled

CELLS = 4_000_000
"""Comparisons of units that one region may cost; beyond it, it is left as it is."""


def joined(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> str | None:
    """Merge lines that begin and end with whole units on each side.

    Returns:
        Lines that consist of whole units, of which each stands in one of the three texts; ``None`` where the two edits
        do not go together.
    """
    sides = [units(lines) for lines in (base, ours, theirs)]
    words = [[unit.words for unit in side] for side in sides]
    edits = [diff(words[0], own, cells=CELLS) for own in words[1:]]
    if not all(edit.exact for edit in edits):
        return None
    try:
        made = list(_Join(sides).units(_changes(sides, edits[0].hunks, edits[1].hunks)))
    except _DisagreementError:
        return None
    text = "".join(unit.gap + unit.text for unit in made)
    # Where units meet that were apart, they must still be read as they are, and lines must be whole.
    is_sound = _read(units(split_lines(text))) == _read(made) and text[-1:] in {"", "\n"}
    return text if is_sound else None


def _read(side: Sequence[Unit]) -> list[tuple[str, bool]]:
    return [(unit.words, unit.fresh) for unit in side]


class _DisagreementError(Exception):
    """The two sides do not go together."""


@dataclass(frozen=True, slots=True)
class _Change:
    """``base[start:end]`` is changed by one side, or by both in the same way; sides are counted from 1."""

    start: int
    end: int
    hunks: Mapping[int, Hunk]
    added: int
    blocks: int  # how many more blocks there are than before
    begins: bool  # with a block
    stops: bool  # at the beginning of a block

    @property
    def grows(self) -> bool:
        return self.added > self.end - self.start

    @property
    def in_place(self) -> bool:
        return self.added == self.end - self.start


def _changes(sides: Sequence[Sequence[Unit]], *hunks: Sequence[Hunk]) -> list[_Change]:
    """Return what was changed, in order."""
    found: dict[tuple[object, ...], dict[int, Hunk]] = {}
    for side, own in enumerate(hunks, 1):
        for hunk in chain.from_iterable(map(_single, own)):
            result = _read(sides[side][hunk.new_start : hunk.new_end])
            found.setdefault((hunk.old_start, hunk.old_end, *result), {})[side] = hunk
    changes = sorted(
        (_change(sides, each) for each in found.values()), key=lambda each: (each.start, each.end)
    )
    for number, (first, second) in enumerate(pairwise(changes), 1):
        if first.end == second.start and not _may_meet(first, second):
            if second.end > first.start or not _may_meet(second, first):
                raise _DisagreementError
            changes[number - 1 : number + 1] = second, first  # both add something at one place
        elif first.end > second.start:
            raise _DisagreementError
    return changes


def _single(hunk: Hunk) -> Iterator[Hunk]:
    """Yield a change of as many units as there were one by one, since both sides may have made some of them."""
    if hunk.added != hunk.removed:
        yield hunk
        return
    for old, new in zip(
        range(hunk.old_start, hunk.old_end), range(hunk.new_start, hunk.new_end), strict=True
    ):
        yield Hunk(old, old + 1, new, new + 1)


def _change(sides: Sequence[Sequence[Unit]], hunks: Mapping[int, Hunk]) -> _Change:
    side, hunk = next(iter(hunks.items()))
    before = [unit.fresh for unit in sides[0][hunk.old_start : hunk.old_end + 1]]
    after = [unit.fresh for unit in sides[side][hunk.new_start : hunk.new_end + 1]]
    blocks = sum(after) - sum(before)
    return _Change(hunk.old_start, hunk.old_end, hunks, hunk.added, blocks, after[0], after[-1])


def _may_meet(first: _Change, second: _Change) -> bool:
    """Say whether it is plain that *first* stands before *second*, without anything unchanged between them.

    It is where one of them only changes sentences in their places, or only removes some; and where a block ends between
    them, of which one of the two makes no more and no fewer.
    """
    if (first.in_place or not second.grows) and (second.in_place or not first.grows):
        return True
    return first.stops and second.begins and 0 in (first.blocks, second.blocks)


class _Join:
    """Puts the units of three sides together; the base is side 0."""

    def __init__(self, sides: Sequence[Sequence[Unit]]) -> None:
        self._sides = sides
        self._ahead = [0, 0, 0]  # how many more units than the base each side has up to here

    def units(self, changes: Sequence[_Change]) -> Iterator[Unit]:
        """Yield the merged units."""
        at = 0
        for change in changes:
            yield from map(self._kept, range(at, change.start))
            yield from self._changed(change)
            at = change.end
        yield from map(self._kept, range(at, len(self._sides[0])))

    def _kept(self, index: int) -> Unit:
        _, ours, theirs = sides = self._at(index)
        text = settled(*(side.text for side in sides)) or min(ours.text, theirs.text)
        return Unit(self._gap(index), text, ours.words, self._fresh(index))

    def _at(self, index: int) -> tuple[Unit, Unit, Unit]:
        """Return what stands for a unit of the base on each side, also where a side changed it in its place."""
        base, ours, theirs = (self._on(side, index) for side in range(3))
        return base, ours, theirs

    def _on(self, side: int, index: int) -> Unit:
        return self._sides[side][index + self._ahead[side]]

    def _gap(self, index: int) -> str:
        return _agreed(*(side.gap for side in self._at(index)))

    def _fresh(self, index: int) -> bool:
        return bool(settled(*(side.fresh for side in self._at(index))))

    def _changed(self, change: _Change) -> Iterator[Unit]:
        """Yield what a change brings. What the other side did to the space around it is kept, or a disagreement."""
        removed = change.end - change.start
        placed = removed if change.in_place else min(1, removed, change.added)
        for number in range(change.added):
            brought = [self._sides[side][hunk.new_start + number] for side, hunk in change.hunks.items()]
            one, other = brought[0], brought[-1]
            text = min(one.text, other.text)
            if number < placed:
                at = change.start + number
                yield Unit(self._gap(at), text, one.words, self._fresh(at))
            else:
                yield Unit(_agreed(None, one.gap, other.gap), text, one.words, one.fresh)
        for index in range(change.start + placed, change.end):
            for side in {1, 2} - change.hunks.keys():
                if softened(self._on(side, index).gap) != softened(self._on(0, index).gap):
                    raise _DisagreementError
        for side, hunk in change.hunks.items():
            self._ahead[side] = hunk.new_end - hunk.old_end


def _agreed(base: str | None, ours: str, theirs: str) -> str:
    """Return what a gap becomes; how lines break within a paragraph is nothing to disagree about."""
    found = settled(base, ours, theirs)
    if found is None and softened(ours) == softened(theirs):
        found = min(ours, theirs)  # not to depend on who is who
    if found is None:
        raise _DisagreementError
    return found
