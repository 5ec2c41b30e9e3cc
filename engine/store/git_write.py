"""Making a commit: objects first, on disk, then one compare-and-swap of the branch.

::

    changes -> rules -> blobs, trees, commit -> files or a pack, fsynced -> update-ref NEW OLD
       ^                                                                         |
       └──────────────────────── the branch has moved meanwhile ─────────────────┘
"""

import os
import random
import re
import time as clock
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from engine.errors import HeadMovedError, InvalidChangeError, RevisionNotFoundError, StoreError
from engine.locks import ThreadLock
from engine.model import Author
from engine.store import Change, rules
from engine.store.git_checkout import Checkouts, Edit
from engine.store.git_disk import Disk, sync
from engine.store.git_head import Head
from engine.store.git_listing import ABSENT, FILE, FOLDER, sides
from engine.store.git_objects import Objects
from engine.store.git_process import GitError, GitProcess, is_object_id
from engine.store.git_trees import Child, NewObjects, Trees
from engine.store.git_written import Written
from engine.store.signature import Signature, person

_ATTEMPTS = 40
_PATIENCE_S = 3.0  # how long another process may hold the branch
_TURN_S = 60.0  # how long a save waits for those of other threads
_HELD = re.compile(rb"Unable to create '(.*\.lock)'")


class Writer:
    """Makes commits on one branch."""

    def __init__(
        self, process: GitProcess, objects: Objects, head: Head, *, root: str, committer: Author | None
    ) -> None:
        self._process = process
        self._objects = objects
        self._head = head
        self._root = root
        self._committer = person(committer) if committer is not None else None
        self._trees = Trees(objects)
        self._disk = Disk(process)
        self._checkouts = Checkouts(process, head)
        self._checkouts.recover()
        self.last: Written | None = None
        """The commit that was made last."""
        self._turn = ThreadLock()
        self._obstacle: str | None = None  # the lock file that kept the branch from being moved

    def write(
        self,
        changes: Collection[Change],
        author: Author,
        summary: str,
        time: datetime | None,
        onto: str | None = None,
    ) -> str:
        """Make one commit of all *changes*; see `engine.store.Store.write`."""
        signature = Signature.make(author, summary, time)

        def attempt() -> str | None:
            old = self._head.read()
            rules.check_head(old, onto)
            return self._attempt(old, changes, signature)

        return self._in_turn(attempt)

    def advance(self, old: str | None, new: str, by: Author) -> None:
        """Move the branch to a commit that is there; see `engine.store.Pushable.advance`."""
        mover = person(by)

        def attempt() -> str | None:
            if self._head.read() != old:
                raise HeadMovedError(
                    f"{self._head.reference} has moved meanwhile; fetch what is new, and push again"
                )
            return self._publish(old, new, None, mover)

        self._disk.settle()
        self._in_turn(attempt)

    def _in_turn(self, attempt: Callable[[], str | None]) -> str:
        """Try again and again, while no other thread does, until *attempt* returns the commit that it made."""
        with self._turn.held(_TURN_S) as held:
            if not held:
                raise StoreError("other saves take too long; try again in a moment")
            deadline = clock.monotonic() + _PATIENCE_S
            for number in range(_ATTEMPTS):
                if self._obstacle is not None and clock.monotonic() > deadline:
                    break
                self._obstacle = None
                new = attempt()
                if new is not None:
                    return new
                # Random, so that two processes do not march in step.
                clock.sleep(random.uniform(0, 0.002 * min(number, 15)))  # noqa: S311
            obstacle, self._obstacle = self._obstacle, None
        if obstacle is not None:
            raise StoreError(f"another git process holds {obstacle}; if none is running, delete that file")
        raise HeadMovedError(f"{self._head.reference} moved {_ATTEMPTS} times meanwhile; try again")

    def _attempt(self, old: str | None, changes: Collection[Change], signature: Signature) -> str | None:
        """Return the new commit, ``None`` when the branch is no longer at *old*."""
        top = self._top(old)
        objects = NewObjects(self._process.algorithm)
        made = rules.effective(changes, self._trees.folders(top, self._root), objects.blob_id)
        if not made and old is not None:
            return old
        self._check_root(top)
        edits = [self._edit(change, top, objects) for change in made]
        after = self._trees.splice(top, {edit.path: edit.new for edit in edits}, objects)
        committer = self._committer or signature.author
        parents = (old,) if old is not None else ()
        data = commit_data(after or objects.add("tree", b""), parents, signature, committer)
        new = objects.add("commit", data)
        if self._publish(old, new, edits, committer, objects) is None:
            return None
        changed = [(change, edit.old, edit.new) for change, edit in zip(made, edits, strict=True)]
        self.last = Written.of(old, new, changed, signature)
        return new

    def _publish(
        self,
        old: str | None,
        new: str,
        edits: Sequence[Edit] | None,
        mover: Author,
        objects: NewObjects | None = None,
    ) -> str | None:
        """Store *objects*, move the branch, and let work trees follow; ``None`` when it is no longer at *old*.

        Without *edits* they are what differs between the two commits; then there is nothing to store.
        """
        with self._settled(), ExitStack() as stack:
            checkouts = self._checkouts.found()
            if edits is None:
                edits = self._between(old, new) if checkouts else []
            for checkout in checkouts:
                stack.enter_context(checkout.ready(edits, new, self._head))
            if objects is not None:
                self._disk.store(objects)
            for checkout in checkouts:
                stack.enter_context(checkout.published(new, self._head))
            locks = [checkout.lock for checkout in checkouts if checkout.lock is not None]
            if not self._move(old, new, mover, locks, "save" if objects is not None else "push"):
                return None
            for checkout in checkouts:
                checkout.follow()
        return new

    def _top(self, commit: str | None) -> str | None:
        """Return the id of a commit's tree."""
        if commit is None:
            return None
        return self._objects.get(commit, "commit")[5 : 5 + len(commit)].decode("ascii")

    def _between(self, old: str | None, new: str) -> list[Edit]:
        """Return how the files of two commits differ."""
        nothing = NewObjects(self._process.algorithm).name("tree", b"")
        before, after = self._top(old) or nothing, self._top(new) or nothing
        raw = self._process.run(
            "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after
        )
        return [
            Edit(path, _child(old_mode, old_id), _child(new_mode, new_id))
            for path, old_mode, old_id, new_mode, new_id in sides(raw)
        ]

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Leave no work tree half way between two commits, even where a signal ends this."""
        try:
            yield
        except BaseException:
            self._checkouts.recover()
            raise

    def _check_root(self, top: str | None) -> None:
        parts = self._root.encode().split(b"/") if self._root else []
        for depth, part in enumerate(parts):
            child = self._trees.at(top, b"/".join(parts[:depth])).children.get(part)
            if child is not None and child.mode != FOLDER:
                raise InvalidChangeError(f"{self._root} is no folder in the repository; serve another root")

    def _edit(self, change: Change, top: str | None, objects: NewObjects) -> Edit:
        path = f"{self._root}/{change.path}".lstrip("/").encode()
        folder, _, name = path.rpartition(b"/")
        old = self._trees.at(top, folder).children.get(name)
        if old is not None and old.mode == FOLDER:
            old = None  # its files are deleted in the same change
        new = None
        if not change.deletes:
            new = Child(old.mode if old is not None else FILE, self._blob(change, objects))
        return Edit(path, old, new)

    def _blob(self, change: Change, objects: NewObjects) -> str:
        if change.blob is None:
            return objects.add("blob", change.content or b"")
        if not is_object_id(change.blob) or self._objects.look_up(change.blob)[1] != "blob":
            raise RevisionNotFoundError(f"{change.blob!r} is no file of the repository")
        return change.blob

    def _move(self, old: str | None, new: str, by: Author, locks: Sequence[int], why: str) -> bool:
        """Move the branch from *old* to *new*, holding *locks*; say whether it was still at *old*."""
        before = old or "0" * len(new)
        moved = self._process.holding(*locks).attempt(
            *("update-ref", "-m", f"quire: {why}", self._head.reference, new, before),
            GIT_COMMITTER_NAME=by.name,
            GIT_COMMITTER_EMAIL=by.email,
        )
        if moved.returncode == 0 or (now := self._head.read()) == new:
            self._sync_names()
            return True
        if now == old:
            held = _HELD.search(moved.stderr)
            if held is None:
                raise GitError("update-ref", moved.stderr)
            self._obstacle = os.fsdecode(held[1])
        return False

    def _sync_names(self) -> None:
        """Put the branch's name on disk; git does so with what is in its file alone."""
        top = self._process.common_dir / "refs"
        for folder in (self._process.common_dir / self._head.reference).parents:
            if folder == top:
                break
            sync(folder)


def _child(mode: str, name: str) -> Child | None:
    return None if mode == ABSENT else Child(mode, name)


def commit_data(tree: str, parents: Sequence[str], signature: Signature, committer: Author) -> bytes:
    """Return the bytes of a commit that is made now."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines.append(f"author {_signed(signature.author, signature.time)}")
    lines.append(f"committer {_signed(committer, datetime.now(UTC))}")
    return "\n".join([*lines, "", signature.message]).encode()


def _signed(person: Author, time: datetime) -> str:
    return f"{person.name} <{person.email}> {int(time.timestamp())} {f'{time:%z}'[:5]}"  # without seconds of zone
