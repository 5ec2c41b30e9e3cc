"""Two texts that were added at the end of one page: both are kept.

What is published already comes first, and the other behind it, each as far from its neighbour as its author wrote it
from what stood above. They change places where the second would else belong to something that its author did not see:
what goes on with the last paragraph or list of the page comes before what begins anew, and a paragraph of the last
section before a new section.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.diff import HEADING
from engine.merging.blocks import Kind

_NO_HEADING = 7  # a level below all others
_RUNS = {Kind.PROSE, Kind.ITEM, Kind.ROW}  # kinds whose lines may be added one behind the other


@dataclass(frozen=True, slots=True)
class Addition:
    """What a side added at the end, without the blank lines around it."""

    lines: Sequence[str]
    kinds: Sequence[Kind]
    before: Sequence[str]  # blank lines above it
    after: Sequence[str]  # blank lines below it
    apart: bool  # from what stands above it, by a blank line

    @property
    def goes_on(self) -> bool:
        """Whether it is nothing but more of the paragraph, list or table above."""
        return not self.apart and Kind.BLANK not in self.kinds


def addition(lines: Sequence[str], kinds: Sequence[Kind], *, apart: bool) -> Addition:
    """Make an `Addition`.

    Args:
        lines, kinds: What was added, and what these lines are.
        apart: Whether the line above is blank.
    """
    start, end = 0, len(lines)
    while start < end and kinds[start] is Kind.BLANK:
        start += 1
    while start < end and kinds[end - 1] is Kind.BLANK:
        end -= 1
    return Addition(lines[start:end], kinds[start:end], lines[:start], lines[end:], apart or start > 0)


def both(ours: Addition, theirs: Addition) -> list[str] | None:
    """Put two additions one behind the other; ``None`` where neither would keep its meaning behind the other."""
    more, less = sorted((theirs, ours), key=lambda side: (len(side.lines), len(side.before)), reverse=True)
    if _holds(more.lines, less.lines):
        return [*more.before, *more.lines, *more.after]
    for first, second in ((theirs, ours), (ours, theirs)):
        if _may_follow(second, first):
            between = (max(first.after, second.before, key=len) or ["\n"]) if second.apart else []
            return [*first.before, *first.lines, *between, *second.lines, *second.after]
    return None


def _holds(lines: Sequence[str], others: Sequence[str]) -> bool:
    """Whether *others* stand among *lines*, one behind the other: who saved twice need not be told."""
    return "\n" + "".join(others) in "\n" + "".join(lines)


def _may_follow(second: Addition, first: Addition) -> bool:
    """Say whether *second* would mean behind *first* what it meant at the end of the page."""
    if not second.apart:
        return first.goes_on and first.kinds[0] is second.kinds[0] and first.kinds[0] in _RUNS
    levels = (
        level for line, kind in zip(first.lines, first.kinds, strict=True) if (level := _level(line, kind))
    )
    return (_level(second.lines[0], second.kinds[0]) or _NO_HEADING) <= min(levels, default=_NO_HEADING)


def _level(line: str, kind: Kind) -> int:
    """Return the level of a heading, 0 for other lines."""
    heading = HEADING.match(line) if kind is Kind.HEADING else None
    return len(heading["level"]) if heading else 0
