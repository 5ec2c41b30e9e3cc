"""What a merge gives: a text, and the places in it that a person must decide."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import accumulate

from engine.diff import lines
from engine.merging.blocks import Kind, kinds
from engine.merging.pieces import Clash, Piece


class Choice(Enum):
    """What is to stand in the place of a conflict."""

    BASE = "base"
    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"  # theirs, which is published already, and ours behind it


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place where two edits do not go together."""

    start: int  # its first line in the merged text, counted from 0; there, our side stands
    end: int  # behind its last line; the same as the first where our side has nothing
    base: str
    ours: str
    theirs: str
    front: bool = False  # it is in front matter, where both cannot stand one behind the other

    def chosen(self, choice: Choice | str) -> str:
        """Return the lines that a choice gives; a text is taken as it is."""
        if isinstance(choice, str):
            return choice
        if choice is Choice.BOTH:
            return _both(self)
        return {Choice.BASE: self.base, Choice.OURS: self.ours, Choice.THEIRS: self.theirs}[choice]


@dataclass(frozen=True, slots=True)
class Merge:
    """Two edits of one page, joined. Without conflicts, the text is the page; it never holds marks of conflicts."""

    text: str
    conflicts: tuple[Conflict, ...] = ()  # in order

    def parts(self) -> Iterator[str | Conflict]:
        """Yield the page in order: text that is merged, which is never empty, and conflicts."""
        offsets = [0, *accumulate(map(len, lines(self.text)))]
        at = 0
        for conflict in self.conflicts:
            if at < offsets[conflict.start]:
                yield self.text[at : offsets[conflict.start]]
            yield conflict
            at = offsets[conflict.end]
        if at < len(self.text):
            yield self.text[at:]

    def resolved(self, choices: Sequence[Choice | str]) -> str:
        """Return the page with each conflict decided.

        Args:
            choices: For each conflict in order, what is to stand there: a `Choice`, or any lines.

        Raises:
            ValueError: There are more or fewer choices than conflicts, or both are chosen in front matter.
        """
        left = iter(choices)
        if len(choices) != len(self.conflicts):
            raise ValueError(f"{len(self.conflicts)} conflicts cannot be decided by {len(choices)} choices")
        return _joined(part if isinstance(part, str) else part.chosen(next(left)) for part in self.parts())


def assembled(pieces: Iterable[Piece]) -> Merge:
    """Make a merge of its pieces."""
    texts, conflicts = [], []
    line = 0
    for piece in pieces:
        text = piece if isinstance(piece, str) else piece.ours
        end = line + text.count("\n") + (text[-1:] not in {"", "\n"})
        if isinstance(piece, Clash):
            conflicts.append(Conflict(line, end, piece.base, piece.ours, piece.theirs, piece.front))
        texts.append(text)
        line = end
    return Merge("".join(texts), tuple(conflicts))


def _both(conflict: Conflict) -> str:
    """Put theirs before ours, as paragraphs of their own where they are such."""
    if conflict.front:
        raise ValueError("of two values of one key in front matter, one must be chosen")
    above, below = lines(conflict.theirs), lines(conflict.ours)
    if above and below:
        meeting = {kinds(above)[-1], kinds(below)[0]}
        if Kind.BLANK not in meeting and meeting & {Kind.PROSE, Kind.HEADING}:
            return _joined([conflict.theirs, "\n", conflict.ours])
    return _joined([conflict.theirs, conflict.ours])


def _joined(texts: Iterable[str]) -> str:
    """Put texts one behind the other, each beginning a line."""
    made: list[str] = []
    for text in texts:
        if made and text and not made[-1].endswith("\n"):
            made.append("\n")
        if text:
            made.append(text)
    return "".join(made)
