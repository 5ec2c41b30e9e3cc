"""One file: what was done to it taken back, newest first, from what it is now.

::

    what was done         the file is now as that left it   it has changed since            it is gone
    ├── it was added      -> is deleted                     -> a conflict                   -> stays gone
    ├── it was deleted    -> (it is there) a conflict                                       -> comes back
    ├── it was changed    -> is as before, byte for byte    -> the change's lines taken out -> stays gone
    └── it was renamed    -> likewise, and goes back        -> goes back, if nobody has moved it on

Where others and the author wrote in turn, the way back may lead through a text that nobody could join. Then the way
there is gone again without the author: what others did, one after the other, to the file as it was before.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from engine.changes import PageConflict
from engine.merging import Merge
from engine.store import Store
from engine.textstyle import plain, styled
from engine.undoing.lines import joined

MERGED_BYTES = 2_000_000
"""A larger file is not looked into: it can be taken back only as a whole."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a file holds: a blob of the store, or bytes that were made here."""

    blob: str = ""
    made: bytes | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A file at a path."""

    path: str
    held: Held


@dataclass(frozen=True, slots=True)
class Effect:
    """What one commit did to one file, or several in a row; ``None`` stands for no file."""

    was: Place | None
    made: Place | None
    edits: int = 1


@dataclass(frozen=True, slots=True)
class Deed:
    """An effect, and whether it is one of those that are taken back."""

    effect: Effect
    undone: bool


class ClashError(Exception):
    """What was done cannot be taken back, as others went on from it."""

    def __init__(self, conflict: PageConflict) -> None:
        super().__init__(conflict.path)
        self.conflict = conflict


def in_rows(effects: Iterable[Effect]) -> Iterator[Effect]:
    """Join what follows upon each other without anything between; both given and yielded newest first."""
    newer: Effect | None = None
    for effect in effects:
        if newer is None:
            newer = effect
        elif newer.was == effect.made:
            newer = Effect(effect.was, newer.made, newer.edits + effect.edits)
        else:
            yield newer
            newer = effect
    if newer is not None:
        yield newer


class Folding:
    """Takes effects back.

    Args:
        store: Where contents are read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def without(self, now: Place | None, effects: Sequence[Effect]) -> Place | None:
        """Return what a file is without *effects*, which come newest first.

        Those without anything between are taken back together, as what was edited twice need not be told apart; where
        that does not go, one by one, as somebody may have taken back one of them already.

        Raises:
            ClashError: One of them cannot be taken back.
        """
        rows = [*in_rows(effects)]
        try:
            return self._without_all(now, rows)
        except ClashError:
            if len(rows) == len(effects):
                raise
            with suppress(ClashError):
                return self._without_all(now, effects)
            raise

    def _without_all(self, now: Place | None, effects: Sequence[Effect]) -> Place | None:
        for effect in effects:
            now = self._without(now, effect)
        return now

    def _without(self, now: Place | None, effect: Effect) -> Place | None:
        was, made = effect.was, effect.made
        if now is None:
            return was if made is None else None
        if made is None:
            if was is None or self.same(now.held, was.held):
                return now
            raise self._clash(now, None, was.held)
        if was is None:
            if self.same(now.held, made.held):
                return None
            raise self._clash(now, made.held, None)
        held = self._joined(now, made.held, was.held)
        return Place(was.path if now.path == made.path else now.path, held)

    def again(self, deeds: Sequence[Deed]) -> Place | None:
        """Return what a file would be if only those of *deeds* had been done that are not taken back.

        Args:
            deeds: All that was done to a file from the first one that is taken back, oldest first, each upon the one
                before.

        Raises:
            ClashError: One of the others cannot be done without them.
        """
        then = deeds[0].effect.was
        for undone, row in groupby(deeds, lambda deed: deed.undone):
            if not undone:
                (effect,) = in_rows(deed.effect for deed in reversed([*row]))
                then = self._with(then, effect)
        return then

    def _with(self, then: Place | None, effect: Effect) -> Place | None:
        """Do to one version of a file what was done to another one."""
        was, made = effect.was, effect.made
        if made is None:
            return None
        if was is None:
            if then is None or self.same(then.held, made.held):
                return made
            raise self._clash(then, None, made.held)
        if then is None:
            raise self._clash(made, was.held, None)
        held = self._joined(then, was.held, made.held)
        return Place(made.path if made.path != was.path else then.path, held)

    def _joined(self, place: Place, old: Held, new: Held) -> Held:
        """Do to the file at *place* what makes *new* of *old*."""
        if self.same(old, new) or self.same(place.held, new):
            return place.held
        if self.same(place.held, old):
            return new
        before, after, here = (self._text(held) for held in (old, new, place.held))
        if before is None or after is None or here is None:
            raise self._clash(place, old, new)
        found = joined(plain(before), plain(after), plain(here))
        if found.conflicts:
            raise self._clash(place, old, new, found)
        return place.held if found.text == plain(here) else Held(made=styled(found.text, here).encode())

    def same(self, one: Held, other: Held) -> bool:
        """Say whether two files hold the same bytes."""
        if one.blob and other.blob:
            return one.blob == other.blob
        return self.read(one) == self.read(other)

    def read(self, held: Held) -> bytes:
        """Return what a file holds."""
        return held.made if held.made is not None else self._store.read(held.blob)

    def size(self, held: Held) -> int:
        """Return how many bytes a file has."""
        return len(held.made) if held.made is not None else self._store.size(held.blob)

    def _text(self, held: Held) -> str | None:
        """Return a file's text with the line ends that it has, ``None`` where it is none, or too long."""
        if self.size(held) > MERGED_BYTES:
            return None
        content = self.read(held)
        try:
            return None if b"\0" in content else content.decode()
        except UnicodeDecodeError:
            return None

    def text(self, held: Held | None) -> str | None:
        r"""Return a file's text, with lines that end in ``\n``; ``None`` where it is none, too long, or no file."""
        found = self._text(held) if held is not None else None
        return plain(found) if found is not None else None

    def _clash(
        self, now: Place, old: Held | None, new: Held | None, merged: Merge | None = None
    ) -> ClashError:
        return ClashError(
            PageConflict(
                path=now.path,
                base=self.text(old) or "",
                ours=None if new is None else self.text(new) or "",
                theirs=self.text(now.held) or "",
                theirs_blob=now.held.blob or None,
                merged=merged,
            )
        )
