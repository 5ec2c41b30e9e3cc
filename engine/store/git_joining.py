"""Two histories that went apart: what each did since, and the commit that joins them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from engine.errors import RevisionNotFoundError, StoreError, TooLargeError
from engine.model import Author
from engine.store import File, Made, Side, Sides, git_history, rules
from engine.store.git_disk import Disk
from engine.store.git_listing import ABSENT, FOLDER, bounded, sides, spell, unspell
from engine.store.git_objects import Objects
from engine.store.git_process import GitProcess, is_object_id
from engine.store.git_trees import Child, NewObjects, Trees, entries
from engine.store.git_write import commit_data
from engine.store.signature import Signature, person

PATHS = 300_000  # that may differ between two commits
COMMITS = 20_000  # that are looked through for renames

_RAW = ("diff-tree", "-r", "-z", "--raw", "--no-abbrev")


class Joining:
    """Reads and joins two commits of one repository; see `engine.store.Joining`.

    Args:
        process: Runs git on it.
        root: The folder that holds the pages.
        committer: Whom the commit names besides its author; by default the author.
    """

    def __init__(self, process: GitProcess, root: str, committer: Author | None) -> None:
        self._process = process
        self._root = root
        self._committer = person(committer) if committer is not None else None
        self._objects = Objects(process)
        self._trees = Trees(self._objects)

    def extends(self, old: str, new: str) -> bool:
        """Say whether *new* has *old* among its ancestors."""
        return self._ask("merge-base", "--is-ancestor", old, new) is not None

    def bases(self, ours: str, theirs: str) -> Sequence[str]:
        """Return the newest commits that both have among their ancestors."""
        return (self._ask("merge-base", "--all", ours, theirs) or "").split()

    def _ask(self, command: str, option: str, *commits: str) -> str | None:
        """Return what git says of some commits, ``None`` where it says no."""
        for commit in commits:
            self._top(commit)
        done = self._process.attempt(command, option, *commits)
        if done.returncode not in {0, 1}:
            raise StoreError(f"git {command} failed; run git fsck in {self._process.common_dir}")
        return done.stdout.decode("ascii") if done.returncode == 0 else None

    def changed(self, old: str, new: str) -> Sides:
        """Return the files that differ between two commits."""
        with self._process.stream(*_RAW, "--no-renames", self._top(old), self._top(new)) as stream:
            raw = bounded(stream, PATHS)
        if raw is None:
            raise TooLargeError(f"more than {PATHS:,} files differ; merge the two histories with git")
        return {
            spell(path): (_side(old_mode, old_blob), _side(new_mode, new_blob))
            for path, old_mode, old_blob, new_mode, new_blob in sides(raw)
        }

    def renamed(self, old: str, new: str) -> Mapping[str, str]:
        """Return the files that commits after *old* renamed, up to *new*."""
        options = ("--topo-order", "--reverse", f"--max-count={COMMITS + 1}")
        ids = self._process.run("rev-list", *options, new, f"^{old}", "--").decode("ascii").split()
        if len(ids) > COMMITS:
            return {}
        began: dict[str, str] = {}  # by where they are now
        for commit in git_history.commits(self._process, "", ids):
            moves = {touch.old_path: touch.path for touch in commit.touches if touch.old_path is not None}
            came = {to: began.get(path, path) for path, to in moves.items()}
            began = {path: first for path, first in began.items() if path not in moves} | came
        return {first: path for path, first in began.items() if first != path}

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob."""
        return self._objects.get(blob, "blob")

    def size(self, blob: str) -> int:
        """Return the length in bytes of a blob."""
        return self._objects.look_up(blob)[2]

    def in_the_way(self, commit: str, files: Mapping[str, File]) -> Iterator[tuple[str, str]]:
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

    def clashes(self, commit: str, files: Mapping[str, File]) -> Iterator[tuple[str, str]]:
        """Yield each new file under the content root whose address another file has, with that."""
        prefix = f"{self._root}/" if self._root else ""
        top = self._top(commit)
        there = entries(self._objects, top, files)
        inside = {path[len(prefix) :]: file for path, file in files.items() if path.startswith(prefix)}
        new = [path for path, file in inside.items() if file is not None and prefix + path not in there]
        gone = {path for path, file in inside.items() if file is None}
        for path, other in rules.clashes(new, gone, self._trees.folders(top, self._root)):
            yield prefix + path, prefix + other

    def join(
        self,
        ours: str,
        theirs: str,
        files: Mapping[str, File],
        *,
        author: Author,
        message: str,
    ) -> str:
        """Make the commit with both as its parents, and return it."""
        top, objects = self._top(ours), NewObjects(self._process.algorithm)
        there = entries(self._objects, top, files)
        edits = {
            unspell(path): self._child(file, objects)
            for path, file in files.items()
            if file is not None or path in there
        }
        tree = self._trees.splice(top, edits, objects) or objects.add("tree", b"")
        signature = Signature.make(author, message, datetime.now(UTC))
        data = commit_data(tree, (ours, theirs), signature, self._committer or signature.author)
        commit = objects.add("commit", data)
        Disk(self._process).store(objects)
        return commit

    def _child(self, file: File, objects: NewObjects) -> Child | None:
        match file:
            case Side():
                return Child(file.mode, file.blob)
            case Made():
                return Child(file.mode, objects.add("blob", file.content))
            case None:
                return None

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
