"""Batch work: for as long as it lasts, and only where nobody has chosen a policy."""

import os
import threading

import pytest

from engine.scheduling import batch

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux has batch work")


def policies() -> list[int]:
    """Return the policy of this thread before, during and after batch work."""
    found = [os.sched_getscheduler(0)]
    with batch():
        found.append(os.sched_getscheduler(0))
    return [*found, os.sched_getscheduler(0)]


def in_a_thread(policy: int) -> list[int]:
    """Do it in a thread that has a policy."""
    found: list[int] = []

    def run() -> None:
        os.sched_setscheduler(0, policy, os.sched_param(0))
        found.extend(policies())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found


def test_a_thread_is_batch_work_for_a_time() -> None:
    assert in_a_thread(os.SCHED_OTHER) == [os.SCHED_OTHER, os.SCHED_BATCH, os.SCHED_OTHER]


@pytest.mark.parametrize("policy", ["SCHED_BATCH", "SCHED_IDLE"])
def test_a_policy_that_somebody_chose_stays(policy: str) -> None:
    chosen = getattr(os, policy)
    assert in_a_thread(chosen) == [chosen] * 3


def test_it_ends_with_an_error_and_is_left_where_it_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError), batch():
        raise ValueError
    before = os.sched_getscheduler(0)

    def forbid(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setscheduler", forbid)
    assert policies() == [before] * 3
