"""What comes to the repository without the wiki: a commit in the served work tree, a pull or a fetch by cron."""

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.access import Actor, Kind, Role
from engine.changes import Put
from engine.errors import StoreError
from engine.model import Author
from tests.people import locally
from tests.repositories import Repository, make
from tests.wiki.transport.installing import install
from tests.wiki.transport.serving import CLEAN, Clone, Served, git, serving

EDITOR = Actor(Kind.PERSON, "ada", Role.EDITOR, Author("Ada", "ada@example.org"))
TIMES = 12
SECONDS = 60
DOCS = Path(__file__).parent.parent.parent / "docs" / "git.md"


@dataclass(frozen=True)
class Upstream:
    """A repository elsewhere, which is pulled from; its commits are made in a clone."""

    repository: Repository
    clone: Clone

    def publish(self, text: str, path: str = "a.md") -> str:
        """Change a file there, and return the commit."""
        new = self.clone.commit({path: text})
        assert self.clone.git("push", "-q").returncode == 0
        return new


@pytest.fixture
def upstream(tmp_path: Path) -> Upstream:
    repository = make(tmp_path / "upstream.git")
    repository.commit({"a.md": "Some text.\n", "b.md": "B\n"})
    assert git(tmp_path, "clone", "-q", str(repository.path), "author").returncode == 0
    return Upstream(repository, Clone(tmp_path / "author"))


@pytest.fixture
def tree(upstream: Upstream, tmp_path: Path) -> Clone:
    """A clone of it, whose work tree is served."""
    assert git(tmp_path, "clone", "-q", str(upstream.repository.path), "tree").returncode == 0
    return Clone(tmp_path / "tree")


@pytest.fixture
def served(tree: Clone, tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "state").mkdir()
    with serving(Repository(tree.path), tmp_path / "state") as found:
        assert locally(found.app).get("/a").status_code == 200
        yield found


def save(served: Served, path: str, text: str) -> str:
    """Make a new file, as the browser does, and return the commit that is acknowledged."""
    return served.site.wiki.commit([Put(path, text.encode(), None)], EDITOR).commit


def shows(served: Served, commit: str, text: str, page: str = "/a") -> bool:
    """Say whether the next answer is of a commit, and holds a text; one that says of itself that it is older is none."""
    answer = locally(served.app).get(page)
    end = time.monotonic() + SECONDS
    while "Quire-Stale" in answer.headers and time.monotonic() < end:
        answer = locally(served.app).get(page)
    return (answer.headers["Quire-Commit"], text in answer.text) == (commit, True)


def has(repository: Path, commit: str) -> bool:
    """Say whether what is served has a commit behind it."""
    return git(repository, "merge-base", "--is-ancestor", commit, "main").returncode == 0


def test_a_commit_in_the_work_tree_is_in_the_next_answer(served: Served, tree: Clone) -> None:
    for number in range(5):
        assert shows(served, tree.commit({"a.md": f"Committed {number}.\n"}), f"Committed {number}.")
    new = tree.commit({"n/c.md": "See [[a]].\n"})
    assert shows(served, new, 'href="/n/c"')
    served.site.wiki.catch_up()  # the index follows behind
    assert 'href="/a"' in locally(served.app).get("/-/search?q=committed").text
    assert tree.git("mv", "a.md", "d.md").returncode == 0
    new = tree.commit({})
    assert shows(served, new, "Committed 4.", "/d")
    assert locally(served.app).get("/a").status_code == 404


def test_what_cron_pulls_into_the_work_tree_is_in_the_next_answer(
    served: Served, tree: Clone, upstream: Upstream
) -> None:
    for number in range(3):
        new = upstream.publish(f"Pulled {number}.\n")
        done = tree.git("pull", "--quiet", "--ff-only")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert shows(served, new, f"Pulled {number}.")
    saved = save(served, "c.md", "Saved.\n")
    assert (tree.path / "c.md").read_text() == "Saved.\n"
    assert tree.git("status", "--porcelain").stdout == ""
    upstream.publish("Pulled at last.\n")
    done = tree.git("pull", "--quiet", "--ff-only")
    assert done.returncode != 0  # both have what the other has not
    assert shows(served, saved, "Pulled 2.")
    done = tree.git("pull", "--quiet", "--no-rebase", "--no-edit")
    assert done.returncode == 0, done.stderr
    assert shows(served, tree.git("rev-parse", "HEAD").stdout.strip(), "Pulled at last.")
    assert has(tree.path, saved)


def test_what_cron_fetches_into_a_bare_repository_is_in_the_next_answer(
    upstream: Upstream, tmp_path: Path
) -> None:
    assert git(tmp_path, "clone", "-q", "--bare", str(upstream.repository.path), "bare.git").returncode == 0
    bare = Repository(tmp_path / "bare.git")
    with serving(bare, tmp_path / "bare") as served:
        for number in range(3):
            new = upstream.publish(f"Fetched {number}.\n")
            done = git(bare.path, "fetch", "--quiet", "origin", "main:main")
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
            assert shows(served, new, f"Fetched {number}.")
        saved = save(served, "c.md", "Saved.\n")
        upstream.publish("Lost?\n")
        done = git(bare.path, "fetch", "--quiet", "origin", "main:main")
        assert done.returncode != 0
        assert "non-fast-forward" in git(bare.path, "fetch", "origin", "main:main").stderr
        assert shows(served, saved, "Fetched 2.")
    bare.check()


def test_a_save_waits_for_git_that_holds_the_index_or_is_refused(
    served: Served, tree: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tree.path / ".git" / "index.lock"
    lock.touch()  # as a pull does
    saving = threading.Thread(target=save, args=(served, "c.md", "Waited.\n"))
    saving.start()
    saving.join(0.3)
    assert saving.is_alive()
    assert not (tree.path / "c.md").exists()
    lock.unlink()
    saving.join(SECONDS)
    assert shows(served, tree.git("rev-parse", "main").stdout.strip(), "Waited.", "/c")
    monkeypatch.setattr("engine.store.git_checkout._PATIENCE_S", 0.2)
    lock.touch()
    with pytest.raises(StoreError, match=r"another git process holds .*index\.lock"):
        save(served, "d.md", "Refused.\n")
    lock.unlink()
    assert tree.git("status", "--porcelain").stdout == ""


def test_a_pull_is_refused_while_a_save_holds_the_index(
    served: Served, tree: Clone, upstream: Upstream
) -> None:
    new = upstream.publish("Pulled.\n")
    before = tree.git("rev-parse", "main").stdout
    lock = tree.path / ".git" / "index.lock"
    lock.touch()  # as a save does
    done = tree.git("pull", "--quiet", "--ff-only")
    assert done.returncode != 0
    assert "index.lock" in done.stderr
    assert tree.git("rev-parse", "main").stdout == before
    lock.unlink()
    assert tree.git("status", "--porcelain").stdout == ""
    assert tree.git("pull", "--quiet", "--ff-only").returncode == 0
    assert shows(served, new, "Pulled.")


def test_a_clone_between_two_lets_saves_and_pulls_come_at_the_same_moment(
    served: Served, tree: Clone, upstream: Upstream, tmp_path: Path
) -> None:
    """What docs/git.md tells to let cron do."""
    install(tree.path)
    assert git(tmp_path, "clone", "-q", "-o", "wiki", str(tree.path), "between").returncode == 0
    between = Clone(tmp_path / "between")
    assert between.git("remote", "add", "upstream", str(upstream.repository.path)).returncode == 0
    saved: list[str] = []

    def saves() -> None:
        saved.extend(save(served, f"saved/{number}.md", f"Saved {number}.\n") for number in range(TIMES))

    saving = threading.Thread(target=saves)
    saving.start()
    published = []
    for number in range(TIMES):
        assert upstream.clone.git("pull", "-q", "--no-rebase", "--no-edit").returncode == 0
        published.append(upstream.publish(f"Published {number}.\n"))
        exchange(between)
    saving.join(SECONDS)
    assert not saving.is_alive()
    assert exchange(between)
    assert len(saved) == TIMES
    assert all(has(tree.path, commit) for commit in [*saved, *published])
    head = tree.git("rev-parse", "main").stdout.strip()
    assert upstream.repository.git("rev-parse", "main") == head
    assert tree.git("status", "--porcelain").stdout == ""
    assert shows(served, head, f"Published {TIMES - 1}.")
    Repository(tree.path).check()


def exchange(between: Clone) -> bool:
    """Do what cron does, and say whether all of it was done."""
    line = re.search(r"^git pull .*&&.*$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert line is not None
    done = subprocess.run(
        ["/bin/sh", "-c", line[0]], cwd=between.path, env=CLEAN, check=False, timeout=SECONDS
    )
    return done.returncode == 0
