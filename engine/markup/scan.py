"""Pass 1: tokens -> facts. No other page is looked at."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from markdown_it.token import Token

from engine.markup.links import split_address
from engine.markup.parsed import Parsed
from engine.markup.plain import pieces
from engine.markup.rules import raw_html
from engine.markup.rules.image import alt_text
from engine.markup.rules.tag import tag_name
from engine.model import Facts, Heading, Link, LinkKind
from engine.sentences import SENTENCE_END

_SENTENCE = 300  # characters
_BEFORE = 120  # characters of a long sentence that stand before its link
_NEAR = 2_000  # characters within which a link's source is looked for
# Scripts that put no spaces between words; each of their characters counts as one.
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_WORD = re.compile(r"\w")
_LIST_SEPARATOR = re.compile(r"[,\s]+")


def scan(parsed: Parsed) -> Facts:
    """Collect the facts of one page."""
    walk = _Walk(parsed.body_line)
    walk.tokens(parsed.tokens)
    properties = parsed.properties
    text = "".join(walk.text)
    title = _string(properties.get("title"))
    return Facts(
        title=title or next((heading.text for heading in walk.headings if heading.level == 1), ""),
        description=_string(properties.get("description")),
        lang=_string(properties.get("lang")),
        redirect=_string(properties.get("redirect")),
        tags=_once([*_front_tags(properties), *walk.tags]),
        aliases=_once([*_strings(properties.get("aliases")), *_strings(properties.get("alias"))]),
        headings=tuple(walk.headings),
        links=tuple(walk.links),
        blocks=tuple(walk.blocks),
        notes=tuple(note.label for note in parsed.notes),
        words=count_words(text),
        text=text,
        properties=properties,
        problems=parsed.problems,
    )


def count_words(text: str) -> int:
    """Count words; in scripts that do not separate them, characters."""
    spaced, ideographs = _IDEOGRAPH.subn(" ", text)
    return ideographs + sum(1 for word in spaced.split() if _WORD.search(word))


class _Walk:
    """Goes through the tokens of a page once, writing its text and noting what stands where."""

    def __init__(self, first_line: int) -> None:
        self.text: list[str] = []
        self.headings: list[Heading] = []
        self.links: list[Link] = []
        self.tags: list[str] = []
        self.blocks: list[str] = []
        self._length = 0
        self._first_line = first_line  # of the body

    def tokens(self, tokens: Sequence[Token]) -> None:
        """Read block tokens in the order in which they are shown."""
        line = 0  # of the block that a token stands in: cells of a table have none of their own
        for index, token in enumerate(tokens):
            line = self._first_line + token.map[0] if token.map else line
            identity = str(token.attrs.get("id", "")) if token.attrs else ""
            if identity.startswith("^"):
                self.blocks.append(identity[1:])
            if token.type == "inline":
                self._inline(token, tokens[index - 1], line)
            elif token.type == "tr_close":
                self._write("\n")
            elif token.type in {"fence", "code_block", "math_block"}:
                self._write(token.content if token.content.endswith("\n") else f"{token.content}\n")
            elif token.type == "html_block":
                self._html(token.content, line)
            elif token.type == "embed":
                at = self._first_line + token.meta["line"]
                self._link(LinkKind.EMBED, token.meta["target"], token.meta["fragment"], "", at)
            elif token.type == "note_list":
                for note in token.meta["notes"]:
                    self.tokens(note.tokens)

    def _write(self, words: str) -> None:
        self.text.append(words)
        self._length += len(words)

    def _inline(self, token: Token, before: Token, line: int) -> None:
        words: list[str] = []
        found: list[tuple[int, LinkKind, str, str, int]] = []
        length = 0
        lines = _Lines(token.content, line)
        for child, shown in pieces(token.children):
            if child.type == "image":
                shown = alt_text(child)
            elif child.type == "embed":
                shown = child.meta["label"]
            elif child.type == "tag":
                self.tags.append(child.meta["name"])
            elif child.type in {"softbreak", "hardbreak"}:
                lines.end()
            found += ((length, *link, lines.find(child, link[1])) for link in _references(child))
            words.append(shown)
            length += len(shown)
        text = "".join(words)
        if before.type == "heading_open":
            level = int(before.tag[1])
            self.headings.append(Heading(level, text.strip(), before.meta["anchor"], self._length))
        ends: list[int] | None = None
        for position, kind, target, fragment, at in found:
            ends = _sentence_ends(text) if ends is None else ends
            self._link(kind, target, fragment, sentence(text, ends, position), at)
        self._write(f"{text} " if before.type in {"th_open", "td_open"} else f"{text}\n")

    def _html(self, content: str, line: int) -> None:
        words = raw_html.words(content).strip()
        shown = " ".join(words[:_SENTENCE].split())
        for each in raw_html.references(content):
            at = line + content.count("\n", 0, each.position)
            self._link(each.kind, each.address.target, each.address.fragment, shown, at)
        if words:
            self._write(f"{words}\n")

    def _link(self, kind: LinkKind, target: str, fragment: str, around: str, line: int) -> None:
        self.links.append(Link(kind, target, fragment, around, line))


class _Lines:
    """Finds the lines of a paragraph that its links stand on.

    Inline tokens do not know their places. Line breaks between them are counted, but those within code or HTML leave no
    token, so what a link names is looked for from there on.

    Args:
        source: The paragraph as it is written.
        first: Its first line in the file.
    """

    def __init__(self, source: str, first: int) -> None:
        self._source = source
        self._line = first
        self._position = 0  # where this line begins, or what was found last ends

    def end(self) -> None:
        """Go on to the next line, as far as is known."""
        self._go_to(self._source.find("\n", self._position) + 1)

    def find(self, link: Token, target: str) -> int:
        """Return the line of a link; that of the paragraph so far where it names its target elsewhere."""
        written = str(link.attrs.get("src" if link.type == "image" else "href", ""))
        if link.type in {"wikilink", "embed"}:
            written = target or f"#{link.meta['fragment']}"
        for text in (written, unquote(written), target):
            end = self._position + _NEAR
            if text and (position := self._source.find(text, self._position, end)) >= 0:
                self._go_to(position)
                break
        return self._line

    def _go_to(self, position: int) -> None:
        if position > self._position:
            self._line += self._source.count("\n", self._position, position)
            self._position = position


def _references(token: Token) -> Iterator[tuple[LinkKind, str, str]]:
    """Find the links to files of this wiki that an inline token makes."""
    if token.type in {"wikilink", "embed"}:
        kind = LinkKind.WIKILINK if token.type == "wikilink" else LinkKind.EMBED
        if "://" not in token.meta["target"]:
            yield kind, token.meta["target"], token.meta["fragment"]
    elif token.type in {"link_open", "image"}:
        is_image = token.type == "image"
        address = split_address(str(token.attrs.get("src" if is_image else "href", "")))
        if address is not None and (address.target or not is_image):
            yield LinkKind.IMAGE if is_image else LinkKind.LINK, address.target, address.fragment
    elif token.type == "html_inline":
        for each in raw_html.references(token.content):
            yield each.kind, each.address.target, each.address.fragment


def _sentence_ends(text: str) -> list[int]:
    return [match.end() for match in SENTENCE_END.finditer(text)]


def sentence(text: str, ends: Sequence[int], position: int) -> str:
    """Return the sentence of *text* around *position*, cut to 300 characters at spaces where it can be."""
    index = bisect_right(ends, position)
    start = ends[index - 1] if index else 0
    end = ends[index] if index < len(ends) else len(text)
    first, last = start, end
    if end - start > _SENTENCE:
        room = _SENTENCE - 2  # for an ellipsis at either end
        first = max(start, min(position - _BEFORE, end - room))
        last = min(end, first + room)
        if first > start and (space := text.find(" ", first, position)) >= 0:
            first = space + 1
        if last < end and (space := text.rfind(" ", position + 1, last)) >= 0:
            last = space
    shown = " ".join(text[first:last].split())
    return f"{'…' if first > start else ''}{shown}{'…' if last < end else ''}"


def _front_tags(properties: Mapping[str, Any]) -> Iterator[str]:
    for key in ("tags", "tag"):
        value = properties.get(key)
        words = _LIST_SEPARATOR.split(value) if isinstance(value, str) else _strings(value)
        for word in words:
            name = tag_name(word.strip().lstrip("#/").replace(" ", "-"))
            if name:
                yield name


def _strings(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for item in values if (text := _string(item))]


def _string(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _once(values: Sequence[str]) -> tuple[str, ...]:
    """Drop what was there before, whatever its case."""
    first: dict[str, str] = {}
    for value in values:
        first.setdefault(value.casefold(), value)
    return tuple(first.values())
