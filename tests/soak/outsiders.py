"""Somebody who writes to the repository without the wiki: a clone that pushes, or a person in the work tree."""

import contextlib
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from engine.locks import HostLock
from tests.repositories import Repository
from tests.soak import sentences
from tests.soak.noting import Meant, Notes

SHARE = 0.07  # of what its process does
PAUSE = 0.1  # seconds between two of its operations, at least
PUSHES = 5  # tries to push one change


class Outsider:
    """Changes pages with git alone.

    Where the repository is bare, it clones, commits and pushes, and rebases or merges when others were faster. Where
    the branch is checked out, it works in the work tree, as a person beside the server does.

    Args:
        folder: For the clone.
        repository: The one that is served.
        notes: Of the process.
        name: Unlike any other's.
        life: See `tests.soak.writers.Author`.
        dice: Decides everything.
        ended: How many operations of the process have ended since it was started.
    """

    def __init__(
        self,
        folder: Path,
        repository: Path,
        notes: Notes,
        name: str,
        life: int,
        dice: Random,
        ended: Callable[[], int],
    ) -> None:
        self._ended = ended
        self._served = Repository(repository)
        self._notes, self._name, self._life, self._dice = notes, name, life, dice
        self._operations = self._tokens = 0
        self._bare = (repository / "HEAD").exists()
        self._turn = HostLock(folder / "outsiders.lock")
        self._mine = self._served if not self._bare else self._clone(folder / f"clone-{name}")
        if not self._bare:
            with contextlib.suppress(AssertionError):
                self._mine.git("checkout", "-q", "--", ".")  # what an earlier life left uncommitted

    def _clone(self, place: Path) -> Repository:
        shutil.rmtree(place, ignore_errors=True)  # a killed git may have left it in any state
        self._served.git("clone", "-q", "--shared", str(self._served.path), str(place))
        return Repository(place)

    def work(self) -> None:
        """Wait a little, and do one thing."""
        time.sleep(self._dice.uniform(PAUSE, 2 * PAUSE))
        if self._operations > SHARE * self._ended():
            return
        with contextlib.suppress(_NothingToDo):
            if self._bare:
                self._mine.git("fetch", "-q", "origin")
                self._mine.git("reset", "-q", "--hard", "origin/main")
                self._change()
                return
            with self._turn.held(0) as held:  # two who type into one file at once lose text without any wiki
                if held:
                    self._change()

    def _new(self, kind: str) -> str:
        self._tokens += 1
        return f"T{self._name}l{self._life}i{self._tokens}{kind}"

    def _change(self) -> None:
        files = [path for path in self._mine.git("ls-files", "-z").split("\0") if path.endswith(".md")]
        if not files:
            raise _NothingToDo
        chosen = self._dice.sample(files, min(len(files), self._dice.choice((1, 1, 2)) if self._bare else 1))
        meant, texts = [], {}
        for path in chosen:
            before = self._text(path)
            text = sentences.edited(
                before, f"T{self._name}l", self._new, self._dice, own=self._dice.random() < 0.5
            )
            if text == before or not sentences.mark(before):
                continue  # the dice had it so, or it only leads on to another one
            blob = self._mine.git("hash-object", "--stdin", stdin=before.encode())
            meant.append(Meant.edit(path, blob, before, text))
            texts[path] = text
        if not texts:
            raise _NothingToDo
        self._operations += 1
        operation = f"{self._name}-{self._life}-{self._operations}"
        self._notes.begin(operation, "push" if self._bare else "commit", meant)
        try:
            for path, text in texts.items():
                (self._mine.path / path).write_bytes(text.encode())
        except OSError:  # its folder was moved away just now
            self._notes.end(operation, "refused", why="others were faster", text="")
            return
        commit = self._commit(operation, [*texts]) if self._bare else self._commit_here(operation, meant[0])
        if commit:
            self._notes.end(operation, "saved", commit=commit, changed=True)
        else:
            self._notes.end(operation, "refused", why="others were faster", text="")

    def _text(self, path: str) -> str:
        try:
            return (self._mine.path / path).read_bytes().decode()
        except OSError:
            raise _NothingToDo from None  # it was moved away just now

    def _commit(self, operation: str, paths: Sequence[str]) -> str:
        """Commit in the clone, and push; return the commit, empty where that did not succeed."""
        mine = self._mine
        mine.git("commit", "-q", "-m", f"op {operation}", "--", *paths)
        joins = "merge" if self._dice.random() < 0.3 else "rebase"
        for _ in range(PUSHES):
            if self._tries("push", "-q", "origin", "HEAD:main"):
                return mine.git("log", "-1", "--format=%H", f"--grep=^op {operation}$")
            mine.git("fetch", "-q", "origin")
            join = ("merge", "-q", "-m", f"merge {operation}") if joins == "merge" else ("rebase", "-q")
            if not self._tries(*join, "origin/main"):
                self._tries(joins, "--abort")
                return ""
        return ""

    def _commit_here(self, operation: str, meant: Meant) -> str:
        """Commit in the work tree; where the wiki was faster, undo what was typed."""
        mine, path = self._mine, meant.path
        for _ in range(PUSHES):
            if self._blob_now(path) != meant.base:
                break
            if self._tries("commit", "-q", "--only", "-m", f"op {operation}", "--", path):
                return mine.git("log", "-1", "--format=%H", f"--grep=^op {operation}$")
            time.sleep(self._dice.uniform(0, 0.05))
        while not self._tries("checkout", "-q", "--", path):
            time.sleep(0.02)
            if not self._tries("ls-files", "--error-unmatch", "--", path):
                (mine.path / path).unlink(missing_ok=True)  # it was moved away meanwhile
                break
        return ""

    def _blob_now(self, path: str) -> str:
        found = self._mine.git("ls-tree", "HEAD", "--", path).split()
        return found[2] if found else ""

    def _tries(self, *arguments: str) -> bool:
        try:
            self._mine.git(*arguments)
        except AssertionError:
            return False
        return True


class _NothingToDo(Exception):  # noqa: N818 - nothing is wrong
    """There is no page to change."""
