"""Following a history step by step leads to the same catalog and index as deriving them anew."""

from functools import partial
from pathlib import Path

import pytest

from engine.catalog import Moment
from engine.scanning import MISSING
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore, blob_id
from tests.indexes import ListIndex
from tests.repositories import Repository, chain, make
from tests.soak.rebuilding import (
    check_history,
    check_same,
    following,
    in_git,
    in_memory,
    list_index,
    whoosh_index,
)


@pytest.mark.parametrize("seed", range(12))
def test_following_equals_a_rebuild(tmp_path: Path, seed: int) -> None:
    check_history(tmp_path, seed, steps=25)


@pytest.mark.parametrize(("seed", "root"), [(1, ""), (2, "docs"), (3, ""), (4, "a/b")])
def test_following_git_through_its_upkeep_equals_a_rebuild(tmp_path: Path, seed: int, root: str) -> None:
    check_history(tmp_path, seed, 20, partial(in_git, root=root), list_index)


@pytest.mark.parametrize("seed", range(3))
def test_an_index_that_followed_finds_what_a_new_one_finds(tmp_path: Path, seed: int) -> None:
    check_history(tmp_path, seed, 15, in_memory, whoosh_index)


def test_a_head_that_git_forgot_while_it_was_open_is_no_error(tmp_path: Path) -> None:
    world = in_git(tmp_path)
    first = world.commits.commit_tree({f"{n}.md": b"# First %d" % n for n in range(5)})
    world.commits.set_head(first)
    forget(tmp_path)
    with following(world.store, whoosh_index(tmp_path / "a"), tmp_path / "a") as (follower, parts):
        follower.follow(1)
        assert follower.catch_up()
        for entry in world.store.tree(first):
            world.store.read(entry.blob)  # by a child that keeps the pack open
        world.commits.set_head(world.commits.commit_tree({f"{n}.md": b"# Second %d" % n for n in range(4)}))
        forget(tmp_path)
        follower.follow(1)
        assert follower.catch_up()
        check_same(parts, tmp_path / "b", "forgotten")
    world.store.close()


def test_a_shallow_clone_that_is_deepened_or_cut_shorter_is_traced_anew(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.git")
    versions = [{"a.md": b"a" * n, "old.md" if n < 3 else "new.md": b"moved " * 50} for n in range(1, 6)]
    chain(whole, *versions)
    address = f"file://{whole.path}"
    whole.git("clone", "-q", "--bare", "--depth", "2", address, str(tmp_path / "clone.git"))
    clone = Repository(tmp_path / "clone.git")
    store = GitStore.open(clone.path)
    with following(store, list_index(tmp_path / "a"), tmp_path / "a") as (follower, parts):
        for number, depth in enumerate(("--depth=2", "--depth=4", "--unshallow", "--depth=1", "--unshallow")):
            clone.git("fetch", "-q", depth, address, "main")
            follower.follow(1)
            assert follower.catch_up()
            check_same(parts, tmp_path / f"fresh-{number}", depth)
        with parts.catalog.reading() as db:
            change = Moment(db).last_change("new.md")
        assert change is not None
        assert change.lineage.endswith(":old.md")
    store.close()


def test_catching_up_leaves_a_commit_that_was_forced_away(tmp_path: Path) -> None:
    world = in_git(tmp_path)
    world.commits.set_head(world.commits.commit_tree({f"{n}.md": b"# First %d" % n for n in range(5)}))
    with following(world.store, whoosh_index(tmp_path / "a"), tmp_path / "a") as (follower, parts):
        follower.follow(1)
        world.commits.set_head(world.commits.commit_tree({f"{n}.md": b"# Second %d" % n for n in range(4)}))
        forget(tmp_path)
        assert follower.catch_up()
        check_same(parts, tmp_path / "b", "forced away")
    world.store.close()


def test_a_text_that_is_missing_is_a_problem_of_its_page_alone(tmp_path: Path) -> None:
    store = MemoryStore()
    store.set_head(store.commit_tree({"a.md": b"# Here", "b.md": b"# Missing"}))
    del store._blobs[blob_id(b"# Missing")]
    with following(store, ListIndex(), tmp_path) as (follower, parts):
        follower.follow(1)
        assert follower.catch_up()
        with parts.catalog.reading() as db:
            facts = Moment(db).facts(blob_id(b"# Missing"))
        assert facts is not None
        assert facts.problems == (MISSING,)
        assert isinstance(parts.index, ListIndex)
        assert parts.index.documents["a.md"].title == "Here"


def forget(folder: Path) -> None:
    Repository(folder / "served.git").git("gc", "--quiet", "--prune=now")
