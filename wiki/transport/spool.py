"""Bodies on their way through a file on the disk, so that memory stays small and a slow client holds up nothing else.

A file is unlinked as soon as it is open: whatever happens, nothing is left behind.
"""

import io
import os
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

from engine.errors import InvalidChangeError, TooLargeError

PART = 65_536  # bytes that are in memory at a time


class Readable(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes:
        """Return some bytes, none at the end."""
        ...


def open_spool(folder: Path) -> IO[bytes]:
    """Return a new file in *folder* that has no name any more."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return tempfile.TemporaryFile(dir=folder)


def is_spooled(stream: object) -> bool:
    """Say whether a server has put a body in a file on the disk already."""
    return isinstance(stream, io.BufferedRandom)


def size_of(file: IO[bytes]) -> int:
    """Return the length of a file in bytes, with what was written to it last."""
    file.flush()
    return os.fstat(file.fileno()).st_size


def spool(stream: Readable, folder: Path, limit: int, *, gzip: bool = False) -> IO[bytes]:
    """Read a body to its end, and return it as a file.

    Args:
        stream: The body as it comes.
        folder: Where the file is.
        limit: Bytes that it may have; of a packed one both as it is sent and as it is meant.
        gzip: Whether it is packed.

    Raises:
        TooLargeError: It has more.
        InvalidChangeError: It is not packed as it says.
    """
    file, size = open_spool(folder), 0
    try:
        for part in _unpacked(stream, limit) if gzip else _parts(stream, limit):
            size += len(part)
            if size > limit:
                raise TooLargeError(_too_large(limit))
            file.write(part)
        file.flush()
    except BaseException:
        file.close()
        raise
    return file


def _parts(stream: Readable, limit: int) -> Iterator[bytes]:
    size = 0
    while part := stream.read(PART):
        size += len(part)
        if size > limit:
            raise TooLargeError(_too_large(limit))
        yield part


def _unpacked(stream: Readable, limit: int) -> Iterator[bytes]:
    packed = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for part in _parts(stream, limit):
            rest = part
            while rest and not packed.eof:
                yield packed.decompress(rest, PART)
                rest = packed.unconsumed_tail
        while not packed.eof and (part := packed.decompress(packed.unconsumed_tail, PART)):
            yield part
    except zlib.error as error:
        raise InvalidChangeError("what was sent is not packed as it says") from error
    if not packed.eof:
        raise InvalidChangeError("what was sent is not packed as it says")


def _too_large(limit: int) -> str:
    return f"more than {limit} bytes were sent; send less at once"


class Answer:
    """What one thread writes to a file, and another one reads from it at its client's pace.

    Args:
        folder: Where the file is.
    """

    def __init__(self, folder: Path) -> None:
        self._file = open_spool(folder)
        self._there = 0  # bytes
        self._ended = False
        self._changed = threading.Condition()

    def write(self, part: bytes) -> None:
        """Add a part; OSError where the disk is full."""
        with self._changed:
            os.pwrite(self._file.fileno(), part, self._there)
            self._there += len(part)
            self._changed.notify_all()

    def end(self) -> None:
        """Say that nothing more comes."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def read(self) -> Iterator[bytes]:
        """Yield all of it, each part as soon as it is there."""
        at = 0
        while True:
            with self._changed:
                while not self._ended and self._there <= at:
                    self._changed.wait()
                size = min(self._there - at, PART)
            if not size:
                return
            part = os.pread(self._file.fileno(), size, at)
            at += len(part)
            yield part

    def close(self) -> None:
        """Give the file back; nothing can be read or written any more."""
        with self._changed:
            self._file.close()
