"""Following a history step by step leads to the same catalog and index as deriving them anew."""

from functools import partial
from pathlib import Path

import pytest

from tests.soak.rebuilding import check_history, in_git, in_memory, list_index, whoosh_index


@pytest.mark.parametrize("seed", range(12))
def test_following_equals_a_rebuild(tmp_path: Path, seed: int) -> None:
    check_history(tmp_path, seed, steps=25)


@pytest.mark.parametrize(("seed", "root"), [(1, ""), (2, "docs"), (3, ""), (4, "a/b")])
def test_following_git_through_its_upkeep_equals_a_rebuild(tmp_path: Path, seed: int, root: str) -> None:
    check_history(tmp_path, seed, 20, partial(in_git, root=root), list_index)


@pytest.mark.parametrize("seed", range(3))
def test_an_index_that_followed_finds_what_a_new_one_finds(tmp_path: Path, seed: int) -> None:
    check_history(tmp_path, seed, 15, in_memory, whoosh_index)
