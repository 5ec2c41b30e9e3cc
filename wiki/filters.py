"""Small Jinja filters: times for machines, short ids, addresses, directions of writing, parts of a page."""

import re
from collections.abc import Iterable
from datetime import datetime
from html import unescape
from textwrap import shorten
from urllib.parse import urlencode

from flask import Flask
from markupsafe import Markup, escape

from engine.ids import BIDI_CONTROLS, url_path
from engine.language import direction
from engine.marking import Piece
from engine.model import Form, Name
from engine.wiki import Page
from wiki.languages import gettext, ngettext, number
from wiki.media_types import kind, may_have_preview, suffix
from wiki.urls import absolute

DESCRIPTION = 160  # characters of a page's text that describe it


def moment(time: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def short(commit: str) -> str:
    """Return the first ten digits of a commit or blob id."""
    return commit[:10]


def is_commit_id(text: str) -> bool:
    """Say whether a text has the form of a whole commit id."""
    return len(text) in {40, 64} and not text.strip("0123456789abcdef")


def lead(page: Page) -> tuple[Markup, Markup]:
    """Split a page's HTML into its level-1 heading and the rest.

    Where the page does not begin with such a heading, one is made of its title.
    """
    if page.html.startswith("<h1"):
        title, end, rest = page.html.partition("</h1>")
        return Markup(title + end), Markup(rest)  # noqa: S704 - both are sanitized
    return Markup("<h1>%s</h1>") % page.title, Markup(page.html)  # noqa: S704


def safe_html(html: str) -> Markup:
    """Take HTML that the engine sanitized for what it is."""
    return Markup(html)  # noqa: S704


_HEADING = re.compile(r'<(?P<tag>h[2-6]) id="(?P<anchor>[^"]*)">(?P<words>.*?)</(?P=tag)>', re.DOTALL)


def with_section_links(body: str, name: Name, label: str, word: str) -> Markup:
    """Put a link beside each heading of a page's own that leads to editing its section.

    Args:
        body: Sanitized HTML.
        name: The page's.
        label: What the links are called; ``{}`` stands for the heading.
        word: What they show.
    """

    def linked(match: re.Match[str]) -> str:
        words = Markup(match["words"]).striptags()  # noqa: S704 - sanitized, as all of it
        address = f"/-/edit{name.url}?{urlencode({'section': unescape(match['anchor'])})}"
        beside = Markup('<a class="edit-section" href="{}" aria-label="{}">{}</a>').format(
            address, label.replace("{}", words), word
        )
        return f'<div class="heading">{match[0]}{beside}</div>'

    return Markup(_HEADING.sub(linked, body))  # noqa: S704 - what is put in is escaped


def here_marked(html: str, url: str) -> Markup:
    """Mark those links of sanitized HTML that lead to where the reader is."""
    return Markup(html.replace(f'href="{escape(url)}"', f'href="{escape(url)}" aria-current="page"'))  # noqa: S704


def description(page: Page) -> str:
    """Return a sentence or two about a page for those who list it: its author's, else the beginning of its text."""
    if page.facts.description:
        return page.facts.description
    start = page.facts.text[: 4 * DESCRIPTION].removeprefix(page.title)
    return shorten(start, DESCRIPTION, placeholder="…") or page.title


_SHOWN = str.maketrans(
    {
        **{chr(code): chr(0x2400 + code) for code in range(0x20) if code != ord("\t")},
        "\x7f": "\u2421",
        **{chr(code): f"[U+{code:04X}]" for code in (*range(0x80, 0xA0), 0x2028, 0x2029)},
        **{sign: f"[U+{ord(sign):04X}]" for sign in BIDI_CONTROLS},
    }
)

_UNSEEN = re.compile(f"[{re.escape(''.join(map(chr, _SHOWN)))}]")


def visible(text: str) -> str:
    """Show control characters, and those that turn the text behind them around, as signs that can be seen."""
    return text.translate(_SHOWN) if _UNSEEN.search(text) else text


def passage(text: str) -> str:
    """Show characters as `visible` does, and leave the ends of lines what they are."""
    return "\n".join(map(visible, text.split("\n")))


def line(pieces: Iterable[Piece], tag: str = "") -> Markup:
    """Return a line of a comparison as HTML.

    Args:
        pieces: Its parts; what was left out is told.
        tag: The element for those that are marked: ``ins`` or ``del``.
    """
    made = []
    for piece in pieces:
        text = escape(passage(piece.text))
        made.append(Markup('<{0} class="word">{1}</{0}>').format(tag, text) if piece.marked else text)
        if piece.left_out:
            told = ngettext(
                "%(num)s character is not shown", "%(num)s characters are not shown", piece.left_out
            )
            made.append(Markup('<span class="left-out"> … {} … </span>').format(told))
    return Markup("").join(made)


def file_size(size: int) -> str:
    """Return a number of bytes as people say it, with three digits."""
    if size < 1_000:
        return ngettext("%(num)s byte", "%(num)s bytes", size)
    if size < 999_500:
        return gettext("%(number)s kB", number=number(_three_digits(size / 1_000)))
    return gettext("%(number)s MB", number=number(_three_digits(size / 1_000_000)))


def _three_digits(value: float) -> float:
    return round(value, 2 if value < 10 else 1 if value < 100 else 0)


def media_type(path: str) -> str:
    """Return what a file is by its name, as people say it: its suffix in capitals."""
    return suffix(path).upper() or gettext("File")


def picture_url(name: Name, width: int) -> str:
    """Return the address of a small picture of a file; empty where there is none by its name."""
    if suffix(name.path) == "svg":
        return name.url  # it has no size of its own
    if name.form is not Form.MEDIA or not may_have_preview(name.path):
        return ""
    return f"/-/preview-image/{width}{url_path(name.path)}?v={name.blob[:12]}"


def register(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(
        description=description,
        direction=direction,
        file_size=file_size,
        here_marked=here_marked,
        line=line,
        lead=lead,
        moment=moment,
        media_kind=kind,
        media_type=media_type,
        passage=passage,
        picture_url=picture_url,
        safe_html=safe_html,
        short=short,
        url_path=url_path,
        visible=visible,
        with_section_links=with_section_links,
    )
    app.jinja_env.tests.update(commit_id=is_commit_id)
    app.jinja_env.globals.update(absolute=absolute)
