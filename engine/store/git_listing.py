r"""What git lists: paths, modes, trees and differences, as entries.

A path that is not UTF-8 is spelled with ``\xNN`` for each odd byte. So that two files never share a spelling, a
backslash that stands before ``xNN`` in a file's true name is itself spelled ``\x5c``.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import IO

from engine.ids import PAGE_SUFFIXES, page_stem
from engine.model import Form
from engine.store import Difference, Entry

FILE, EXECUTABLE, SYMLINK, SUBMODULE, FOLDER = "100644", "100755", "120000", "160000", "40000"
ABSENT = "000000"  # the mode of no file

_LOOKS_ESCAPED = re.compile(rb"\\(?=x[0-9a-f]{2})")
_ESCAPED = re.compile(rb"\\x([0-9a-f]{2})")
_CHUNK = 1 << 18


def spell(raw: bytes) -> str:
    """Return the text for the bytes of a path."""
    return _LOOKS_ESCAPED.sub(rb"\\x5c", raw).decode(errors="backslashreplace")


def unspell(path: str) -> bytes:
    """Return the bytes of a path that `spell` spelled."""
    return _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), path.encode())


def form_of(mode: str, path: str) -> Form:
    """Say what a file is: by its mode first, then by its suffix."""
    if mode == SYMLINK:
        return Form.SYMLINK
    if mode == SUBMODULE:
        return Form.SUBMODULE
    if path.endswith(PAGE_SUFFIXES[0]) and path[-4:-3] not in {"", "/"}:
        return Form.PAGE  # nearly all there are: a tree of 38,000 files is listed in two thirds of the time
    return Form.MEDIA if page_stem(path) is None else Form.PAGE


def entries(listing: bytes) -> Iterator[Entry]:
    """Read ``ls-tree -r -z``, whose order is the order of the paths."""
    if b"\\" in listing or not _is_text(listing):
        read = [_entry(*line.split(b"\t", 1)) for line in listing.split(b"\0") if line]
        yield from sorted(read, key=lambda entry: entry.path)
        return
    for line in listing.decode().split("\0"):
        if line:
            head, path = line.split("\t", 1)
            yield Entry(
                path, head[12:] if head[7] == "b" else head.rpartition(" ")[2], form_of(head[:6], path)
            )


def _entry(head: bytes, raw: bytes) -> Entry:
    mode, _, blob = head.decode("ascii").split(" ")
    path = spell(raw)
    return Entry(path, blob, form_of(mode, path))


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def sides(raw: bytes) -> Iterator[tuple[bytes, str, str, str, str]]:
    """Read ``diff-tree -r -z --raw --no-renames``: each path, with mode and id before and after."""
    parts = raw.split(b"\0")
    for head, path in zip(parts[0:-1:2], parts[1:-1:2], strict=True):
        old_mode, new_mode, old, new, _ = head.decode("ascii")[1:].split(" ")
        yield path, old_mode, old, new_mode, new


def bounded(stream: IO[bytes], most: int) -> bytes | None:
    """Return what ``diff-tree -r -z --raw`` writes, ``None`` where it is of more paths than *most*."""
    parts = list(islice(tokens(stream), 2 * most + 2))  # each is two pieces
    return b"".join(part + b"\0" for part in parts) if len(parts) <= 2 * most else None


def differences(raw: bytes) -> list[Difference]:
    """Read ``diff-tree -r -z --raw --no-renames`` between two trees."""
    found = []
    for raw_path, old_mode, old, new_mode, new in sides(raw):
        path = spell(raw_path)
        found.append(Difference(path, _side(old_mode, old, path), _side(new_mode, new, path)))
    return sorted(found, key=lambda difference: difference.path)


def _side(mode: str, blob: str, path: str) -> Entry | None:
    return None if mode == ABSENT else Entry(path, blob, form_of(mode, path))


def tokens(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands between NUL bytes; a last piece without one comes too, unless it is empty."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest
