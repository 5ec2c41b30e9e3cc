"""Following a history step by step leads to the same catalog and index as deriving them anew."""

from functools import partial
from pathlib import Path

import pytest

from tests.repositories import Repository
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


def forget(folder: Path) -> None:
    Repository(folder / "served.git").git("gc", "--quiet", "--prune=now")
