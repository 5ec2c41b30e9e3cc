"""How threads share the processor: what can wait a little does not interrupt answers."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_here = threading.local()  # `batch` is set while this thread is batch work by `batch`


@contextmanager
def batch() -> Iterator[None]:
    """Run as batch work: where this thread wakes up, it does not interrupt another one that is at work.

    By the policy ``SCHED_BATCH`` of Linux, which needs no rights; elsewhere, or where somebody gave the server another
    policy than the usual one, nothing is changed. Children that are started meanwhile are batch work, too.
    """
    if not _is_usual():
        yield
        return
    with _under(os.SCHED_BATCH, os.SCHED_OTHER):
        _here.batch = True
        try:
            yield
        finally:
            _here.batch = False


@contextmanager
def usual() -> Iterator[None]:
    """Start children that others will ask, inside of `batch` as well: they are no batch work."""
    if not getattr(_here, "batch", False):
        yield
        return
    with _under(os.SCHED_OTHER, os.SCHED_BATCH):
        yield


@contextmanager
def _under(policy: int, then: int) -> Iterator[None]:
    _take(policy)
    try:
        yield
    finally:
        _take(then)


def _is_usual() -> bool:
    with suppress(OSError):  # a sandbox may forbid it
        return hasattr(os, "SCHED_BATCH") and os.sched_getscheduler(0) == os.SCHED_OTHER
    return False


def _take(policy: int) -> None:
    with suppress(OSError):  # a sandbox may forbid it
        os.sched_setscheduler(0, policy, os.sched_param(0))
