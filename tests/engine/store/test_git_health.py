"""What is wrong with a repository is said, with what to do; nothing is changed by looking."""

import os
import time
from pathlib import Path

import pytest

from engine.diagnosis import Diagnosis, Level
from engine.store import git_health
from engine.store.git_store import GitStore
from tests.repositories import Repository, chain, make


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = make(tmp_path / "wiki.git")
    chain(made, {"a.md": "one"}, {"a.md": "two", "b.md": "b"})
    return made


def look(repository: Repository, *, full: bool = False, branch: str | None = None) -> list[Diagnosis]:
    store = GitStore.open(repository.path, branch=branch, read_only=True)
    try:
        return list(store.health(full=full))
    finally:
        store.close()


def bad(found: list[Diagnosis]) -> list[tuple[str, Level]]:
    for diagnosis in found:
        assert diagnosis.message
        assert bool(diagnosis.advice) == (diagnosis.level is not Level.OK)
    return [(each.part, each.level) for each in found if each.level is not Level.OK]


def said(found: list[Diagnosis]) -> str:
    return "\n".join(f"{each.message}; {each.advice}" for each in found if each.level is not Level.OK)


def objects(repository: Repository) -> list[Path]:
    return [path for path in (repository.path / "objects").glob("??/*") if path.is_file()]


def test_a_sound_repository_is_well(repository: Repository) -> None:
    assert bad(look(repository)) == []
    assert bad(look(repository, full=True)) == []


def test_an_empty_repository_is_well(tmp_path: Path) -> None:
    assert bad(look(make(tmp_path / "empty.git"))) == []


def test_looking_changes_nothing(repository: Repository) -> None:
    def state() -> dict[Path, tuple[int, int]]:
        return {path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in repository.path.rglob("*")}

    before = state()
    look(repository, full=True)
    assert state() == before


def test_a_missing_object_is_found(repository: Repository) -> None:
    blob = repository.git("rev-parse", "main:a.md")
    (repository.path / "objects" / blob[:2] / blob[2:]).unlink()
    found = look(repository)
    assert bad(found) == [("objects", Level.ERROR)]
    assert blob in said(found)


def test_a_damaged_object_is_found_by_reading_all(repository: Repository) -> None:
    blob = repository.git("rev-parse", "main:a.md")
    path = repository.path / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-3])
    assert ("objects", Level.ERROR) in bad(look(repository, full=True))


@pytest.mark.parametrize(
    "name", ["index.lock", "HEAD.lock", "refs/heads/main.lock", "packed-refs.lock", "objects/info/x.lock"]
)
def test_an_old_lock_is_named_with_its_age(repository: Repository, name: str) -> None:
    lock = repository.path / name
    lock.parent.mkdir(exist_ok=True)
    lock.write_bytes(b"")
    assert bad(look(repository)) == []  # git is at work
    os.utime(lock, (time.time() - 7_300, time.time() - 7_300))
    found = look(repository)
    assert bad(found) == [("locks", Level.WARNING)]
    assert f"{lock} is 2 hours old" in said(found)
    assert lock.exists()


def test_many_loose_objects_are_found(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_health, "LOOSE", len(objects(repository)) - 1)
    found = look(repository)
    assert bad(found) == [("upkeep", Level.WARNING)]
    assert f"git -C {repository.path} gc" in said(found)
    repository.git("gc", "-q")
    assert bad(look(repository)) == []


def test_many_packs_are_found(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.git("repack", "-q", "-d")
    monkeypatch.setattr(git_health, "PACKS", 0)
    assert bad(look(repository)) == [("upkeep", Level.WARNING)]


def test_a_long_history_wants_a_commit_graph_with_changed_paths(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_health, "LONG", 1)
    assert bad(look(repository)) == [("upkeep", Level.WARNING)]
    repository.git("commit-graph", "write", "--reachable")
    assert bad(look(repository)) == [("upkeep", Level.WARNING)]
    repository.git("commit-graph", "write", "--reachable", "--changed-paths")
    assert bad(look(repository)) == []
    repository.git("commit-graph", "write", "--reachable", "--changed-paths", "--split=replace")
    assert bad(look(repository)) == []
    for graph in (repository.path / "objects" / "info").rglob("*graph*"):
        if graph.is_file():
            graph.chmod(0o644)
            graph.write_bytes(b"CG")  # cut short
    assert ("upkeep", Level.WARNING) in bad(look(repository))


def test_a_commit_that_is_checked_out_is_no_branch(tmp_path: Path) -> None:
    made = make(tmp_path / "wiki", bare=False)
    head = made.commit({"a.md": "a"})
    made.git("checkout", "-q", "--detach", head)
    assert bad(look(made)) == [("branch", Level.WARNING)]


def test_a_branch_without_a_commit_beside_others_is_told(repository: Repository) -> None:
    repository.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    found = look(repository)
    assert bad(found) == [("branch", Level.WARNING)]
    assert "there is main" in said(found)


def test_a_broken_branch_is_told_and_the_rest_is_looked_at(repository: Repository) -> None:
    store = GitStore.open(repository.path, read_only=True)
    (repository.path / "refs" / "heads" / "main").write_text("nonsense\n")
    found = list(store.health(full=False))
    store.close()
    assert ("branch", Level.ERROR) in bad(found)
    assert "permissions" in {each.part for each in found}


def test_a_shallow_clone_is_told(repository: Repository, tmp_path: Path) -> None:
    clone = Repository(tmp_path / "clone.git")
    repository.git("clone", "-q", "--bare", "--depth=1", f"file://{repository.path}", str(clone.path))
    assert bad(look(clone)) == [("completeness", Level.WARNING)]


def test_a_partial_clone_is_told(repository: Repository, tmp_path: Path) -> None:
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = Repository(tmp_path / "clone.git")
    address = f"file://{repository.path}"
    repository.git("clone", "-q", "--bare", "--filter=blob:none", address, str(clone.path))
    assert bad(look(clone)) == [("completeness", Level.WARNING)]


def test_borrowed_objects_are_told(repository: Repository, tmp_path: Path) -> None:
    clone = Repository(tmp_path / "clone.git")
    repository.git("clone", "-q", "--bare", "--shared", str(repository.path), str(clone.path))
    assert bad(look(clone)) == [("completeness", Level.WARNING)]
    repository.path.rename(tmp_path / "elsewhere")
    store_problems = bad(look(clone))
    assert ("completeness", Level.ERROR) in store_problems


def test_little_room_is_told(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_health, "LOW", 10**18)
    assert bad(look(repository)) == [("space", Level.WARNING)]
    monkeypatch.setattr(git_health, "FULL", 10**18)
    assert bad(look(repository)) == [("space", Level.ERROR)]


@pytest.mark.parametrize("place", ["", "config", "objects", "refs/heads", "hooks"])
def test_what_everybody_can_change_is_an_error(repository: Repository, place: str) -> None:
    path = repository.path / place
    path.mkdir(exist_ok=True) if place == "hooks" else None
    path.chmod(path.stat().st_mode | 0o002)
    found = look(repository)
    assert bad(found) == [("permissions", Level.ERROR)]
    assert str(path) in said(found)


def test_what_a_group_can_change_is_meant_where_git_says_so(repository: Repository) -> None:
    repository.path.chmod(0o775)
    assert bad(look(repository)) == [("permissions", Level.WARNING)]
    repository.git("config", "core.sharedRepository", "group")
    assert bad(look(repository)) == []


@pytest.mark.parametrize(
    "key",
    [
        "filter.x.clean",
        "core.fsmonitor",
        "core.hooksPath",
        "diff.x.textconv",
        "include.path",
        "credential.helper",
    ],
)
def test_programs_that_the_configuration_names_are_told(repository: Repository, key: str) -> None:
    repository.git("config", key, "/dev/null")
    found = look(repository)
    assert ("programs", Level.WARNING) in bad(found)
    assert key.lower() in said(found).lower()


def test_settings_that_run_nothing_are_not_told(repository: Repository) -> None:
    repository.git("config", "core.fsmonitor", "false")
    repository.git("config", "user.name", "filter.x.clean")
    assert bad(look(repository)) == []


def test_hooks_are_named_and_never_run(repository: Repository, tmp_path: Path) -> None:
    hook = repository.path / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    hook.chmod(0o755)
    found = look(repository)
    assert bad(found) == []
    assert any("post-checkout" in each.message for each in found)
    assert not (tmp_path / "ran").exists()


def test_trust_in_everybody_is_told(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "gitconfig"
    settings.write_text("[safe]\n\tdirectory = *\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    assert bad(look(repository)) == [("programs", Level.WARNING)]
