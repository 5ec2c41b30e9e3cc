"""The hooks, and what they are when nobody answers them."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from engine.pushing import Update
from wiki.transport import shim
from wiki.transport.hooks import Hooks, Say, printable

OLD, NEW = "1" * 40, "2" * 40


class Deciding:
    """Allows all, and refuses one reference."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Update], str]] = []

    def check(self, updates: Sequence[Update], quarantine: Path, say: Say) -> bool:
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
    with hooks.of(deciding) as (folder, told):
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
    with hooks.of(Deciding()) as (folder, told):
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
    with hooks.of(Deciding()) as (folder, told):
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
    with hooks.of(Deciding()) as (folder, told):
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
    with hooks.of(Deciding()) as (_, told):
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
