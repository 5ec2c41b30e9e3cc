"""What tests need from others and this repository does not hold: fetched when first needed, checked, and kept in ``.cache``."""

import hashlib
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[1] / ".cache"
TIMEOUT = 120  # seconds for one package


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file can be had."""

    command: Sequence[str]  # run in an empty folder, it leaves one archive there
    member: str  # of the archive
    digest: str  # SHA-256 of the member


def fetched(name: str, source: Source) -> Path:
    """Return a file below `CACHE`, fetching it first where it is not there.

    Where it cannot be had the test is skipped with the reason; under ``CI`` it fails.
    """
    path = CACHE / name
    if not path.exists():
        try:
            content = _fetch(source)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            reason = f"{name} could not be fetched: {error}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(content)
        part.replace(path)  # whole or not at all, as several processes may fetch at once
    return path


def _fetch(source: Source) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            source.command, cwd=folder, timeout=TIMEOUT, check=False, capture_output=True, text=True
        )
        if run.returncode:
            raise ValueError(run.stderr.strip() or f"{source.command[0]} failed")
        (archive,) = Path(folder).iterdir()
        with tarfile.open(archive) as files:
            member = files.extractfile(source.member)
            assert member is not None
            content = member.read()
    if hashlib.sha256(content).hexdigest() != source.digest:
        raise ValueError(f"{source.member} is not the file that these tests were written for")
    return content
