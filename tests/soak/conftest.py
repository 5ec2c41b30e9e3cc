"""The long versions run when they are asked for by ``--soak``, and are not even collected otherwise."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak", action="store_true", help="run the long versions of the tests, too")
    parser.addoption("--fuzz-seconds", default="3600", help="how long parser and merge are fuzzed, together")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("--soak", default=False) else True
