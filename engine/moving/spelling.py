"""The ways to write a link's target: first in the style in which it was written before, then in others.

::

    /a/b          counts from the top            stays so
    ./b  ../a/b   counts from the page           stays so
    b             a bare name                    stays one, else it becomes as long as it has to
    a/b           from the page, from the top, or the end of a path: whichever it was
    a/            a folder, for which a page may speak
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from engine.catalog.wanted import Wanted, stem
from engine.ids import fold_path, page_stem
from engine.markup.links import leads_out
from engine.markup.rules.wikilink import clean
from engine.model import Form, LinkKind, Name


class Kind(Enum):
    """What a target is written in, which decides what it may hold."""

    WIKI = 1  # [[…]]
    ADDRESS = 2  # […](…), HTML
    FRONT = 3  # a value of front matter

    @classmethod
    def of(cls, kind: LinkKind) -> "Kind":
        """Return what the target of a link of *kind* is written in."""
        return cls.WIKI if kind in {LinkKind.WIKILINK, LinkKind.EMBED} else cls.ADDRESS


class _Way(Enum):
    """From where a target counts."""

    TOP = 1  # and says so
    PAGE = 2  # and says so
    FROM_PAGE = 3
    FROM_TOP = 4
    END = 5  # of a path


@dataclass(frozen=True, slots=True)
class Meant:
    """A link's target as it is written, and what it means."""

    kind: Kind
    folder: str  # of its page
    target: str
    name: Name


def spellings(before: Meant, folder: str, name: Name) -> Iterator[str]:
    """Yield the targets that may be written in the place of another one, best first, each once.

    Whether one means what it should depends on all other files, and has to be seen.

    Args:
        before: What was written, on which page, and the file that it meant.
        folder: Where the page is now.
        name: What that file is now.
    """
    seen: set[str] = set()
    for target in _all(before, folder, name):
        if target not in seen and fits(before.kind, target):
            seen.add(target)
            yield target


def _all(before: Meant, folder: str, name: Name) -> Iterator[str]:
    way, parts = _way(before)
    slash = "/" if before.target.endswith("/") else ""
    of_folder = before.name.form is Form.PAGE and _by_folder(before)
    if of_folder:
        # The page speaks for its folder, or another page that is called like it does.
        yield from (each + slash for each in _ways(before, way, parts, folder, name.folder))
    with_suffix = page_stem(before.target) is not None and not of_folder
    own = name.path if with_suffix else str(name.id)
    for path in (own, str(name.id), name.path):
        for each in _ways(before, way, parts, folder, path):
            if slash and not of_folder:
                yield each + slash
            yield each


def _way(before: Meant) -> tuple[_Way, int]:
    """Return from where a target counts, and of how many parts it is."""
    target = before.target
    wanted = Wanted.of(before.folder, target)
    parts = len([part for part in target.split("/") if part])
    if target.startswith("/"):
        return _Way.TOP, parts
    if wanted.explicit:
        return _Way.PAGE, parts
    from_page = wanted.here is not None and _is_at(wanted.here, before.name)
    if before.kind is Kind.ADDRESS and from_page:
        return _Way.FROM_PAGE, parts
    if parts < 2:
        return _Way.END, parts
    if wanted.root is not None and _is_at(wanted.root, before.name):
        return _Way.FROM_TOP, parts
    return (_Way.FROM_PAGE if from_page else _Way.END), parts


def _is_at(place: str, name: Name) -> bool:
    """Say whether a path, as exact as people write it, is that of a file or of the folder for which it may speak."""
    if name.form is Form.FOLDER:
        return place == name.path
    own = fold_path(stem(place)) == name.id.key or place == name.path
    return own or (name.form is Form.PAGE and place == name.folder)


def _by_folder(before: Meant) -> bool:
    """Say whether a link names the folder of the page that it means, rather than the page."""
    places = Wanted.of(before.folder, before.target).places
    key = before.name.id.key
    return before.name.folder in places and not any(fold_path(stem(place)) == key for place in places)


def _ways(before: Meant, way: _Way, parts: int, folder: str, path: str) -> Iterator[str]:
    from_page = _from(folder, path)
    dotted = from_page if from_page.startswith("..") else f"./{from_page}"
    ends = path.split("/")
    longer = ("/".join(ends[-count:]) for count in range(max(parts, 1), len(ends) + 1))
    top = f"/{path}"
    climbs = from_page.startswith("..")
    match way:
        case _Way.TOP:
            yield top
        case _Way.PAGE:
            if before.kind is Kind.ADDRESS and before.target.startswith("../"):
                yield from_page
            yield dotted
        case _Way.FROM_PAGE:
            if before.kind is Kind.ADDRESS or not climbs:
                yield from_page
        case _Way.END:
            yield from longer
        case _Way.FROM_TOP:
            pass
    if before.kind is Kind.ADDRESS:
        yield from (from_page, dotted, path, top)
    else:
        yield from (path, top, dotted)


def _from(folder: str, path: str) -> str:
    """Return a path as it counts from a folder."""
    return posixpath.relpath(f"/{path}", f"/{folder}")


def fits(kind: Kind, target: str) -> bool:
    """Say whether a target can be written in some way."""
    if not target.strip() or target != target.strip() or "\n" in target or "\r" in target:
        return False
    if kind is Kind.WIKI:
        return not set("[]|#").intersection(target) and "://" not in target and clean(target) == target
    return kind is Kind.FRONT or not leads_out(target)
