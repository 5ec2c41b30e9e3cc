"""How a page of this wiki is cited: as plain text, as BibTeX, and by an address that always shows the same text."""

import re
from dataclasses import dataclass
from unicodedata import normalize

from engine.wiki import Page
from wiki.urls import absolute

_SPECIAL = re.compile(r"[\\\\{}$&#%_~^]")
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "{": r"\textbraceleft{}",  # BibTeX counts braces, those behind a backslash too
    "}": r"\textbraceright{}",
}


@dataclass(frozen=True, slots=True)
class Citation:
    """One page as others may cite it; all addresses are whole."""

    text: str
    bibtex: str
    url: str  # of the revision that is cited
    shared: str  # of the page as it is at any time


def citation(page: Page, site: str, commit: str | None) -> Citation:
    """Cite *page* as its last change left it.

    Args:
        page: With its history; without one *commit* is cited, and no day is named.
        site: The title of the wiki.
        commit: What the snapshot describes.
    """
    shared = absolute(page.name.url)
    revision = page.last_change.revision if page.last_change else None
    cited = revision.id if revision else commit or ""
    url = f"{shared}?rev={cited}" if cited else shared
    day = revision.time.strftime("%Y-%m-%d") if revision else ""
    said = page.facts.properties.get("author")
    author = " ".join(said.split()) if isinstance(said, str) else ""
    parts = [author, f"“{page.title}”", f"{site}, {day}" if day else site, url]
    return Citation(
        ". ".join(filter(None, parts)), _bibtex(page.title, author, site, day, url, cited), url, shared
    )


def _bibtex(title: str, author: str, site: str, day: str, url: str, commit: str) -> str:
    fields = {
        "title": f"{{{_tex(title)}}}",  # doubled braces keep its capitals
        "author": _tex(author),
        "howpublished": _tex(site),
        "year": day[:4],
        "date": day,
        "url": url,
        "note": f"Revision {commit[:10]}" if commit else "",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{_key(title, day)},", *lines, "}"])


def _key(title: str, day: str) -> str:
    """Make the name of an entry from a title's Latin letters and a year."""
    plain = normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall("[a-z0-9]+", plain)[:4] or ["page"]
    return "-".join([*words, *filter(None, [day[:4]])])


def _tex(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ESCAPED.get(match[0], f"\\{match[0]}"), text)
