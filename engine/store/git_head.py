"""What a branch points at, read from git's ref files: no child process, and never an old answer."""

import os
import re
import time
from pathlib import Path

from engine.errors import StoreError
from engine.store.git_process import GitProcess, is_object_id

_MAX_STEPS = 5  # symbolic references that point at each other; git's own limit
_SETTLED_NS = 100_000_000  # a file changed this recently may change again within one tick of its clock
_OF_ONE_WORK_TREE = re.compile(r"[A-Z_]+|refs/(?:bisect|worktree|rewritten)/.*", re.DOTALL)


class Head:
    """One reference of a repository: a branch, or ``HEAD`` where no branch is checked out."""

    def __init__(self, process: GitProcess, reference: str) -> None:
        self.reference = reference
        self._process = process
        self._git_dir = str(process.git_dir)
        self._common_dir = str(process.common_dir)
        self._packed = os.path.join(self._common_dir, "packed-refs")  # noqa: PTH118 - on every request
        self._in_files = not (process.common_dir / "reftable").exists()
        self._packed_answer: tuple[tuple[int, int, int], str, str | None] | None = None

    def read(self) -> str | None:
        """Return the commit id, ``None`` while there is none.

        Raises:
            StoreError: The reference is broken, or the whole repository is out of reach.
        """
        reference = self.reference
        for _ in range(_MAX_STEPS if self._in_files else 0):
            text = self._loose(reference)
            if text is None:
                return self._packed_id(reference) or self._no_commit()
            if is_object_id(text):
                return text
            if not text.startswith("ref: refs/"):
                break
            reference = text[5:].strip()
        return self._ask_git()

    def _loose(self, reference: str) -> str | None:
        folder = self._git_dir if _OF_ONE_WORK_TREE.fullmatch(reference) else self._common_dir
        try:
            # 41 bytes: reading them costs what a stat costs, and a stat can miss a change within one tick.
            descriptor = os.open(f"{folder}/{reference}", os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f"cannot read {reference}: {error.strerror}") from error
        try:
            return os.read(descriptor, 4096).decode(errors="replace").rstrip("\n")
        except IsADirectoryError:
            return None
        finally:
            os.close(descriptor)

    def _packed_id(self, reference: str) -> str | None:
        try:
            stat = os.stat(self._packed)  # noqa: PTH116 - on every request
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {self._packed}: {error.strerror}") from error
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        answer = self._packed_answer
        if answer is not None and answer[0] == stamp and answer[1] == reference:
            return answer[2]
        now = time.time_ns()
        data = Path(self._packed).read_bytes()
        line = re.search(rb"^([0-9a-f]{40,64}) %b$" % re.escape(reference.encode()), data, re.MULTILINE)
        found = line[1].decode() if line else None
        if stat.st_mtime_ns < now - _SETTLED_NS:
            self._packed_answer = (stamp, reference, found)
        return found

    def _no_commit(self) -> str | None:
        """Say that there is no commit, once it is sure that there is a repository: its folder may be unmounted."""
        if not os.path.lexists(os.path.join(self._common_dir, "HEAD")):  # noqa: PTH118 - a link, in old ones
            raise StoreError(
                f"no repository in {self._common_dir} any more; mount or restore it, and try again"
            )
        return None

    def _ask_git(self) -> str | None:
        found = self._process.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", self.reference)
        text = found.stdout.decode().strip()
        if found.returncode == 0 and is_object_id(text):
            return text
        if found.returncode == 1 and not self._in_files:
            return self._no_commit()
        raise StoreError(f"{self.reference} is broken; repair it with git fsck and git update-ref")
