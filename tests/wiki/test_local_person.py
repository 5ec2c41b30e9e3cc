"""The local person, with real servers and real connections: what stands between the peer and Python must hide nothing."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repositories import Repository
from tests.wiki.processes import SECONDS, Process, running

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
    assert VISITOR in ask(here, host, start="GET /a HTTP/1.0")  # nginx, where nothing was configured
    assert VISITOR in ask(here, start="GET /a HTTP/1.0")
    assert LOCAL in ask(here, host)  # and nobody got what was kept for another


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
