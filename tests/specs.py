"""The examples of the CommonMark and GFM specifications, fetched when they are first needed.

The texts are under CC-BY-SA and not part of this repository. Packages of the usual registries carry them; they are
fetched by npm and pip (`tests.fetching`).
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from tests.fetching import Source, fetched

SOURCES: Mapping[str, Source] = {
    "commonmark-0.31.2": Source(
        ("npm", "pack", "--silent", "commonmark-spec@0.31.2"),
        "package/spec.txt",
        "257c41ad946f7a1414a499aca402a1aa8fdac3678532266611348c1cf54f4b80",
    ),
    "gfm-0.29": Source(
        (
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary=:all:",
            "marko==2.2.4",
        ),
        "marko-2.2.4/tests/spec/gfm.txt",
        "7d8e5814befec287ac116786d81ff14e0adc9b13295b4494649e995408fd871c",
    ),
}


@dataclass(frozen=True, slots=True)
class Example:
    """One example of a specification."""

    number: int
    section: str
    extension: str  # what the fence names after "example": "table", "autolink" …; usually empty
    markdown: str
    html: str


def examples(name: str) -> tuple[Example, ...]:
    """Return the examples of a specification."""
    return tuple(_read(fetched(f"specs/{name}.txt", SOURCES[name]).read_text(encoding="utf-8")))


_PARTS = re.compile(
    r"^(?:`{32} example(?P<extension>[^\n]*)\n(?P<markdown>[\s\S]*?)^\.\n(?P<html>[\s\S]*?)^`{32}$"
    r"|#+ (?P<section>[^\n]+)$)",
    re.MULTILINE,
)


def _read(text: str) -> list[Example]:
    found: list[Example] = []
    section = ""
    for part in _PARTS.finditer(text):
        if part["section"]:
            section = part["section"]
            continue
        markdown, html = (part[key].replace("→", "\t") for key in ("markdown", "html"))
        found.append(Example(len(found) + 1, section, part["extension"].strip(), markdown, html))
    return found


# Around these, white space has no meaning.
_BLOCKS = frozenset(
    """
    address article aside blockquote body button canvas caption col colgroup dd details div dl dt embed fieldset
    figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr iframe li map math object ol output p pre
    progress script section style summary table tbody td textarea tfoot th thead tr ul video
    """.split()
)


def normalize(html: str) -> str:
    """Write HTML so that texts which a reader of HTML cannot tell apart are equal.

    As in CommonMark's own test suite: outside of ``pre`` a run of white space is one space, and none at the edge of
    a block or after a line break; attributes are in order; ``<br />`` is ``<br>``; what is spelled as an entity
    and need not be is the character.
    """
    writer = _Normalizer()
    writer.feed(html)
    writer.close()
    return "".join(writer.out).strip()


class _Normalizer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.pre = 0
        self.at_edge = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        written = "".join(
            f" {name}" + ("" if value is None else f'="{escape(value)}"')
            for name, value in sorted(attrs, key=lambda pair: pair[0])
        )
        self._tag(tag, f"<{tag}{written}>")
        self.pre += tag == "pre"

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        self.pre -= tag == "pre"
        self._tag(tag, f"</{tag}>")

    def _tag(self, tag: str, written: str) -> None:
        if tag in _BLOCKS:
            self._trim()
        self.out.append(written)
        self.at_edge = tag in _BLOCKS or tag == "br"

    def _trim(self) -> None:
        while self.out and not self.pre:
            kept = self.out[-1].rstrip()
            if kept:
                self.out[-1] = kept
                return
            self.out.pop()

    def handle_data(self, data: str) -> None:
        if not self.pre:
            data = re.sub(r"\s+", " ", data)
            if self.at_edge:
                data = data.lstrip()
        if data:
            self.out.append(escape(data))
            self.at_edge = False

    def handle_comment(self, data: str) -> None:
        self._other(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._other(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self._other(f"<![{data}]>")

    def handle_pi(self, data: str) -> None:
        self._other(f"<?{data}>")

    def _other(self, written: str) -> None:
        self.out.append(written)
        self.at_edge = False
