"""Fixtures: a wiki in memory, its application, and the ways to ask it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

from engine.access import Policy, RolePolicy
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.browser.chromium import MISSING
from wiki import create_app
from wiki.settings import Settings

# How long one example takes says more about a busy machine than about the code.
settings.register_profile("quire", deadline=None)
settings.load_profile("quire")

Commit = Callable[[Mapping[str, str | bytes | None]], str]


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def commit(store: MemoryStore) -> Commit:
    """Commit changes on top of the head: a path with its text, or with None to delete it."""
    files: dict[str, bytes] = {}

    def make(changes: Mapping[str, str | bytes | None]) -> str:
        for path, content in changes.items():
            if content is None:
                del files[path]
            else:
                files[path] = content.encode() if isinstance(content, str) else content
        head = store.head()
        made = store.commit_tree(files, [head] if head else [])
        store.set_head(made)
        return made

    return make


@pytest.fixture
def policy() -> Policy:
    return RolePolicy()


@pytest.fixture
def wiki(store: MemoryStore, policy: Policy, tmp_path: Path) -> Iterator[Wiki]:
    opened = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, policy, processes=0)
    yield opened
    opened.close()


@pytest.fixture
def app(wiki: Wiki) -> Flask:
    made = create_app(Settings(), wiki)
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this suite."""
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden pages anew")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud that no browser looked at the pages, where that is so."""
    skipped = terminalreporter.getreports("skipped")
    if any(report.nodeid.startswith("tests/browser/") for report in skipped):
        told = f"WARNING: the tests in a browser were skipped: {MISSING}"
        terminalreporter.write_line(told, red=True, bold=True)
