"""Which changes may be made: the same rules for every store."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from engine.errors import (
    AddressTakenError,
    EditConflictError,
    HeadMovedError,
    InvalidChangeError,
    PageExistsError,
)
from engine.ids import fold, page_stem, parse_path
from engine.model import Form
from engine.store import Change


@dataclass(frozen=True, slots=True)
class Item:
    """What a name in a folder stands for: a file with its blob; or a folder, which has no form."""

    form: Form | None
    blob: str = ""


class Folder(Protocol):
    """One folder as it is at the head."""

    def get(self, name: str) -> Item | None:
        """Return what *name* stands for."""
        ...

    def names(self) -> Collection[str]:
        """Return the names of all files and folders in it."""
        ...

    def alike(self, key: str) -> Collection[str]:
        """Return the names of files and folders with this key (see `name_key`)."""
        ...


Folders = Callable[[str], Folder]
"""From the path of a folder, empty for the root, to the folder; an empty one where there is none."""


def check_head(head: str | None, onto: str | None) -> None:
    """Raise `HeadMovedError` where changes that were made for the commit *onto* find another one."""
    if onto is not None and onto != head:
        raise HeadMovedError("the branch has moved since this was prepared; nothing was written")


def name_key(name: str) -> str:
    """Return the key of a file or folder within its folder: a page counts without its suffix."""
    stem = page_stem(name)
    return fold(name if stem is None else stem)


def keys(names: Collection[str]) -> Mapping[str, list[str]]:
    """Return the names by key; a folder may be asked for under either of its two keys, as it has no suffix."""
    found: dict[str, list[str]] = {}
    if not names:
        return found
    # All at once: NUL is in no name, and neither joins with what stands beside it nor changes in folding.
    whole = fold("\0".join(names)).split("\0")
    stems = fold("\0".join([page_stem(name) or name for name in names])).split("\0")
    for name, *both in zip(names, whole, stems, strict=True):
        for key in set(both):
            found.setdefault(key, []).append(name)
    return found


def effective(changes: Collection[Change], folders: Folders, blob_id: Callable[[bytes], str]) -> list[Change]:
    """Check all *changes* against the head, and return those that alter something, ordered by path.

    Raises:
        PageIdError: A path is unsafe.
        PageExistsError: ``base`` is ``None`` and the path exists.
        EditConflictError: A path's blob is not the change's ``base``.
        AddressTakenError: A new path reads like another.
        InvalidChangeError: Any other rule; the message says which.
    """
    if not changes:
        raise InvalidChangeError("there is nothing to change; name at least one file")
    ordered = sorted(changes, key=lambda change: parse_path(change.path))
    found = {change.path: _item(folders, change.path) for change in ordered}
    if len(found) < len(ordered):
        twice = next(a.path for a, b in pairwise(ordered) if a.path == b.path)
        raise InvalidChangeError(f"{twice} stands twice in one change; name each file once")
    for change in ordered:
        _check_base(change, found[change.path])
    gone = {change.path for change in ordered if change.deletes}
    # A dict, for its order and because it is asked often.
    new = {change.path: None for change in ordered if not change.deletes and change.base is None}
    for path in new:
        _check_place(path, new, gone, folders)
    _check_keys(new, gone, folders)
    return [change for change in ordered if alters(change, blob_id)]


def alters(change: Change, blob_id: Callable[[bytes], str]) -> bool:
    """Say whether a change leaves its file otherwise than it began from."""
    blob = change.blob if change.content is None else blob_id(change.content)
    return change.deletes or change.base is None or blob != change.base


def _item(folders: Folders, path: str) -> Item | None:
    folder, _, name = path.rpartition("/")
    return folders(folder).get(name)


def _check_base(change: Change, item: Item | None) -> None:
    path, base = change.path, change.base
    if item is None or item.form is None:
        if base is not None:
            raise EditConflictError(path, base, None)
        if change.deletes:
            raise InvalidChangeError(f"{path} cannot be deleted: say which blob it has")
        return
    if base is None:
        if change.deletes:
            raise InvalidChangeError(f"{path} cannot be deleted: say which blob it has")
        raise PageExistsError(f"{path} exists already; read it and edit that")
    if base != item.blob:
        raise EditConflictError(path, base, item.blob)
    if item.form is Form.SUBMODULE or (item.form is Form.SYMLINK and not change.deletes):
        raise InvalidChangeError(f"{path} is a {item.form}; change it with git")


def _check_place(path: str, new: Collection[str], gone: Collection[str], folders: Folders) -> None:
    parts = path.split("/")
    for depth in range(1, len(parts)):
        above = "/".join(parts[:depth])
        item = _item(folders, above)
        if above in new or (item is not None and item.form is not None and above not in gone):
            raise InvalidChangeError(f"{path} cannot be made: {above} is a file, not a folder")
    item = _item(folders, path)
    if item is not None and item.form is None and not all(inside in gone for inside in _files(folders, path)):
        raise InvalidChangeError(f"{path} cannot be made: it is a folder with other files in it")


def _files(folders: Folders, path: str) -> Iterator[str]:
    folder = folders(path)
    for name in folder.names():
        inside = f"{path}/{name}"
        item = folder.get(name)
        if item is not None and item.form is None:
            yield from _files(folders, inside)
        else:
            yield inside


def _check_keys(new: Collection[str], gone: Collection[str], folders: Folders) -> None:
    for path, other in clashes(new, gone, folders):
        raise AddressTakenError(path, other)


def clashes(new: Collection[str], gone: Collection[str], folders: Folders) -> Iterator[tuple[str, str]]:
    """Yield each new path that has the address of another one, with that one.

    Args:
        new: Paths of new files.
        gone: Paths of files that there are not any more.
        folders: How things were before.
    """
    taken: dict[tuple[str, ...], str] = {}
    for path in new:
        *above, name = path.split("/")
        key = (*map(fold, above), name_key(name))
        other = taken.get(key) or next((other for other in _alike(key, folders) if other not in gone), None)
        if other is not None:
            yield path, other
        taken[key] = path


def _alike(key: tuple[str, ...], folders: Folders) -> Iterator[str]:
    """Find the files at the head whose path has this key."""
    places = [""]
    for part in key[:-1]:
        places = [
            f"{place}{name}/"
            for place in places
            for name, item in _with_key(part, folders(place.rstrip("/")))
            if item.form is None and fold(name) == part
        ]
    for place in places:
        for name, item in _with_key(key[-1], folders(place.rstrip("/"))):
            if item.form is not None and name_key(name) == key[-1]:
                yield f"{place}{name}"


def _with_key(key: str, folder: Folder) -> Iterator[tuple[str, Item]]:
    for name in folder.alike(key):
        if (item := folder.get(name)) is not None:
            yield name, item
