"""The store in a git repository: bare or not, the whole of it or one folder, any branch."""

import os
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Self

from engine.diagnosis import Diagnosis
from engine.errors import PageIdError, RevisionNotFoundError, StoreError
from engine.ids import parse_path
from engine.model import Author
from engine.remote_address import RemoteAddress
from engine.store import (
    Change,
    Commit,
    CommitText,
    Difference,
    Entry,
    Origin,
    commit_object,
    git_history,
    git_listing,
)
from engine.store.git_blame import Blamer
from engine.store.git_head import Head
from engine.store.git_health import Examination
from engine.store.git_incoming import Incoming
from engine.store.git_joining import Joining
from engine.store.git_objects import Objects
from engine.store.git_process import OLDEST, GitError, GitProcess, clean_environment, is_object_id, no_git
from engine.store.git_remote import GitRemote
from engine.store.git_trees import NewObjects, entries, find
from engine.store.git_write import Writer
from engine.store.git_written import Written
from engine.store.origins import check_blamed

FEW = 8
"""Files that are looked up one by one: it takes longer to read a large folder whole."""

_QUESTIONS = (
    "--is-bare-repository",
    "--is-inside-work-tree",
    "--absolute-git-dir",
    "--git-common-dir",
    "--show-object-format",
)


class GitStore:
    """Keeps every version of every file in one branch of a git repository.

    Make one with `GitStore.open`. Safe to share between threads, and across a fork.
    """

    def __init__(
        self,
        process: GitProcess,
        *,
        root: str,
        reference: str,
        committer: Author | None = None,
        read_only: bool = False,
    ) -> None:
        self.root = root
        """The folder of the repository that holds the pages; empty for all of it."""
        self.branch = reference.removeprefix("refs/heads/") if reference != "HEAD" else None
        """The branch's name; ``None`` when a commit is checked out and no branch: then there is no writing."""
        self._process = process
        self._committer = committer
        self._head = Head(process, reference)
        self._objects = Objects(process)
        self._blamer = Blamer(process, root)
        # No bound method: a cycle would leave it to the garbage collector to end the children.
        self._content = lru_cache(maxsize=256)(partial(_content, self._objects, root))
        self._writer = (
            Writer(process, self._objects, self._head, root=root, committer=committer)
            if self.branch and not read_only
            else None
        )

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        root: str | None = None,
        branch: str | None = None,
        committer: Author | None = None,
        read_only: bool = False,
    ) -> Self:
        """Open the repository in, or around, the folder *path*.

        Args:
            path: A repository, bare or not, or a folder inside a work tree: then that folder holds the pages.
            root: The folder below *path* that holds the pages; it need not exist yet.
            branch: The branch to serve; by default the one that is checked out.
            committer: Whom commits name besides their author; by default the author.
            read_only: Change nothing, not even to finish what a crash left half done.

        Raises:
            StoreError: There is no repository, no such branch, or git refuses; the message says what to do.
            PageIdError: *root* is no safe path.
        """
        process, prefix = _find(Path(path))
        whole = "/".join(part for part in (prefix, (root or "").strip("/")) if part not in {"", "."})
        if whole:
            _check_root(whole, prefix)
        reference = _reference(process, branch)
        return cls(process, root=whole, reference=reference, committer=committer, read_only=read_only)

    @property
    def git_dir(self) -> Path:
        """Git's folder of the work tree that was opened."""
        return self._process.git_dir

    @property
    def common_folder(self) -> Path:
        """Git's folder of the repository, which all its work trees share."""
        return self._process.common_dir

    def identity(self) -> Author | None:
        """Return whom a commit would name that is made here by hand; ``None`` where nobody told git."""
        found = self._process.attempt("config", "-z", "--get-regexp", r"^user\.(name|email)$").stdout
        pairs = (entry.partition("\n")[::2] for entry in found.decode(errors="replace").split("\0"))
        told = {key: value.strip() for key, value in pairs if value.strip()}
        if not told:
            return None
        return Author(told.get("user.name", "Local"), told.get("user.email", "local@localhost"))

    @property
    def cache_folder(self) -> Path:
        """Where data derived from this branch and root may live, for all work trees of the repository."""
        which = sha256(f"{self.branch}\0{self.root}".encode()).hexdigest()[:8]
        return self._process.common_dir / "quire" / which

    def head(self) -> str | None:
        """Return the branch's commit, ``None`` while there is none."""
        return self._head.read()

    def tree(self, commit: str) -> Iterator[Entry]:
        """List all files of *commit* under the content root, ordered by path."""
        tree = self._content(commit)
        return iter(()) if tree is None else git_listing.entries(self._run("ls-tree", "-r", "-z", tree))

    def entry(self, commit: str, path: str) -> Entry | None:
        """Return the file at *path* in *commit*, ``None`` where there is none."""
        top = self._content(commit)
        child = find(self._objects, top, git_listing.unspell(path)) if top is not None else None
        if child is None or child.mode == git_listing.FOLDER:
            return None
        return Entry(path, child.id, git_listing.form_of(child.mode, path))

    def entries(self, commit: str, paths: Collection[str]) -> Mapping[str, Entry]:
        """Return the files at *paths* in *commit*, by path; reads each folder on the way once."""
        if len(paths) <= FEW:
            found = ((path, self.entry(commit, path)) for path in paths)
            return {path: entry for path, entry in found if entry is not None}
        return entries(self._objects, self._content(commit), paths)

    def difference(self, old: str | None, new: str) -> list[Difference]:
        """List the paths that differ between two commits, ordered by path; ``old=None`` is the empty tree."""
        written = self._written(new)
        if written is not None and written.old == old:
            return list(written.differences)
        before = self._content(old) if old is not None else None
        after = self._content(new)
        if before == after:
            return []
        if before is None:
            return [Difference(entry.path, None, entry) for entry in self.tree(new)]
        if after is None:
            return [Difference(entry.path, entry, None) for entry in self.tree(old or "")]
        raw = self._run("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after)
        return git_listing.differences(raw)

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob."""
        return self._objects.get(_checked(blob), "blob")

    def read_many(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each blob with its bytes, in the order asked for; blobs that are not there are left out."""
        return self._objects.many(blobs)

    def size(self, blob: str) -> int:
        """Return a blob's length in bytes without reading it."""
        _, kind, size = self._objects.look_up(_checked(blob))
        if kind != "blob":
            raise RevisionNotFoundError(f"{blob} is a {kind}, not a file")
        return size

    def blob_id(self, content: bytes) -> str:
        """Return the id that a blob of this content has, whether or not it is there."""
        return NewObjects(self._process.algorithm).blob_id(content)

    def chain(
        self, head: str, since: str | None = None, *, most: int | None = None
    ) -> list[tuple[str, tuple[str, ...]]]:
        """Return every commit reachable from *head*, and not from *since*, with its parents; children come first."""
        self._objects.get(_checked(head), "commit")
        without = []
        if since is not None:
            self._objects.get(_checked(since), "commit")
            without = [f"^{since}"]
        some = [f"--max-count={most}"] if most is not None else []
        lines = (
            self._run("rev-list", "--topo-order", "--parents", *some, head, *without, "--")
            .decode("ascii")
            .splitlines()
        )
        return [(line[: len(head)], tuple(line.split(" ")[1:])) for line in lines]

    def line(self, head: str, most: int) -> list[str]:
        """Return commits of the first-parent line of *head*, newest first: so many at most."""
        self._objects.get(_checked(head), "commit")
        return (
            self._run("rev-list", "--first-parent", f"--max-count={most}", head, "--").decode("ascii").split()
        )

    def edges(self) -> frozenset[str]:
        """Return the commits whose parents were left out when the repository was cloned."""
        try:
            text = (self._process.common_dir / "shallow").read_text(encoding="ascii", errors="replace")
        except FileNotFoundError:
            return frozenset()
        except OSError as error:
            raise StoreError(f"cannot read {error.filename}: {error.strerror}") from error
        return frozenset(filter(is_object_id, text.split()))

    def commits(self, ids: Sequence[str]) -> Iterator[Commit]:
        """Yield these commits with their touches, in the order asked for."""
        written = self._written(*ids) if len(ids) == 1 else None
        if written is not None and written.commit is not None:
            return iter([written.commit])
        return git_history.commits(self._process, self.root, ids)

    def commit_text(self, commit: str) -> CommitText:
        """Return who made a commit, who committed it, when, and its whole message."""
        return commit_object.parse(self._objects.get(_checked(commit), "commit"))

    def blame(self, commit: str, path: str) -> list[Origin]:
        """Say which commit brought each line of a file."""
        check_blamed(self, commit, path)
        return self._blamer.blame(commit, path)

    def write(
        self,
        changes: Collection[Change],
        *,
        author: Author,
        summary: str,
        time: datetime | None = None,
        onto: str | None = None,
    ) -> str:
        """Make one commit of all *changes* on top of the head; see `engine.store.Store.write`.

        Raises:
            ConflictError: Where the branch is checked out, one of the files has local changes.
        """
        return self._writes().write(changes, author, summary, time, onto)

    def incoming(self, quarantine: Path | None) -> Incoming:
        """Look into what a push brings; see `engine.store.Pushable.incoming`."""
        return Incoming(self._process, self.root, quarantine)

    def advance(self, old: str | None, new: str, *, by: Author) -> None:
        """Move the branch to a commit that is in the repository; see `engine.store.Pushable.advance`."""
        self._writes().advance(old, _checked(new), by)

    def joining(self) -> Joining:
        """Look into two histories that went apart; see `engine.store.Joining`."""
        return Joining(self._process, self.root, self._committer)

    def remote(self, place: RemoteAddress, branch: str = "", token_file: Path | None = None) -> GitRemote:
        """Return the branch of another repository that is kept the same as ours.

        Args:
            place: Where that is.
            branch: The name of its branch; by default ours.
            token_file: See `GitRemote`.

        Raises:
            StoreError: No branch is served, or git knows no branch of such a name.
        """
        name = branch or self._served
        if name.startswith("-") or self._process.attempt("check-ref-format", f"refs/heads/{name}").returncode:
            raise StoreError(f"{name!r} cannot be the name of a branch")
        return GitRemote(self._process, place, name, self.root, token_file)

    @property
    def _served(self) -> str:
        if self.branch is None:
            raise StoreError("no branch is checked out; name one to serve")
        return self.branch

    def _writes(self) -> Writer:
        if self._writer is None:
            why = (
                "it was opened to be read"
                if self.branch
                else "no branch is checked out; name one to write to"
            )
            raise StoreError(f"{self.git_dir} cannot be written to: {why}")
        return self._writer

    def _written(self, commit: str) -> Written | None:
        """Return what is known of a commit if this store has just made it."""
        last = self._writer.last if self._writer is not None else None
        return last if last is not None and last.new == commit else None

    def health(self, *, full: bool) -> Iterator[Diagnosis]:
        """Say whether the repository is sound, quick and safe; see `engine.store.git_health`."""
        return Examination(self._process, self._head, self.branch).run(full=full)

    def close(self) -> None:
        """End the child processes; the store cannot be used any more."""
        self._objects.close()

    def _run(self, *arguments: str) -> bytes:
        try:
            return self._process.run(*arguments)
        except GitError as error:
            for name in filter(is_object_id, arguments):  # gone since it was looked up, after a gc?
                self._objects.look_up(name)
            raise StoreError(f"{error}; run git fsck in {self.git_dir}") from error


def _content(objects: Objects, root: str, commit: str) -> str | None:
    """Return the id of the tree of the content root, ``None`` where the commit has no such folder."""
    tree = objects.get(_checked(commit), "commit")[5 : 5 + len(commit)].decode("ascii")
    if not root:
        return tree
    try:
        found, kind, _ = objects.look_up(f"{tree}:{root}")
    except RevisionNotFoundError:
        objects.look_up(tree)  # a missing folder is one thing, a missing object another
        return None
    return found if kind == "tree" else None


def _checked(name: str) -> str:
    if not is_object_id(name):
        raise RevisionNotFoundError(f"{name!r} is no revision")
    return name


def _find(path: Path) -> tuple[GitProcess, str]:
    """Return a runner for the repository around *path*, and the folder of its work tree that *path* is."""
    if not path.is_dir():
        what = "is a file, not a folder" if path.exists() else "does not exist"
        raise StoreError(f"{path} {what}; name a git repository, or make one with quire init")
    _check_version(path)
    found = _ask(path, "rev-parse", *_QUESTIONS, "--show-prefix")
    if found.returncode:
        raise _refusal(path, found.stderr.decode(errors="replace"))
    bare, inside, git_dir, common, algorithm, *prefix = os.fsdecode(found.stdout).split("\n")
    process = GitProcess.at(Path(git_dir), Path(os.path.realpath(path / common)), algorithm)
    # In a path that holds a line end, what follows belongs to the answer before it: such a folder is not served.
    if bare == "false" and inside == "true" and len(prefix) != 2:
        raise StoreError(f"{path} has a line end in its name; rename it")
    return process, prefix[0].rstrip("/") if inside == "true" else ""


def _check_version(path: Path) -> None:
    said = _ask(path, "version").stdout.decode(errors="replace")
    version = tuple(int(number) for number in re.findall(r"[0-9]+", said)[:2])
    if version < OLDEST:
        raise StoreError(f"{said.strip()} is too old; install git {OLDEST[0]}.{OLDEST[1]} or newer")


def _ask(path: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *arguments], capture_output=True, cwd=path, env=clean_environment(), check=False
        )
    except PermissionError as error:
        raise StoreError(f"cannot enter {path}: {error.strerror}") from error
    except FileNotFoundError as error:
        raise no_git() from error


def _refusal(path: Path, said: str) -> StoreError:
    if "dubious ownership" in said:
        trusted = re.search(r"in repository at '(.*)'", said)
        place = trusted[1] if trusted else path
        return StoreError(
            f"{place} belongs to another user; if you trust it: git config --global --add safe.directory {place}"
        )
    if "not a git repository" in said:
        return StoreError(f"{path} is not in a git repository; make one with quire init, or git init")
    reason = said.strip().splitlines()[-1].removeprefix("fatal: ") if said.strip() else "it gave no reason"
    return StoreError(f"git cannot open {path}: {reason}")


def _check_root(whole: str, prefix: str) -> None:
    try:
        parse_path(whole)
    except PageIdError as error:
        if whole != prefix:
            raise
        raise StoreError(f"{error}; serve a folder above it") from error


def _reference(process: GitProcess, branch: str | None) -> str:
    """Return the full name of the reference to serve."""
    if branch is None:
        found = process.attempt("symbolic-ref", "--quiet", "HEAD")
        return found.stdout.decode(errors="replace").strip() if found.returncode == 0 else "HEAD"
    reference = f"refs/heads/{branch}"
    if branch.startswith("-") or process.attempt("check-ref-format", reference).returncode:
        raise StoreError(f"{branch!r} cannot be the name of a branch")
    if Head(process, reference).read() is None:
        names = process.run("for-each-ref", "--format=%(refname:short)", "--count=10", "refs/heads/").decode()
        if names:
            raise StoreError(f"there is no branch {branch}; there is {', '.join(names.split())}")
    return reference
