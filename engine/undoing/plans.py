"""What `Undoing` answers: what would become of which files, and which stay as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.changes import Change, PageConflict
from engine.model import Name, Revision, TouchKind
from engine.sight import past_name


class Reason(StrEnum):
    """Why a file stays as it is."""

    DONE = "done"  # it is so already
    GONE = "gone"  # it was deleted since
    CONFLICT = "conflict"  # it has been changed since in the same lines
    DENIED = "denied"  # the actor may not write it, or not all that it would take
    TAKEN = "taken"  # where it was there is another file now, or one with the same address
    MERGED = "merged"  # a merge made it so, and what it was before is not one thing
    SPECIAL = "special"  # a link, a submodule, or a name that only git may write


@dataclass(frozen=True, slots=True)
class FilePlan:
    """What would become of one file."""

    path: str  # where it is now; of one that comes back, where it will be
    to: str  # where it will be; of one that is deleted, where it was
    kind: TouchKind  # what the commit will have done to it
    edits: int = 1  # how many commits are taken back in it
    added: int | None = 0  # lines; None where it is no text, or too large to be compared
    removed: int | None = 0

    @property
    def name(self) -> Name:
        """What `path` is called."""
        return past_name(self.path, None)

    @property
    def then(self) -> Name:
        """What `to` is called."""
        return past_name(self.to, None)


@dataclass(frozen=True, slots=True)
class Left:
    """A file that stays as it is."""

    path: str  # where it is now, or was last
    reason: Reason

    @property
    def name(self) -> Name:
        """What `path` is called."""
        return past_name(self.path, None)


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """Changes that take something back, and what cannot be taken back."""

    changes: tuple[Change, ...]  # for `Wiki.commit`; none where everything is left
    files: tuple[FilePlan, ...]  # what they come to, ordered by path
    left: tuple[Left, ...] = ()  # ordered by path
    conflicts: tuple[PageConflict, ...] = ()  # the texts of what is left for that reason, up to `CONFLICTS`
    commits: int = 1  # how many are taken back
    more: bool = False  # there are earlier ones, beyond what one plan takes
    revision: Revision | None = None  # the one, where it is one
    summary: str = ""  # what the commit may say
    trailers: Mapping[str, str] = field(default_factory=dict)  # what it must say

    @property
    def denied(self) -> tuple[str, ...]:
        """The paths that the actor may see and not write."""
        return tuple(each.path for each in self.left if each.reason is Reason.DENIED)
