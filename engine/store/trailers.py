"""The last paragraph of a commit message: lines ``Name: value`` that programs read, and `git interpret-trailers` writes.

Only the wiki's own paragraph counts, as it is the last: what stands in a summary that somebody wrote is text.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import takewhile

from engine.model import Touch

KEY = "Quire-Key"
"""By which a call that is made again finds the commit that it made the first time."""

MERGED = "Quire-Merged"
"""Files in which an edit was joined with what others had done meanwhile: their paths, separated by commas."""

MOVED = "Quire-Moved"
"""Renames that git might not find, as a new file is at the old path, or much of the text has changed along: pairs of
paths, as JSON. Folders end in a slash, but for that of all, and stand for all files that kept their names in them."""

FOLDERS = 1_000  # that one message may tell of

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


def split_message(message: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Return what a message says: its first paragraph on one line, what follows, and its trailers in order."""
    head, _, last = message.strip().rpartition("\n\n")
    matches = [_TRAILER.fullmatch(line) for line in last.splitlines()]
    trailers = tuple((match["name"], match["value"].strip()) for match in matches if match)
    if not head or len(trailers) != len(matches):
        head, trailers = message.strip(), ()
    first, _, rest = head.partition("\n\n")
    return " ".join(first.split()), rest.strip("\n"), trailers


def told_moves(value: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of an old and a new path that the value of `MOVED` tells of; none where it is no such value."""
    return tuple(_pairs(value))


def moved(pairs: Iterable[tuple[str, str]]) -> str:
    """Return the value of `MOVED` for pairs of an old and a new path."""
    listed = [list(pair) for pair in _joined(pairs)]
    # Two spaces would not survive in a trailer.
    return json.dumps(listed).replace("  ", " \\u0020") if listed else ""


def _joined(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put two folders in the place of the files that went from the one to the other with their names."""
    folders: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for old, new in pairs:
        length = _common_end(old, new)
        folders.setdefault((old[: len(old) - length], new[: len(new) - length]), []).append((old, new))
    found: list[tuple[str, str]] = []
    for folder, files in folders.items():
        found += [folder] if len(files) > 1 and all(map(_is_folder, folder)) else files
    return found


def _common_end(old: str, new: str) -> int:
    """Return how many characters of whole parts two paths end in alike."""
    parts = zip(reversed(old.split("/")), reversed(new.split("/")), strict=False)
    same = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], parts)]
    return len("/".join(same))


def _is_folder(text: str) -> bool:
    return not text or text.endswith("/")


def with_moves(touches: Iterable[Touch], value: str) -> tuple[Touch, ...]:
    """Return what a commit touched, with the renames that its message tells of.

    Each counts only where the commit made the new path, and removed the old one or wrote another file to it. What git
    has guessed otherwise of the same paths is forgotten.
    """
    told = _pairs(value)
    listed = tuple(touches)
    if not told:
        return listed
    found = {touch.path: touch for touch in listed}
    pairs = _spelled_out(told, found)
    news = {new: old for old, new in pairs.items()}
    for touch in listed:
        old = touch.old_path
        if old is not None and pairs.get(old) != touch.path and (old in pairs or touch.path in news):
            found[touch.path] = replace(touch, old_path=None, added=True)
            found.setdefault(old, Touch(old, None, None, False))
    for old, new in pairs.items():
        found[new] = replace(found[new], old_path=old, added=False)
        source = found.get(old)
        if source is not None and source.blob is None:
            del found[old]
        elif source is not None:
            found[old] = replace(source, added=True)
    return tuple(sorted(found.values(), key=lambda touch: touch.path))


def _spelled_out(told: Iterable[tuple[str, str]], found: Mapping[str, Touch]) -> dict[str, str]:
    """Return the renames that can be true, by their old paths, with the files of folders one by one."""
    made = {
        path for path, touch in found.items() if touch.blob is not None and (touch.added or touch.old_path)
    }
    left = {path for path, touch in found.items() if not touch.added and touch.old_path is None}
    left |= {touch.old_path for touch in found.values() if touch.old_path is not None}
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    folders = 0
    for old, new in told:
        files = [(old, new)]
        if _is_folder(old) and _is_folder(new):
            folders += 1
            within = sorted(path for path in made if path.startswith(new)) if folders <= FOLDERS else []
            files = [(old + path[len(new) :], path) for path in within]
        for before, after in files:
            if after in made and before in left and before not in pairs and after not in taken:
                pairs[before] = after
                taken.add(after)
    return pairs


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
