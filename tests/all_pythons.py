"""Runs the tests on every supported Python that this machine has, each in an environment of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
VERSIONS = ("3.11", "3.12", "3.13")


def python(version: str) -> str | None:
    """Return an interpreter of that version that works, ``None`` when there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [
        shutil.which(f"python{version}"),
        *sorted(map(str, pyenv.glob(f"{version}.*/bin/python3")), reverse=True),
    ]
    for candidate in filter(None, candidates):
        asked = subprocess.run(
            [candidate, "-c", "import sys, venv; print(*sys.version_info[:2], sep='.')"],
            capture_output=True,
            text=True,
        )
        if asked.returncode == 0 and asked.stdout.strip() == version:
            return candidate
    return None


def main() -> int:
    """Run what there is, and say what there was not."""
    results = {}
    for version in VERSIONS:
        found = python(version)
        if found is None:
            results[version] = "not on this machine"
            continue
        command = ["make", "test", f"PYTHON={found}", f"VENV=.cache/venv-{version}"]
        print(f"== Python {version}", flush=True)
        results[version] = "passed" if subprocess.run(command, cwd=ROOT).returncode == 0 else "FAILED"
    for version, result in results.items():
        print(f"Python {version}: {result}")
    return int("FAILED" in results.values())


if __name__ == "__main__":
    sys.exit(main())
