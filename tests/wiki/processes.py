"""Real servers in processes of their own, for tests: started, asked, and ended by the test that began them."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

from tests.wiki.warm import Warm

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60.0  # that a process may take for anything; slow machines are slow


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment without settings of the wiki but *settings*."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("QUIRE_", "GIT_"))}
    return inherited | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | settings


@cache
def _warm() -> Warm:
    return Warm(environment())


def quire(
    *arguments: str | Path, cwd: Path | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, in a process of its own whose modules are loaded already."""
    return _warm().run([*map(str, arguments)], cwd or ROOT, environment(**settings), SECONDS)


class Process:
    """A running process, its lines read as they come."""

    def __init__(self, command: Sequence[str | Path], **settings: str) -> None:
        self._process = subprocess.Popen(
            [*map(str, command)],
            cwd=ROOT,
            env=environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._queue: Queue[str | None] = Queue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._queue.put(line)
        self._queue.put(None)

    def line_with(self, text: str) -> str:
        """Wait for a line that holds *text*."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                line = self._queue.get(timeout=1)
            except Empty:
                continue
            if line is None:
                break
            self.lines.append(line)
            if text in line:
                return line.strip()
        raise AssertionError(f"it never said {text!r}, but: {''.join(self.lines)}")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """Wait for its end and return its exit code."""
        code = self._process.wait(SECONDS)
        self._reader.join(SECONDS)
        while not self._queue.empty():
            if (line := self._queue.get()) is not None:
                self.lines.append(line)
        return code

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join(SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def running(command: Sequence[str | Path], **settings: str) -> Iterator[Process]:
    """Run a process for as long as the context lasts."""
    process = Process(command, **settings)
    try:
        yield process
    finally:
        process.close()


def get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str, dict[str, str]]:
    """Ask a server, and return status, text and headers."""
    connection = HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace"), dict(answer.getheaders())
    finally:
        connection.close()
