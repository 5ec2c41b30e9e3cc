"""A process of some authors who write to one wiki as fast as they can, until they have done so much or are killed.

    python -m tests.soak.writers NUMBER LIFE SEED FOLDER REPOSITORY QUOTA BROKEN

Each author keeps pages open for a while, so what is saved began from what others have long changed, moved or deleted.
"""

import base64
import pickle
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging import WARNING, basicConfig
from pathlib import Path
from random import Random

from engine import model
from engine.access import Actor, Kind, Role, RolePolicy
from engine.changes import Append, Change, Delete, Edit, MergeConflictError, Move, Put
from engine.errors import NotReadyError, WikiError
from engine.model import Entry
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests.soak import breaking, noting, sentences
from tests.soak.noting import Meant, Notes
from tests.soak.outsiders import Outsider

AUTHORS = 2  # in each process, as threads
FOLDERS = ("", "a/", "b/", "c/", "d/e/", "f/g/")
NAMES = ("Home", "Notes", "Plan", "Über uns", "index")
FEW, MANY = 25, 60  # pages, at which more are begun, or deleted
OPEN = 3  # pages that an author keeps open
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What an author is about to do."""

    kind: str
    changes: Sequence[Change]
    meant: Sequence[Meant]
    of: str = ""  # see `Operation.of`


@dataclass(frozen=True, slots=True)
class Opened:
    """A page as an author has read it."""

    path: str
    blob: str
    text: str


class Author:
    """One author.

    Args:
        wiki, store: What to write to, and where to read.
        notes: Of the process.
        name: Unlike any other's.
        life: How often the process was started before; operations of each life have names of their own.
        dice: Decides everything.
    """

    def __init__(self, wiki: Wiki, store: GitStore, notes: Notes, name: str, life: int, dice: Random) -> None:
        self.name = name
        self._wiki, self._store, self._notes, self._dice = wiki, store, notes, dice
        self._actor = Actor(Kind.PERSON, name, Role.EDITOR)
        self._life = life
        self._operations = self._tokens = self._pages = 0
        self._open: list[Opened] = []
        self._deleted: list[Opened] = []
        self._commits: list[str] = []  # that this author made
        self._plans: list[tuple[int, Callable[[], Plan | None]]] = [
            (26, lambda: self._edit(own=True)),
            (26, lambda: self._edit(own=False)),
            (14, self._append),
            (6, self._begin),
            (6, self._move),
            (2, self._move_folder),
            (3, self._delete),
            (3, self._restore),
            (8, self._take_back),
            (6, self._several),
            (1, self._same),
        ]

    def work(self) -> None:
        """Do one thing, and note it."""
        weights, plans = zip(*self._plans, strict=True)
        plan = self._dice.choices(plans, weights)[0]()
        if plan is None:
            return
        key = f"key-{self._life}-{self._operations}" if self._dice.random() < 0.15 else ""
        self._commit(plan, key)

    def _commit(self, plan: Plan, key: str = "") -> None:
        self._operations += 1
        operation = f"{self.name}-{self._life}-{self._operations}"
        again = base64.b64encode(pickle.dumps((tuple(plan.changes), key))).decode() if key else ""
        self._notes.begin(operation, plan.kind, plan.meant, again=again, of=plan.of)
        self._send(operation, plan.changes, key)

    def send_again(self, operation: noting.Operation) -> None:
        """Do again what had a key, and was being done when the process was killed."""
        changes, key = pickle.loads(base64.b64decode(operation.again))
        self._send(operation.id, changes, key)

    def _send(self, operation: str, changes: Sequence[Change], key: str) -> None:
        actor, summary = self._actor, f"op {operation}"
        try:
            saved = self._wiki.commit(changes, actor, summary, key=key or None)
        except MergeConflictError as error:
            returned = [
                {"path": each.path, "ours": each.ours, "theirs": each.theirs_blob} for each in error.conflicts
            ]
            self._notes.end(operation, "conflict", returned=returned)
            self._resolve(error)
            return
        except WikiError as error:
            self._notes.end(operation, "refused", why=type(error).__name__, text=str(error))
            return
        if saved.changed:
            self._commits.append(saved.commit)
        second = None
        if key and self._dice.random() < 0.3:
            second = self._again(changes, summary, key)
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

    def _resolve(self, error: MergeConflictError) -> None:
        """Now and then put one's own sentences below what others wrote."""
        conflict = self._dice.choice(error.conflicts)
        if conflict.theirs_blob is None or conflict.ours is None or self._dice.random() < 0.5:
            return
        theirs = self._store.read(conflict.theirs_blob).decode()
        began = set(sentences.tokens(conflict.base))
        mine = [
            token
            for token in sentences.tokens(conflict.ours)
            if token not in began and token not in theirs and token.endswith("Z")
        ]
        if mine:
            text = theirs + "".join(f"\n{sentences.sentence(token)}\n" for token in mine)
            opened = Opened(conflict.path, conflict.theirs_blob, theirs)
            self._commit(Plan("resolve", [Edit(opened.path, text, opened.blob)], [_meant(opened, text)]))

    # -- what is there

    def _entries(self) -> list[Entry]:
        head = self._store.head()
        return [entry for entry in self._store.tree(head) if entry.path.endswith(".md")] if head else []

    def _read(self, entry: Entry) -> Opened:
        return Opened(entry.path, entry.blob, self._store.read(entry.blob).decode())

    def _page(self) -> Opened | None:
        """Return a page as it is, or as it was when it was opened."""
        if self._open and self._dice.random() < 0.5:
            return self._open.pop(self._dice.randrange(len(self._open)))
        entries = self._entries()
        if not entries:
            return None
        page = self._read(self._dice.choice(entries))
        if len(self._open) < OPEN and self._dice.random() < 0.5:
            self._open.append(page)
        return page

    def _new(self, kind: str) -> str:
        self._tokens += 1
        return f"T{self._who}i{self._tokens}{kind}"

    @property
    def _who(self) -> str:
        return f"{self.name}l{self._life}"

    def _path(self) -> str:
        common = self._dice.random() < 0.3
        name = self._dice.choice(NAMES) if common else f"Page {self._who}n{self._dice.randrange(10**6)}"
        return f"{self._dice.choice(FOLDERS)}{name}.md"

    # -- what to do

    def _edit(self, *, own: bool) -> Plan | None:
        page = self._page()
        if page is None:
            return self._begin()
        text = sentences.edited(page.text, f"T{self.name}l", self._new, self._dice, own=own)
        kind = "edit own" if own else "edit"
        return Plan(kind, [Edit(page.path, text, page.blob)], [_meant(page, text)])

    def _append(self) -> Plan | None:
        page = self._page()
        if page is None:
            return self._begin()
        text = sentences.added(sentences.mark(page.text), self._new, self._dice)
        meant = Meant("", page.path, None, tuple(sentences.tokens(text)))
        return Plan("append", [Append(page.path, text)], [meant])

    def _begin(self) -> Plan | None:
        if len(self._entries()) > MANY:
            return self._delete()
        self._pages += 1
        mark = f"P{self._who}n{self._pages}Q"
        text, path = sentences.new_page(mark, self._new, self._dice), self._path()
        return Plan(
            "begin", [Edit(path, text, None)], [Meant(mark, path, None, tuple(sentences.tokens(text)))]
        )

    def _move(self) -> Plan | None:
        page = self._page()
        if page is None:
            return None
        to = self._path()
        if self._dice.random() < 0.6:
            return Plan("move", [Move(page.path, to, page.blob)], [_meant(page, page.text)])
        text = sentences.edited(page.text, f"T{self.name}l", self._new, self._dice, own=False)
        return Plan("move", [Move(page.path, to, page.blob, text.encode())], [_meant(page, text)])

    def _move_folder(self) -> Plan | None:
        folder = self._dice.choice([folder for folder in FOLDERS if folder])
        pages = [entry for entry in self._entries() if entry.path.startswith(folder)]
        if not pages:
            return None
        other = self._dice.choice([each for each in FOLDERS if each and each != folder])
        to = f"{other}{self._who}m{self._dice.randrange(10**6)}/" if self._dice.random() < 0.7 else other
        changes = [Move(entry.path, to + entry.path[len(folder) :], entry.blob) for entry in pages]
        return Plan("move folder", list(changes), [Meant("", entry.path, entry.blob) for entry in pages])

    def _delete(self) -> Plan | None:
        page = self._page()
        if page is None or len(self._entries()) < FEW:
            return self._begin() if page is None else None
        self._deleted = [*self._deleted[-5:], page]
        return Plan("delete", [Delete(page.path, page.blob)], [_meant(page, "")])

    def _restore(self) -> Plan | None:
        """Make a page again that this author had deleted, or have been about to."""
        if not self._deleted:
            return None
        page = self._deleted.pop(self._dice.randrange(len(self._deleted)))
        meant = Meant(sentences.mark(page.text), page.path, None, tuple(sentences.tokens(page.text)))
        return Plan("make again", [Put(page.path, page.text.encode(), None)], [meant])

    def _take_back(self) -> Plan | None:
        """Restore a page as it was, revert a commit, or undo some of what an author did."""
        kind = self._dice.choice(("restore", "restore", "revert", "revert", "revert", "undo"))
        page = self._page()
        commits = self._commits[-10:]
        if page is None or not commits:
            return None
        commit, of = self._dice.choice(commits), ""
        with self._wiki.at(self._actor) as snapshot, suppress(WikiError):
            if kind == "restore":
                subject = snapshot.past.subject(page.path)
                step = self._dice.choice(snapshot.past.history(subject).steps[:8])
                plan = snapshot.undoing.restore(subject, step.revision.id)
            elif kind == "revert":
                head = snapshot.commit or ""
                of = self._dice.choice((commit, head))
                plan = snapshot.undoing.revert(of)
            else:
                of = self.name
                plan = snapshot.undoing.undo(model.Author(self.name, ""), self._dice.choice(commits[-4:]))
            return Plan(kind, plan.changes, self._meant_by(plan.changes), of) if plan.changes else None
        return None

    def _meant_by(self, changes: Iterable[Change]) -> list[Meant]:
        """Return what becomes of the tokens of each page, also where pages change places."""
        before: Counter[tuple[str, str]] = Counter()
        after: Counter[tuple[str, str]] = Counter()
        base: dict[str, tuple[str, str | None]] = {}
        for change in changes:
            assert isinstance(change, Put | Move | Delete)
            old = self._store.read(change.base).decode() if change.base is not None else ""
            content = getattr(change, "content", None)
            new = content.decode() if content is not None else old if isinstance(change, Move) else ""
            for text, counter in ((old, before), (new, after)):
                counter.update((sentences.mark(text), token) for token in sentences.tokens(text))
                base.setdefault(sentences.mark(text), (change.path, None))
            if old:
                base[sentences.mark(old)] = (change.path, change.base)
        came, went = after - before, before - after
        return [
            Meant(
                page,
                *base[page],
                tuple(token for mark, token in came.elements() if mark == page),
                tuple(token for mark, token in went.elements() if mark == page),
            )
            for page in base
            if page
        ]

    def _several(self) -> Plan | None:
        plans = [plan for plan in (self._edit(own=False), self._append(), self._begin()) if plan is not None]
        changes = [change for plan in plans for change in plan.changes]
        if len({change.path for change in changes}) < len(changes):
            return None
        return Plan("several", changes, [each for plan in plans for each in plan.meant])

    def _same(self) -> Plan | None:
        page = self._page()
        if page is None:
            return None
        return Plan("same", [Edit(page.path, page.text, page.blob)], [_meant(page, page.text)])


def _meant(page: Opened, text: str) -> Meant:
    before, after = sentences.tokens(page.text), sentences.tokens(text)
    return Meant(
        sentences.mark(page.text),
        page.path,
        page.blob,
        tuple(token for token in after if token not in before),
        tuple(token for token in before if token not in after),
    )


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
    authors = [
        Author(wiki, store, notes, f"w{number}a{each}", int(life), Random(dice.random()))
        for each in range(AUTHORS)
    ]
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
