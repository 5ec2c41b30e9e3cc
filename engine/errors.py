"""What can go wrong, as a tree.

::

    WikiError               its text may be shown to a reader
    ├── PageIdError         text that cannot become a page id
    ├── CursorError         text that is no place from which changes can be followed
    ├── ForbiddenError      the actor may see it, and may not do this
    ├── NotFoundError       PageNotFoundError  RevisionNotFoundError  MediaNotFoundError
    ├── ConflictError       PageExistsError  EditConflictError  HeadMovedError
    ├── TooLargeError       beyond a limit; says which and how to get further
    ├── InvalidChangeError  a change that would break the repository's rules; AddressTakenError
    ├── PushRefusedError    a push that would; has all reasons
    ├── NotReadyError       what was asked for is still being read; it will be there in a moment
    └── StoreError          git is missing, locked or broken; RemoteError: it is another repository, far away

A message names what, which value, and what to do next.
"""


class WikiError(Exception):
    """The root: whatever the engine refuses, with a text that a reader may see."""

    @property
    def message(self) -> str:
        """The text; where it can be said in other languages, a `Message`."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class PageIdError(WikiError):
    """Text that cannot become a page id or a path."""


class ForbiddenError(WikiError):
    """The actor may see it, and may not do this."""


class NotFoundError(WikiError):
    """Nothing is there, or nothing that this actor may know of."""


class PageNotFoundError(NotFoundError):
    """No page has this id."""


class MediaNotFoundError(NotFoundError):
    """No media file has this path."""


class RevisionNotFoundError(NotFoundError):
    """No such commit, or no such object, in the repository."""


class CursorError(WikiError):
    """What somebody gave is no place from which the changes can be followed."""


class ConflictError(WikiError):
    """What the change began from is no longer so."""


class PageExistsError(ConflictError):
    """The page was to be new, and there is one."""


class EditConflictError(ConflictError):
    """The file has changed since the edit began.

    Args:
        path: The file in question.
        expected: The blob the edit began from, ``None`` when the file was to be new.
        found: The blob that is there now, ``None`` when the file is gone.
    """

    def __init__(self, path: str, expected: str | None, found: str | None) -> None:
        super().__init__(f"{path} has changed since this edit began; read it again and repeat the edit")
        self.path = path
        self.expected = expected
        self.found = found


class HeadMovedError(ConflictError):
    """The branch moved again and again while a commit was being made; nothing was written."""


class TooLargeError(WikiError):
    """Beyond a limit; the message says which, and how to get further."""


class InvalidChangeError(WikiError):
    """A change that would break the repository's rules."""


class AddressTakenError(InvalidChangeError):
    """A new file would have the same address as another.

    Args:
        path: The new file.
        other: The other one, which not every actor may know of.
    """

    def __init__(self, path: str, other: str) -> None:
        super().__init__(
            f"{path} cannot be made: it would have the same address as {other}; choose another name"
        )
        self.path = path
        self.other = other


class PushRefusedError(WikiError):
    """A push that would break the repository's rules, or that its actor may not make; nothing has changed.

    Args:
        reasons: A line each: which file or commit, why, and what to do.
    """

    def __init__(self, *reasons: str) -> None:
        super().__init__(reasons[0])
        self.reasons = reasons


class NotReadyError(WikiError):
    """What was asked for is still being read from the repository."""


class StoreError(WikiError):
    """Git is missing, locked or broken."""


class RemoteError(StoreError):
    """The other repository cannot be reached, or takes or gives nothing; nothing has changed."""
