"""What every store promises: git and the dict keep each other honest."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Protocol, cast

import pytest

from engine.errors import (
    EditConflictError,
    InvalidChangeError,
    PageExistsError,
    PageIdError,
    RevisionNotFoundError,
    TooLargeError,
)
from engine.model import Author, Form
from engine.store import BLAMED_BYTES, Change, Store
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore
from engine.store.trailers import KEY, with_trailers
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
        lambda: store.entry(name, "a.md"),
        lambda: store.entries(name, ["a.md"]),
        lambda: store.difference(name, head),
        lambda: store.difference(head, name),
        lambda: store.difference(None, name),
        lambda: store.read(name),
        lambda: store.size(name),
        lambda: store.chain(name),
        lambda: store.line(name, 10),
        lambda: list(store.commits([name])),
        lambda: list(store.commits([head, name, head])),
    ]
    for question in questions:
        with pytest.raises(RevisionNotFoundError):
            question()
    assert list(store.read_many([name])) == []
    assert store.read(next(store.tree(head)).blob) == b"one\n"


def test_a_single_file_of_a_commit_is_found_by_its_path(workshop: Workshop) -> None:
    files = {"b.md": b"b", "a/z.MD": b"z", "a/z/y/x.md": b"x", "logo.png": b"\x89PNG", "首页.md": b"z"}
    first = workshop.commit(files)
    second = workshop.commit({"b.md": b"B"}, first)
    for entry in workshop.store.tree(first):
        assert workshop.store.entry(first, entry.path) == entry
        assert workshop.store.entries(first, [entry.path, "no"]) == {entry.path: entry}
    listed = {entry.path: entry for entry in workshop.store.tree(first)}
    asked = [*listed, "no", "a", "a/no", "no/no", *(f"{n}.md" for n in range(20))]
    assert workshop.store.entries(first, asked) == listed
    assert workshop.store.entry(second, "a/z.MD") is None
    changed = workshop.store.entry(second, "b.md")
    assert changed is not None
    assert workshop.store.read(changed.blob) == b"B"


@pytest.mark.parametrize(
    "path", ["", "/", "a", "a/", "a/z", "/b.md", "b.md/", "b.md/c", ".", "a/../b.md", "b", "md"]
)
def test_what_is_no_file_of_a_commit_is_none(workshop: Workshop, path: str) -> None:
    commit = workshop.commit({"b.md": b"b", "a/z/y.md": b"y"})
    assert workshop.store.entry(commit, path) is None


def test_a_commit_without_files_has_no_file(workshop: Workshop) -> None:
    assert workshop.store.entry(workshop.commit({}), "a.md") is None


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
    assert workshop.store.blob_id(content) == a
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
    assert [workshop.store.chain(merge, most=most) for most in (1, 3)] == [chain[:1], chain[:3]]
    assert workshop.store.line(merge, 10) == [merge, left, root]
    assert workshop.store.line(merge, 2) == [merge, left]


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


def blob(store: Store, path: str) -> str:
    return next(entry.blob for entry in store.tree(store.head() or "") if entry.path == path)


def write(store: Store, *changes: tuple[str, bytes | None, str | None], summary: str = "A change") -> str:
    return store.write([Change(*change) for change in changes], author=ADA, summary=summary)


def test_the_first_commit_is_written_to_an_empty_store(store: Store) -> None:
    commit = write(store, ("a.md", b"a\n", None), ("b/c.md", b"c\n", None), summary="Start")
    assert store.head() == commit
    assert listing(store, commit) == {"a.md": b"a\n", "b/c.md": b"c\n"}
    assert store.chain(commit) == [(commit, ())]


def test_a_commit_says_who_when_and_why(store: Store) -> None:
    zone = timezone(timedelta(hours=-3, minutes=-30))
    moment = datetime(2026, 3, 9, 23, 30, 5, 999, tzinfo=zone)
    commit = store.write([Change("a.md", b"a", None)], author=ADA, summary="Why\n\nAt length", time=moment)
    (found,) = store.commits([commit])
    assert found.author == ADA
    assert found.time == datetime(2026, 3, 10, 3, 0, 5, tzinfo=UTC)
    assert found.summary == "Why"
    assert [touch.path for touch in found.touches] == ["a.md"]


def test_one_commit_adds_changes_and_deletes(workshop: Workshop) -> None:
    store = workshop.store
    first = workshop.commit(
        {"a.md": b"a\n", "b/c.md": b"c\n", "b/d.md": b"d\n", "e/f.md": b"f\n", "z.png": b"z"}
    )
    second = write(
        store,
        ("new/deep/page.md", b"n\n", None),
        ("b/d.md", None, blob(store, "b/d.md")),
        ("a.md", b"A\n", blob(store, "a.md")),
        ("e/f.md", None, blob(store, "e/f.md")),
    )
    assert listing(store, second) == {
        "a.md": b"A\n",
        "b/c.md": b"c\n",
        "new/deep/page.md": b"n\n",
        "z.png": b"z",
    }
    assert store.chain(second) == [(second, (first,)), (first, ())]
    assert touches(store, second) == [
        ("a.md", None, False, False),
        ("b/d.md", None, True, False),
        ("e/f.md", None, True, False),
        ("new/deep/page.md", None, False, True),
    ]


def test_a_rename_is_an_addition_and_a_deletion(workshop: Workshop) -> None:
    store = workshop.store
    workshop.commit({"old.md": b"text\n" * 9})
    commit = write(store, ("old.md", None, blob(store, "old.md")), ("new.md", b"text\n" * 9, None))
    assert touches(store, commit) == [("new.md", "old.md", False, False)]


def test_the_last_file_may_go_and_a_first_may_come(store: Store) -> None:
    write(store, ("a/b.md", b"b", None))
    empty = write(store, ("a/b.md", None, blob(store, "a/b.md")))
    assert list(store.tree(empty)) == []
    assert listing(store, write(store, ("c.md", b"c", None))) == {"c.md": b"c"}


def test_without_an_effective_change_nothing_is_committed(workshop: Workshop) -> None:
    store = workshop.store
    head = workshop.commit({"a.md": b"a\n", "b.md": b"b\n"})
    assert write(store, ("a.md", b"a\n", blob(store, "a.md"))) == head
    commit = write(store, ("a.md", b"a\n", blob(store, "a.md")), ("b.md", b"B\n", blob(store, "b.md")))
    assert touches(store, commit) == [("b.md", None, False, False)]


def test_a_stale_base_is_a_conflict(workshop: Workshop) -> None:
    store = workshop.store
    workshop.commit({"a.md": b"one\n", "b.md": b"b\n"})
    old = blob(store, "a.md")
    head = write(store, ("a.md", b"two\n", old))
    for content in (b"three\n", None):
        with pytest.raises(EditConflictError) as caught:
            write(store, ("b.md", b"never\n", blob(store, "b.md")), ("a.md", content, old))
        assert (caught.value.path, caught.value.expected) == ("a.md", old)
        assert caught.value.found == blob(store, "a.md")
    assert store.head() == head
    assert listing(store, head)["b.md"] == b"b\n"


def test_a_file_that_is_gone_is_a_conflict(workshop: Workshop) -> None:
    store = workshop.store
    workshop.commit({"a.md": b"one\n", "b.md": b"b"})
    old = blob(store, "a.md")
    write(store, ("a.md", None, old))
    for path in ("a.md", "a/b/c.md", "b.md/c.md"):
        with pytest.raises(EditConflictError) as caught:
            write(store, (path, b"two\n", old))
        assert caught.value.found is None


def test_a_new_file_must_not_exist(workshop: Workshop) -> None:
    workshop.commit({"a.md": b"one\n", "b/c.md": b"c"})
    for path in ("a.md", "b/c.md"):
        with pytest.raises(PageExistsError):
            write(workshop.store, (path, b"two\n", None))


@pytest.mark.parametrize(
    "path",
    [
        *("../a.md", "a/../../b.md", "/a.md", "a//b.md", "", ".", ".git/config", "x/.GIT/y.md", "git~1/x.md"),
        *("a\\b.md", "a\nb.md", "a\0.md", "a\u202e.md", "a./b.md", "a /b.md", "x" * 256, "d/" * 600 + "a.md"),
        "\ud800.md",
    ],
)
def test_an_unsafe_path_is_refused(store: Store, path: str) -> None:
    with pytest.raises(PageIdError):
        write(store, (path, b"x", None))
    assert store.head() is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([], "nothing to change"),
        ([("new.md", b"1", None), ("new.md", b"2", None)], "twice"),
        ([("new.md", None, None)], "cannot be deleted"),
        ([("folder", b"x", None)], "is a folder"),
        ([("page.md/below.md", b"x", None)], "page.md is a file"),
        ([("logo/below/deep.md", b"x", None)], "logo is a file"),
        ([("new", b"x", None), ("new/below.md", b"x", None)], "new is a file"),
        ([("Page.md", b"x", None)], "same address as page.md"),
        ([("page.markdown", b"x", None)], "same address as page.md"),
        ([("page", b"x", None)], "same address as page.md"),
        ([("FOLDER/Long Name.md", b"x", None)], "same address as folder/long_name.md"),
        ([("folder/long-name.MD", b"x", None)], "same address as folder/long_name.md"),
        ([("ｐａｇｅ.md", b"x", None)], "same address as page.md"),
        ([("LOGO", b"x", None)], "same address as logo"),
        ([("one two.md", b"x", None), ("One-Two.md", b"x", None)], "same address as"),
    ],
)
def test_what_would_break_the_repository_is_refused(
    workshop: Workshop, changes: list[tuple[str, bytes | None, str | None]], says: str
) -> None:
    head = workshop.commit({"page.md": b"p", "folder/long_name.md": b"l", "logo": b"x"})
    with pytest.raises(InvalidChangeError, match=says):
        write(workshop.store, *changes)
    assert workshop.store.head() == head


def test_a_page_may_change_its_case_or_suffix(workshop: Workshop) -> None:
    store = workshop.store
    workshop.commit({"page.md": b"text\n", "b.markdown": b"b\n"})
    commit = write(
        store,
        ("page.md", None, blob(store, "page.md")),
        ("Page.md", b"text\n", None),
        ("b.markdown", None, blob(store, "b.markdown")),
        ("b.md", b"b\n", None),
    )
    assert listing(store, commit) == {"Page.md": b"text\n", "b.md": b"b\n"}


def test_pages_that_clash_already_stay_and_can_be_edited(workshop: Workshop) -> None:
    store = workshop.store
    workshop.commit({"a b.md": b"1\n", "A-B.md": b"2\n", "Dir/x.md": b"3", "dir/X.md": b"4"})
    commit = write(
        store, ("A-B.md", b"two\n", blob(store, "A-B.md")), ("dir/X.md", None, blob(store, "dir/X.md"))
    )
    assert listing(store, commit) == {"a b.md": b"1\n", "A-B.md": b"two\n", "Dir/x.md": b"3"}
    with pytest.raises(InvalidChangeError, match="same address"):
        write(store, ("a_b.md", b"3\n", None))


def test_a_page_may_have_the_name_of_a_folder(store: Store) -> None:
    write(store, ("news.md", b"n", None), ("news/a.md", b"a", None))
    commit = write(store, ("News/b.md", b"b", None))
    assert set(listing(store, commit)) == {"news.md", "news/a.md", "News/b.md"}


def test_a_file_and_a_folder_may_change_places_in_one_commit(workshop: Workshop) -> None:
    store = workshop.store
    workshop.commit({"a": b"file", "b/c.md": b"c", "b/d/e.md": b"e"})
    commit = write(
        store,
        ("a", None, blob(store, "a")),
        ("a/new.md", b"n", None),
        ("b/c.md", None, blob(store, "b/c.md")),
        ("b/d/e.md", None, blob(store, "b/d/e.md")),
        ("b", b"file", None),
    )
    assert listing(store, commit) == {"a/new.md": b"n", "b": b"file"}


def test_names_that_git_orders_in_its_own_way(store: Store) -> None:
    write(store, ("a/x.md", b"1", None), ("a-b.md", b"2", None), ("a.md", b"3", None), ("a0.md", b"4", None))
    commit = write(store, ("a/y.md", b"5", None), ("首页/é ü.md", b"6", None), ("Zoë.md", b"7", None))
    expected = {"a/x.md": b"1", "a-b.md": b"2", "a.md": b"3", "a0.md": b"4", "a/y.md": b"5"}
    assert listing(store, commit) == expected | {"首页/é ü.md": b"6", "Zoë.md": b"7"}


@pytest.mark.parametrize("content", [b"", b"\0\r\n\xff", b"x" * 2_000_000])
def test_content_is_written_as_it_is(store: Store, content: bytes) -> None:
    write(store, ("a.bin", content, None))
    assert store.read(blob(store, "a.bin")) == content


def test_many_files_in_one_commit(store: Store) -> None:
    files = {f"d{number % 7}/{number}.md": b"%d\n" % number for number in range(500)}
    commit = write(store, *((path, content, None) for path, content in files.items()))
    assert listing(store, commit) == files


ODD_PEOPLE = ["A <b> \n c", "", "\0", "<>", "José\u202e", "\ud800", "-x", "a" * 5000, "Dr. X, Jr."]


@pytest.mark.parametrize("name", ODD_PEOPLE)
def test_odd_people_write_sound_commits(store: Store, name: str) -> None:
    commit = store.write(
        [Change("a.md", b"a", None)], author=Author(name, name), summary=name + "\n\n" + name
    )
    (found,) = store.commits([commit])
    assert found.author.name
    assert not set("<>\n\0\u202e") & set(found.author.name + found.author.email)
    assert not set("\n\0\u202e") & set(found.summary)


@pytest.mark.parametrize("year", [1, 1969, 1970, 9999])
def test_odd_dates_are_written(store: Store, year: int) -> None:
    moment = datetime(year, 6, 1, tzinfo=UTC)
    commit = store.write([Change("a.md", b"a", None)], author=ADA, summary="x", time=moment)
    assert next(iter(store.commits([commit]))).time == max(moment, datetime(1970, 1, 1, tzinfo=UTC))


def test_threads_that_write_different_pages_all_succeed(store: Store) -> None:
    write(store, *((f"{number}.md", b"start\n", None) for number in range(8)))
    made: dict[int, list[str]] = {}

    def work(number: int) -> None:
        for turn in range(10):
            commit = write(store, (f"{number}.md", b"%d\n" % turn, blob(store, f"{number}.md")))
            made.setdefault(number, []).append(commit)

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, number) for number in range(8)]:
            done.result()
    head = store.head() or ""
    history = {commit for commit, _ in store.chain(head)}
    assert len(history) == 81
    assert {commit for commits in made.values() for commit in commits} <= history
    assert listing(store, head) == {f"{number}.md": b"9\n" for number in range(8)}


def test_of_threads_that_write_one_page_exactly_one_wins(store: Store) -> None:
    write(store, ("a.md", b"start\n", None))
    for turn in range(5):
        base = blob(store, "a.md")

        def work(number: int, turn: int = turn, base: str = base) -> bytes | None:
            content = b"%d %d\n" % (turn, number)
            try:
                write(store, ("a.md", content, base))
            except EditConflictError:
                return None
            return content

        with ThreadPoolExecutor(8) as pool:
            results = [done.result() for done in [pool.submit(work, number) for number in range(8)]]
        (winner,) = (content for content in results if content is not None)
        assert store.read(blob(store, "a.md")) == winner


# -- who wrote each line


def blamed(store: Store, commit: str, path: str = "a.md") -> list[tuple[str, str | None, int, int, int]]:
    return [
        (origin.commit, origin.path, origin.start, origin.start_then, origin.count)
        for origin in store.blame(commit, path)
    ]


def test_each_line_is_told_with_its_commit_and_where_it_stood(workshop: Workshop) -> None:
    one = workshop.commit({"a.md": b"one\ntwo\n", "b.md": b"other\n"})
    two = workshop.commit({"a.md": b"one\ntwo\nthree\nfour", "b.md": b"other\n"}, one)
    three = workshop.commit({"a.md": b"zero\none\n2\nthree\nfour", "b.md": b"other\n"}, two)
    store = workshop.store
    assert blamed(store, one) == [(one, "a.md", 1, 1, 2)]
    assert blamed(store, two) == [(one, "a.md", 1, 1, 2), (two, "a.md", 3, 3, 2)]
    assert blamed(store, three) == [
        (three, "a.md", 1, 1, 1),
        (one, "a.md", 2, 1, 1),
        (three, "a.md", 3, 3, 1),
        (two, "a.md", 4, 3, 2),
    ]
    assert [origin.previous for origin in store.blame(three, "a.md")] == [
        (two, "a.md"),
        None,
        (two, "a.md"),
        (one, "a.md"),
    ]
    assert blamed(store, three, "b.md") == [(one, "b.md", 1, 1, 1)]


def test_lines_are_followed_through_renames(workshop: Workshop) -> None:
    text = b"one\ntwo\nthree\nfour\nfive\n"
    one = workshop.commit({"a.md": text})
    two = workshop.commit({"x/b.md": text}, one)
    three = workshop.commit({"x/b.md": text + b"six\n"}, two)
    four = workshop.commit({"c d.md": text + b"six\n", "a.md": b"new here\n"}, three)
    found = workshop.store.blame(four, "c d.md")
    assert [(origin.commit, origin.path, origin.start, origin.count) for origin in found] == [
        (one, "a.md", 1, 5),
        (three, "x/b.md", 6, 1),
    ]
    assert [origin.previous for origin in found] == [None, (two, "x/b.md")]
    assert blamed(workshop.store, four) == [(four, "a.md", 1, 1, 1)]


def test_a_merge_is_named_only_for_what_it_changed_itself(workshop: Workshop) -> None:
    base = workshop.commit({"a.md": b"one\n\ntwo\n\nthree\n", "b.md": b"b\n"})
    left = workshop.commit({"a.md": b"ONE\n\ntwo\n\nthree\n", "b.md": b"b\n"}, base)
    right = workshop.commit({"a.md": b"one\n\ntwo\n\nTHREE\n", "b.md": b"c\n"}, base)
    both = workshop.commit({"a.md": b"ONE\n\nTwo\n\nTHREE\n", "b.md": b"c\n"}, left, right)
    found = workshop.store.blame(both, "a.md")
    assert [(origin.commit, origin.start, origin.count) for origin in found] == [
        (left, 1, 1),
        (base, 2, 1),
        (both, 3, 1),
        (base, 4, 1),
        (right, 5, 1),
    ]
    assert [origin.previous for origin in found if origin.commit == both] == [(left, "a.md")]
    assert blamed(workshop.store, both, "b.md") == [(right, "b.md", 1, 1, 1)]


def test_lines_of_a_merge_of_unrelated_histories_come_from_both(workshop: Workshop) -> None:
    one = workshop.commit({"a.md": b"one\n"})
    other = workshop.commit({"a.md": b"other\n"})
    both = workshop.commit({"a.md": b"one\nother\n"}, one, other)
    assert blamed(workshop.store, both) == [(one, "a.md", 1, 1, 1), (other, "a.md", 2, 1, 1)]


def test_any_bytes_and_any_path_have_origins(workshop: Workshop) -> None:
    content = b"\xff\xfe\0\r\nx\ry\xe2\x80\xa8z\n\n"
    paths = ['"quoted".md', "tab\tand\nline.md", "-x.md", ":(glob)*.md", "首页.png", " .md", "a\\b.md"]
    one = workshop.commit(dict.fromkeys(paths, content))
    two = workshop.commit(dict.fromkeys(paths, content + b"more"), one)
    for path in paths:
        assert blamed(workshop.store, two, path) == [(one, path, 1, 1, 3), (two, path, 4, 4, 1)]
        assert workshop.store.blame(two, path)[1].previous == (one, path)


def test_a_file_without_lines_has_no_origins(workshop: Workshop) -> None:
    assert workshop.store.blame(workshop.commit({"a.md": b""}), "a.md") == []


@pytest.mark.parametrize(
    "path", ["b.md", "", "x", "x/", "x/../a.md", "./a.md", "/a.md", "../a.md", "a.md/", "*.md"]
)
def test_what_is_no_file_has_no_origins(workshop: Workshop, path: str) -> None:
    commit = workshop.commit({"a.md": b"one\n", "x/y.md": b"two\n"})
    with pytest.raises(RevisionNotFoundError):
        workshop.store.blame(commit, path)


@pytest.mark.parametrize("name", [NONE, "HEAD", "--output=x", "", "A" * 40])
def test_what_is_no_commit_has_no_origins(workshop: Workshop, name: str) -> None:
    workshop.commit({"a.md": b"one\n"})
    with pytest.raises(RevisionNotFoundError):
        workshop.store.blame(name, "a.md")


def test_nobody_is_told_who_wrote_the_lines_of_a_huge_file(workshop: Workshop) -> None:
    commit = workshop.commit({"a.md": b"x" * (BLAMED_BYTES + 1)})
    with pytest.raises(TooLargeError, match="2,000,000"):
        workshop.store.blame(commit, "a.md")


@pytest.mark.parametrize("seed", range(3))
def test_git_and_the_dict_tell_the_same_of_any_line(seed: int, tmp_path: Path) -> None:
    """Every line stands once, so that there is one true answer; renames, forks and merges among the changes."""
    source = Random(seed)
    memory, git = MemoryWorkshop(tmp_path), GitWorkshop(tmp_path)
    made: list[tuple[str, str, str, list[str]]] = []  # commit in each store, path, lines

    def commit(path: str, lines: list[str], *parents: int) -> None:
        files = {path: "".join(lines).encode(), "other.md": b"other\n"}
        one = memory.commit(files, *(made[parent][0] for parent in parents))
        made.append((one, git.commit(files, *(made[parent][1] for parent in parents)), path, lines))

    commit("a.md", [f"first {number}\n" for number in range(30)])
    for step in range(25):
        at = source.randrange(max(0, len(made) - 3), len(made))
        path, lines = made[at][2], list(made[at][3])
        if step % 6 == 5:
            path = f"{step}.md"  # only renamed: the dict follows no other rename
        elif step % 6 == 3 and made[-1][2] == made[-2][2]:
            other = made[-2][3]
            lines = [line for line in made[-1][3] if line in other or source.random() < 0.5]
            lines.insert(source.randrange(len(lines)), f"merged {step}\n")
            commit(made[-1][2], lines, len(made) - 1, len(made) - 2)
            continue
        else:
            for _ in range(3):
                where = source.randrange(len(lines))
                lines[where : where + source.randrange(3)] = [f"step {step} {source.random()}\n"]
        commit(path, lines, at)
    numbers = [{version[which]: number for number, version in enumerate(made)} for which in (0, 1)]
    stores: list[Store] = [memory.store, git.store]
    for one, two, path, _ in made:
        told = [
            [
                (known[origin.commit], origin.path, origin.start, origin.start_then, origin.count)
                for origin in store.blame(commit_id, path)
            ]
            for known, store, commit_id in zip(numbers, stores, (one, two), strict=True)
        ]
        assert told[0] == told[1]
    git.store.close()


def test_a_change_may_name_a_blob_that_is_there_in_place_of_content(store: Store) -> None:
    first = store.write([Change("a.md", b"one\n", None)], author=ADA, summary="Begin")
    blob = next(store.tree(first)).blob
    moved = store.write(
        [Change("a.md", None, blob), Change("b.md", None, None, blob)], author=ADA, summary="Move"
    )
    assert listing(store, moved) == {"b.md": b"one\n"}
    assert store.write([Change("b.md", None, blob, blob)], author=ADA, summary="Again") == moved


def test_a_change_that_names_no_blob_of_the_store_changes_nothing(store: Store) -> None:
    head = store.write([Change("a.md", b"one\n", None)], author=ADA, summary="Begin")
    for blob in (NONE, "x" * 40, "--output=x"):
        with pytest.raises(RevisionNotFoundError):
            store.write([Change("b.md", None, None, blob)], author=ADA, summary="Move")
    assert store.head() == head


def test_a_commit_tells_the_key_of_the_call_that_made_it(store: Store) -> None:
    message = with_trailers("Begin\n\nQuire-Key: forged by a summary", {KEY: "abc def"})
    keyed = store.write([Change("a.md", b"one\n", None)], author=ADA, summary=message)
    forged = store.write([Change("b.md", b"two\n", None)], author=ADA, summary="Quire-Key: forged")
    assert [commit.key for commit in store.commits([keyed, forged])] == ["abc def", ""]


def test_a_commit_tells_who_made_it_and_all_that_it_says(store: Store) -> None:
    said = "Say why\n\nBecause of this,\nand of that.\n\nQuire-Via: browser"
    when = datetime(2026, 3, 1, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    made = store.write([Change("a.md", b"a\n", None)], author=ADA, summary=said, time=when)
    text = store.commit_text(made)
    assert (text.author, text.time) == (ADA, when)
    assert text.message.strip() == said
    for wrong in (NONE, "main", ""):
        with pytest.raises(RevisionNotFoundError):
            store.commit_text(wrong)
