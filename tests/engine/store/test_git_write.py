"""Writing to git: nothing acknowledged is ever lost, and what is written is sound."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.queues import SimpleQueue
from pathlib import Path

import pytest

from engine.errors import (
    EditConflictError,
    HeadMovedError,
    InvalidChangeError,
    StoreError,
)
from engine.model import Author
from engine.store import Change, git_write
from engine.store.git_store import GitStore
from tests import repositories
from tests.repositories import EXECUTABLE, SUBMODULE, SYMLINK, File, Repository

ADA = Author("Ada", "ada@example.org")
EVE = Author("Eve", "eve@example.org")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return repositories.make(tmp_path / "wiki.git")


def blob(store: GitStore, path: str) -> str | None:
    head = store.head()
    found = [entry.blob for entry in store.tree(head) if entry.path == path] if head else []
    return found[0] if found else None


def save(store: GitStore, path: str, content: bytes | None, base: str | None = "?") -> str:
    change = Change(path, content, blob(store, path) if base == "?" else base)
    return store.write([change], author=ADA, summary=f"Save {path}")


def test_the_commit_object(repository: Repository) -> None:
    store = GitStore.open(repository.path, committer=Author("Quire", "quire@example.org"))
    first = save(store, "a.md", b"a\n")
    second = store.write([Change("b.md", b"b\n", None)], author=ADA, summary="-m\r\n\r\nbody\r\n\r\n")
    head, _, message = repository.git("cat-file", "commit", second).partition("\n\n")
    _, parent, author, committer = head.splitlines()
    assert parent == f"parent {first}"
    assert author.startswith("author Ada <ada@example.org> ")
    assert committer.startswith("committer Quire <quire@example.org> ")
    assert author.endswith(" +0000")
    assert message == "-m\n\nbody"
    repository.check()


def test_a_child_that_is_forked_during_a_save_can_save(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = GitStore.open(repository.path)
    writer = store._writer
    assert writer is not None
    attempt, begun, end = writer._attempt, threading.Event(), threading.Event()

    def wait(*arguments: object) -> str | None:
        begun.set()
        end.wait(30)
        return attempt(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(writer, "_attempt", wait)
    thread = threading.Thread(target=save, args=(store, "a.md", b"a\n"))
    thread.start()
    begun.wait(30)
    monkeypatch.setattr(writer, "_attempt", attempt)
    child = os.fork()
    if child == 0:
        try:
            signal.alarm(20)
            save(store, "b.md", b"b\n")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    end.set()
    thread.join()
    assert repository.git("ls-tree", "--name-only", "main").split() == ["a.md", "b.md"]


def test_a_save_waits_for_others_for_some_time_only(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_write, "_TURN_S", 0.05)
    store = GitStore.open(repository.path)
    writer = store._writer
    assert writer is not None
    with writer._turn.held(), pytest.raises(StoreError, match="take too long"):
        save(store, "a.md", b"a\n")
    save(store, "a.md", b"a\n")


def test_only_what_changes_is_made_anew(repository: Repository) -> None:
    files: dict[str | bytes, repositories.Content] = {
        "run.sh": File(b"#!/bin/sh\n", EXECUTABLE),
        "link.md": File(b"a.md", SYMLINK),
        "sub": File(b"1" * 40, SUBMODULE),
        b"\xff.md": b"odd",
        "a.md": b"a\n",
        "d/e/f.md": b"f\n",
        "d/g.md": b"g\n",
    }
    repository.commit(files)  # type: ignore[arg-type]
    before = repository.git("ls-tree", "-r", "main")
    store = GitStore.open(repository.path)
    save(store, "d/g.md", b"G\n")
    save(store, "run.sh", b"#!/bin/bash\n")
    after = repository.git("ls-tree", "-r", "main")
    assert after.replace(blob(store, "d/g.md") or "", "x") != before
    changed = set(before.splitlines()) ^ set(after.splitlines())
    assert {line.split("\t")[1] for line in changed} == {"d/g.md", "run.sh"}
    assert f"100755 blob {blob(store, 'run.sh')}\trun.sh" in after


@pytest.mark.parametrize("path", ["link.md", "sub.md", "link.md/x.md", "sub.md/x.md", "Link.md"])
def test_links_and_submodules_in_the_way_are_refused(repository: Repository, path: str) -> None:
    head = repository.commit({"link.md": File(b"/tmp", SYMLINK), "sub.md": File(b"1" * 40, SUBMODULE)})
    store = GitStore.open(repository.path)
    with pytest.raises(InvalidChangeError):
        save(store, path, b"x")
    assert store.head() == head


def test_a_link_can_be_deleted(repository: Repository) -> None:
    repository.commit({"link.md": File(b"/tmp", SYMLINK), "a.md": File(b"a")})
    store = GitStore.open(repository.path)
    save(store, "link.md", None)
    assert repository.git("ls-tree", "--name-only", "main") == "a.md"


@pytest.mark.parametrize("way", [File(b"elsewhere", SYMLINK), File(b"1" * 40, SUBMODULE), File(b"file")])
def test_a_root_that_is_no_folder_is_not_written_to(repository: Repository, way: File) -> None:
    repository.commit({"docs": way})
    store = GitStore.open(repository.path, root="docs/pages")
    with pytest.raises(InvalidChangeError, match="no folder"):
        save(store, "a.md", b"x")


def test_without_a_branch_nothing_is_written(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki", bare=False)
    repository.commit({"a.md": b"a"})
    repository.git("checkout", "-q", "--detach", "main")
    with pytest.raises(StoreError, match="no branch is checked out"):
        save(GitStore.open(repository.path), "a.md", b"b")


def test_sha256(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git", "--object-format=sha256")
    store = GitStore.open(repository.path)
    save(store, "a/b.md", b"1")
    assert len(save(store, "a/c.md", b"2")) == 64
    save(store, "a/b.md", None)
    repository.check()


def test_a_large_commit_is_one_pack(repository: Repository) -> None:
    store = GitStore.open(repository.path)
    changes = [Change(f"{number}.md", b"%d" % number, None) for number in range(300)]
    store.write(changes, author=ADA, summary="Import")
    assert len(list((repository.path / "objects/pack").glob("*.pack"))) == 1
    repository.check()


def test_a_broken_tree_is_not_written_over(repository: Repository) -> None:
    repository.commit({"a/b.md": b"b", "c.md": b"c"})
    tree = repository.git("rev-parse", "main:a")
    (repository.path / "objects" / tree[:2] / tree[2:]).unlink()
    store = GitStore.open(repository.path)
    with pytest.raises(StoreError, match="run git fsck"):
        store.write([Change("a/new.md", b"x", None)], author=ADA, summary="x")
    assert store.head() == repository.git("rev-parse", "main")


def test_a_held_reference_is_waited_for_then_named(repository: Repository) -> None:
    store = GitStore.open(repository.path)
    head = save(store, "a.md", b"a")
    lock = repository.path / "refs/heads/main.lock"
    lock.touch()
    threading.Timer(0.5, lock.unlink).start()
    assert save(store, "a.md", b"b") == store.head() != head


def test_a_stale_lock_is_named(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.store.git_write._PATIENCE_S", 0.1)
    store = GitStore.open(repository.path)
    head = save(store, "a.md", b"a")
    (repository.path / "refs/heads/main.lock").touch()
    with pytest.raises(StoreError, match=r"main\.lock.*delete"):
        save(store, "a.md", b"b")
    assert store.head() == head


def test_a_branch_that_keeps_moving_is_given_up(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = GitStore.open(repository.path)
    save(store, "a.md", b"a")
    store_objects = store._writer._disk.store  # type: ignore[union-attr]

    def move_first(objects: object) -> None:
        store_objects(objects)  # type: ignore[arg-type]
        repository.commit({"a.md": b"a", "b.md": os.urandom(8)}, repository.git("rev-parse", "main"))

    monkeypatch.setattr("engine.store.git_write._ATTEMPTS", 3)
    monkeypatch.setattr(store._writer._disk, "store", move_first)  # type: ignore[union-attr]
    base = blob(store, "a.md")
    with pytest.raises(HeadMovedError):
        save(store, "a.md", b"never", base)
    assert repository.git("show", "main:a.md") == "a"


def test_a_change_that_became_stale_meanwhile_is_a_conflict(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = GitStore.open(repository.path)
    first = save(store, "a.md", b"a")
    store_objects = store._writer._disk.store  # type: ignore[union-attr]

    def move_first(objects: object) -> None:
        store_objects(objects)  # type: ignore[arg-type]
        repository.commit({"a.md": b"other"}, first)

    monkeypatch.setattr(store._writer._disk, "store", move_first)  # type: ignore[union-attr]
    with pytest.raises(EditConflictError):
        save(store, "a.md", b"mine")
    assert repository.git("show", "main:a.md") == "other"


def test_hooks_and_filters_of_the_repository_do_not_run(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki", bare=False)
    repository.commit({"a.md": b"a"})
    repository.git("reset", "-q", "--hard")
    for hook in ("reference-transaction", "post-checkout", "post-index-change", "pre-commit", "post-commit"):
        script = repository.path / ".git/hooks" / hook
        script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\nexit 1\n")
        script.chmod(0o755)
    repository.git("config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
    store = GitStore.open(repository.path)
    save(store, "a.md", b"b")
    assert not (tmp_path / "ran").exists()
    assert (repository.path / "a.md").read_bytes() == b"b"


# Several processes


def write_many(path: Path, number: int, turns: int, done: "SimpleQueue[tuple[int, str]]") -> None:
    store = GitStore.open(path)
    for turn in range(turns):
        done.put((number, save(store, f"d{number % 2}/{number}.md", b"%d\n" % turn)))


def write_one(path: Path, number: int, base: str, done: "SimpleQueue[tuple[int, str]]") -> None:
    store = GitStore.open(path)
    try:
        done.put((number, save(store, "a.md", b"%d\n" % number, base)))
    except EditConflictError:
        done.put((number, ""))


def history(repository: Repository) -> set[str]:
    return set(repository.git("rev-list", "main").splitlines())


def test_processes_and_a_stranger_write_different_pages(repository: Repository) -> None:
    repository.commit({"stranger.md": b"start"})
    spawn = multiprocessing.get_context("spawn")
    done = spawn.SimpleQueue()
    workers = [spawn.Process(target=write_many, args=(repository.path, n, 15, done)) for n in range(4)]
    for worker in workers:
        worker.start()
    strangers: list[str] = []
    while any(worker.is_alive() for worker in workers):
        old = repository.git("rev-parse", "main")
        new = stranger_commit(repository, old, len(strangers))
        moved = subprocess.run(
            ["git", "update-ref", "refs/heads/main", new, old],
            cwd=repository.path,
            capture_output=True,
            check=False,
        )
        if moved.returncode == 0:
            strangers.append(new)
        time.sleep(0.02)
    made = [done.get() for _ in range(60)]
    for worker in workers:
        worker.join()
    assert all(worker.exitcode == 0 for worker in workers)
    reachable = history(repository)
    assert {commit for _, commit in made} | set(strangers) <= reachable
    assert len(reachable) == 61 + len(strangers)
    assert len(strangers) > 3
    for number in range(4):
        assert repository.git("show", f"main:d{number % 2}/{number}.md") == "14"
    repository.check()


def stranger_commit(repository: Repository, old: str, number: int) -> str:
    """Commit with git alone, on top of whatever is there."""
    index = str(repository.path / "stranger-index")
    repository.git("read-tree", old, GIT_INDEX_FILE=index)
    entry = f"100644,{repository.blob(b'%d' % number)},stranger.md"
    repository.git("update-index", "--add", "--cacheinfo", entry, GIT_INDEX_FILE=index)
    return repository.git(
        "commit-tree", repository.git("write-tree", GIT_INDEX_FILE=index), "-p", old, "-m", "stranger"
    )


def test_of_processes_that_write_one_page_exactly_one_wins(repository: Repository) -> None:
    store = GitStore.open(repository.path)
    save(store, "a.md", b"start\n")
    base = blob(store, "a.md") or ""
    spawn = multiprocessing.get_context("spawn")
    done = spawn.SimpleQueue()
    workers = [spawn.Process(target=write_one, args=(repository.path, n, base, done)) for n in range(4)]
    for worker in workers:
        worker.start()
    results = [done.get() for _ in workers]
    for worker in workers:
        worker.join()
    (winner,) = ((number, commit) for number, commit in results if commit)
    assert store.head() == winner[1]
    assert repository.git("show", "main:a.md") == str(winner[0])
    repository.check()


WRITER = """
import sys
from engine.store.git_store import GitStore
from tests.engine.store.test_git_write import save
store = GitStore.open(sys.argv[1])
turn = 0
while True:
    turn += 1
    print(save(store, f"{turn % 5}.md", b"%d" % turn * 1000), flush=True)
"""


@pytest.mark.parametrize("bare", [True, False])
def test_a_killed_process_loses_nothing_it_acknowledged(tmp_path: Path, bare: bool) -> None:
    repository = repositories.make(tmp_path / "wiki", bare=bare)
    acknowledged: list[str] = []
    for turn in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(repository.path)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=Path(__file__).parents[3],
        )
        assert process.stdout is not None
        acknowledged += [process.stdout.readline().strip() for _ in range(1 + turn % 3)]
        time.sleep(0.05 + turn * 0.013)
        os.killpg(process.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
        process.wait()
        process.stdout.close()
        for lock in repository.path.glob("**/*.lock"):
            if lock.name != "index.lock":
                lock.unlink()  # git's own, from an update-ref that was killed: the next write would name it
        repository.check()
        assert set(acknowledged) <= history(repository)
        store = GitStore.open(repository.path)
        save(store, "after.md", b"%d" % turn)
        store.close()
        if not bare:
            assert repository.git("status", "--porcelain") == ""
            left = {file.suffix for file in (repository.path / ".git").glob("index.*")}
            assert left <= {".journal"}  # swept later, when nobody can be about to use them
    assert len(acknowledged) > 6
