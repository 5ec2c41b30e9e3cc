"""Locks that hold between threads and between processes of one host, and that die with their holder."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class HostLock:
    """A lock on a file: one thread of one process holds it.

    Args:
        path: The lock's file; it is made, and never deleted.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = threading.Lock()

    @contextmanager
    def held(self, wait: float) -> Iterator[bool]:
        """Try for *wait* seconds to take the lock, and say whether it is held; 0 tries once."""
        end = time.monotonic() + wait
        if not self._thread.acquire(timeout=wait):
            yield False
            return
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                yield _lock(descriptor, end)
            finally:
                os.close(descriptor)  # and with it the lock
        finally:
            self._thread.release()


class Use:
    """Says that something is in use: any number of processes say so at once, each until `end`, or until it dies.

    Args:
        path: The file to say it with; it is made.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        while self._descriptor is None:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            if _is_at(descriptor, path):
                self._descriptor = descriptor
            else:
                os.close(descriptor)  # it was removed by `unused` while we waited

    def end(self) -> None:
        """Say so no longer."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


@contextmanager
def unused(path: Path) -> Iterator[bool]:
    """Say whether nobody uses what *path* stands for (see `Use`); nobody begins to while the context lasts."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _lock(descriptor, 0) and _is_at(descriptor, path)
    finally:
        os.close(descriptor)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int, end: float) -> bool:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.002)
        else:
            return True
