"""500 random histories, followed step by step, equal a rebuild: in memory and in git, through gc, with the real index."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree

import pytest

from engine.search import SearchIndex
from tests.soak.rebuilding import World, check_history, in_git, in_memory, list_index, whoosh_index

KINDS: dict[str, tuple[int, int, Callable[[Path], World], Callable[[Path], SearchIndex]]] = {
    "memory": (280, 40, in_memory, list_index),
    "memory, search": (70, 40, in_memory, whoosh_index),
    "git": (60, 30, in_git, list_index),
    "git, one folder": (30, 30, partial(in_git, root="docs/wiki"), list_index),
    "git, search": (60, 30, in_git, whoosh_index),
}


@pytest.mark.parametrize("kind", KINDS)
def test_random_histories_equal_a_rebuild(tmp_path: Path, kind: str) -> None:
    histories, steps, world, index = KINDS[kind]
    taken = 0
    for seed in range(1_000, 1_000 + histories):
        folder = tmp_path / str(seed)
        taken += check_history(folder, seed, steps, world, index)
        rmtree(folder)
    print(f"\n{kind}: {histories} histories of {taken:,} steps equal a rebuild")
