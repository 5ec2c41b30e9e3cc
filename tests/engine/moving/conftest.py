"""A wiki in memory with files that some may not see or change, and moves that are planned in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.access import Action, Actor, Kind, Role, RolePolicy
from engine.model import Name
from engine.moving import Leave, MovePlan
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.indexes import ListIndex
from tests.moves import Files

EDITOR = Actor(Kind.PERSON, "ada", Role.EDITOR)
ADMIN = Actor(Kind.PERSON, "root", Role.ADMIN)  # who may change quire.toml, too

Plan = Callable[..., MovePlan]


class Hiding(RolePolicy):
    """Hides what is called secret from everybody, and lets nobody write what is called locked."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        if "secret" in name.path or ("locked" in name.path and action is not Action.READ):
            return False
        return super().allows(actor, action, name)

    def is_open(self, actor: Actor) -> bool:
        return False


@pytest.fixture
def wiki(store: MemoryStore, tmp_path: Path) -> Iterator[Wiki]:
    opened = Wiki.open(store, ListIndex(), tmp_path, Hiding(), processes=0)
    yield opened
    opened.close()


@pytest.fixture
def plan(wiki: Wiki, commit: Commit) -> Plan:
    """Commit files, and plan a move among them."""

    def make(files: Files, path: str, to: str, leave: Leave = Leave.NOTHING) -> MovePlan:
        commit(files)
        assert wiki.catch_up(10)
        with wiki.at(ADMIN) as snapshot:
            return snapshot.moving.plan(path, to, leave)

    return make
