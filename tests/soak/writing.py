"""Many processes write to one repository, and are killed at any moment; then all they were told is held against it."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from engine.access import RolePolicy
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests import repositories
from tests.repositories import Repository
from tests.soak import noting, sentences
from tests.soak.killing import check_log
from tests.soak.processes import PATIENCE, Started, started
from tests.soak.rebuilding import check_same, following
from tests.soak.reckoning import Reckoned, Reckoning

PAGES = 30  # at the start
SOON = 2.0  # seconds that a save is waited for
WHOLE = 0.2  # of the kills take what the process started with it
ABANDONED = 10.0  # seconds after which a lock of git's is nobody's
UPKEEP = 25  # kills, after which somebody tidies the repository


@dataclass
class Seen:
    """What was met on the way, and what was found at the end."""

    seconds: float = 0.0
    kills: int = 0
    in_saves: int = 0  # kills while an operation was being done
    whole: int = 0  # kills that took git with them, as where the memory is full
    tidied: int = 0  # locks of git's own that such a kill left, and that somebody had to delete
    waited: int = 0  # saves that did not wait for the catalog, as others were writing to it
    reckoned: Reckoned = field(default_factory=Reckoned)

    def __str__(self) -> str:
        return (
            f"{self.seconds:.0f} s, {self.kills} kills, {self.in_saves} of them during an operation, {self.whole} with all children, "
            f"{self.tidied} locks of git's deleted after them; {self.reckoned}, {self.waited:,} not followed at once"
        )


class Process:
    """One of those that write: its lives, and how far it has come."""

    def __init__(
        self, number: int, folder: Path, repository: Path, seed: int, quota: int, broken: str
    ) -> None:
        self._before = [sys.executable, "-m", "tests.soak.writers", str(number)]
        self._behind = [str(seed), str(folder), str(repository), str(quota), broken]
        self._log = folder / f"log-{number}"
        self._life = 0
        self.progress = noting.Progress(folder / f"notes-{number}")
        self._stack = ExitStack()
        self.now: Started = self._begin()

    def _begin(self) -> Started:
        self._life += 1
        self.progress.look().open = 0
        log = self._log.with_name(f"{self._log.name}-{self._life}")
        environment = {"GIT_CONFIG_GLOBAL": os.devnull}
        return self._stack.enter_context(
            started([*self._before, str(self._life), *self._behind], log, environment)
        )

    def kill(self, *, whole: bool) -> bool:
        """Kill it, maybe with all that it started, and start it anew; say whether it was doing something."""
        if whole:
            with suppress(ProcessLookupError):
                os.killpg(self.now.id, signal.SIGKILL)
        self.now.kill()
        busy = self.progress.look().open > 0
        self._stack.pop_all().close()  # and with it what it started
        self.now = self._begin()
        return busy

    @property
    def runs(self) -> bool:
        ended = self.now.process.poll()
        assert ended in {None, 0}, self.now.said()
        return ended is None

    def close(self) -> None:
        self._stack.close()


def check_writers(
    folder: Path,
    *,
    seed: int,
    operations: int,
    kills: int,
    bare: bool,
    processes: int = 4,
    broken: str = "",
) -> Seen:
    """Let *processes* do so many *operations* on one repository, kill them so often, and check that nothing is lost."""
    seen, dice = Seen(), Random(seed)
    repository = _repository(folder / "wiki", dice, bare=bare)
    quota = -(-operations // processes)
    began = time.monotonic()
    writers = [Process(n, folder, repository.path, seed, quota, broken) for n in range(processes)]
    try:
        while any([writer.runs for writer in writers]):  # noqa: C419 - all of them are to be looked at
            done = sum(writer.progress.look().ended for writer in writers)
            if seen.kills < kills and done >= operations * (seen.kills + 1) / (kills + 1):
                whole = dice.random() < WHOLE
                seen.in_saves += _victim(writers, repository.path, dice).kill(whole=whole)
                seen.kills += 1
                seen.whole += whole
                if seen.kills % UPKEEP == 0:
                    with suppress(AssertionError):  # git does so itself just now, after a push
                        repository.git("gc", "--quiet")
            seen.tidied += _tidy(repository.path)
            time.sleep(0.005)
    finally:
        for writer in writers:
            writer.close()
    seen.seconds = time.monotonic() - began
    for log in folder.glob("log-*"):
        seen.waited += _check_log(log.read_text(encoding="utf-8"))
    _heal(repository.path)
    seen.reckoned = Reckoning(repository, _operations(folder, processes)).check()
    check_repository(repository, bare=bare)
    check_derived(repository.path, folder / "anew")
    return seen


def _tidy(repository: Path) -> int:
    """Do what git asks for where it was killed: delete its locks. Those of the wiki are its own business."""
    deleted = 0
    folder = repository if (repository / "HEAD").exists() else repository / ".git"
    for lock in (*folder.glob("*.lock"), *folder.glob("refs/heads/*.lock")):
        with suppress(FileNotFoundError):
            ours = lock.read_bytes().startswith(b"quire")
            if not ours and lock.stat().st_mtime < time.time() - ABANDONED:
                lock.unlink()
                deleted += 1
    return deleted


def _victim(writers: Sequence[Process], repository: Path, dice: Random) -> Process:
    """Wait for a moment to kill somebody at: mostly in the middle of a save, and say whom."""
    victim = dice.choice(writers)
    end = time.monotonic() + SOON
    if dice.random() < 0.8:
        folder = repository / ".git" if (repository / ".git").is_dir() else repository
        locks = list((folder / "quire").glob("*/write.lock"))
        while time.monotonic() < end:
            saving = _holders(locks)
            found = [writer for writer in writers if writer.now.id in saving]
            if found:
                victim = found[0]
                break
    time.sleep(dice.random() * 0.03)
    return victim


def _holders(locks: Sequence[Path]) -> set[int]:
    """Return the processes that hold one of these files locked."""
    wanted = {lock.stat().st_ino for lock in locks}
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return {
        int(fields[4])
        for fields in held
        if fields[1] == "FLOCK" and int(fields[5].rpartition(":")[2]) in wanted
    }


def _check_log(said: str) -> int:
    """Check that nothing went wrong but that the catalog was busy for too long; return how often it was.

    What is saved stays saved then, and the next reader follows.
    """
    busy = said.count("database is locked")
    if busy and said.count("Traceback") == busy:
        return said.count("following a saved change failed")
    check_log(said)
    return 0


def _repository(place: Path, dice: Random, *, bare: bool) -> Repository:
    repository = repositories.make(place, bare=bare)
    count = iter(range(10**6))
    pages = {
        f"{'abc'[n % 3]}/Start {n}.md": sentences.new_page(
            f"P{n}Q", lambda kind: f"T{next(count)}{kind}", dice
        )
        for n in range(PAGES)
    }
    repository.commit(pages, message="Start")
    repository.git("config", "user.name", "Ada")
    repository.git("config", "user.email", "ada@example.org")
    if not bare:
        repository.git("reset", "-q", "--hard")
    return repository


def _operations(folder: Path, processes: int) -> Iterator[noting.Operation]:
    for number in range(processes):
        yield from noting.read(folder / f"notes-{number}")


def _heal(repository: Path) -> None:
    """Start once more, which finishes what the kills left."""
    store = GitStore.open(repository)
    wiki = Wiki.open(
        store, WhooshIndex(store.cache_folder / "search"), store.cache_folder, RolePolicy(), processes=0
    )
    assert wiki.catch_up(PATIENCE)
    wiki.close()


def check_repository(repository: Repository, *, bare: bool) -> None:
    """Check that git finds no damage, that nobody left a lock, and that the work tree is as the branch says."""
    repository.git("fsck", "--full", "--strict", "--no-dangling")
    git_dir = repository.path if bare else repository.path / ".git"
    left = [file for file in git_dir.rglob("*.lock") if "quire" not in file.relative_to(git_dir).parts]
    assert left == []
    assert bare or repository.git("status", "--porcelain") == ""


def check_derived(repository: Path, folder: Path) -> None:
    """Check that what was derived step by step is what is derived anew."""
    store = GitStore.open(repository)
    cache = store.cache_folder
    with following(store, WhooshIndex(cache / "search"), cache) as (follower, parts):
        follower.follow(1)
        assert follower.catch_up(PATIENCE)
        check_same(parts, folder, "after all writers ended", processes=2)
    store.close()
