"""What every store promises: git and the dict keep each other honest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Protocol, cast

import pytest

from engine.errors import RevisionNotFoundError
from engine.model import Author, Form
from engine.store import Store
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore
from tests import repositories

ADA = Author("Ada", "ada@example.org")
NONE = "0" * 40


class Workshop(Protocol):
    """A store, with a way to make any commit in it."""

    store: Store

    def commit(self, files: Mapping[str, bytes], *parents: str) -> str:
        """Make a commit of exactly these files, and move the branch to it."""
        ...


class MemoryWorkshop:
    def __init__(self, _path: Path) -> None:
        self.store = MemoryStore()

    def commit(self, files: Mapping[str, bytes], *parents: str) -> str:
        commit = self.store.commit_tree(files, parents)
        self.store.set_head(commit)
        return commit


class GitWorkshop:
    root = ""

    def __init__(self, path: Path) -> None:
        self.repository = repositories.make(path / "wiki.git")
        self.store = GitStore.open(self.repository.path, root=self.root)

    def commit(self, files: Mapping[str, bytes], *parents: str) -> str:
        whole = {f"{self.root}/{path}".lstrip("/"): content for path, content in files.items()}
        if self.root:
            whole["outside.md"] = b"%d\n" % len(files)
        return self.repository.commit(whole, *parents)


class FolderWorkshop(GitWorkshop):
    root = "docs/wiki"


@pytest.fixture(params=[MemoryWorkshop, GitWorkshop, FolderWorkshop])
def workshop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workshop]:
    made = cast(Callable[[Path], Workshop], request.param)(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def store(workshop: Workshop) -> Store:
    return workshop.store


def listing(store: Store, commit: str) -> dict[str, bytes]:
    return {entry.path: store.read(entry.blob) for entry in store.tree(commit)}


def touches(store: Store, commit: str) -> list[tuple[str, str | None, bool, bool]]:
    (found,) = store.commits([commit])
    return [(touch.path, touch.old_path, touch.blob is None, touch.added) for touch in found.touches]


def test_a_new_store_has_no_head(store: Store) -> None:
    assert store.head() is None


def test_the_head_is_the_last_commit(workshop: Workshop) -> None:
    first = workshop.commit({"a.md": b"one\n"})
    assert workshop.store.head() == first
    second = workshop.commit({"a.md": b"two\n"}, first)
    assert workshop.store.head() == second


def test_a_tree_lists_files_by_path_with_their_form(workshop: Workshop) -> None:
    files = {
        "b.md": b"b",
        "a/z.MD": b"z",
        "a.markdown": b"a",
        "logo.png": b"\x89PNG",
        "a/.md": b"",
        "首页.md": b"z",
    }
    commit = workshop.commit(files)
    found = list(workshop.store.tree(commit))
    assert [entry.path for entry in found] == sorted(files)
    assert listing(workshop.store, commit) == files
    assert {entry.path for entry in found if entry.form is Form.MEDIA} == {"logo.png", "a/.md"}


def test_an_empty_tree_is_a_tree(workshop: Workshop) -> None:
    assert list(workshop.store.tree(workshop.commit({}))) == []


@pytest.mark.parametrize("name", [NONE, "HEAD", "main", "--output=x", "", "a" * 39, "A" * 40, NONE + "\n"])
def test_what_is_no_commit_is_not_found(workshop: Workshop, name: str) -> None:
    store = workshop.store
    head = workshop.commit({"a.md": b"one\n"})
    questions: list[Callable[[], object]] = [
        lambda: list(store.tree(name)),
        lambda: store.difference(name, head),
        lambda: store.difference(head, name),
        lambda: store.difference(None, name),
        lambda: store.read(name),
        lambda: store.size(name),
        lambda: store.chain(name),
        lambda: list(store.commits([name])),
        lambda: list(store.commits([head, name, head])),
    ]
    for question in questions:
        with pytest.raises(RevisionNotFoundError):
            question()
    assert list(store.read_many([name])) == []
    assert store.read(next(store.tree(head)).blob) == b"one\n"


def test_a_difference_tells_new_changed_and_gone(workshop: Workshop) -> None:
    old = workshop.commit({"a.md": b"a", "b.md": b"b", "c/d.md": b"d", "same.md": b"s"})
    new = workshop.commit({"b.md": b"B", "c/d.md": b"d", "c/e.md": b"e", "same.md": b"s"}, old)
    found = workshop.store.difference(old, new)
    assert [(d.path, d.old is not None, d.new is not None) for d in found] == [
        ("a.md", True, False),
        ("b.md", True, True),
        ("c/e.md", False, True),
    ]
    changed = found[1]
    assert changed.old is not None
    assert changed.new is not None
    assert workshop.store.read(changed.old.blob) + workshop.store.read(changed.new.blob) == b"bB"
    assert workshop.store.difference(new, new) == []


def test_a_difference_from_nothing_is_the_whole_tree(workshop: Workshop) -> None:
    commit = workshop.commit({"a.md": b"a", "b/c.md": b"c"})
    found = workshop.store.difference(None, commit)
    assert [d.new for d in found] == list(workshop.store.tree(commit))
    assert all(d.old is None for d in found)


def test_a_file_may_become_a_folder(workshop: Workshop) -> None:
    old = workshop.commit({"a": b"file"})
    new = workshop.commit({"a/b.md": b"b"}, old)
    found = workshop.store.difference(old, new)
    assert [(d.path, d.old is None) for d in found] == [("a", False), ("a/b.md", True)]


@pytest.mark.parametrize("content", [b"", b"\n", b"no end", b"\0\xff\r\n" * 3, b"x" * 3_000_000])
def test_bytes_come_back_as_they_were(workshop: Workshop, content: bytes) -> None:
    commit = workshop.commit({"a.md": content, "b.md": b"after"})
    a, b = (entry.blob for entry in workshop.store.tree(commit))
    assert workshop.store.read(a) == content
    assert workshop.store.size(a) == len(content)
    assert workshop.store.read(b) == b"after"
    assert list(workshop.store.read_many([b, NONE, a, b])) == [(b, b"after"), (a, content), (b, b"after")]


def test_reading_many_may_stop_early(workshop: Workshop) -> None:
    commit = workshop.commit({f"{number}.md": b"%d" % number * 10_000 for number in range(50)})
    blobs = [entry.blob for entry in workshop.store.tree(commit)]
    reading = workshop.store.read_many(blobs)
    assert next(reading)[0] == blobs[0]
    del reading
    assert [blob for blob, _ in workshop.store.read_many(iter(blobs))] == blobs


def test_a_chain_has_children_before_parents(workshop: Workshop) -> None:
    root = workshop.commit({"a.md": b"1"})
    left = workshop.commit({"a.md": b"2"}, root)
    right = workshop.commit({"a.md": b"1", "b.md": b"b"}, root)
    merge = workshop.commit({"a.md": b"2", "b.md": b"b"}, left, right)
    workshop.commit({"a.md": b"elsewhere"}, root)
    chain = workshop.store.chain(merge)
    assert dict(chain) == {merge: (left, right), left: (root,), right: (root,), root: ()}
    order = [commit for commit, _ in chain]
    assert all(order.index(commit) < order.index(parent) for commit, parents in chain for parent in parents)


def test_the_first_commit_adds_everything(workshop: Workshop) -> None:
    commit = workshop.commit({"a.md": b"a", "b/c.md": b"c"})
    assert touches(workshop.store, commit) == [("a.md", None, False, True), ("b/c.md", None, False, True)]


def test_a_commit_tells_what_it_touched(workshop: Workshop) -> None:
    first = workshop.commit({"a.md": b"a\n" * 9, "b.md": b"b\n", "c.md": b"c\n"})
    second = workshop.commit({"z/a.md": b"a\n" * 9, "b.md": b"B\n", "d.md": b"other\n"}, first)
    assert touches(workshop.store, second) == [
        ("b.md", None, False, False),
        ("c.md", None, True, False),
        ("d.md", None, False, True),
        ("z/a.md", "a.md", False, False),
    ]


def test_an_identical_file_is_renamed_to_one_place_only(workshop: Workshop) -> None:
    first = workshop.commit({"old/a.md": b"text\n" * 5})
    second = workshop.commit({"new/b.md": b"text\n" * 5, "new/a.md": b"text\n" * 5}, first)
    assert touches(workshop.store, second) == [
        ("new/a.md", "old/a.md", False, False),
        ("new/b.md", None, False, True),
    ]


def test_a_commit_may_touch_nothing(workshop: Workshop) -> None:
    first = workshop.commit({"a.md": b"a"})
    second = workshop.commit({"a.md": b"a"}, first)
    assert touches(workshop.store, second) == []


def test_a_merge_touches_what_it_changed_itself(workshop: Workshop) -> None:
    base = {"a.md": b"a\n" * 9, "b.md": b"b\n" * 9, "c.md": b"c\n" * 9}
    root = workshop.commit(base)
    left = workshop.commit(base | {"a.md": b"left\n"}, root)
    right = workshop.commit(base | {"a.md": b"right\n", "b.md": b"right\n"}, root)
    files = {"a.md": b"both\n", "b.md": b"right\n", "moved.md": b"c\n" * 9, "new.md": b"n\n"}
    merge = workshop.commit(files, left, right)
    assert touches(workshop.store, merge) == [
        ("a.md", None, False, False),
        ("c.md", None, True, False),
        ("moved.md", None, False, True),
        ("new.md", None, False, True),
    ]


def test_commits_come_in_the_order_asked_for(workshop: Workshop) -> None:
    made: list[str] = []
    for number in range(5):
        made.append(workshop.commit({"a.md": b"%d" % number}, *made[-1:]))
    wanted: Sequence[str] = [made[3], made[0], made[4], made[3]]
    found = list(workshop.store.commits(wanted))
    assert [commit.id for commit in found] == wanted
    assert found[0].parents == (made[2],)
    assert found[0].time.tzinfo is UTC
    assert list(workshop.store.commits([])) == []
