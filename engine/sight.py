"""What of the past an actor may see: quickly for who may see all, else by looking through it, within bounds.

What lay in a place that is hidden is hidden, and so is every earlier place of a file that is hidden now. Where an actor
does not see all, nothing is counted that they do not see.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from engine.catalog import Arrivals, Touched
from engine.ids import page_stem
from engine.model import Form, Name, Revision, TouchKind
from engine.past_answers import Step

LOOKED_AT = 20_000  # touches, or commits, that are looked through for one answer
AT_ONCE = 200  # commits in one question
FILES_LOOKED_AT = 1_000  # of one commit


class Reader(Protocol):
    """Whoever may read files: a snapshot."""

    def may_see(self, name: Name) -> bool:
        """Say whether the actor may read this file."""
        ...


def past_name(path: str, blob: str | None) -> Name:
    """Return the name of a file that was; what it was is told by its suffix."""
    return Name(path, blob or "", Form.MEDIA if page_stem(path) is None else Form.PAGE)


class Sight:
    """The arrivals as one actor may see them.

    Args:
        arrivals: All of them.
        reader: Says which files may be seen.
        sees_all: Whether that is every one.
        whole: Whether commits that touched nothing are there for who sees all; those that touched nothing under the
            content root are not.
    """

    def __init__(self, arrivals: Arrivals, reader: Reader, *, sees_all: bool, whole: bool = True) -> None:
        self._arrivals = arrivals
        self._reader = reader
        self.sees_all = sees_all
        self.knows_all = sees_all and whole
        self._known: dict[int, bool] = {}
        self._homes: dict[int, Name] = {}
        self._places: dict[tuple[int, str], bool] = {}
        self._histories: dict[int, Sequence[Touched]] = {}

    def sees(self, touches: Iterable[Touched]) -> list[Touched]:
        """Return those of some touches that may be seen."""
        listed = [*touches]
        if self.sees_all:
            return listed
        new = {touched.lineage for touched in listed} - self._homes.keys()
        homes = self._arrivals.last_paths(new)
        self._homes |= {lineage: past_name(path, None) for lineage, path in homes.items()}
        self._homes |= self._arrivals.living(new)
        return [touched for touched in listed if self._sees(touched.lineage, touched.path)]

    def _sees(self, lineage: int, path: str) -> bool:
        place = (lineage, path)
        if place not in self._places:
            home = self._homes[lineage]
            self._places[place] = self._reader.may_see(past_name(path, None)) and self._reader.may_see(home)
        return self._places[place]

    def knows(self, rank: int) -> bool:
        """Say whether the actor may know of a commit: one that touched what they may see."""
        if rank not in self._known:
            self._known[rank] = self.knows_all or next(self.touches(rank), None) is not None
        return self._known[rank]

    def touches(self, rank: int) -> Iterator[Touched]:
        """Yield all files that the commit of a rank touched, by path, some at a time."""
        last = ""
        while listed := self._arrivals.touched_after(rank, last, FILES_LOOKED_AT if last else AT_ONCE):
            yield from self.sees(listed)
            last = listed[-1].path

    def touched_by(self, rank: int, limit: int, offset: int = 0) -> tuple[Sequence[Touched], int]:
        """Return some of the files that the commit of a rank touched, by path, and how many there are."""
        if self.sees_all:
            return self._arrivals.touched_by(rank, limit, offset), self._arrivals.count_touched(rank)
        seen = [*self.touches(rank)]
        return seen[offset : offset + limit], len(seen)

    def step(self, touched: Touched, number: int) -> Step:
        """Return a touch as it is shown; a rename from a place that is hidden is an addition."""
        kind, old_path = touched.kind, touched.old_path
        if old_path is not None and not self._reader.may_see(past_name(old_path, None)):
            kind, old_path = TouchKind.ADDED, None
        return Step(number, touched.revision, kind, past_name(touched.path, touched.blob), old_path)

    def _is_inside(self, touched: Touched, folder: str) -> bool:
        """Say whether a touch concerns *folder* for all that may be known: not if it only came out of what is hidden."""
        step = self.step(touched, 0)
        paths = (step.name.path, step.old_path or "")
        return not folder or any(path.startswith(f"{folder}/") for path in paths)

    # -- of one file

    def count(self, lineage: int) -> int:
        """Return how many revisions of a file there are."""
        return self._arrivals.count(lineage) if self.sees_all else len(self._seen(lineage))

    def history(self, lineage: int, limit: int, offset: int) -> Sequence[Touched]:
        """Return revisions of a file, newest first."""
        if self.sees_all:
            return self._arrivals.history(lineage, limit, offset)
        return self._seen(lineage)[offset : offset + limit]

    def around(self, lineage: int, made: int, asked: int) -> tuple[Touched | None, Touched | None]:
        """Return the revisions that left a file: before the commit of one rank, and after that of another."""
        if self.sees_all:
            return self._arrivals.newest(lineage, made - 1, kept=True), self._arrivals.next(lineage, asked)
        kept = [touched for touched in self._seen(lineage) if touched.blob is not None]
        return (
            next((touched for touched in kept if touched.rank < made), None),
            next((touched for touched in reversed(kept) if touched.rank > asked), None),
        )

    def _seen(self, lineage: int) -> Sequence[Touched]:
        if lineage not in self._histories:
            self._histories[lineage] = self.sees(self._arrivals.history(lineage, LOOKED_AT))
        return self._histories[lineage]

    # -- of many files

    def count_active(self, folder: str, author: str) -> int | None:
        """Return how many commits touched something in a folder; ``None`` where counting would take long."""
        return self._arrivals.count_active(folder, author) if self.sees_all else None

    def active(
        self, folder: str, author: str, limit: int, offset: int, files: int
    ) -> tuple[Sequence[tuple[Revision, Sequence[Touched], int]], bool]:
        """Return commits that touched something in *folder*, newest first, and whether there are more.

        Each comes with up to *files* of what it touched, and with how many these are in all.
        """
        if self.sees_all:
            listed = self._arrivals.active(folder, author, limit + 1, offset)
            touches = self._arrivals.touches(listed[:limit], folder, files)
            return [(c.revision, touches[c.rank], c.files) for c in listed[:limit]], len(listed) > limit
        found: list[tuple[Revision, Sequence[Touched], int]] = []
        looked_at = 0
        for start in range(0, LOOKED_AT, AT_ONCE):
            listed = self._arrivals.active(folder, author, AT_ONCE, start)
            touches = self._arrivals.touches(listed, folder, FILES_LOOKED_AT)
            looked_at += sum(map(len, touches.values()))
            there = (touched for each in touches.values() for touched in each)
            seen = {touched for touched in self.sees(there) if self._is_inside(touched, folder)}
            for commit in listed:
                if mine := [touched for touched in touches[commit.rank] if touched in seen]:
                    found.append((commit.revision, mine[:files], len(mine)))
            if len(found) > offset + limit or len(listed) < AT_ONCE or looked_at > LOOKED_AT:
                break
        return found[offset : offset + limit], len(found) > offset + limit
