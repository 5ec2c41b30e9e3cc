"""Two versions of a file compared: front matter by key, text by lines, anything else by its bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.alignment import Alignment, align
from engine.diff import lines
from engine.frontmatter import FrontMatter, printed, split
from engine.marking import Piece, marked, shortened, whole

COMPARED_BYTES = 2_000_000
COMPARED_LINES = 100_000
"""A version of a file that has more is not compared line by line."""

_LINE_END = re.compile(r"[\r\n]+\Z")


class Kind(StrEnum):
    """How two versions could be compared."""

    TEXT = "text"
    BINARY = "binary"  # one of them is no text
    LARGE = "large"  # one of them has more than `COMPARED_BYTES`, or `COMPARED_LINES`


class Note(StrEnum):
    """What differs besides the lines."""

    LINE_ENDS = "line-ends"
    FINAL_NEWLINE = "final-newline"  # one of them ends without one
    BYTE_ORDER_MARK = "byte-order-mark"


@dataclass(frozen=True, slots=True)
class Property:
    """One key of the front matter that changed; a side that is ``None`` does not have it."""

    key: str
    old: tuple[Piece, ...] | None
    new: tuple[Piece, ...] | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What differs between two versions."""

    kind: Kind = Kind.TEXT
    same: bool = False  # byte for byte
    properties: tuple[Property, ...] = ()
    front: Alignment | None = None  # the front matter by lines, where its keys cannot tell what changed
    body: Alignment | None = None  # None unless it is text
    notes: tuple[Note, ...] = ()


def compare(old: bytes | None, new: bytes | None, *, page: bool = True) -> Contents:
    r"""Compare two versions of a file.

    Args:
        old, new: Their bytes; ``None`` where there is no such version, which compares like an empty one.
        page: Whether front matter is to be looked for. Of other files, what holds NUL is no text.

    Lines end in ``\n``, ``\r\n`` or ``\r``; where only that differs, the lines are the same and a note says so.
    """
    same = old == new
    if max(len(old or b""), len(new or b"")) > COMPARED_BYTES:
        return Contents(Kind.LARGE, same)
    if max(map(_count, (old or b"", new or b""))) > COMPARED_LINES:
        return Contents(Kind.LARGE, same)
    before, after = _decoded(old or b"", page), _decoded(new or b"", page)
    if before is None or after is None:
        return Contents(Kind.BINARY, same)
    notes = _notes(before, after) if old is not None and new is not None else ()
    before, after = before.removeprefix("\ufeff"), after.removeprefix("\ufeff")
    was = split(before) if page else FrontMatter(body=before)
    now = split(after) if page else FrontMatter(body=after)
    properties, front = _front(was, now)
    body = align(_plain(was.body), _plain(now.body), first_old=was.body_line, first_new=now.body_line)
    return Contents(Kind.TEXT, same, properties, front, body, notes)


def _count(content: bytes) -> int:
    """Count lines as they will be compared, at the price of reading the bytes."""
    return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")


def _decoded(content: bytes, page: bool) -> str | None:
    if not page and b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _plain(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in lines(text)]


def _front(old: FrontMatter, new: FrontMatter) -> tuple[tuple[Property, ...], Alignment | None]:
    """Compare front matter by key; by lines where a side cannot be read, or where the keys say the same."""
    before, after = _plain(old.raw), _plain(new.raw)
    if before == after:
        return (), None
    if _is_readable(old) and _is_readable(new) and (found := _properties(old.properties, new.properties)):
        return found, None
    return (), align(before, after)


def _is_readable(front: FrontMatter) -> bool:
    return bool(front.properties) or not front.problems


def _properties(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Property, ...]:
    found = []
    for key in dict.fromkeys((*old, *new)):
        before = printed(old[key]) if key in old else None
        after = printed(new[key]) if key in new else None
        if before == after:
            continue
        if before is None or after is None:
            pieces = None if before is None else whole(before), None if after is None else whole(after)
        else:
            pieces = marked(before, after)
        was, now = (shortened(side) if side is not None else None for side in pieces)
        found.append(Property(key, was, now))
    return tuple(found)


def _notes(old: str, new: str) -> tuple[Note, ...]:
    found = []
    if old.startswith("\ufeff") != new.startswith("\ufeff"):
        found.append(Note.BYTE_ORDER_MARK)
    before, after = (lines(text.removeprefix("\ufeff")) for text in (old, new))
    if before and after and before[-1].endswith(("\n", "\r")) != after[-1].endswith(("\n", "\r")):
        found.append(Note.FINAL_NEWLINE)
    if _line_ends(before) != _line_ends(after) and before and after:
        found.append(Note.LINE_ENDS)
    return tuple(found)


def _line_ends(texts: list[str]) -> set[str]:
    return {match[0] for line in texts if (match := _LINE_END.search(line))}
