"""A process of some authors who write to one wiki as fast as they can, until they have done so much or are killed.

    python -m tests.soak.writers NUMBER LIFE SEED FOLDER REPOSITORY QUOTA BROKEN

Each author keeps pages open for a while, so what is saved began from what others have long changed, moved or deleted.
"""

import base64
import pickle
import sys
import threading
from collections.abc import Callable, Sequence
from logging import WARNING, basicConfig
from pathlib import Path
from random import Random

from engine.access import Actor, Kind, Role, RolePolicy
from engine.changes import Change, MergeConflictError
from engine.errors import NotReadyError, WikiError
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests.soak import breaking, noting
from tests.soak.noting import Notes
from tests.soak.outsiders import Outsider
from tests.soak.planning import Plan, Planner

AUTHORS = 2  # in each process, as threads
PATIENCE = 60.0


class Author:
    """One author.

    Args:
        wiki: What to write to.
        notes: Of the process.
        actor: With a name unlike any other's.
        life: See `Planner`.
        planner: Knows what to do.
        dice: Decides everything else.
    """

    def __init__(
        self, wiki: Wiki, notes: Notes, actor: Actor, life: int, planner: Planner, dice: Random
    ) -> None:
        self.name = actor.name
        self._wiki, self._notes, self._actor, self._planner, self._dice = wiki, notes, actor, planner, dice
        self._life = life
        self._operations = 0

    def work(self) -> None:
        """Do one thing, and note it."""
        plan = self._planner.plan()
        if plan is not None:
            key = f"key-{self._life}-{self._operations}" if self._dice.random() < 0.15 else ""
            self._commit(plan, key)

    def _commit(self, plan: Plan, key: str = "") -> None:
        self._operations += 1
        operation = f"{self.name}-{self._life}-{self._operations}"
        again = base64.b64encode(pickle.dumps((tuple(plan.changes), key))).decode() if key else ""
        self._notes.begin(operation, plan.kind, plan.meant, again=again, of=plan.of)
        self._send(operation, plan, key)

    def send_again(self, operation: noting.Operation) -> None:
        """Do again what had a key, and was being done when the process was killed."""
        changes, key = pickle.loads(base64.b64decode(operation.again))
        self._send(operation.id, Plan(operation.kind, changes, operation.meant, operation.of), key)

    def _send(self, operation: str, plan: Plan, key: str) -> None:
        actor, summary = self._actor, f"op {operation}"
        try:
            saved = self._wiki.commit(plan.changes, actor, summary, key=key or None)
        except MergeConflictError as error:
            returned = [
                {"path": each.path, "ours": each.ours, "theirs": each.theirs_blob} for each in error.conflicts
            ]
            self._notes.end(operation, "conflict", returned=returned)
            resolution = self._planner.resolution(plan, error)
            if resolution is not None:
                self._commit(resolution)
            return
        except WikiError as error:
            self._notes.end(operation, "refused", why=type(error).__name__, text=str(error))
            return
        if saved.changed:
            self._planner.commits.append(saved.commit)
        second = None
        if key and self._dice.random() < 0.3:
            second = self._again(plan.changes, summary, key)
        with self._wiki.at(actor) as snapshot:
            seen = snapshot.commit
        self._notes.end(
            operation,
            "saved",
            commit=saved.commit,
            changed=saved.changed,
            merged=list(saved.merged),
            repeated=saved.repeated,
            second=second,
            seen=seen,
        )

    def _again(self, changes: Sequence[Change], summary: str, key: str) -> str | None:
        try:
            return self._wiki.commit(changes, self._actor, summary, key=key).commit
        except NotReadyError:
            return None
        except WikiError as error:
            return repr(error)


def main() -> None:
    """Write until the quota of this process is done, in all its lives together."""
    number, life, seed, name, repository, quota, broken = sys.argv[1:]
    basicConfig(level=WARNING)
    folder = Path(name)
    path = folder / f"notes-{number}"
    store = GitStore.open(repository)
    cache = store.cache_folder
    cache.mkdir(parents=True, exist_ok=True)
    wiki = Wiki.open(store, WhooshIndex(cache / "search"), cache, RolePolicy(), processes=0)
    breaking.BROKEN[broken]()
    wiki.start()
    notes, before = Notes(path), list(noting.read(path))
    dice = Random(f"{seed} {number} {life}")
    authors = []
    for each in range(AUTHORS):
        actor, own = Actor(Kind.PERSON, f"w{number}a{each}", Role.EDITOR), Random(dice.random())
        planner = Planner(wiki, store, actor, int(life), own)
        authors.append(Author(wiki, notes, actor, int(life), planner, own))
    wiki.catch_up(PATIENCE)
    for operation in before:
        if operation.again and not operation.end:
            next(a for a in authors if operation.id.startswith(f"{a.name}-")).send_again(operation)
    progress = noting.Progress(path)
    start = progress.look().ended
    outsider = Outsider(
        folder,
        Path(repository),
        notes,
        f"w{number}o",
        int(life),
        Random(dice.random()),
        lambda: progress.ended - start,
    )
    _work([*(author.work for author in authors), outsider.work], progress, int(quota))
    wiki.close()


def _work(works: Sequence[Callable[[], None]], progress: noting.Progress, quota: int) -> None:
    failed: list[BaseException] = []
    lock = threading.Lock()

    def enough() -> bool:
        with lock:
            return bool(failed) or progress.look().ended >= quota

    def run(work: Callable[[], None]) -> None:
        try:
            while not enough():
                work()
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(repr(failed[0]))


if __name__ == "__main__":
    main()
