"""What changes mean at one commit: those to files that have moved on are merged, or come back as conflicts.

::

    a change -> the file as it is at the head
                  ├── is the base       -> written as it is
                  ├── was renamed       -> the same at its new path
                  ├── has changed since -> both are merged; where they touch each other, it is a conflict
                  └── is gone           -> a conflict: its author decides
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from engine import store
from engine.changes import (
    Append,
    Change,
    Delete,
    Edit,
    MergeConflictError,
    Move,
    PageConflict,
    Put,
)
from engine.diff import lines
from engine.errors import (
    InvalidChangeError,
    NotReadyError,
    PageExistsError,
    PageNotFoundError,
    RevisionNotFoundError,
    TooLargeError,
)
from engine.frontmatter import split
from engine.ids import page_stem
from engine.merging import Conflict, Merge, merge
from engine.messages import Message
from engine.model import Entry, Form
from engine.store import Store
from engine.textstyle import plain, styled

REDIRECT = 10_000  # characters in which the word stands that lets a page lead on


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one change may write, in bytes; what is larger already may become smaller, or come back."""

    page: int = 1_000_000
    file: int = 25_000_000
    changes: int = 10_000


@dataclass(slots=True)
class Settled:
    """Changes as they can be written on top of one commit."""

    changes: list[store.Change] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)  # from each path that was named to where its file is
    merged: list[str] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)  # where git might not see it by itself


class History(Protocol):
    """What has to be known of the past, as who asks for a change may see it; NotReadyError while it is being read."""

    def moved(self, path: str, base: str | None) -> str | None:
        """Return where the file was renamed to that was at *path*, and held the blob *base* then (``None``: any)."""
        ...

    def ended(self, path: str, base: str) -> bool:
        """Say whether the file that held *base* at *path* is no more, so that one which stands there is another."""
        ...

    def led(self, path: str) -> str | None:
        """Return where the file is that was renamed away from *path*, where another one stands now."""
        ...

    def knows(self, path: str, blob: str) -> bool:
        """Say whether the file that is, or was, at *path* held *blob* once."""
        ...

    def has_seen(self, path: str, blob: str) -> bool:
        """Say whether any file held *blob* once that is a page, or none, as one at *path* is.

        While the history is being read, nothing was seen.
        """
        ...


class Settler:
    """Settles changes at one commit.

    Args:
        store: Where the files are.
        head: The commit; ``None`` while there is none.
        history: What was before.
        limits: How much may be written.
    """

    def __init__(self, store: Store, head: str | None, history: History, limits: Limits) -> None:
        self._store = store
        self._head = head
        self._history = history
        self._limits = limits
        self._entries: dict[str, Entry | None] = {}  # of the paths that are named
        self._settled = Settled()
        self._conflicts: list[PageConflict] = []
        self._plain = True  # of at most one file that moves as it is
        self._filled: set[str] = set()  # paths from which a file is moved, and at which another one begins

    def settle(self, changes: Iterable[Change]) -> Settled:
        """Settle all *changes*, or none of them.

        Raises:
            MergeConflictError: Some of them touch what others did meanwhile; it has all of these.
            PageExistsError: A file was to be new, and there is one.
            PageNotFoundError: A file that is to be moved or deleted is not there.
            InvalidChangeError: A file is no text and cannot be edited as one, a text none that can be written, or a
                base none of the file.
            TooLargeError: Beyond the limits.
            NotReadyError: A file is not what the change began from, and the history is still being read.
        """
        joined = _joined(changes)
        self._look_up(joined)
        left = {change.path for change in joined if isinstance(change, Move)}
        self._filled = {
            change.path
            for change in joined
            if isinstance(change, Put | Edit) and change.base is None and change.path in left
        }
        for change in joined:
            match change:
                case Put() | Edit():
                    self._write(change)
                case Append():
                    self._append(change)
                case Delete():
                    self._delete(change)
                case Move():
                    self._move(change)
        if self._conflicts:
            raise MergeConflictError(tuple(self._conflicts))
        if self._plain:
            self._settled.moved.clear()
        return self._settled

    def _look_up(self, changes: Iterable[Change]) -> None:
        """Find all files that are named at once: many in one folder take as long as one."""
        if self._head is None:
            return
        paths = {path for change in changes for path in paths_of(change)}
        self._entries = {**dict.fromkeys(paths), **self._store.entries(self._head, paths)}

    def _entry(self, path: str) -> Entry | None:
        if path not in self._entries:
            self._entries[path] = self._store.entry(self._head, path) if self._head is not None else None
        return self._entries[path]

    def _find(self, path: str, base: str | None) -> tuple[str, Entry | None]:
        """Return where the file is that was at *path*, and the file."""
        entry = self._entry(path)
        if base is not None and (now := self._elsewhere(path, entry, base)) is not None:
            path, entry = now, self._entry(now)
        return path, entry

    def _elsewhere(self, path: str, entry: Entry | None, base: str) -> str | None:
        """Return where the file was renamed to that held *base* at *path*."""
        if entry is not None and entry.blob == base:
            return None
        try:
            return self._history.moved(path, base)
        except NotReadyError:
            if entry is None or not self._history.knows(path, base):
                raise
            return None  # as far as is known it is the same file

    def _is_another(self, named: str, path: str, base: str) -> bool:
        """Say whether the file at *path* has only taken the place of the one that held *base* there."""
        try:
            return named == path and self._history.ended(path, base)
        except NotReadyError:
            return False  # as far as is known it is the same file

    # -- writing

    def _write(self, change: Put | Edit) -> None:
        path, entry = self._find(change.path, change.base)
        self._settled.paths[change.path] = path
        if entry is None:
            if change.base is None:
                self._put(path, _content(change, b""), None)
            else:
                base = self._base(change.path, change.base)
                self._conflict(path, base, _content(change, base), None)
            return
        _check_ordinary(path, entry)
        theirs = self._store.read(entry.blob)
        ours = _content(change, b"" if path in self._filled else theirs)
        if entry.blob == change.base or ours == theirs or path in self._filled:
            self._put(path, ours, entry)
        elif change.base is not None and self._is_another(change.path, path, change.base):
            self._conflict(path, None, ours, entry, theirs)
        elif change.base is not None:
            made = self._merged(path, self._base(change.path, change.base), ours, entry, theirs)
            if made is not None:
                self._put(path, made, entry)
        elif isinstance(change, Put):
            raise _exists(path)
        else:
            self._conflict(path, None, ours, entry, theirs)

    def _merged(
        self, path: str, base: bytes, ours: bytes, entry: Entry, theirs: bytes, to: str | None = None
    ) -> bytes | None:
        """Return the bytes of both sides joined, for *to* or the same path; ``None`` after noting a conflict."""
        found = merge_texts(path, base, ours, theirs)
        if found is None or found.conflicts:
            self._conflict(path, base, ours, entry, theirs)
            return None
        self._settled.merged.append(to or path)
        return styled(found.text, theirs.decode()).encode()

    def _put(self, path: str, content: bytes, entry: Entry | None) -> None:
        self._check_size(path, content, entry)
        self._settled.changes.append(store.Change(path, content, entry.blob if entry else None))

    def _append(self, change: Append) -> None:
        entry, path = self._entry(change.path), change.path
        if entry is None and self._head is not None and (now := self._history.moved(path, None)) is not None:
            path, entry = now, self._entry(now)
        if entry is not None and self._leads_on(path, entry):
            led = self._history.led(path)
            path, entry = (led, self._entry(led)) if led is not None and self._entry(led) else (path, entry)
        self._settled.paths[change.path] = path
        if entry is not None:
            _check_ordinary(path, entry)
        before = _text(path, self._store.read(entry.blob)) if entry is not None else ""
        start = plain(before)
        between = "\n" if start and not start.endswith("\n") else ""
        self._put(path, _encoded(path, styled(f"{start}{between}{plain(change.text)}", before)), entry)

    def _leads_on(self, path: str, entry: Entry) -> bool:
        """Say whether a page only leads on to another one, as one that a move has left behind."""
        if entry.form is not Form.PAGE:
            return False
        text = self._store.read(entry.blob).decode(errors="replace")
        return "redirect" in text[:REDIRECT] and "redirect" in split(text).properties

    # -- deleting, moving

    def _delete(self, change: Delete) -> None:
        path, entry = self._find(change.path, change.base)
        if entry is None:
            raise _not_found(change.path)
        self._settled.paths[change.path] = path
        if entry.blob != change.base:
            theirs = b"" if entry.form is Form.SUBMODULE else self._store.read(entry.blob)
            self._conflict(path, self._base(change.path, change.base), None, entry, theirs)
        else:
            self._settled.changes.append(store.Change(path, None, entry.blob))

    def _move(self, change: Move) -> None:
        entry = self._entry(change.path)
        if (
            entry is None
            or self._elsewhere(change.path, entry, change.base) is not None
            or (entry.blob != change.base and self._is_another(change.path, change.path, change.base))
        ):
            raise _not_found(change.path)
        if self._entry(change.to) is not None:
            raise _exists(change.to)
        _check_ordinary(change.path, entry)
        self._settled.paths[change.path] = change.to
        content = change.content
        if content is not None and entry.blob != change.base:
            base, theirs = self._base(change.path, change.base), self._store.read(entry.blob)
            content = self._merged(change.path, base, content, entry, theirs, to=change.to)
        if content is not None:
            self._check_size(change.to, content, entry)
        elif page_stem(change.path) is None and page_stem(change.to) is not None:
            self._check_size(change.to, self._store.read(entry.blob), None)
        self._settled.changes.append(
            store.Change(change.to, content, None, entry.blob if content is None else None)
        )
        self._plain = self._plain and content is None and not self._settled.moved
        self._settled.moved.append((change.path, change.to))
        if change.path in self._filled:
            self._plain = False
        else:
            self._settled.changes.append(store.Change(change.path, None, entry.blob))

    # -- what goes wrong

    def _base(self, path: str, blob: str) -> bytes:
        """Return what a change of the file at *path* began from: never what another file holds, or held."""
        entry = self._entry(path)
        if (entry is not None and entry.blob == blob) or self._history.knows(path, blob):
            with suppress(RevisionNotFoundError):
                return self._store.read(blob)
        raise InvalidChangeError(
            Message("What this change began from is not in the repository any more; read the page again.")
        )

    def _conflict(
        self,
        path: str,
        base: bytes | None,
        ours: bytes | None,
        entry: Entry | None,
        theirs: bytes | None = None,
    ) -> None:
        self._conflicts.append(
            PageConflict(
                path=path,
                base=_shown(path, base) or "",
                ours=_shown(path, ours),
                theirs=_shown(path, theirs),
                theirs_blob=entry.blob if entry else None,
                merged=merge_texts(path, base, ours, theirs),
            )
        )

    def _check_size(self, path: str, content: bytes, entry: Entry | None) -> None:
        is_page = page_stem(path) is not None
        limit = self._limits.page if is_page else self._limits.file
        if len(content) <= limit or (entry is not None and len(content) <= self._store.size(entry.blob)):
            return
        if self._history.has_seen(path, self._store.blob_id(content)):
            return  # what was there once may come back
        shown = {"path": path, "size": f"{len(content):,}", "limit": f"{limit:,}"}
        if is_page:
            raise TooLargeError(
                Message(
                    "“%(path)s” would have %(size)s bytes; pages may have %(limit)s. Split it in two, or push it with git.",
                    **shown,
                )
            )
        raise TooLargeError(
            Message(
                "“%(path)s” would have %(size)s bytes; files may have %(limit)s. Push it with git.", **shown
            )
        )


def _joined(changes: Iterable[Change]) -> list[Change]:
    """Join what is appended to one page."""
    found: list[Change] = []
    appended: dict[str, int] = {}
    for change in changes:
        if isinstance(change, Append) and change.path in appended:
            at = appended[change.path]
            first = found[at]
            if isinstance(first, Append):
                between = "" if not first.text or first.text.endswith("\n") else "\n"
                found[at] = replace(first, text=f"{first.text}{between}{change.text}")
            continue
        if isinstance(change, Append):
            appended[change.path] = len(found)
        found.append(change)
    return found


def _content(change: Put | Edit, before: bytes) -> bytes:
    if isinstance(change, Put):
        return change.content
    return _encoded(change.path, styled(change.text, _text(change.path, before)))


def _encoded(path: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidChangeError(
            Message(
                "The text for “%(path)s” has half a character (%(code)s) in it, which cannot be written; take it out.",
                path=path,
                code=f"U+{ord(text[error.start]):04X}",
            )
        ) from None


def paths_of(change: Change) -> tuple[str, ...]:
    """Return the paths that a change names."""
    return (change.path, change.to) if isinstance(change, Move) else (change.path,)


def _check_ordinary(path: str, entry: Entry) -> None:
    if entry.form not in {Form.PAGE, Form.MEDIA}:
        raise InvalidChangeError(Message("“%(path)s” is no ordinary file; change it with git.", path=path))


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise InvalidChangeError(
            Message("“%(path)s” is not UTF-8, so it cannot be edited as text; change it with git.", path=path)
        ) from None


def _shown(path: str, content: bytes | None) -> str | None:
    """Return a side of a conflict as text; of a file that is no page nothing but that it is there."""
    if content is None:
        return None
    return plain(content.decode(errors="replace")) if page_stem(path) is not None else ""


def merge_texts(path: str, base: bytes | None, ours: bytes | None, theirs: bytes | None) -> Merge | None:
    """Merge the texts of a page; ``None`` where it is no page, one of the texts is none, or a side is gone."""
    if page_stem(path) is None or ours is None or theirs is None:
        return None
    try:
        before = plain(base.decode()) if base is not None else None
        return merge_pages(before, plain(ours.decode()), plain(theirs.decode()))
    except UnicodeDecodeError:
        return None


def merge_pages(base: str | None, ours: str, theirs: str) -> Merge:
    """Merge two texts; two that began from nothing are two pages, and one conflict."""
    if base is None:
        return Merge(ours, (Conflict(0, len(lines(ours)), "", ours, theirs),))
    return merge(base, ours, theirs)


def _exists(path: str) -> PageExistsError:
    return PageExistsError(
        Message("“%(path)s” exists already; choose another name, or edit that.", path=path)
    )


def _not_found(path: str) -> PageNotFoundError:
    return PageNotFoundError(Message("There is no file “%(path)s” any more.", path=path))
