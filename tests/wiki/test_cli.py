"""The command line: exit codes, one-line errors, and what a person or a program reads."""

import tomllib
from pathlib import Path

import wiki

ROOT = Path(__file__).parent.parent.parent


def test_the_version_is_the_one_that_is_published() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert wiki.__version__ == project["version"]
