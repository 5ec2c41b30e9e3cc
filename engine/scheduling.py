"""How threads share the processor: what can wait a little does not interrupt answers."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def batch() -> Iterator[None]:
    """Run as batch work: where this thread wakes up, it does not interrupt another one that is at work.

    By the policy ``SCHED_BATCH`` of Linux, which needs no rights; elsewhere, or where somebody gave the server another
    policy than the usual one, nothing is changed.
    """
    usual = hasattr(os, "SCHED_BATCH") and os.sched_getscheduler(0) == os.SCHED_OTHER
    if usual:
        _take(os.SCHED_BATCH)
    try:
        yield
    finally:
        if usual:
            _take(os.SCHED_OTHER)


def _take(policy: int) -> None:
    with suppress(OSError):  # a container may forbid it
        os.sched_setscheduler(0, policy, os.sched_param(0))
