"""The dict and git agree on any history."""

import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore
from tests import repositories

PATHS = [
    "a.md",
    "b.md",
    "c",
    "d/a.md",
    "d/b.md",
    "d/e/a.md",
    "D/a.md",
    "e.md/a.md",
    "z-.md",
    "z.md",
    "z0.md",
    "é.md",
]
CONTENTS = [b"".join(b"%d %d\n" % (kind, line) for line in range(9)) for kind in range(5)] + [b""]

Step = tuple[Mapping[str, bytes], Sequence[int]]
steps = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(PATHS), st.sampled_from(CONTENTS), max_size=9),
        st.lists(st.integers(0, 99), max_size=3, unique=True),
    ),
    min_size=1,
    max_size=7,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_both_stores_tell_the_same_history(history: Sequence[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = repositories.make(Path(folder) / "wiki.git")
        git, memory = GitStore.open(repository.path), MemoryStore()
        made: list[tuple[str, str]] = []
        for number, (files, wanted) in enumerate(history):
            parents = sorted({place % len(made) for place in wanted}) if made else []
            message = f"Step {number}"
            made.append(
                (
                    repository.commit(files, *(made[p][0] for p in parents), message=message),
                    memory.commit_tree(files, [made[p][1] for p in parents], summary=message),
                )
            )
        try:
            same(git, memory, made)
        finally:
            git.close()


def same(git: GitStore, memory: MemoryStore, made: Sequence[tuple[str, str]]) -> None:
    name = dict(made)
    in_git = list(git.commits([commit for commit, _ in made]))
    in_memory = list(memory.commits([commit for _, commit in made]))
    for one, two in zip(in_git, in_memory, strict=True):
        assert (name[one.id], tuple(name[p] for p in one.parents)) == (two.id, two.parents)
        assert (one.touches, one.summary) == (two.touches, two.summary)
        assert list(git.tree(one.id)) == list(memory.tree(two.id))
        chain = [(name[commit], tuple(name[p] for p in parents)) for commit, parents in git.chain(one.id)]
        assert dict(chain) == dict(memory.chain(two.id))
    for old, new in [(None, made[-1]), *pairwise(made)]:
        before = (old[0], old[1]) if old is not None else (None, None)
        assert git.difference(before[0], new[0]) == memory.difference(before[1], new[1])
