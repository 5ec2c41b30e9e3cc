"""Where the branch is checked out: files and index follow, and no local work is ever touched."""

import errno
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from engine.errors import ConflictError, StoreError
from engine.model import Author
from engine.store import Change, git_checkout
from engine.store.git_files import Files
from engine.store.git_process import GitProcess
from engine.store.git_store import GitStore
from tests import repositories
from tests.repositories import EXECUTABLE, SYMLINK, File, Repository
from tests.soak.processes import ROOT, wait_until
from tests.soak.tracing import needs_strace

ADA = Author("Ada", "ada@example.org")
Slow = Callable[[str], Mapping[str, str]]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = repositories.make(tmp_path / "wiki", bare=False)
    repository.commit({"a.md": b"a\n", "b.md": b"b\n", "d/e/f.md": b"f\n", "d/g.md": b"g\n"})
    repository.git("reset", "-q", "--hard")
    return repository


@pytest.fixture
def store(repository: Repository) -> GitStore:
    return GitStore.open(repository.path)


def write(store: GitStore, *changes: tuple[str, bytes | None]) -> str:
    blobs = {entry.path: entry.blob for entry in store.tree(store.head() or "")} if store.head() else {}
    made = [Change(path, content, blobs.get(path)) for path, content in changes]
    return store.write(made, author=ADA, summary="Save")


def status(repository: Repository) -> list[str]:
    assert not list((repository.path / ".git").glob("index.*"))
    return sorted(repository.git("status", "--porcelain").splitlines())


def files(repository: Repository) -> dict[str, bytes]:
    return {
        str(file.relative_to(repository.path)): file.read_bytes()
        for file in repository.path.rglob("*")
        if file.is_file() and ".git" not in file.relative_to(repository.path).parts
    }


def test_files_and_index_follow(repository: Repository, store: GitStore) -> None:
    write(store, ("a.md", b"A\n"), ("d/e/f.md", None), ("new/deep/n.md", b"n\n"), ("d/首页.md", b"z\n"))
    assert status(repository) == []
    assert files(repository) == {
        "a.md": b"A\n",
        "b.md": b"b\n",
        "d/g.md": b"g\n",
        "d/首页.md": b"z\n",
        "new/deep/n.md": b"n\n",
    }
    assert not (repository.path / "d/e").exists()


def test_the_first_commit_follows_too(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "new", bare=False)
    write(GitStore.open(repository.path), ("a/b.md", b"b\n"))
    assert status(repository) == []
    assert files(repository) == {"a/b.md": b"b\n"}


def test_a_folder_as_the_root(repository: Repository) -> None:
    write(GitStore.open(repository.path / "d"), ("g.md", b"G\n"), ("new.md", b"n\n"))
    assert status(repository) == []
    assert (repository.path / "d/new.md").read_bytes() == b"n\n"


def test_a_file_and_a_folder_change_places(repository: Repository, store: GitStore) -> None:
    write(
        store, ("d/e/f.md", None), ("d/g.md", None), ("d", b"file\n"), ("a.md", None), ("a.md/x.md", b"x\n")
    )
    assert status(repository) == []
    assert files(repository) == {"d": b"file\n", "a.md/x.md": b"x\n", "b.md": b"b\n"}


def test_an_untracked_file_below_a_folder_to_go_is_kept(repository: Repository, store: GitStore) -> None:
    (repository.path / "d/mine.txt").write_text("mine")
    with pytest.raises(ConflictError, match="does not know"):
        write(store, ("d/e/f.md", None), ("d/g.md", None), ("d", b"file\n"))
    write(store, ("d/e/f.md", None), ("d/g.md", None))
    assert (repository.path / "d/mine.txt").read_text() == "mine"


def test_local_changes_elsewhere_stay_as_they_are(repository: Repository, store: GitStore) -> None:
    (repository.path / "b.md").write_text("mine\n")
    (repository.path / "d/g.md").write_text("staged\n")
    repository.git("add", "d/g.md")
    (repository.path / "new.md").write_text("untracked\n")
    write(store, ("a.md", b"A\n"))
    assert status(repository) == [" M b.md", "?? new.md", "M  d/g.md"]
    assert files(repository)["b.md"] == b"mine\n"


@pytest.mark.parametrize("content", [b"theirs\n", None])
def test_a_file_with_local_changes_is_refused(
    repository: Repository, store: GitStore, content: bytes | None
) -> None:
    head = store.head()
    (repository.path / "a.md").write_text("mine\n")
    with pytest.raises(ConflictError, match=r"a\.md has local changes in .*; commit or undo"):
        write(store, ("b.md", b"B\n"), ("a.md", content))
    assert store.head() == head
    assert status(repository) == [" M a.md"]
    write(store, ("b.md", b"B\n"))
    assert status(repository) == [" M a.md"]


def test_a_staged_file_is_refused(repository: Repository, store: GitStore) -> None:
    (repository.path / "a.md").write_text("mine\n")
    repository.git("add", "a.md")
    (repository.path / "a.md").write_text("a\n")
    with pytest.raises(ConflictError, match="staged"):
        write(store, ("a.md", b"theirs\n"))
    assert status(repository) == ["MM a.md"]


def test_a_file_deleted_locally_is_refused(repository: Repository, store: GitStore) -> None:
    (repository.path / "a.md").unlink()
    with pytest.raises(ConflictError, match="local changes"):
        write(store, ("a.md", b"theirs\n"))


@pytest.mark.parametrize("kind", ["file", "folder", "link inside", "link", "dangling", "staged"])
def test_an_untracked_file_in_the_way_is_refused(repository: Repository, store: GitStore, kind: str) -> None:
    place = repository.path / "new.md"
    if kind == "folder":
        place.mkdir()
        (place / "inside").write_text("mine")
    elif kind == "link inside":
        (place / "deep").mkdir(parents=True)
        (place / "deep/link").symlink_to(repository.path / "d")
    elif kind == "link":
        place.symlink_to("a.md")
    elif kind == "dangling":
        place.symlink_to("nowhere")
    else:
        place.write_text("mine\n")
    if kind == "staged":
        repository.git("add", "new.md")
    before = status(repository), files(repository)
    with pytest.raises(ConflictError):
        write(store, ("new.md", b"theirs\n"))
    assert (status(repository), files(repository)) == before


def test_a_link_above_a_file_is_never_followed(
    repository: Repository, store: GitStore, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "g.md").write_text("g\n")
    (repository.path / "d").rename(tmp_path / "moved")
    (repository.path / "d").symlink_to(outside)
    for change in (("d/g.md", b"G\n"), ("d/g.md", None), ("d/new.md", b"n\n")):
        with pytest.raises(ConflictError):
            write(store, change)
    assert {file.name: file.read_text() for file in outside.iterdir()} == {"g.md": "g\n"}


def test_a_touched_file_without_changes_is_no_obstacle(repository: Repository, store: GitStore) -> None:
    os.utime(repository.path / "a.md", (1, 1))
    write(store, ("a.md", b"A\n"))
    assert status(repository) == []
    assert files(repository)["a.md"] == b"A\n"


def test_a_file_changed_in_the_second_of_the_last_save_is_refused(
    repository: Repository, store: GitStore
) -> None:
    repository.git("config", "core.trustctime", "false")  # all that git compares then can be set here
    a, index = repository.path / "a.md", repository.path / ".git/index"
    write(store, ("a.md", b"one\n"))
    os.utime(a, (1_000_000_000, 1_000_000_000))
    repository.git("update-index", "--refresh")
    a.write_bytes(b"TWO\n")
    for file in (a, index):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    with pytest.raises(ConflictError, match="local changes"):
        write(store, ("a.md", b"three\n"))
    write(store, ("b.md", b"B\n"))
    assert status(repository) == [" M a.md"]


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree", "both", "core.ignoreStat"])
@pytest.mark.parametrize("content", [b"theirs\n", None])
def test_a_file_that_git_is_told_to_trust_is_looked_at(
    repository: Repository, store: GitStore, flag: str, content: bytes | None
) -> None:
    if flag == "core.ignoreStat":
        repository.git("config", flag, "true")
        repository.git("read-tree", "--empty")
        repository.git("reset", "-q", "--hard")
    for name in ("assume-unchanged", "skip-worktree") if flag == "both" else (flag,):
        if flag != "core.ignoreStat":
            repository.git("update-index", f"--{name}", "a.md", "b.md")
    (repository.path / "a.md").write_text("mine\n")
    head = store.head()
    with pytest.raises(ConflictError, match=r"a\.md has local changes"):
        write(store, ("a.md", content), ("b.md", b"B\n"))
    assert store.head() == head
    write(store, ("b.md", b"B\n"), ("d/g.md", b"G\n"))
    assert status(repository) == []
    assert {name: files(repository)[name] for name in ("a.md", "b.md", "d/g.md")} == {
        "a.md": b"mine\n",
        "b.md": b"B\n",
        "d/g.md": b"G\n",
    }


def test_a_file_that_is_trusted_and_gone_is_refused(repository: Repository, store: GitStore) -> None:
    repository.git("update-index", "--assume-unchanged", "a.md")
    (repository.path / "a.md").unlink()
    with pytest.raises(ConflictError, match="local changes"):
        write(store, ("a.md", b"theirs\n"))


@pytest.mark.parametrize("options", [(), ("--cone",), ("--cone", "--sparse-index")])
def test_what_a_sparse_checkout_leaves_out_stays_out(
    repository: Repository, store: GitStore, options: Sequence[str]
) -> None:
    repository.git("sparse-checkout", "set", *(options or ("--no-cone", "/*.md")), *options and ["x"])
    assert sorted(files(repository)) == ["a.md", "b.md"]
    write(store, ("d/e/f.md", b"F\n"), ("d/g.md", None), ("a.md", b"A\n"))
    assert status(repository) == []
    assert files(repository) == {"a.md": b"A\n", "b.md": b"b\n"}
    (repository.path / "d/e").mkdir(parents=True)
    (repository.path / "d/e/f.md").write_text("mine\n")
    with pytest.raises(ConflictError, match=r"d/e/f\.md has local changes"):
        write(store, ("d/e/f.md", b"theirs\n"))
    (repository.path / "d/e/f.md").write_text("F\n")
    write(store, ("d/e/f.md", b"theirs\n"))
    assert status(repository) == []
    repository.git("sparse-checkout", "disable")
    assert files(repository) == {"a.md": b"A\n", "b.md": b"b\n", "d/e/f.md": b"theirs\n"}


@pytest.mark.parametrize("step", ["git_write.Writer._move", "git_checkout.Checkout.follow"])
def test_what_a_sparse_checkout_leaves_out_stays_out_after_a_crash(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    repository.git("sparse-checkout", "set", "--no-cone", "/*.md")
    with monkeypatch.context() as patch:
        crash(patch, step)
        with pytest.raises(Crash):
            write(store, ("d/e/f.md", b"F\n"), ("a.md", b"A\n"))
    GitStore.open(repository.path)
    assert status(repository) == []
    assert sorted(files(repository)) == ["a.md", "b.md"]


def test_line_ends_follow_the_settings(repository: Repository, store: GitStore) -> None:
    repository.git("config", "core.autocrlf", "true")
    write(store, ("a.md", b"one\ntwo\n"))
    assert files(repository)["a.md"] == b"one\r\ntwo\r\n"
    assert status(repository) == []
    write(store, ("a.md", b"three\n"))
    assert status(repository) == []


def test_modes_are_kept(repository: Repository, store: GitStore) -> None:
    repository.commit({"run": File(b"#!\n", EXECUTABLE), "l.md": File(b"run", SYMLINK)}, store.head() or "")
    repository.git("reset", "-q", "--hard")
    write(store, ("run", b"#!/bin/sh\n"), ("l.md", None))
    assert status(repository) == []
    assert os.access(repository.path / "run", os.X_OK)


def test_a_conflict_in_progress_is_refused(repository: Repository, store: GitStore) -> None:
    base = store.head() or ""
    blobs = [repository.blob(text) for text in (b"1", b"2", b"3")]
    lines = "".join(f"100644 {blob} {stage}\ta.md\n" for stage, blob in enumerate(blobs, 1))
    repository.git("update-index", "--force-remove", "a.md")
    repository.git("update-index", "--index-info", stdin=lines.encode())
    with pytest.raises(ConflictError, match="staged"):
        write(store, ("a.md", b"A\n"))
    write(store, ("b.md", b"B\n"))
    assert store.head() != base
    assert status(repository) == ["UU a.md"]


def test_a_linked_work_tree_follows(repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    linked = Repository(tmp_path / "linked")
    write(GitStore.open(repository.path, branch="side"), ("a.md", b"side\n"))
    assert linked.git("status", "--porcelain") == repository.git("status", "--porcelain") == ""
    assert (linked.path / "a.md").read_bytes() == b"side\n"
    assert (repository.path / "a.md").read_bytes() == b"a\n"
    write(GitStore.open(linked.path, branch="main"), ("a.md", b"main\n"))
    assert linked.git("status", "--porcelain") == repository.git("status", "--porcelain") == ""
    assert (repository.path / "a.md").read_bytes() == b"main\n"


def test_a_work_tree_of_a_bare_repository_follows(repository: Repository, tmp_path: Path) -> None:
    repository.git("clone", "-q", "--bare", str(repository.path), str(tmp_path / "bare.git"))
    bare = Repository(tmp_path / "bare.git")
    bare.git("worktree", "add", "-q", str(tmp_path / "linked"), "main")
    write(GitStore.open(bare.path), ("a.md", b"new\n"))
    assert Repository(tmp_path / "linked").git("status", "--porcelain") == ""
    assert (tmp_path / "linked/a.md").read_bytes() == b"new\n"


def test_another_branch_leaves_the_work_tree_alone(repository: Repository) -> None:
    repository.git("branch", "other")
    (repository.path / "a.md").write_text("mine\n")
    write(GitStore.open(repository.path, branch="other"), ("a.md", b"theirs\n"))
    assert status(repository) == [" M a.md"]
    assert repository.git("show", "other:a.md") == "theirs"


def test_a_clone_without_files_gets_none(repository: Repository, tmp_path: Path) -> None:
    repository.git("clone", "-q", "--no-checkout", str(repository.path), str(tmp_path / "clone"))
    write(GitStore.open(tmp_path / "clone"), ("a.md", b"A\n"))
    assert [file.name for file in (tmp_path / "clone").iterdir()] == [".git"]


def test_a_held_index_is_named(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_checkout, "_PATIENCE_S", 0.1)
    head = store.head()
    lock = repository.path / ".git/index.lock"
    lock.touch()
    with pytest.raises(StoreError, match=r"holds .*index\.lock; if none is running, delete"):
        write(store, ("a.md", b"A\n"))
    assert store.head() == head
    lock.unlink()
    write(store, ("a.md", b"A\n"))
    assert status(repository) == []


def test_git_cannot_commit_in_between(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = store._writer
    assert writer is not None
    move = writer._move

    def tried(*arguments: object) -> bool:
        with pytest.raises(AssertionError, match=r"index\.lock"):
            repository.git("commit", "-q", "--allow-empty", "-m", "mine")
        moved = move(*arguments)  # type: ignore[arg-type]
        with pytest.raises(AssertionError, match=r"index\.lock"):
            repository.git("commit", "-q", "--allow-empty", "-m", "mine")
        return moved

    monkeypatch.setattr(writer, "_move", tried)
    write(store, ("a.md", b"A\n"))
    assert status(repository) == []


def test_a_file_changed_in_the_last_moment_is_kept(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = store._writer
    assert writer is not None
    move = writer._move

    def change_first(*arguments: object) -> bool:
        (repository.path / "a.md").write_text("mine, just now\n")
        (repository.path / "new.md").write_text("mine as well\n")
        return move(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "_move", change_first)
    write(store, ("a.md", b"theirs\n"), ("new.md", b"theirs\n"), ("b.md", b"B\n"))
    assert status(repository) == [" M a.md", " M new.md"]
    assert files(repository)["a.md"] == b"mine, just now\n"
    assert files(repository)["b.md"] == b"B\n"
    assert repository.git("show", "main:a.md") == "theirs"


def test_a_file_changed_while_it_is_compared_is_kept(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    differing = git_checkout.Checkout._differing

    def change_behind(checkout: git_checkout.Checkout, paths: Sequence[bytes]) -> list[bytes]:
        found = differing(checkout, paths)
        (repository.path / "a.md").write_text("mine, just now\n")
        return found

    monkeypatch.setattr(git_checkout.Checkout, "_differing", change_behind)
    write(store, ("a.md", b"theirs\n"), ("b.md", b"B\n"))
    assert status(repository) == [" M a.md"]
    assert files(repository)["a.md"] == b"mine, just now\n"
    assert files(repository)["b.md"] == b"B\n"


def test_a_file_changed_while_others_are_written_is_kept(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_checkout, "_WRITTEN_AT_ONCE", 1)
    names = ["a.md", "b.md", "d/e/f.md", "d/g.md"]
    remove, attempt, changed = Files.remove, GitProcess.attempt, set[str]()

    def change(name: str) -> None:
        if not changed:
            changed.add(name)
            (repository.path / name).write_text("mine, just now\n")

    def removed(there: Files, path: bytes) -> None:
        remove(there, path)
        change("d/e/f.md")

    def written(process: GitProcess, *arguments: str, **more: Any) -> Any:
        done = attempt(process, *arguments, **more)
        if arguments[0] == "checkout-index":
            change("b.md" if more["stdin"] == b"a.md\0" else "a.md")
        return done

    with monkeypatch.context() as patch:
        patch.setattr(GitProcess, "attempt", written)
        write(store, *((name, b"theirs\n") for name in names))
    (mine,) = changed
    assert [name for name in names if files(repository)[name] == b"mine, just now\n"] == [mine]
    assert status(repository) == [f" M {mine}"]
    repository.git("checkout", "-q", "--", ".")
    changed.clear()
    with monkeypatch.context() as patch:
        patch.setattr(Files, "remove", removed)
        write(store, ("a.md", None), ("d/e/f.md", None))
    assert status(repository) == ["?? d/e/"]
    assert files(repository)["d/e/f.md"] == b"mine, just now\n"


@pytest.mark.parametrize("kind", ["file above", "link above", "folder"])
def test_what_came_into_the_way_in_the_last_moment_is_kept(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    writer = store._writer
    assert writer is not None
    move = writer._move

    def change_first(*arguments: object) -> bool:
        if kind == "file above":
            (repository.path / "new").write_text("mine\n")
        elif kind == "link above":
            (repository.path / "new").symlink_to("d")
        else:
            (repository.path / "new/n.md").mkdir(parents=True)
            (repository.path / "new/n.md/mine").write_text("mine\n")
        return move(*arguments)  # type: ignore[arg-type]

    before = files(repository)
    monkeypatch.setattr(writer, "_move", change_first)
    write(store, ("new/n.md", b"theirs\n"))
    mine = {"file above": "new", "folder": "new/n.md/mine"}
    assert files(repository) == before | ({mine[kind]: b"mine\n"} if kind in mine else {})


def test_empty_folders_are_not_in_the_way(repository: Repository, store: GitStore) -> None:
    (repository.path / "new.md/deep/er").mkdir(parents=True)
    write(store, ("new.md", b"n\n"))
    assert status(repository) == []
    assert files(repository)["new.md"] == b"n\n"


class Crash(BaseException):
    """Stands for a process that ends here."""


def crash(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fall(*_arguments: object) -> None:
        # What a killed process leaves is what is on disk now: nothing may be tidied up behind it.
        monkeypatch.setattr(Path, "unlink", lambda *_a, **_k: None)
        monkeypatch.setattr(git_checkout.Checkouts, "recover", lambda _: None)
        raise Crash

    monkeypatch.setattr(f"engine.store.{step}", fall)


STEPS = ["git_disk.Disk.store", "git_write.Writer._move", "git_checkout.Checkout.follow"]
STEPS += ["git_checkout.Checkout._write_files", "git_checkout.Checkout._change_index"]


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_is_finished_by_the_next_to_come(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    head = store.head()
    with monkeypatch.context() as patch:
        crash(patch, step)
        with pytest.raises(Crash):
            write(store, ("a.md", b"A\n"), ("d/e/f.md", None), ("new.md", b"n\n"))
    assert (repository.path / ".git/index.lock").exists()
    new = GitStore.open(repository.path)
    moved = step in {"git_checkout.Checkout.follow", "git_checkout.Checkout._write_files"}
    assert (new.head() != head) == moved
    assert status(repository) == []
    assert files(repository)["a.md"] == (b"A\n" if moved else b"a\n")
    assert ("d/e/f.md" in files(repository)) == (not moved)
    write(new, ("b.md", b"B\n"))
    assert status(repository) == []


def test_an_index_never_names_what_is_not_there(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = git_checkout.Checkout._put
    published = []

    def look(checkout: git_checkout.Checkout) -> None:
        put(checkout)
        repository.check()
        published.append(repository.git("ls-files", "--stage", "a.md"))

    monkeypatch.setattr(git_checkout.Checkout, "_put", look)
    write(store, ("a.md", b"A\n"))
    assert published == [repository.git("ls-files", "--stage", "a.md")]


def test_after_a_crash_a_running_server_goes_on(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = GitStore.open(repository.path)
    with monkeypatch.context() as patch:
        crash(patch, "git_checkout.Checkout.follow")
        with pytest.raises(Crash):
            write(store, ("a.md", b"A\n"))
    write(other, ("b.md", b"B\n"))
    assert status(repository) == []
    assert files(repository)["a.md"] == b"A\n"


def save_and_end(store: GitStore, line: int) -> bool:
    """Save, and end by a signal at one of the lines that the save goes through; say whether there is such a line."""
    gone_through = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal gone_through
        if event == "line":
            gone_through += 1
            if gone_through == line:
                sys.settrace(None)
                raise SystemExit
        return trace if "/engine/store/git_" in frame.f_code.co_filename else None

    sys.settrace(trace)
    try:
        write(store, ("a.md", b"A\n"), ("d/e/f.md", None), ("new.md", b"n\n"))
    except SystemExit:
        return True
    finally:
        sys.settrace(None)
    return False


LINES_APART = 71


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file that no `with` closed
@pytest.mark.parametrize("first", range(1, LINES_APART, 36))
def test_a_signal_anywhere_in_a_save_leaves_no_work_tree_behind(
    repository: Repository, tmp_path: Path, first: int
) -> None:
    for line in itertools.count(first, LINES_APART):
        wiki = Repository(tmp_path / f"at-{line}")
        shutil.copytree(repository.path, wiki.path)
        store = GitStore.open(wiki.path)
        head = store.head()
        ended = save_and_end(store, line)
        moved = store.head() != head
        if (wiki.path / ".git/index.lock").exists():
            GitStore.open(wiki.path).close()  # it came just where a lock is given back
        assert wiki.git("show", "main:a.md") == ("A" if moved else "a")
        assert status(wiki) == []
        assert files(wiki)["a.md"] == (b"A\n" if moved else b"a\n")
        assert ("new.md" in files(wiki), "d/e/f.md" in files(wiki)) == (moved, not moved)
        write(store, ("b.md", b"B\n"))
        assert status(wiki) == []
        store.close()
        if not ended:
            assert moved
            break


@pytest.mark.parametrize("command", ["update-index", "update-ref", "checkout-index"])
def test_a_signal_while_git_works_lets_others_save(
    repository: Repository, tmp_path: Path, slow: Slow, command: str
) -> None:
    saving = [sys.executable, "-c", ENDED_BY_A_SIGNAL + SAVING, str(repository.path)]
    with subprocess.Popen(saving, env=slow(command)) as process:
        wait_until((tmp_path / "reached").exists)
        process.terminate()
        other = GitStore.open(repository.path)
        write(other, ("b.md", b"B\n"))  # it begins while the first one ends
    text = repository.git("show", "main:a.md")
    assert (text == "A") or command != "checkout-index"
    assert (files(repository)["a.md"], files(repository)["b.md"]) == (f"{text}\n".encode(), b"B\n")
    assert status(repository) == []


SLOW_GIT = """#!/bin/sh
if [ "$1" = {command} ]; then touch {reached}; sleep 1; {git} "$@"; code=$?; touch {ended}; exit $code; fi
exec {git} "$@"
"""
ENDED_BY_A_SIGNAL = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
"""
SAVING = """
import sys
from engine.model import Author
from engine.store import Change
from engine.store.git_store import GitStore
store = GitStore.open(sys.argv[1])
entry = store.entry(store.head(), "a.md")
store.write([Change("a.md", b"A\\n", entry.blob)], author=Author("Ada", "ada@example.org"), summary="Save")
"""


@pytest.fixture
def slow(tmp_path: Path) -> Callable[[str], Mapping[str, str]]:
    """Return an environment in which a command of git's takes a second longer; it says when it began, and ended."""

    def make(command: str) -> Mapping[str, str]:
        git = tmp_path / "bin/git"
        git.parent.mkdir()
        reached, ended = tmp_path / "reached", tmp_path / "ended"
        git.write_text(
            SLOW_GIT.format(command=command, git=shutil.which("git"), reached=reached, ended=ended)
        )
        git.chmod(0o755)
        return {**os.environ, "PATH": f"{git.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    return make


@pytest.mark.parametrize("command", ["update-ref", "checkout-index"])
def test_what_a_killed_process_started_is_waited_for(
    repository: Repository, tmp_path: Path, slow: Slow, command: str
) -> None:
    saving = [sys.executable, "-c", SAVING, str(repository.path)]
    with subprocess.Popen(saving, env=slow(command)) as process:
        wait_until((tmp_path / "reached").exists)
        process.kill()
    other = GitStore.open(repository.path)  # it must not take the lock for left: a child is at work
    wait_until((tmp_path / "ended").exists)
    write(other, ("b.md", b"B\n"))
    assert repository.git("show", "main:a.md") == "A"
    assert status(repository) == []
    assert (files(repository)["a.md"], files(repository)["b.md"]) == (b"A\n", b"B\n")


@needs_strace
@pytest.mark.parametrize(
    "how", [(), ("--only", "--", "b.md"), ("-a",)], ids=["staged", "one file", "all files"]
)
def test_whoever_commits_in_the_same_moment_does_not_take_a_save_back(
    repository: Repository, tmp_path: Path, slow: Slow, how: tuple[str, ...]
) -> None:
    (repository.path / "b.md").write_bytes(b"mine\n")
    repository.git("add", "b.md")
    saving = [sys.executable, "-c", SAVING, str(repository.path)]
    with subprocess.Popen(saving, env=slow("checkout-index")):
        wait_until((tmp_path / "reached").exists)  # the branch has moved, and the index is locked
        # Git reads branch and index first, and locks the index then.
        wait = [
            "strace",
            "-f",
            "-o",
            "/dev/null",
            "-P",
            ".git/index.lock",
            "-P",
            str(repository.path / ".git/index.lock"),
        ]
        wait += ["-e", "inject=openat:delay_enter=2500000"]
        commit = [
            *wait,
            "git",
            "-c",
            "user.name=Eve",
            "-c",
            "user.email=",
            "commit",
            "-q",
            "-m",
            "Mine",
            *how,
        ]
        done = subprocess.run(commit, cwd=repository.path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert repository.git("show", "main:a.md") == "A"
    assert repository.git("show", "main:b.md") == "mine"
    assert status(repository) == []


def test_a_crash_between_files_and_index(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        crash(patch, "git_checkout.Checkout.follow")
        with pytest.raises(Crash):
            write(store, ("a.md", b"A\n"), ("new.md", b"n\n"), ("b.md", None), ("d/g.md", b"G\n"))
    (repository.path / "a.md").write_text("A\n")
    (repository.path / "new.md").write_text("n\n")
    (repository.path / "b.md").unlink()
    GitStore.open(repository.path)
    assert status(repository) == []


def test_a_crash_in_the_middle_of_a_file(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        crash(patch, "git_checkout.Checkout.follow")
        with pytest.raises(Crash):
            write(
                store, *((path, b"all of the text\n") for path in ("a.md", "b.md", "d/g.md", "n.md", "m.md"))
            )
    (repository.path / "a.md").unlink()
    (repository.path / "b.md").write_bytes(b"")
    (repository.path / "d/g.md").write_bytes(b"all of")
    (repository.path / "n.md").write_bytes(b"all of")
    GitStore.open(repository.path)
    assert status(repository) == []


def test_local_work_since_a_crash_is_kept(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        crash(patch, "git_checkout.Checkout.follow")
        with pytest.raises(Crash):
            write(store, ("a.md", b"A\n"), ("new.md", b"n\n"), ("d/g.md", b"G\n"), ("b.md", None))
    for name in ("a.md", "new.md", "b.md"):
        (repository.path / name).write_text("mine\n")
    GitStore.open(repository.path)
    assert status(repository) == [" M a.md", " M new.md", "?? b.md"]
    assert {name: files(repository)[name] for name in ("a.md", "new.md", "b.md", "d/g.md")} == {
        "a.md": b"mine\n",
        "new.md": b"mine\n",
        "b.md": b"mine\n",
        "d/g.md": b"G\n",
    }


def test_a_file_changed_while_a_crash_is_being_finished_is_kept(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        crash(patch, "git_checkout.Checkout.follow")
        with pytest.raises(Crash):
            write(store, ("a.md", b"A\n"), ("b.md", b"B\n"))
    differing = git_checkout.Checkout._differing

    def change_behind(checkout: git_checkout.Checkout, paths: Sequence[bytes]) -> list[bytes]:
        found = differing(checkout, paths)
        (repository.path / "a.md").write_text("mine, just now\n")
        return found

    monkeypatch.setattr(git_checkout.Checkout, "_differing", change_behind)
    GitStore.open(repository.path)
    assert status(repository) == [" M a.md"]
    assert (files(repository)["a.md"], files(repository)["b.md"]) == (b"mine, just now\n", b"B\n")


def test_a_lock_of_git_is_nobody_elses_business(repository: Repository) -> None:
    lock = repository.path / ".git/index.lock"
    lock.write_bytes(b"DIRC")
    GitStore.open(repository.path)
    assert lock.read_bytes() == b"DIRC"


def test_a_journal_that_never_became_a_lock_is_swept(repository: Repository) -> None:
    old, new = (repository.path / f".git/index.quire-{name}.journal" for name in ("old", "new"))
    for journal in (old, new):
        journal.touch()
    os.utime(old, (1, 1))
    GitStore.open(repository.path)
    assert (old.exists(), new.exists()) == (False, True)


def test_copies_of_an_index_that_a_crash_left_are_swept_once_nobody_can_use_them(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [repository.path / f".git/index.quire-x{kind}" for kind in ("", ".before", ".new", ".lock")]
    lock = repository.path / ".git/index.lock"
    lock.touch()
    for file in left:
        file.touch()
    GitStore.open(repository.path)
    monkeypatch.setattr(git_checkout, "_PATIENCE_S", -1)
    GitStore.open(repository.path)
    assert all(file.exists() for file in left)
    lock.unlink()
    GitStore.open(repository.path)
    assert not any(file.exists() for file in left)


def test_a_branch_switched_while_waiting_is_left_alone(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("branch", "other")
    take = git_checkout.Checkout._take_lock

    def switch_first(*arguments: object) -> None:
        repository.git("checkout", "-q", "other")
        take(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(git_checkout.Checkout, "_take_lock", switch_first)
    write(store, ("a.md", b"A\n"))
    assert status(repository) == []
    assert files(repository)["a.md"] == b"a\n"
    assert repository.git("show", "main:a.md") == "A"


@pytest.mark.parametrize("theirs", [None, b"DIRC"])
def test_a_lock_that_somebody_took_away_spoils_no_save(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch, theirs: bytes | None
) -> None:
    lock = repository.path / ".git/index.lock"
    follow = git_checkout.Checkout.follow

    def lose_it_first(checkout: git_checkout.Checkout) -> None:
        lock.unlink()
        if theirs is not None:
            lock.write_bytes(theirs)
        follow(checkout)

    monkeypatch.setattr(git_checkout.Checkout, "follow", lose_it_first)
    assert write(store, ("a.md", b"A\n")) == store.head()
    assert (lock.read_bytes() if lock.exists() else None) == theirs
    lock.unlink(missing_ok=True)
    assert status(repository) == []


@pytest.mark.parametrize("call", ["shutil.copy2", "os.fsync", "Path.hardlink_to", "Path.replace"])
def test_a_work_tree_that_cannot_be_written_to_is_named_and_nothing_changes(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        error = errno.EPERM if call == "Path.hardlink_to" else errno.ENOSPC
        raise OSError(error, os.strerror(error))

    head = store.head()
    with monkeypatch.context() as patch:
        patch.setattr(f"engine.store.git_checkout.{call}", fail)
        with pytest.raises(StoreError, match=r"/\.git.*: (No space left|Operation not permitted)"):
            write(store, ("a.md", b"A\n"))
    assert store.head() == head
    assert status(repository) == []
    write(store, ("a.md", b"A\n"))
    assert status(repository) == []


@pytest.mark.parametrize("put_back", [True, False])
def test_git_that_cannot_be_run_is_named_and_nothing_changes(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch, put_back: bool
) -> None:
    run = subprocess.run

    def fail(command: Sequence[str], *arguments: Any, **options: Any) -> Any:
        if command[1] == "update-ref":
            if not put_back:
                monkeypatch.setattr(Path, "replace", fail_to_put_back)
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return run(command, *arguments, **options)

    def fail_to_put_back(*_arguments: object) -> None:
        monkeypatch.setattr(Path, "replace", replace)
        raise OSError(errno.EIO, "Input/output error")

    replace, head = Path.replace, store.head()
    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "run", fail)
        with pytest.raises(StoreError, match="git cannot be run: Resource temporarily unavailable"):
            write(store, ("a.md", b"A\n"))
    assert store.head() == head
    assert status(repository) == []


def test_files_that_cannot_be_deleted_spoil_no_save(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError

    def fail_from_here(_checkout: git_checkout.Checkout) -> None:
        monkeypatch.setattr(Path, "unlink", fail)

    with monkeypatch.context() as patch:
        patch.setattr(git_checkout.Checkout, "follow", fail_from_here)
        assert write(store, ("a.md", b"A\n")) == store.head()
    monkeypatch.undo()
    GitStore.open(repository.path)
    assert status(repository) == []


def test_a_wiki_starts_where_a_crash_cannot_be_finished(
    repository: Repository, store: GitStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object, moved: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        crash(patch, "git_checkout.Checkout.follow")
        with pytest.raises(Crash):
            write(store, ("a.md", b"A\n"))
    with monkeypatch.context() as patch:
        patch.setattr(git_checkout.Checkout, "_replay", fail)
        new = GitStore.open(repository.path)
    assert "No space left" in caplog.text
    assert (repository.path / ".git/index.lock").exists()
    write(new, ("b.md", b"B\n"))
    assert status(repository) == []
    assert files(repository)["a.md"] == b"A\n"


@pytest.mark.parametrize("kind", ["smudge", "clean", "process"])
def test_no_attribute_runs_a_command(repository: Repository, tmp_path: Path, kind: str) -> None:
    ran = tmp_path / "ran"
    repository.git("config", f"filter.Any.Driver.{kind}", f"touch '{ran}'; cat")
    repository.git("config", "filter.Any.Driver.required", "true")
    store = GitStore.open(repository.path)
    write(store, (".gitattributes", b"*.md filter=Any.Driver\n"))
    write(store, ("a.md", b"A\n"), ("new.md", b"n\n"))
    assert (repository.path / "a.md").read_bytes() == b"A\n"
    assert (repository.path / "new.md").read_bytes() == b"n\n"
    (repository.path / "a.md").write_bytes(b"typed\n")
    with pytest.raises(ConflictError):
        write(store, ("a.md", b"newer\n"))
    assert not ran.exists()
