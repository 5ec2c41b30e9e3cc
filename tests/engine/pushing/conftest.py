"""A wiki in a repository that somebody pushes to, with git's quarantine as receive-pack makes it."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.access import Actor, Kind, Role, RolePolicy
from engine.model import Author
from engine.pushing import Limits, Update
from engine.pushing.pushing import Checked
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests import repositories
from tests.repositories import Content, Repository

EDITOR = Actor(Kind.PERSON, "ada", Role.EDITOR, Author("Ada", "ada@example.org"))
ADMIN = Actor(Kind.PERSON, "eve", Role.ADMIN, Author("Eve", "eve@example.org"))
START: Mapping[str, Content] = {
    "Home.md": "# Home\n\nSee [[Notes]].\n",
    "Notes.md": "# Notes\n",
    "data.bin": b"\0\1",
}


@dataclass
class Pushes:
    """Makes commits in a clone, and pushes them as git does, but for the transport."""

    served: Repository
    clone: Repository
    wiki: Wiki
    said: list[str] = field(default_factory=list)

    def head(self) -> str:
        return self.served.git("rev-parse", "main")

    def commit(self, files: Mapping[str, Content], *parents: str, message: str = "A change") -> str:
        """Commit in the clone; on what is served where no parents are named."""
        return self.clone.commit(files, *(parents or (self.head(),)), message=message)

    def update(self, new: str | None, *, old: str | None = "", reference: str = "refs/heads/main") -> Update:
        return Update(reference, self.head() if old == "" else old, new)

    def check(self, *updates: Update, actor: Actor = EDITOR) -> Checked:
        """Check with the objects in quarantine, and nowhere else."""
        quarantine = self.served.path / "objects" / "tmp_objdir-incoming-test"
        shutil.copytree(self.clone.path / "objects", quarantine)
        try:
            return self.wiki.pushing.check(updates, quarantine, actor)
        finally:
            shutil.rmtree(quarantine)

    def push(self, new: str, *, actor: Actor = EDITOR) -> Checked:
        """Check, bring the objects in, and publish."""
        update = self.update(new)
        checked = self.check(update, actor=actor)
        self.served.git("fetch", "-q", str(self.clone.path), new)
        self.wiki.pushing.publish(update, actor, self.said.append)
        return checked


@pytest.fixture
def limits() -> Limits:
    return Limits()


@pytest.fixture
def root() -> str:
    return ""


@pytest.fixture
def start() -> Mapping[str, Content]:
    return START


@pytest.fixture
def pushes(tmp_path: Path, limits: Limits, root: str, start: Mapping[str, Content]) -> Iterator[Pushes]:
    served = repositories.make(tmp_path / "served")
    served.commit(start)
    clone = repositories.make(tmp_path / "clone")
    clone.git("fetch", "-q", str(served.path), "main:main")
    store = GitStore.open(served.path, root=root or None)
    cache = tmp_path / "cache"
    wiki = Wiki.open(
        store, WhooshIndex(cache / "search"), cache, RolePolicy(), push_limits=limits, processes=0
    )
    wiki.catch_up()
    yield Pushes(served, clone, wiki)
    wiki.close()


def reasons(caught: "pytest.ExceptionInfo[BaseException]") -> Sequence[str]:
    """Return what a refused push was told."""
    told: Sequence[str] = caught.value.reasons  # type: ignore[attr-defined]
    return told
