"""Requests that wait for something new, so few at a time that the others are never kept from their answers."""

import time
from collections.abc import Callable
from threading import BoundedSemaphore, Event

from flask import Flask

SECONDS = 25  # that one request may wait; proxies give up after 30 or more
SHARE = 4  # of so many threads one may be taken by waiting
LOOK = 0.1  # seconds between two looks


class Waiting:
    """The requests of one process that wait: one at a time, where nobody says with how many threads it answers."""

    def __init__(self) -> None:
        self._free: BoundedSemaphore | None = BoundedSemaphore(1)
        self._ending = Event()

    def share(self, threads: int) -> None:
        """Let so many requests wait as fit a process that answers with so many *threads*; to be called before it does."""
        self._free = BoundedSemaphore(threads // SHARE) if threads >= SHARE else None

    def until(self, happened: Callable[[], bool], seconds: float) -> None:
        """Wait until something has *happened*, for some seconds at most; not at all where enough others wait already."""
        if self._free is None or happened() or not self._free.acquire(blocking=False):
            return
        try:
            end = time.monotonic() + min(seconds, SECONDS)
            while not happened() and (left := end - time.monotonic()) > 0:
                if self._ending.wait(min(LOOK, left)):
                    return
        finally:
            self._free.release()

    def end(self) -> None:
        """Let nobody wait any longer: the server ends."""
        self._ending.set()


def waiting(app: Flask) -> Waiting:
    """Return the requests of an application that wait."""
    found: Waiting = app.extensions["quire.waiting"]
    return found
