"""The parts of a page that a link may lead to: headings, blocks, and whatever else its HTML gives an id."""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.cache import Cache
from engine.checking.near import nearest_part
from engine.markup.links import heading_anchor, link_anchor
from engine.model import Facts, Heading, Link, LinkKind, Name

CAPACITY = 16_000_000  # bytes of anchors and ids that are kept
SEARCHES = 2_000  # anchors that are compared with all others of their page in one check
_MAY_NAME = re.compile(r"\b(?:id|name)\s*=", re.IGNORECASE)  # in HTML within Markdown
_ID = re.compile(r'<[^<>]* (?:id|name)="([^"]*)"')
_WIKI = {LinkKind.WIKILINK, LinkKind.EMBED}


class Rendering(Protocol):
    """Whoever shows pages."""

    def text(self, name: Name) -> str | None:
        """Return a page's Markdown, ``None`` when it cannot be shown."""
        ...

    def html(self, name: Name) -> str:
        """Return a page's HTML as it is shown."""
        ...

    def parts(self, name: Name) -> Callable[[str], bool]:
        """Read a page, and return what says whether it has the section or block that an embed names."""
        ...


@dataclass(frozen=True, slots=True)
class _Page:
    """What the facts of a page say of its parts."""

    anchors: Mapping[str, Heading]
    by_words: Mapping[str, str]  # a heading's words -> its anchor
    by_lower: Mapping[str, Heading]
    blocks: frozenset[str]

    @classmethod
    def of(cls, facts: Facts) -> "_Page":
        backwards = facts.headings[::-1]  # so that of two with one name the first counts
        return cls(
            {heading.anchor: heading for heading in backwards},
            {heading.text: heading.anchor for heading in backwards},
            {heading.anchor.lower(): heading for heading in backwards},
            frozenset(facts.blocks),
        )


class Anchors:
    """Knows the anchors of pages; renders a page only where its facts do not tell enough."""

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering
        self._pages: Cache[str, _Page] = Cache(CAPACITY)
        self._ids: Cache[str, frozenset[str]] = Cache(CAPACITY)
        self._parts: tuple[str, Callable[[str], bool]] | None = None  # of the page that was read last
        self._searches = 0

    def has(self, target: Name, facts: Facts, link: Link) -> bool:
        """Say whether *link*'s fragment leads to a part of *target*, whose facts are *facts*."""
        if not link.fragment or link.fragment.lower() == "top" or link.fragment.startswith(":~:"):
            return True  # what every browser finds by itself
        page = self._page(target, facts)
        anchor = _meant(link, page)
        if anchor.startswith("^"):
            return anchor[1:] in page.blocks
        # An embed of ``A#B`` shows B within A; a link to it leads to B.
        if anchor in page.anchors and (link.kind is not LinkKind.EMBED or "#" not in link.fragment):
            return True
        if link.kind is LinkKind.EMBED:
            return self._has_part(target, link.fragment)
        return anchor in self._others(target, facts)

    def near(self, target: Name, facts: Facts, link: Link) -> str:
        """Return the heading or block that *link*'s fragment most likely means; empty when none is like it."""
        page = self._page(target, facts)
        wanted = _meant(link, page)
        lower = wanted.lower()
        if lower in page.by_lower:
            return _shown(page.by_lower[lower], link)
        self._searches += 1
        if self._searches > SEARCHES:
            return ""
        if wanted.startswith("^"):
            found = nearest_part(wanted[1:], list(page.blocks))
            return f"^{found}" if found else ""
        found = nearest_part(lower, list(page.by_lower))
        return _shown(page.by_lower[found], link) if found else ""

    def _page(self, target: Name, facts: Facts) -> _Page:
        page = self._pages.get(target.blob)
        if page is None:
            page = _Page.of(facts)
            self._pages.put(target.blob, page, 1_000 + 600 * len(facts.headings) + 200 * len(facts.blocks))
        return page

    def _has_part(self, target: Name, fragment: str) -> bool:
        if self._parts is None or self._parts[0] != target.path:
            self._parts = (target.path, self._rendering.parts(target))
        return self._parts[1](fragment)

    def _others(self, target: Name, facts: Facts) -> frozenset[str]:
        """Return the ids in the page's HTML, if it can have others than those of headings and blocks."""
        ids = self._ids.get(target.path)
        if ids is None:
            ids = frozenset()
            if facts.notes or _MAY_NAME.search(self._rendering.text(target) or ""):
                ids = frozenset(map(html.unescape, _ID.findall(self._rendering.html(target))))
            self._ids.put(target.path, ids, 200 + sum(100 + len(each) for each in ids))
        return ids


def _meant(link: Link, page: _Page) -> str:
    """Return the anchor that a link leads to, as rendering makes it."""
    if not link.target:  # within the page the words of a heading are known, too
        known = page.by_words.get(link.fragment.rsplit("#", 1)[-1].strip())
        if known is not None and not link.fragment.startswith("^"):
            return known
    return heading_anchor(link.fragment) if link.kind in _WIKI else link_anchor(link.fragment)


def _shown(heading: Heading, link: Link) -> str:
    return heading.text if link.kind in _WIKI else heading.anchor
