"""Finding a part of a page: the section under a heading, or the block with an id."""

from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from engine.diff import lines
from engine.markup.links import heading_anchor
from engine.markup.parsed import Parsed


@dataclass(frozen=True, slots=True)
class Span:
    r"""Whole lines of a page's text, counted from 0 and half open; lines end in ``\n``."""

    start: int
    end: int | None  # None goes to the end

    def cut(self, text: str) -> str:
        """Return these lines of *text*."""
        return "".join(lines(text)[self.start : self.end])

    def put(self, text: str, part: str) -> str:
        """Return *text* with *part* in the place of these lines."""
        rows = lines(text)
        after = "".join(rows[self.end :]) if self.end is not None else ""
        if part and after and not part.endswith("\n"):
            part += "\n"
        return "".join(rows[: self.start]) + part + after


def span(parsed: Parsed, anchor: str) -> Span | None:
    """Return the lines of the section whose heading has *anchor*; ``None`` where no heading of the page itself has.

    Headings within quotes and lists have no section that could stand alone.
    """
    first: Token | None = None
    for token in parsed.tokens:
        if token.type != "heading_open" or token.level or token.map is None:
            continue
        if first is not None and token.tag <= first.tag:
            return _lines(parsed, first, token)
        if first is None and token.meta["anchor"] == anchor:
            first = token
    return _lines(parsed, first, None) if first is not None else None


def _lines(parsed: Parsed, first: Token, following: Token | None) -> Span:
    offset = parsed.body_line - 1
    start = first.map[0] if first.map else 0
    return Span(
        offset + start, offset + following.map[0] if following is not None and following.map else None
    )


def select(tokens: Sequence[Token], fragment: str) -> Sequence[Token] | None:
    """Return the tokens that *fragment* names, all when it is empty; ``None`` when there is no such part.

    Args:
        tokens: The block tokens of a page.
        fragment: ``Heading`` (its text or its anchor), ``Heading#Heading below it``, or ``^block``.
    """
    if fragment.startswith("^"):
        return _block(tokens, fragment)
    chosen: Sequence[Token] | None = tokens
    for part in fragment.split("#"):
        if part.strip() and chosen is not None:
            chosen = _section(chosen, part)
    return chosen


def _section(tokens: Sequence[Token], heading: str) -> Sequence[Token] | None:
    wanted = {heading.strip(), heading_anchor(heading)}
    headings = (index for index, token in enumerate(tokens) if token.type == "heading_open")
    start = next((index for index in headings if not wanted.isdisjoint(tokens[index].meta.values())), None)
    if start is None:
        return None
    first = tokens[start]
    for end in range(start + 3, len(tokens)):
        token = tokens[end]
        # A list of notes that has no place of its own belongs to the page, not to its last section.
        outside = token.level < first.level or (token.type == "note_list" and token.meta["title"])
        if outside or (
            token.type == "heading_open" and token.level == first.level and token.tag <= first.tag
        ):
            return tokens[start:end]
    return tokens[start:]


def _block(tokens: Sequence[Token], name: str) -> Sequence[Token] | None:
    for start, token in enumerate(tokens):
        if token.attrs.get("id") != name:
            continue
        if token.nesting == 0:
            return [token]
        end = start + 1
        while tokens[end].nesting != -1 or tokens[end].level != token.level:
            end += 1
        return tokens[start + 1 : end] if token.type == "list_item_open" else tokens[start : end + 1]
    return None
