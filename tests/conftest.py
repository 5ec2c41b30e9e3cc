"""Fixtures: a wiki in memory, its application, and the ways to ask it."""

import atexit
import gc
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, ClassVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, Engine, event
from werkzeug.routing import Rule

from engine.access import Policy, RolePolicy
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.browser.chromium import MISSING
from tests.people import Elsewhere, locally
from tests.states import CHEAP
from wiki import create_app
from wiki.settings import Settings
from wiki.state import State

# How long one example takes says more about a busy machine than about the code.
settings.register_profile("quire", deadline=None)
settings.load_profile("quire")

_CYCLES = 10_000  # objects made before those are looked for that only hold each other; Python looks after 700

_DATA = mkdtemp(prefix="quire-tests-")
os.environ["XDG_DATA_HOME"] = (
    _DATA  # what is served in tests keeps nothing in the folder of whoever runs them
)
atexit.register(rmtree, _DATA, ignore_errors=True)


class Compiled(BytecodeCache):
    """Keeps templates as they were compiled: nearly every test makes an application."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was kept of the same template; `Bucket` sees whether its text is the same."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


class Route(Rule):
    """A rule of routing that is made into code once for all applications."""

    _made: ClassVar[dict[object, Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (tuple(self._trace), repr(self.defaults), append_unknown)
        if key not in self._made:
            self._made[key] = super()._compile_builder(append_unknown)
        return self._made[key]


class Statements(dict[tuple[Any, ...], Any]):
    """Keeps statements as they were compiled for SQLite, for the databases of all tests: SQLAlchemy does for one."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """Give what was kept of a statement; the first of its key is the object that compiled it."""
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__((type(key[0]), *key[1:]), compiled)


_STATEMENTS = Statements()


@event.listens_for(Engine, "engine_connect")
def compile_once(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_STATEMENTS)


Flask.url_rule_class = Route
Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
Flask.test_client_class = Elsewhere  # who asks from this machine is the local person, and no visitor

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
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "data", hashing=CHEAP, lasting=False)
    yield opened
    opened.close()


@pytest.fixture
def app(wiki: Wiki, state: State) -> Flask:
    made = create_app(Settings(), wiki, state)
    made.config["PROPAGATE_EXCEPTIONS"] = False
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody from elsewhere: a visitor, unless they sign in."""
    return app.test_client()


@pytest.fixture
def local(app: Flask) -> FlaskClient:
    """The local person: there is no account."""
    return locally(app)


def pytest_collection_finish() -> None:
    """Let the collector of cycles look only at what tests make: the tests themselves are half a million objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_CYCLES, *gc.get_threshold()[1:])


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this suite."""
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden pages anew")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud that no browser looked at the pages, where that is so."""
    skipped = terminalreporter.getreports("skipped")
    if any(report.nodeid.startswith("tests/browser/") for report in skipped):
        told = f"WARNING: the tests in a browser were skipped: {MISSING}"
        terminalreporter.write_line(told, red=True, bold=True)
