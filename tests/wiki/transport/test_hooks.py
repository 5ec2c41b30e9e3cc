"""The hooks, and what they are when nobody answers them."""

import errno
import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

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
