"""Random histories of a wiki: adds, edits, renames, deletes, merges, force-pushes and changes of branch."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Protocol

Files = Mapping[str, bytes]

FOLDERS = ("", "", "News/", "help/", "zh/")
NAMES = ("Home", "home", "index", "Llama 3", "llama-3", "Straße", "首页", "notes", "Notes_2", "a b", "README")
WORDS = ("quire", "leaf", "fold", "bind", "sheet", "page", "ink", "press", "letter", "word")


class Commits(Protocol):
    """Makes commits of whole trees, and moves the branch: what a history needs of a store."""

    def commit_tree(self, files: Files, parents: Sequence[str] = (), *, summary: str = "") -> str:
        """Make a commit, and leave the branch alone."""
        ...

    def set_head(self, commit: str | None) -> None:
        """Move the branch."""
        ...


class History:
    """A history that grows by random steps; the same seed gives the same history."""

    def __init__(self, store: Commits, seed: int) -> None:
        self.random = Random(seed)
        self.store = store
        self.trees: dict[str, dict[str, bytes]] = {}
        self.head: str | None = None
        self.side: str | None = None  # another branch's tip
        self.count = 0

    def step(self) -> str:
        """Take one step, and name it."""
        actions: list[Callable[[], str]] = [self._change] * 8
        if self.head is not None:
            actions += [self._fork, self._force, self._amend]
        if self.side is not None:
            actions += [
                self._work_aside,
                self._work_aside,
                self._merge,
                self._merge,
                self._foxtrot,
                self._switch,
            ]
        return self.random.choice(actions)()

    def steps(self, count: int) -> Iterator[str]:
        """Take several steps."""
        for _ in range(count):
            yield self.step()

    # -- changes of one tree

    def _changed(self, files: dict[str, bytes]) -> dict[str, bytes]:
        files = dict(files)
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            edits = (
                [self._add]
                if not files
                else [self._add, self._edit, self._edit, self._rename, self._recase, self._delete]
            )
            self.random.choice(edits)(files)
        return files

    def _path(self) -> str:
        suffix = self.random.choice((".md", ".md", ".md", ".markdown", ".png"))
        return self.random.choice(FOLDERS) + self.random.choice(NAMES) + suffix

    def _text(self) -> bytes:
        words = " ".join(self.random.choices(WORDS, k=30))
        link = self.random.choice(NAMES)
        self.count += 1
        return f"---\ntags: [{self.random.choice(WORDS)}]\n---\n# {words[:12]} {self.count}\n\n{words}. See [[{link}]].\n".encode()

    def _add(self, files: dict[str, bytes]) -> None:
        files[self._path()] = self._text()

    def _edit(self, files: dict[str, bytes]) -> None:
        path = self.random.choice(sorted(files))
        files[path] += self._text()[-40:]

    def _rename(self, files: dict[str, bytes]) -> None:
        path = self.random.choice(sorted(files))
        files[self._path()] = files.pop(path)

    def _recase(self, files: dict[str, bytes]) -> None:
        path = self.random.choice(sorted(files))
        folder, slash, name = path.rpartition("/")
        files[folder + slash + name.swapcase().replace(".MD", ".md").replace(".PNG", ".png")] = files.pop(
            path
        )

    def _delete(self, files: dict[str, bytes]) -> None:
        del files[self.random.choice(sorted(files))]

    # -- commits

    def _commit(self, files: dict[str, bytes], parents: Sequence[str], summary: str) -> str:
        self.count += 1
        made = self.store.commit_tree(files, parents, summary=f"{summary} {self.count}")
        self.trees[made] = files
        return made

    def _move(self, commit: str) -> None:
        self.head = commit
        self.store.set_head(commit)

    def _change(self) -> str:
        files = self._changed(self.trees[self.head] if self.head else {})
        self._move(self._commit(files, [self.head] if self.head else [], "change"))
        return "change"

    def _fork(self) -> str:
        self.side = self._commit(self._changed(self.trees[self.head or ""]), [self.head or ""], "fork")
        return "fork"

    def _work_aside(self) -> str:
        self.side = self._commit(self._changed(self.trees[self.side or ""]), [self.side or ""], "aside")
        return "work aside"

    def _merge(self) -> str:
        return self._join(self.head or "", self.side or "", "merge")

    def _foxtrot(self) -> str:
        """Merge the branch into the other one: what was the branch is now a second parent."""
        return self._join(self.side or "", self.head or "", "foxtrot")

    def _join(self, first: str, second: str, summary: str) -> str:
        files = self.trees[first] | {
            p: c for p, c in self.trees[second].items() if self.random.random() < 0.7
        }
        if self.random.random() < 0.2:
            files = self._changed(files)  # what is in neither
        self._move(self._commit(files, [first, second], summary))
        self.side = None
        return summary

    def _force(self) -> str:
        """Go back to any commit, as a push by force does."""
        self._move(self.random.choice(sorted(self.trees)))
        return "force"

    def _amend(self) -> str:
        files = self._changed(self.trees[self.head or ""])
        self._move(self._commit(files, [], "root"))  # another root: unrelated histories
        return "new root"

    def _switch(self) -> str:
        self.head, self.side = self.side, self.head
        self.store.set_head(self.head)
        return "switch"
