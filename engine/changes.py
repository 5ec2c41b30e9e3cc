"""What an actor asks to change, and what came of it: the words of `Wiki.commit`.

A change names the blob that it began from, so that nothing is overwritten unseen. Where the file has changed since,
both texts are merged; where they touch each other, the author is shown both, in a `PageConflict`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import ConflictError
from engine.merging import Merge
from engine.messages import Message


@dataclass(frozen=True, slots=True)
class Put:
    """Write the bytes of any file."""

    path: str
    content: bytes
    base: str | None  # the blob that it began from; None when there must not be a file


@dataclass(frozen=True, slots=True)
class Edit:
    r"""Write the text of a page as somebody typed it: lines end in ``\n``.

    Line ends, byte order mark and final line end stay as the file has them.
    """

    path: str
    text: str
    base: str | None  # as in `Put`


@dataclass(frozen=True, slots=True)
class Append:
    r"""Add lines at the end of a page, whatever it holds by then; where there is none, it begins with them.

    It follows the page where it was renamed, also where one was left that leads on to it.
    """

    path: str
    text: str  # lines end in ``\n``


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a file, if it still is what it was when that was decided."""

    path: str
    base: str


@dataclass(frozen=True, slots=True)
class Move:
    """Give a file another path, and maybe another content, as where links in it change with its place."""

    path: str
    to: str
    base: str
    content: bytes | None = None  # None leaves it as it is


Change = Put | Edit | Append | Delete | Move


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of some changes."""

    commit: str  # the one they are in
    changed: bool = True  # False where everything was so already
    paths: Mapping[str, str] = field(default_factory=dict)  # where each path that was named is now
    merged: tuple[str, ...] = ()  # paths where the change was merged with what others had changed since
    repeated: bool = False  # the same call had been made before


@dataclass(frozen=True, slots=True)
class PageConflict:
    """One file where a change and what others did meanwhile touch each other; lines end in a line feed.

    The texts of a file that is no page are left out: they are empty.
    """

    path: str  # where the file is now, or was last
    base: str  # the text that the change began from; empty where there was none
    ours: str | None  # what the change made of it; None where it deletes
    theirs: str | None  # what others made of it; None where they deleted it
    theirs_blob: str | None  # to begin the next try from
    merged: Merge | None  # None where one of the three is no text, or a side deletes


class MergeConflictError(ConflictError):
    """Changes that cannot be joined with what others did meanwhile; nothing was written.

    Args:
        conflicts: One for each file in question.
    """

    def __init__(self, conflicts: tuple[PageConflict, ...]) -> None:
        self.conflicts = conflicts
        super().__init__(
            Message(
                "Somebody else has changed the same part of “%(path)s” meanwhile. Nothing was written; both texts are kept.",
                path=conflicts[0].path,
            )
        )
