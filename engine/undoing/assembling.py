"""What becomes of all files, as changes that can be made together: within the actor's rights, and where there is room.

Files may change places in one commit, and be put back in one. So what moves to a path that another one leaves is
written there, and the store finds by itself that it was renamed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.catalog import Moment
from engine.changes import Change, Delete, Move, PageConflict, Put
from engine.contents import COMPARED_BYTES
from engine.diff import diff_lines, lines
from engine.errors import PageIdError, TooLargeError
from engine.ids import fold_path, page_stem, parse_path
from engine.messages import Message
from engine.model import Name, TouchKind
from engine.undoing.folding import ClashError, Folding, Held, Place
from engine.undoing.plans import FilePlan, Left, Reason

BYTES = 200_000_000  # that one plan may write
CONFLICTS = 50  # whose texts are told


class Writer(Protocol):
    """Whoever may read and write files: a snapshot."""

    def may_see(self, name: Name) -> bool:
        """Say whether the actor may read this file."""
        ...

    def may_write(self, path: str) -> bool:
        """Say whether the actor may change the file at *path*, or make one there."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of one file; ``None`` stands for no file."""

    now: Place | None
    then: Place | None
    edits: int = 1

    @property
    def path(self) -> str:
        """Where it is, or else will be."""
        place = self.now or self.then
        return place.path if place is not None else ""

    @property
    def stays(self) -> bool:
        """Whether it is where it will be."""
        return self.now is not None and self.then is not None and self.now.path == self.then.path

    @property
    def leaves(self) -> str | None:
        """The path at which it is no more."""
        return None if self.now is None or self.stays else self.now.path

    @property
    def comes_to(self) -> str | None:
        """The path at which it is new."""
        return None if self.then is None or self.stays else self.then.path


class Assembly:
    """Gathers what becomes of each file, and what stays as it is.

    Args:
        moment: Knows what is where.
        writer: Knows what the actor may write.
        folding: Reads contents.
    """

    def __init__(self, moment: Moment, writer: Writer, folding: Folding) -> None:
        self._moment = moment
        self._writer = writer
        self._folding = folding
        self._turns: list[Turn] = []
        self._left: dict[str, Reason] = {}
        self.conflicts: list[PageConflict] = []

    def leave(self, path: str, reason: Reason) -> None:
        """Note that a file stays as it is."""
        self._left[path] = reason

    def clash(self, clash: ClashError) -> None:
        """Note that others went on from what was done to a file, so that it stays as it is."""
        if self._refusal([clash.conflict.path]) is None and len(self.conflicts) < CONFLICTS:
            self.conflicts.append(clash.conflict)
        self.leave(clash.conflict.path, self._refusal([clash.conflict.path]) or Reason.CONFLICT)

    def turn(self, turn: Turn) -> None:
        """Note what becomes of a file, unless that is what it is, or the actor may not write it."""
        if turn.now is None and turn.then is None:
            return
        if turn.stays and self._same(turn.now, turn.then):
            self.leave(turn.path, Reason.DONE)
            return
        reason = self._refusal([place.path for place in (turn.now, turn.then) if place is not None])
        if reason is not None:
            self.leave(turn.path, reason)
        else:
            self._turns.append(turn)

    def _same(self, now: Place | None, then: Place | None) -> bool:
        return now is not None and then is not None and self._folding.same(now.held, then.held)

    def _refusal(self, paths: Iterable[str]) -> Reason | None:
        for path in paths:
            if not self._writer.may_write(path):
                return Reason.DENIED
            try:
                parse_path(path)
            except PageIdError:
                return Reason.SPECIAL
        return None

    @property
    def left(self) -> tuple[Left, ...]:
        """All that stays as it is, ordered by path."""
        return tuple(Left(path, reason) for path, reason in sorted(self._left.items()))

    def changes(self) -> tuple[tuple[Change, ...], tuple[FilePlan, ...]]:
        """Return the changes, and what they come to.

        Raises:
            TooLargeError: They would write more than `BYTES`.
        """
        turns = self._with_room()
        free = {turn.leaves for turn in turns}
        taken = {turn.comes_to for turn in turns}
        size = 0
        made: list[Change] = []
        for turn in turns:
            for change in self._changes(turn, free, taken):
                size += len(change.content) if isinstance(change, Put) else 0
                if size > BYTES:
                    raise TooLargeError(
                        Message(
                            "What would be written has more than %(limit)s bytes; take it back in parts, or with git.",
                            limit=f"{BYTES:,}",
                        )
                    )
                made.append(change)
        plans = (self._plan(turn) for turn in turns)
        return tuple(made), tuple(sorted(plans, key=lambda plan: plan.path))

    def _with_room(self) -> Sequence[Turn]:
        """Return what can be where it is to be; the others are left."""
        turns = self._turns
        while True:
            free = {turn.leaves for turn in turns if turn.leaves is not None}
            come: set[str] = set()
            with_room = []
            for turn in turns:
                path = turn.comes_to
                if path is not None and (_key(path) in come or self._is_taken(path, free)):
                    self.leave(turn.path, Reason.TAKEN)
                    continue
                with_room.append(turn)
                come |= {_key(path)} if path is not None else set()
            if len(with_room) == len(turns):
                return turns
            turns = with_room

    def _is_taken(self, path: str, free: set[str]) -> bool:
        """Say whether something that stays is in the way of a file at *path*."""
        above = [path[:at] for at, character in enumerate(path) if character == "/"]
        names = [*self._moment.names([path, *above]), *self._moment.alike(path)]
        return any(name.path not in free for name in names) or self._moment.has_folder(path)

    def _changes(self, turn: Turn, free: set[str | None], taken: set[str | None]) -> Iterator[Change]:
        now, then = turn.now, turn.then
        if now is not None and turn.leaves is not None and turn.leaves not in taken:
            if then is not None and then.path not in free:
                content = None if self._same(now, then) else self._folding.read(then.held)
                yield Move(now.path, then.path, now.held.blob, content)
                return
            yield Delete(now.path, now.held.blob)
        if then is not None:
            there = self._moment.name(then.path)
            yield Put(then.path, self._folding.read(then.held), there.blob if there is not None else None)

    def _plan(self, turn: Turn) -> FilePlan:
        now, then = turn.now, turn.then
        if now is None:
            kind = TouchKind.ADDED
        elif then is None:
            kind = TouchKind.DELETED
        else:
            kind = TouchKind.RENAMED if turn.leaves is not None else TouchKind.CHANGED
        added, removed = self._counts(now.held if now else None, then.held if then else None)
        return FilePlan(
            turn.path, then.path if then is not None else turn.path, kind, turn.edits, added, removed
        )

    def _counts(self, old: Held | None, new: Held | None) -> tuple[int | None, int | None]:
        """Return how many lines come, and how many go."""
        if any(held is not None and self._folding.size(held) > COMPARED_BYTES for held in (old, new)):
            return None, None
        before, after = (self._folding.text(held) if held is not None else "" for held in (old, new))
        if before is None or after is None:
            return None, None
        hunks = diff_lines(lines(before), lines(after)).hunks
        return sum(hunk.added for hunk in hunks), sum(hunk.removed for hunk in hunks)


def _key(path: str) -> str:
    """Return what no two files may have in common."""
    return fold_path(page_stem(path) or path)
