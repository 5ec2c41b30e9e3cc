"""The local person, with real servers and real connections: what stands between the peer and Python must hide nothing."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repositories import Repository
from tests.wiki.processes import SECONDS, Process, running
from wiki.peers import TABLES

LOCAL, VISITOR = "You are at the machine that serves this wiki", 'class="sign-in"'


def ask(address: tuple[str, int] | str, *lines: str, start: str = "GET /a HTTP/1.1") -> str:
    """Send these lines as they are, and return the answer."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(SECONDS)
        connection.connect(address)
        connection.sendall("\r\n".join([start, *lines, "Connection: close", "", ""]).encode())
        received = b""
        while part := connection.recv(65_536):
            received += part
    return received.decode()


@pytest.fixture
def content(repository: Repository) -> Repository:
    repository.commit({"a.md": "# A\n"})
    return repository


@pytest.fixture
def port(content: Repository, tmp_path: Path) -> Iterator[int]:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "wiki",
        "serve",
        content.path,
        "--port",
        "0",
        "--data",
        tmp_path / "data",
    ]
    with running(command) as server:
        yield int(server.line_with("http://").rstrip("/").rpartition(":")[2])


def test_the_server_tells_who_is_here_from_who_is_behind_a_proxy(port: int) -> None:
    here, host = ("127.0.0.1", port), f"Host: 127.0.0.1:{port}"
    assert LOCAL in ask(here, host)
    assert LOCAL in ask(here, f"Host: localhost:{port}")
    # A reverse proxy on the same host, as each is used to ask:
    for lines in (
        ["Host: wiki.example.org"],
        [host, "X-Forwarded-For: 192.0.2.1"],
        [host, "X-Forwarded-Proto: https"],
        [host, "X-Forwarded-Host: wiki.example.org"],
        [host, "X-Real-IP: 192.0.2.1"],
        [host, "Forwarded: for=192.0.2.1"],
        [host, "Via: 1.1 proxy"],
    ):
        answer = ask(here, *lines)
        assert VISITOR in answer, lines
        assert LOCAL not in answer, lines
    assert VISITOR in ask(
        here, host, start="GET /a HTTP/1.0"
    )  # nginx before 1.29.7, where nothing was configured
    assert VISITOR in ask(here, start="GET /a HTTP/1.0")
    assert LOCAL in ask(here, host)  # and nobody got what was kept for another


@pytest.mark.skipif(os.geteuid() != 0, reason="only the administrator may become another user")
@pytest.mark.skipif(not TABLES[0].exists(), reason="this system does not tell whose a connection is")
@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost"])
def test_a_proxy_of_another_user_that_asks_as_a_browser_does_is_a_visitor(port: int, host: str) -> None:
    """So nginx asks since 1.29.7 where nothing but its address was configured."""
    lines = f"GET /a HTTP/1.1\r\nHost: {host.format(port=port)}\r\nConnection: close\r\n\r\n"
    code = (
        "import os, socket, sys\n"
        "os.setuid(12_345)\n"
        "connection = socket.socket()\n"
        f"connection.connect(('127.0.0.1', {port}))\n"
        f"connection.sendall({lines.encode()!r})\n"
        "while part := connection.recv(65_536):\n"
        "    sys.stdout.buffer.write(part)\n"
    )
    for _ in range(2):  # the second may be kept
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=SECONDS, check=True)
        answer = done.stdout.decode()
        assert VISITOR in answer
        assert LOCAL not in answer
        assert LOCAL in ask(("127.0.0.1", port), f"Host: {host.format(port=port)}")


@pytest.mark.parametrize("where", ["tcp", "unix"])
def test_gunicorn_tells_it_too_and_a_socket_of_unix_is_never_local(
    content: Repository, tmp_path: Path, where: str
) -> None:
    bind = "127.0.0.1:0" if where == "tcp" else f"unix:{tmp_path / 'socket'}"
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "gunicorn",
        "--bind",
        bind,
        "--worker-tmp-dir",
        tmp_path,
        "wiki:create_app()",
    ]
    with running(command, QUIRE_REPOSITORY=str(content.path), QUIRE_DATA=str(tmp_path / "data")) as server:
        address = _address(server, tmp_path)
        expected, other = (LOCAL, VISITOR) if where == "tcp" else (VISITOR, LOCAL)
        answer = ask(address, "Host: localhost")
        assert expected in answer
        assert other not in answer
        assert VISITOR in ask(address, "Host: localhost", "X-Forwarded-For: 127.0.0.1")


def _address(server: Process, folder: Path) -> tuple[str, int] | str:
    line = server.line_with("Listening at")
    if "unix:" in line:
        return str(folder / "socket")
    return "127.0.0.1", int(line.partition("127.0.0.1:")[2].partition(" ")[0])
