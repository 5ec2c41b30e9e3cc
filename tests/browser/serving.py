"""A wiki that is served by a process of its own for as long as somebody looks at it."""

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.browser.content import build, commit_id
from tests.browser.kinds import COMMITS
from tests.repositories import Repository
from tests.wiki.processes import SECONDS, get, running


@dataclass(frozen=True, slots=True)
class Served:
    """A wiki that answers."""

    port: int
    repository: Repository
    commits: dict[str, str]  # ids by the names of `COMMITS`

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def address(self, path: str) -> str:
        """Return the whole address of a path in which ``{NAME}`` stands for a commit."""
        return self.url + re.sub(r"\{([A-Z]+)\}", lambda name: self.commits[name[1]], path)


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Served]:
    """Serve the pages of `content` from *folder*, all of them indexed, with settings from an *environment*."""
    repository = build(folder / "content.git")
    commits = {name: commit_id(repository, summary) for name, summary in COMMITS.items()}
    command = [
        sys.executable,
        "-m",
        "wiki",
        "serve",
        str(repository.path),
        "--port",
        "0",
        "--data",
        str(folder),
    ]
    with running(command, QUIRE_PROCESSES="1", **environment) as process:
        line = process.line_with("http://")
        served = Served(int(line.rstrip("/").rpartition(":")[2]), repository, commits)
        _await_index(served)
        yield served


def _await_index(served: Served) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        status = json.loads(get(served.port, "/-/healthz")[1])
        if status["commit"] == status["index"] == status["traced"] == status["scanned"]:
            return
        time.sleep(0.05)
    raise AssertionError(f"the pages were not indexed in {SECONDS:.0f} seconds")
