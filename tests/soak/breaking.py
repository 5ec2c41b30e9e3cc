"""Writers that are broken on purpose: each loses or spoils something, and whoever checks must find it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random
from typing import Any

from engine import settling, writing
from engine.changes import Edit, MergeConflictError, PageConflict
from engine.merging import Merge, merge
from engine.model import Author
from engine.store import Change
from engine.store.git_store import GitStore

DICE = Random(1)


def _nothing() -> None:
    """Leave everything as it is."""


def _last_write_wins() -> None:
    def ours(path: str, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merge | None:
        return Merge(ours.decode()) if ours is not None and theirs is not None else None

    settling.merge_texts = ours


def _first_write_wins() -> None:
    def theirs(path: str, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merge | None:
        return Merge(theirs.decode()) if ours is not None and theirs is not None else None

    settling.merge_texts = theirs


def _markers_published() -> None:
    def both(path: str, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merge | None:
        if ours is None or theirs is None:
            return None
        found = merge(*(text.decode() for text in (base or b"", ours, theirs)))
        if not found.conflicts:
            return found
        return Merge(f"<<<<<<< ours\n{ours.decode()}=======\n{theirs.decode()}>>>>>>> theirs\n")

    settling.merge_texts = both


def _half_a_commit() -> None:
    def half(self: GitStore, changes: Collection[Change], **more: Any) -> str:
        some = list(changes)
        kept = some[:-1] if len(some) > 1 and DICE.random() < 0.5 else some
        return write(self, kept, **more)

    write = GitStore.write
    GitStore.write = half  # type: ignore[method-assign]


def _taken_back() -> None:
    """Now and then the branch goes back to where it was before the save, as where update-ref compares nothing."""

    def lost(self: GitStore, changes: Collection[Change], **more: Any) -> str:
        before = self.head()
        made = write(self, changes, **more)
        if before is not None and made != before and DICE.random() < 0.05:
            self._process.run("update-ref", "refs/heads/main", before)
        return made

    write = GitStore.write
    GitStore.write = lost  # type: ignore[method-assign]


def _keys_forgotten() -> None:
    writing._Call.made = lambda self, history: None  # type: ignore[method-assign]


def _conflicts_without_text() -> None:
    def empty(*, ours: str | None, **more: Any) -> PageConflict:
        return PageConflict(ours="" if ours is not None else None, **more)

    vars(settling)["PageConflict"] = empty


def _conflicts_written_all_the_same() -> None:
    settle = settling.Settler.settle

    def kept(self: settling.Settler, changes: Sequence[Any]) -> settling.Settled:
        try:
            return settle(self, changes)
        except MergeConflictError:
            for change in changes:
                entry = self._entry(change.path)
                if isinstance(change, Edit) and entry is not None:
                    self._put(change.path, change.text.encode(), entry)
            if self._settled.changes:
                self._store.write(self._settled.changes, author=Author("Eve", ""), summary="op lost")
            raise

    settling.Settler.settle = kept  # type: ignore[method-assign,assignment]


BROKEN: Mapping[str, Callable[[], None]] = {
    "": _nothing,
    "last write wins": _last_write_wins,
    "first write wins": _first_write_wins,
    "markers published": _markers_published,
    "half a commit": _half_a_commit,
    "taken back": _taken_back,
    "keys forgotten": _keys_forgotten,
    "conflicts without text": _conflicts_without_text,
    "conflicts written all the same": _conflicts_written_all_the_same,
}
