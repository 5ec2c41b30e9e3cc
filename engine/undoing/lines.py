r"""The lines of one change, or of the way back from it, in a text that others have changed. Lines end in ``\n``.

First both are merged, as any two edits are. Where they touch each other, a change may still go through by its lines
alone: those that it replaces are there whole, with other lines around them. So a line of a list is taken out although
its neighbours were written since; and what somebody has put back already stays as they put it.
"""

from collections.abc import Sequence

from engine.diff import Hunk, apply, diff_lines, lines
from engine.merging import Merge, merge


def joined(old: str, new: str, here: str) -> Merge:
    """Do to a text what makes *new* of *old*.

    Args:
        old: What a change made, or what it began from.
        new: What was before it, or what it made.
        here: The text that it is done to.

    Returns:
        The text; or conflicts, where what would be changed is not there as it was.
    """
    old, new, here = _closed(old), _closed(new), _closed(here)
    merged = merge(old, new, here)
    if not merged.conflicts:
        return merged
    found = _by_lines(lines(old), lines(new), lines(here))
    return Merge("".join(found), ()) if found is not None else merged


def _closed(text: str) -> str:
    """Let the last line end as the others do, so that it is the same line when others follow it."""
    return text if not text or text.endswith("\n") else f"{text}\n"


def _by_lines(old: Sequence[str], new: Sequence[str], here: Sequence[str]) -> list[str] | None:
    """Replace what a change replaces where it stands whole; ``None`` where it does not."""
    places = _Places(old, here)
    hunks = []
    for hunk in diff_lines(old, new).hunks:
        start = places.start(hunk)
        if start is not None:
            hunks.append(Hunk(start, start + hunk.removed, hunk.new_start, hunk.new_end))
        elif not _is_done(hunk, old, new, places.between(hunk)):
            return None
    return apply(here, hunks, new)


class _Places:
    """Where the lines of a text are in another one that was made of it."""

    def __init__(self, old: Sequence[str], here: Sequence[str]) -> None:
        self._here = here
        self._where: list[int | None] = [None] * len(old)
        at = shift = 0
        for hunk in [*diff_lines(old, here).hunks, Hunk(len(old), len(old), len(here), len(here))]:
            self._where[at : hunk.old_start] = range(at + shift, hunk.old_start + shift)
            at, shift = hunk.old_end, hunk.new_end - hunk.old_end
        # The next lines above and below each that are still there, or else the ends of the text.
        self._above = [-1, *_carried(self._where, -1)]
        self._below = [*reversed(_carried(self._where[::-1], len(here))), len(here)]

    def start(self, hunk: Hunk) -> int | None:
        """Return the line at which a hunk begins here; ``None`` where it cannot be told."""
        if not hunk.removed:  # what comes stands between two lines; nothing else may stand there
            below = self._below[hunk.old_start]
            return below if below == self._above[hunk.old_start] + 1 else None
        places = self._where[hunk.old_start : hunk.old_end]
        first = places[0]
        return first if first is not None and places == [*range(first, first + hunk.removed)] else None

    def between(self, hunk: Hunk) -> Sequence[str]:
        """Return what stands here between the lines around a hunk."""
        return self._here[self._above[hunk.old_start] + 1 : self._below[hunk.old_end]]


def _carried(places: Sequence[int | None], first: int) -> list[int]:
    """Fill each gap with what is before it."""
    found = []
    for place in places:
        first = place if place is not None else first
        found.append(first)
    return found


def _is_done(hunk: Hunk, old: Sequence[str], new: Sequence[str], there: Sequence[str]) -> bool:
    """Say whether somebody has done already what a hunk does, and maybe written more there."""
    back = new[hunk.new_start : hunk.new_end]
    if not back:
        return not there
    gone = {*old[hunk.old_start : hunk.old_end]} - {*back}
    rest = iter(there)
    return gone.isdisjoint(there) and all(line in rest for line in back)
