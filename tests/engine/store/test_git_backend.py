"""Git's own server, run for one request."""

import os
from pathlib import Path

from engine.services import UPLOAD
from engine.store.git_backend import NICE, NICEST, GitBackend
from tests import repositories


def test_git_leaves_the_processor_to_those_who_read(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    repository.commit({"index.md": "# Welcome\n"})
    backend = GitBackend(repository.path, "main", tmp_path / "cache", 1_000_000)
    running = backend.start(UPLOAD, advertise=True)
    try:
        process = running._process.pid
        expected = min(os.getpriority(os.PRIO_PROCESS, 0) + NICE, NICEST)
        assert os.getpriority(os.PRIO_PROCESS, process) == expected
        assert os.getpgid(process) == process, "it is ended with all that it has started"
        assert os.getsid(process) == os.getsid(0), "sessions share the processor, whatever of them is nice"
        assert running.headers()[0] == 200
    finally:
        running.end()
