"""Two histories that went apart: what each did since, and the commit that joins them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from engine.errors import RevisionNotFoundError, TooLargeError
from engine.model import Author
from engine.store import Side, Sides
from engine.store.git_disk import Disk
from engine.store.git_listing import ABSENT, FILE, FOLDER, sides, spell, tokens, unspell
from engine.store.git_objects import Objects
from engine.store.git_process import GitProcess, is_object_id
from engine.store.git_trees import Child, NewObjects, Trees, entries
from engine.store.git_write import commit_data
from engine.store.signature import Signature, person

PATHS = 300_000  # that may differ between two commits

_RAW = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev")


class Joining:
    """Reads and joins two commits of one repository; see `engine.store.Joining`.

    Args:
        process: Runs git on it.
        committer: Whom the commit names besides its author; by default the author.
    """

    def __init__(self, process: GitProcess, committer: Author | None) -> None:
        self._process = process
        self._committer = person(committer) if committer is not None else None
        self._objects = Objects(process)
        self._trees = Trees(self._objects)

    def extends(self, old: str, new: str) -> bool:
        """Say whether *new* has *old* among its ancestors."""
        for commit in (old, new):
            self._top(commit)
        return self._process.attempt("merge-base", "--is-ancestor", old, new).returncode == 0

    def bases(self, ours: str, theirs: str) -> Sequence[str]:
        """Return the newest commits that both have among their ancestors."""
        for commit in (ours, theirs):
            self._top(commit)
        return self._process.attempt("merge-base", "--all", ours, theirs).stdout.decode("ascii").split()

    def changed(self, old: str, new: str) -> Sides:
        """Return the files that differ between two commits."""
        with self._process.stream(*_RAW, "--no-renames", self._top(old), self._top(new)) as stream:
            parts = list(islice(tokens(stream), 2 * PATHS + 2))
        if len(parts) > 2 * PATHS:
            raise TooLargeError(f"more than {PATHS:,} files differ; merge the two histories with git")
        raw = b"".join(part + b"\0" for part in parts)
        return {
            spell(path): (_side(old_mode, old_blob), _side(new_mode, new_blob))
            for path, old_mode, old_blob, new_mode, new_blob in sides(raw)
        }

    def renamed(self, old: str, new: str) -> Mapping[str, str]:
        """Return the files that were renamed between two commits."""
        raw = self._process.run(
            *("diff-tree", "-r", "-z", "--name-status", "-M", "--diff-filter=R"),
            *(self._top(old), self._top(new)),
        )
        words = raw.split(b"\0")
        return {
            spell(before): spell(after) for before, after in zip(words[1:-1:3], words[2:-1:3], strict=True)
        }

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob."""
        return self._objects.get(blob, "blob")

    def size(self, blob: str) -> int:
        """Return the length in bytes of a blob."""
        return self._objects.look_up(blob)[2]

    def in_the_way(self, commit: str, files: Mapping[str, Side | bytes | None]) -> Iterator[tuple[str, str]]:
        """Yield each new file that a file or folder leaves no place, with that."""
        top = self._top(commit)
        gone = {unspell(path) for path, file in files.items() if file is None}
        for path, file in files.items():
            if file is None:
                continue
            raw = unspell(path)
            parts = raw.split(b"/")
            for depth, part in enumerate(parts):
                here = b"/".join(parts[: depth + 1])
                child = self._trees.at(top, b"/".join(parts[:depth])).children.get(part)
                if child is None:
                    break
                if here == raw:
                    if child.mode == FOLDER and (left := self._left(top, raw, gone)) is not None:
                        yield path, spell(left)
                elif child.mode != FOLDER:
                    if here not in gone:
                        yield path, spell(here)
                    break

    def _left(self, top: str, folder: bytes, gone: set[bytes]) -> bytes | None:
        """Return a file in *folder* that is not among *gone*."""
        for name, child in self._trees.at(top, folder).children.items():
            path = folder + b"/" + name
            if child.mode == FOLDER:
                if (found := self._left(top, path, gone)) is not None:
                    return found
            elif path not in gone:
                return path
        return None

    def join(
        self,
        ours: str,
        theirs: str,
        files: Mapping[str, Side | bytes | None],
        *,
        author: Author,
        message: str,
    ) -> str:
        """Make the commit with both as its parents, and return it."""
        top, objects = self._top(ours), NewObjects(self._process.algorithm)
        there = entries(self._objects, top, files)
        edits = {
            unspell(path): self._child(file, objects, top, path)
            for path, file in files.items()
            if file is not None or path in there
        }
        tree = self._trees.splice(top, edits, objects) or objects.add("tree", b"")
        signature = Signature.make(author, message, datetime.now(UTC))
        data = commit_data(tree, (ours, theirs), signature, self._committer or signature.author)
        commit = objects.add("commit", data)
        Disk(self._process).store(objects)
        return commit

    def _child(self, file: Side | bytes | None, objects: NewObjects, top: str, path: str) -> Child | None:
        if file is None:
            return None
        if isinstance(file, Side):
            return Child(file.mode, file.blob)
        folder, _, name = unspell(path).rpartition(b"/")
        before = self._trees.at(top, folder).children.get(name)
        is_file = before is not None and before.mode.startswith("100")
        return Child(before.mode if before is not None and is_file else FILE, objects.add("blob", file))

    def close(self) -> None:
        """End the child processes."""
        self._objects.close()

    def _top(self, commit: str) -> str:
        """Return the id of a commit's tree."""
        if not is_object_id(commit):
            raise RevisionNotFoundError(f"{commit!r} is no revision")
        return self._objects.get(commit, "commit")[5 : 5 + len(commit)].decode("ascii")


def _side(mode: str, blob: str) -> Side | None:
    return None if mode == ABSENT else Side(blob, mode)
