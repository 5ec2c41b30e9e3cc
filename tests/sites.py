"""A whole wiki in memory with its application, for tests that only look and so may share one."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from engine.access import RolePolicy
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.states import CHEAP
from wiki import create_app
from wiki.settings import Settings
from wiki.state import State


@contextmanager
def site(folder: Path, files: Mapping[str, bytes]) -> Iterator[Flask]:
    """Serve *files*, all of them indexed, with what is derived and the state in *folder*."""
    store = MemoryStore()
    store.set_head(store.commit_tree(files))
    wiki = Wiki.open(store, WhooshIndex(folder / "search"), folder, RolePolicy(), processes=0)
    state = State(folder / "data", hashing=CHEAP, lasting=False)
    wiki.catch_up()
    app = create_app(Settings(), wiki, state)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    state.close()
    wiki.close()
