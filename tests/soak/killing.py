"""Kills a process that follows, at any moment, again and again; the next start heals whatever it left."""

import contextlib
import sqlite3
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

from engine.markup import SCANNER
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from tests.histories import WORDS
from tests.soak.processes import PATIENCE, QUIRE, Started, members, started, wait_until
from tests.soak.rebuilding import Pushed, check_same, following, said

CHILDREN = 3  # that scan
ENVIRONMENT = {"QUIRE_PROCESSES": str(CHILDREN), "GIT_CONFIG_GLOBAL": "/dev/null"}


class Growing:
    """A repository of some hundred pages whose commits change a few of them, or most."""

    def __init__(self, folder: Path, dice: Random, pages: int) -> None:
        self.dice = dice
        self.commits = Pushed(folder)
        self.files: dict[str, bytes] = {}
        self.line: list[str] = []  # the commits of the branch
        self._trees: dict[str, dict[str, bytes]] = {}
        self._count = 0
        self._commit({f"{'abc'[n % 3]}/Page {n}.md": self._text() for n in range(pages)})

    @property
    def path(self) -> Path:
        return self.commits.served.path

    def grow(self) -> str:
        """Commit something, or tidy up, and name it."""
        return self.dice.choice((self._few, self._few, self._most, self._most, self._back, self._tidy))()

    def _text(self) -> bytes:
        self._count += 1
        words = " ".join(self.dice.choices(WORDS, k=300))
        links = " ".join(f"[[Page {self.dice.randrange(400)}]]" for _ in range(8))
        return f"---\ntags: [{self.dice.choice(WORDS)}]\n---\n# Text {self._count}\n\n{words}.\n\n{links}\n".encode()

    def _commit(self, changes: dict[str, bytes]) -> None:
        self.files = self.files | changes
        made = self.commits.commit_tree(self.files, self.line[-1:], summary=f"change {len(self.line)}")
        self._trees[made] = self.files
        self.line.append(made)
        self.commits.set_head(made)

    def _few(self) -> str:
        self._commit({path: self._text() for path in self.dice.sample(sorted(self.files), 3)})
        return "few"

    def _most(self) -> str:
        self._commit({path: self._text() for path in self.files if self.dice.random() < 0.8})
        return "most"

    def _back(self) -> str:
        """Go back by force, and let git forget what was."""
        del self.line[-self.dice.randint(1, 3) :]
        if not self.line:
            self._commit({})
        self.files = self._trees[self.line[-1]]
        self.commits.set_head(self.line[-1])
        self.commits.served.git("gc", "--quiet", "--prune=now")
        return "back"

    def _tidy(self) -> str:
        self.commits.upkeep(self.dice)
        return "tidy"


@dataclass
class Seen:
    """What was met on the way."""

    starts: int = 0
    kills: int = 0
    with_children: int = 0  # kills while children scanned
    left: Counter[str] = field(default_factory=Counter)  # what was behind after a kill
    grown: Counter[str] = field(default_factory=Counter)
    served: int = 0  # pages that a restarted server answered with

    def __str__(self) -> str:
        left = ", ".join(f"{count} x {what}" for what, count in sorted(self.left.items()))
        grown = ", ".join(f"{count} x {what}" for what, count in sorted(self.grown.items()))
        return (
            f"{self.starts} starts, {self.kills} kills, {self.with_children} of them while children scanned; left behind: {left}; "
            f"commits between: {grown}; pages served after a kill: {self.served}"
        )


def check_kills(folder: Path, seed: int, kills: int, pages: int) -> Seen:
    """Kill *kills* followers of one growing repository, then check that one more start heals everything."""
    dice, seen = Random(seed), Seen()
    growing = Growing(folder, dice, pages)
    cache = cache_of(growing.path)
    while seen.kills < kills:
        seen.starts += 1
        _start_and_kill(growing, folder / f"log-{seen.starts}", seen)
        seen.left[_left_behind(growing)] += 1
        seen.grown[growing.grow()] += 1
    with started([*QUIRE, "index", str(growing.path)], folder / "log-last", ENVIRONMENT) as last:
        assert last.process.wait(PATIENCE) == 0, last.said()
    for log in folder.glob("log-*"):
        check_log(log.read_text(encoding="utf-8"))
    store = GitStore.open(growing.path)
    with following(store, WhooshIndex(cache / f"search-{SCANNER}"), cache, CHILDREN) as (follower, parts):
        assert said(parts)["head"] == store.head()
        follower.follow(1)
        assert follower.catch_up(10)
        check_same(parts, folder / "anew", f"seed {seed}", CHILDREN)
    store.close()
    growing.commits.served.check()
    return seen


def _start_and_kill(growing: Growing, log: Path, seen: Seen) -> None:
    serves = growing.dice.random() < 0.4
    command = ["serve", str(growing.path), "--port", "0"] if serves else ["index", str(growing.path)]
    with started([*QUIRE, *command], log, ENVIRONMENT) as follower:
        if serves:
            _read_a_page(growing, follower)
            seen.served += 1
        wait_until(growing.dice.choice(MOMENTS)(growing, follower), follower.said)
        time.sleep(growing.dice.random() ** 2 * 0.2)
        children = sum("engine.scanning" in line for line in members(follower.id).values())
        ended = follower.process.poll()
        assert ended in {None, 0}, follower.said()
        follower.kill()
        seen.kills += ended is None
        seen.with_children += children > 0 and ended is None
        wait_until(lambda: not members(follower.id), lambda: f"orphans: {members(follower.id)}")


def _read_a_page(growing: Growing, follower: Started) -> None:
    url = follower.url()

    def shows_the_head() -> bool:
        with urllib.request.urlopen(f"{url}/a/Page%200", timeout=PATIENCE) as answer:
            page = answer.read().decode()
            commit = answer.headers["Quire-Commit"]
        if commit != growing.line[-1]:
            return False
        title = growing.files["a/Page 0.md"].decode().partition("# ")[2].partition("\n")[0]
        assert f">{title}<" in page
        return True

    wait_until(shows_the_head, follower.said)


# -- moments to kill at: each is a condition to wait for

Condition = Callable[[], bool]


def _at_once(growing: Growing, follower: Started) -> Condition:
    return lambda: True


def _after_names(growing: Growing, follower: Started) -> Condition:
    return lambda: _rests(follower) or _state(growing).get("head") == growing.line[-1]


def _while_scanning(growing: Growing, follower: Started) -> Condition:
    return lambda: _done(growing, follower) or len(members(follower.id)) > CHILDREN


def _after_scanning(growing: Growing, follower: Started) -> Condition:
    return lambda: _done(growing, follower) or _state(growing).get("scanned") == growing.line[-1]


def _while_indexing(growing: Growing, follower: Started) -> Condition:
    folder = growing.path / "quire/search"
    before = sorted(folder.rglob("*"))
    return lambda: _done(growing, follower) or sorted(folder.rglob("*")) != before


MOMENTS = (_at_once, _after_names, _while_scanning, _after_scanning, _while_indexing, _while_indexing)


def _rests(follower: Started) -> bool:
    return follower.process.poll() is not None


def _done(growing: Growing, follower: Started) -> bool:
    return _rests(follower) or _left_behind(growing) == "nothing"


@lru_cache
def cache_of(repository: Path) -> Path:
    """Return the folder of the data derived from a repository."""
    store = GitStore.open(repository)
    try:
        return store.cache_folder
    finally:
        store.close()


def _state(growing: Growing) -> dict[str, str]:
    """Return what the catalog says of itself, as it lies on the disk."""
    for file in cache_of(growing.path).glob("catalog-*.db"):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(file)) as db:
            return dict(db.execute("SELECT key, value FROM state"))
    return {}


def _left_behind(growing: Growing) -> str:
    """Say which part is the first that does not describe the head."""
    head, state = growing.line[-1], _state(growing)
    for part, what in (("head", "names"), ("traced", "history"), ("scanned", "facts")):
        if state.get(part) != head:
            return what
    index = WhooshIndex(cache_of(growing.path) / f"search-{SCANNER}")
    try:
        return "nothing" if index.commit() == head else "index"
    finally:
        index.close()


def check_log(said: str) -> None:
    """Check that nothing in a log tells of an error."""
    for bad in ("Traceback", "ERROR", "CRITICAL", "Exception"):
        assert bad not in said, said
