"""What a person is shown where two edits touch each other, and the text that their choices make."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.diff import lines
from engine.marking import Piece, marked, whole
from engine.merging import Choice, Merge

CONTEXT = 3  # lines that are shown around a conflict


@dataclass(frozen=True, slots=True)
class Place:
    """One conflict, with the lines around it."""

    number: int  # counted from 1
    before: str  # what stands in front of it, and is settled
    base: tuple[Piece, ...]
    ours: tuple[Piece, ...]  # marked where it differs from the base
    theirs: tuple[Piece, ...]
    after: str
    both: bool  # whether one side can stand behind the other


def places(merge: Merge) -> list[Place]:
    """Return the conflicts of a merge as they are shown."""
    rows = lines(merge.text)
    edges = [0, *(edge for each in merge.conflicts for edge in (each.start, each.end)), len(rows)]
    found = []
    for number, conflict in enumerate(merge.conflicts, 1):
        earlier, later = edges[2 * number - 2], edges[2 * number + 1]
        found.append(
            Place(
                number,
                "".join(rows[max(earlier, conflict.start - CONTEXT) : conflict.start]),
                whole(conflict.base),
                marked(conflict.base, conflict.ours)[1],
                marked(conflict.base, conflict.theirs)[1],
                "".join(rows[conflict.end : min(later, conflict.end + CONTEXT)]),
                not conflict.front,
            )
        )
    return found


def resolved(merge: Merge, words: Sequence[str]) -> str:
    """Return the text that choices make.

    Args:
        merge: The two edits.
        words: For each conflict the word of a `Choice`; any other stands for the person's own text.
    """
    choices = []
    for conflict, word in zip(merge.conflicts, words, strict=True):
        choice = next((each for each in Choice if each.value == word), Choice.OURS)
        choices.append(Choice.OURS if choice is Choice.BOTH and conflict.front else choice)
    return merge.resolved(choices)
