"""Writing other targets into the links of a page, and changing nothing else of it.

Only the characters of a target (or of a fragment) are replaced, where the parser found them, in the way in which they
were written. What comes out is parsed again: its links have to say what they should, and all else what it did.
"""

import html
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from markdown_it.token import Token

from engine.markup import Markup, Parsed, Traced
from engine.markup.media import is_media
from engine.markup.places import Place, Style
from engine.markup.rules.wikilink import shown
from engine.messages import Message
from engine.model import Facts, Link

_ENCODED_SCRIPT = re.compile("%[89A-Fa-f][0-9A-Fa-f]")
_ENCODED = re.compile("%(?=[0-9A-Fa-f]{2})")
_LINE_END = re.compile(r"\r\n?|\n")
_ENTITY = re.compile("&(?=[#A-Za-z0-9]+;)")

_HARMLESS = re.compile("(?:[\\w ./-]|%[0-9A-Fa-f]{2})+")
_BEFORE = frozenset("[(<# ")

UNPLACED = Message("Where it is written could not be found for certain.")
UNWRITABLE = Message("The new name cannot be written there without changing other things.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a link should say; ``None`` leaves a part as it is."""

    target: str | None = None
    fragment: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One link that was rewritten: what stands in the file, before and after."""

    line: int  # counted from 1 in the file
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A page with other targets."""

    text: str
    samples: Mapping[int, Sample]  # for each link that was rewritten, by its position among the facts' links
    unsure: Mapping[int, Message]  # and for each that was not, why


TRIES = 40
"""Times that a page is read while it is found out which of many links are in the way of others."""

_Edit = tuple[int, int, str]
"""Half-open, in characters, and what comes there."""


def rewrite(markup: Markup, page: Traced, wishes: Mapping[int, Wish]) -> Rewritten:
    """Let some links of a page say something else.

    Args:
        markup: Reads pages.
        page: The page as it is in its file: line ends, byte order mark and all else are kept.
        wishes: What links should say, by their position among the links of the page's facts.
    """
    sure = {number: wish for number, wish in wishes.items() if _is_placed(page, number)}
    writer = _Writer(markup, page)
    nothing = _Made(page.text, {}, encode_all=False)
    made, unsure = writer.most(nothing, sure) if sure else (nothing, [])
    samples = {number: writer.sample(number, made) for number in made.wishes}
    unplaced = dict.fromkeys(wishes.keys() - sure.keys(), UNPLACED)
    return Rewritten(made.text, samples, unplaced | dict.fromkeys(unsure, UNWRITABLE))


def _is_placed(page: Traced, number: int) -> bool:
    return number < len(page.links) and bool(page.links[number].places)


@dataclass(frozen=True, slots=True)
class _Made:
    """A page with some wishes fulfilled."""

    text: str
    wishes: Mapping[int, Wish]
    encode_all: bool


class _Writer:
    """Writes into one page."""

    def __init__(self, markup: Markup, page: Traced) -> None:
        self._markup = markup
        self._page = page
        self._text = page.text
        self._lines: list[int] | None = None  # where each begins
        self._tries = 0
        small = 4 * len(page.text) < markup.limits.page_bytes // 2  # it will not be cut
        self._plain = small and "]:" not in page.text  # and has no definitions of links

    def most(self, kept: _Made, more: Mapping[int, Wish]) -> tuple[_Made, list[int]]:
        """Fulfil the wishes that are *kept*, and as many *more* as can be; also return those that cannot."""
        made = self._made({**kept.wishes, **more})
        if made is not None:
            return made, []
        if len(more) == 1 or self._tries > TRIES:
            return kept, list(more)
        items = list(more.items())
        half = len(items) // 2
        first, lost = self.most(kept, dict(items[:half]))
        whole, also_lost = self.most(first, dict(items[half:]))
        return whole, lost + also_lost

    def _made(self, wishes: Mapping[int, Wish]) -> _Made | None:
        """Return the page with all *wishes* fulfilled, ``None`` where that would change other things, too."""
        before: list[_Edit] | None = None
        for encode_all in (False, True):
            edits = self._edits(wishes, encode_all=encode_all)
            if edits is None or edits == before:
                return None
            before = edits
            text = _edited(self._text, edits)
            if text is not None and (self._is_harmless(edits) or self._says(text, wishes)):
                return _Made(text, wishes, encode_all)
        return None

    def _edits(self, wishes: Mapping[int, Wish], *, encode_all: bool) -> list[_Edit] | None:
        found: dict[tuple[int, int], str] = {}
        for number, wish in wishes.items():
            placed = self._page.links[number]
            for place in placed.places:
                for start, end, new in _place_edits(
                    place, placed.link, wish, self._text, encode_all=encode_all
                ):
                    if found.setdefault((start, end), new) != new:
                        return None  # several links by one definition, that should lead to different places
        return [(*span, new) for span, new in found.items()]

    def _is_harmless(self, edits: Sequence[_Edit]) -> bool:
        """Say whether edits can change nothing but their links, so that the page need not be read again.

        Letters, digits and few signs, in the midst of a line, begin and end nothing in Markdown; but the suffix of an
        embed tells whether it is a page.
        """
        return self._plain and all(
            _HARMLESS.fullmatch(old := self._text[start:end])
            and _HARMLESS.fullmatch(new)
            and self._text[start - 1 : start] in _BEFORE
            and is_media(old) == is_media(new)
            for start, end, new in edits
        )

    def _says(self, text: str, wishes: Mapping[int, Wish]) -> bool:
        """Parse what was made, and say whether its links are as they should be, and all else is as it was."""
        self._tries += 1
        if self._tries > TRIES:
            return False
        before, parsed = self._page, self._markup.parse(text)
        facts = self._markup.scan(parsed)
        links = [_wished(link, wishes.get(number)) for number, link in enumerate(before.facts.links)]
        return _shape(before.parsed, before.facts, links) == _shape(parsed, facts, facts.links)

    def sample(self, number: int, made: _Made) -> Sample:
        """Return what one link was and is."""
        link, place = self._page.links[number].link, self._page.links[number].places[0]
        start, end = place.whole
        edits = [
            (first - start, last - start, new)
            for first, last, new in _place_edits(
                place, link, made.wishes[number], self._text, encode_all=made.encode_all
            )
        ]
        if self._lines is None:
            self._lines = [0, *(match.end() for match in _LINE_END.finditer(self._text))]
        before = self._text[start:end]
        return Sample(bisect_right(self._lines, start), before, _edited(before, edits) or before)


def _wished(link: Link, wish: Wish | None) -> Link:
    if wish is None:
        return link
    return replace(
        link,
        target=link.target if wish.target is None else wish.target,
        fragment=link.fragment if wish.fragment is None else wish.fragment,
    )


def _shape(parsed: Parsed, facts: Facts, links: Iterable[Link]) -> tuple[object, ...]:
    """Return what has to be the same before and after, but for what the links say."""
    return (
        [(link.kind, link.target, link.fragment) for link in links],
        list(_types(parsed.tokens)),
        [(heading.level, heading.anchor) for heading in facts.headings],
        (facts.tags, facts.aliases, facts.redirect, facts.blocks, len(facts.notes)),
        Counter(problem.code for problem in facts.problems),
    )


def _types(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        yield token.type
        yield from _types(token.children or ())
        if token.type == "note_list":
            for note in token.meta["notes"]:
                yield from _types(note.tokens)


def _edited(text: str, edits: Sequence[_Edit]) -> str | None:
    """Return *text* after all *edits*, ``None`` where two of them touch one place."""
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(edits):
        if start < done:
            return None
        parts += (text[done:start], new)
        done = end
    return "".join((*parts, text[done:]))


# -- how a target is written


def _place_edits(place: Place, link: Link, wish: Wish, text: str, *, encode_all: bool) -> list[_Edit]:
    """Return what to write in one of the places of a link."""
    edits: list[_Edit] = []
    for span, new in ((place.target, wish.target), (place.fragment, wish.fragment)):
        if span is not None and new is not None:
            edits.append((*span, _encoded(place, text[slice(*span)], new, encode_all=encode_all)))
    if edits and place.heading and not place.labelled:
        # A heading keeps its words, which its address is made of.
        bar = "\\|" if place.piped else "|"
        edits.append((place.whole[1], place.whole[1], bar + shown(link.target, link.fragment)))
    return edits


def _encoded(place: Place, old: str, new: str, *, encode_all: bool) -> str:
    """Return *new* as it has to be written in the place of *old*."""
    if place.style is Style.WIKI:
        return new
    if encode_all:
        return quote(new, safe="/")
    scripts = _ENCODED_SCRIPT.search(old) is not None and old.isascii()
    blanks = "%20" in old or not (place.style is Style.ANGLED or (place.quote and " " in old))
    kept = []
    for position, character in enumerate(new):
        if character == "%":
            plain = _ENCODED.match(new, position) is None
        elif character == "&":
            plain = _ENTITY.match(new, position) is None or place.style is Style.HTML
        elif character == " ":
            plain = not blanks
        elif character.isascii():
            plain = character.isprintable() and character not in _special(place)
        else:
            plain = not scripts and character.isprintable()
        kept.append(character if plain else quote(character, safe=""))
    written = "".join(kept)
    if place.style is Style.HTML:
        return html.escape(written, quote=False)
    return written if place.style is Style.ANGLED else _balanced(written)


def _special(place: Place) -> str:
    """Return the characters that mean something else where an address is written so."""
    always = '#?\\<>"' + ("|" if place.piped else "")
    if place.style is Style.HTML:
        return always + ("'" if place.quote else "'=`")
    return always


def _balanced(address: str) -> str:
    """Encode brackets that would end an address."""
    depth = 0
    for character in address:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            break
    return address if depth == 0 else address.replace("(", "%28").replace(")", "%29")
