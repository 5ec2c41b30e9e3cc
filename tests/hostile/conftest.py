"""A wiki on a repository that is checked out, beside a file that nobody may come to; and who sends what they should not."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access import Role
from engine.ids import unsafe_because
from engine.wiki import Wiki
from tests.people import form_token, signed_in
from tests.repositories import Content, Repository, make
from tests.states import CHEAP
from wiki import create_app, open_wiki
from wiki.settings import Settings
from wiki.state import State

SECRET = "what lies beside the repository"
PNG = b"\x89PNG\r\n\x1a\nx"
FILES: dict[str, Content] = {
    "a.md": "# A\n\nOne.\n",
    "b.md": "# B\n\n[[a]]\n",
    "f/c.md": "# C\n",
    "m.png": PNG,
    "gone.md": "# Gone\n",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """One wiki, with an editor and an admin who are signed in, each with what a form of theirs must hold."""

    folder: Path  # in which the repository is, and what must stay as it is
    repository: Repository
    app: Flask
    wiki: Wiki
    state: State
    editor: FlaskClient
    admin: FlaskClient
    tokens: dict[int, str]

    def post(self, client: FlaskClient, address: str, **fields: Any) -> TestResponse:
        """Send a form; a field that is `None` is left out."""
        token = self.tokens.setdefault(id(client), form_token(client, "/-/account"))
        data = {name: value for name, value in fields.items() if value is not None}
        return client.post(address, data={"csrf": token, **data})

    @property
    def head(self) -> str:
        return self.repository.git("rev-parse", "main")

    def go_back(self, commit: str) -> None:
        """Let the branch, and the files, be as they were at a commit."""
        self.repository.git("reset", "-q", "--hard", commit)
        self.wiki.follow()
        self.wiki.catch_up()

    def paths(self) -> list[str]:
        return self.repository.git("ls-tree", "-r", "-z", "--name-only", "main").rstrip("\0").split("\0")

    def blob(self, path: str) -> str:
        return self.repository.git("rev-parse", f"main:{path}")

    def outside(self) -> dict[str, bytes]:
        """Return all files that no page may touch: around the work tree, and git's own that say what it runs."""
        git = self.repository.path / ".git"
        around = [path for path in self.folder.iterdir() if path.is_file()]
        return {str(path): path.read_bytes() for path in (*around, git / "config", *git.glob("hooks/*"))}

    def check(self, before: dict[str, bytes]) -> None:
        """Nothing was touched outside, and what is in the repository is safe to have."""
        assert self.outside() == before
        for path in self.paths():
            assert all(unsafe_because(part) is None for part in path.split("/")), path
            assert not path.startswith(("/", "-/", ".git")), path


@contextmanager
def make_ground(folder: Path) -> Iterator[Ground]:
    """Serve a repository in *folder*."""
    (folder / "secret.md").write_text(SECRET)
    (folder / "secret").write_text(SECRET)
    repository = make(folder / "content", bare=False)
    first = repository.commit(FILES)
    second = {path: content for path, content in FILES.items() if path != "gone.md"}
    repository.commit(second | {"a.md": "# A\n\nTwo.\n"}, first)
    repository.git("reset", "-q", "--hard", "main")
    settings = Settings(
        repository=str(repository.path), data=str(folder / "data"), processes=1, login_rate=1_000
    )
    state = State(folder / "data", hashing=CHEAP, lasting=False)
    wiki = open_wiki(settings, protections=state.protections)
    wiki.follow()
    wiki.catch_up()
    app = create_app(settings, wiki, state)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    editor, admin = signed_in(app, "ada", Role.EDITOR), signed_in(app, "root", Role.ADMIN)
    try:
        yield Ground(folder, repository, app, wiki, state, editor, admin, {})
    finally:
        wiki.close()
        state.close()


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A wiki for a whole module, as what is tried there changes nothing that another test needs."""
    with make_ground(tmp_path_factory.mktemp("ground")) as made:
        yield made


class Started:
    """Which programs were started, with what arguments."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """Write down each program that is started, wherever."""
    found = Started()
    begin = subprocess.Popen.__init__

    def noted(self: Any, args: Any, *more: Any, **options: Any) -> None:
        listed = [args] if isinstance(args, (str, bytes)) else list(args)
        found.commands.append([each.decode() if isinstance(each, bytes) else str(each) for each in listed])
        begin(self, args, *more, **options)

    monkeypatch.setattr(subprocess.Popen, "__init__", noted)
    return found
