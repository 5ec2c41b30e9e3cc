"""Where in its text a page's links are written, to the character.

The parser itself finds them (see `engine.markup.tracing`), so what stands in code, comments or formulas is no link here
either. A link whose place cannot be found surely has none, and whoever wanted to rewrite it must say so.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from markdown_it.common.normalize_url import normalizeLink
from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from engine.markup.cuts import Span
from engine.markup.links import split_address
from engine.markup.parsed import Parsed
from engine.markup.plain import pieces
from engine.markup.rules import raw_html
from engine.markup.rules.wikilink import clean
from engine.markup.tracing import Spot, Trace, spots
from engine.model import Link

# What stands for another character in an address: of Markdown, and of an attribute of HTML.
_ESCAPE = re.compile(
    r"""\\[!-/:-@\[-`{-~]|&(?:#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"""
)
_ENTITY = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")
_LINE_END = re.compile(r"\r\n?|\n")


class Style(Enum):
    """How a target is written."""

    WIKI = 1  # as it is, between brackets
    ADDRESS = 2  # of a Markdown link
    ANGLED = 3  # the same between "<" and ">"
    HTML = 4  # the value of an attribute


@dataclass(frozen=True, slots=True)
class Place:
    """Where one link is written. Spans are half-open, in characters of the file's text."""

    style: Style
    target: Span | None  # without what stands around it; None where the link only says which part of its page
    fragment: Span | None  # without "#"; None where there is none
    whole: Span  # of the address, or of all before the label of a wikilink
    piped: bool = False  # in a cell of a table, where "|" is written as "\\|"
    quote: str = ""  # around the value of an attribute, empty where it has none
    labelled: bool = True  # the link shows other words than its target
    heading: bool = False  # its words are among those of a heading


@dataclass(frozen=True, slots=True)
class Placed:
    """One of the links of a page, and where it is written."""

    link: Link
    places: tuple[
        Place, ...
    ]  # several where notes that say the same are written again; none where it is not known


@dataclass(frozen=True, slots=True)
class _Found:
    """One link in the order of the facts, as the tokens have it."""

    spots: Sequence[Spot | None]
    style: Style
    token: Token
    heading: bool


def places(text: str, parsed: Parsed, trace: Trace, links: Sequence[Link]) -> tuple[Placed, ...]:
    """Find where the links of a page are written.

    Args:
        text: The page as it is in its file.
        parsed: What a tracing parser made of it.
        trace: And what it noted meanwhile.
        links: Those of its facts.
    """
    found = _with_repeated(_walk(parsed.tokens, trace), trace)
    if len(found) != len(links):
        return tuple(Placed(link, ()) for link in links)
    offsets = _Offsets(text, parsed.body_line)
    return tuple(
        Placed(link, _all_places(each, link, offsets)) for each, link in zip(found, links, strict=True)
    )


def _walk(tokens: Sequence[Token], trace: Trace) -> Iterator[_Found]:
    """Go through the links in the order in which `engine.markup.scan` meets them."""
    before: Token | None = None
    for token in tokens:
        if token.type == "inline":
            heading = before is not None and before.type == "heading_open"
            yield from _inline(token.children or (), heading)
        elif token.type == "html_block":
            cut = trace.cuts.get(id(token))
            known = cut if cut is not None and cut.text == token.content else None
            for each in raw_html.references(token.content):
                yield _Found([Spot(known, *each.value) if known else None], Style.HTML, token, heading=False)
        elif token.type == "embed":
            yield _Found(spots(token), Style.WIKI, token, heading=False)
        elif token.type == "note_list":
            for note in token.meta["notes"]:
                yield from _walk(note.tokens, trace)
        before = token


def _inline(children: Sequence[Token], heading: bool) -> Iterator[_Found]:
    for child, _ in pieces(children):
        if child.type in {"wikilink", "embed"}:
            if "://" not in child.meta["target"]:
                yield _Found(spots(child), Style.WIKI, child, heading)
        elif child.type in {"link_open", "image"}:
            is_image = child.type == "image"
            address = split_address(str(child.attrs.get("src" if is_image else "href", "")))
            if address is not None and (address.target or not is_image):
                yield _Found(spots(child), Style.ADDRESS, child, heading)
        elif child.type == "html_inline":
            known = spots(child)
            for each in raw_html.references(child.content):
                start, end = each.value
                values = [
                    Spot(spot.cut, spot.start + start, spot.start + end) if spot else None for spot in known
                ]
                yield _Found(values, Style.HTML, child, heading)


def _with_repeated(found: Iterator[_Found], trace: Trace) -> list[_Found]:
    """Add to the links in inline notes their places in other notes that say the same."""
    others: dict[int, list[Spot | None]] = {}  # by the identity of the token that is shown
    for shown, again in trace.repeated:
        links = list(_inline(shown, heading=False))
        same = list(_inline(again, heading=False))
        for position, link in enumerate(links):
            twin = same[position] if len(same) == len(links) else None
            others.setdefault(id(link.token), []).extend(twin.spots if twin else [None])
    return [
        replace(each, spots=[*each.spots, *others[id(each.token)]]) if id(each.token) in others else each
        for each in found
    ]


def _all_places(found: _Found, link: Link, offsets: "_Offsets") -> tuple[Place, ...]:
    """Return every place of a link, or none where one of them is not sure."""
    placed = [_place(spot, found, link) if spot else None for spot in found.spots]
    moved = [offsets.in_file(each) for each in placed if each is not None]
    return tuple(moved) if len(moved) == len(placed) else ()


def _place(spot: Spot, found: _Found, link: Link) -> Place | None:
    """Return the place of a link in the body; ``None`` where it does not say what the link says."""
    style, quote, labelled = found.style, "", True
    written = spot.cut.text[spot.start : spot.end]
    if style is Style.WIKI:
        parts: _Parts | None = _wiki_parts(written)
        labelled = found.token.type == "embed" or spot.cut.text[spot.end : spot.end + 1] == "|"
    elif style is Style.HTML:
        before = spot.cut.text[max(spot.start - 1, 0) : spot.start]
        quote = before if before in {"'", '"'} else ""
        parts = _address_parts(written, 0, len(written), _ENTITY, html.unescape)
    else:
        angled = written.startswith("<")
        style = Style.ANGLED if angled else style
        parts = _address_parts(written, int(angled), len(written) - int(angled), _ESCAPE, unescapeAll)
    if parts is None or (parts.target, parts.fragment) != (link.target, link.fragment):
        return None
    spans = [
        spot.cut.place(spot.start + span[0], spot.start + span[1]) if span else None
        for span in (parts.target_span, parts.fragment_span, (0, len(written)))
    ]
    if any(
        span is None and part for span, part in zip(spans, (link.target, link.fragment, written), strict=True)
    ):
        return None
    target, fragment, whole = spans
    if whole is None:
        return None
    return Place(style, target, fragment, whole, spot.cut.piped, quote, labelled, found.heading)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a written address says, and where in it."""

    target: str
    fragment: str
    target_span: Span | None
    fragment_span: Span | None


def _wiki_parts(written: str) -> _Parts:
    raw, mark, rest = written.partition("#")
    target, fragment = clean(raw), clean(rest)
    start = len(raw) - len(raw.lstrip())
    behind = len(raw) + len(mark) + len(rest) - len(rest.lstrip())
    return _Parts(
        target,
        fragment,
        (start, start + len(target)) if target else None,
        (behind, behind + len(fragment)) if fragment else None,
    )


def _address_parts(
    written: str, start: int, end: int, escape: re.Pattern[str], decode: Callable[[str], str]
) -> _Parts | None:
    """Take an address apart as `split_address` does; ``None`` where its parts cannot be told apart as written."""
    units: list[Span] = []  # where each character of the decoded address is written
    decoded: list[str] = []
    position = start
    while position < end:
        match = escape.match(written, position, end)
        text = decode(match[0]) if match else written[position]
        after = match.end() if match else position + 1
        decoded.append(text)
        units += [(position, after)] * len(text)
        position = after
    address = "".join(decoded)
    if address != decode(written[start:end]):
        return None
    first = len(address) - len(address.lstrip()) if escape is _ESCAPE else 0
    last = len(address.rstrip()) if escape is _ESCAPE else len(address)
    rest, mark, fragment = address[first:last].partition("#")
    path = rest.partition("?")[0]
    behind = first + len(rest) + len(mark)
    said = split_address(normalizeLink(address) if escape is _ESCAPE else address)
    if said is None:
        return None
    return _Parts(
        said.target,
        said.fragment,
        _span(units, first, first + len(path)),
        _span(units, behind, behind + len(fragment)),
    )


def _span(units: Sequence[Span], first: int, last: int) -> Span | None:
    """Return where some characters are written; ``None`` for none, or where they share a unit with others."""
    if first >= last:
        return None
    start, end = units[first][0], units[last - 1][1]
    alone = (first == 0 or units[first - 1][1] <= start) and (last == len(units) or units[last][0] >= end)
    return (start, end) if alone else None


class _Offsets:
    r"""Maps positions in a body as it was parsed, where all lines end in ``\n``, to those in the file.

    Args:
        text: The file's.
        body_line: The line on which the body begins, counted from 1.
    """

    def __init__(self, text: str, body_line: int) -> None:
        ends = [match.span() for match in _LINE_END.finditer(text)]
        # A byte order mark stands before the body where there is no front matter.
        first = ends[body_line - 2][1] if body_line > 1 else int(text.startswith("\ufeff"))
        self._file = [first, *(end for _, end in ends[body_line - 1 :])]
        self._body = [0]
        for (start, _), line in zip(ends[body_line - 1 :], self._file, strict=False):
            self._body.append(self._body[-1] + start - line + 1)

    def in_file(self, place: Place) -> Place:
        """Return a place of the body as one of the file."""
        return replace(
            place,
            target=self._span(place.target) if place.target else None,
            fragment=self._span(place.fragment) if place.fragment else None,
            whole=self._span(place.whole),
        )

    def _span(self, span: Span) -> Span:
        start, end = span
        line = bisect_right(self._body, start) - 1
        moved = self._file[line] - self._body[line]
        return start + moved, end + moved
