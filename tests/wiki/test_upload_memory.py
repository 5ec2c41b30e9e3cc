"""Large uploads on a real server: in memory once while they are written, and not at all afterwards; refused by a page."""

import json
import os
import re
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.repositories import Repository
from tests.wiki.processes import SECONDS, Process, get, running

SIZE = 25_000_000


@pytest.fixture
def server(repository: Repository, tmp_path: Path) -> Iterator[tuple[Process, int]]:
    repository.commit({"home.md": "# Home\n"})
    command = [
        sys.executable,
        "-m",
        "wiki",
        "serve",
        repository.path,
        "--port",
        "0",
        "--data",
        tmp_path / "data",
    ]
    with running([*map(str, command)]) as process:
        yield process, int(process.line_with("http://").rstrip("/").rpartition(":")[2])


def send(port: int, name: str, content: bytes, accept: str = "application/json") -> tuple[int, str]:
    _, page, headers = get(port, "/-/media")
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    parts = (
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + token[1].encode(),
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode() + b'"\r\n\r\n',
    )
    body = b"\r\n".join(parts) + content + b"\r\n--b--\r\n"
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request(
            "POST",
            "/-/media",
            body,
            {
                "Content-Type": "multipart/form-data; boundary=b",
                "Cookie": headers["Set-Cookie"].partition(";")[0],
                "Accept": accept,
            },
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def memory(process: Process, kind: str) -> int:
    """Return bytes of the process: those that it holds (``VmRSS``), or held at most (``VmHWM``)."""
    status = Path(f"/proc/{process._process.pid}/status").read_text()
    found = re.search(rf"{kind}:\s+(\d+) kB", status)
    assert found is not None
    return 1_024 * int(found[1])


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="this system does not tell the memory of a process"
)
def test_a_large_upload_is_in_memory_once_and_then_gone(server: tuple[Process, int]) -> None:
    process, port = server
    assert send(port, "small.bin", b"x")[0] == 201
    before = memory(process, "VmRSS")
    for number in range(10):  # as many as there are threads that could keep what they read, and some
        assert send(port, f"large-{number}.bin", os.urandom(SIZE))[0] == 201
    assert memory(process, "VmHWM") - before < 2 * SIZE
    assert memory(process, "VmRSS") - before < SIZE


@pytest.mark.parametrize("size", [SIZE + 1, 2 * SIZE, 4 * SIZE])
def test_who_sends_too_much_is_told_by_how_much(server: tuple[Process, int], size: int) -> None:
    _, port = server
    status, text = send(port, "large.bin", bytes(size))
    assert status == 413
    assert "25,000,000" in json.loads(text)["error"]
    status, text = send(port, "large.bin", bytes(size), accept="text/html")
    assert status == 413
    assert "25,000,000" in text
    assert "<html" in text
