"""Takes what somebody pushes: checks it, and moves the branch."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from logging import getLogger
from pathlib import Path

from engine.access import EVERYTHING, Actor, Policy, Protections, Role, may_write
from engine.errors import (
    HeadMovedError,
    NotReadyError,
    PushRefusedError,
    RevisionNotFoundError,
    TooLargeError,
    WikiError,
)
from engine.following import Follower
from engine.lookback import Look
from engine.model import Author, Difference
from engine.pushing import rules
from engine.pushing.rules import Limits, Update, shown
from engine.pushing.texts import Texts
from engine.store import Incoming, Pushable
from engine.turns import Turns

log = getLogger(__name__)

COUNTED = 1_000  # of those that are not told
TOLD = 20  # reasons, and warnings, that are told
FOLLOW = 10.0  # seconds that a push waits until every answer shows what it brought

MOVED = "the wiki has changed meanwhile: fetch, merge or rebase, and push again"

Say = Callable[[str], None]
"""Tells whoever pushes one line."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A push that may be published."""

    commits: Sequence[str]  # that it brings, parents first
    warnings: Sequence[str]  # a line each


class Pushing:
    """Takes pushes. Made by `Wiki`.

    Args:
        store: Where they go.
        follower: Brings what is derived to the new commit.
        turns: Say who moves the branch next.
        policy, protections: Who may what.
        look: Gives a snapshot.
        limits: How much one push may bring.
    """

    def __init__(
        self,
        store: Pushable,
        follower: Follower,
        turns: Turns,
        policy: Policy,
        protections: Protections,
        look: Look,
        limits: Limits,
    ) -> None:
        self._store = store
        self._follower = follower
        self._turns = turns
        self._policy = policy
        self._protections = protections
        self._look = look
        self._limits = limits

    def check(
        self,
        updates: Sequence[Update],
        quarantine: Path | None,
        actor: Actor,
        stop: Callable[[], bool] = lambda: False,
    ) -> Checked:
        """Look at what a push would change, before anything does.

        Args:
            updates: All references that it moves.
            quarantine: Where git keeps the objects that came with it; ``None`` where it brought none.
            actor: Who pushes.
            stop: Says whether nobody waits for the answer any more.

        Raises:
            PushRefusedError: With every reason.
            StoreError: The repository cannot be read.
        """
        try:
            checked = self._check(updates, quarantine, actor, stop)
        except BaseException:
            self._turns.end(actor, pushed=False)
            raise
        self._turns.push(actor, 0)  # what was found is to hold until the branch moves
        return checked

    def _check(
        self, updates: Sequence[Update], quarantine: Path | None, actor: Actor, stop: Callable[[], bool]
    ) -> Checked:
        if not actor.role.covers(Role.EDITOR):
            raise PushRefusedError("you may not change this wiki; ask an admin for the role of an editor")
        if self._store.branch is None:
            raise PushRefusedError("this wiki shows a commit and no branch, so there is nothing to push to")
        _refuse(rules.refused_references(updates, self._store.branch))
        if len(updates) != 1 or updates[0].new is None:
            raise PushRefusedError("there is nothing to push")
        with closing(self._store.incoming(quarantine)) as incoming:
            try:
                return self._checked(updates[0].old, updates[0].new, incoming, actor, stop)
            except RevisionNotFoundError as error:
                raise PushRefusedError(f"{error}; the branch must point to a commit") from error
            except TooLargeError as error:
                raise PushRefusedError(str(error)) from error

    def _checked(
        self, old: str | None, new: str, incoming: Incoming, actor: Actor, stop: Callable[[], bool]
    ) -> Checked:
        if old != self._store.head():
            raise PushRefusedError(MOVED)
        _refuse(_told(rules.refused_commits([new], incoming)))
        if old is not None and not incoming.extends(old, new):
            self._check_rewrite(actor)
        commits = incoming.commits(old, new)
        _refuse(_told(rules.refused_commits(commits, incoming)))
        differences = incoming.difference(old, new)
        there = {(each.old.path, each.old.form) for each in differences if each.old is not None}
        files = rules.Files(incoming, there, self._store.root, self._limits.file_bytes, stop)
        texts = Texts(incoming, differences)
        _refuse(
            _told(
                chain(
                    files.refused(incoming.files(commits)),
                    self._forbidden(files.paths, differences, actor),
                    self._taken_back(incoming, commits, old, actor),
                    rules.refused_clashes(incoming, old, differences),
                    texts.refused(),
                )
            )
        )
        texts.unreachable(differences, self._store.root)
        return Checked(commits, tuple(_bounded(_told(texts.warnings), "warnings")))

    def _check_rewrite(self, actor: Actor) -> None:
        """Refuse a history that leaves out what was published, but to an admin where the settings let them."""
        remedy = "fetch what is new, merge or rebase onto it, and push again"
        if not self._limits.rewrites:
            raise PushRefusedError(f"the push leaves out commits that are published: {remedy}")
        if actor.role is not Role.ADMIN:
            raise PushRefusedError(
                f"the push leaves out commits that are published, which only an admin may: {remedy}"
            )

    def _forbidden(
        self, touched: Collection[str], differences: Sequence[Difference], actor: Actor
    ) -> Iterator[tuple[str, str]]:
        """Yield files that the actor may not change: in any commit, and by all of them together."""
        yield from self._not_theirs(dict.fromkeys([*touched, *(each.path for each in differences)]), actor)

    def _taken_back(
        self, incoming: Incoming, commits: Sequence[str], old: str | None, actor: Actor
    ) -> Iterator[tuple[str, str]]:
        """Yield files that the actor may not change, and that a merge takes back to how they were before."""
        if old is None or (actor.role is Role.ADMIN and actor.writes == EVERYTHING):
            return  # there is nothing to take back, or they may
        files = incoming.taken_back(commits, old)
        yield from self._not_theirs(dict.fromkeys(file.path for file in files), actor)

    def _not_theirs(self, paths: Collection[str], actor: Actor) -> Iterator[tuple[str, str]]:
        root = f"{self._store.root}/" if self._store.root else ""
        inside = [path.removeprefix(root) for path in paths if path.startswith(root)]
        for path in paths:
            if not path.startswith(root) and actor.role is not Role.ADMIN:
                yield path, f"is not below {self._store.root}, and you may change nothing else"
        refused = [path for path in inside if not may_write(self._policy, actor, path)]
        for path in refused:
            hidden = " (hidden files are for admins)" if path.startswith(".") or "/." in path else ""
            yield root + path, f"may not be changed by you{hidden}; leave it out of all commits of the push"
        if actor.role.covers(self._protections.highest()):
            return
        try:
            with self._look(actor) as snapshot:
                if snapshot.commit != self._store.head():
                    raise PushRefusedError("what others pushed is still being read; try again in a moment")
                protected = snapshot.protected(inside)
        except NotReadyError as error:
            raise PushRefusedError(str(error)) from error
        for path in sorted(protected):
            yield root + path, "is protected; ask an admin to change it"

    def publish(self, update: Update, actor: Actor, say: Say) -> None:
        """Move the branch, and wait until every answer shows what came, for a bounded time.

        Args:
            update: As it was checked; its objects are in the repository.
            actor: Who pushes.
            say: Tells whoever pushes what goes on behind.

        Raises:
            PushRefusedError: The branch has moved, or a file of a work tree is in the way. Nothing has changed.
        """
        if update.new is None:
            raise PushRefusedError("the branch cannot be deleted")
        mover = actor.author or Author(actor.name or "Somebody", "")
        moved = False
        try:
            self._store.advance(update.old, update.new, by=mover)
            moved = True
        except WikiError as error:
            if self._store.head() != update.new:  # else it has moved, and something failed after that
                why = MOVED if isinstance(error, HeadMovedError) else str(error)
                raise PushRefusedError(why) from error
            log.exception("a push was published, and not to the end")
            moved = True
        finally:
            self._turns.end(actor, pushed=moved)
        if not self._follow(update.new):
            say("Published. Indexing continues; /-/healthz shows how far it is.")

    def _follow(self, commit: str) -> bool:
        """Let every answer show *commit*; what is pushed stays pushed where that fails."""
        try:
            return self._follower.bring(commit, FOLLOW)
        except Exception as error:  # whatever it is, the branch has moved, and that is what is to be told
            log.exception("following a push failed")
            self._follower.fail(error)
            self._follower.miss()
            return False


def _told(found: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Write each path and what is said of it as one line, each once."""
    told: set[str] = set()
    for path, said in found:
        line = f"{shown(path)} {said}"
        if line not in told:
            told.add(line)
            yield line


def _bounded(lines: Iterable[str], of: str) -> Iterator[str]:
    lines = iter(lines)
    yield from islice(lines, TOLD)
    if more := sum(1 for _ in islice(lines, COUNTED)):
        yield f"and {'at least ' if more == COUNTED else ''}{more:,} more {of}"


def _refuse(reasons: Iterable[str]) -> None:
    told = tuple(_bounded(reasons, "reasons"))
    if told:
        raise PushRefusedError(*told)
