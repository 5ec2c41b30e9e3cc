"""What `Past` answers: records for views, commands and programs."""

from dataclasses import dataclass

from engine.model import Name, Revision, TouchKind


@dataclass(frozen=True, slots=True)
class Subject:
    """A file that the branch has, or once had."""

    name: Name  # as it is now; what is gone, as it was last
    lineage: int
    gone: bool
    title: str  # the page's; of what is no page, or is gone, its id


@dataclass(frozen=True, slots=True)
class Step:
    """One revision of a file."""

    number: int  # from 1, the oldest
    revision: Revision
    kind: TouchKind
    name: Name  # its path then, and its blob; none when it was deleted
    old_path: str | None  # where it was renamed from


@dataclass(frozen=True, slots=True)
class History:
    """One page of a file's revisions, newest first."""

    subject: Subject
    steps: tuple[Step, ...]
    before: Revision | None  # the one that comes before the last of these
    earlier: Step | None  # the last one of another file, which was there before; told on the last page
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Version:
    """A file as it was at one commit."""

    subject: Subject
    commit: str  # the one that was asked for
    name: Name  # as it was then
    step: Step | None  # what made it so; its number is not told
    previous: Revision | None
    following: Revision | None  # None where this is the newest


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that a commit touched."""

    kind: TouchKind
    name: Name  # its path then
    old_path: str | None
    now: Name | None  # the file that is there now
    title: str  # of the page that is there now, else the path


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One commit, and the first of the files that it touched."""

    revision: Revision
    files: tuple[FileChange, ...]
    count: int  # of all that it touched, in the folder that was asked for


@dataclass(frozen=True, slots=True)
class Recent:
    """One page of change sets, newest first."""

    changes: tuple[ChangeSet, ...]
    page: int
    more: bool


@dataclass(frozen=True, slots=True)
class Deletion:
    """A file that is gone."""

    name: Name  # as it was last
    revision: Revision  # the commit that deleted it
    last: Revision | None  # the one before, that left it as it was last


@dataclass(frozen=True, slots=True)
class Deleted:
    """One page of deletions, newest first."""

    deletions: tuple[Deletion, ...]
    after: str  # where the next page begins; empty at the end


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a file that is not where it was."""

    name: Name  # where it is now; what is gone, as it was last
    moved: bool  # else it is gone
    revision: Revision | None  # the commit that moved or deleted it
    last: Revision | None  # of what is gone: the one that left it as it was last
