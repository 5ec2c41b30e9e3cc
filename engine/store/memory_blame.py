"""Which commit brought each line: told from whole versions, for the store in memory."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from engine.diff import diff_lines
from engine.model import Origin
from engine.store.origins import joined

Version = tuple[str, str]
"""A commit, and the path of the file in it."""


class Past(Protocol):
    """What has to be known of a history."""

    def parents_with(self, version: Version) -> Sequence[Version]:
        """Return the parents that have the file, under the path that it had there."""
        ...

    def content(self, version: Version) -> bytes:
        """Return the file's bytes."""
        ...


def blame(past: Past, commit: str, path: str) -> list[Origin]:
    """Return the origins of all lines, see `engine.store.Store.blame`.

    Source:
        The rule of ``git blame``: a parent with the same file takes all lines; else each parent in turn takes those
        that a diff finds in it; what no parent takes is the commit's own.
    """
    asked = (commit, path)
    numbers = range(1, 1 + len(_lines(past.content(asked))))
    waiting: list[tuple[Version, list[tuple[int, int]]]] = [(asked, [(line, line) for line in numbers])]
    found: list[Origin] = []
    while waiting:
        version, lines = waiting.pop()
        parents = past.parents_with(version)
        content = past.content(version)
        same = next((parent for parent in parents if past.content(parent) == content), None)
        if same is not None:
            waiting.append((same, lines))
            continue
        for parent in parents:
            there = dict(_kept(_lines(past.content(parent)), _lines(content)))
            if taken := [(line, there[then]) for line, then in lines if then in there]:
                waiting.append((parent, taken))
                lines = [(line, then) for line, then in lines if then not in there]
        previous = parents[0] if parents else None
        found += (Origin(*version, line, then, 1, previous) for line, then in lines)
    return joined(found)


def _lines(content: bytes) -> list[str]:
    text = content.decode("latin-1")  # one character a byte, whatever they mean
    return text.removesuffix("\n").split("\n") if text else []


def _kept(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the lines of *new* that *old* has, each with its number there; counted from 1."""
    at, there = 1, 1
    for hunk in diff_lines(old, new).hunks:
        yield from zip(range(at, hunk.new_start + 1), range(there, hunk.old_start + 1), strict=True)
        at, there = hunk.new_end + 1, hunk.old_end + 1
    yield from zip(range(at, len(new) + 1), range(there, len(old) + 1), strict=True)
