"""Whose a connection is: read from the system's tables, and asked of the system itself."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from wiki import peers

LINUX = pytest.mark.skipif(not peers.TABLES[0].exists(), reason="this system does not list its connections")
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only the administrator may become another user")
LITTLE = pytest.mark.skipif(
    sys.byteorder != "little", reason="the tables below are of a little-endian machine"
)
STRANGER = 12_345  # a user

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
HERE = ip_address("127.0.0.1")


def row(here: str, there: str, *, state: str = "01", user: int = 33, inode: int = 4711) -> str:
    return (
        f"   3: {here} {there} {state} 00000000:00000000 00:00000000 00000000  {user:4}        0 {inode} 1"
        " 0000000000000000 20 4 30 10 -1\n"
    )


@LITTLE
@pytest.mark.parametrize(
    ("line", "address"),
    [
        (row("0100007F:9C40", "0100007F:1F90"), "127.0.0.1"),
        (row("0509087F:9C40", "0100007F:1F90"), "127.8.9.5"),
        (row("00000000000000000000000001000000:9C40", "00000000000000000000000001000000:1F90"), "::1"),
        (row("0000000000000000FFFF00000100007F:9C40", "0000000000000000FFFF00000100007F:1F90"), "127.0.0.1"),
    ],
)
def test_the_user_of_a_socket_is_found_in_the_table(line: str, address: str) -> None:
    found = peers.users([HEAD, line], ip_address(address), 40_000, 8_080)
    assert found == {33}


@LITTLE
@pytest.mark.parametrize(
    "line",
    [
        row("0100007F:1F90", "0100007F:9C40"),  # the server's own end
        row("0200007F:9C40", "0100007F:1F90"),  # another address
        row("0100007F:9C40", "0100007F:1F91"),  # connected to another port
        row("0100007F:9C41", "0100007F:1F90"),  # another port
        row(
            "0100007F:9C40", "0100007F:1F90", state="06", user=0, inode=0
        ),  # closed: nobody's, listed as root's
        row("0100007F:9C40", "0100007F:1F90", state="05", user=0),
        row("0100007F:9C40", "0100007F:1F90", user=0, inode=0),
        row("0100007F:9C40", "00000000:0000", state="0A"),  # one that listens
        "   3: 0100007F:9C40 0100007F:1F90 01\n",
        row("XY00007F:9C40", "0100007F:1F90"),
        row("7F:9C40", "0100007F:1F90"),
        ":9C40 :1F90\n",
        "\n",
    ],
)
def test_what_is_another_socket_or_none_is_passed_over(line: str) -> None:
    assert peers.users([HEAD, line], HERE, 40_000, 8_080) == set()


@LITTLE
def test_all_users_are_told_where_the_table_leaves_it_open() -> None:
    two = [row("0100007F:9C40", "0100007F:1F90"), row("0100007F:9C40", "0200007F:1F90", user=1000)]
    assert peers.users(two, HERE, 40_000, 8_080) == {33, 1000}


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, None),
        ({"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": ""}, None),
        ({"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "x", "SERVER_PORT": "1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "99999", "SERVER_PORT": "1"}, False),
        ({"REMOTE_ADDR": "", "REMOTE_PORT": "1", "SERVER_PORT": "1"}, False),
        ({"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "1", "SERVER_PORT": "1"}, False),
    ],
)
@LINUX
def test_what_names_no_open_connection_is_nobodys(environ: dict[str, str], told: bool | None) -> None:
    assert peers.is_ours(environ) is told


def test_a_system_without_tables_tells_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "TABLES", (tmp_path / "tcp", tmp_path / "tcp6"))
    assert peers.is_ours({"REMOTE_ADDR": "127.0.0.1", "REMOTE_PORT": "1", "SERVER_PORT": "1"}) is None


@pytest.fixture(params=["127.0.0.1", "::1", "127.0.0.9"])
def server(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family) as listening:
        try:
            listening.bind((request.param, 0))
        except OSError:
            pytest.skip(f"this machine has no address {request.param}")
        listening.listen()
        yield listening


def said(listening: socket.socket, client: tuple[str, int]) -> dict[str, str]:
    return {
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_PORT": str(listening.getsockname()[1]),
    }


@LINUX
def test_a_connection_of_this_user_is_ours_until_it_is_closed(server: socket.socket) -> None:
    with socket.socket(server.family) as client:
        client.connect(server.getsockname()[:2])
        accepted, address = server.accept()
        with accepted:
            environ = said(server, address)
            assert peers.is_ours(environ) is True
            ends = ip_address(address[0]), address[1], server.getsockname()[1]
            assert peers.listed(*ends) == {os.geteuid()}
            assert peers.asked(*ends) in {os.geteuid(), None}
            client.close()
            assert peers.is_ours(environ) is False


@contextmanager
def stranger(listening: socket.socket) -> Iterator[dict[str, str]]:
    """Let another user connect."""
    code = (
        "import os, socket, sys\n"
        f"os.setuid({STRANGER})\n"
        f"client = socket.socket(socket.{listening.family.name})\n"
        f"client.connect({listening.getsockname()[:2]!r})\n"
        "sys.stdin.read()\n"
    )
    with Popen([sys.executable, "-c", code], stdin=PIPE) as child:
        accepted, address = listening.accept()
        with accepted:
            yield said(listening, address)
        assert child.stdin is not None
        child.stdin.close()


@LINUX
@ROOT
def test_a_connection_of_another_user_is_not_ours(server: socket.socket) -> None:
    with stranger(server) as environ:
        assert peers.is_ours(environ) is False
        ends = ip_address(environ["REMOTE_ADDR"]), int(environ["REMOTE_PORT"]), int(environ["SERVER_PORT"])
        assert peers.listed(*ends) == {STRANGER}
        assert peers.asked(*ends) in {STRANGER, None}
