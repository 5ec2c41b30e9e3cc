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
