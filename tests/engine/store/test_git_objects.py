"""Reading objects: the right bytes for everyone, whatever happens to the repository and to git's processes."""

import hashlib
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import git
import pytest

from engine.errors import RevisionNotFoundError, StoreError
from engine.store.git_objects import FREE
from engine.store.git_store import GitStore
from tests import repositories
from tests.repositories import Repository

FILES = {f"{number}.md": b"page %d\n" % number * (number * 37 % 400) for number in range(120)}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = repositories.make(tmp_path / "wiki.git")
    repository.commit(FILES)
    return repository


@pytest.fixture
def store(repository: Repository) -> GitStore:
    return GitStore.open(repository.path)


def children() -> list[int]:
    """The running processes that this one has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == os.getpid() and state != "Z":
                found.append(int(folder.name))
    return found


def check_all(store: GitStore) -> None:
    for entry in store.tree(store.head() or ""):
        data = store.read(entry.blob)
        assert hashlib.sha1(b"blob %d\0%b" % (len(data), data)).hexdigest() == entry.blob
        assert store.size(entry.blob) == len(data)


def test_threads_get_their_own_bytes(store: GitStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(check_all, store) for _ in range(24)]:
            done.result()


def test_threads_that_ask_one_after_another_have_one_pair_of_children(store: GitStore) -> None:
    before = set(children())
    for _ in range(10):
        thread = threading.Thread(target=check_all, args=(store,))
        thread.start()
        thread.join()
    assert len(set(children()) - before) == 2


def test_of_many_who_asked_at_once_a_few_pairs_are_kept(store: GitStore) -> None:
    before = set(children())
    together = threading.Barrier(FREE + 3)

    def ask() -> None:
        with store._objects._reader() as reader:
            reader.get_object_header(store.head() or "")
            together.wait()

    with ThreadPoolExecutor(FREE + 3) as pool:
        for done in [pool.submit(ask) for _ in range(FREE + 3)]:
            done.result()
    assert len(set(children()) - before) == FREE
    check_all(store)


def test_closing_ends_the_children_of_all_threads(store: GitStore) -> None:
    before = set(children())
    ready, done = threading.Barrier(4), threading.Event()

    def work() -> None:
        with store._objects._reader() as reader:
            reader.get_object_header(store.head() or "")
            ready.wait()
            done.wait()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait()
    assert len(set(children()) - before) == 3
    store.close()
    assert set(children()) <= before
    done.set()
    for thread in threads:
        thread.join()
    assert set(children()) <= before


def test_a_killed_child_is_replaced(store: GitStore) -> None:
    before = set(children())
    check_all(store)
    for child in set(children()) - before:
        os.kill(child, signal.SIGKILL)
    check_all(store)


def test_children_killed_again_and_again_never_lend_wrong_bytes(store: GitStore) -> None:
    entries = list(store.tree(store.head() or ""))
    main = set(children())
    stop = threading.Event()

    def kill() -> None:
        while not stop.wait(0.003):
            for child in set(children()) - main:
                os.kill(child, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for entry in entries * 5:
            try:
                data = store.read(entry.blob)
            except StoreError:
                continue  # killed twice in a row
            assert hashlib.sha1(b"blob %d\0%b" % (len(data), data)).hexdigest() == entry.blob
    finally:
        stop.set()
        killer.join()


def test_a_missing_object_spoils_nothing(store: GitStore) -> None:
    before = children()
    check_all(store)
    started = children()
    for _ in range(50):
        with pytest.raises(RevisionNotFoundError):
            store.read("0" * 40)
        with pytest.raises(RevisionNotFoundError):
            store.size("f" * 40)
    assert children() == started != before
    check_all(store)


def test_an_object_of_another_kind_is_not_found(store: GitStore, repository: Repository) -> None:
    commit = store.head() or ""
    tree = repository.git("rev-parse", f"{commit}^{{tree}}")
    blob = next(store.tree(commit)).blob
    for name in (commit, tree):
        with pytest.raises(RevisionNotFoundError):
            store.read(name)
        with pytest.raises(RevisionNotFoundError):
            store.size(name)
        assert list(store.read_many([name, blob])) == [(blob, store.read(blob))]
    for name in (blob, tree):
        with pytest.raises(RevisionNotFoundError):
            store.tree(name)
        with pytest.raises(RevisionNotFoundError):
            list(store.commits([name]))


def test_packing_is_not_noticed(store: GitStore, repository: Repository) -> None:
    check_all(store)
    repository.git("gc", "-q", "--prune=now")
    check_all(store)
    repository.commit(FILES | {"0.md": b"new"}, store.head() or "")
    check_all(store)
    repository.git("repack", "-q", "-a", "-d", "-f")
    repository.git("prune-packed")
    check_all(store)
    repository.git("pack-refs", "--all")
    check_all(store)


def test_a_commit_that_was_pruned_is_not_found(store: GitStore, repository: Repository) -> None:
    old = store.head() or ""
    check_all(store)
    repository.commit({"a.md": b"all is new"})
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "-q", "--prune=now")
    new = store.head() or ""
    other = GitStore.open(repository.path)
    for opened in (store, other):
        with pytest.raises(RevisionNotFoundError):
            list(opened.tree(old))
        with pytest.raises(RevisionNotFoundError):
            opened.difference(old, new)
        with pytest.raises(RevisionNotFoundError):
            opened.chain(old)
        with pytest.raises(RevisionNotFoundError):
            list(opened.commits([old]))
        check_all(opened)


def test_a_fork_shares_no_child(store: GitStore) -> None:
    check_all(store)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            check_all(store)
            os.write(writer, b"good")
        finally:
            os._exit(0)
    check_all(store)
    os.waitpid(child, 0)
    assert os.read(reader, 10) == b"good"
    os.close(reader)
    os.close(writer)
    check_all(store)


def test_an_interrupted_read_does_not_answer_the_next_one(
    store: GitStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = list(store.tree(store.head() or ""))[5:7]
    expected = store.read(second.blob)
    with store._objects._reader() as free:
        kind = type(free)

    def interrupted(reader: git.Git, name: str) -> object:
        monkeypatch.undo()
        reader.get_object_header(name)
        reader.stream_object_data(name)
        raise KeyboardInterrupt

    monkeypatch.setattr(kind, "get_object_data", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.read(first.blob)
    assert store.read(second.blob) == expected
