"""The files of a work tree, and what stands in the way of writing one: nothing that git does not know is ever lost."""

import os
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path


class Files:
    """The files in one folder, by their paths from there, as git spells them.

    Args:
        folder: The work tree, without symbolic links.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, path: bytes) -> Path:
        """Return where a file is."""
        return self.folder / os.fsdecode(path)

    def stamp(self, path: bytes) -> object:
        """Return what changes with a file; ``None`` where there is none, though there may be a folder."""
        try:
            found = os.lstat(self.place(path))
        except OSError:
            return None
        if stat.S_ISDIR(found.st_mode):
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode

    def is_absent(self, path: bytes) -> bool:
        """Say whether nothing is there."""
        return not os.path.lexists(self.place(path))

    def in_the_way(self, path: bytes, gone: Collection[bytes]) -> bool:
        """Say whether something is at *path* or above it that a new file would destroy, once the files *gone* are."""
        for folder in folders_of(path):
            above = self.place(folder)
            if os.path.lexists(above) and not _is_folder(above):
                return folder not in gone
        place = self.place(path)
        if not _is_folder(place):
            return os.path.lexists(place)
        inside = (
            Path(folder) / name for folder, folders, files in os.walk(place) for name in (*folders, *files)
        )
        files = (file for file in inside if not _is_folder(file))
        return not all(os.fsencode(file.relative_to(self.folder)) in gone for file in files)

    def may_be_made(self, path: bytes) -> bool:
        """Say whether a file can be written there without a folder that would go for it, or a file above it."""
        above = map(self.place, folders_of(path))
        return not _is_folder(self.place(path)) and all(
            _is_folder(folder) or not os.path.lexists(folder) for folder in above
        )

    def remove(self, path: bytes) -> None:
        """Remove a file, and the folders that nothing is left in."""
        place = self.place(path)
        with suppress(OSError):
            place.unlink()
            for folder in place.parents:
                if folder == self.folder:
                    break
                folder.rmdir()

    def remove_empty(self, path: bytes) -> None:
        """Remove a folder that has nothing but folders in it: git would remove one with files, too."""
        place = self.place(path)
        if _is_folder(place):
            for folder, _, _ in os.walk(place, topdown=False):
                with suppress(OSError):
                    Path(folder).rmdir()


def folders_of(path: bytes) -> Iterator[bytes]:
    """Yield the folders that *path* is in, the outermost first."""
    parts = path.split(b"/")
    return (b"/".join(parts[:depth]) for depth in range(1, len(parts)))


def _is_folder(place: Path) -> bool:
    """Say whether a folder is there, and no link to one."""
    return place.is_dir() and not place.is_symlink()
