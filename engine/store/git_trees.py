"""Folders as git stores them: read, changed and made again, without touching the rest of a tree."""

import hashlib
import re
import struct
import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from itertools import groupby
from typing import NamedTuple

from engine.errors import RevisionNotFoundError, StoreError
from engine.model import Entry
from engine.store import rules
from engine.store.git_listing import EXECUTABLE, FILE, FOLDER, SUBMODULE, SYMLINK, form_of, spell, unspell
from engine.store.git_objects import Objects

_KINDS = {"commit": 1, "tree": 2, "blob": 3}  # gitformat-pack(5)


class Child(NamedTuple):
    """What a name in a folder stands for."""

    mode: str
    id: str


class NewObjects:
    """Objects that are made for one commit, and stored together."""

    def __init__(self, algorithm: str) -> None:
        self._algorithm = algorithm
        self.made: dict[str, tuple[str, bytes]] = {}

    def name(self, kind: str, data: bytes) -> str:
        """Return the id that git gives to an object."""
        digest = hashlib.new(self._algorithm, f"{kind} {len(data)}\0".encode(), usedforsecurity=False)
        digest.update(data)
        return digest.hexdigest()

    def blob_id(self, content: bytes) -> str:
        """Return the id that git gives to a file's content."""
        return self.name("blob", content)

    def add(self, kind: str, data: bytes) -> str:
        """Keep an object and return its id."""
        name = self.name(kind, data)
        self.made[name] = (kind, data)
        return name

    def pack(self) -> bytes:
        """Return all of them as one stream, as git sends objects to git.

        Source:
            gitformat-pack(5), "pack-*.pack files have the following format"; nothing is stored as a delta.
        """
        parts = [b"PACK", struct.pack(">II", 2, len(self.made))]
        for kind, data in self.made.values():
            size, first = len(data) >> 4, _KINDS[kind] << 4 | len(data) & 0x0F
            while size:
                parts.append(bytes([first | 0x80]))
                size, first = size >> 7, size & 0x7F
            parts += [bytes([first]), zlib.compress(data, 1)]
        digest = hashlib.new(self._algorithm, usedforsecurity=False)
        for part in parts:
            digest.update(part)
        return b"".join([*parts, digest.digest()])


_TYPES = {0o040000: FOLDER, 0o120000: SYMLINK, 0o160000: SUBMODULE}


def canonical(mode: bytes) -> str:
    """Return the mode that git takes an entry for, whatever is written: odd ones are in old histories."""
    bits = int(mode, 8)
    return _TYPES.get(bits & 0o170000) or (EXECUTABLE if bits & 0o100 else FILE)


class Tree:
    """One folder of a commit, as the rules want it."""

    def __init__(self, children: Mapping[bytes, Child]) -> None:
        self.children = children

    @classmethod
    def parse(cls, data: bytes, id_bytes: int) -> "Tree":
        """Read a tree object."""
        found = re.findall(rb"([0-7]+) ([^\0]+)\0(.{%d})" % id_bytes, data, re.DOTALL)
        return cls({name: Child(canonical(mode), raw.hex()) for mode, name, raw in found})

    def data(self) -> bytes:
        """Return the tree object; git orders a folder as if its name ended in a slash."""
        rows = sorted(
            (name + b"/" if child.mode == FOLDER else name, name, child.mode, child.id)
            for name, child in self.children.items()
        )
        return b"".join(b"%b %b\0%b" % (mode.encode(), name, bytes.fromhex(i)) for _, name, mode, i in rows)

    def get(self, name: str) -> rules.Item | None:
        """Return what *name* stands for."""
        child = self.children.get(unspell(name))
        if child is None:
            return None
        return rules.Item(None) if child.mode == FOLDER else rules.Item(form_of(child.mode, name), child.id)

    def names(self) -> Collection[str]:
        """Return the names of all files and folders in it."""
        whole = b"\0".join(self.children)
        # One name at a time only where one of them is odd.
        return (
            spell(whole).split("\0") if self.children and b"\\" not in whole else [*map(spell, self.children)]
        )

    def alike(self, key: str) -> Collection[str]:
        """Return the names of files and folders with this key."""
        return self._keys.get(key, ())

    @cached_property
    def _keys(self) -> Mapping[str, Sequence[str]]:
        return rules.keys(self.names())


class Trees:
    """The folders of a repository; those used last are kept."""

    def __init__(self, objects: Objects) -> None:
        self._load = lru_cache(maxsize=64)(partial(_load, objects))

    def at(self, top: str | None, path: bytes) -> Tree:
        """Return the folder at *path* below the tree *top*; an empty one where there is none."""
        tree = self._load(top) if top is not None else _NO_TREE
        for part in filter(None, path.split(b"/")):
            child = tree.children.get(part)
            if child is None or child.mode != FOLDER:
                return _NO_TREE
            tree = self._load(child.id)
        return tree

    def folders(self, top: str | None, root: str) -> rules.Folders:
        """Return the way from a path below *root* to the folder."""
        return lambda path: self.at(top, unspell(f"{root}/{path}"))

    def splice(self, top: str | None, edits: Mapping[bytes, Child | None], objects: NewObjects) -> str | None:
        """Apply *edits* by path to a tree; return the new tree's id, ``None`` when nothing is left.

        Only the folders on the way to an edit are read and made.
        """
        children = dict(self._load(top).children) if top is not None else {}
        here: dict[bytes, Child] = {}
        below: dict[bytes, dict[bytes, Child | None]] = {}
        for path, child in edits.items():
            first, slash, rest = path.partition(b"/")
            if slash:
                below.setdefault(first, {})[rest] = child
            elif child is None:
                del children[first]
            else:
                here[first] = child
        for first, deeper in below.items():
            before = children.pop(first, None)
            after = self.splice(before.id if before is not None else None, deeper, objects)
            if after is not None:
                children[first] = Child(FOLDER, after)
        children |= here
        return objects.add("tree", Tree(children).data()) if children else None


_NO_TREE = Tree({})


def find(objects: Objects, top: str, path: bytes) -> Child | None:
    """Return what *path* stands for below the tree *top*, reading one object a part, and parsing none of them whole."""
    child: Child | None = Child(FOLDER, top)
    for part in path.split(b"/"):
        if child is None or child.mode != FOLDER:
            return None
        child = _child(_read(objects, child.id), part, len(top) // 2)
    return child


def entries(objects: Objects, top: str | None, paths: Collection[str]) -> Mapping[str, Entry]:
    """Return the files at *paths* below the tree *top*, reading and parsing each folder on the way once."""
    trees = Trees(objects)
    found: dict[str, Entry] = {}
    given = {unspell(path): path for path in paths}
    for folder, inside in groupby(sorted(given), key=lambda raw: raw.rpartition(b"/")[0]):
        children = trees.at(top, folder).children
        for raw in inside:
            child, path = children.get(raw.rpartition(b"/")[2]), given[raw]
            if child is not None and child.mode != FOLDER:
                found[path] = Entry(path, child.id, form_of(child.mode, path))
    return found


_ENTRIES = {size: re.compile(rb"(?:[0-7]++ [^\0]++\0.{%d})*+" % size, re.DOTALL) for size in (20, 32)}
_MODE_DIGITS = (6, 5)


def _child(data: bytes, name: bytes, id_bytes: int) -> Child | None:
    at = -1
    while (at := data.find(b" %b\0" % name, at + 1)) >= 0:
        for digits in _MODE_DIGITS:
            # As the bytes of an id may look like anything, whole entries must stand before.
            if at >= digits and _ENTRIES[id_bytes].fullmatch(data, 0, at - digits):
                end = at + len(name) + 2
                mode = data[at - digits : at].decode("ascii").lstrip("0")
                return Child(mode, data[end : end + id_bytes].hex())
    return None


def _load(objects: Objects, name: str) -> Tree:
    return Tree.parse(_read(objects, name), len(name) // 2)


def _read(objects: Objects, name: str) -> bytes:
    try:
        return objects.get(name, "tree")
    except RevisionNotFoundError as error:
        raise StoreError(f"a folder is missing in the repository: {error}; run git fsck") from error
