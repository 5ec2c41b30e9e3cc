r"""Where pages live: immutable blobs, commits that name them, one branch.

::

    Store            the promise: head, tree, difference, read, chain, commits, blame, write
    ├── git_store    keeps it with git; with its siblings the only modules that say tree, ref, pack
    │   ├── git_process   runs git: clean environment, no user text as an option
    │   ├── git_head      what the branch points at, without a child process
    │   ├── git_objects   reads objects, by a few pairs of children
    │   ├── git_listing   paths, modes, trees and differences as entries
    │   ├── git_history   commits and what they touched
    │   ├── git_blame     which commit brought each line
    │   ├── git_write     objects, then one compare-and-swap        git_trees  folders, changed and made again
    │   ├── git_disk      objects as files, sure to stay            git_written  what was made last, told at once
    │   ├── git_incoming  what a push brings, while its objects are in quarantine
    │   ├── git_joining   two histories that went apart, and the commit that joins them
    │   ├── git_remote    another repository with the same branch: fetch from it, push to it
    │   ├── git_health    is the repository sound, quick and safe?
    │   └── git_checkout  work trees that show the branch follow it git_files  what is in them, and stays
    ├── memory_store keeps it in a dict, for tests and previews, with memory_blame
    └── rules  signature  trailers  origins   what both refuse, how both clean names and messages, and put lines in order
        commit_object                         the bytes of a commit, read

Commits and blobs are named by full hex ids; whatever else is given as one is not found. Paths are relative to the
content root. A path whose bytes are not UTF-8 is spelled with ``\xNN`` for each odd byte (and a backslash that stands
before ``xNN`` in a true name with ``\x5c``, so that no two files share a spelling): it can be shown and compared, and
is read by its blob.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from engine.diagnosis import Diagnosis
from engine.model import Author, Commit, CommitText, Difference, Entry, Form, Origin, Touch

__all__ = [
    "BLAMED_BYTES",
    "Change",
    "Commit",
    "CommitText",
    "Difference",
    "Entry",
    "File",
    "Incoming",
    "Joining",
    "Made",
    "Origin",
    "Pushable",
    "PushedFile",
    "Remote",
    "Side",
    "Store",
    "Touch",
]

BLAMED_BYTES = 2_000_000
"""Nobody is told who wrote each line of a larger file."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file to write or delete.

    ``base`` is the blob that the change began from, ``None`` when the file must not exist yet. A rename is a deletion
    and an addition in one commit.
    """

    path: str
    content: bytes | None  # None deletes, unless there is a blob
    base: str | None
    blob: str | None = None  # what the store has already, in place of content

    @property
    def deletes(self) -> bool:
        """Whether there is no file afterwards."""
        return self.content is None and self.blob is None


class Store(Protocol):
    """Keeps every version of every file. Safe to share between threads."""

    root: str
    """The folder of the repository that holds the pages; empty for all of it."""

    def head(self) -> str | None:
        """Return the branch's commit, ``None`` while there is none; cheap enough for every request."""
        ...

    def tree(self, commit: str) -> Iterator[Entry]:
        """List all files of *commit* under the content root, ordered by path.

        Raises:
            RevisionNotFoundError: No such commit (never there, or gone after a force-push and gc).
        """
        ...

    def entry(self, commit: str, path: str) -> Entry | None:
        """Return the file at *path* in *commit*, ``None`` where there is none; reads only the folders on the way.

        Raises:
            RevisionNotFoundError: No such commit.
        """
        ...

    def entries(self, commit: str, paths: Collection[str]) -> Mapping[str, Entry]:
        """Return the files at *paths* in *commit*, by path; reads each folder on the way once.

        Raises:
            RevisionNotFoundError: No such commit.
        """
        ...

    def difference(self, old: str | None, new: str) -> list[Difference]:
        """List the paths that differ between two commits, ordered by path; ``old=None`` is the empty tree.

        Raises:
            RevisionNotFoundError: One of the commits is not there.
        """
        ...

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob.

        Raises:
            RevisionNotFoundError: No such blob.
        """
        ...

    def read_many(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each blob with its bytes, in the order asked for; blobs that are not there are left out."""
        ...

    def size(self, blob: str) -> int:
        """Return a blob's length in bytes without reading it; RevisionNotFoundError as `read`."""
        ...

    def blob_id(self, content: bytes) -> str:
        """Return the id that a blob of this content has, whether or not it is there."""
        ...

    def chain(
        self, head: str, since: str | None = None, *, most: int | None = None
    ) -> list[tuple[str, tuple[str, ...]]]:
        """Return every commit reachable from *head*, and not from *since*, with its parents; children come first.

        With *most*, only so many of the first ones.

        A shallow clone ends where its history was cut. This is the whole shape of the history, without contents.
        """
        ...

    def line(self, head: str, most: int) -> list[str]:
        """Return commits of the first-parent line of *head*, newest first: so many at most.

        Raises:
            RevisionNotFoundError: No such commit.
        """
        ...

    def edges(self) -> frozenset[str]:
        """Return the commits whose parents were left out when the repository was cloned; none in a whole one.

        They change when such a clone is deepened, with the head where it was. Cheap: it reads one small file.
        """
        ...

    def commits(self, ids: Sequence[str]) -> Iterator[Commit]:
        """Yield these commits with their touches, in the order asked for.

        Renames are found within one commit (git's default similarity, 50 %), never for merges. A file that moved into
        the content root is an addition, one that moved out of it a deletion.

        Raises:
            RevisionNotFoundError: One of the commits is not there; those before it have been yielded.
        """
        ...

    def commit_text(self, commit: str) -> CommitText:
        """Return who made a commit, who committed it, when, and its whole message.

        Raises:
            RevisionNotFoundError: No such commit.
        """
        ...

    def blame(self, commit: str, path: str) -> list[Origin]:
        r"""Say which commit brought each line of the file at *path* in *commit*, in order, without gaps.

        Lines are followed through renames of the whole file, and a merge is named only for what it changed itself. A
        line ends in ``\n``; what follows the last one is a line, too. Settings of the repository change nothing.

        Raises:
            RevisionNotFoundError: No such commit, or no such file in it (a submodule is none).
            TooLargeError: The file has more than `BLAMED_BYTES`, or its history takes too long to read.
            StoreError: Too many ask at the same time.
        """
        ...

    def write(
        self,
        changes: Collection[Change],
        *,
        author: Author,
        summary: str,
        time: datetime | None = None,
        onto: str | None = None,
    ) -> str:
        """Make one commit of all *changes* on top of the head, and move the branch to it by compare-and-swap.

        When another process moves the branch meanwhile, the changes are checked against the new head and made again.
        Everything is on disk (fsync) before the branch moves. Returns the new commit's id; without any effective
        change, the head itself.

        Args:
            changes: The files.
            author: Whose commit it is.
            summary: Its message.
            time: When it was made; now, if nothing is said.
            onto: The commit that must be the head still, for changes that depend on more than the files they touch.

        Raises:
            PageIdError: A path is unsafe.
            RevisionNotFoundError: A change names a blob that is not there.
            InvalidChangeError: No changes, one path twice, a path below a file or in place of a folder, a symlink or
                submodule in the way, a new path whose key another file has.
            PageExistsError: ``base`` is ``None`` and the path exists.
            EditConflictError: A path's blob is not the change's ``base``.
            ConflictError: The branch is checked out in a folder where one of the files has local changes.
            HeadMovedError: The branch kept moving, or is not at *onto* any more; nothing was written.
            StoreError: git failed, or no branch is served; nothing was written.
            ValueError: *time* says no time zone.
        """
        ...

    def health(self, *, full: bool) -> Iterator[Diagnosis]:
        """Say whether what the store keeps is sound, quick and safe; changes nothing.

        Args:
            full: Read all there is, which may take minutes.
        """
        ...

    def close(self) -> None:
        """Release what the store holds (child processes, files)."""
        ...


@dataclass(frozen=True, slots=True)
class PushedFile:
    """One file, or folder, that a commit of a push changes; where there is no form, it deletes it."""

    commit: str
    path: str  # from the top of the repository
    form: Form | None
    blob: str = ""  # empty for a folder
    new: bool = False  # no parent of the commit has it


class Incoming(Protocol):
    """What a push brings, while nobody else can see it. Paths are from the top of the repository."""

    def extends(self, old: str, new: str) -> bool:
        """Say whether *new* has *old* among its ancestors.

        Raises:
            RevisionNotFoundError: One of them is no commit that is there.
        """
        ...

    def commits(self, old: str | None, new: str) -> Sequence[str]:
        """Return the commits that *new* has and *old* has not, parents first.

        Raises:
            RevisionNotFoundError: One of them is no commit that is there.
            TooLargeError: They are more than anybody may push.
        """
        ...

    def files(self, ids: Sequence[str]) -> Iterator[PushedFile]:
        """Yield what each of these commits changes; of a merge, what differs from all its parents."""
        ...

    def taken_back(self, ids: Sequence[str], old: str) -> Iterator[PushedFile]:
        """Yield where a merge among these commits takes an older file than one of its parents has.

        That is what `files` does not tell: the file is as another parent has it. It is none where it is as *old* has it,
        or as a published parent has it that the other parents do not have behind them.
        """
        ...

    def difference(self, old: str | None, new: str) -> Sequence[Difference]:
        """List the paths that differ between two commits, ordered by path; ``old=None`` is the empty tree.

        Raises:
            TooLargeError: They are more than anybody may push.
        """
        ...

    def clashes(self, old: str | None, differences: Sequence[Difference]) -> Iterator[tuple[str, str]]:
        """Yield each new path under the content root whose address another file has, with that file's path."""
        ...

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob; RevisionNotFoundError where there is none."""
        ...

    def size(self, name: str) -> int:
        """Return the length in bytes of a blob or a commit; RevisionNotFoundError where there is none."""
        ...

    def close(self) -> None:
        """Release what this holds."""
        ...


@runtime_checkable
class Pushable(Protocol):
    """What a store is besides, to which others can push."""

    root: str
    """The folder of the repository that holds the pages; empty for all of it."""

    branch: str | None
    """The name of the branch that is served; ``None`` where there is no writing."""

    def head(self) -> str | None:
        """Return the branch's commit, ``None`` while there is none."""
        ...

    def incoming(self, quarantine: Path | None) -> Incoming:
        """Look into what a push brings.

        Args:
            quarantine: Where git keeps its objects; ``None`` where it brought none.

        Raises:
            StoreError: It is no such place of this repository.
        """
        ...

    def advance(self, old: str | None, new: str, *, by: Author) -> None:
        """Move the branch to a commit that is in the repository, by compare-and-swap; work trees follow.

        Args:
            old: Where the branch must be; ``None``: there is none yet.
            new: Where it goes.
            by: Who moves it, for git's log of the branch.

        Raises:
            HeadMovedError: The branch is not at *old*; nothing was changed.
            ConflictError: The branch is checked out in a folder where one of the files has local changes.
            StoreError: git failed, or no branch is served; nothing was changed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Side:
    """A file as one of two histories has it."""

    blob: str
    mode: str  # as git writes it

    @property
    def is_file(self) -> bool:
        """Whether it is an ordinary file: no symbolic link, and no submodule."""
        return self.mode.startswith("100")


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is made of two."""

    content: bytes
    mode: str


File = Side | Made | None
"""What a file is to be: one that is there, one that is made, or none."""

Sides = Mapping[str, tuple[Side | None, Side | None]]
"""Files that differ between two commits, by path from the top of the repository: before and after."""


class Joining(Protocol):
    """Reads two histories that went apart, and makes the commit that joins them. Paths are from the top."""

    def extends(self, old: str, new: str) -> bool:
        """Say whether *new* has *old* among its ancestors.

        Raises:
            RevisionNotFoundError: One of them is no commit that is there.
        """
        ...

    def bases(self, ours: str, theirs: str) -> Sequence[str]:
        """Return the newest commits that both have among their ancestors; none where they have nothing in common."""
        ...

    def changed(self, old: str, new: str) -> Sides:
        """Return the files that differ between two commits.

        Raises:
            TooLargeError: They are too many.
        """
        ...

    def renamed(self, old: str, new: str) -> Mapping[str, str]:
        """Return the files that commits after *old* renamed, up to *new*: from the path in *old* to that in *new*.

        They are those that a history shows as renamed; none where there are more commits than can be looked at.
        """
        ...

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob; RevisionNotFoundError where there is none."""
        ...

    def size(self, blob: str) -> int:
        """Return the length in bytes of a blob; RevisionNotFoundError where there is none."""
        ...

    def in_the_way(self, commit: str, files: Mapping[str, File]) -> Iterator[tuple[str, str]]:
        """Yield each of *files* that is new in *commit* and that a file or folder there leaves no place, with that."""
        ...

    def clashes(self, commit: str, files: Mapping[str, File]) -> Iterator[tuple[str, str]]:
        """Yield each of *files* that is new under the content root and whose address another file has, with that."""
        ...

    def join(
        self,
        ours: str,
        theirs: str,
        files: Mapping[str, File],
        *,
        author: Author,
        message: str,
    ) -> str:
        """Make the commit with both as its parents, and return it; no branch moves.

        Args:
            ours: The commit whose files it has,
            theirs: and the other one.
            files: What differs from *ours*.
            author: Who joins them.
            message: All of it.
        """
        ...

    def close(self) -> None:
        """Release what this holds."""
        ...


class Remote(Protocol):
    """Another repository that has the same branch."""

    def seen(self) -> str | None:
        """Return the commit that its branch had when it was looked at last; cheap. ``None``: there was none."""
        ...

    def shared(self) -> str | None:
        """Return the last commit that both branches are known to have had; ``None`` where there was none yet."""
        ...

    def share(self, commit: str | None) -> None:
        """Note that both branches have *commit*; ``None`` forgets it."""
        ...

    def fetch(self) -> str | None:
        """Bring what is new there, and return the commit that its branch has; ``None`` where it has none.

        Raises:
            RemoteError: It cannot be reached, or what it gives is broken.
        """
        ...

    def push(self, commit: str) -> None:
        """Move its branch to *commit*, which has what was `seen` among its ancestors, if it is still there.

        Raises:
            HeadMovedError: Its branch is not where it was seen.
            RemoteError: It cannot be reached, or refuses.
        """
        ...
