"""Blame asks git, and nothing that a repository or a machine is set to changes what it says or does."""

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from engine.errors import RevisionNotFoundError, StoreError, TooLargeError
from engine.store import git_blame
from engine.store.git_process import GitProcess
from engine.store.git_store import GitStore
from tests.repositories import SUBMODULE, SYMLINK, File, Repository, chain, make

TEXT = "one\ntwo\nthree\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make(tmp_path / "wiki.git")


@pytest.fixture
def store(repository: Repository) -> Iterator[GitStore]:
    opened = GitStore.open(repository.path)
    yield opened
    opened.close()


def commits(store: GitStore, commit: str, path: str = "a.md") -> list[str]:
    return [origin.commit for origin in store.blame(commit, path)]


def test_no_setting_of_the_repository_changes_the_answer(
    repository: Repository, store: GitStore, tmp_path: Path
) -> None:
    first, second = chain(
        repository, {"a.md": TEXT}, {"a.md": TEXT.upper(), ".mailmap": "Bea <bea@x> <ada@x>\n"}
    )
    ignored = tmp_path / "ignored"
    ignored.write_text(f"{second}\n")
    harm = tmp_path / "harm"
    repository.git("config", "blame.ignoreRevsFile", str(ignored))
    repository.git("config", "diff.harm.textconv", f"touch {harm}; cat")
    repository.git("config", "core.ignoreCase", "true")
    (repository.path / "info").mkdir(exist_ok=True)
    (repository.path / "info" / "attributes").write_text("*.md diff=harm -text\n")
    assert commits(store, second) == [second]
    repository.git("config", "blame.ignoreRevsFile", "/nowhere/at/all")
    repository.git("replace", second, first)
    assert commits(store, second) == [second]
    assert not harm.exists()


def test_nothing_in_the_environment_changes_the_answer(
    repository: Repository, store: GitStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = chain(repository, {"a.md": TEXT}, {"a.md": TEXT.upper()})
    settings = tmp_path / "gitconfig"
    settings.write_text(f"[blame]\nignoreRevsFile = {tmp_path / 'ignored'}\n")
    (tmp_path / "ignored").write_text(second)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    opened = GitStore.open(repository.path)
    try:
        assert commits(opened, second) == [second]
    finally:
        opened.close()


def test_objects_may_be_hashed_by_sha256(tmp_path: Path) -> None:
    repository = make(tmp_path / "wiki.git", "--object-format=sha256")
    first, second = chain(repository, {"a.md": TEXT}, {"a.md": f"{TEXT}four\n"})
    store = GitStore.open(repository.path)
    try:
        assert commits(store, second) == [first, second]
    finally:
        store.close()


def test_a_shallow_clone_blames_the_commit_where_it_was_cut(repository: Repository, tmp_path: Path) -> None:
    _, second, third = chain(repository, {"a.md": TEXT}, {"a.md": f"{TEXT}4\n"}, {"a.md": f"{TEXT}4\n5\n"})
    repository.git(
        "clone", "-q", "--bare", "--depth=2", f"file://{repository.path}", str(tmp_path / "cut.git")
    )
    store = GitStore.open(tmp_path / "cut.git")
    try:
        assert commits(store, third) == [second, third]
    finally:
        store.close()


def test_a_clone_that_borrows_objects_and_a_linked_work_tree_are_read(
    repository: Repository, tmp_path: Path
) -> None:
    first, second = chain(repository, {"a.md": TEXT}, {"a.md": f"{TEXT}four\n"})
    repository.git("clone", "-q", "--shared", str(repository.path), str(tmp_path / "shared"))
    repository.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"), "main")
    for folder in ("shared", "linked"):
        store = GitStore.open(tmp_path / folder)
        try:
            assert commits(store, second) == [first, second]
        finally:
            store.close()


def test_lines_that_came_from_outside_the_root_have_no_path_there(repository: Repository) -> None:
    text = "".join(f"line {number}\n" for number in range(20))
    first, second = chain(repository, {"outside.md": text}, {"docs/a.md": f"{text}more\n"})
    store = GitStore.open(repository.path, root="docs")
    try:
        inner, own = store.blame(second, "a.md")
        assert (inner.commit, inner.path, inner.previous) == (first, None, None)
        assert (own.commit, own.path, own.previous) == (second, "a.md", None)
    finally:
        store.close()


def test_a_symlink_has_lines_and_a_submodule_has_none(repository: Repository, store: GitStore) -> None:
    commit = repository.commit({"link.md": File(b"a.md", SYMLINK), "sub": File(b"1" * 40, SUBMODULE)})
    assert commits(store, commit, "link.md") == [commit]
    with pytest.raises(RevisionNotFoundError):
        store.blame(commit, "sub")


def test_a_path_that_is_not_text_is_blamed(repository: Repository, store: GitStore) -> None:
    first = repository.commit({b"\xff\xfe.md": b"one\n"})
    second = repository.commit({b"\xff\xfe.md": b"one\ntwo\n"}, first)
    found = store.blame(second, "\\xff\\xfe.md")
    assert [(origin.commit, origin.path) for origin in found] == [
        (first, "\\xff\\xfe.md"),
        (second, "\\xff\\xfe.md"),
    ]


def test_a_history_that_takes_too_long_is_given_up(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit({"a.md": TEXT})
    monkeypatch.setattr(git_blame, "SECONDS", 0.000_001)
    with pytest.raises(TooLargeError, match="git blame"):
        store.blame(commit, "a.md")
    monkeypatch.undo()
    assert commits(store, commit) == [commit]


def test_at_most_two_run_at_once_and_others_wait_or_are_told(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit({"a.md": TEXT})
    running: list[int] = []
    highest: list[int] = []
    gate = threading.Event()
    real = GitProcess.attempt

    def slow(self: GitProcess, *arguments: str, **options: str) -> subprocess.CompletedProcess[bytes]:
        if arguments[0] == "blame":
            running.append(1)
            highest.append(len(running))
            gate.wait(20)
            running.pop()
        return real(self, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(GitProcess, "attempt", slow)
    answers: list[list[str]] = []
    threads = [threading.Thread(target=lambda: answers.append(commits(store, commit))) for _ in range(4)]
    for thread in threads[:2]:
        thread.start()
    until = monotonic() + 20
    while len(highest) < 2 and monotonic() < until:
        threading.Event().wait(0.01)
    monkeypatch.setattr(git_blame, "WAIT", 0.05)
    with pytest.raises(StoreError, match="try again"):
        store.blame(commit, "a.md")
    monkeypatch.setattr(git_blame, "WAIT", 30)
    for thread in threads[2:]:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(30)
    assert answers == [[commit]] * 4
    assert max(highest) == git_blame.AT_ONCE
