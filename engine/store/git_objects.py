"""Reading objects without a child process each: by a few long-lived ``cat-file`` pairs.

GitPython's readers answer with another object's bytes when threads share one, so whoever asks has one alone, until the
answer is there: there are as many as ask at the same moment, and not as many as there are threads. A pair ends with
`Objects.close`, with the first answer that is cut short, or where enough others are free.
"""

import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import git

from engine.errors import RevisionNotFoundError, StoreError
from engine.locks import ThreadLock
from engine.scheduling import usual
from engine.store.git_process import GitProcess, is_object_id, no_git

T = TypeVar("T")
FREE = 8  # pairs of one process that are kept for whoever asks next
_PIPES_TAKEN = (
    ValueError,
    AttributeError,
)  # what GitPython says when `close` ends a child that is being asked


class _Missing(Exception):  # noqa: N818 - it never leaves this module
    """Git answered that it has no such object."""


class _CutShort(Exception):  # noqa: N818 - it never leaves this module
    """The child process ended while it was asked."""


class _Reader(git.Git):
    """GitPython's pair of ``cat-file`` children, for ids of any length, with "missing" told from "dead"."""

    def _parse_object_header(self, header_line: str | bytes) -> tuple[str, str, int]:
        line = header_line.decode(errors="replace") if isinstance(header_line, bytes) else header_line
        words = line.split()
        if not line.endswith("\n"):
            raise _CutShort
        if len(words) != 3 or not is_object_id(words[0]) or not words[2].isdecimal():
            raise _Missing  # "… missing", "… ambiguous"
        return words[0], words[1], int(words[2])


class Objects:
    """The objects of one repository. Safe to share between threads, and across a fork."""

    def __init__(self, process: GitProcess) -> None:
        self._process = process
        self._free: dict[int, list[_Reader]] = {}  # by process: a fork leaves the parent's alone
        self._lock = ThreadLock()
        self._readers: weakref.WeakSet[_Reader] = weakref.WeakSet()
        self._closed = False

    def get(self, name: str, kind: str) -> bytes:
        """Return the bytes of the object that *name* stands for: an id, or ``<id>:path``.

        Raises:
            RevisionNotFoundError: There is none of this kind.
        """

        def read(reader: _Reader) -> tuple[str, bytes]:
            _, found, size, data = reader.get_object_data(name)
            if len(data) != size:
                raise _CutShort
            return found, data

        found, data = self._ask(name, read)
        if found != kind:
            raise RevisionNotFoundError(f"{name} is a {found}, not a {kind}")
        return data

    def look_up(self, name: str) -> tuple[str, str, int]:
        """Return id, kind and length in bytes of what *name* stands for; RevisionNotFoundError as `get`."""
        return self._ask(name, lambda reader: reader.get_object_header(name))

    def many(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the blobs that are there, in the order asked for."""
        asked = (blob for blob in blobs if is_object_id(blob))
        with self._process.stream("cat-file", "--batch", "--buffer", lines=asked) as stream:
            while line := stream.readline():
                words = line.decode("ascii").split()
                if len(words) != 3:  # "<id> missing"
                    continue
                data = stream.read(int(words[2]))
                stream.read(1)
                if words[1] == "blob":
                    yield words[0], data

    def close(self) -> None:
        """End all children; whoever asks later is told so."""
        self._closed = True
        with self._lock.held():
            readers = list(self._readers)
        for reader in readers:
            reader.clear_cache()

    def _ask(self, name: str, question: Callable[[_Reader], T]) -> T:
        # A child may have been killed since it was last asked: one more try, with a new one.
        with self._reader() as reader:
            for _ in range(2):
                if self._closed:
                    break
                try:
                    with usual():  # the children may be started now, and serve others later
                        return question(reader)
                except _Missing:
                    raise RevisionNotFoundError(f"{name} is not in the repository") from None
                except (_CutShort, OSError, *_PIPES_TAKEN):
                    reader.clear_cache()
                except git.GitCommandNotFound as error:
                    raise no_git() from error
                except BaseException:
                    reader.clear_cache()  # what was not read would be the next question's answer
                    raise
        if self._closed:
            raise StoreError("the store is closed")
        raise StoreError(
            f"git cannot read {name}; run git fsck, or fetch all objects if this is a partial clone"
        )

    @contextmanager
    def _reader(self) -> Iterator[_Reader]:
        """Lend a pair; its children are started when they are asked first."""
        if self._closed:
            raise StoreError("the store is closed")
        free = self._free.setdefault(os.getpid(), [])
        try:
            reader = free.pop()
        except IndexError:
            reader = _Reader(str(self._process.git_dir))
            reader.update_environment(**self._environment())
            with self._lock.held():
                self._readers.add(reader)
        try:
            yield reader
        finally:
            if len(free) < FREE and not self._closed:
                free.append(reader)
            else:
                reader.clear_cache()

    def _environment(self) -> dict[str, str]:
        # GitPython hands on the whole environment and can only override it.
        wanted = dict(self._process.environment)
        common = self._process.common_dir
        overridden = {
            "GIT_OBJECT_DIRECTORY": str(common / "objects"),
            "GIT_WORK_TREE": str(self._process.git_dir),
            "GIT_INDEX_FILE": str(self._process.git_dir / "index"),
            "GIT_SHALLOW_FILE": str(common / "shallow"),
        }
        for name in os.environ:
            if name.startswith("GIT_") and name not in wanted:
                wanted[name] = overridden.get(name, "")
        return wanted
