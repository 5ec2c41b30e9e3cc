"""Merging by lines, and by sentence where that leaves a conflict.

::

    regions    unchanged | ours | unchanged | both | unchanged | theirs | unchanged
    stretches  ==========|==================|============================|=========

An unchanged line with which a unit begins on all sides (see `engine.merging.blocks`) is a place to cut. What is between
two cuts is merged by sentence if its lines do not go together, and stays as it was where that fails, too.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

from engine.diff import Hunk, diff_lines
from engine.merging.blocks import Kind, kinds, starts
from engine.merging.by_sentence import joined
from engine.merging.ends import addition, both
from engine.merging.pieces import Clash, Piece, has_clash
from engine.merging.regions import Region, regions

CHARACTERS = 1_000_000
"""How much of the three texts together is looked at by sentence; what is beyond, is merged by its lines only."""

LEAST = 1_000
"""A stretch counts for so many characters at least."""


def merge_lines(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Piece]:
    """Merge by lines alone, whatever they mean."""
    texts = _Texts(base, ours, theirs)
    return [texts.piece(region) for region in texts.regions]


def merge_markdown(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Piece]:
    """Merge by lines; what two sides added at the end is kept, and what else does not go together merged by sentence."""
    texts = _Texts(base, ours, theirs)
    pieces = [texts.piece_of_page(region) for region in texts.regions]
    if not has_clash(pieces):
        return pieces
    made: list[Piece] = []
    room = CHARACTERS
    for stretch in texts.stretches():
        pieces = [texts.piece_of_page(region) for region in stretch]
        if has_clash(pieces):
            sides = texts.lines(stretch)
            room -= max(LEAST, sum(len(line) for side in sides for line in side))
            by_sentence = joined(*sides) if room >= 0 else None
            pieces = [by_sentence] if by_sentence is not None else pieces
        made += pieces
    return made


def _hunks(base: Sequence[str], side: Sequence[str]) -> Sequence[Hunk]:
    """Compare; what was added at the end is there, even if it could as well have been added before."""
    if base == side[: len(base)]:
        return [Hunk(len(base), len(base), len(base), len(side))] if len(base) < len(side) else []
    return diff_lines(base, side).hunks


class _Texts:
    """The lines of three texts, and what is known of them."""

    def __init__(self, base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> None:
        self.base, self.ours, self.theirs = base, ours, theirs
        self.regions = list(regions(_hunks(base, ours), _hunks(base, theirs), len(base)))

    def piece(self, region: Region) -> Piece:
        """Merge one region by its lines."""
        base, ours, theirs = (
            "".join(lines[where.start : where.stop])
            for lines, where in (
                (self.base, region.base),
                (self.ours, region.ours),
                (self.theirs, region.theirs),
            )
        )
        if ours == theirs or not region.theirs_changed:
            return ours
        return Clash(base, ours, theirs) if region.ours_changed else theirs

    def piece_of_page(self, region: Region) -> Piece:
        """Merge one region by its lines, and let both sides add to the end of the page."""
        piece = self.piece(region)
        if not isinstance(piece, Clash) or not 0 < self._end <= region.base.start:
            return piece
        apart = not self.base[region.base.start - 1].strip()
        one, other = (
            addition(lines[where.start : where.stop], marks[where.start : where.stop], apart=apart)
            for lines, marks, where in (
                (self.ours, self._kinds[1], region.ours),
                (self.theirs, self._kinds[2], region.theirs),
            )
        )
        kept = both(one, other)
        return "".join(kept) if kept is not None else piece

    @cached_property
    def _kinds(self) -> list[list[Kind]]:
        return [kinds(side) for side in (self.base, self.ours, self.theirs)]

    @cached_property
    def _end(self) -> int:
        """Return where the base has only blank lines from there on."""
        return max((number for number, line in enumerate(self.base, 1) if line.strip()), default=0)

    def lines(self, stretch: Sequence[Region]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        """Return the lines of regions that stand one behind the other, on each side."""
        first, last = stretch[0], stretch[-1]
        return (
            self.base[first.base.start : last.base.stop],
            self.ours[first.ours.start : last.ours.stop],
            self.theirs[first.theirs.start : last.theirs.stop],
        )

    def stretches(self) -> Iterator[list[Region]]:
        """Put the regions together between which no cut can be made."""
        stretch: list[Region] = []
        for region in self.regions:
            cuts = self._cuts(region)
            if cuts is None:
                stretch.append(region)
                continue
            first, last = cuts
            if before := [*stretch, *region.part(0, first)]:
                yield before
            if between := region.part(first, last):
                yield between
            stretch = region.part(last, len(region.base))
        if stretch:
            yield stretch

    def _cuts(self, region: Region) -> tuple[int, int] | None:
        """Return the first line of an unchanged region before which a cut can be made, and the last one.

        The last one has words where it can, so that what follows is seen behind something.
        """
        if region.ours_changed or region.theirs_changed:
            return None
        places = region.base.start, region.ours.start, region.theirs.start

        def is_cut(line: int) -> bool:
            return all(begins[place + line] for place, begins in zip(places, self._starts, strict=True))

        within = range(len(region.base))
        first = next(filter(is_cut, within), None)
        if first is None:
            return None
        cuts = filter(is_cut, reversed(within[first:]))
        return first, next((cut for cut in cuts if self.base[places[0] + cut].strip()), first)

    @cached_property
    def _starts(self) -> list[list[bool]]:
        return [list(starts(marks)) for marks in self._kinds]
