"""Small pictures of images, kept on the disk by blob and width; derived, bounded in bytes, and safe to delete.

An image of which there can be no picture is remembered, too, so that a hostile one costs its time only once; or twice,
where it ends the process that opens it, which may be the fault of a machine that has too much to do.
"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from engine.cache import Cache
from engine.errors import NotReadyError
from engine.locks import HostLock
from engine.messages import Message
from engine.scheduling import usual

log = getLogger(__name__)

VERSION = 1
"""Raise it when pictures would look otherwise; they are then made anew."""

WIDTHS = (160, 320, 640, 1280)  # pixels
SOURCE_BYTES = 50_000_000  # of a larger image none is asked for
PREVIEW_BYTES = 20_000_000  # that a child may answer
SECONDS = 10.0  # that one picture may take
TURN = 5.0  # that somebody waits for the pictures of others
TURN_OF_MEASURES = 1.0  # the same, where only measures are asked for
CAPACITY = 200_000_000  # bytes of pictures that are kept on the disk
FULL, LEFT = 1.0, 0.8  # parts of the capacity: beyond the one, the oldest go until the other is left
RECOUNT = 500  # pictures after which what other processes have added is counted, too
FILE = 4_096  # bytes that a file takes beside its content, about
TOUCHED = 3_600.0  # seconds in which a picture that is looked at again does not become younger

ASKED = struct.Struct(
    "!IQ"
)  # what a child is sent before an image: width of the picture, length of the image
LINE = 1_000  # bytes of the line that it answers before the picture, at most
READY = b"ready\n"  # what it says before it is asked


@dataclass(frozen=True, slots=True)
class Measures:
    """What an image is, as it is shown: turned as its EXIF says."""

    width: int  # pixels
    height: int
    format: str
    animated: bool


class Previews:
    """Makes pictures, one at a time on this host, and keeps them.

    Args:
        folder: Where derived data lives.
        capacity: Bytes of pictures that are kept.
    """

    def __init__(self, folder: Path, capacity: int = CAPACITY) -> None:
        self._folder = folder / f"previews-{VERSION}"
        self._capacity = capacity
        self._turn = HostLock(folder / "previews.lock")
        self._child = _Child()
        self._measures: Cache[str, Measures] = Cache(1_000_000)
        self._died: Cache[str, bool] = Cache(100_000)  # images that have ended a child once
        self._size: int | None = None  # of what is kept, as far as this process knows
        self._added = 0  # pictures since that was counted

    def picture(self, blob: str, width: int, read: Callable[[], bytes]) -> bytes | None:
        """Return a picture of an image as WebP.

        Args:
            blob: The image's.
            width: One of `WIDTHS`.
            read: Gives its bytes.

        Returns:
            The picture; ``None`` where there can be none.

        Raises:
            NotReadyError: Too many others are being made, or none can be made now.
        """
        if width not in WIDTHS:
            raise ValueError(f"{width} is none of {WIDTHS}")
        return self._kept(blob, width) or self._made(blob, width, read)[1] or None

    def measures(self, blob: str, read: Callable[[], bytes]) -> Measures | None:
        """Return what an image is, ``None`` where that cannot be told; args and errors as `picture`."""
        return self._measures.get(blob) or self._made(blob, 0, read)[0]

    def close(self) -> None:
        """End the child."""
        self._child.stop()

    # -- making

    def _made(self, blob: str, width: int, read: Callable[[], bytes]) -> tuple[Measures | None, bytes]:
        if self._refused(blob).exists():
            return None, b""
        with self._turn.held(TURN if width else TURN_OF_MEASURES) as held:
            if not held:
                raise NotReadyError(Message("Many pictures are being made; try again in a moment."))
            if width and (kept := self._kept(blob, width)) is not None:
                return None, kept  # somebody else has made it meanwhile
            content = read()
            try:
                measures, picture = self._child.ask(content, width)
            except _NotStartedError as error:
                log.warning("no process can be started for previews: %s", error)
                raise NotReadyError(
                    Message("Many pictures are being made; try again in a moment.")
                ) from error
            except _DiedError:
                measures, picture = None, b""
                if not self._died.get(blob):
                    self._died.put(blob, True, 100)
                    return measures, picture
            if measures is None:
                self._keep(self._refused(blob), b"")
            else:
                self._measures.put(blob, measures, 300)
                if width:
                    self._keep(self._place(blob, width), picture)
        return measures, picture

    # -- keeping

    def _place(self, blob: str, width: int) -> Path:
        return self._folder / blob[:2] / f"{blob}-{width}.webp"

    def _refused(self, blob: str) -> Path:
        return self._folder / blob[:2] / f"{blob}.none"

    def _kept(self, blob: str, width: int) -> bytes | None:
        place = self._place(blob, width)
        with suppress(OSError):
            content = place.read_bytes()
            if time.time() - place.stat().st_mtime > TOUCHED:
                os.utime(place)  # so that what is looked at is not the oldest
            return content or None  # an empty one was cut off
        return None

    def _keep(self, place: Path, content: bytes) -> None:
        """Write a file whole or not at all; where that fails, the picture is made again another time."""
        if len(content) * 4 > self._capacity:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as file:
                file.write(content)
            Path(file.name).replace(place)
        except OSError as error:
            log.warning("a preview cannot be kept: %s", error)
            return
        self._added += 1
        if self._size is None or self._added >= RECOUNT:
            self._size, self._added = sum(size for _, size, _ in self._files()), 0
        else:
            self._size += len(content) + FILE
        if self._size > FULL * self._capacity:
            self._size = self._forget()

    def _forget(self) -> int:
        """Remove what was looked at longest ago; return the bytes that are left."""
        files = sorted(self._files())
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= LEFT * self._capacity:
                break
            with suppress(OSError):  # it is gone, or it is none of ours to delete
                path.unlink()
            left -= size
        return left

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """Yield the time, the size and the path of every file that is kept."""
        for folder in _entries(self._folder):
            for entry in _entries(folder.path):
                with suppress(OSError):
                    if entry.is_file(follow_symlinks=False):
                        status = entry.stat(follow_symlinks=False)
                        yield status.st_mtime, status.st_size + FILE, Path(entry.path)


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    """Return what is in a folder; nothing where there is none, as others may have put files there, or deleted some."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


class _NotStartedError(Exception):
    """There is no process to ask: no fault of the image's."""


class _DiedError(Exception):
    """The process has ended, or had to be ended, over an image."""


class _Child:
    """The process that opens images; started when it is needed, and again when it was lost. For one thread at a time."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, content: bytes, width: int) -> tuple[Measures | None, bytes]:
        """Return what an image is, with a picture of it; ``None`` where there can be none.

        Raises:
            _NotStartedError: The child cannot be started.
            _DiedError: The image stalls or ends it.
        """
        while True:
            process, fresh = self._running()
            try:
                return self._ask(process, content, width)
            except (EOFError, OSError, ValueError) as error:
                self.stop()
                if fresh:  # else it may just have ended by itself
                    raise _DiedError from error

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            with suppress(OSError, ValueError):  # what was not sent can be sent to nobody
                process.communicate()

    def _running(self) -> tuple[subprocess.Popen[bytes], bool]:
        """Return the child, and whether it was started just now."""
        if self._process is not None and self._process.poll() is None:
            return self._process, False
        self.stop()
        root = str(Path(__file__).parent.parent)
        command = [sys.executable, "-P", "-c", _CHILD, root]  # nothing from the current folder
        try:
            with usual():
                self._process = process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
                )
            with _watched(process):
                said = process.stdout.readline(LINE) if process.stdout is not None else b""
        except OSError as error:
            self.stop()
            raise _NotStartedError(error) from error
        if said != READY:
            self.stop()
            raise _NotStartedError("it ended, or was too slow")
        return process, True

    @staticmethod
    def _ask(process: subprocess.Popen[bytes], content: bytes, width: int) -> tuple[Measures | None, bytes]:
        if process.stdin is None or process.stdout is None:
            raise EOFError
        with _watched(process):
            process.stdin.write(ASKED.pack(width, len(content)))
            process.stdin.write(content)
            process.stdin.flush()
            said = json.loads(process.stdout.readline(LINE))
            length = said.pop("length")
            if not 0 <= length <= PREVIEW_BYTES:
                raise EOFError
            picture = process.stdout.read(length)
        if len(picture) < length:
            raise EOFError
        return (Measures(**said) if said else None), picture


@contextmanager
def _watched(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End *process* should this take too long."""
    watch = threading.Timer(SECONDS, process.kill)
    try:
        watch.start()
    except RuntimeError as error:  # no more threads
        raise _NotStartedError(error) from error
    try:
        yield
    finally:
        watch.cancel()


_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from engine.previewing import answer; answer()"
