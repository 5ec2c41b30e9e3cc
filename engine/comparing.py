"""Two revisions of one file, compared; reached by `Snapshot.comparing`.

The file is followed through renames by `Past`, which also sees to the rights: where the actor may not see what was
there at a revision, there was nothing.
"""

from dataclasses import dataclass

from engine.catalog import Moment
from engine.contents import COMPARED_BYTES, Contents, Kind, compare
from engine.errors import RevisionNotFoundError
from engine.messages import Message
from engine.model import Form, Name, Revision
from engine.past import Past
from engine.past_answers import Step, Subject
from engine.store import Store

SHOWN_BYTES = 20_000_000
"""The bytes of a larger version are not looked at; only its size is told."""


@dataclass(frozen=True, slots=True)
class Side:
    """A file at one commit."""

    commit: str  # that was asked for; empty for "before there was any"
    name: Name | None = None  # its path then; None where it was not there
    revision: Revision | None = None  # what made it so; where it was not there, that commit
    size: int = 0  # in bytes
    content: bytes | None = None  # None where there is none, or more than `SHOWN_BYTES`


@dataclass(frozen=True, slots=True)
class Comparison:
    """A file at two commits."""

    subject: Subject
    old: Side
    new: Side
    contents: Contents
    previous: Revision | None  # the revision before the old side, to compare with it
    following: Revision | None  # the revision after the new side

    @property
    def renamed(self) -> bool:
        """Whether its path differs."""
        names = (self.old.name, self.new.name)
        return None not in names and names[0].path != names[1].path  # type: ignore[union-attr]


class Comparing:
    """Compares revisions, as one actor may see them. Made by `Snapshot.comparing`."""

    def __init__(self, past: Past, moment: Moment, store: Store) -> None:
        self._past = past
        self._arrivals = moment.arrivals
        self._store = store

    def between(self, subject: Subject, old: str = "", new: str = "") -> Comparison:
        """Compare a file at two commits.

        Args:
            subject: The file.
            old: What names a commit; empty for the revision before *new*.
            new: What names a commit; empty for the newest revision, of a file that is gone its deletion.

        Raises:
            RevisionNotFoundError: There is no such commit, or neither of the two has the file.
            NotReadyError: The history is still being read.
        """
        newest = self._past.history(subject).steps
        after = self._side(subject, new or (newest[0].revision.id if newest else ""))
        if old:
            before = self._side(subject, old)
        else:
            earlier = self._before(subject, after, newest)
            before = self._side(subject, earlier.id) if earlier else Side("")
        if before.name is None and after.name is None:
            raise RevisionNotFoundError(
                Message("“%(name)s” was there at neither of the two revisions.", name=str(subject.name.id))
            )
        return Comparison(
            subject,
            before,
            after,
            self._contents(before, after),
            self._before(subject, before, newest) if before.commit else None,
            self._past.version(subject, after.commit).following if after.name else None,
        )

    def _side(self, subject: Subject, text: str) -> Side:
        commit = self._past.commit(text)
        try:
            version = self._past.version(subject, commit)
        except RevisionNotFoundError:  # the commit is there, and does not have the file
            return Side(commit, revision=self._arrivals.revisions([commit]).get(commit))
        name = version.name
        revision = version.step.revision if version.step else self._arrivals.revisions([commit]).get(commit)
        if name.form is Form.SUBMODULE:
            return Side(commit, name, revision, content=f"Subproject commit {name.blob}\n".encode())
        size = self._store.size(name.blob)
        content = self._store.read(name.blob) if size <= SHOWN_BYTES else None
        return Side(commit, name, revision, size, content)

    def _before(self, subject: Subject, side: Side, newest: tuple[Step, ...]) -> Revision | None:
        """Return the revision before the one that made a side what it is."""
        if side.name is not None:
            return self._past.version(subject, side.commit).previous
        numbers = [step.number for step in newest if step.revision.id == side.commit]
        kept = (step for step in newest if numbers and step.number < numbers[0] and step.name.blob)
        found = next(kept, None)
        return found.revision if found else None

    def _contents(self, old: Side, new: Side) -> Contents:
        blobs = [side.name.blob if side.name else None for side in (old, new)]
        if max(old.size, new.size) > COMPARED_BYTES:
            return Contents(kind=Kind.LARGE, same=blobs[0] == blobs[1])
        page = any(side.name is not None and side.name.form is Form.PAGE for side in (old, new))
        return compare(old.content, new.content, page=page)
