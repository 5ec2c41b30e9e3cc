"""Two revisions of one file, compared; reached by `Snapshot.comparing`.

The file is followed through renames by `Past`, which also sees to the rights: where the actor may not see what was
there at a revision, there was nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.catalog import Moment
from engine.contents import COMPARED_BYTES, Contents, Kind, compare
from engine.errors import RevisionNotFoundError
from engine.messages import Message
from engine.model import Form, Name, Revision
from engine.past import Past
from engine.past_answers import Step, Subject, Version
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
        old, new = self.old.name, self.new.name
        return old is not None and new is not None and old.path != new.path


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
        steps = self._past.history(subject).steps
        after, version = self._side(subject, new or (steps[0].revision.id if steps else ""))
        following = version.following if version else None
        earlier = version.previous if version else _before(after.commit, steps)
        if old or earlier:
            before, version = self._side(subject, old or (earlier.id if earlier else ""))
            earlier = version.previous if version else _before(before.commit, steps)
        else:
            before = Side("")
        if before.name is None and after.name is None:
            raise RevisionNotFoundError(
                Message("“%(name)s” was there at neither of the two revisions.", name=str(subject.name.id))
            )
        return Comparison(subject, before, after, contents(before, after), earlier, following)

    def _side(self, subject: Subject, text: str) -> tuple[Side, Version | None]:
        commit = self._past.commit(text)
        try:
            version = self._past.version(subject, commit)
        except RevisionNotFoundError:  # the commit is there, and does not have the file
            return Side(commit, revision=self._revision(commit)), None
        revision = version.step.revision if version.step else self._revision(commit)
        return side_of(self._store, commit, version.name, revision), version

    def _revision(self, commit: str) -> Revision | None:
        return self._arrivals.revisions([commit]).get(commit)


def side_of(
    store: Store, commit: str, name: Name, revision: Revision | None = None, most: int = SHOWN_BYTES
) -> Side:
    """Read a file at a commit; the bytes of one that has more than *most* are left out."""
    if name.form is Form.SUBMODULE:
        content: bytes | None = f"Subproject commit {name.blob}\n".encode()
        size = len(content or b"")
    else:
        size = store.size(name.blob)
        content = store.read(name.blob) if size <= most else None
    return Side(commit, name, revision, size, content)


def _before(commit: str, steps: Sequence[Step]) -> Revision | None:
    """Return the newest revision before *commit*, which deleted the file, that left one."""
    number = next((step.number for step in steps if step.revision.id == commit), 0)
    return next((step.revision for step in steps if step.number < number and step.name.blob), None)


def contents(old: Side, new: Side) -> Contents:
    """Compare the contents of two sides."""
    if max(old.size, new.size) > COMPARED_BYTES:
        blobs = [side.name.blob if side.name else None for side in (old, new)]
        return Contents(kind=Kind.LARGE, same=blobs[0] == blobs[1])
    page = any(side.name is not None and side.name.form is Form.PAGE for side in (old, new))
    return compare(old.content, new.content, page=page)
