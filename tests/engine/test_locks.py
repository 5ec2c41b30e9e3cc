"""Locks between threads and processes, that die with their holder."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from engine import locks
from engine.locks import GIVE_WAY, TURNS, HostLock, ThreadLock

ROOT = Path(__file__).parent.parent.parent
HOLDER = """
import sys, time
from pathlib import Path
from engine.locks import GIVE_WAY, TURNS, HostLock
with HostLock(Path(sys.argv[1])).held(0) as held:
    print(held, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.lock"


def test_one_thread_holds_it(path: Path) -> None:
    lock = HostLock(path)
    with lock.held(0) as first:
        assert first
        seen: list[bool] = []

        def other() -> None:
            with lock.held(0.05) as held:
                seen.append(held)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert seen == [False]
    with lock.held(0) as again:
        assert again


def test_two_locks_on_one_file_exclude_each_other(path: Path) -> None:
    with HostLock(path).held(0) as first:
        assert first
        began = time.monotonic()
        with HostLock(path).held(0.1) as second:
            assert not second
        assert 0.09 < time.monotonic() - began < 5


def test_it_is_said_whether_somebody_holds_it(path: Path) -> None:
    lock, other = HostLock(path), HostLock(path)
    assert not lock.is_held()
    with lock.held(0):
        assert lock.is_held()
        assert other.is_held()
    assert not lock.is_held()
    assert not other.is_held()


def test_those_who_look_whether_it_is_held_do_not_see_each_other(path: Path) -> None:
    lock = HostLock(path)
    path.touch()
    with path.open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH | fcntl.LOCK_NB)
        assert not lock.is_held()


def test_a_lock_that_cannot_be_opened_is_held_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not HostLock(tmp_path / "file" / "x.lock").is_held()


@pytest.mark.parametrize("kind", ["thread", "host"])
def test_a_child_that_is_forked_meanwhile_can_take_it_afterwards(path: Path, kind: str) -> None:
    lock: ThreadLock | HostLock = ThreadLock() if kind == "thread" else HostLock(path)
    begun, end = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.held(0):
            begun.set()
            end.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(10)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(writer)
            os.read(reader, 1)  # the parent has given it back
            with lock.held(1) as held:
                os._exit(0 if held else 1)
        finally:
            os._exit(2)
    end.set()
    thread.join()
    os.close(writer)
    os.close(reader)
    assert os.waitpid(child, 0)[1] == 0


def test_its_folder_may_be_deleted_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "cache/x.lock"
    path.parent.mkdir()
    lock = HostLock(path)
    for _ in range(2):
        with lock.held(0) as held, HostLock(path).held(0) as other:
            assert (held, other) == (True, False)
        shutil.rmtree(path.parent)
    (tmp_path / "dangling").symlink_to("nowhere/at/all")
    with HostLock(tmp_path / "dangling/x.lock").held(0) as held:
        assert not held


def test_it_is_given_back_when_what_it_guards_fails(path: Path) -> None:
    lock = HostLock(path)
    with pytest.raises(ZeroDivisionError), lock.held(0):
        raise ZeroDivisionError
    with lock.held(0) as held:
        assert held


def test_a_file_that_cannot_be_opened_is_held_by_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "x.lock").mkdir()
    lock = HostLock(tmp_path / "x.lock")
    for _ in range(2):
        with lock.held(0) as held:
            assert not held
    assert "cannot open the lock" in caplog.text
    (tmp_path / "x.lock").rmdir()
    with lock.held(0) as held:
        assert held


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_system_that_opens_no_file_is_no_error(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object) -> int:
        raise OSError(number, "no file is opened")

    lock = HostLock(path)
    with monkeypatch.context() as system:
        system.setattr(locks, "_open", fail)
        with lock.held(0.1) as held:
            assert not held
    with lock.held(0) as held:
        assert held


def test_it_dies_with_its_holder(path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        lock = HostLock(path)
        with lock.held(0.05) as held:
            assert not held
        holder.kill()
        with lock.held(20) as held:
            assert held
    finally:
        holder.kill()
        holder.communicate()


def test_after_some_turns_in_a_row_other_processes_go_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(times: int, wait: float) -> None:
        for _ in range(times):
            with lock.held(wait) as held:
                assert held

    slept: list[float] = []
    monkeypatch.setattr("engine.locks.time.sleep", slept.append)
    monkeypatch.setattr("engine.locks.LOOK", 60.0)  # so that no machine is too slow for turns in a row
    lock = HostLock(path)
    take(2 * TURNS, wait=1)
    assert slept == []  # nobody else wanted it
    monkeypatch.setattr(lock, "_queued", 1)
    lock._turns = 0
    take(2 * TURNS + 1, wait=1)
    assert slept == [GIVE_WAY, GIVE_WAY]
    take(2 * TURNS, wait=0)  # who does not wait gives nothing away
    assert slept == [GIVE_WAY, GIVE_WAY]
