"""Work trees that have the branch checked out: their files and index follow each commit that the wiki makes.

::

    journal -> index.lock -> no local changes? -> [ objects ] -> index -> [ the branch moves ] -> files -> unlock

While ``index.lock`` is held nobody can stage or commit there, so nobody commits the old state of a page again. As git
reads first the branch, then the index, and only then asks for the lock, the index is changed before the branch moves:
whoever sees the branch where it is now sees no older index.
A crash in between, or a signal that ends the program, leaves the journal, and whoever comes next finishes or undoes what
it says, once the commands that were begun have ended: they hold the lock, too.
"""

import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path
from typing import IO, TypeVar

from engine.errors import ConflictError, StoreError
from engine.store.git_files import Files, folders_of
from engine.store.git_head import Head
from engine.store.git_listing import spell
from engine.store.git_process import GitProcess
from engine.store.git_trees import Child

T = TypeVar("T")

log = getLogger(__name__)

_PATIENCE_S = 3.0  # how long somebody else may hold the index: a status, a commit, a checkout
_AT_ONCE = 200  # paths on one command line
_WRITTEN_AT_ONCE = 1_000  # files, each looked at just before
_DIFFERING = ("diff", "--name-only", "-z", "--no-renames", "--no-relative", "--no-ext-diff", "--no-textconv")


@dataclass(frozen=True, slots=True)
class Edit:
    """One file before and after a commit; ``None`` stands for no file. The path is from the repository's root."""

    path: bytes
    old: Child | None
    new: Child | None


class Checkouts:
    """The work trees of a repository that show one branch."""

    def __init__(self, process: GitProcess, head: Head) -> None:
        self._process = process
        self._head = head
        bare = process.run("config", "--type=bool", "--default=false", "core.bare").strip() == b"true"
        named = process.attempt("config", "core.worktree").stdout.rstrip(b"\n")
        folder = named or (b".." if process.common_dir.name == ".git" else b"")
        self._main = process.common_dir / os.fsdecode(folder) if folder and not bare else None

    def found(self) -> list["Checkout"]:
        """Return them, as things are now."""
        common = self._process.common_dir
        places = [(common, self._main)] if self._main is not None else []
        for git_dir in (common / "worktrees").glob("*"):
            with suppress(OSError):
                places.append((git_dir, (git_dir / os.fsdecode(_line(git_dir / "gitdir"))).parent))
        process = self._process.configured(_no_drivers(self._process)) if places else self._process
        checkouts = [Checkout(process, *place) for place in places]
        return [checkout for checkout in checkouts if checkout.shows(self._head.reference)]

    def recover(self) -> None:
        """Finish what a crash left half done; where that fails, the next commit tries again."""
        for checkout in self.found():
            try:
                checkout.recover(self._head)
            except Exception:  # a full disk, most likely: pages can be read all the same
                log.exception("cannot finish what a crash left in %s", checkout)
            checkout.sweep()


def _no_drivers(process: GitProcess) -> Iterator[tuple[str, str]]:
    """Yield the settings with which no file runs a command on its way to a work tree, whatever its attributes ask for.

    Somebody may push attributes; the commands that they name are of whoever runs the server, and were not meant for that.
    """
    found = process.attempt("config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.[a-z]+$").stdout
    for key in dict.fromkeys(os.fsdecode(found).split("\0")):
        driver, _, kind = key.rpartition(".")
        if kind in {"clean", "smudge", "process"}:
            yield key, ""
            yield f"{driver}.required", "false"


def _line(file: Path) -> bytes:
    return file.read_bytes().strip()


class Checkout:
    """One work tree."""

    def __init__(self, process: GitProcess, git_dir: Path, folder: Path) -> None:
        self._folder = Path(os.path.realpath(folder))
        self._files = Files(self._folder)
        self._index = git_dir / "index"
        self._lock = git_dir / "index.lock"
        own = f"index.quire-{secrets.token_hex(4)}"
        self._copy = git_dir / own  # changed beside the index, and put in its place
        self._before = git_dir / f"{own}.before"  # the index as it was
        self._new = git_dir / f"{own}.new"
        self._journal = git_dir / f"{own}.journal"
        self._git = process.in_work_tree(git_dir, self._folder, self._copy)
        self._edits: Sequence[Edit] = ()
        self._seen: Mapping[bytes, object] = {}
        self._left_out: Collection[bytes] = ()  # files that are not there because of a sparse checkout
        self._keep_lock = False
        self._is_ready = False  # the copy is what the index is to be
        self._followed = False  # the branch has moved
        self.lock: int | None = None
        """The descriptor of the lock while it is held."""

    def __str__(self) -> str:
        return str(self._folder)

    def shows(self, reference: str) -> bool:
        """Say whether this branch is checked out here."""
        try:
            return (
                _line(self._index.with_name("HEAD")) == f"ref: {reference}".encode() and self._folder.is_dir()
            )
        except OSError:
            return False

    @contextmanager
    def ready(self, edits: Sequence[Edit], new: str, head: Head) -> Iterator[None]:
        """Hold the index while the branch moves to *new*; then `published` and `follow` are called inside.

        Raises:
            ConflictError: One of the files has local changes.
            StoreError: Another git process keeps the index, or the work tree cannot be written to.
        """
        if head.read() is not None and not self._index.exists():
            yield  # nothing was ever checked out
            return
        with self._explained(), self._locked(edits, new, head):
            if not self.shows(head.reference):
                yield  # another branch was checked out while we waited for the lock
                return
            try:
                self._copy_index()
                # First: what somebody writes while it is compared is not what was compared.
                self._edits, self._seen = edits, {edit.path: self._files.stamp(edit.path) for edit in edits}
                self._refuse_local_changes(edits)
                self._change_index(edits)
                self._is_ready = True
                yield
            finally:
                for file in (self._copy, self._before, self._new):
                    _discard(file)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"cannot write to {self._index.parent}: {error.strerror or error}") from error

    @contextmanager
    def published(self, new: str, head: Head) -> Iterator[None]:
        """Put the changed index in the place of the index, until it is known whether the branch moves.

        What it names must be in the repository: who looks at it now, or after a crash, finds it there.

        Raises:
            StoreError: The work tree cannot be written to.
        """
        if not self._is_ready:
            yield
            return
        with self._explained():
            with suppress(FileNotFoundError):  # before the first commit there is none
                self._before.hardlink_to(self._index)
            self._put()
        try:
            yield
        except Exception:
            self._keep_lock |= self._may_have_moved(new, head)
            raise
        except BaseException:
            self._keep_lock = True  # told to end, and no time to find out how far this came
            raise
        finally:
            if not self._followed and not self._keep_lock:
                self._put_back()

    def _may_have_moved(self, new: str, head: Head) -> bool:
        try:
            return self._has(head.read(), new)
        except Exception:
            log.exception("cannot tell whether %s has moved to %s", head.reference, new)
            return True

    def _put_back(self) -> None:
        try:
            if self._before.exists():
                self._before.replace(self._index)
            else:
                self._index.unlink(missing_ok=True)
        except OSError:
            log.exception("cannot put %s back; the next one tries again", self._index)
            self._keep_lock = True

    def _put(self) -> None:
        """Put what the index is to be in its place, and keep it for `follow`."""
        _copy(self._copy, self._new)
        self._new.replace(self._index)

    def follow(self) -> None:
        """Bring the files to the new commit. Should that fail, the lock and its journal stay for `recover`."""
        self._followed = self._keep_lock = True
        try:
            self._write_files(self._edits, self._is_untouched)
            if self._edits:
                self._copy.replace(self._index)
        except (OSError, StoreError):
            log.exception("cannot bring %s to the new commit; the next one tries again", self)
        else:
            self._keep_lock = False

    def recover(self, head: Head) -> None:
        """Finish, or undo, what a process that is no more had begun."""
        try:
            file = self._lock.open("rb")
        except OSError:
            return
        with file:
            if file.readline() != _OURS:
                return
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not _is_at(file.fileno(), self._lock):
                    return  # it was finished meanwhile
            except OSError:
                return  # its process is at work
            said = json.load(file)
            with self._holding(file):
                try:
                    edits = [_edit(*row) for row in said["edits"]]
                    self._replay(edits, moved=self._has(head.read(), said["new"]))
                finally:
                    self._copy.unlink(missing_ok=True)
            for kind in ("", ".lock", ".before", ".new", ".new.lock"):
                (self._index.parent / f"{said['copy']}{kind}").unlink(missing_ok=True)
            self._unlock(file)

    def sweep(self) -> None:
        """Remove what was left beside the index, once nobody can be about to use it."""
        before = time.time() - 60 * _PATIENCE_S
        for journal in self._index.parent.glob("index.quire-*.journal"):
            with suppress(OSError):
                if journal.stat().st_mtime < before:
                    journal.unlink()  # it never became a lock
        if not self._lock.exists():  # whoever works with a copy of the index holds the lock
            for copy in self._index.parent.glob("index.quire-*"):
                with suppress(OSError):
                    if copy.suffix != ".journal" and copy.stat().st_ctime < before:
                        copy.unlink()

    @contextmanager
    def _locked(self, edits: Iterable[Edit], new: str, head: Head) -> Iterator[None]:
        rows = [(edit.path.decode("latin-1"), *_parts(edit.old), *_parts(edit.new)) for edit in edits]
        with ExitStack() as stack:
            with ExitStack() as writing:
                writing.callback(
                    self._journal.unlink, missing_ok=True
                )  # first: a signal may come at any time
                file = stack.enter_context(self._journal.open("xb"))
                fcntl.flock(file, fcntl.LOCK_EX)
                file.write(_OURS + json.dumps({"new": new, "copy": self._copy.name, "edits": rows}).encode())
                file.flush()
                os.fsync(file.fileno())
                self._take_lock(head)
            try:
                with self._holding(file):
                    yield
            except Exception:
                raise
            except BaseException:
                self._keep_lock = True
                raise
            finally:
                if not self._keep_lock:
                    self._unlock(file)

    @contextmanager
    def _holding(self, file: IO[bytes]) -> Iterator[None]:
        """Let all commands hold the lock, too: should we be killed, nobody may take it for left while they are at work."""
        alone = self._git
        self.lock = file.fileno()
        self._git = alone.holding(self.lock)
        try:
            yield
        finally:
            self.lock, self._git = None, alone

    def _unlock(self, file: IO[bytes]) -> None:
        # Somebody may have deleted our lock, and may hold one of their own by now.
        if _is_at(file.fileno(), self._lock):
            _discard(self._lock)

    def _take_lock(self, head: Head) -> None:
        # The lock is born whole, with its journal in it: a crash never leaves one that says nothing.
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._lock.hardlink_to(self._journal)
            except FileExistsError:
                self.recover(head)
            except PermissionError as error:
                raise StoreError(
                    f"{self._lock} cannot be made as a hard link: {error.strerror}; "
                    f"move {self._folder} to a file system that has them, or serve a bare repository"
                ) from error
            else:
                return
            if time.monotonic() > deadline:
                raise StoreError(
                    f"another git process holds {self._lock}; if none is running, delete that file"
                )
            time.sleep(0.02)

    def _copy_index(self) -> None:
        with suppress(FileNotFoundError):  # before the first commit there is none
            _copy(self._index, self._copy)

    def _refuse_local_changes(self, edits: Sequence[Edit]) -> None:
        gone = {edit.path for edit in edits if edit.new is None}
        staged, trusted = self._staged(edits)
        self._look_at(edits, trusted)
        folders = {folder for path in staged if path not in gone for folder in folders_of(path)}
        for edit in edits:
            if staged.get(edit.path) != edit.old or (edit.new is not None and edit.path in folders):
                raise self._refusal(edit.path, "has staged changes")
            if edit.old is None and self._files.in_the_way(edit.path, gone):
                raise self._refusal(edit.path, "would overwrite a file that git does not know")
        for path in self._differing([edit.path for edit in edits if edit.old is not None]):
            raise self._refusal(path, "has local changes")

    def _refusal(self, path: bytes, why: str) -> ConflictError:
        return ConflictError(
            f"{spell(path)} {why} in {self._folder}; commit or undo them there, then save again"
        )

    def _staged(self, edits: Iterable[Edit]) -> tuple[dict[bytes, Child], dict[bytes, bool]]:
        """Return what the index has at these paths and below them.

        With it come the files that git was told to trust: ``skip-worktree`` is true, ``assume-unchanged`` false.
        """
        found, trusted = dict[bytes, Child](), dict[bytes, bool]()
        for paths in _chunks([edit.path for edit in edits], _AT_ONCE):
            said = self._git.run("ls-files", "--stage", "-v", "-z", "--", *map(os.fsdecode, paths))
            for line in filter(None, said.split(b"\0")):
                head, path = line.split(b"\t", 1)
                tag, mode, name, stage = head.decode("ascii").split(" ")
                found[path] = Child(mode, name) if stage == "0" else _IN_CONFLICT
                if tag in "Ss" or tag.islower():
                    trusted[path] = tag in "Ss"
        return found, trusted

    def _look_at(self, edits: Sequence[Edit], trusted: Mapping[bytes, bool]) -> None:
        """Let git compare the files that it was told to trust, but for those that a sparse checkout leaves out."""
        self._left_out = {
            path for path, skipped in trusted.items() if skipped and self._files.is_absent(path)
        }
        told = [edit for edit in edits if edit.path in trusted and edit.path not in self._left_out]
        if told:
            # An entry that is made anew is one that git knows nothing of yet.
            self._change_index([Edit(edit.path, None, edit.old) for edit in told])

    def _differing(self, paths: Sequence[bytes]) -> list[bytes]:
        """Return those of *paths* whose files differ from the copied index in content."""
        found = []
        for some in _chunks(paths, _AT_ONCE):
            answer = self._git.run(*_DIFFERING, "--", *map(os.fsdecode, some))
            found += [path for path in answer.split(b"\0") if path in set(some)]
        return found

    def _change_index(self, edits: Sequence[Edit]) -> None:
        absent = Child("0", "0" * (40 if self._git.algorithm == "sha1" else 64))
        text = b""
        for edit in sorted(edits, key=lambda edit: edit.new is not None):  # a file may follow on a folder
            child = edit.new or absent
            text += b"%b %b\t%b\0" % (child.mode.encode(), child.id.encode(), edit.path)
        self._git.run("update-index", "-z", "--index-info", stdin=text)
        left_out = b"".join(
            edit.path + b"\0" for edit in edits if edit.path in self._left_out and edit.new is not None
        )
        if left_out:
            self._git.run("update-index", "-z", "--skip-worktree", "--stdin", stdin=left_out)

    def _write_files(self, edits: Sequence[Edit], may_write: Callable[[Edit], bool]) -> None:
        """Bring the files of *edits* to the new commit, those that may be written, which is asked shortly before."""
        for edit in edits:
            if edit.new is None and may_write(edit):
                self._files.remove(edit.path)
        for some in _chunks([edit for edit in edits if edit.new is not None], _WRITTEN_AT_ONCE):
            for edit in some:
                self._files.remove_empty(edit.path)
            wanted = b"".join(
                edit.path + b"\0"
                for edit in some
                if edit.path not in self._left_out and self._files.may_be_made(edit.path) and may_write(edit)
            )
            if wanted:
                # A file that cannot be written stays as it is, and shows as changed.
                self._git.attempt("checkout-index", "-f", "-u", "-q", "-z", "--stdin", stdin=wanted)

    def _is_untouched(self, edit: Edit) -> bool:
        """Say whether the file is what it was when this began."""
        return self._files.stamp(edit.path) == self._seen[edit.path]

    def _has(self, head: str | None, commit: str) -> bool:
        return head is not None and (
            self._git.attempt("merge-base", "--is-ancestor", commit, head).returncode == 0
        )

    def _replay(self, edits: Sequence[Edit], *, moved: bool) -> None:
        """Undo what was done to the index; if the branch has *moved*, do all of it again.

        A file that somebody has changed since is left to them.
        """
        self._copy_index()
        staged, trusted = self._staged(edits)
        self._look_at([], trusted)
        ours = [edit for edit in edits if staged.get(edit.path) in (edit.old, edit.new)]
        self._change_index([Edit(edit.path, edit.new, edit.old) for edit in ours])
        if moved:
            self._seen = {edit.path: self._files.stamp(edit.path) for edit in ours}
            differing = set(self._differing([edit.path for edit in ours if edit.old is not None]))
            differing |= {edit.path for edit in ours if edit.old is None}
            self._change_index(ours)
            self._write_files(
                ours,
                lambda edit: self._is_half_done(edit) if edit.path in differing else self._is_untouched(edit),
            )
        self._git.attempt("update-index", "-q", "--refresh")
        self._copy.replace(self._index)

    def _is_half_done(self, edit: Edit) -> bool:
        """Say whether the file is one that was being replaced: gone, or a first piece of the new content."""
        if self._files.is_absent(edit.path):
            return True
        place = self._files.place(edit.path)
        if edit.new is None or place.is_symlink() or not place.is_file():
            return False
        return self._git.run("cat-file", "blob", edit.new.id).startswith(place.read_bytes())


_OURS = b"quire journal 1\n"
_IN_CONFLICT = Child("", "")


def _parts(child: Child | None) -> tuple[str | None, str | None]:
    return (child.mode, child.id) if child is not None else (None, None)


def _edit(path: str, *parts: str | None) -> Edit:
    old, new = (
        Child(mode, name) if mode is not None and name is not None else None
        for mode, name in (parts[:2], parts[2:])
    )
    return Edit(path.encode("latin-1"), old, new)


def _chunks(all_of_them: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(all_of_them), size):
        yield all_of_them[start : start + size]


def _copy(index: Path, new: Path) -> None:
    """Copy an index with its time: git trusts what it knows of a file that is older than the index, and only that."""
    shutil.copy2(index, new)


def _discard(file: Path) -> None:
    """Delete *file*. The branch may have moved by now: what fails is logged, for the commit is made."""
    try:
        file.unlink(missing_ok=True)
    except OSError:
        log.exception("cannot delete %s; delete it by hand", file)


def _is_at(descriptor: int, file: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), file.stat())
    except OSError:
        return False
