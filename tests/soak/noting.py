"""What a process that writes notes of each operation: before it begins, and what came of it. A kill takes none of it.

Each note is one line of JSON, written at once to the end of the process's file. So what was noted is known to whoever
reads the file afterwards, and an operation without an end is one that was being done when the process was killed.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tests.soak import sentences


@dataclass(frozen=True, slots=True)
class Meant:
    """What an operation means to do to one page."""

    page: str  # its mark; empty for wherever the path leads
    path: str
    base: str | None  # the blob that it began from
    adds: tuple[str, ...] = ()  # tokens
    removes: tuple[str, ...] = ()

    @classmethod
    def edit(cls, path: str, base: str, before: str, after: str) -> "Meant":
        """Say what a new text means to do to a page."""
        had, has = Counter(sentences.tokens(before)), Counter(sentences.tokens(after))
        came, went = tuple((has - had).elements()), tuple((had - has).elements())
        return cls(sentences.mark(before), path, base, came, went)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation and its end, empty where it has none."""

    id: str
    kind: str
    meant: tuple[Meant, ...]
    again: str = ""  # what to send to do it again, where it has a key
    of: str = ""  # what it takes back: a commit, or all of an author's
    end: str = ""  # saved, conflict, refused
    said: Any = None

    @property
    def adds(self) -> set[str]:
        return {token for each in self.meant for token in each.adds}


class Notes:
    """The notes of one process, through all its lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if not path.read_bytes().endswith(b"\n"):
            os.write(self._file, b"\n")  # a kill in the middle of a note: it counts as not written

    def begin(
        self, operation: str, kind: str, meant: Sequence[Meant], *, again: str = "", of: str = ""
    ) -> None:
        told = [asdict(each) for each in meant]
        self._write({"id": operation, "kind": kind, "meant": told, "again": again, "of": of})

    def end(self, operation: str, end: str, **said: Any) -> None:
        self._write({"id": operation, "end": end, "said": said})

    def _write(self, note: dict[str, Any]) -> None:
        line = json.dumps(note).encode() + b"\n"
        assert os.write(self._file, line) == len(line)


def read(path: Path) -> Iterator[Operation]:
    """Read the notes of a process."""
    found: dict[str, Operation] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            note = json.loads(line)
        except ValueError:
            continue
        if "end" in note:
            found[note["id"]] = replace(found[note["id"]], end=note["end"], said=note["said"])
        else:
            meant = tuple(
                Meant(each["page"], each["path"], each["base"], tuple(each["adds"]), tuple(each["removes"]))
                for each in note["meant"]
            )
            found[note["id"]] = Operation(note["id"], note["kind"], meant, note["again"], note["of"])
    return iter(found.values())


class Progress:
    """How far the process of some notes has come; cheap to ask again and again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self.ended = 0
        self.open = 0  # operations that are being done, as far as the notes tell

    def look(self) -> "Progress":
        """Read what is new."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                whole, _, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return self
        if whole:
            self._read += len(whole) + 1
            lines = whole.split(b"\n")
            ends = sum(b'"end":' in line for line in lines)
            self.ended += ends
            self.open += len(lines) - 2 * ends
        return self
