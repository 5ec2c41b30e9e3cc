"""Locks that hold between threads and between processes of one host, and that die with their holder."""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from logging import getLogger
from pathlib import Path

log = getLogger(__name__)

TURNS = 4  # that threads of one process take one right after another, while other processes may be waiting
GIVE_WAY = 0.02  # seconds that the next one then leaves to those, who look every `LONG_LOOK` at least
LOOK = 0.002
LONG_LOOK = 0.01


class ThreadLock:
    """A lock between the threads of a process; a fork gives the child one that is free, whoever holds the parent's."""

    def __init__(self) -> None:
        self._locks: dict[int, threading.Lock] = {}  # by process

    @contextmanager
    def held(self, wait: float = -1) -> Iterator[bool]:
        """Try for *wait* seconds to take the lock, without end where it is negative, and say whether it is held."""
        lock = self._locks.setdefault(os.getpid(), threading.Lock())
        if not lock.acquire(timeout=wait):
            yield False
            return
        try:
            yield True
        finally:
            lock.release()

    def is_held(self) -> bool:
        """Say whether a thread of this process holds it."""
        lock = self._locks.get(os.getpid())
        return lock is not None and lock.locked()


class HostLock:
    """A lock on a file: one thread of one process holds it.

    Where many want it, all processes have their turn.

    Args:
        path: The lock's file; it is made, and never deleted. So is its folder, should somebody delete that meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadLock()
        self._queued = 0  # threads
        self._turns = 0  # taken one right after another
        self._freed = 0.0

    @contextmanager
    def held(self, wait: float) -> Iterator[bool]:
        """Try for *wait* seconds to take the lock, and say whether it is held; 0 tries once.

        Nobody holds a lock whose file cannot be opened.
        """
        end = time.monotonic() + wait
        with ExitStack() as stack:
            if not self._queue(stack, wait):
                yield False
                return
            self._give_way(end)
            descriptor = self._open()
            if descriptor is None:
                yield False
                return
            _held.add(descriptor)
            try:
                yield _lock(descriptor, end)
            finally:
                _let_go(descriptor)
                self._freed = time.monotonic()

    def is_held(self) -> bool:
        """Say whether somebody holds it, or is about to. Who tries to take it in that moment may have to look again."""
        if self._thread.is_held():
            return True
        descriptor = self._open()
        if descriptor is None:
            return False
        _held.add(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            _let_go(descriptor)
        return False

    def _open(self) -> int | None:
        """Open the file; ``None`` where that cannot be done, as where the disk is full, or too many files are open."""
        try:
            with suppress(FileNotFoundError):
                return _open(self._path)
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _open(self._path)
        except OSError as error:
            log.warning("cannot open the lock %s: %s", self._path, error)
            return None

    def _queue(self, stack: ExitStack, wait: float) -> bool:
        self._queued += 1  # nearly right is enough
        try:
            return stack.enter_context(self._thread.held(max(wait, 0)))
        finally:
            self._queued -= 1

    def _give_way(self, end: float) -> None:
        """Let other processes go first now and then: their threads cannot see as soon as ours that the lock is free."""
        now = time.monotonic()
        self._turns = self._turns + 1 if now - self._freed < LOOK else 0
        if self._turns >= TURNS and self._queued and now + GIVE_WAY < end:
            self._turns = 0
            time.sleep(GIVE_WAY)


class Use:
    """Says that something is in use: any number of processes say so at once, each until `end`, or until it dies.

    Args:
        path: The file to say it with; it is made.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        while self._descriptor is None:
            descriptor = _open(path)
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
    descriptor = _open(path)
    try:
        yield _lock(descriptor, 0) and _is_at(descriptor, path)
    finally:
        os.close(descriptor)


_held = set[int]()  # descriptors of host locks


def _let_go(descriptor: int) -> None:
    if descriptor in _held:  # in a child that was forked here it is the parent's
        _held.remove(descriptor)
        os.close(descriptor)  # and with it the lock


def _leave_to_the_parent() -> None:
    """Close what a child has inherited: it would hold the locks for as long as it lives."""
    while _held:
        os.close(_held.pop())


os.register_at_fork(after_in_child=_leave_to_the_parent)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _lock(descriptor: int, end: float) -> bool:
    pause = LOOK
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(pause)
            pause = min(pause * 1.5, LONG_LOOK)  # each look takes the processor from somebody
        else:
            return True
