"""Opening a repository: where it is, which part of it, which branch, and what is said when it cannot be."""

import os
import shutil
from pathlib import Path

import pytest

from engine.errors import PageIdError, RevisionNotFoundError, StoreError
from engine.model import Author
from engine.store.git_store import GitStore
from tests import repositories
from tests.repositories import Repository

FILES = {"top.md": b"top\n", "docs/a.md": b"a\n", "docs/deep/b.md": b"b\n"}


def paths(store: GitStore) -> list[str]:
    head = store.head()
    return [entry.path for entry in store.tree(head)] if head else []


@pytest.fixture
def bare(tmp_path: Path) -> Repository:
    repository = repositories.make(tmp_path / "wiki.git")
    repository.commit(FILES)
    return repository


@pytest.fixture
def checked_out(tmp_path: Path) -> Repository:
    repository = repositories.make(tmp_path / "wiki", bare=False)
    repository.commit(FILES)
    repository.git("reset", "-q", "--hard")
    return repository


def test_a_bare_repository(bare: Repository) -> None:
    store = GitStore.open(bare.path)
    assert (store.root, store.branch) == ("", "main")
    assert paths(store) == ["docs/a.md", "docs/deep/b.md", "top.md"]
    assert store.git_dir == bare.path
    assert store.cache_folder.parent == bare.path / "quire"


def test_a_work_tree(checked_out: Repository) -> None:
    store = GitStore.open(checked_out.path)
    assert paths(store) == ["docs/a.md", "docs/deep/b.md", "top.md"]
    assert store.cache_folder.parent == checked_out.path / ".git" / "quire"


def test_nothing_is_read_from_the_work_tree(checked_out: Repository) -> None:
    shutil.rmtree(checked_out.path / "docs")
    (checked_out.path / "new.md").write_text("not committed")
    assert paths(GitStore.open(checked_out.path)) == ["docs/a.md", "docs/deep/b.md", "top.md"]


def test_gits_own_folder(checked_out: Repository) -> None:
    assert paths(GitStore.open(checked_out.path / ".git")) == ["docs/a.md", "docs/deep/b.md", "top.md"]


def test_a_folder_inside_a_work_tree_is_the_root(checked_out: Repository) -> None:
    store = GitStore.open(checked_out.path / "docs")
    assert store.root == "docs"
    assert paths(store) == ["a.md", "deep/b.md"]


def test_a_root_below_a_folder(checked_out: Repository) -> None:
    assert paths(GitStore.open(checked_out.path / "docs", root="deep")) == ["b.md"]


@pytest.mark.parametrize("root", ["docs", "docs/", "/docs", "docs/deep/.."[:4]])
def test_a_named_root(bare: Repository, root: str) -> None:
    assert paths(GitStore.open(bare.path, root=root)) == ["a.md", "deep/b.md"]


def test_a_root_that_is_not_there_yet_is_empty(bare: Repository) -> None:
    assert paths(GitStore.open(bare.path, root="wiki/pages")) == []


def test_a_root_that_is_a_file_is_empty(bare: Repository) -> None:
    assert paths(GitStore.open(bare.path, root="top.md")) == []


@pytest.mark.parametrize("root", ["..", "docs/../..", ".git", "a//b", "a\nb", "docs\\deep"])
def test_an_unsafe_root_is_refused(bare: Repository, root: str) -> None:
    with pytest.raises(PageIdError):
        GitStore.open(bare.path, root=root)


def test_another_branch(bare: Repository) -> None:
    bare.commit({"b.md": b"b"}, branch="draft/one")
    store = GitStore.open(bare.path, branch="draft/one")
    assert paths(store) == ["b.md"]
    assert store.branch == "draft/one"


@pytest.mark.parametrize(
    "branch", ["nope", "-x", "--output=x", "../../x", "a b", "", "main.lock", "HEAD~1", "@{u}"]
)
def test_a_branch_that_is_not_there(bare: Repository, branch: str) -> None:
    with pytest.raises(StoreError, match="branch"):
        GitStore.open(bare.path, branch=branch)


def test_an_empty_repository_may_name_its_first_branch(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git", branch="trunk")
    assert GitStore.open(repository.path).branch == "trunk"
    assert GitStore.open(repository.path).head() is None
    assert GitStore.open(repository.path, branch="pages").branch == "pages"


def test_a_checked_out_commit_is_served(checked_out: Repository) -> None:
    first = checked_out.git("rev-parse", "main")
    checked_out.git("checkout", "-q", "--detach")
    checked_out.commit({"later.md": b"l"}, first)
    store = GitStore.open(checked_out.path)
    assert store.branch is None
    assert store.head() == first
    assert paths(store) == ["docs/a.md", "docs/deep/b.md", "top.md"]


def test_a_linked_work_tree(checked_out: Repository, tmp_path: Path) -> None:
    checked_out.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    store = GitStore.open(tmp_path / "linked" / "docs")
    assert (store.branch, store.root) == ("side", "docs")
    assert paths(store) == ["a.md", "deep/b.md"]
    assert store.git_dir == checked_out.path / ".git" / "worktrees" / "linked"
    assert store.cache_folder.parent == checked_out.path / ".git" / "quire"
    checked_out.git("pack-refs", "--all")
    assert paths(store) == ["a.md", "deep/b.md"]
    new = checked_out.commit({"docs/new.md": b"n"}, branch="side")
    assert store.head() == new


def test_a_checked_out_commit_in_a_linked_work_tree(checked_out: Repository, tmp_path: Path) -> None:
    first = checked_out.git("rev-parse", "main")
    checked_out.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    assert GitStore.open(tmp_path / "linked").head() == first


def test_a_shallow_clone_ends_where_it_was_cut(bare: Repository, tmp_path: Path) -> None:
    first = bare.git("rev-parse", "main")
    second = bare.commit({"a.md": b"a"}, first)
    third = bare.commit({"a.md": b"b"}, second)
    bare.git("clone", "-q", "--bare", "--depth", "2", f"file://{bare.path}", str(tmp_path / "clone.git"))
    store = GitStore.open(tmp_path / "clone.git")
    assert store.chain(third) == [(third, (second,)), (second, ())]
    newest, oldest = store.commits([third, second])
    assert newest.parents == (second,)
    assert oldest.parents == ()
    assert [(touch.path, touch.added) for touch in oldest.touches] == [("a.md", True)]
    assert store.edges() == {second}
    assert GitStore.open(bare.path).edges() == frozenset()


def test_sha256(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git", "--object-format=sha256")
    first = repository.commit(FILES)
    second = repository.commit({"docs/a.md": b"new\n", "docs/run": b"x"}, first)
    store = GitStore.open(repository.path, root="docs")
    assert store.head() == second
    assert len(second) == 64
    assert store.read(store.difference(first, second)[0].new.blob) == b"new\n"  # type: ignore[union-attr]
    assert [commit.id for commit in store.commits([second, first])] == [second, first]
    assert store.chain(second) == [(second, (first,)), (first, ())]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"does not exist; .*quire init"):
        GitStore.open(tmp_path / "nowhere")


def test_a_file_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is a file, not a folder"):
        GitStore.open(tmp_path / "file")


def test_a_plain_folder_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"not in a git repository; .*quire init") as caught:
        GitStore.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_broken_repository_says_why(bare: Repository) -> None:
    (bare.path / "config").write_text("[core\nbroken")
    with pytest.raises(StoreError, match="bad config line"):
        GitStore.open(bare.path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_another_users_repository_is_not_trusted(bare: Repository) -> None:
    os.chown(bare.path, 12345, 12345)
    with pytest.raises(StoreError, match=f"git config --global --add safe.directory {bare.path}"):
        GitStore.open(bare.path)


def test_a_machine_without_git(bare: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(StoreError, match="install git"):
        GitStore.open(bare.path)


def test_an_old_git(bare: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text("#!/bin/sh\necho git version 2.30.2\n")
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(StoreError, match=r"2\.30\.2 is too old; install git 2\.38"):
        GitStore.open(bare.path)


def test_the_environment_leads_nowhere_else(
    bare: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = repositories.make(tmp_path / "other.git")
    other.commit({"other.md": b"other"})
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.path))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / "objects"))
    monkeypatch.setenv("GIT_ALTERNATE_OBJECT_DIRECTORIES", str(other.path / "objects"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / "index"))
    monkeypatch.setenv("GIT_NAMESPACE", "other")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(bare.path))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare=nonsense'")
    monkeypatch.setenv("GIT_TRACE", "1")
    store = GitStore.open(bare.path)
    assert paths(store) == ["docs/a.md", "docs/deep/b.md", "top.md"]
    head = store.head() or ""
    assert store.read(next(store.tree(head)).blob) == b"a\n"
    assert [commit.id for commit in store.commits([head])] == [head]
    with pytest.raises(RevisionNotFoundError):
        store.read(repositories.Repository(tmp_path / "other.git").path.name)


def test_a_replaced_object_stays_what_it_was(bare: Repository) -> None:
    store = GitStore.open(bare.path)
    entry = next(store.tree(store.head() or ""))
    bare.git("replace", entry.blob, bare.blob(b"forged\n"))
    assert store.read(entry.blob) == b"a\n"
    assert list(store.read_many([entry.blob])) == [(entry.blob, b"a\n")]


def test_many_stores_live_side_by_side(bare: Repository, tmp_path: Path) -> None:
    other = repositories.make(tmp_path / "other.git")
    other.commit({"other.md": b"other"})
    first, second = GitStore.open(bare.path), GitStore.open(other.path)
    for store, content in [(first, b"a\n"), (second, b"other"), (first, b"a\n")]:
        assert store.read(next(store.tree(store.head() or "")).blob) == content


def test_a_closed_store_says_so(bare: Repository) -> None:
    store = GitStore.open(bare.path)
    blob = next(store.tree(store.head() or "")).blob
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.read(blob)


def test_each_branch_and_root_has_derived_data_of_its_own(checked_out: Repository) -> None:
    commit = checked_out.commit({"docs/a.md": b"a"})
    checked_out.git("branch", "--force", "other", commit)
    checked_out.git("update-ref", "refs/heads/main", commit)
    whole, folder, branch = (
        GitStore.open(checked_out.path, root=root, branch=name)
        for root, name in ((None, "main"), ("docs", "main"), (None, "other"))
    )
    assert len({whole.cache_folder, folder.cache_folder, branch.cache_folder}) == 3


def test_whom_git_would_name_is_known(
    bare: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert GitStore.open(bare.path).identity() is None
    own = tmp_path / "gitconfig"
    own.write_text("[user]\n\tname = Ada King\n", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(own))
    assert GitStore.open(bare.path).identity() == Author("Ada King", "local@localhost")
    bare.git("config", "user.name", "Ada  of this wiki ")
    bare.git("config", "user.email", "ada@example.org")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody else")
    assert GitStore.open(bare.path).identity() == Author("Ada  of this wiki", "ada@example.org")
    bare.git("config", "user.name", " ")
    assert GitStore.open(bare.path).identity() == Author("Ada King", "ada@example.org")


def test_all_work_trees_have_one_folder_in_common(checked_out: Repository, tmp_path: Path) -> None:
    checked_out.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "second"))
    for folder in (checked_out.path, tmp_path / "second"):
        assert GitStore.open(folder).common_folder == checked_out.path / ".git"
