"""Whoever follows the wiki by cursors learns of every commit once, whatever becomes of the branch, or is told that not."""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import change_feed
from engine.access import ANONYMOUS, RolePolicy
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.histories import History
from tests.indexes import ListIndex


def reach(store: MemoryStore, commit: str | None) -> set[str]:
    return {each for each, _ in store.chain(commit)} if commit else set()


class Follower:
    """Follows by cursors, and notes what it knows of."""

    def __init__(self, store: MemoryStore, wiki: Wiki, random: Random) -> None:
        self.store, self.wiki, self.random = store, wiki, random
        self.cursor = ""
        self.known: set[str] = set()
        self.resets = 0

    def poll(self) -> bool:
        """Ask once, and say whether there is more."""
        with self.wiki.at(ANONYMOUS) as snapshot:
            span = snapshot.change_feed.since(self.cursor, limit=self.random.choice((1, 2, 3, 50)))
        if span.reset:
            self.resets += 1
            self.known = reach(self.store, span.begins)
        told = [each.revision.id for each in span.commits]
        assert len(set(told)) == len(told)
        assert not self.known & set(told), "told again in silence"
        for each in span.commits:
            assert set(each.parents) <= self.known | set(told)
        self.known |= set(told)
        self.cursor = span.cursor
        if not span.more:
            assert self.known == reach(self.store, self.store.head()), "left out in silence"
            assert self.cursor == (self.store.head() or "")
        return span.more


@settings(max_examples=15)
@given(st.integers(min_value=0, max_value=2**32), st.sampled_from((change_feed.NEAR, 0)))
def test_nothing_is_left_out_or_told_again_in_silence(seed: int, near: int) -> None:
    random = Random(seed)
    with TemporaryDirectory() as folder, patch.object(change_feed, "NEAR", near):
        store = MemoryStore()
        wiki = Wiki.open(store, ListIndex(), Path(folder), RolePolicy(), processes=0)
        try:
            follower = Follower(store, wiki, random)
            history = History(store, seed)
            for _ in range(25):
                history.step()
                if random.random() < 0.5:
                    wiki.follow()
                    continue
                wiki.catch_up(10)
                if random.random() < 0.1:
                    wiki.rebuild()
                while follower.poll() and random.random() < 0.7:
                    pass
            wiki.catch_up(10)
            while follower.poll():
                pass
        finally:
            wiki.close()


class Gentle(History):
    """A history in which nothing is pushed by force."""

    def _force(self) -> str:
        return self._change()

    _amend = _switch = _force


@pytest.mark.parametrize("near", [change_feed.NEAR, 0])
def test_without_force_nobody_has_to_begin_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    monkeypatch.setattr(change_feed, "NEAR", near)
    for seed in range(5):
        store, folder = MemoryStore(), tmp_path / str(seed)
        wiki = Wiki.open(store, ListIndex(), folder, RolePolicy(), processes=0)
        follower, history = Follower(store, wiki, Random(seed)), Gentle(store, seed)
        for _ in range(25):
            history.step()
            wiki.catch_up(10)
            while follower.poll():
                pass
        assert follower.resets == 0
        wiki.close()
