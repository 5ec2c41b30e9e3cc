"""The regions of three sequences: what none changed, and what one or both did.

::

    base     a b c d e f g                 a b | c | d e | f | g
    ours     a b C d e f g       ->        a b | C | d e | f | g          regions by turns unchanged and changed
    theirs   a b c d e F g                 a b | c | d e | F | g

Changes that overlap, or meet without an unchanged element between, are one region.

Source:
    Khanna, Kunal and Pierce, "A Formal Investigation of Diff3" (FSTTCS 2007), where regions are called chunks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.diff import Hunk


@dataclass(frozen=True, slots=True)
class Region:
    """Where a region is on each side, as half-open ranges, and who changed it."""

    base: range
    ours: range
    theirs: range
    ours_changed: bool = False
    theirs_changed: bool = False

    def part(self, start: int, stop: int) -> "list[Region]":
        """Return some elements of an unchanged region, counted from its first; nothing where these are none."""
        if start >= stop:
            return []
        return [Region(self.base[start:stop], self.ours[start:stop], self.theirs[start:stop])]


class _Side:
    """The hunks of one side, taken one by one, and how far it is ahead of the base behind them."""

    def __init__(self, hunks: Sequence[Hunk]) -> None:
        self._hunks = hunks
        self.taken = 0
        self.shift = 0

    def start(self) -> int | None:
        """Return where the next hunk begins."""
        return self._hunks[self.taken].old_start if self.taken < len(self._hunks) else None

    def range(self, start: int, stop: int) -> range:
        """Return where elements of the base are on this side that it did not change."""
        return range(start + self.shift, stop + self.shift)

    def take(self) -> int:
        """Take the next hunk, and return where it ends."""
        hunk = self._hunks[self.taken]
        self.taken += 1
        self.shift = hunk.new_end - hunk.old_end
        return hunk.old_end


def regions(ours: Sequence[Hunk], theirs: Sequence[Hunk], length: int) -> Iterator[Region]:
    """Yield the regions in order, each with at least one element on a side.

    Args:
        ours, theirs: The hunks from the base to each side.
        length: How many elements the base has.
    """
    one, other = _Side(ours), _Side(theirs)
    at = 0
    while starts := [start for side in (one, other) if (start := side.start()) is not None]:
        start = end = min(starts)
        if at < start:
            yield Region(range(at, start), one.range(at, start), other.range(at, start))
        first, second = start + one.shift, start + other.shift
        taken = one.taken, other.taken
        while side := _reached((one, other), end):
            end = max(end, side.take())
        yield Region(
            range(start, end),
            range(first, end + one.shift),
            range(second, end + other.shift),
            one.taken > taken[0],
            other.taken > taken[1],
        )
        at = end
    if at < length:
        yield Region(range(at, length), one.range(at, length), other.range(at, length))


def _reached(sides: Sequence[_Side], end: int) -> _Side | None:
    """Return a side whose next hunk begins within what ends there, or meets it."""
    return next((side for side in sides if (start := side.start()) is not None and start <= end), None)
