"""Several processes on one repository: one follows by lock, the others read on, and all see each commit."""

import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.repositories import Repository
from tests.wiki.processes import SECONDS, Process, get, running

WORKERS = 3
CONFIG = """
def post_worker_init(worker):
    from flask import request

    @worker.app.callable.after_request
    def name(response):
        response.headers["Worker"] = str(worker.pid)
        return response
"""


@pytest.fixture
def content(repository: Repository) -> Repository:
    repository.commit(
        {f"p{i}.md": f"# Page {i}\n\nSee [[p{i + 1}]].\n" for i in range(300)} | {"index.md": "Version 0.\n"}
    )
    return repository


@pytest.fixture
def server(content: Repository, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    config = tmp_path_factory.mktemp("gunicorn") / "config.py"
    config.write_text(CONFIG, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--workers",
        str(WORKERS),
        "--threads",
        "2",
        "--bind",
        "127.0.0.1:0",
    ]
    command += ["--config", str(config), "--worker-tmp-dir", str(config.parent), "wiki:create_app()"]
    with running(command, QUIRE_REPOSITORY=str(content.path), QUIRE_RESPONSE_CACHE="0") as process:
        yield process


def port_of(server: Process) -> int:
    match = re.search(r"http://127\.0\.0\.1:(\d+)", server.line_with("Listening at"))
    assert match is not None
    return int(match[1])


def ask_all(port: int, path: str) -> dict[str, tuple[int, str, dict[str, str]]]:
    """Ask until each worker has answered, and return one answer of each."""
    found: dict[str, tuple[int, str, dict[str, str]]] = {}
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(8) as pool:
        while len(found) < WORKERS and time.monotonic() < end:
            for answer in pool.map(lambda _: get(port, path), range(16)):
                found[answer[2]["Worker"]] = answer
    assert len(found) == WORKERS
    return found


def wait_until_indexed(port: int, commit: str) -> None:
    end = time.monotonic() + SECONDS
    while f'"index":"{commit}"' not in get(port, "/-/healthz")[1].replace(" ", ""):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_all_workers_see_each_commit_at_once(content: Repository, server: Process) -> None:
    port = port_of(server)
    ask_all(port, "/")
    head = content.git("rev-parse", "main")
    files = {f"p{i}.md": f"# Page {i}\n\nSee [[p{i + 1}]].\n" for i in range(300)}
    stale: Counter[str] = Counter()
    for version in range(1, 8):
        head = content.commit(files | {"index.md": f"Version {version}.\n"}, head)
        with ThreadPoolExecutor(8) as pool:
            for status, text, headers in pool.map(lambda _: get(port, "/"), range(24)):
                assert status == 200
                if f"Version {version}." in text:
                    assert headers["Quire-Commit"] == head
                    assert "Quire-Stale" not in headers
                else:  # allowed for a moment, while another worker follows, and marked
                    assert headers["Quire-Stale"] == "1"
                    stale[headers["Worker"]] += 1
        for status, text, _ in ask_all(port, "/").values():
            assert (status, f"Version {version}." in text) == (200, True)
    assert stale.total() < 20
    wait_until_indexed(port, head)
    content.commit(files | {"index.md": "Giraffes.\n"}, head)
    wait_until_indexed(port, content.git("rev-parse", "main"))
    for _, text, _ in ask_all(port, "/-/search?q=giraffes").values():
        assert 'class="where"' in text
    server.signal(signal.SIGTERM)
    assert server.end() == 0
    log = "".join(server.lines)
    assert "Traceback" not in log
    assert "ERROR" not in log.upper().replace("ERRORS", "")


def test_a_worker_that_is_killed_leaves_nothing_locked(content: Repository, server: Process) -> None:
    port = port_of(server)
    workers = ask_all(port, "/")
    os.kill(int(next(iter(workers))), signal.SIGKILL)  # one that this test's server started
    head = content.git("rev-parse", "main")
    content.commit({"index.md": "After.\n"}, head)
    end = time.monotonic() + SECONDS
    while set(ask_all(port, "/")) & {next(iter(workers))} and time.monotonic() < end:
        time.sleep(0.2)
    for status, text, _ in ask_all(port, "/").values():
        assert (status, "After." in text) == (200, True)
    wait_until_indexed(port, content.git("rev-parse", "main"))
