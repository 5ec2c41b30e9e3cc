"""Texts that were cut out of a page, and where each character of them stands in it.

Rules of text see what is left of lines without the marks of quotes, lists and cells. A `Cut` is such a text with its
pieces, each of which stands in the page as it is.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.common.utils import MD_TRIM_CHARS

Span = tuple[int, int]
"""Half-open, in characters."""

BLANKS = MD_TRIM_CHARS
"""What markdown-it takes off both ends of a text."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that stand together, both in a cut and in its source."""

    at: int  # in the cut
    start: int  # in the source
    length: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut out of *source*."""

    source: str
    text: str
    pieces: tuple[Piece, ...]  # ordered; what none of them covers has no place
    piped: bool = False  # a cell of a table: "|" stands in the source as "\\|"

    def place(self, start: int, end: int) -> Span | None:
        """Return where the characters from *start* to *end* stand; ``None`` where they do not stand together."""
        first, last = self._at(start), self._at(end - 1)
        if end <= start or first is None or last is None:
            return None
        written = self.source[first : last + 1]
        if self.piped:
            written = written.replace("\\|", "|")
        return (first, last + 1) if written == self.text[start:end] else None

    def part(self, start: int, end: int) -> "Cut":
        """Return the characters from *start* to *end* as a cut of their own."""
        kept = []
        for index in range(max(self._before(start), 0), self._before(end - 1) + 1):
            piece = self.pieces[index]
            first, last = max(piece.at, start), min(piece.at + piece.length, end)
            if first < last:
                kept.append(Piece(first - start, piece.start + first - piece.at, last - first))
        return Cut(self.source, self.text[start:end], tuple(kept), self.piped)

    def joined(self, spans: Sequence[Span]) -> "Cut":
        """Return several parts of this cut, one behind the other, as one."""
        parts = [self.part(*span) for span in spans]
        pieces: list[Piece] = []
        length = 0
        for part in parts:
            pieces += (Piece(piece.at + length, piece.start, piece.length) for piece in part.pieces)
            length += len(part.text)
        return Cut(self.source, "".join(part.text for part in parts), tuple(pieces), self.piped)

    def _before(self, position: int) -> int:
        """Return which piece begins last up to *position*, -1 for none."""
        return bisect_right(self.pieces, position, key=_start) - 1

    def _at(self, position: int) -> int | None:
        index = self._before(position)
        if index < 0:
            return None
        piece = self.pieces[index]
        offset = position - piece.at
        return piece.start + offset if offset < piece.length else None


def _start(piece: Piece) -> int:
    return piece.at


class Lines:
    """The lines of a source, from which blocks are cut."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._lines = source.split("\n")
        self._starts: list[int] = []
        start = 0
        for line in self._lines:
            self._starts.append(start)
            start += len(line) + 1

    def cut(self, text: str, first: int, end: int) -> Cut | None:
        r"""Find *text*, which a block has left of the lines from *first* to *end*; ``None`` where that is not sure.

        What a block leaves of a line is its end: marks and indentation stand before it. Blanks were taken off both
        ends of the whole, maybe with lines that held nothing else.
        """
        wanted = text.split("\n")
        if wanted[-1] == "":  # a block of HTML ends in a line end
            wanted.pop()
        found = [
            pieces
            for start in range(first, max(end - len(wanted), first) + 1)
            if (pieces := self._pieces(wanted, start)) is not None
        ]
        return Cut(self.source, text, tuple(found[0])) if len(found) == 1 else None

    def _pieces(self, wanted: Sequence[str], start: int) -> list[Piece] | None:
        pieces: list[Piece] = []
        at = 0
        for number, text in enumerate(wanted, start):
            if number >= len(self._lines):
                return None
            line = self._lines[number]
            if number == start + len(wanted) - 1 and not line.endswith(text):
                line = line.rstrip(BLANKS)
                line = line if line.endswith(text) else line.rstrip()  # as terms of definitions are trimmed
            # A tab that stood half within the indentation became spaces.
            tail = text if line.endswith(text) else text.lstrip(" ")
            if not line.endswith(tail):
                return None
            if tail:
                position = self._starts[number] + len(line) - len(tail)
                pieces.append(Piece(at + len(text) - len(tail), position, len(tail)))
            at += len(text) + 1
        return pieces
