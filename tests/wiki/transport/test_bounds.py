"""How many clone and push at once, and what becomes of clients that are slow, or go away."""

import errno
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.access import Role
from engine.errors import PushRefusedError
from engine.locks import HostLock
from tests.repositories import Repository
from tests.soak.processes import children, command_line
from tests.wiki.transport.serving import CLEAN, SECONDS, Served, serving
from tests.wiki.transport.test_cloning import KIND, LS, ask
from wiki import server
from wiki.transport.slots import BusyError, Seats, Slots
from wiki.transport.spool import Answer
from wiki.transport.transport import BODIES

REFS = "/wiki.git/info/refs?service=git-upload-pack"


@contextmanager
def slots_taken(served: Served, count: int, first: int = 0) -> Iterator[None]:
    """Let another process hold some of the two slots, as it seems."""
    folder = served.transport.spool.parent
    locks = [HostLock(folder / f"git-{number}.lock").held(0) for number in range(first, first + count)]
    for lock in locks:
        assert lock.__enter__()
    try:
        yield
    finally:
        for lock in locks:
            lock.__exit__(None, None, None)


def gits() -> list[str]:
    """Return the command lines of git's servers that this process, or nobody any more, is the parent of."""
    found = []
    for place in Path("/proc").iterdir():
        try:
            line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if any(word in line for word in ("http-backend", "upload-pack", "receive-pack", "pack-objects")):
            found.append(line)
    return found


def test_no_more_than_two_work_at_once_and_the_others_wait(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with slots_taken(served, 1):
        assert ask(served, "GET", REFS)[0] == 200
    monkeypatch.setattr(served.transport.slots, "_wait", 0.2)
    with slots_taken(served, 2):
        status, body, headers = ask(served, "GET", REFS)
        assert (status, headers["content-type"]) == (503, "text/plain; charset=utf-8")
        assert b"Too many" in body
        assert int(headers["retry-after"]) > 0
        assert ask(served, "GET", "/")[0] == 200
        done = served.try_clone()
        assert "remote: Too many clone or push at the same time" in done.stderr
    monkeypatch.setattr(served.transport.slots, "_wait", 20.0)
    answers: list[int] = []
    with slots_taken(served, 2):
        waiting = threading.Thread(target=lambda: answers.append(ask(served, "GET", REFS)[0]))
        waiting.start()
        time.sleep(0.3)
        assert answers == []
    waiting.join(SECONDS)
    assert answers == [200]


def test_a_process_keeps_half_of_its_threads_for_readers(
    content: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(content, tmp_path, threads=4) as served, slots_taken(served, 2):
        monkeypatch.setattr(served.transport.slots, "_wait", 3.0)
        waiting = [threading.Thread(target=ask, args=(served, "GET", REFS)) for _ in range(2)]
        for thread in waiting:
            thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        assert ask(served, "GET", REFS)[0] == 503
        assert ask(served, "GET", "/")[0] == 200
        assert time.monotonic() - began < 5
        for thread in waiting:
            thread.join(SECONDS)


def test_seats_and_slots_are_given_back_in_whatever_thread() -> None:
    seats = Seats(1)
    taken = seats.taken()
    taken.__enter__()
    with pytest.raises(BusyError), seats.taken():
        raise AssertionError
    thread = threading.Thread(target=taken.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    with seats.taken():
        pass


def test_a_slot_that_another_process_holds_keeps_no_thread_from_trying_it(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 2, 0)
    other = HostLock(tmp_path / "git-0.lock").held(0)
    assert other.__enter__()
    with slots.taken():
        other.__exit__(None, None, None)
        with slots.taken(), pytest.raises(BusyError), slots.taken():
            raise AssertionError
    with slots.taken():
        pass


def connected(served: Served) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=SECONDS)


def settled(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def request(path: str, kind: str, length: int) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "Git-Protocol: version=2", "Connection: close", "", ""]).encode()


def test_who_sends_slowly_holds_no_slot(served: Served) -> None:
    with connected(served) as slow:
        slow.sendall(request("/wiki.git/git-upload-pack", KIND, len(LS)))
        for byte in LS[:-1]:
            slow.sendall(bytes([byte]))
        assert not served.transport._running
        assert ask(served, "GET", REFS)[0] == 200
        slow.sendall(LS[-1:])
        assert slow.recv(100).startswith(b"HTTP/1.1 200")


@pytest.fixture
def large(content: Repository) -> Repository:
    """A repository of which a clone is larger than what sockets keep on the way."""
    files = {f"m/{number}.bin": os.urandom(5_000_000) for number in range(9)}
    content.commit({"index.md": b"# Large\n", **files}, content.git("rev-parse", "main"))
    return content


def wanted(repository: Repository) -> bytes:
    def line(text: str) -> bytes:
        return f"{len(text) + 4:04x}{text}".encode()

    want = line(f"want {repository.git('rev-parse', 'main')}\n")
    return line("command=fetch") + b"0001" + want + line("done\n") + b"0000"


def test_who_reads_slowly_holds_no_slot(large: Repository, served: Served) -> None:
    asked = wanted(large)
    with connected(served) as slow:
        slow.sendall(request("/wiki.git/git-upload-pack", KIND, len(asked)) + asked)
        assert slow.recv(12) == b"HTTP/1.1 200"
        served.waits()  # all of the answer lies on the disk
        assert ask(served, "GET", REFS)[0] == 200
        got = 0
        while part := slow.recv(1_000_000):
            got += len(part)
        assert got > 40_000_000


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_client_that_goes_away_leaves_no_process_and_no_slot(
    large: Repository, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = wanted(large)
    before = children(os.getpid())
    for _ in range(4):
        with connected(served) as gone:
            gone.sendall(request("/wiki.git/git-upload-pack", KIND, len(asked)) + asked)
            assert gone.recv(12) == b"HTTP/1.1 200"
    served.waits()
    monkeypatch.setattr(served.transport.slots, "_wait", 0.0)
    assert ask(served, "GET", REFS)[0] == 200
    served.waits()
    left = map(command_line, children(os.getpid()) - before)
    assert [line for line in left if line is not None and "cat-file" not in line] == []
    assert [*served.transport.spool.iterdir()] == []


def test_a_push_whose_client_goes_away_changes_nothing(content: Repository, served: Served) -> None:
    before = content.git("show-ref")
    for body in (b"", b"00", b"0000", b"00a0" + b"0" * 50):
        with connected(served) as gone:
            sent = request("/wiki.git/git-receive-pack", "application/x-git-receive-pack-request", 1_000_000)
            gone.sendall(sent + body)
    served.waits()
    assert ask(served, "GET", REFS)[0] == 200
    assert content.git("show-ref") == before


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_when_the_server_ends_git_ends(large: Repository, tmp_path: Path) -> None:
    asked = wanted(large)
    with serving(large, tmp_path) as served:
        with connected(served) as client:
            client.sendall(request("/wiki.git/git-upload-pack", KIND, len(asked)) + asked)
            assert client.recv(12) == b"HTTP/1.1 200"
        served.transport.close()
        served.waits()
    assert not [line for line in gits() if str(tmp_path) in line]


def test_descriptors_stay_as_many(served: Served) -> None:
    def descriptors() -> int:
        return len([*Path("/proc/self/fd").iterdir()])

    def rounds(count: int) -> None:
        for _ in range(count):
            assert ask(served, "GET", REFS)[0] == 200
            assert ask(served, "POST", "/wiki.git/git-upload-pack", LS, Content_Type=KIND)[0] == 200
        served.waits()

    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    rounds(5)
    first, threads = descriptors(), threading.active_count()
    rounds(20)
    assert descriptors() <= first + 2
    assert threading.active_count() <= threads + 2


@pytest.mark.usefixtures("faked")
def test_a_push_whose_client_goes_away_is_checked_no_further_and_holds_its_slot_until_then(
    content: Repository, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, stopped, ended = threading.Event(), threading.Event(), threading.Event()

    def check(updates: object, quarantine: object, actor: object, stop: Callable[[], bool]) -> None:
        began.set()
        while not stop():
            time.sleep(0.01)
        stopped.set()
        assert ended.wait(SECONDS)
        raise PushRefusedError("the push was taken back")

    monkeypatch.setattr(served.pushing, "check", check)
    monkeypatch.setattr(served.transport.slots, "_wait", 0.2)
    clone, before = served.clone(), content.git("show-ref")
    clone.commit({"a.md": "Pushed.\n"})
    served.waits()
    pushing = subprocess.Popen(
        ["git", "push", "-q"], cwd=clone.path, env=CLEAN, start_new_session=True, stderr=subprocess.DEVNULL
    )
    assert began.wait(SECONDS)
    os.killpg(pushing.pid, signal.SIGKILL)
    pushing.wait()
    assert stopped.wait(SECONDS)
    with slots_taken(served, 1, first=1):
        assert ask(served, "GET", REFS)[0] == 503
        ended.set()
        monkeypatch.setattr(served.transport.slots, "_wait", 10.0)
        assert ask(served, "GET", REFS)[0] == 200
    assert content.git("show-ref") == before


@pytest.mark.usefixtures("faked")
def test_a_push_that_was_allowed_is_published_though_its_client_goes_away(
    content: Repository, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, gone = threading.Event(), threading.Event()
    publish = served.pushing.publish

    def slowly(*arguments: Any) -> None:
        began.set()
        assert gone.wait(SECONDS)
        time.sleep(2)  # until git would have been ended
        publish(*arguments)

    monkeypatch.setattr(served.pushing, "publish", slowly)
    clone = served.clone()
    new = clone.commit({"a.md": "Pushed.\n", "m.bin": os.urandom(2_000_000)})
    pushing = subprocess.Popen(
        ["git", "push", "-q"], cwd=clone.path, env=CLEAN, start_new_session=True, stderr=subprocess.DEVNULL
    )
    assert began.wait(SECONDS)
    os.killpg(pushing.pid, signal.SIGKILL)
    pushing.wait()
    gone.set()
    served.waits()
    assert content.git("rev-parse", "main") == new
    assert not [*(content.path / "objects" / "pack").glob("*.keep")]
    assert not [*(content.path / "objects").glob("tmp_objdir*")]
    content.check()


def test_who_never_reads_holds_no_thread_and_no_seat(large: Repository, tmp_path: Path) -> None:
    asked = wanted(large)
    with serving(large, tmp_path, threads=2) as served, ExitStack() as silent:
        for _ in range(5):
            client = silent.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(("127.0.0.1", int(served.port)))
            client.sendall(request("/wiki.git/git-upload-pack", KIND, len(asked)) + asked)
            time.sleep(0.2)
            served.waits()
            settled(lambda: served.transport.seats._free._value == 1)
        assert ask(served, "GET", REFS)[0] == 200
        assert ask(served, "GET", "/")[0] == 200
        served.clone()


def test_one_seat_is_not_for_strangers() -> None:
    seats = Seats(3)
    with seats.taken(stranger=True), seats.taken(stranger=True):
        with pytest.raises(BusyError), seats.taken(stranger=True):
            raise AssertionError
        with seats.taken(), pytest.raises(BusyError), seats.taken():
            raise AssertionError
    with seats.taken(stranger=True), seats.taken(), seats.taken():
        pass
    with Seats(1).taken(stranger=True):
        pass


def test_who_does_not_say_who_they_are_sends_no_more_than_others(content: Repository, tmp_path: Path) -> None:
    kind = "application/x-git-receive-pack-request"
    with serving(content, tmp_path, upload_bytes=100_000) as served:
        served.add("edi", Role.EDITOR)
        heard = server.HEARD * served.app.config["MAX_CONTENT_LENGTH"]
        path = "/wiki.git/git-receive-pack"
        with connected(served) as stranger:
            stranger.sendall(request(path, kind, heard + 1))
            assert stranger.recv(100).startswith(b"HTTP/1.1 413")
        signed = {"Content_Type": kind, "Authorization": "Bearer " + served.token("t", Role.EDITOR)}
        assert ask(served, "POST", path, b"0000" + bytes(heard), **signed)[0] == 200
        settled(lambda: served.transport.bodies._free._value == BODIES)
        taken = [served.transport.bodies.taken() for _ in range(BODIES)]
        for one in taken:
            one.__enter__()
        assert ask(served, "POST", path, b"0000", **signed)[0] == 503
        for one in taken:
            one.__exit__(None, None, None)
        for _ in range(BODIES + 1):  # each gives back what it took
            assert ask(served, "POST", path, b"0000", **signed)[0] == 200
            with connected(served) as gone:
                head = request(path, kind, 1_000_000).replace(b"Host:", b"Authorization: x\r\nHost:")
                gone.sendall(head + b"0000")
            settled(lambda: served.transport.bodies._free._value == BODIES)
        assert [*served.transport.spool.iterdir()] == []


@pytest.mark.usefixtures("faked")
def test_a_push_that_was_allowed_is_published_though_its_answer_cannot_be_kept(
    content: Repository, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = served.pushing.publish

    def full(answer: Answer, part: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def publishing(*arguments: Any) -> None:
        monkeypatch.setattr(Answer, "write", full)
        arguments[2]("which is lost")
        time.sleep(1)
        publish(*arguments)

    monkeypatch.setattr(served.pushing, "publish", publishing)
    clone = served.clone()
    new = clone.commit({"a.md": "Pushed.\n"})
    clone.git("push")
    served.waits()
    assert content.git("rev-parse", "main") == new
