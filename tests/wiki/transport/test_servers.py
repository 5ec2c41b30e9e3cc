"""Clone and push with the servers as people run them: quire serve, and gunicorn with several workers."""

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repositories import Repository
from tests.wiki.processes import Process, get, running
from tests.wiki.transport.serving import Clone, git

FAKE = Path(__file__).with_name("fake.py")


@pytest.fixture(params=["waitress", "gunicorn"])
def server(request: pytest.FixtureRequest, content: Repository, tmp_path: Path) -> Iterator[Process]:
    command = [sys.executable, str(FAKE), "serve", str(content.path), "--port", "0"]
    if request.param == "gunicorn":
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "--workers",
            "2",
            "--threads",
            "4",
            "--bind",
            "127.0.0.1:0",
        ]
        command += ["--worker-tmp-dir", str(tmp_path), "tests.wiki.transport.fake:create_app()"]
    with running(command, QUIRE_REPOSITORY=str(content.path), QUIRE_DATA=str(tmp_path / "data")) as process:
        yield process


def port_of(server: Process) -> int:
    match = re.search(r"http://127\.0\.0\.1:(\d+)", server.line_with("http://"))
    assert match is not None
    return int(match[1])


def children(pid: int) -> set[int]:
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found |= {child} | (children(child) if Path(f"/proc/{child}/task").exists() else set())
    return found


def test_what_is_pushed_is_in_the_next_answer(content: Repository, server: Process, tmp_path: Path) -> None:
    port = port_of(server)
    for version in ("2", "0"):
        url, name = f"http://127.0.0.1:{port}/wiki.git", f"clone{version}"
        done = git(tmp_path, "clone", "-q", "-c", f"protocol.version={version}", url, name)
        assert done.returncode == 0, done.stderr
        clone = Clone(tmp_path / name)
        for number in range(3):  # the last of more than a megabyte, which git sends in parts
            large = {"m.bin": os.urandom(2_500_000)} if number == 2 else {}
            text = f"Pushed {version} {number}."
            new = clone.commit({"a.md": text, **large})
            done = clone.git("push")
            assert done.returncode == 0, done.stderr
            assert "remote: published" in done.stderr
            for _ in range(4):  # of each worker
                status, page, headers = get(port, "/a")
                if "Quire-Stale" not in headers:
                    assert (status, headers["Quire-Commit"]) == (200, new)
                    assert text in page
    server.signal(signal.SIGTERM)
    assert server.end() == 0
    assert "Traceback" not in "".join(server.lines)
    folder = content.path / "quire"
    assert not [*folder.glob("*/sockets/*")]
    assert not [*folder.glob("*/spool/*")]
    content.check()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_a_server_that_is_killed_leaves_no_push_half_done(
    content: Repository, server: Process, tmp_path: Path
) -> None:
    port = port_of(server)
    done = git(tmp_path, "clone", "-q", f"http://127.0.0.1:{port}/wiki.git", "clone")
    assert done.returncode == 0, done.stderr
    before = content.git("show-ref")
    pid = server._process.pid
    everything = {pid, *children(pid)}
    server.signal(signal.SIGKILL)
    for worker in everything:
        try:
            os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:
            continue
    server.end()
    time.sleep(0.2)
    clone = Clone(tmp_path / "clone")
    clone.commit({"a.md": "Pushed.\n"})
    assert clone.git("push").returncode != 0
    assert content.git("show-ref") == before
    content.check()
