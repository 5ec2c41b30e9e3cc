"""How many clones and pushes there may be at once: on the host, and in one process, so that readers are never starved."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from engine.locks import HostLock

WAIT = 10.0  # seconds that a request waits for git to be free
LOOK = 0.02


class BusyError(Exception):
    """Too many clone or push at the same time."""


class Seats:
    """Bounds how many requests of one process there are; who finds none does not wait.

    Args:
        count: How many. Where there are several, one is not for strangers.
    """

    def __init__(self, count: int) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._strange = threading.BoundedSemaphore(max(1, count - 1))

    @contextmanager
    def taken(self, *, stranger: bool = False) -> Iterator[None]:
        """Take one for as long as the context lasts, which may end in another thread.

        Args:
            stranger: Whether who asks has not said who they are.

        Raises:
            BusyError: All are taken.
        """
        with ExitStack() as held:
            for free in (self._strange, self._free) if stranger else (self._free,):
                if not free.acquire(blocking=False):
                    raise BusyError
                held.callback(free.release)
            yield


class Slots:
    """Bounds how many git operations all processes of a host run; others wait.

    Args:
        folder: Where the locks are.
        count: How many.
        wait: Seconds.
    """

    def __init__(self, folder: Path, count: int, wait: float = WAIT) -> None:
        self._locks = [HostLock(folder / f"git-{number}.lock") for number in range(count)]
        self._wait = wait

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take one for as long as the context lasts, which may end in another thread.

        Raises:
            BusyError: None became free.
        """
        end = time.monotonic() + self._wait
        while (held := self._try()) is None:
            if time.monotonic() >= end:
                raise BusyError
            time.sleep(LOOK)
        with held:
            yield

    def _try(self) -> ExitStack | None:
        """Take the first that is free."""
        for lock in self._locks:
            with ExitStack() as stack:
                if stack.enter_context(lock.held(0)):
                    return stack.pop_all()
        return None
