"""New objects on disk, as git keeps them, so that a power cut after a save takes nothing back.

Git brings to the disk what is in an object, and leaves the object's name in its folder to the file system. Here the
folders are brought there, too. Few objects become a file each, without a child process; many become one pack.
"""

import fcntl
import os
import secrets
import time
import zlib
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from engine.errors import StoreError
from engine.store.git_process import GitProcess
from engine.store.git_trees import NewObjects

_KEEP_AS_PACK = 100  # objects in one commit; git's own unpackLimit: fewer become files, more stay together
_FULLY: int | None = getattr(
    fcntl, "F_FULLFSYNC", None
)  # macOS: after fsync alone the disk writes when it likes
_NEW_S = 7_200  # a push takes an hour at most
_PART = 1_000_000  # bytes that are packed at a time
_PLAIN = {"", "false", "umask", "0"}  # settings that leave the mode of files to the umask


class Disk:
    """Where the objects of a repository lie."""

    def __init__(self, process: GitProcess) -> None:
        self._process = process
        self._folder = process.common_dir / "objects"
        self._named: set[tuple[Path, int]] | None = (
            None  # its folders whose names are on disk, with their numbers
        )

    def store(self, objects: NewObjects) -> None:
        """Put all new objects on disk.

        Raises:
            StoreError: They cannot be written; nothing names those that were.
        """
        if len(objects.made) > _KEEP_AS_PACK:
            self._process.run("index-pack", "--stdin", stdin=objects.pack())
            sync(self._folder / "pack")
            return
        folders = {self._folder / name[:2] for name in objects.made}
        try:
            named = self._named if self._named is not None else self._name_all()
            if self._is_shared:
                self._process.run("unpack-objects", "-q", stdin=objects.pack())
            else:
                for folder in folders:
                    folder.mkdir(exist_ok=True)
                for name, (kind, data) in objects.made.items():
                    _write(self._folder / name[:2] / name[2:], kind, data)
            used = {(folder, folder.stat().st_ino) for folder in folders}
        except OSError as error:
            raise StoreError(f"cannot write to {self._folder}: {error.strerror}") from error
        for folder in folders:
            sync(folder)
        if not used <= named:  # new, or made by another process a moment ago
            sync(self._folder)
            named |= used

    def settle(self) -> None:
        """Bring the names of objects to the disk that git itself has just put there."""
        new = time.time() - _NEW_S
        with suppress(OSError):
            for entry in os.scandir(self._folder):
                if entry.is_dir() and entry.stat().st_mtime >= new:
                    sync(Path(entry.path))
        sync(self._folder)

    def _name_all(self) -> set[tuple[Path, int]]:
        """Put the names of all folders that there are on disk."""
        self._named = {(self._folder / entry.name, entry.inode()) for entry in os.scandir(self._folder)}
        sync(self._folder)
        return self._named

    @cached_property
    def _is_shared(self) -> bool:
        """Whether files get a group or mode of their own, which is left to git."""
        said = self._process.attempt("config", "core.sharedRepository").stdout.decode(errors="replace")
        return said.strip().lower() not in _PLAIN


def _write(place: Path, kind: str, data: bytes) -> None:
    """Write a loose object; one that is there already is written anew, so that git sees that it is in use.

    It is packed in parts, as a large file that is in memory already would be there twice more.
    """
    packer, whole = zlib.compressobj(1), memoryview(data)
    temporary = place.with_name(
        f"tmp_obj_{secrets.token_hex(6)}"
    )  # a name that git prune knows for a left-over
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
        with os.fdopen(descriptor, "wb") as file:
            file.write(packer.compress(b"%b %d\0" % (kind.encode(), len(data))))
            for start in range(0, len(data), _PART):
                file.write(packer.compress(whole[start : start + _PART]))
            file.write(packer.flush())
            file.flush()
            _flush(file.fileno())
        temporary.replace(place)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def sync(folder: Path) -> None:
    """Put the names in *folder* on disk."""
    with suppress(OSError):  # no such folder, or a system that knows no such thing
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            _flush(descriptor)
        finally:
            os.close(descriptor)


def _flush(descriptor: int) -> None:
    if _FULLY is not None:
        fcntl.fcntl(descriptor, _FULLY)
    else:
        os.fsync(descriptor)
