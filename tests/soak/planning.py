"""What an author who writes to a wiki at random does next; see `tests.soak.writers`."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from engine.access import Actor
from engine.changes import Append, Change, Delete, Edit, MergeConflictError, Move, Put
from engine.errors import WikiError
from engine.model import Author, Entry
from engine.moving import Leave
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests.soak import sentences
from tests.soak.noting import Meant

FOLDERS = ("", "a/", "b/", "c/", "d/e/", "f/g/")
NAMES = ("Home", "Notes", "Plan", "Über uns", "index")
FEW, MANY = 25, 60  # pages, at which more are begun, or deleted
OPEN = 3  # pages that an author keeps open
TAKE_BACKS = ("restore", "revert", "undo")
TRIES = 20  # at pages, until one is found that is no more than a sign


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


class Planner:
    """Makes the plans of one author.

    Args:
        wiki, store: Where to read.
        actor: Whose plans.
        life: How often the process was started before; what is new in each life has names of its own.
        dice: Decides everything.
    """

    def __init__(self, wiki: Wiki, store: GitStore, actor: Actor, life: int, dice: Random) -> None:
        self._wiki, self._store, self._actor, self._dice = wiki, store, actor, dice
        self._who = f"{actor.name}l{life}"
        self._mine = f"T{actor.name}l"  # how the author's tokens begin, of all lives
        self._tokens = self._pages = 0
        self._open: list[Opened] = []
        self._deleted: list[Opened] = []
        self.commits: list[str] = []
        """Those that the author made."""
        self._plans: list[tuple[int, Callable[[], Plan | None]]] = [
            (26, lambda: self._edit(own=True)),
            (26, lambda: self._edit(own=False)),
            (14, self._append),
            (6, self._begin),
            (6, self._move),
            (2, self._move_folder),
            (3, self._delete),
            (3, self._make_again),
            (8, self._take_back),
            (6, self._several),
            (1, self._same),
        ]

    def plan(self) -> Plan | None:
        """Decide what to do; ``None`` where that cannot be done just now."""
        weights, plans = zip(*self._plans, strict=True)
        chosen: Callable[[], Plan | None] = self._dice.choices(plans, weights)[0]
        return chosen()

    def resolution(self, plan: Plan, error: MergeConflictError) -> Plan | None:
        """Now and then put one's own sentences below what others wrote; not those that somebody else may bring back."""
        if plan.kind in TAKE_BACKS:
            return None
        conflict = self._dice.choice(error.conflicts)
        if conflict.theirs_blob is None or conflict.ours is None or self._dice.random() < 0.5:
            return None
        theirs = self._store.read(conflict.theirs_blob).decode()
        began = set(sentences.tokens(conflict.base))
        mine = [
            token
            for token in sentences.tokens(conflict.ours)
            if token not in began and token not in theirs and token.endswith("Z")
        ]
        text = theirs + "".join(f"\n{sentences.sentence(token)}\n" for token in mine)
        opened = Opened(conflict.path, conflict.theirs_blob, theirs)
        edit = Edit(opened.path, text, opened.blob)
        return Plan("resolve", [edit], [_meant(opened, text)]) if mine else None

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
        for _ in range(TRIES):
            if sentences.mark(page.text):
                break  # others only lead on to another one
            page = self._read(self._dice.choice(entries))
        if len(self._open) < OPEN and self._dice.random() < 0.5:
            self._open.append(page)
        return page

    def _new(self, kind: str) -> str:
        self._tokens += 1
        return f"T{self._who}i{self._tokens}{kind}"

    def _path(self) -> str:
        common = self._dice.random() < 0.3
        name = self._dice.choice(NAMES) if common else f"Page {self._who}n{self._dice.randrange(10**6)}"
        return f"{self._dice.choice(FOLDERS)}{name}.md"

    # -- what to do

    def _edit(self, *, own: bool) -> Plan | None:
        page = self._page()
        if page is None:
            return self._begin()
        text = sentences.edited(page.text, self._mine, self._new, self._dice, own=own, link=self._link())
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
        text, path = sentences.new_page(mark, self._new, self._dice, self._link()), self._path()
        return Plan(
            "begin", [Edit(path, text, None)], [Meant(mark, path, None, tuple(sentences.tokens(text)))]
        )

    def _link(self) -> str:
        """Return a link to put behind a paragraph, or nothing."""
        entries = self._entries() if self._dice.random() < 0.4 else []
        return f" See [[{self._dice.choice(entries).path.removesuffix('.md')}]]." if entries else ""

    def _move(self) -> Plan | None:
        page = self._page()
        if page is None:
            return None
        to = self._path()
        if self._dice.random() < 0.6:
            return self._moved(page.path, to)
        text = sentences.edited(page.text, self._mine, self._new, self._dice, own=False)
        return Plan("move", [Move(page.path, to, page.blob, text.encode())], [_meant(page, text)])

    def _move_folder(self) -> Plan | None:
        folder = self._dice.choice([folder for folder in FOLDERS if folder])
        other = self._dice.choice([each for each in FOLDERS if each and each != folder])
        to = f"{other}{self._who}m{self._dice.randrange(10**6)}" if self._dice.random() < 0.7 else other
        if any(entry.path.startswith(folder) for entry in self._entries()):
            return self._moved(folder.rstrip("/"), to.rstrip("/"))
        return None

    def _moved(self, path: str, to: str) -> Plan | None:
        """Move a file or a folder, with the links to it."""
        kind = "move" if path.endswith(".md") else "move folder"
        leave = self._dice.choice((*Leave, Leave.NOTHING, Leave.NOTHING))
        with self._wiki.at(self._actor) as snapshot, suppress(WikiError):
            plan = snapshot.moving.plan(path, to, leave)
            return Plan(kind, plan.changes, self._meant_by(plan.changes)) if plan.changes else None
        return None

    def _delete(self) -> Plan | None:
        page = self._page()
        if page is None or len(self._entries()) < FEW:
            return self._begin() if page is None else None
        self._deleted = [*self._deleted[-5:], page]
        return Plan("delete", [Delete(page.path, page.blob)], [_meant(page, "")])

    def _make_again(self) -> Plan | None:
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
        commits = self.commits[-10:]
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
                of = self._actor.name
                plan = snapshot.undoing.undo(Author(self._actor.name, ""), self._dice.choice(commits[-4:]))
            return Plan(kind, plan.changes, self._meant_by(plan.changes), of) if plan.changes else None
        return None

    def _meant_by(self, changes: Iterable[Change]) -> list[Meant]:
        """Return what becomes of the tokens of each page, also where pages change places.

        Pages with one mark, as copies have, and those without, which only lead on to another, count as one that has
        several places: the first says what becomes of the tokens.
        """
        before: Counter[tuple[str, str]] = Counter()
        after: Counter[tuple[str, str]] = Counter()
        places: dict[str, list[tuple[str, str | None]]] = {}
        for change in changes:
            assert isinstance(change, Put | Move | Delete)
            old = self._store.read(change.base).decode() if change.base is not None else ""
            content = getattr(change, "content", None)
            new = content.decode() if content is not None else old if isinstance(change, Move) else ""
            for text, counter in ((old, before), (new, after)):
                counter.update((sentences.mark(text), token) for token in sentences.tokens(text))
            places.setdefault(sentences.mark(old or new), []).append((change.path, change.base))
            places.setdefault(sentences.mark(new), [(change.path, None)])
        came, went = after - before, before - after
        return [
            Meant(
                page,
                *place,
                tuple(token for mark, token in came.elements() if mark == page and not number),
                tuple(token for mark, token in went.elements() if mark == page and not number),
            )
            for page in places
            for number, place in enumerate(places[page])
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
    return Meant.edit(page.path, page.blob, page.text, text)
