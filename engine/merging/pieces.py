"""What a merge is put together from, and the rule for a value that three sides have."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Clash:
    """A place where the two edits do not go together; whole lines of each text."""

    base: str
    ours: str
    theirs: str
    front: bool = False  # it is in front matter


Piece = str | Clash
"""Whole lines: merged, or not."""


def settled(base: _T, ours: _T, theirs: _T) -> _T | None:
    """Return what a value becomes that two sides may have changed; ``None`` when they do not agree."""
    if ours in (theirs, base):
        return theirs
    return ours if theirs == base else None


def has_clash(pieces: Iterable[Piece]) -> bool:
    """Whether something is left to be decided."""
    return any(isinstance(piece, Clash) for piece in pieces)


def decided(pieces: Iterable[Piece]) -> tuple[str, str]:
    """Return the text in which our side stands wherever the two do not go together, and the one with theirs."""
    ours, theirs = [], []
    for piece in pieces:
        ours.append(piece.ours if isinstance(piece, Clash) else piece)
        theirs.append(piece.theirs if isinstance(piece, Clash) else piece)
    return "".join(ours), "".join(theirs)
