"""Processes that a test or a measurement starts: where they listen, what they leave behind, what memory they take.

Read from ``/proc``, so for Linux. A started process leads a session of its own: whatever it starts, and whatever is
left of that when it was killed, is found by the session, and nothing else is ever ended.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUIRE = (sys.executable, "-m", "wiki")
PATIENCE = 60.0  # seconds after which something that should happen has not


@dataclass(frozen=True, slots=True)
class Started:
    """A process, and the file that holds what it says."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def id(self) -> int:
        return self.process.pid

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def url(self) -> str:
        """Wait until it says where it answers."""
        found: list[str] = []

        def listens() -> bool:
            assert self.process.poll() is None, self.said()
            found[:] = re.findall(r"https?://[0-9.]+:[0-9]+", self.said())
            return bool(found)

        wait_until(listens, self.said)
        return found[0]

    def kill(self) -> None:
        """Kill it, and nothing that it started; wait for it alone."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def started(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Started]:
    """Run *command* from the source folder; at the end nothing of it is left."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("QUIRE_", "GIT_"))}
    clean["XDG_DATA_HOME"] = str(log.parent / "share")  # not that of whoever runs it
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=clean | {"PYTHONUNBUFFERED": "1"} | dict(environment or {}),
            start_new_session=True,
        )
    try:
        yield Started(process, log)
    finally:
        process.kill()
        process.wait()
        for left in members(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)


def members(session: int) -> dict[int, str]:
    """Return the processes of a session that run, with their command lines."""
    found = {
        number: command_line(number)
        for number, fields in _processes()
        if int(fields[3]) == session and fields[0] != "Z"
    }
    return {number: line for number, line in found.items() if line is not None}


def command_line(process: int) -> str | None:
    """Return the command line of a process, ``None`` where it has ended."""
    with contextlib.suppress(OSError):
        line = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ")
        return line.decode(errors="replace").strip()
    return None


def children(process: int) -> set[int]:
    """Return all that a process has started, and what that has started; what ends meanwhile may be missing."""
    found = set[int]()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(OSError):
                for child in map(int, (task / "children").read_text().split()):
                    found |= {child, *children(child)}
    return found


def _processes() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                # After the name: state, parent, group, session …
                yield int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()


def anonymous_memory(session: int) -> int:
    """Return how many bytes of memory that belongs to no file the processes of a session hold."""
    total = 0
    for number in members(session):
        with contextlib.suppress(OSError):
            found = re.search(r"^RssAnon:\s*([0-9]+) kB", Path(f"/proc/{number}/status").read_text(), re.M)
            total += int(found[1]) * 1024 if found else 0
    return total


def descriptors(session: int) -> int:
    """Return how many files the processes of a session have open."""
    total = 0
    for number in members(session):
        with contextlib.suppress(OSError):
            total += len(list(Path(f"/proc/{number}/fd").iterdir()))
    return total


def wait_until(condition: Callable[[], bool], explain: Callable[[], object] = lambda: "") -> None:
    """Wait until *condition* holds; an error after `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, explain()
        time.sleep(0.01)
