"""Showing images, sound, film and documents in place."""

from collections.abc import Mapping

from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

from engine.markup.tags import open_tag

_SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "img": ("apng", "avif", "bmp", "gif", "ico", "jpeg", "jpg", "png", "svg", "webp"),
    "audio": ("3gp", "aac", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav"),
    "video": ("m4v", "mkv", "mov", "mp4", "ogv", "webm"),
    "a": ("pdf",),
}
_ELEMENTS = {suffix: element for element, suffixes in _SUFFIXES.items() for suffix in suffixes}


def element_for(path: str) -> str | None:
    """Return the HTML element that shows a file of this name; ``None`` when its suffix is not known."""
    _, dot, suffix = path.rpartition(".")
    return _ELEMENTS.get(suffix.lower()) if dot else None


def is_media(path: str) -> bool:
    """Tell by its suffix whether *path* names media rather than a page."""
    return element_for(path) is not None


def render_media(token: Token, href: str, path: str) -> str:
    """Show the file at *href* for an ``embed`` token; what no element can show becomes a link."""
    name = element_for(path)
    words = token.content
    if name == "img":
        attributes = {
            "src": href,
            "alt": token.meta["label"] or path.rpartition("/")[2],
            "width": token.meta.get("width"),
            "height": token.meta.get("height"),
            "loading": "lazy",
        }
        shown = open_tag("img", attributes)
    elif name in {"audio", "video"}:
        sizes = (
            {"width": token.meta.get("width"), "height": token.meta.get("height")} if name == "video" else {}
        )
        start = open_tag(name, {"src": href, "controls": "", "preload": "metadata", **sizes})
        shown = f"{start}{open_tag('a', {'href': href})}{escapeHtml(words)}</a></{name}>"
    else:
        shown = f"{open_tag('a', {'class': 'media', 'href': href})}{escapeHtml(words)}</a>"
    return f"<p>{shown}</p>\n" if token.block else shown
