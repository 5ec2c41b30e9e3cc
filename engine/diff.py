r"""Hunks between two sequences of text: lines of two pages, words of two lines.

What both begin and end with is cut off first. Then lines that stand once in each side are the anchors; what lies
between two of them is compared for its longest common subsequence, and a hunk that could stand in several places is
moved to where a reader would put it. The answer for two sequences in the other order is the same, mirrored.

The time is bounded: at most `DEPTH` passes over the sequences, and `CELLS` comparisons of one element with another.
What would take more is given as replaced, and the answer says so.

Source:
    Bram Cohen's patience diff, as in the documentation of ``git diff --patience``; the longest increasing subsequence
    by Schensted (1961); the longest common subsequence by bit-parallel rows (Hyyrö, 2004) in RapidFuzz.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Indel

CELLS = 200_000_000
"""Comparisons of one element with another in one diff; a second has about four thousand million."""

CELLS_AT_ONCE = 100_000_000
"""Comparisons between two anchors; RapidFuzz holds one bit for each, so this is 12.5 MB of memory."""

DEPTH = 6
"""How often anchors are looked for anew between two anchors."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
# Signs of scripts that are written without spaces stand for themselves, with what varies their form.
_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_SIGNS = r"!-/:-@\[-`{-~\u00a0-\u00bf\u2000-\u200b\u200e-\u206f\u3000-\u3004\u3008-\u303f\uff00-\uff0f\uff1a-\uff20"
_WORD = re.compile(
    rf"[{_UNSPACED}][\ufe00-\ufe0f\U000e0100-\U000e01ef]*|\s+|[^\s{_SIGNS}{_UNSPACED}]+|[\s\S]",
)
HEADING = re.compile(r" {0,3}(?P<level>#{1,6})(?:[ \t]|$)")
"""The beginning of a line that is a heading."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """``old[old_start:old_end]`` became ``new[new_start:new_end]``; one of the two may be empty."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int

    @property
    def removed(self) -> int:
        """How many elements of the old side it takes away."""
        return self.old_end - self.old_start

    @property
    def added(self) -> int:
        """How many elements of the new side it brings."""
        return self.new_end - self.new_start

    @property
    def mirrored(self) -> "Hunk":
        """The same hunk, seen from the other side."""
        return Hunk(self.new_start, self.new_end, self.old_start, self.old_end)


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs, in order; between two hunks there is at least one equal element."""

    hunks: tuple[Hunk, ...]
    exact: bool = True  # False where something was too large to be compared, and is given as replaced


def lines(text: str) -> list[str]:
    r"""Split *text* behind each ``\n``, ``\r\n`` and lone ``\r``, and nowhere else; the line ends are kept."""
    return _LINE.findall(text)


def words(text: str) -> list[str]:
    """Split *text* into words, spaces and signs; each Chinese or Japanese character is a word."""
    return _WORD.findall(text)


def diff_lines(old: Sequence[str], new: Sequence[str]) -> Diff:
    """Compare lines, and put hunks that could stand in several places where a reader would: behind a blank line."""
    found = diff(old, new)
    return Diff(_slid(found.hunks, old, new), found.exact)


def diff(old: Sequence[str], new: Sequence[str], *, cells: int = CELLS) -> Diff:
    """Compare two sequences.

    Args:
        old, new: Lines, words, or any other pieces of text; equal is what is equal as text.
        cells: How many comparisons it may cost.

    Returns:
        Hunks that turn *old* into *new*, see `apply`. Few, but not always the fewest: an anchor counts for more.
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    first, second = list(old[start : len(old) - end]), list(new[start : len(new) - end])
    turned = second < first  # one order for both questions, so that both have one answer
    if turned:
        first, second = second, first
    numbers: dict[str, int] = {}
    # RapidFuzz compares only hashes; that of a number counted from 0 is the number.
    matching = _Matching(
        [numbers.setdefault(item, len(numbers)) for item in first],
        [numbers.setdefault(item, len(numbers)) for item in second],
        cells,
    )
    hunks = (Hunk(*(start + edge for edge in edges)) for edges in matching.gaps())
    return Diff(tuple(hunk.mirrored if turned else hunk for hunk in hunks), matching.exact)


def apply(old: Sequence[str], hunks: Sequence[Hunk], new: Sequence[str]) -> list[str]:
    """Return what *old* becomes when each hunk's part is replaced by that of *new*."""
    made: list[str] = []
    at = 0
    for hunk in hunks:
        made += old[at : hunk.old_start]
        made += new[hunk.new_start : hunk.new_end]
        at = hunk.old_end
    return made + list(old[at:])


class _Matching:
    """Which element of the second sequence each one of the first is the same as."""

    def __init__(self, first: list[int], second: list[int], cells: int) -> None:
        self.exact = True
        self._first = first
        self._second = second
        self._partner = [-1] * len(first)
        self._cells = cells
        waiting = [(0, len(first), 0, len(second), 0)]
        while waiting:
            low, high, other_low, other_high, depth = waiting.pop()
            low, high, other_low, other_high = self._trim(low, high, other_low, other_high)
            if low == high or other_low == other_high:
                continue
            if high - low == other_high - other_low == 1:
                continue  # a changed line, as most gaps are: nothing to match
            anchors = self._anchors(low, high, other_low, other_high) if depth < DEPTH else []
            if not anchors:
                self._subsequence(low, high, other_low, other_high)
                continue
            for index, other in anchors:
                self._partner[index] = other
                waiting.append((low, index, other_low, other, depth + 1))
                low, other_low = index + 1, other + 1
            waiting.append((low, high, other_low, other_high, depth + 1))

    def _trim(self, low: int, high: int, other_low: int, other_high: int) -> tuple[int, int, int, int]:
        first, second = self._first, self._second
        while low < high and other_low < other_high and first[low] == second[other_low]:
            self._partner[low] = other_low
            low, other_low = low + 1, other_low + 1
        while low < high and other_low < other_high and first[high - 1] == second[other_high - 1]:
            high, other_high = high - 1, other_high - 1
            self._partner[high] = other_high
        return low, high, other_low, other_high

    def _anchors(self, low: int, high: int, other_low: int, other_high: int) -> list[tuple[int, int]]:
        """Return the longest row of pairs, in order on both sides, of what stands once on each."""
        ours = _once(self._first, low, high)
        theirs = _once(self._second, other_low, other_high)
        pairs = [(index, theirs[item]) for item, index in ours.items() if item in theirs]
        pairs.sort()
        tails: list[int] = []  # the smallest last element of each length of row
        ends: list[int] = []  # which pair has it
        before: list[int] = []
        for number, (_, other) in enumerate(pairs):
            length = bisect_left(tails, other)
            before.append(ends[length - 1] if length else -1)
            tails[length : length + 1] = [other]
            ends[length : length + 1] = [number]
        row = []
        at = ends[-1] if ends else -1
        while at >= 0:
            row.append(pairs[at])
            at = before[at]
        return row[::-1]

    def _subsequence(self, low: int, high: int, other_low: int, other_high: int) -> None:
        cells = (high - low) * (other_high - other_low)
        if cells > min(CELLS_AT_ONCE, self._cells):
            self.exact = False
            return
        self._cells -= cells
        for step in Indel.opcodes(self._first[low:high], self._second[other_low:other_high]):
            if step.tag == "equal":
                for offset in range(step.src_end - step.src_start):
                    self._partner[low + step.src_start + offset] = other_low + step.dest_start + offset

    def gaps(self) -> list[tuple[int, int, int, int]]:
        """Return the ends of what has no partner, on both sides, in order."""
        found = []
        low = other_low = 0
        for index, other in [*enumerate(self._partner), (len(self._first), len(self._second))]:
            if other < 0:
                continue
            if low < index or other_low < other:
                found.append((low, index, other_low, other))
            low, other_low = index + 1, other + 1
        return found


def _once(items: Sequence[int], low: int, high: int) -> dict[int, int]:
    """Return where each item stands that is only once between the two ends."""
    counts = Counter(items[low:high])
    return {items[index]: index for index in range(low, high) if counts[items[index]] == 1}


def _slid(hunks: Sequence[Hunk], old: Sequence[str], new: Sequence[str]) -> tuple[Hunk, ...]:
    """Move each hunk that only adds or only removes to the best of the places where it can stand."""
    made: list[Hunk] = []
    for number, hunk in enumerate(hunks):
        if hunk.removed and hunk.added:
            made.append(hunk)
            continue
        side = new if hunk.added else old
        start, end = (hunk.new_start, hunk.new_end) if hunk.added else (hunk.old_start, hunk.old_end)
        # One equal line stays on each side, so that hunks never meet.
        after = hunks[number + 1] if number + 1 < len(hunks) else None
        floor = (made[-1].new_end if hunk.added else made[-1].old_end) + 1 if made else 0
        roof = (after.new_start if hunk.added else after.old_start) - 1 if after else len(side)
        offset = _best_offset(side, start, end, floor, roof)
        made.append(
            Hunk(
                hunk.old_start + offset, hunk.old_end + offset, hunk.new_start + offset, hunk.new_end + offset
            )
        )
    return tuple(made)


def _best_offset(side: Sequence[str], start: int, end: int, floor: int, roof: int) -> int:
    up = 0
    while start + up > floor and side[start + up - 1] == side[end + up - 1]:
        up -= 1
    best, best_score = 0, -1
    offset = up
    while True:
        if (score := _score(side, start + offset, end + offset)) >= best_score:
            best, best_score = offset, score
        if end + offset >= roof or side[start + offset] != side[end + offset]:
            return best
        offset += 1


def _score(side: Sequence[str], start: int, end: int) -> int:
    """Say how well a hunk reads that begins and ends there: a whole paragraph or section is best."""
    begins = start == 0 or not side[start - 1].strip()
    stops = end == len(side) or not side[end - 1].strip()
    heading = HEADING.match(side[start]) is not None
    return 4 * begins + 2 * bool(side[start].strip()) + 2 * heading + stops
