"""What changed within lines: which line of one side is similar to which of the other, and which words differ."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.diff import diff, words

SIMILAR = 0.4
"""Two lines are similar when so much of them is common: of the characters of their words, from 0 to 1."""

PAIRED_LINES = 50
"""Of a change with more lines on a side, the lines are only put side by side in their order."""

PAIRED_WORDS = 200_000
"""Words that are looked at to find which lines of one change are similar; beyond it as above."""

WORD_CELLS = 4_000_000
"""Comparisons of words that one pair of lines may cost; beyond it no words are marked."""

MARKED_CHARACTERS = 200_000
"""Of two lines with more together, only what is between their equal beginnings and ends is compared by words."""

LIKENESS_CHARACTERS = 10_000
"""How similar two lines are is told by their beginnings."""

LINE_CHARACTERS = 2_000
"""A longer line is shown around what is marked in it."""

_NEAR = 150  # characters that are shown beside what is marked in a long line
_MARKED = 1_000  # characters that are shown of one change in a long line


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line."""

    text: str
    marked: bool = False  # it differs from the other side
    left_out: int = 0  # characters that stand behind it and are not shown


def whole(line: str) -> tuple[Piece, ...]:
    """Return a line in which nothing is marked."""
    return (Piece(line),) if line else ()


def marked(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Mark the words of two lines that differ; nothing when the lines are not similar, or too long to compare."""
    if len(old) + len(new) > MARKED_CHARACTERS:
        return _marked_long(old, new)
    before, after = words(old), words(new)
    found = diff(before, after, cells=WORD_CELLS)
    if not found.exact or not _similar(before, after):
        return whole(old), whole(new)
    spans: list[list[int]] = []
    for hunk in found.hunks:
        # What has only spaces between it and the next change is read as one.
        if spans and not "".join(before[spans[-1][1] : hunk.old_start]).strip():
            spans[-1][1], spans[-1][3] = hunk.old_end, hunk.new_end
        else:
            spans.append([hunk.old_start, hunk.old_end, hunk.new_start, hunk.new_end])
    return (
        tuple(_pieces(before, [(span[0], span[1]) for span in spans])),
        tuple(_pieces(after, [(span[2], span[3]) for span in spans])),
    )


def _marked_long(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Mark what is between the equal beginning and the equal end, word by word where that is short enough."""
    shorter = min(len(old), len(new))
    start = _common(old, new, shorter)
    end = _common(old[::-1], new[::-1], shorter - start)
    if 2 * (start + end) < SIMILAR * (len(old) + len(new)):
        return whole(old), whole(new)
    middles = old[start : len(old) - end], new[start : len(new) - end]
    if sum(map(len, middles)) <= MARKED_CHARACTERS:
        sides = marked(*middles)
        if not any(piece.marked for side in sides for piece in side):
            sides = _all(middles[0]), _all(middles[1])
    else:
        sides = _all(middles[0]), _all(middles[1])
    before, after = whole(old[:start]), whole(old[len(old) - end :])
    return (*before, *sides[0], *after), (*before, *sides[1], *after)


def _all(text: str) -> tuple[Piece, ...]:
    return (Piece(text, marked=True),) if text else ()


def _common(one: str, other: str, most: int) -> int:
    """Return how many characters two texts begin with alike, at most *most*; found by halving."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _pieces(parts: Sequence[str], spans: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    at = 0
    for start, end in spans:
        if at < start:
            yield Piece("".join(parts[at:start]))
        if start < end:
            yield Piece("".join(parts[start:end]), marked=True)
        at = end
    if at < len(parts):
        yield Piece("".join(parts[at:]))


def paired(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Say which lines of one change belong together: in order on both sides, each at most once, and similar.

    Source:
        The heaviest common subsequence, by dynamic programming over similarities.
    """
    if max(len(old), len(new)) <= PAIRED_LINES:
        before, after = _counted(old), _counted(new)
        if sum(map(len, before)) * len(new) + sum(map(len, after)) * len(old) <= PAIRED_WORDS:
            yield from _best_pairs([[_likeness(one, other) for other in after] for one in before])
            return
    for number, (one, other) in enumerate(zip(old, new, strict=False)):
        if _similar(_beginning(one), _beginning(other)):
            yield number, number


def _counted(lines: Sequence[str]) -> list[Counter[str]]:
    return [Counter(_beginning(line)) for line in lines]


def _beginning(line: str) -> list[str]:
    return words(line[:LIKENESS_CHARACTERS])


def _best_pairs(likeness: Sequence[Sequence[float]]) -> Iterator[tuple[int, int]]:
    height, width = len(likeness), len(likeness[0]) if likeness else 0
    # best[i][j]: the most that the lines from i and from j on have in common
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for i in reversed(range(height)):
        for j in reversed(range(width)):
            together = likeness[i][j] + best[i + 1][j + 1] if likeness[i][j] >= SIMILAR else 0.0
            best[i][j] = max(together, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < height and j < width:
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            yield i, j
            i, j = i + 1, j + 1


def _similar(old: Sequence[str], new: Sequence[str]) -> bool:
    return _likeness(Counter(old), Counter(new)) >= SIMILAR


def _likeness(old: Counter[str], new: Counter[str]) -> float:
    """Say how much two lines have in common, from 0 to 1, counting each character of a word."""
    everything = _weight(old) + _weight(new)
    return 2 * _weight(old & new) / everything if everything else 0.0


def _weight(line: Counter[str]) -> int:
    return sum(len(word) * count for word, count in line.items() if not word.isspace())


def shortened(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Leave out of a long line what is far from what is marked in it."""
    if sum(len(piece.text) for piece in pieces) <= LINE_CHARACTERS:
        return pieces
    made: list[Piece] = []
    shown = 0
    for number, piece in enumerate(pieces):
        if shown > LINE_CHARACTERS:
            rest = sum(len(each.text) for each in pieces[number:])
            made[-1] = Piece(made[-1].text, made[-1].marked, made[-1].left_out + rest)
            break
        if piece.marked:
            cut = [Piece(piece.text[:_MARKED], marked=True, left_out=max(0, len(piece.text) - _MARKED))]
        else:
            cut = _middle_out(piece.text, _NEAR, _NEAR if number < len(pieces) - 1 else 0)
        made += cut
        shown += sum(len(each.text) for each in cut)
    return tuple(made)


def _middle_out(text: str, head: int, tail: int) -> list[Piece]:
    if len(text) <= head + tail:
        return [Piece(text)]
    first = Piece(text[:head], left_out=len(text) - head - tail)
    return [first, Piece(text[len(text) - tail :])] if tail else [first]
