"""What a push brings: its objects lie in quarantine, where git has checked them, and nothing names them yet."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import RevisionNotFoundError, StoreError, TooLargeError
from engine.model import Difference, Form
from engine.store import PushedFile, git_listing, rules
from engine.store.git_history import Words, changed, expect
from engine.store.git_listing import ABSENT, form_of, spell, tokens
from engine.store.git_objects import Objects
from engine.store.git_process import GitProcess, is_object_id
from engine.store.git_trees import NewObjects, Trees, entries

COMMITS = 500_000  # of one push
PATHS = 300_000  # that differ between what is served and what is to be
"""A tree may have very many files, and take no place: it can name one folder again and again."""

_QUARANTINES = ("tmp_objdir-incoming-", "incoming-")
_RAW = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames")
_EACH = (*_RAW, "--stdin", "--root", "--always")
_FOLDER = "040000"  # the mode of a folder, as it is listed


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
            self._tree(commit)
        return self._is_behind(old, new)

    def commits(self, old: str | None, new: str) -> Sequence[str]:
        """Return the commits that *new* has and *old* has not, parents first."""
        for commit in filter(None, (old, new)):
            self._tree(commit)
        without = [f"^{old}"] if old is not None else []
        options = ("--topo-order", "--reverse", f"--max-count={COMMITS + 1}")
        found = self._process.run("rev-list", *options, new, *without, "--").decode("ascii").split()
        if len(found) > COMMITS:
            raise TooLargeError(f"the push has more than {COMMITS:,} commits; push some of them first")
        return found

    def files(self, ids: Sequence[str]) -> Iterator[PushedFile]:
        """Yield what each of these commits changes; of a merge, what differs from all its parents."""
        with self._process.stream(*_EACH, "-t", "-c", "--format=tformat:%H", lines=ids) as stream:
            words = Words(tokens(stream))
            for name in ids:
                expect(words, name)
                yield from _changed(words, name)

    def taken_back(self, ids: Sequence[str], old: str) -> Iterator[PushedFile]:
        """Yield where a merge among these commits takes an older file than one of its parents has."""
        new = set(ids)
        for merge, *parents in self._merges(ids):
            others = [(parent, [each for each in parents if each != parent]) for parent in parents]
            known = [old] + [
                parent
                for parent, rest in others
                if parent not in new and not any(self._is_behind(parent, each) for each in rest)
            ]
            for parent in parents:
                raw = self._process.run(*_RAW, self._tree(parent), self._tree(merge))
                changed = {each.path: each.new for each in git_listing.differences(raw)}
                for commit in known:
                    there = entries(self._objects, self._tree(commit), changed)
                    changed = {path: entry for path, entry in changed.items() if there.get(path) != entry}
                for path, entry in changed.items():
                    yield PushedFile(merge, path, entry.form if entry else None, entry.blob if entry else "")

    def _merges(self, ids: Sequence[str]) -> Iterator[list[str]]:
        """Yield the merges among some commits, each with its parents."""
        with self._process.stream(
            *("rev-list", "--no-walk=unsorted", "--merges", "--parents", "--stdin"), lines=ids
        ) as stream:
            for line in stream:
                yield line.decode("ascii").split()

    def difference(self, old: str | None, new: str) -> Sequence[Difference]:
        """List the paths that differ between two commits, ordered by path."""
        nothing = NewObjects(self._process.algorithm).name("tree", b"")
        before, after = self._tree(old) if old is not None else nothing, self._tree(new)
        with self._process.stream(*_RAW, before, after) as stream:
            raw = git_listing.bounded(stream, PATHS)
        if raw is None:
            raise TooLargeError(
                f"the push changes more than {PATHS:,} files at once; push some of them first"
            )
        return git_listing.differences(raw)

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

    def _tree(self, commit: str) -> str:
        """Return the id of a commit's tree, without reading the commit."""
        if not is_object_id(commit) or self._objects.look_up(commit)[1] != "commit":
            raise RevisionNotFoundError(f"{commit!r} is no commit")
        return self._objects.look_up(f"{commit}^{{tree}}")[0]

    def _is_behind(self, old: str, new: str) -> bool:
        return self._process.attempt("merge-base", "--is-ancestor", old, new).returncode == 0


def _changed(words: Words, commit: str) -> Iterator[PushedFile]:
    """Read what one commit changes."""
    for old_modes, mode, blob, raw in changed(words):
        path = spell(raw)
        new = all(each == ABSENT for each in old_modes)
        if mode == _FOLDER:
            yield PushedFile(commit, path, Form.FOLDER, new=new)
        elif mode == ABSENT:
            if _FOLDER not in old_modes:
                yield PushedFile(commit, path, None)
        else:
            yield PushedFile(commit, path, form_of(mode, path), blob, new)


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
