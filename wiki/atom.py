"""A feed as Atom.

Source:
    RFC 4287, "The Atom Syndication Format".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid5
from xml.etree import ElementTree

from wiki.filters import moment
from wiki.xml import FORBIDDEN

NAMESPACE = "http://www.w3.org/2005/Atom"
MIMETYPE = "application/atom+xml"
_IDS = UUID("7d3a5f8e-9c1b-5e42-8f6d-2b7c4a1e9d03")
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
ElementTree.register_namespace("", NAMESPACE)  # once: two threads at it can make each other fail


@dataclass(frozen=True, slots=True)
class Entry:
    """One change."""

    id: str  # what it is made of: the same for ever, on whatever host
    title: str
    author: str
    time: datetime
    url: str  # whole
    summary: str


@dataclass(frozen=True, slots=True)
class Feed:
    """Changes, newest first."""

    id: str  # as in Entry
    title: str
    url: str  # whole; of the page that shows the same to readers
    own_url: str  # whole; of the feed
    language: str
    entries: Sequence[Entry]


def atom(feed: Feed) -> bytes:
    """Write a feed."""
    root = _element(None, "feed", {"{http://www.w3.org/XML/1998/namespace}lang": feed.language})
    _element(root, "id", text=_id(feed.id))
    _element(root, "title", text=feed.title)
    newest = max((entry.time for entry in feed.entries), default=_EARLIEST)
    _element(root, "updated", text=_time(newest))
    _element(root, "link", {"rel": "self", "type": MIMETYPE, "href": feed.own_url})
    _element(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.url})
    _element(root, "generator", text="Quire")
    for entry in feed.entries:
        node = _element(root, "entry")
        _element(node, "id", text=_id(entry.id))
        _element(node, "title", text=entry.title)
        _element(node, "updated", text=_time(entry.time))
        _element(_element(node, "author"), "name", text=entry.author)
        _element(node, "link", {"rel": "alternate", "type": "text/html", "href": entry.url})
        _element(node, "summary", text=entry.summary)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _element(
    parent: ElementTree.Element | None, name: str, attributes: dict[str, str] | None = None, text: str = ""
) -> ElementTree.Element:
    tag, clean = f"{{{NAMESPACE}}}{name}", {key: _clean(value) for key, value in (attributes or {}).items()}
    node = ElementTree.Element(tag, clean) if parent is None else ElementTree.SubElement(parent, tag, clean)
    node.text = _clean(text) or None
    return node


def _clean(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)


def _id(text: str) -> str:
    return uuid5(_IDS, text.encode("utf-8", "replace").decode()).urn


def _time(time: datetime) -> str:
    return moment(time.astimezone(UTC))
