"""What every measurement needs: the repository, a server on it, a way to ask, and a row to put figures in."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from statistics import median, quantiles
from urllib.parse import urlsplit

from engine.ids import page_stem, url_path
from tests.benchmarks import long_history
from tests.repositories import Repository
from tests.soak.processes import QUIRE, ROOT, Started, started

SLOW = 3_600.0  # seconds that an index may take


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    target: str
    figure: str
    floor: str = ""
    met: bool | None = None  # None where there is no target


@dataclass
class Setup:
    """What is measured on, shared by all measurements."""

    repository: Path
    folder: Path  # for whatever else is made; deleted at the end
    rounds: int
    start_pages: int
    long_commits: int = long_history.COMMITS
    dice: Random = field(default_factory=lambda: Random(1))

    @property
    def data(self) -> Path:
        """The folder of the server's state."""
        return self.folder / "data"

    @property
    def git(self) -> Repository:
        return Repository(self.repository)

    @cached_property
    def long_repository(self) -> Repository:
        """Another repository, generated, with a long history and everything derived from it."""
        made = long_history.make(self.folder / "long.git", self.long_commits)
        run(*QUIRE, "index", str(made))
        return Repository(made)

    @cached_property
    def paths(self) -> list[str]:
        """The paths of all pages, ordered."""
        listed = self.git.git("ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")
        return [path for path in listed if page_stem(path)]

    @property
    def page_count(self) -> int:
        return len(self.paths)

    def some_paths(self, count: int) -> list[str]:
        return self.dice.sample(self.paths, min(count, self.page_count))

    def text(self, path: str) -> bytes:
        return self.git.git("cat-file", "blob", f"HEAD:{path}").encode(errors="surrogateescape") + b"\n"

    def commit(self, files: dict[str, bytes]) -> None:
        """Commit as another process does, and move the branch."""
        head = self.git.git("rev-parse", "HEAD")
        data = (
            "commit refs/heads/bench\nmark :1\ncommitter Ada <ada@example.org> now\n"
            f"data 6\nchange\nfrom {head}\n"
        ).encode()
        for path, content in files.items():
            data += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
        options = ("--quiet", "--force", "--date-format=now")
        made = self.git.git("fast-import", *options, stdin=data + b"get-mark :1\n")
        self.git.git("update-ref", "HEAD", made, head)

    def index(self) -> None:
        """Bring everything derived up to date."""
        run(*QUIRE, "index", str(self.repository))

    @contextmanager
    def serving(self, repository: Path | None = None) -> Iterator["Server"]:
        command = [
            *QUIRE,
            "serve",
            str(repository or self.repository),
            "--port",
            "0",
            "--data",
            str(self.data),
        ]
        with started(command, self.folder / "server.log") as process:
            yield Server(process, process.url())


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    process: Started
    url: str

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        """Give a connection that is kept open."""
        made = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=SLOW)
        try:
            yield made
        finally:
            made.close()

    def load(
        self, addresses: Sequence[str], *, connections: int, seconds: float, cookie: str = ""
    ) -> list[float]:
        """Ask as fast as answers come, from a process of its own; return how long each answer took."""
        where = urlsplit(self.url)
        return load(str(where.hostname), int(where.port or 0), addresses, connections, seconds, cookie)

    def wait_until_indexed(self) -> None:
        """Wait until everything derived is of the branch's commit."""
        with self.connection() as connection:
            while True:
                status = json.loads(get(connection, "/-/healthz")[1])
                if status["commit"] == status["scanned"] == status["traced"] == status["index"]:
                    return
                time.sleep(0.2)


def get(connection: http.client.HTTPConnection, address: str, **headers: str) -> tuple[float, bytes]:
    """Ask once; return the seconds that it took, and the body."""
    began = time.perf_counter()
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (address, answer.status)
    return time.perf_counter() - began, body


def load(
    host: str, port: int, addresses: Sequence[str], connections: int, seconds: float, cookie: str = ""
) -> list[float]:
    """Run the load client."""
    client = [sys.executable, str(ROOT / "tests/benchmarks/load_client.py")]
    done = run(*client, host, str(port), str(connections), str(seconds), cookie, *addresses)
    times: list[float] = json.loads(done)
    return times


def run(*command: str) -> str:
    """Run a command from the source folder, and return what it writes."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=SLOW)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def address(path: str) -> str:
    """Return where a page is served."""
    return url_path(page_stem(path) or path)


def ms(seconds: float) -> str:
    """Write a time in milliseconds."""
    return f"{seconds * 1000:,.1f} ms"


def middle(times: Sequence[float]) -> float:
    """Return the median."""
    return median(times)


def p95(times: Sequence[float]) -> float:
    """Return the time that 95 of 100 are below."""
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
