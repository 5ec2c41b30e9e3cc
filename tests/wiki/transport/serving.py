"""A server in this process, with real git before it and behind it; and a stand-in for what decides on pushes."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from waitress import wasyncore

from engine.access import Actor, Role
from engine.errors import PushRefusedError
from engine.pushing import Update
from engine.pushing.pushing import Checked, Say
from engine.wiki import Wiki
from tests.repositories import Repository
from tests.states import ADMIN, CHEAP, PASSWORD
from wiki import create_app, server
from wiki.current import Site
from wiki.settings import Settings
from wiki.state import State
from wiki.transport import Transport

SECONDS = 60.0


@dataclass
class Allowing:
    """Takes every push to one branch, and notes what it was asked."""

    wiki: Wiki
    repository: Path
    checked: list[Actor] = field(default_factory=list)
    reasons: Sequence[str] = ()  # why a push is refused
    warnings: Sequence[str] = ()

    def check(
        self, updates: Sequence[Update], quarantine: Path, actor: Actor, stop: Callable[[], bool]
    ) -> Checked:
        self.checked.append(actor)
        assert quarantine.is_dir()
        if self.reasons:
            raise PushRefusedError(*self.reasons)
        for update in updates:
            if update.reference != "refs/heads/main" or update.new is None:
                raise PushRefusedError(f"{update.reference} cannot be pushed; push main")
        objects = Path(self._git("rev-parse", "--path-format=absolute", "--git-path", "objects"))
        found = self._git(
            "rev-list",
            "--reverse",
            *(update.new or "" for update in updates),
            *(f"^{update.old}" for update in updates if update.old),
            GIT_OBJECT_DIRECTORY=str(quarantine),
            GIT_ALTERNATE_OBJECT_DIRECTORIES=str(objects),
        )
        return Checked(found.split(), self.warnings)

    def publish(self, update: Update, actor: Actor, say: Say) -> None:
        assert update.new is not None
        self._git("update-ref", update.reference, update.new, update.old or "0" * len(update.new))
        self.wiki.catch_up()
        say("published \x1b[31mas it came")

    def _git(self, *arguments: str, **environment: str) -> str:
        done = subprocess.run(
            ["git", "-c", f"core.hooksPath={os.devnull}", *arguments],
            cwd=self.repository,
            env=CLEAN | environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()


CLEAN: dict[str, str] = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "QUIRE_"))},
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Grace",
    "GIT_AUTHOR_EMAIL": "grace@example.org",
    "GIT_COMMITTER_NAME": "Grace",
    "GIT_COMMITTER_EMAIL": "grace@example.org",
}


@dataclass(frozen=True)
class Clone:
    """Somebody's own copy."""

    path: Path

    def git(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run git in it, whatever comes of it."""
        return git(self.path, *arguments, **environment)

    def commit(self, files: Mapping[str, str | bytes], message: str = "A change") -> str:
        """Commit files, and return the commit."""
        for path, content in files.items():
            place = self.path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content.encode() if isinstance(content, str) else content)
        assert self.git("add", "-A").returncode == 0
        assert self.git("commit", "-qm", message).returncode == 0
        return self.git("rev-parse", "HEAD").stdout.strip()


def git(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run git as somebody else than the server does."""
    return subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=CLEAN | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=SECONDS,
    )


@dataclass
class Served:
    """A wiki that answers on a port of its own."""

    app: Flask
    port: int
    folder: Path
    pushing: Allowing

    @property
    def site(self) -> Site:
        found: Site = self.app.extensions["quire"]
        return found

    @property
    def transport(self) -> Transport:
        assert self.site.transport is not None
        return self.site.transport

    @property
    def state(self) -> State:
        return self.site.state

    def url(self, user: str = "", password: str = PASSWORD) -> str:
        who = f"{user}:{password.replace(' ', '%20')}@" if user else ""
        return f"http://{who}127.0.0.1:{self.port}/wiki.git"

    def add(self, login: str, role: Role) -> None:
        self.state.accounts.add(login, password=PASSWORD, role=role, by=ADMIN)

    def token(self, name: str, role: Role, **options: Any) -> str:
        return self.state.tokens.create(name, role=role, by=ADMIN, **options)[1]

    def clone(self, url: str = "", *options: str, name: str = "clone") -> Clone:
        """Clone it, which must succeed."""
        done = self.try_clone(url, *options, name=name)
        assert done.returncode == 0, done.stderr
        return Clone(self.folder / name)

    def try_clone(
        self, url: str = "", *options: str, name: str = "clone"
    ) -> subprocess.CompletedProcess[str]:
        return git(self.folder, "clone", "-q", *options, url or self.url(), name)

    def waits(self) -> None:
        """Wait until git has ended everywhere."""
        for _ in range(2_000):
            if not self.transport._running:
                return
            threading.Event().wait(0.02)
        raise AssertionError("git never ended")


@contextmanager
def serving(repository: Repository, folder: Path, **given: Any) -> Iterator[Served]:
    """Serve a repository for as long as the context lasts."""
    threads = given.setdefault("threads", 8)
    settings = Settings(
        repository=given.pop("repository", str(repository.path)),
        processes=1,
        data=str(folder / "data"),
        **given,
    )
    state = State(folder / "data", hashing=CHEAP, lasting=False, login_rate=settings.login_rate)
    app = create_app(settings, state=state)
    site: Site = app.extensions["quire"]
    pushing = Allowing(site.wiki, repository.path)
    site.wiki.__dict__["faked"] = pushing
    sockets: dict[int, Any] = {}
    listening = server._listen(app, "127.0.0.1", 0, threads, sockets)
    ended = threading.Event()

    def run() -> None:
        while not ended.is_set():
            server._turn(sockets, 0.05)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield Served(app, listening.effective_port, folder, pushing)
    finally:
        ended.set()
        thread.join()
        listening.task_dispatcher.shutdown(timeout=5)
        wasyncore.close_all(sockets, ignore_all=True)
        if site.transport is not None:
            site.transport.close()
        if site.hooks is not None:
            site.hooks.close()
        site.wiki.close()
        state.close()
