"""Addresses: taking written ones apart, and putting resolved ones together."""

import posixpath
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from engine.ids import page_stem, url_path
from engine.markup.slug import slug

_OUTSIDE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|/-/|\\")
_SPACE = re.compile(r"\s")
_FRAGMENT_SAFE = "!$&'()*+,;=:@/?~"  # RFC 3986, section 3.5


@dataclass(frozen=True, slots=True)
class Address:
    """Where a link leads, as its author wrote it, percent-decoded."""

    target: str  # empty: this page
    fragment: str = ""  # without "#"
    query: str = ""  # without "?", still encoded


def split_address(href: str) -> Address | None:
    """Take the address of a Markdown or HTML link apart; ``None`` when it leads out of the pages.

    Addresses with a scheme or a host lead out, and so do the wiki's own ``/-/`` pages.
    """
    if leads_out(href):
        return None
    rest, _, fragment = href.partition("#")
    path, _, query = rest.partition("?")
    if not path and not fragment:
        return None
    return Address(unquote(path), unquote(fragment), query)


def leads_out(address: str) -> bool:
    """Tell whether an address leads out of the pages: it names a scheme or a host, or one of the wiki's own pages."""
    return _OUTSIDE.match(address) is not None


def is_external(href: str) -> bool:
    """Tell whether *href* names a scheme or a host, and so leaves the site."""
    return leads_out(href) and not href.startswith("/-/")


def heading_anchor(fragment: str) -> str:
    """Return the anchor of the heading that a wikilink's fragment names: ``A#B`` means B within A."""
    last = fragment.rsplit("#", 1)[-1].strip()
    if not last or last.startswith("^"):
        return last
    return slug(last)


def link_anchor(fragment: str) -> str:
    """Return the anchor that a Markdown link's fragment means: usually itself, but people also write titles."""
    return heading_anchor(fragment) if _SPACE.search(fragment) else fragment


def with_fragment(url: str, anchor: str, query: str = "") -> str:
    """Join the parts of an address, encoding the anchor."""
    asked = f"?{query}" if query else ""
    return url + asked + (f"#{quote(anchor, safe=_FRAGMENT_SAFE)}" if anchor else "")


def missing_url(folder: str, target: str, *, relative: bool) -> str:
    """Return the address where the page that *target* names would be made.

    Args:
        folder: The folder of the page that links.
        target: The target as written.
        relative: Whether the target counts from *folder*, as in Markdown links, rather than from the root.
    """
    if not target.startswith("/") and (relative or target.startswith(("./", "../"))):
        target = posixpath.join(folder, target)
    path = posixpath.normpath("/" + target).lstrip("/")
    return url_path(page_stem(path) or path)
