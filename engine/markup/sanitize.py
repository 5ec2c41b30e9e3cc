"""The allow-list that every page passes last: tags, attributes, values, and schemes of addresses.

::

    HTML --tidy--> balanced tags, all known, of bounded depth --nh3--> attributes and addresses checked

Tidying comes first because a parser of HTML repeats unclosed formatting in every following paragraph (30 kB of
``<b id=…>`` become 66 MB) and searches its open elements at each end tag. It also leaves no element in which text
is read by other rules (``style``, ``title``, ``svg`` …), which is what mutation attacks are made of.
What tidying does not recognise as a tag, by CommonMark's strict grammar (section 6.6), is shown as text.

Never allowed: scripts, styles and ``style``, forms, frames, SVG, comments, event handlers, ``data:`` addresses,
and ``name`` except as an anchor, so that no element answers to ``document.something``. Ids are the author's,
except those that begin with ``quire:``, which themes may use for their own elements.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

import nh3

MAX_DEPTH = 256
"""Elements within elements; what lies deeper loses its tags and keeps its text."""

MAX_FORMATTING = 10
"""The same for those elements that a parser of HTML may repeat."""

MAX_ATTRIBUTES = 64
"""On one element; a tag with more is shown as text."""

RESERVED_IDS = "quire:"
"""Ids with this prefix are for themes; content cannot take them, nor can the anchor of a heading look like it."""

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""Of addresses that have one. Relative addresses are all allowed."""

EVERYWHERE = frozenset(
    """
    aria-describedby aria-hidden aria-label aria-labelledby class data-callout dir id lang role tabindex title
    translate
    """.split()
)
"""Attributes that any element may have."""

_MATH = frozenset(
    """
    accent accentunder columnalign columnlines columnspacing columnspan depth display displaystyle fence form frame
    height largeop linebreak linethickness lspace mathbackground mathcolor mathsize mathvariant maxsize minsize
    movablelimits notation rowalign rowlines rowspacing rowspan rspace scriptlevel separator stretchy symmetric
    voffset width
    """.split()
)
_MATH_TAGS = frozenset(
    """
    math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms mspace msqrt
    mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics
    """.split()
)
_MATH_ONLY = _MATH_TAGS - {"math"}
TAGS: Mapping[str, frozenset[str]] = {
    # Sections and blocks.
    **dict.fromkeys("address article aside center footer header hgroup nav section".split(), frozenset()),
    **dict.fromkeys("div h1 h2 h3 h4 h5 h6 hr p".split(), frozenset({"align"})),
    **dict.fromkeys("blockquote dd dl dt figcaption figure pre summary ul".split(), frozenset()),
    "details": frozenset({"open"}),
    "li": frozenset({"value"}),
    "ol": frozenset({"reversed", "start", "type"}),
    # Tables.
    "table": frozenset({"align"}),
    **dict.fromkeys("caption tbody tfoot thead tr".split(), frozenset({"align"})),
    **dict.fromkeys("col colgroup".split(), frozenset({"align", "span", "width"})),
    "td": frozenset({"align", "colspan", "headers", "rowspan", "valign", "width"}),
    "th": frozenset({"abbr", "align", "colspan", "headers", "rowspan", "scope", "valign", "width"}),
    # Words.
    **dict.fromkeys(
        "abbr b bdi bdo br cite code dfn em i kbd mark q rb rp rt rtc ruby s samp".split(), frozenset()
    ),
    **dict.fromkeys("small span strike strong sub sup tt u var wbr".split(), frozenset()),
    "a": frozenset({"href", "hreflang", "name", "rel"}),
    "data": frozenset({"value"}),
    **dict.fromkeys(("del", "ins", "time"), frozenset({"datetime"})),
    # Media. Nothing plays by itself.
    "audio": frozenset({"controls", "loop", "muted", "preload", "src"}),
    "img": frozenset({"align", "alt", "decoding", "height", "loading", "src", "width"}),
    "source": frozenset({"src", "type"}),
    "track": frozenset({"default", "kind", "label", "src", "srclang"}),
    "video": frozenset(
        {"controls", "height", "loop", "muted", "playsinline", "poster", "preload", "src", "width"}
    ),
    # Task lists: see _CHOICES.
    "input": frozenset(),
    # MathML, its presentation elements; without those that hold HTML or actions.
    **dict.fromkeys(_MATH_TAGS, _MATH),
}
"""Elements that content may have, each with its attributes beside `EVERYWHERE`."""

_CHECKBOX = '<input type="checkbox" disabled=""{}{}>'
_CHOICES = {"input": {"type": {"checkbox"}, "disabled": {""}, "checked": {""}}}

CLASSES = frozenset(
    """
    back bad-math callout callout-title contains-task-list embed embed-cut embed-cycle embed-title external math media
    mermaid-source missing note notes references table tag task-list-item wikilink
    """.split()
)
"""Classes that content may have, beside those of code (``language-…``, ``code-…``): what the renderer writes."""

_ROLES = "doc-[a-z]+|group|img|list|listitem|math|none|note|presentation"
_LENGTH = r"[+-]?[0-9]{0,2}(?:\.[0-9]{1,4})?(?:ch|cm|em|ex|in|mm|mu|pc|pt|px|%)?"
_COLOUR = r"#[0-9A-Fa-f]{3,8}|[a-z]{3,20}"
_PIXELS = r"[0-9]{1,4}(?:px|%)?"
_VALUES: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        "align": "left|center|right|justify",
        "depth": _LENGTH,
        "dir": "ltr|rtl|auto",
        "id": rf"(?!(?i:{RESERVED_IDS}))\S{{1,300}}",
        "lang": "[A-Za-z0-9-]{0,35}",
        "linethickness": _LENGTH,
        "lspace": _LENGTH,
        "mathbackground": _COLOUR,
        "mathcolor": _COLOUR,
        "mathsize": _LENGTH,
        "maxsize": _LENGTH,
        "minsize": _LENGTH,
        "name": rf"(?!(?i:{RESERVED_IDS}))\S{{1,300}}",
        "role": _ROLES,
        "rspace": _LENGTH,
        "tabindex": "0",
        "voffset": _LENGTH,
    }.items()
}
_SIZES = {"height", "width"}
_CODE_CLASS = re.compile(r"(?:language|code)-[^\s\"'<>&]{1,50}")
_RELATIONS = frozenset("author bookmark external license nofollow noopener noreferrer tag ugc".split())

_CHECKED = re.compile(r"\schecked(?![\w-])", re.IGNORECASE)
_LABEL = re.compile(r'\saria-label="[^"<>]*"')
_ADDRESSES = frozenset({"href", "poster", "src"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_INVISIBLE = re.compile(r"[^\x21-\x7e]+")
# Schemes that run text as a program or show it as a page, however often an address was encoded.
_RUNS = re.compile(r"(?:javascript|vbscript|livescript|mocha|data|blob|filesystem|file):", re.IGNORECASE)
_PRE = re.compile(r"(<pre(?: [^>]*)?>)(?=\n)")

_VOID = frozenset("br col hr img input source track wbr".split())
_FORMATTING = frozenset("a b code em i s small strike strong tt u".split())
# What a start tag ends when it is the innermost open element (HTML, section 13.1.2.4, "Optional tags").
_CELL = frozenset({"td", "th"})
_ROW = _CELL | {"tr"}
_SECTIONS = frozenset({"tbody", "tfoot", "thead"})
_ENDS: Mapping[str, frozenset[str]] = {
    "li": frozenset({"li", "p"}),
    **dict.fromkeys(("dd", "dt"), frozenset({"dd", "dt", "p"})),
    **dict.fromkeys(("rb", "rt", "rtc", "rp"), frozenset({"rb", "rt", "rp"})),
    **dict.fromkeys(_CELL, _CELL),
    "tr": _ROW | {"caption"},
    **dict.fromkeys(("caption", "colgroup", *_SECTIONS), _ROW | _SECTIONS | {"caption"}),
    **dict.fromkeys(
        """
        address article aside blockquote center details div dl figcaption figure footer h1 h2 h3 h4 h5 h6 header
        hgroup hr nav ol p pre section table ul
        """.split(),
        frozenset({"p"}),
    ),
}
_BREAKS = frozenset(name for name, ends in _ENDS.items() if "p" in ends)
# Parts of a table are dropped elsewhere, as every parser of HTML does; what is no part of it gets a cell.
_WITHIN: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("caption", "colgroup", *_SECTIONS), frozenset({"table"})),
    "col": frozenset({"colgroup", "table"}),
    "tr": _SECTIONS | {"table"},
    **dict.fromkeys(_CELL, _SECTIONS | {"table", "tr"}),
}
_STRUCTURE = _SECTIONS | {"table", "tr"}
# Elements that go with all that they hold, where they are closed.
_SWALLOWED = {
    name: re.compile(rf"</{name}(?=[\s/>])[^<>]*+>", re.IGNORECASE)
    for name in "iframe noembed noframes noscript object script select style svg template textarea title xmp".split()
}

_ATTRIBUTE = r"""\s++[A-Za-z_:@][\w.:@-]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?+"""
_TOKEN = re.compile(
    rf"""
    <(?:
        (?P<start>[A-Za-z][A-Za-z0-9-]*+)(?P<attributes>(?:{_ATTRIBUTE}){{0,{MAX_ATTRIBUTES}}}+)\s*+(?P<slash>/?)>
      | /(?P<end>[A-Za-z][A-Za-z0-9-]*+)\s*+>
      | (?P<comment>!--(?:-?>|.*?--!?>|.*\Z) | [!?][^<>]*+>)
    )?
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class _Element:
    """One that is open."""

    name: str
    written: bool  # its tag is in the output
    paragraph: (
        int  # where in the stack the paragraph is that holds it, with only formatting between; -1: nowhere
    )


class _Tidy:
    """Writes HTML anew with its tags balanced."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._out: list[str] = []
        self._open: list[_Element] = []
        self._counts: Counter[str] = Counter()
        self._formatting = 0
        self._unclosed: set[str] = set()  # of _SWALLOWED, those that no end tag follows any more

    def __str__(self) -> str:
        position = 0
        while (less := self._html.find("<", position)) >= 0:
            self._out.append(self._html[position:less])
            match = _TOKEN.match(self._html, less)
            assert match is not None  # noqa: S101
            position = match.end()
            if match["start"]:
                position = self._start(match["start"].lower(), match, position)
            elif match["end"]:
                self._end(match["end"].lower())
            elif not match["comment"]:
                self._out.append("&lt;")
        self._out.append(self._html[position:])
        while self._open:
            self._pop()
        return "".join(self._out)

    def _start(self, name: str, match: re.Match[str], position: int) -> int:
        """Write a start tag; return where to read on."""
        if name in _SWALLOWED and name not in self._unclosed:
            if end := _SWALLOWED[name].search(self._html, position):
                return end.end()
            self._unclosed.add(name)
        if name not in TAGS or (name in _MATH_ONLY) != bool(self._counts["math"]):
            return position
        self._close_before(name)
        around = self._open[-1].name if self._open else ""
        if name in _WITHIN and around not in _WITHIN[name]:
            return position
        if name not in _WITHIN and around in _STRUCTURE:
            self._push("td", "<td>")
        tag = f"<{name}{match['attributes']}>"
        if name == "input":
            tag = _checkbox(match["attributes"])
        if name in _VOID:
            self._out.append(tag)
            return position
        self._push(name, tag)
        if match["slash"] and name in _MATH_ONLY:
            self._pop()
        return position

    def _push(self, name: str, tag: str) -> None:
        written = len(self._open) < MAX_DEPTH
        paragraph = len(self._open) if name == "p" else -1
        if name in _FORMATTING:
            written = written and self._formatting < MAX_FORMATTING
            paragraph = self._open[-1].paragraph if self._open else -1
            self._formatting += 1
        self._open.append(_Element(name, written, paragraph))
        self._counts[name] += 1
        if written:
            self._out.append(tag)

    def _close_before(self, name: str) -> None:
        """Close what a start tag ends; a paragraph also with the formatting that is open in it."""
        if name in _BREAKS and self._open and (paragraph := self._open[-1].paragraph) >= 0:
            while len(self._open) > paragraph:
                self._pop()
        if name != "col" and self._open and self._open[-1].name == "colgroup":
            self._pop()
        ends = _ENDS.get(name, frozenset())
        while self._open and self._open[-1].name in ends:
            self._pop()

    def _end(self, name: str) -> None:
        if not self._counts[name]:
            return
        while self._pop() != name:
            pass

    def _pop(self) -> str:
        element = self._open.pop()
        self._counts[element.name] -= 1
        self._formatting -= element.name in _FORMATTING
        if element.written:
            self._out.append(f"</{element.name}>")
        return element.name


def _checkbox(attributes: str) -> str:
    """Write a box that can only be looked at."""
    label = _LABEL.search(attributes)
    return _CHECKBOX.format(' checked=""' if _CHECKED.search(attributes) else "", label[0] if label else "")


def _keep(tag: str, name: str, value: str) -> str | None:
    """Return the value that an allowed attribute may have, ``None`` to drop it."""
    if name in _ADDRESSES:
        return value if _leads_somewhere_safe(value) else None
    if name == "class":
        return _some(
            value, [word for word in value.split() if word in CLASSES or _CODE_CLASS.fullmatch(word)]
        )
    if name == "rel":
        return _some(value, [word for word in value.split() if word in _RELATIONS])
    if name in _SIZES:
        pattern = _LENGTH if tag in _MATH_TAGS else _PIXELS
        return value if re.fullmatch(pattern, value) else None
    allowed = _VALUES.get(name)
    return value if allowed is None or allowed.fullmatch(value) else None


def _leads_somewhere_safe(address: str) -> bool:
    """Judge an address as the laxest reader would: without what cannot be seen, and decoded once more."""
    scheme = _SCHEME.match(_INVISIBLE.sub("", address))
    if scheme is not None and scheme[1].lower() not in SCHEMES:
        return False
    return _RUNS.match(_INVISIBLE.sub("", unquote(unescape(address)))) is None


def _some(value: str, words: Sequence[str]) -> str | None:
    kept = " ".join(words)
    return value if kept == value else kept or None


_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    clean_content_tags=set(_SWALLOWED),
    attributes={"*": set(EVERYWHERE), **{tag: set(names) for tag, names in TAGS.items() if names}},
    attribute_filter=_keep,
    tag_attribute_values=_CHOICES,
    url_schemes=set(SCHEMES),
    link_rel=None,
)


def sanitize(html: str) -> str:
    """Return *html* with nothing in it that runs, loads a frame, or poses as the page around it.

    Any text may come in. What comes out is balanced, and stays as it is when sanitized again.
    """
    clean = _CLEANER.clean(str(_Tidy(html.lstrip("\ufeff"))))
    return _PRE.sub(r"\1\n", clean)  # every reader of HTML drops one line end there
