"""The parts of a page that a link may lead to: headings, blocks, and whatever else its HTML gives an id."""

import html
import re
from typing import Protocol

from engine.cache import Cache
from engine.checking.near import nearest_part
from engine.markup.links import heading_anchor, link_anchor
from engine.model import Facts, Link, LinkKind, Name

CAPACITY = 8_000_000  # bytes of ids that are kept
_ID = re.compile(r'<[^<>]* (?:id|name)="([^"]*)"')
_WIKI = {LinkKind.WIKILINK, LinkKind.EMBED}


class Rendering(Protocol):
    """Whoever shows pages."""

    def html(self, name: Name) -> str:
        """Return a page's HTML as it is shown."""
        ...

    def has_part(self, name: Name, fragment: str) -> bool:
        """Say whether a page has the section or block that an embed names."""
        ...


class Anchors:
    """Knows the anchors of pages; renders a page only where its facts do not tell enough."""

    def __init__(self, rendering: Rendering) -> None:
        self._rendering = rendering
        self._ids: Cache[str, frozenset[str]] = Cache(CAPACITY)

    def has(self, target: Name, facts: Facts, link: Link) -> bool:
        """Say whether *link*'s fragment leads to a part of *target*, whose facts are *facts*."""
        if not link.fragment or link.fragment.lower() == "top" or link.fragment.startswith(":~:"):
            return True  # what every browser finds by itself
        anchor = _meant(link, facts)
        if anchor.startswith("^"):
            return anchor[1:] in facts.blocks
        if any(heading.anchor == anchor for heading in facts.headings) and "#" not in link.fragment:
            return True
        if link.kind is LinkKind.EMBED:
            return self._rendering.has_part(target, link.fragment)
        return anchor in self._all(target)

    def near(self, facts: Facts, link: Link) -> str:
        """Return the heading or block that *link*'s fragment most likely means; empty when none is like it."""
        wanted = _meant(link, facts)
        if wanted.startswith("^"):
            found = nearest_part(wanted[1:], facts.blocks)
            return f"^{found}" if found else ""
        by_key = {heading.anchor.lower(): heading for heading in reversed(facts.headings)}
        wanted = wanted.lower()
        found = wanted if wanted in by_key else nearest_part(wanted, list(by_key))
        if not found:
            return ""
        return by_key[found].text if link.kind in _WIKI else by_key[found].anchor

    def _all(self, target: Name) -> frozenset[str]:
        ids = self._ids.get(target.path)
        if ids is None:
            ids = frozenset(map(html.unescape, _ID.findall(self._rendering.html(target))))
            self._ids.put(target.path, ids, 200 + sum(100 + len(each) for each in ids))
        return ids


def _meant(link: Link, facts: Facts) -> str:
    """Return the anchor that a link leads to, as rendering makes it."""
    if not link.target:  # within the page the words of a heading are known, too
        words = link.fragment.rsplit("#", 1)[-1].strip()
        for heading in facts.headings:
            if heading.text == words:
                return heading.anchor
    return heading_anchor(link.fragment) if link.kind in _WIKI else link_anchor(link.fragment)
