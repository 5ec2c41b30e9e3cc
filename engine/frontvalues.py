"""Where the values of front matter stand in a page, and giving one of them another text in their place.

Comments, order and quotes stay as they are. A value that spans lines has no place.
"""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import yaml

from engine import frontmatter

_LINE_END = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Value:
    """A text, or a number, within front matter."""

    keys: tuple[str | int, ...]  # the way to it: keys of mappings, and positions in lists
    text: str
    start: int  # of what is written for it, quotes included, in the text of the page
    end: int


def values(text: str) -> tuple[Value, ...]:
    """Return the values of a page's front matter that stand on one line each, in their order."""
    front = frontmatter.split(text)
    if not front.properties:
        return ()
    start = _LINE_END.search(front.raw)
    stripped = front.raw.rstrip("\r\n")
    end = max(stripped.rfind("\n"), stripped.rfind("\r")) + 1
    if start is None:
        return ()
    block = front.raw[start.start() : end]
    found = _Reader(block).values()
    return tuple(
        Value(keys, value, first + start.start(), last + start.start())
        for keys, value, first, last in found
        if _LINE_END.search(block, first, last) is None
    )


def with_value(text: str, value: Value, new: str) -> str | None:
    """Return the page with another text for one of its `values`; ``None`` where it cannot be written so."""
    before = frontmatter.split(text)
    wanted = _replaced(before.properties, value.keys, new)
    for written in _spellings(text[value.start : value.end], new):
        made = text[: value.start] + written + text[value.end :]
        after = frontmatter.split(made)
        if after.properties == wanted and after.body == before.body and after.problems == before.problems:
            return made
    return None


def _spellings(old: str, new: str) -> Iterator[str]:
    """Yield the ways to write *new*, the one first in which *old* is written."""
    single = "'" + new.replace("'", "''") + "'"
    double = json.dumps(new, ensure_ascii=False)
    if old.startswith('"'):
        yield double
    if old.startswith("'"):
        yield single
    if not old.startswith(("'", '"')):
        yield new
    yield double
    yield single


def _replaced(properties: Any, keys: tuple[str | int, ...], new: str) -> Any:
    whole = deepcopy(properties)
    inner = whole
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = new
    return whole


class _Reader:
    """Goes through YAML's events; the block is known to be a mapping without anchors, tags or further documents."""

    def __init__(self, block: str) -> None:
        self._events: Iterator[Any] = yaml.parse(block, Loader=yaml.CSafeLoader)

    def values(self) -> list[tuple[tuple[str | int, ...], str, int, int]]:
        found: list[tuple[tuple[str | int, ...], str, int, int]] = []
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                self._node(event, (), found)
        return found

    def _node(self, event: Any, keys: tuple[str | int, ...], found: list[Any]) -> None:
        if isinstance(event, yaml.MappingStartEvent):
            while not isinstance(key := next(self._events), yaml.MappingEndEvent):
                self._node(next(self._events), (*keys, key.value), found)
        elif isinstance(event, yaml.SequenceStartEvent):
            position = 0
            while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                self._node(item, (*keys, position), found)
                position += 1
        else:
            found.append((keys, event.value, event.start_mark.index, event.end_mark.index))
