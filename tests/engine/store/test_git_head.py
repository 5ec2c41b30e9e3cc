"""The head is read from git's files, and never late."""

import os
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store.git_store import GitStore
from tests import repositories
from tests.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return repositories.make(tmp_path / "wiki.git")


def test_every_move_is_seen_at_once(repository: Repository) -> None:
    store = GitStore.open(repository.path)
    commits = [repository.commit({"a.md": b"%d" % number}, branch=None) for number in range(20)]
    reference = repository.path / "refs/heads/main"
    for commit in commits * 20:
        reference.write_text(f"{commit}\n")
        os.utime(reference, ns=(1, 1))  # what a coarse clock makes of two writes in one tick
        assert store.head() == commit


def test_packed_and_loose_references_take_turns(repository: Repository) -> None:
    store = GitStore.open(repository.path)
    for number in range(10):
        commit = repository.commit({"a.md": b"%d" % number})
        assert store.head() == commit
        repository.git("pack-refs", "--all")
        assert not (repository.path / "refs/heads/main").exists()
        assert store.head() == commit


def test_a_rewritten_packed_file_is_seen(repository: Repository) -> None:
    commits = [repository.commit({"a.md": b"%d" % number}) for number in range(2)]
    repository.git("pack-refs", "--all")
    store = GitStore.open(repository.path)
    packed = repository.path / "packed-refs"
    for commit in commits * 10:
        before = packed.read_text().splitlines()
        packed.write_text("\n".join([*before[:-1], f"{commit} refs/heads/main"]) + "\n")
        assert store.head() == commit


def test_a_settled_packed_file_is_read_once(repository: Repository) -> None:
    commit = repository.commit({"a.md": b"a"})
    repository.git("pack-refs", "--all")
    os.utime(repository.path / "packed-refs", ns=(1, 1))
    store = GitStore.open(repository.path)
    assert store.head() == commit
    (repository.path / "packed-refs").chmod(0)
    assert store.head() == commit


def test_branches_with_like_names_are_told_apart(repository: Repository) -> None:
    wanted = repository.commit({"a.md": b"1"}, branch="wiki")
    for name in ("x/wiki", "wiki2", "a.wiki"):
        repository.commit({"a.md": name.encode()}, branch=name)
    repository.git("pack-refs", "--all")
    assert GitStore.open(repository.path, branch="wiki").head() == wanted


def test_a_branch_may_be_another_name_for_a_branch(repository: Repository) -> None:
    commit = repository.commit({"a.md": b"1"}, branch="trunk")
    repository.git("symbolic-ref", "refs/heads/main", "refs/heads/trunk")
    assert GitStore.open(repository.path, branch="main").head() == commit
    repository.git("pack-refs", "--all")
    assert GitStore.open(repository.path, branch="main").head() == commit


def test_a_deleted_branch_has_no_head(repository: Repository) -> None:
    repository.commit({"a.md": b"1"})
    store = GitStore.open(repository.path)
    repository.git("update-ref", "-d", "refs/heads/main")
    assert store.head() is None
    (repository.path / "refs/heads/main").mkdir()
    assert store.head() is None


@pytest.mark.parametrize("packed", [False, True])
def test_a_repository_that_is_gone_for_a_moment_is_no_empty_branch(
    repository: Repository, packed: bool
) -> None:
    commit = repository.commit({"a.md": b"1"})
    if packed:
        repository.git("pack-refs", "--all")
    store = GitStore.open(repository.path)
    aside = repository.path.rename(repository.path.with_name("aside"))
    with pytest.raises(StoreError, match="mount or restore it"):
        store.head()
    repository.path.mkdir()  # what an unmounted folder looks like
    with pytest.raises(StoreError, match="mount or restore it"):
        store.head()
    repository.path.rmdir()
    aside.rename(repository.path)
    assert store.head() == commit


def test_no_child_is_started(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = repository.commit({"a.md": b"1"})
    store = GitStore.open(repository.path)
    monkeypatch.setattr("subprocess.Popen", None)
    assert store.head() == commit


@pytest.mark.parametrize("text", ["", "garbage\n", "ref: refs/heads/main\n", "\0" * 41])
def test_a_broken_reference_is_an_error(repository: Repository, text: str) -> None:
    repository.commit({"a.md": b"1"})
    store = GitStore.open(repository.path)
    (repository.path / "refs/heads/main").write_text(text)
    with pytest.raises(StoreError, match="broken; repair it"):
        store.head()


def test_a_force_push_is_seen(repository: Repository) -> None:
    first = repository.commit({"a.md": b"1"})
    second = repository.commit({"a.md": b"2"}, first)
    store = GitStore.open(repository.path)
    assert store.head() == second
    repository.git("update-ref", "refs/heads/main", first)
    assert store.head() == first
