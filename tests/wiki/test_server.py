"""`quire serve` as a process: says when it answers, ends gracefully, fails in one line."""

import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repositories import Repository, make
from tests.wiki.processes import Process, get, quire, running

SLOW = """
import sys, time
from flask import Response
import wiki.cli
from wiki import create_app

def slow_app(settings):
    app = create_app(settings)

    @app.get("/-/slow")
    def slow():
        print("begun", flush=True)
        time.sleep(2)
        return "answered to the end\\n" + "x" * 5_000_000

    return app

sys.modules['wiki.commands.serve'].create_app = slow_app
wiki.cli.main()
"""


def serve(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "wiki", "serve", *arguments, "--port", "0"]


def port_of(process: Process) -> int:
    line = process.line_with("http://")
    match = re.search(r"http://[^/]+:(\d+)/", line)
    assert match is not None
    return int(match[1])


@pytest.fixture
def content(repository: Repository) -> Repository:
    repository.commit({"index.md": "# Welcome\n", "a.md": "Some text.\n"})
    return repository


@pytest.fixture
def server(content: Repository) -> Iterator[Process]:
    with running(serve(content.path)) as process:
        yield process


def test_it_prints_its_address_when_it_answers(content: Repository, server: Process) -> None:
    line = server.line_with("http://")
    assert line.startswith(f"Quire serves {content.path} at http://127.0.0.1:")
    status, text, headers = get(int(line.rstrip("/").rpartition(":")[2]), "/")
    assert status == 200
    assert "Welcome" in text
    assert "Server" not in headers


def test_a_commit_by_another_process_shows_at_once(content: Repository, server: Process) -> None:
    port = port_of(server)
    head = content.git("rev-parse", "main")
    for version in range(5):
        head = content.commit({"index.md": f"Version {version}.\n"}, head)
        _, text, headers = get(port, "/")
        while "Quire-Stale" in headers:  # allowed for a moment, on a busy machine
            _, text, headers = get(port, "/")
        assert f"Version {version}." in text
        assert get(port, "/a")[0] == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked(server: Process, number: int) -> None:
    port = port_of(server)
    with socket.create_connection(("127.0.0.1", port)) as idle:  # a connection that is kept open says nothing
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(100).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        server.signal(number)
        assert server.end() == 0
        assert time.monotonic() - began < 8
    assert "Traceback" not in "".join(server.lines)


def test_a_request_under_way_is_answered_before_the_end(content: Repository) -> None:
    command = [sys.executable, "-c", SLOW, "serve", str(content.path), "--port", "0", "--threads", "1"]
    with running(command) as server:
        port = port_of(server)
        answers: list[tuple[int, int]] = []

        def ask(path: str) -> None:
            status, text, _ = get(port, path)
            answers.append((status, len(text)))

        slow = threading.Thread(target=ask, args=("/-/slow",))
        slow.start()
        server.line_with("begun")
        waiting = threading.Thread(target=ask, args=("/a",))  # there is one thread, so it has to wait
        waiting.start()
        time.sleep(0.5)
        server.signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(OSError):
            get(port, "/a")
        slow.join(30)
        waiting.join(30)
        assert (200, 5_000_020) in answers
        assert [status for status, _ in answers] == [200, 200]
        assert server.end() == 0


def test_a_port_in_use_is_one_line(content: Repository) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = quire("serve", content.path, "--port", str(port))
    assert done.returncode == 2
    assert re.fullmatch(
        rf"quire: cannot listen on 127.0.0.1 port {port}: Address already in use; choose another .*\n",
        done.stderr,
    )
    assert done.stdout == ""


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1", "host with spaces"])
def test_an_address_that_cannot_be_had_is_one_line(content: Repository, host: str) -> None:
    done = quire("serve", content.path, "--port", "0", "--host", host)
    assert done.returncode == 2
    assert done.stderr.startswith("quire: ")
    assert done.stderr.count("\n") == 1
    assert "--host" in done.stderr


def test_a_name_with_several_addresses_is_listened_on(content: Repository) -> None:
    with running([*serve(content.path), "--host", "localhost"]) as server:
        assert get(port_of(server), "/a")[0] == 200
        server.signal(signal.SIGTERM)
        assert server.end() == 0


def test_an_empty_repository_is_served(repository: Repository) -> None:
    with running(serve(repository.path)) as server:
        port = port_of(server)
        assert get(port, "/")[0] == 200
        repository.commit({"index.md": "First words.\n"})
        assert "First words." in get(port, "/")[1]


def test_a_folder_inside_a_repository_is_its_root(tmp_path: Path) -> None:
    repository = make(tmp_path / "work", bare=False)
    repository.commit({"docs/index.md": "The docs.\n", "README.md": "The code.\n"})
    repository.git("reset", "-q", "--hard")
    with running(serve(repository.path / "docs")) as server:
        port = port_of(server)
        assert "The docs." in get(port, "/")[1]
        assert get(port, "/README")[0] == 404
