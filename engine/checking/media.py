"""Media that no page shows or links to."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from engine.catalog import Moment, Visible
from engine.checking.finding import Finding
from engine.markup.media import is_media
from engine.model import Facts, Form, Name
from engine.site import Site

ATTACHMENTS = frozenset("7z csv doc docx epub gz key odp ods odt ppt pptx rtf tar tsv xls xlsx zip".split())
"""Suffixes of files that are kept to be read or downloaded, beside images, sound, film and PDF."""

_MAX_TEXT = 1_000  # characters of a value that may name a file
_WIKILINK = re.compile(r"!?\[\[([^\[\]|#\n]+)[^\[\]]*\]\]")


def front_media(moment: Moment, pages: Iterable[tuple[Name, Facts]], visible: Visible) -> Iterator[str]:
    """Yield the paths of media that the front matter of *pages* names, under whatever key."""
    wanted = [
        (name.folder, target)
        for name, facts in pages
        for text in _texts(facts.properties)
        for target in _WIKILINK.findall(text) or [text]
        if _is_kept(target)
    ]
    for target in moment.resolve(wanted, visible).values():
        if target is not None:
            yield target.name.path


def unused_media(moment: Moment, used: Collection[str], site: Site, visible: Visible) -> Iterator[Finding]:
    """Find media that are not among *used*; hidden files, and those that are no media by their suffix, may be."""
    logo = moment.resolve([("", site.logo)], visible)["", site.logo] if site.logo else None
    for name in moment.names(form=Form.MEDIA):
        if name.path in used or (logo is not None and name.path == logo.name.path):
            continue
        hidden = any(part.startswith(".") for part in name.path.split("/"))
        if _is_kept(name.path) and not hidden and visible(name):
            yield Finding(
                "unused-media", name.path, 0, "No page shows it or links to it; link to it, or delete it."
            )


def _is_kept(path: str) -> bool:
    return is_media(path) or path.rpartition(".")[2].lower() in ATTACHMENTS


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) <= _MAX_TEXT:
            yield value.strip()
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
