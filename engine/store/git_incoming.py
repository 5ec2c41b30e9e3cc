"""What a push brings: its objects lie in quarantine, where git has checked them, and nothing names them yet."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import RevisionNotFoundError, StoreError
from engine.model import Difference
from engine.store import Arrival, git_listing, rules
from engine.store.git_history import Words, expect
from engine.store.git_listing import form_of, spell, tokens
from engine.store.git_objects import Objects
from engine.store.git_process import GitProcess, is_object_id
from engine.store.git_trees import Trees

_QUARANTINES = ("tmp_objdir-incoming-", "incoming-")
_COMPARE = (
    "diff-tree",
    "--stdin",
    "-r",
    "-z",
    "--raw",
    "--no-abbrev",
    "--root",
    "--always",
    "--no-renames",
    "-c",
)
_ABSENT = "000000"  # the mode of no file


class Incoming:
    """Reads what a push brings, and what was there before.

    Args:
        process: Runs git on the repository.
        root: The folder that holds the pages.
        quarantine: Where the new objects are; ``None`` where there are none.
    """

    def __init__(self, process: GitProcess, root: str, quarantine: Path | None) -> None:
        self._root = root
        self._process = process if quarantine is None else _within(process, quarantine)
        self._objects = Objects(self._process)

    def extends(self, old: str, new: str) -> bool:
        """Say whether *new* has *old* among its ancestors."""
        for commit in (old, new):
            self._check(commit)
        return self._process.attempt("merge-base", "--is-ancestor", old, new).returncode == 0

    def commits(self, old: str | None, new: str) -> Sequence[str]:
        """Return the commits that *new* has and *old* has not, parents first."""
        for commit in filter(None, (old, new)):
            self._check(commit)
        without = [f"^{old}"] if old is not None else []
        return (
            self._process.run("rev-list", "--topo-order", "--reverse", new, *without, "--")
            .decode("ascii")
            .split()
        )

    def arrivals(self, ids: Sequence[str]) -> Iterator[Arrival]:
        """Yield what each of these commits changes; of a merge, what differs from all its parents."""
        with self._process.stream(*_COMPARE, "--format=tformat:%H", lines=ids) as stream:
            words = Words(tokens(stream))
            for name in ids:
                expect(words, name)
                while words.begins(b":"):
                    # A colon and a mode for each parent, one mode for the result; likewise ids; letters; then the path.
                    head = words.take().decode("ascii")
                    parents = len(head) - len(head.lstrip(":"))
                    fields = head[parents:].split(" ")
                    mode, blob, path = fields[parents], fields[-2], spell(words.take())
                    absent = mode == _ABSENT
                    yield Arrival(name, path, None if absent else form_of(mode, path), "" if absent else blob)

    def difference(self, old: str | None, new: str) -> Sequence[Difference]:
        """List the paths that differ between two commits, ordered by path."""
        if old is None:
            listed = git_listing.entries(self._process.run("ls-tree", "-r", "-z", self._tree(new)))
            return [Difference(entry.path, None, entry) for entry in listed]
        options = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev")
        return git_listing.differences(
            self._process.run("diff-tree", *options, self._tree(old), self._tree(new))
        )

    def clashes(self, old: str | None, differences: Sequence[Difference]) -> Iterator[tuple[str, str]]:
        """Yield each new path under the content root whose address another file has, with that file's path."""
        prefix = f"{self._root}/" if self._root else ""
        inside = [each for each in differences if each.path.startswith(prefix)]
        new = [each.path[len(prefix) :] for each in inside if each.old is None]
        gone = {each.path[len(prefix) :] for each in inside if each.new is None}
        top = self._tree(old) if old is not None else None
        for path, other in rules.clashes(new, gone, Trees(self._objects).folders(top, self._root)):
            yield prefix + path, prefix + other

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob."""
        return self._objects.get(blob, "blob")

    def size(self, name: str) -> int:
        """Return the length in bytes of a blob or a commit."""
        return self._objects.look_up(name)[2]

    def close(self) -> None:
        """End the child processes."""
        self._objects.close()

    def _check(self, commit: str) -> bytes:
        if not is_object_id(commit):
            raise RevisionNotFoundError(f"{commit!r} is no commit")
        return self._objects.get(commit, "commit")

    def _tree(self, commit: str) -> str:
        return self._check(commit)[5 : 5 + len(commit)].decode("ascii")


def _within(process: GitProcess, quarantine: Path) -> GitProcess:
    objects = process.common_dir / "objects"
    place = Path(os.path.realpath(quarantine))
    if (
        place.parent != Path(os.path.realpath(objects))
        or not place.name.startswith(_QUARANTINES)
        or not place.is_dir()
    ):
        raise StoreError(f"{quarantine} is no place where git keeps what was pushed to {process.common_dir}")
    where = {"GIT_OBJECT_DIRECTORY": str(place), "GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(objects)}
    return replace(process, environment={**process.environment, **where})


def _quoted(folder: Path) -> str:
    """Write a folder as git reads it in a list of them, whatever it is called."""
    text = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
