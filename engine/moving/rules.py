"""What a move comes to, file by file, and what speaks against it."""

from collections.abc import Callable, Collection, Iterable, Mapping

from engine.catalog import Moment, Visible
from engine.errors import (
    ForbiddenError,
    InvalidChangeError,
    PageExistsError,
    PageNotFoundError,
)
from engine.ids import PageId, check_reach, page_stem, parse_path
from engine.messages import Message
from engine.model import Form, Name
from engine.moving.relinking import Moves
from engine.site import PATH as SETTINGS

Locked = Callable[[Iterable[str]], Collection[str]]
"""Returns those of some paths at which an actor may not change a file, nor make one."""


class Rules:
    """Knows which moves may be made.

    Args:
        moment: The catalog.
        visible: What the actor may see.
        locked: Tells at which paths the actor may not change a file, nor make one.
    """

    def __init__(self, moment: Moment, visible: Visible, locked: Locked) -> None:
        self._moment = moment
        self._visible = visible
        self._locked = locked

    def moves(self, path: str, to: str, *, leads: bool) -> Moves:
        """Return what moves when the file or folder at *path* does; errors as `Moving.plan`.

        Args:
            path, to: The old path, and the new one.
            leads: Whether pages stay that lead on.
        """
        if path == to:
            raise InvalidChangeError(Message("“%(path)s” is there already.", path=path))
        parse_path(to)
        found = self._moves(path, to)
        for before, after in found.files.values():
            _check_file(before, after)
        paths = [each.path for both in found.files.values() for each in both]
        locked = self._locked(paths)
        for path in paths:
            if path in locked:
                raise ForbiddenError(Message("You may not change “%(path)s”.", path=path))
        if found.folder is not None:
            self._check_folder(found.folder[1])
        self._check_places(found.files)
        gone = [each for each, (name, _) in found.files.items() if name.form is not Form.PAGE or not leads]
        self._check_folders(found.files, gone)
        return found

    def _moves(self, path: str, to: str) -> Moves:
        name = self._moment.name(path)
        if name is not None and self._visible(name):
            return Moves({path: (name, Name(to, name.blob, name.form))})
        if not path or not self._moment.has_folder(path, self._visible):
            raise PageNotFoundError(Message("There is no file “%(name)s”.", name=path))
        if to.startswith(f"{path}/"):
            raise InvalidChangeError(Message("“%(path)s” cannot be moved into itself.", path=path))
        inside = self._moment.files_below(path, self._visible)
        return Moves(
            {each.path: (each, Name(to + each.path[len(path) :], each.blob, each.form)) for each in inside},
            (path, to),
        )

    def _check_folder(self, to: str) -> None:
        """Refuse to mix two folders; only asked once it is known that the actor may write there."""
        if self._moment.has_folder(to):
            raise PageExistsError(
                Message(
                    "There is a folder “%(path)s” already; choose another name, or a place in it.", path=to
                )
            )

    def _check_places(self, files: Mapping[str, tuple[Name, Name]]) -> None:
        """Refuse new paths where something is in the way, also such as the actor may not see."""
        new = {after.path: after for _, after in files.values()}
        above = {folder for path in new for folder in _folders(path)}
        for other in self._moment.names(above):
            if other.path not in files:
                raise InvalidChangeError(
                    Message("“%(path)s” is a file, so nothing can be moved into it.", path=other.path)
                )
        taken: dict[str, str] = {}
        for path, after in new.items():
            if (other_path := taken.setdefault(after.id.key, path)) != path:
                raise PageExistsError(_clash(path, other_path))
            if any(each.path not in files for each in self._moment.files_below(path)):
                raise InvalidChangeError(Message("“%(path)s” is a folder with other files in it.", path=path))
        for other in self._moment.with_keys(taken):
            if other.path not in files:
                path = taken[other.id.key]
                raise PageExistsError(_clash(path, other.path if self._visible(other) else ""))

    def _check_folders(self, files: Mapping[str, tuple[Name, Name]], gone: Collection[str]) -> None:
        """Refuse new folders that read like others; many computers cannot keep both where case alone differs."""
        with self._moment.after(gone, []):
            for folder in sorted({each for _, after in files.values() for each in _folders(after.path)}):
                known = self._moment.has_folder(folder)
                like = None if known else self._moment.folder_like(folder, self._visible)
                if like is not None and like != folder:
                    raise PageExistsError(
                        Message(
                            "There is a folder “%(path)s”, which reads the same; use that, or another name.",
                            path=like,
                        )
                    )


def _check_file(before: Name, after: Name) -> None:
    parse_path(after.path)
    check_reach(after.path)
    if before.form not in {Form.PAGE, Form.MEDIA}:
        raise InvalidChangeError(
            Message("“%(path)s” is no ordinary file; move it with git.", path=before.path)
        )
    if before.path == SETTINGS:
        raise InvalidChangeError(
            Message("“%(path)s” is found by its name, so it cannot be moved.", path=before.path)
        )
    is_page = before.form is Form.PAGE
    if is_page != (page_stem(after.path) is not None):
        if is_page:
            what = Message(
                "“%(path)s” is no name for a page: let it end in .md, as the old one does.", path=after.path
            )
        else:
            what = Message("“%(path)s” would make a page of a file that is none.", path=after.path)
        raise InvalidChangeError(what)
    if is_page:
        PageId.parse(str(after.id))


def _clash(path: str, other: str) -> Message:
    if other == path:
        return Message("“%(path)s” exists already; choose another name.", path=path)
    if not other:
        return Message("Another file has the address of “%(path)s”; choose another name.", path=path)
    return Message(
        "“%(path)s” would have the same address as “%(other)s”; choose another name.", path=path, other=other
    )


def _folders(path: str) -> list[str]:
    """Return the folders that a path lies in."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]
