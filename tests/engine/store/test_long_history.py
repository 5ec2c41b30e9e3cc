"""The repository that long histories are measured on: the same each time, with all that a history may have."""

from pathlib import Path

from engine.store.git_store import GitStore
from tests.benchmarks import long_history


def test_the_same_arguments_make_the_same_long_history(tmp_path: Path) -> None:
    stores = [GitStore.open(long_history.make(tmp_path / name, 700)) for name in ("a.git", "b.git")]
    head = stores[0].head()
    assert head is not None
    assert head == stores[1].head()
    commits = list(stores[0].commits([each for each, _ in stores[0].chain(head)]))
    assert len(commits) in {700, 701}
    assert any(len(commit.parents) > 1 and commit.touches for commit in commits)
    touches = [touch for commit in commits for touch in commit.touches]
    assert {touch.old_path for touch in touches} >= set(long_history.HANDBOOK[:2])
    assert any(touch.blob is None for touch in touches)
    assert stores[0].entry(head, long_history.HANDBOOK[2]) is not None
    for store in stores:
        store.close()
