"""Derived data of earlier versions of the program: finds it, and removes it once that of this version is complete.

Derived data is never migrated: another version of the tables or of the scanner has files of its own beside the others.
What a later version made is left alone, so that going back costs nothing; and so is what a running program has open.
"""

import re
import shutil
from contextlib import suppress
from pathlib import Path

from engine.locks import unused
from engine.previews import VERSION as PREVIEWS

_CATALOG = re.compile(r"catalog-(?P<schema>[0-9]{1,9})-(?P<scanner>[0-9]{1,9})")
_CATALOG_FILES = (
    ".db",
    ".db-wal",
    ".db-shm",
    ".lock",
)  # the lock last: it says whether the others are in use
_INDEX = re.compile(r"search-(?P<scanner>[0-9]{1,9})")
_PREVIEWS = re.compile(r"previews-(?P<version>[0-9]{1,9})")

Version = tuple[int, int]
"""Of the tables, and of the scanner."""


def version_of(catalog: Path) -> Version | None:
    """Return the version that a catalog's file is of, ``None`` when its name tells none."""
    match = _CATALOG.fullmatch(catalog.name.partition(".")[0])
    return (int(match["schema"]), int(match["scanner"])) if match else None


def old(folder: Path, current: Path) -> list[Path]:
    """Return the files and folders in *folder* that versions before that of the catalog *current* made."""
    own = version_of(current)
    if own is None:
        return []
    catalogs = [
        path for path in _listed(folder) if (version := version_of(path)) is not None and version < own
    ]
    indexes = [
        path
        for path in _listed(folder)
        if (match := _INDEX.fullmatch(path.name)) is not None and int(match["scanner"]) < own[1]
    ]
    return [*catalogs, *indexes, *_previews(folder)]


def _previews(folder: Path) -> list[Path]:
    return [
        path
        for path in _listed(folder)
        if (match := _PREVIEWS.fullmatch(path.name)) is not None and int(match["version"]) < PREVIEWS
    ]


def remove_old(folder: Path, current: Path) -> list[Path]:
    """Remove what `old` finds, other than what is in use; return what is still there."""
    found = old(folder, current)
    for stem in {path.name.partition(".")[0] for path in found if version_of(path) is not None}:
        with suppress(OSError), unused(folder / f"{stem}.lock") as alone:
            if alone:
                for suffix in _CATALOG_FILES:
                    (folder / f"{stem}{suffix}").unlink(missing_ok=True)
    kept = {version[1] for path in _listed(folder) if (version := version_of(path)) is not None}
    for path in found:
        match = _INDEX.fullmatch(path.name)
        if (
            match is not None and int(match["scanner"]) not in kept
        ):  # an index is used together with a catalog
            shutil.rmtree(path, ignore_errors=True)
    for path in _previews(folder):
        shutil.rmtree(path, ignore_errors=True)
    return old(folder, current)


def _listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.is_symlink())
