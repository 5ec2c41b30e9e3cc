"""Two repositories with one branch: the wiki's, and another one; no server between them."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.access import Actor, Kind, Role, RolePolicy
from engine.changes import Change
from engine.mirroring import Decision, Disagreement, Exchange, Outcome
from engine.model import Author
from engine.remote_address import RemoteAddress
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_remote import GitRemote
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests import repositories
from tests.repositories import Content, Repository

ADA = Actor(Kind.PERSON, "ada", Role.EDITOR, Author("Ada", "ada@example.org"))
QUIRE = Author("Quire", "quire@localhost")
LONG = "".join(f"Line {n} of a page that is long enough to be known again.\n" for n in range(12))
START: Mapping[str, Content] = {
    "Home.md": f"# Home\n\n{LONG}",
    "Notes.md": f"# Notes\n\n{LONG}",
    "data.bin": b"\0\1",
}


@dataclass
class Mirror:
    """The wiki, and the other repository, whose tree tests write whole."""

    here: Repository
    there: Repository
    wiki: Wiki
    remote: GitRemote
    decisions: dict[str, Decision] = field(default_factory=dict)

    @property
    def exchange(self) -> Exchange:
        return self.wiki.exchange(self.remote, QUIRE)

    def run(self, **options: bool) -> Outcome:
        return self.exchange.run(self.decided, lambda: ADA.author, **options)

    def decided(self, question: Disagreement) -> Decision | None:
        return self.decisions.get(question.name)

    def save(self, *changes: Change) -> str:
        return self.wiki.commit(changes, ADA, "A change here").commit

    def files(self, repository: Repository | None = None) -> dict[str, bytes]:
        """Return all files of the branch."""
        place = repository or self.here
        names = place.git("ls-tree", "-r", "-z", "--name-only", "main").split("\0")
        return {name: place.git("show", f"main:{name}").encode() for name in filter(None, names)}

    def blob(self, path: str) -> str:
        return self.here.git("rev-parse", f"main:{path}")

    def commit_there(self, files: Mapping[str, Content], message: str = "A change there") -> str:
        """Commit on what is there."""
        return self.there.commit(files, self.there.git("rev-parse", "main"), message=message)

    def head(self) -> str:
        return self.here.git("rev-parse", "main")

    def head_there(self) -> str:
        return self.there.git("rev-parse", "main")

    def check_same(self) -> None:
        assert self.head() == self.head_there()
        self.here.check()
        self.there.check()


@pytest.fixture
def root() -> str:
    return ""


@pytest.fixture
def start() -> Mapping[str, Content]:
    return START


@pytest.fixture
def bare() -> bool:
    return True


@pytest.fixture
def mirror(tmp_path: Path, root: str, start: Mapping[str, Content], bare: bool) -> Iterator[Mirror]:
    """Give a wiki and a mirror of it, which have one commit in common."""
    here, there = repositories.make(tmp_path / "here", bare=bare), repositories.make(tmp_path / "there")
    here.commit(start, message="The beginning")
    if not bare:
        here.git("reset", "-q", "--hard")
    store = GitStore.open(here.path, root=root or None, branch="main", committer=QUIRE)
    folder = tmp_path / "derived"
    folder.mkdir()
    with closing(Wiki.open(store, WhooshIndex(folder / "index"), folder, RolePolicy())) as wiki:
        wiki.catch_up()
        made = Mirror(here, there, wiki, store.remote(RemoteAddress(str(there.path), "file")))
        made.run()
        yield made
