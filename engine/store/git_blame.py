"""Which commit brought each line of a file, read from ``git blame --incremental``.

That is the porcelain format without the texts, in runs of lines. Blame alone among the commands in use minds settings
that could change its answer (``blame.ignoreRevsFile``, ``.mailmap``, attributes) or run a command (``textconv``), and
not all of them can be turned off by an option. So it works in an empty repository of its own that borrows the objects.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import BoundedSemaphore

from engine.errors import RevisionNotFoundError, StoreError, TooLargeError
from engine.model import Origin
from engine.store.git_listing import spell, unspell
from engine.store.git_process import GitError, GitProcess
from engine.store.origins import joined

SECONDS = 10.0
"""How long one file's blame may take; its history may be long, and every version of the file is compared."""

AT_ONCE = 2
"""How many run at the same time in one process."""

WAIT = 2.0
"""Seconds that another one waits for its turn; more would keep those waiting who only want to read a page."""


class Blamer:
    """Asks git, a few times at once.

    Args:
        process: Runs git on the repository.
        root: The folder of the repository that holds the pages.
    """

    def __init__(self, process: GitProcess, root: str) -> None:
        self._process = process
        self._prefix = f"{root}/".encode() if root else b""
        self._free = BoundedSemaphore(AT_ONCE)

    def blame(self, commit: str, path: str) -> list[Origin]:
        """Return the origins of the lines of a file that is there; see `engine.store.Store.blame`.

        Args:
            commit: A full object id.
            path: Below the root, spelled as `engine.store.git_listing.spell` does.
        """
        if not self._free.acquire(timeout=WAIT):
            raise StoreError("the histories of other pages are being read; try again in a moment")
        try:
            return joined(_origins(self._run(commit, self._prefix + unspell(path)), self._prefix))
        except subprocess.TimeoutExpired:
            raise TooLargeError(
                f"git needs more than {SECONDS:.0f} seconds to find who wrote each line of {path}; "
                "ask git blame in a clone, or read the history of the page"
            ) from None
        except GitError as error:
            raise RevisionNotFoundError(f"{commit[:10]} has no file {path}: {error.said}") from error
        finally:
            self._free.release()

    def _run(self, commit: str, path: bytes) -> bytes:
        with tempfile.TemporaryDirectory(prefix="quire-blame-") as folder:
            _borrow(Path(folder), self._process)
            common = self._process.common_dir
            done = self._process.attempt(
                *("blame", "--incremental", "--no-textconv", commit, "--", os.fsdecode(path)),
                seconds=SECONDS,
                GIT_DIR=folder,
                GIT_COMMON_DIR=folder,
                GIT_OBJECT_DIRECTORY=str(common / "objects"),
                GIT_SHALLOW_FILE=str(common / "shallow"),
                GIT_CONFIG_GLOBAL=os.devnull,
            )
        if done.returncode:
            raise GitError("blame", done.stderr)
        return done.stdout


def _borrow(folder: Path, process: GitProcess) -> None:
    """Make the least that git takes for a repository."""
    for part in ("objects", "refs"):
        (folder / part).mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
    (folder / "config").write_text(
        f"[core]\nrepositoryformatversion = 1\nbare = true\n[extensions]\nobjectFormat = {process.algorithm}\n",
        encoding="ascii",
    )


def _origins(output: bytes, prefix: bytes) -> Iterator[Origin]:
    """Read runs: a line with the commit and three numbers, then lines with a word and a value, ``filename`` the last."""
    lines = iter(output.split(b"\n")[:-1])
    for head in lines:
        commit, then, now, count = head.decode("ascii").split(" ")
        path: str | None = None
        previous: tuple[str, str] | None = None
        for line in lines:
            word, _, value = line.partition(b" ")
            if word == b"filename":
                path = _inside(value, prefix)
                break
            if word == b"previous":
                parent, _, quoted = value.partition(b" ")
                there = _inside(quoted, prefix)
                previous = (parent.decode("ascii"), there) if there is not None else None
        yield Origin(commit, path, int(now), int(then), int(count), previous)


def _inside(quoted: bytes, prefix: bytes) -> str | None:
    """Return a path below the content root, ``None`` for one outside of it."""
    path = _unquoted(quoted)
    return spell(path[len(prefix) :]) if path.startswith(prefix) else None


_QUOTED = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


def _unquoted(text: bytes) -> bytes:
    """Undo git's quotes, which are those of C."""
    if not text.startswith(b'"'):
        return text
    return _QUOTED.sub(
        lambda match: bytes([int(match[1], 8)]) if len(match[1]) == 3 else _LETTERS.get(match[1], match[1]),
        text[1:-1],
    )
