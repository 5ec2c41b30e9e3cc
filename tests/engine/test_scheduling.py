"""Batch work: for as long as it lasts, and only where nobody has chosen a policy."""

import os
import threading
from pathlib import Path

import pytest

from engine.scheduling import batch
from engine.store.git_store import GitStore
from tests.repositories import make
from tests.soak.processes import children

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


def test_children_that_others_will_ask_are_no_batch_work(tmp_path: Path) -> None:
    found: list[int] = []
    repository = make(tmp_path / "wiki.git", bare=True)
    commit = repository.commit({"a.md": "Text\n"})
    store = GitStore.open(repository.path)

    def run() -> None:
        with batch():
            entry = store.entry(commit, "a.md")
            assert entry is not None
            store.read(entry.blob)
            found.append(os.sched_getscheduler(0))
            found.extend(map(os.sched_getscheduler, children(os.getpid())))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    store.close()
    usual = os.sched_getscheduler(0)
    assert len(found) > 1
    assert found == [os.SCHED_BATCH if usual == os.SCHED_OTHER else usual, *[usual] * (len(found) - 1)]
