"""What front matter names of the wiki: under ``redirect`` the page that is meant, elsewhere wikilinks and media.

Only ``redirect`` is a link that readers follow. The others are the author's own, as for a cover or for what belongs
together; they are kept right when files move.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from engine.frontmatter import USED
from engine.frontvalues import Value, values, with_value
from engine.markup.media import is_media

ATTACHMENTS = frozenset("7z csv doc docx epub gz key odp ods odt ppt pptx rtf tar tsv xls xlsx zip".split())
"""Suffixes of files that are kept to be read or downloaded, beside images, sound, film and PDF."""

_MAX_TEXT = 1_000  # characters of a value that may name a file
_WIKILINK = re.compile(r"!?\[\[(?P<target>[^\[\]|#\n]+)[^\[\]]*\]\]")
_IN_WIKILINK = frozenset("[]|#")


def is_kept(path: str) -> bool:
    """Tell by its suffix whether a file is one that people keep for its own sake."""
    return is_media(path) or path.rpartition(".")[2].lower() in ATTACHMENTS


def media_targets(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield what front matter says that may name a medium, under whatever key."""
    for text in _texts(properties):
        targets = [match["target"] for match in _WIKILINK.finditer(text)] or [text]
        yield from filter(is_kept, targets)


def own_targets(properties: Mapping[str, Any]) -> Iterator[str]:
    """Yield the wikilinks and the media under keys that mean nothing to Quire."""
    for key, value in properties.items():
        if key not in USED:
            for text in _texts(value):
                found = [match["target"].strip() for match in _WIKILINK.finditer(text)]
                yield from found or ([text] if is_kept(text) else [])


def retargeted(text: str, target: str, new: str) -> tuple[str, list[int]] | None:
    """Let a page's front matter name another file.

    Args:
        text: The page.
        target: As the front matter names it.
        new: What to write instead.

    Returns:
        The page with it, and the lines that were changed, counted from 1; ``None`` where that cannot be done surely.
    """
    lines: list[int] = []
    done: set[tuple[str | int, ...]] = set()
    while (found := _next(text, target, done)) is not None:
        written = _replaced(found, target, new)
        made = with_value(text, found, written) if written is not None else None
        if made is None:
            return None
        text = made
        done.add(found.keys)
        lines.append(1 + text.count("\n", 0, found.start))
    return (text, lines) if lines else None


def _next(text: str, target: str, done: Collection[tuple[str | int, ...]]) -> Value | None:
    """Return the first value that names *target* and is not *done*."""
    return next(
        (each for each in values(text) if each.keys not in done and _replaced(each, target, "x") is not None),
        None,
    )


def _replaced(value: Value, target: str, new: str) -> str | None:
    """Return the text of a value with *new* where it names *target*; ``None`` where it does not."""
    if value.keys[0] in USED:
        return new if value.keys == ("redirect",) and value.text.strip() == target else None
    changed = False

    def replace(match: re.Match[str]) -> str:
        nonlocal changed
        if match["target"].strip() != target:
            return match[0]
        changed = True
        start, end = match.span("target")
        return match.string[match.start() : start] + new + match.string[end : match.end()]

    written = _WIKILINK.sub(replace, value.text)
    if changed:
        return None if _IN_WIKILINK.intersection(new) else written
    if _WIKILINK.search(value.text) or value.text.strip() != target or not is_kept(target):
        return None
    return new


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
