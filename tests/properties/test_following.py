"""Following a history step by step leads to the same catalog and index as deriving them anew."""

from pathlib import Path
from random import Random

import pytest

from engine.catalog import Catalog
from engine.following import Follower, Parts
from engine.markup import Markup
from engine.store.memory_store import MemoryStore
from tests.catalogs import dump
from tests.histories import History
from tests.indexes import ListIndex

MARKUP = Markup()


def follower(store: MemoryStore, folder: Path) -> tuple[Follower, Catalog, ListIndex]:
    catalog, index = Catalog(folder), ListIndex()
    return Follower(Parts(store, catalog, index, MARKUP, folder), processes=0), catalog, index


@pytest.mark.parametrize("seed", range(12))
def test_following_equals_a_rebuild(tmp_path: Path, seed: int) -> None:
    check(tmp_path, seed, steps=25)


def check(folder: Path, seed: int, steps: int) -> None:
    store = MemoryStore()
    history, dice = History(store, seed), Random(seed)
    following, catalog, index = follower(store, folder / "followed")
    told = []
    for step in history.steps(steps):
        told.append(step)
        if dice.random() < 0.7:
            following.follow(1)
        if dice.random() < 0.5:
            assert following.catch_up()
    following.follow(1)
    assert following.catch_up()
    anew, fresh, fresh_index = follower(store, folder / "anew")
    anew.follow(1)
    assert anew.catch_up()
    followed, rebuilt = dump(catalog), dump(fresh)
    assert rebuilt["scanned"]
    assert rebuilt["traced"]
    for part, value in rebuilt.items():
        assert followed[part] == value, (part, told)
    assert index.documents == fresh_index.documents
    assert index.commit() == fresh_index.commit() == store.head()
    catalog.close()
    fresh.close()
