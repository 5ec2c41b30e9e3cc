"""The folder of derived data: whose it is, what earlier versions left, who is at work."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.diagnosis import Diagnosis, error, ok, warning
from engine.leftovers import old, remove_old
from engine.locks import unused

LOW = 100_000_000  # bytes of free disk below which deriving anew may fail
_NAMED = 3


def examine(folder: Path, catalog: Path) -> Iterator[Diagnosis]:
    """Look at *folder*, which may be missing; *catalog* is the file of this version in it."""
    yield from _permissions(folder)
    left = old(folder, catalog)
    if left:
        names = ", ".join(path.name for path in left[:_NAMED])
        yield warning(
            "old",
            f"{len(left)} files or folders of earlier versions are left: {names}",
            "quire doctor --repair",
        )
    else:
        yield ok("old", "nothing of earlier versions is left")
    working = [
        name for name in ("work.lock", "names.lock") if (folder / name).exists() and _held(folder / name)
    ]
    yield ok("work", "another process is at work here" if working else "no other process is at work here")
    free = shutil.disk_usage(folder).free
    if free < LOW:
        yield warning(
            "room",
            f"{free // 1_000_000} MB are free on the disk of derived data",
            "make room, or move it with --cache",
        )


def is_safe(folder: Path) -> bool:
    """Say whether nobody but this user can have put something into *folder*."""
    return not _wrong(folder)


def mend(folder: Path, catalog: Path) -> None:
    """Take rights from others, and remove what earlier versions left; only within *folder*.

    An index that others could change is removed: it is read in a way that could run what they put there.
    """
    trusted = is_safe(folder)
    for path in _all(folder):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode) and path != folder:
                path.unlink()
            elif status.st_uid == os.getuid() and status.st_mode & 0o077:
                path.chmod(stat.S_IMODE(status.st_mode) & 0o700)
    if not trusted:
        for index in folder.glob("search*"):
            shutil.rmtree(index, ignore_errors=True)
    remove_old(folder, catalog)


def _permissions(folder: Path) -> Iterator[Diagnosis]:
    wrong = _wrong(folder)
    for path, reason in wrong[:_NAMED]:
        what = f"{path} {reason}: whoever can write there can run programs as you"
        yield error("folder", what, "quire doctor --repair, or delete it where that does not help")
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077 and not wrong:
        what = f"{folder} has mode {mode:03o}, so others can read there what may be hidden from them"
        yield warning("folder", what, "quire doctor --repair")
    elif not wrong:
        yield ok("folder", f"{folder} is this user's alone")


def _wrong(folder: Path) -> list[tuple[Path, str]]:
    """Return what others can change, each with the reason."""
    reached = folder.lstat().st_mode & 0o077  # else no mode of what is inside matters
    return [(path, reason) for path in _all(folder) if (reason := _why(path, reached=bool(reached)))]


def _why(path: Path, *, reached: bool) -> str:
    status = path.lstat()
    if status.st_uid != os.getuid():
        return "belongs to another user"
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link"
    return "can be changed by others" if reached and status.st_mode & 0o022 else ""


def _all(folder: Path) -> Iterator[Path]:
    """Yield the folder and all that is in it, without following links; what goes away meanwhile is left out."""
    yield folder
    for place, folders, files in os.walk(folder):
        for name in sorted([*folders, *files]):
            path = Path(place, name)
            if os.path.lexists(path):
                yield path


def _held(lock: Path) -> bool:
    """Say whether a process holds *lock*."""
    try:
        with unused(lock) as alone:
            return not alone
    except OSError:
        return False  # it may not even be opened
