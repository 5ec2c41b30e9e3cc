"""What the lines of a page are, and the units that may be taken from one author or the other: only ever whole.

::

    ## Heading                        one unit
    A sentence. A second              one unit each, also where a sentence goes on in the next line
    one.
    - an item. With a sentence        one unit each, the first with its mark
    | a | table |                     one unit, as are code, formulas, quotes, HTML: whatever is not surely prose

This is no parser of Markdown: it looks at lines, and in doubt takes them for something that must stay as it is.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import NamedTuple

from engine.diff import HEADING
from engine.sentences import gaps


class Kind(Enum):
    """What a line is."""

    BLANK = auto()
    PROSE = auto()
    ITEM = auto()  # the first line of an item of a list
    HEADING = auto()
    ROW = auto()  # of a table
    VERBATIM = auto()  # anything else


class Unit(NamedTuple):
    """What is taken whole: a sentence, a heading, a block that is no prose."""

    gap: str  # the blank space before it: within a line, or lines
    text: str  # empty at the end, where only the gap counts
    words: str  # the text, of prose without regard to where its lines break
    fresh: bool  # it begins a paragraph, an item, any block


# A line break that means no more than a space: not a hard one, and with no indented line behind it.
_SOFT_BREAK = re.compile(r"(?<![ \t\n\\])\n(?![ \t\n])")
_FENCE = re.compile(r"[ \t>]*+(?:(?:[-*+]|\d{1,9}[.)])[ \t]++)*+(?P<mark>`{3,}+(?=[^`]*\Z)|~{3,}+)")
_ITEM = re.compile(r"[ \t]*+(?:[-*+]|\d{1,9}[.)])[ \t]++\S")
_INDENTED = re.compile(r" {0,3}\t| {4}")
# Lines that begin so are surely no prose: quotes, HTML, formulas, comments, definitions, rules and underlines.
_OTHER = re.compile(
    r"[ \t]*+(?:[>|<:]|\$\$|%%|\[[^\]\n]*+\]:|(?:=++|-++|(?:[*_-][ \t]*+){3,}+)[ \t]*+$)",
)
_WIKILINK = re.compile(r"\[\[[^\[\]\n]*\]\]")
# What opens a block that ends only with what closes it, also behind blank lines.
_SPANS = (
    (re.compile(r"[ \t>]*\$\$"), re.compile(r"\$\$")),
    (re.compile(r"[ \t>]*%%"), re.compile(r"%%")),
    (re.compile(r"[ \t>]*<!--"), re.compile(r"-->")),
    (
        re.compile(r"[ \t>]*<(?:pre|script|style|textarea)\b", re.IGNORECASE),
        re.compile(r"</(?:pre|script|style|textarea)>", re.IGNORECASE),
    ),
)
_TOGETHER = {
    Kind.PROSE: Kind.PROSE,
    Kind.ITEM: Kind.PROSE,
    Kind.ROW: Kind.VERBATIM,
    Kind.VERBATIM: Kind.VERBATIM,
}
_ALONE = {Kind.BLANK, Kind.HEADING, Kind.ITEM}


def kinds(lines: Sequence[str]) -> list[Kind]:
    """Say what each line is; the first one must not be inside of a block."""
    made: list[Kind] = []
    closing: re.Pattern[str] | None = None
    for line in lines:
        if closing is not None:
            closing = None if closing.search(line) else closing
            made.append(Kind.VERBATIM)
        elif (closing := _closing(line)) is not None:
            made.append(Kind.VERBATIM)
        else:
            made.append(_kind(line, made[-1] if made else Kind.BLANK))
    return made


def _closing(line: str) -> re.Pattern[str] | None:
    """Return what will close the block that *line* opens; ``None`` where it opens none, or closes it, too."""
    if (fence := _FENCE.match(line)) is not None:
        mark = fence["mark"]
        return re.compile(rf"^[ \t>]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")
    for opening, closing in _SPANS:
        if (match := opening.match(line)) is not None:
            return None if closing.search(line, match.end()) else closing
    return None


def _kind(line: str, before: Kind) -> Kind:
    if not line.strip():
        return Kind.BLANK
    if HEADING.match(line):
        return Kind.HEADING
    # What is indented is code, unless it goes on with what stands right above it.
    if _INDENTED.match(line) and before not in {Kind.PROSE, Kind.ITEM}:
        return Kind.VERBATIM
    if line.lstrip().startswith("|"):
        return Kind.ROW
    if _OTHER.match(line) or "|" in _WIKILINK.sub("", line):
        return Kind.VERBATIM
    return Kind.ITEM if _ITEM.match(line) else Kind.PROSE


def units(lines: Sequence[str]) -> list[Unit]:
    """Take lines apart; put together again, gap by gap and text by text, they are the same.

    Returns:
        The units, of which the last one is empty.
    """
    made: list[Unit] = []
    gap = ""
    for kind, block in _blocks(lines):
        if kind is Kind.BLANK:
            gap += block
        elif kind is Kind.PROSE:
            text = block.strip()
            first = len(block) - len(block.lstrip())
            gap, start, fresh = gap + block[:first], 0, True
            for end, following in gaps(text):
                made.append(Unit(gap, text[start:end], softened(text[start:end]), fresh))
                gap, start, fresh = text[end:following], following, False
            made.append(Unit(gap, text[start:], softened(text[start:]), fresh))
            gap = block[first + len(text) :]
        else:
            text = block.removesuffix("\n")
            made.append(Unit(gap, text, text, True))
            gap = block[len(text) :]
    return [*made, Unit(gap, "", "", True)]


def softened(text: str) -> str:
    """Return prose as if its paragraphs were lines."""
    return _SOFT_BREAK.sub(" ", text)


def starts(marks: Sequence[Kind]) -> Iterator[bool]:
    """Say of each line, given what it is, whether it surely begins with a unit, or is blank between two."""
    before: Kind | None = None
    for kind in marks:
        own = _TOGETHER.get(kind, kind)
        yield own is not before or kind in _ALONE
        before = own


def _blocks(lines: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    """Put lines together that belong together: items and the prose that goes on with them, what is verbatim."""
    marks = kinds(lines)
    block: list[str] = []
    together = Kind.BLANK
    for line, kind, begins in zip(lines, marks, starts(marks), strict=True):
        if block and begins:
            yield together, "".join(block)
            block = []
        block.append(line)
        together = _TOGETHER.get(kind, kind)
    if block:
        yield together, "".join(block)
