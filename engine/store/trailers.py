"""The last paragraph of a commit message: lines ``Name: value`` that programs read, and `git interpret-trailers` writes.

Only the wiki's own paragraph counts, as it is the last: what stands in a summary that somebody wrote is text.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.model import Touch

KEY = "Quire-Key"
"""By which a call that is made again finds the commit that it made the first time."""

MOVED = "Quire-Moved"
"""Renames that git cannot find, as a new file is at the old path: pairs of paths, as JSON."""

_TRAILER = re.compile(r"(?P<name>[A-Za-z0-9-]+): (?P<value>.*)")


def with_trailers(message: str, trailers: Mapping[str, str]) -> str:
    """Put *trailers* behind a message, one a line; those with an empty value are left out."""
    lines = [f"{name}: {' '.join(value.split())}" for name, value in trailers.items() if value.strip()]
    return "\n\n".join([message.strip() or "Change pages", "\n".join(lines)]) if lines else message


def trailer(message: str, name: str) -> str:
    """Return the value of a trailer, empty where the last paragraph of *message* has none, or is no such paragraph."""
    head, _, last = message.strip().rpartition("\n\n")
    matches = [_TRAILER.fullmatch(line) for line in last.splitlines()]
    if not head or not all(matches):
        return ""
    return next((match["value"] for match in matches if match and match["name"] == name), "")


def moved(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the value of `MOVED` for pairs of an old and a new path."""
    listed = [list(pair) for pair in pairs]
    return json.dumps(listed) if listed else ""


def with_moves(touches: Iterable[Touch], value: str) -> tuple[Touch, ...]:
    """Return what a commit touched, with the renames that its message tells of.

    Each counts only where the commit made the new path and wrote to the old one: then the file went on at the new
    path, and another one began at the old one.
    """
    found = {touch.path: touch for touch in touches}
    for old, new in _pairs(value):
        source, target = found.get(old), found.get(new)
        if source is None or target is None or not target.added or source.blob is None or source.added:
            continue
        if source.old_path is None:
            found[new] = replace(target, old_path=old, added=False)
            found[old] = replace(source, added=True)
    return tuple(found.values())


def _pairs(value: str) -> list[tuple[str, str]]:
    if not value:
        return []
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return []
    pairs = read if isinstance(read, list) else []
    return [
        (pair[0], pair[1])
        for pair in pairs
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)
    ]
