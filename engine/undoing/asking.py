"""`Undoing`: which commits are to be taken back, and what they did to which files, as one actor may see it."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from engine.catalog import Moment, Touched
from engine.errors import (
    ForbiddenError,
    InvalidChangeError,
    NotReadyError,
    PageExistsError,
    PageNotFoundError,
    TooLargeError,
)
from engine.ids import check_reach, page_stem, parse_path
from engine.messages import Message
from engine.model import Author, Revision
from engine.past import Past
from engine.past_answers import Subject
from engine.sight import LOOKED_AT, Sight
from engine.store import Store
from engine.undoing.assembling import Assembly, Turn, Writer
from engine.undoing.effects import ORDINARY, Effects, place
from engine.undoing.folding import ClashError, Effect, Folding, Held, Place
from engine.undoing.plans import Reason, UndoPlan

COMMITS = 1_000
"""Commits of one author that one plan takes back; earlier ones stay, and the plan says that there are some."""
FILES = 5_000
"""Files that one plan looks at."""
AT_ONCE = 200  # commits in one question


class Undoing:
    """Plans how to take back what was done. Made by `Snapshot.undoing`.

    Every question raises `NotReadyError` while the history is still being read.

    Args:
        past: Tells what was.
        moment: The catalog.
        store: Where contents are read.
        writer: Knows what the actor may see and write.
        sees_all: Whether the actor may see everything.
    """

    def __init__(self, past: Past, moment: Moment, store: Store, writer: Writer, *, sees_all: bool) -> None:
        self._past = past
        self._moment = moment
        self._arrivals = moment.arrivals
        self._store = store
        self._writer = writer
        self._sight = Sight(moment.arrivals, writer, sees_all=sees_all)
        self._effects = Effects(moment, store, self._sight)
        self._folding = Folding(store)

    def _check(self) -> None:
        if not self._past.known:
            raise NotReadyError(Message("The history is still being read; try again in a moment."))

    # -- one file as it was

    def restore(self, subject: Subject, text: str, to: str = "") -> UndoPlan:
        """Bring a file back as it was, byte for byte.

        Args:
            subject: The file, which may be gone.
            text: What names a commit that has it.
            to: Another path, for a file that is gone and whose place is taken.

        Raises:
            RevisionNotFoundError: There is no such commit, or it does not have the file.
            ForbiddenError: The actor may not write it.
            PageExistsError: The file is gone, and another one is where it is to be.
            PageIdError: *to* is unsafe as a path.
            InvalidChangeError: It is so already, or it is no ordinary file, or nobody could reach it at *to*.
        """
        version = self._past.version(subject, text)
        path = parse_path(to if to and subject.gone else subject.name.path)
        now = None if subject.gone else subject.name
        if any(name is not None and name.form not in ORDINARY for name in (version.name, now)):
            raise InvalidChangeError(
                Message("“%(path)s” was or is no ordinary file; restore it with git.", path=path)
            )
        if not self._writer.may_write(path):
            raise ForbiddenError(Message("You may not change “%(path)s”.", path=path))
        if subject.gone:
            check_reach(path)
        assembly = self._assembly()
        assembly.turn(Turn(place(now), Place(path, Held(version.name.blob))))
        changes, files = assembly.changes()
        if not changes and any(left.reason is Reason.TAKEN for left in assembly.left):
            raise PageExistsError(
                Message("There is another file at “%(path)s” now, or one with the same address.", path=path)
            )
        if not changes:
            raise InvalidChangeError(
                Message("“%(path)s” is just so already; there is nothing to restore.", path=path)
            )
        summary = f"Restore {page_stem(path) or path} as of {version.commit[:10]}"
        return UndoPlan(changes, files, summary=summary, trailers={"Quire-Restores": version.commit})

    # -- one commit

    def revert(self, text: str, path: str = "") -> UndoPlan:
        """Take back what one commit did.

        Args:
            text: What names the commit.
            path: One of its files, by path or page id, then or before; empty for all of them.

        Raises:
            RevisionNotFoundError: There is no such commit.
            PageNotFoundError: It did nothing to *path*.
            InvalidChangeError: It is a merge, or what was before it is not known, or nothing of it is left to undo.
            TooLargeError: It touched more than `FILES` files.
        """
        commit = self._past.commit(text)
        revision = self._arrivals.revisions([commit])[commit]
        parents = self._arrivals.parents([commit])[commit]
        touches = self._touches(commit, parents)
        if path:
            touches = [touched for touched in touches if _concerns(touched, path)]
            if not touches:
                raise PageNotFoundError(
                    Message(
                        "Revision %(revision)s did nothing to “%(path)s”.",
                        revision=commit[:10],
                        path=path[:60],
                    )
                )
        gathered = _Gathered()
        for touched in touches:
            gathered.add(touched.path, touched, self._effects.effect(touched, parents))
        plan = self._plan(gathered)
        self._check_something(
            plan, Message("Nothing of revision %(revision)s is left to undo.", revision=commit[:10])
        )
        summary, trailers = _revert_summary(revision, path), {"Quire-Reverts": commit}
        return replace(plan, revision=revision, summary=summary, trailers=trailers)

    def _touches(self, commit: str, parents: Sequence[str]) -> list[Touched]:
        """Return what a commit did, as far as the actor may see it."""
        if len(parents) > 1:
            raise InvalidChangeError(
                Message(
                    "Revision %(revision)s joins two lines of work; revert the revisions that it brought instead.",
                    revision=commit[:10],
                )
            )
        if commit in self._store.edges():
            raise InvalidChangeError(
                Message(
                    "What was before revision %(revision)s is not in this copy of the repository, so it cannot be undone here.",
                    revision=commit[:10],
                )
            )
        ranks = dict(self._arrivals.commits(commit))
        found = self._arrivals.touches_of(ranks[commit], FILES + 1)
        if len(found) > FILES:
            raise TooLargeError(
                Message(
                    "Revision %(revision)s touched more than %(limit)s files; revert it with git.",
                    revision=commit[:10],
                    limit=f"{FILES:,}",
                )
            )
        return self._sight.sees(found)

    # -- one author

    def undo(self, author: Author, since: datetime | str = "") -> UndoPlan:
        """Take back everything that one author did, newest first, as one commit.

        Edits of a page, also with others' edits between, come to the text without them. A page in which that cannot be
        told is left whole.

        Args:
            author: Name and address, exactly as in commits.
            since: A time, or what names a commit, which is then the first; empty for all.

        Raises:
            RevisionNotFoundError: There is no such commit.
            InvalidChangeError: They did nothing since, or nothing of it is left to undo.
            TooLargeError: One commit touched more than `FILES` files.
        """
        self._check()
        who, told = f"{author.name} <{author.email}>", _told(since)
        revisions, more = self._commits(author, since)
        gathered = _Gathered()
        edges, parents = self._store.edges(), self._arrivals.parents(each.id for each, _ in revisions)
        commits = 0
        for revision, touches in revisions:
            if revision.id in edges:
                continue  # what it seems to have added was there before
            commits += 1
            for touched in touches:
                gathered.add(touched.lineage, touched, self._effects.effect(touched, parents[revision.id]))
        nothing = Message("Nothing that %(author)s did is left to undo.", author=author.name)
        if not gathered.effects and not gathered.reasons:
            raise InvalidChangeError(nothing)
        plan = self._plan(gathered)
        self._check_something(plan, nothing)
        return replace(
            plan,
            commits=commits,
            more=more,
            summary=f"Undo what {author.name} did{f' since {told}' if told else ''}",
            trailers={"Quire-Undoes": f"{who} since {told}" if told else who},
        )

    def _commits(
        self, author: Author, since: datetime | str
    ) -> tuple[list[tuple[Revision, list[Touched]]], bool]:
        """Return what an author did, newest first, as far as the actor may see it; and whether there is more."""
        first = -1
        if isinstance(since, str) and since:
            commit = self._past.commit(since)
            first = dict(self._arrivals.commits(commit))[commit]
        found: list[tuple[Revision, list[Touched]]] = []
        files = 0
        for start in range(0, LOOKED_AT, AT_ONCE):
            listed = self._arrivals.active("", author.name, AT_ONCE, start)
            for each in listed:
                if each.rank < first:
                    return found, False
                if each.revision.author != author:
                    continue
                if isinstance(since, datetime) and each.revision.time < since:
                    continue
                files += each.files
                if files > FILES and not found:
                    raise TooLargeError(
                        Message(
                            "Revision %(revision)s touched more than %(limit)s files; revert it with git.",
                            revision=each.revision.id[:10],
                            limit=f"{FILES:,}",
                        )
                    )
                if files > FILES or len(found) == COMMITS:
                    return found, True
                if touches := self._sight.sees(self._arrivals.touches_of(each.rank, FILES)):
                    found.append((each.revision, touches))
            if len(listed) < AT_ONCE:
                return found, False
        return found, True

    # -- what becomes of each file

    def _assembly(self) -> Assembly:
        return Assembly(self._moment, self._writer, self._folding)

    def _plan(self, gathered: "_Gathered") -> UndoPlan:
        """Return what becomes of the files, without what is said of it."""
        assembly = self._assembly()
        self._effects.begin()
        now = self._effects.now(touches[0] for touches in gathered.touches.values())
        for key, touches in gathered.touches.items():
            name = now.get(touches[0])
            path = name.path if name is not None else touches[0].path
            if name is not None and not self._writer.may_see(name):
                continue
            if key in gathered.reasons or (name is not None and name.form not in ORDINARY):
                assembly.leave(path, gathered.reasons.get(key, Reason.SPECIAL))
                continue
            effects = gathered.effects[key]
            try:
                then = self._without(place(name), touches, effects)
            except ClashError as clash:
                assembly.clash(clash)
                continue
            if name is None and then is None:
                assembly.leave(path, Reason.GONE)
            assembly.turn(Turn(place(name), then, sum(effect.edits for effect in effects)))
        changes, files = assembly.changes()
        return UndoPlan(changes, files, assembly.left, tuple(assembly.conflicts))

    def _without(
        self, now: Place | None, touches: Sequence[Touched], effects: Sequence[Effect]
    ) -> Place | None:
        """Return what a file is without *effects*: by the way back, or else by the way there again.

        Raises:
            ClashError: Both ways are barred.
        """
        try:
            return self._folding.without(now, effects)
        except ClashError:
            commits = {touched.revision.id for touched in touches}
            if deeds := self._effects.deeds(touches[0].lineage, commits, now):
                with suppress(ClashError):
                    return self._folding.again(deeds)
            raise

    @staticmethod
    def _check_something(plan: UndoPlan, nothing: Message) -> None:
        """Refuse a plan of which nothing can come, whoever makes it."""
        if not plan.changes and all(left.reason in {Reason.DONE, Reason.GONE} for left in plan.left):
            raise InvalidChangeError(nothing)


@dataclass(slots=True)
class _Gathered:
    """What is to be taken back, by file."""

    touches: dict[object, list[Touched]] = field(default_factory=dict)  # newest first
    effects: dict[object, list[Effect]] = field(default_factory=dict)  # of each of them
    reasons: dict[object, Reason] = field(default_factory=dict)  # of those that stay as they are

    def add(self, key: object, touched: Touched, effect: Effect | Reason) -> None:
        self.touches.setdefault(key, []).append(touched)
        if isinstance(effect, Reason):
            self.reasons[key] = effect
        else:
            self.effects.setdefault(key, []).append(effect)


def _concerns(touched: Touched, text: str) -> bool:
    """Say whether a touch is of the file that *text* names."""
    paths = [path for path in (touched.path, touched.old_path) if path]
    return text in paths or text in map(page_stem, paths)


def _revert_summary(revision: Revision, path: str) -> str:
    said = revision.summary or revision.id[:10]
    return f"Revert “{said}”" + (f" in {page_stem(path) or path}" if path else "")


def _told(since: datetime | str) -> str:
    return f"{since:%Y-%m-%d %H:%M} UTC" if isinstance(since, datetime) else since
