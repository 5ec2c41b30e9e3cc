"""The hooks, and what they are when nobody answers them."""

import errno
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from engine.errors import StoreError
from engine.pushing import Update
from engine.pushing.pushing import Say
from wiki.transport import hooks as hooks_module
from wiki.transport import shim
from wiki.transport.hooks import Hooks, printable

OLD, NEW = "1" * 40, "2" * 40


class Deciding:
    """Allows all, and refuses one reference."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Update], str]] = []

    def check(
        self, updates: Sequence[Update], quarantine: Path | None, say: Say, stop: Callable[[], bool]
    ) -> bool:
        self.asked.append((updates, str(quarantine)))
        say("two\nlines")
        return updates[0].new is not None

    def publish(self, updates: Sequence[Update], say: Say) -> Mapping[str, str]:
        if len(updates) > 2:
            raise RuntimeError
        return {updates[0].reference: "it moved\nmeanwhile"}


def run(hook: Path, stdin: bytes, environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [str(hook)],
        input=stdin,
        capture_output=True,
        env={"PATH": os.environ["PATH"], **environment},
        timeout=30,
    )


def line(text: bytes) -> bytes:
    return b"%04x%b" % (len(text) + 4, text)


def lines(output: bytes) -> list[bytes | None]:
    found: list[bytes | None] = []
    while output:
        size = int(output[:4], 16)
        found.append(output[4:size] if size else None)
        output = output[max(size, 4) :]
    return found


def test_a_hook_asks_the_server(tmp_path: Path) -> None:
    hooks, deciding = Hooks(tmp_path), Deciding()
    with hooks.of(deciding) as push:
        folder, told = push.hooks, push.told
        asked = run(
            folder / "pre-receive",
            f"{OLD} {NEW} refs/heads/main\n{'0' * 40} {NEW} refs/heads/n\xffew\n".encode("latin-1"),
            {**told, "GIT_QUARANTINE_PATH": "/q"},
        )
        assert (asked.returncode, asked.stdout, asked.stderr) == (0, b"", b"two\nlines\n")
        ((main, new), quarantine), *_ = deciding.asked
        assert (main, quarantine) == (Update("refs/heads/main", OLD, NEW), "/q")
        assert new == Update("refs/heads/n\udcffew", None, NEW)
        refused = run(folder / "pre-receive", f"{OLD} {'0' * 40} refs/heads/main\n".encode(), told)
        assert refused.returncode == 1
    hooks.close()


def test_the_other_hook_speaks_as_git_wants_it(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path)
    begin = line(b"version=1\0push-options atomic") + b"0000"
    with hooks.of(Deciding()) as push:
        folder, told = push.hooks, push.told
        checked = run(folder / "pre-receive", f"{OLD} {NEW} refs/heads/a\n".encode(), told)
        assert checked.returncode == 0
        commands = line(f"{OLD} {NEW} refs/heads/a".encode()) + line(f"{OLD} {NEW} refs/heads/b".encode())
        done = run(folder / "proc-receive", begin + commands + b"0000", told)
        assert lines(done.stdout) == [
            b"version=1",
            None,
            b"ng refs/heads/a it moved\xef\xbf\xbdmeanwhile",
            b"ok refs/heads/b",
            None,
        ]
        three = commands + line(f"{OLD} {NEW} refs/heads/c".encode())
        done = run(folder / "proc-receive", begin + three + b"0000", told)
        assert all(part is None or part.startswith((b"version", b"ng")) for part in lines(done.stdout))
        assert len(lines(done.stdout)) == 6
    hooks.close()


@pytest.mark.parametrize("how", ["nothing", "gone", "another", "ended", "rubbish"])
def test_where_nobody_answers_a_hook_refuses(tmp_path: Path, how: str) -> None:
    hooks = Hooks(tmp_path)
    with hooks.of(Deciding()) as push:
        folder, told = push.hooks, push.told
        environment = dict(told)
        listener = socket.socket(socket.AF_UNIX)
        if how == "nothing":
            environment = {}
        elif how == "gone":
            hooks.close()
        elif how == "another":
            environment["QUIRE_PUSH"] = "f" * 32
        else:
            listener.bind(str(tmp_path / "s"))
            listener.listen()
            environment["QUIRE_SOCKET"] = str(tmp_path / "s")
            if how == "rubbish":
                listener.close()
        if how == "ended":
            process = subprocess.Popen(
                [str(folder / "pre-receive")],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={"PATH": os.environ["PATH"], **environment},
            )
            listener.accept()[0].close()
            _, said = process.communicate(timeout=30)
            code = process.returncode
        else:
            done = run(folder / "pre-receive", f"{OLD} {NEW} refs/heads/main\n".encode(), environment)
            code, said = done.returncode, done.stderr
        listener.close()
        assert code == 1
        assert said.startswith(b"nothing was pushed: ")
        if how != "another":
            assert b"the wiki is not running" in said
        if how in {"nothing", "gone", "another"}:
            begin = line(b"version=1") + b"0000" + line(f"{OLD} {NEW} refs/heads/main".encode()) + b"0000"
            done = run(folder / "proc-receive", begin, environment)
            assert b"ng refs/heads/main the wiki " in done.stdout
    hooks.close()


def test_the_folder_holds_only_our_hooks_and_heals(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path)
    folder = hooks.written()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert hooks.written() == folder
    (folder / "post-receive").write_text("#!/bin/sh\n")
    (folder / "pre-receive").write_text("#!/bin/sh\nexit 0\n")
    assert Hooks(tmp_path).written() == folder
    assert sorted(place.name for place in folder.iterdir()) == ["pre-receive", "proc-receive"]
    assert sys.executable in (folder / "pre-receive").read_text()
    assert [place.name for place in tmp_path.iterdir()] == [folder.name]


def test_the_socket_is_the_servers_alone_and_its_path_may_be_long(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120) / "e"
    deep.mkdir(parents=True)
    hooks = Hooks(deep)
    (deep / "sockets").mkdir()
    left = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(deep / "sockets")
    left.bind("left")
    left.close()
    os.chdir(here)
    with hooks.of(Deciding()) as push:
        folder, told = push.hooks, push.told
        place = Path(told["QUIRE_SOCKET"])
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert [other.name for other in place.parent.iterdir()] == [place.name]
        asked = run(folder / "pre-receive", f"{OLD} {NEW} refs/heads/main\n".encode(), told)
        assert asked.returncode == 0
    hooks.close()
    assert not place.exists()


def test_whoever_asks_oddly_gets_no_answer(tmp_path: Path) -> None:
    hooks = Hooks(tmp_path)
    with hooks.of(Deciding()) as push:
        told = push.told
        for asked in (
            b"",
            b"{}\n",
            b"[]\n",
            b"x\n",
            json.dumps({"push": told["QUIRE_PUSH"], "hook": "pre-receive", "updates": [1]}).encode() + b"\n",
            json.dumps({"push": [], "hook": "pre-receive", "updates": []}).encode() + b"\n",
        ):
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(told["QUIRE_SOCKET"])
                connection.sendall(asked)
                connection.shutdown(socket.SHUT_WR)
                assert b'"end": 0' not in connection.makefile("rb").read()
    hooks.close()


def test_who_asks_slowly_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks_module, "SECONDS", 0.3)
    hooks = Hooks(tmp_path)
    with hooks.of(Deciding()) as push, socket.socket(socket.AF_UNIX) as connection:
        connection.connect(push.told["QUIRE_SOCKET"])
        end = time.monotonic() + 30
        with suppress(ConnectionError):
            while time.monotonic() < end:
                connection.sendall(b" ")
                time.sleep(0.01)
        assert time.monotonic() < end
    hooks.close()


def test_the_shim_starts_with_little() -> None:
    """It imports nothing of the wiki, and nothing that takes long."""
    code = f"import sys; exec(open({shim.__file__!r}).read(), {{'__name__': 'shim'}}); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not {"wiki", "engine", "typing", "flask", "asyncio", "subprocess"} & loaded


def test_lines_hold_nothing_that_a_terminal_obeys() -> None:
    assert printable("a\x1b[2Jb\u202ec\r\td é 首页") == "a�[2Jb�c� d é 首页"


def test_a_server_that_checks_for_long_says_that_it_lives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Deciding):
        def check(self, *arguments: Any) -> bool:
            time.sleep(0.5)
            return super().check(*arguments)

    monkeypatch.setattr(hooks_module, "ALIVE", 0.05)
    hooks = Hooks(tmp_path)
    with hooks.of(Slow()) as push, socket.socket(socket.AF_UNIX) as connection:
        asked: dict[str, Any] = {"hook": "pre-receive", "push": push.told["QUIRE_PUSH"], "quarantine": "/q"}
        asked |= {"updates": [[OLD, NEW, "refs/heads/main"]]}
        connection.connect(push.told["QUIRE_SOCKET"])
        connection.sendall(json.dumps(asked).encode() + b"\n")
        answers = [json.loads(line) for line in connection.makefile("rb")]
    assert answers[0] == answers[1] == {"alive": True}
    assert answers[-1] == {"end": 0}
    hooks.close()


def test_a_server_that_says_nothing_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shim, "SECONDS", 0.2)
    monkeypatch.setenv("QUIRE_SOCKET", str(tmp_path / "s"))
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        with pytest.raises(TimeoutError):
            shim.ask("pre-receive", [])


def test_where_the_system_has_no_room_for_a_hook_later_ones_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, start, failed = socket.socket.accept, hooks_module._in_thread, [0, 0]

    def full(listening: socket.socket) -> Any:
        if failed[0] < 2:
            failed[0] += 1
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(listening)

    def none(*arguments: Any) -> None:
        if failed[1] < 1:
            failed[1] += 1
            raise RuntimeError("can't start new thread")
        start(*arguments)

    monkeypatch.setattr(socket.socket, "accept", full)
    monkeypatch.setattr(hooks_module, "_in_thread", none)
    hooks = Hooks(tmp_path)
    question = f"{OLD} {NEW} refs/heads/main\n".encode()
    with hooks.of(Deciding()) as push:
        assert run(push.hooks / "pre-receive", question, push.told).returncode == 1
        assert run(push.hooks / "pre-receive", question, push.told).returncode == 0
    assert failed == [2, 1]
    hooks.close()


@contextmanager
def silent(folder: Path, count: int) -> Iterator[list[Path]]:
    """Let sockets be listened on by a process that has stopped; the first has no room for one more."""
    with ExitStack() as held:
        made = [folder / f"{number:09x}" for number in range(count)]
        for place in made:
            listener = held.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(str(place))
            listener.listen(0)
        for _ in range(2):
            waiting = held.enter_context(socket.socket(socket.AF_UNIX))
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect(str(made[0]))
        yield made


def test_a_process_that_has_stopped_keeps_no_other_from_answering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shim, "ANSWER", 0.1)
    monkeypatch.chdir(tmp_path)
    hooks = Hooks(tmp_path)
    with hooks.of(Deciding()) as push, silent(hooks.sockets, 8):
        for _ in range(5):
            with shim.connected(str(hooks.sockets)) as connection:
                assert connection.getpeername().endswith(Path(push.told["QUIRE_SOCKET"]).name)
                assert connection.gettimeout() == shim.SECONDS
    hooks.close()


def test_all_processes_are_asked_by_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    both = Hooks(tmp_path), Hooks(tmp_path)
    answered = set()
    with both[0].of(Deciding()), both[1].of(Deciding()):
        for _ in range(100):
            with shim.connected(str(tmp_path / "sockets")) as connection:
                answered.add(connection.getpeername())
    assert len(answered) == 2
    for hooks in both:
        hooks.close()


def test_a_process_that_has_stopped_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a server that starts, nor who asks whether there is one."""
    monkeypatch.setattr(shim, "ANSWER", 0.1)
    caplog.set_level("WARNING")
    hooks, found = Hooks(tmp_path), list[bool]()
    hooks.sockets.mkdir()

    def start() -> None:
        found.append(hooks_module.listens(hooks.sockets))
        with hooks.of(Deciding()):
            found.append(hooks_module.listens(hooks.sockets))
        hooks.close()

    with silent(hooks.sockets, 2) as stopped:
        thread = threading.Thread(target=start, daemon=True)
        thread.start()
        thread.join(30)
        assert found == [False, True]
        assert all(place.exists() for place in stopped)
    assert not caplog.records


def test_a_process_that_starts_takes_no_socket_of_another_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it listens, nobody can tell it from one that was left behind."""
    hooks, listen, met = Hooks(tmp_path), socket.socket.listen, list[bool]()

    def meanwhile(made: socket.socket, room: int) -> None:
        hooks_module._sweep(hooks.sockets)
        met.append(hooks_module.listens(hooks.sockets))
        listen(made, room)

    monkeypatch.setattr(socket.socket, "listen", meanwhile)
    with hooks.of(Deciding()) as push:
        assert hooks_module.listens(hooks.sockets)
        assert [str(place) for place in hooks.sockets.iterdir()] == [push.told["QUIRE_SOCKET"]]
    assert met == [False]
    hooks.close()


def test_what_was_left_while_it_was_made_is_removed_later(tmp_path: Path) -> None:
    for age, name in enumerate((".new", ".old")):
        with socket.socket(socket.AF_UNIX) as left:
            left.bind(str(tmp_path / name))
        then = time.time() - age * 2 * hooks_module.MAKING
        os.utime(tmp_path / name, (then, then))
    hooks_module._sweep(tmp_path)
    assert [place.name for place in tmp_path.iterdir()] == [".new"]


def test_where_the_folder_is_deleted_meanwhile_it_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks, listen, deleted = Hooks(tmp_path), socket.socket.listen, list[Path]()

    def meanwhile(made: socket.socket, room: int) -> None:
        if not deleted:
            deleted.extend(hooks.sockets.iterdir())
            shutil.rmtree(hooks.sockets)
        listen(made, room)

    monkeypatch.setattr(socket.socket, "listen", meanwhile)
    with hooks.of(Deciding()):
        assert hooks_module.listens(hooks.sockets)
    assert len(deleted) == 1
    hooks.close()


def test_what_cannot_be_listened_on_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(made: socket.socket, room: int) -> None:
        raise OSError(errno.ENOBUFS, "No buffer space available")

    monkeypatch.setattr(socket.socket, "listen", full)
    hooks = Hooks(tmp_path)
    with pytest.raises(StoreError), hooks.of(Deciding()):
        pass
    assert not [*hooks.sockets.iterdir()]


def test_where_it_cannot_be_looked_for_the_place_it_is_looked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists, refused = Path.exists, threading.Event()

    def closed(place: Path, **options: bool) -> bool:
        if place.parent == hooks.sockets and not refused.is_set():
            refused.set()
            raise PermissionError(errno.EACCES, "Permission denied")
        return exists(place, **options)

    monkeypatch.setattr(hooks_module, "LOOK", 0.02)
    monkeypatch.setattr(Path, "exists", closed)
    hooks = Hooks(tmp_path)
    with hooks.of(Deciding()):
        assert refused.wait(30)
        shutil.rmtree(hooks.sockets)
        end = time.monotonic() + 30
        while not hooks_module.listens(hooks.sockets):
            assert time.monotonic() < end
    hooks.close()


def test_a_push_is_over_when_no_hook_is_answered_any_more(tmp_path: Path) -> None:
    asked, stops = threading.Event(), []

    class Waiting(Deciding):
        def check(self, updates: object, quarantine: object, say: object, stop: Callable[[], bool]) -> bool:
            asked.set()
            while not stop():
                time.sleep(0.01)
            time.sleep(0.1)
            stops.append(True)
            return True

    hooks = Hooks(tmp_path)
    with hooks.of(Waiting()) as push:
        hook = subprocess.Popen(
            [str(push.hooks / "pre-receive")], stdin=subprocess.PIPE, env={**os.environ, **push.told}
        )
        assert hook.stdin is not None
        hook.stdin.write(f"{OLD} {NEW} refs/heads/main\n".encode())
        hook.stdin.close()
        assert asked.wait(30)
        hook.kill()
        hook.wait()
    assert stops == [True]
    hooks.close()


def test_what_was_not_allowed_is_not_published(tmp_path: Path) -> None:
    hooks, update = Hooks(tmp_path), Update("refs/heads/main", OLD, NEW)
    with hooks.of(Deciding()) as push:
        assert push.publish([update], print) == {"refs/heads/main": "it was not checked"}
        assert push.take_back()
        assert not push.check([update], tmp_path, print)
    with hooks.of(Deciding()) as push:
        assert push.check([update], tmp_path, print)
        assert not push.take_back()
        assert push.publish([update], print) == {"refs/heads/main": "it moved\nmeanwhile"}
    hooks.close()
