"""Takes what somebody pushes: checks it, and moves the branch."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from logging import getLogger
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from engine.access import Actor, Policy, Protections, Role, may_write
from engine.errors import (
    ConflictError,
    HeadMovedError,
    NotReadyError,
    PushRefusedError,
    RevisionNotFoundError,
    StoreError,
    WikiError,
)
from engine.following import Follower
from engine.lookback import Look
from engine.model import Author, Difference
from engine.pushing import rules
from engine.pushing.rules import Limits, Update, shown
from engine.pushing.texts import Texts
from engine.store import Incoming, Remote

log = getLogger(__name__)

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
        remote: Where they go.
        follower: Brings what is derived to the new commit.
        policy, protections: Who may what.
        look: Gives a snapshot.
        limits: How much one push may bring.
    """

    def __init__(
        self,
        remote: Remote,
        follower: Follower,
        policy: Policy,
        protections: Protections,
        look: Look,
        limits: Limits,
    ) -> None:
        self._remote = remote
        self._follower = follower
        self._policy = policy
        self._protections = protections
        self._look = look
        self._limits = limits

    def check(self, updates: Sequence[Update], quarantine: Path | None, actor: Actor) -> Checked:
        """Look at what a push would change, before anything does.

        Args:
            updates: All references that it moves.
            quarantine: Where git keeps the objects that came with it; ``None`` where it brought none.
            actor: Who pushes.

        Raises:
            PushRefusedError: With every reason.
            StoreError: The repository cannot be read.
        """
        if not actor.role.covers(Role.EDITOR):
            raise PushRefusedError("you may not change this wiki; ask an admin for the role of an editor")
        if self._remote.branch is None:
            raise PushRefusedError("this wiki shows a commit and no branch, so there is nothing to push to")
        _refuse(rules.refused_references(updates, self._remote.branch))
        if len(updates) != 1 or updates[0].new is None:
            raise PushRefusedError("there is nothing to push")
        with closing(self._remote.incoming(quarantine)) as incoming:
            try:
                return self._checked(updates[0].old, updates[0].new, incoming, actor)
            except RevisionNotFoundError as error:
                raise PushRefusedError(f"{error}; the branch must point to a commit") from error

    def _checked(self, old: str | None, new: str, incoming: Incoming, actor: Actor) -> Checked:
        if old != self._remote.head():
            raise PushRefusedError(MOVED)
        if old is not None and not incoming.extends(old, new):
            self._check_rewrite(actor)
        commits = incoming.commits(old, new)
        differences = incoming.difference(old, new)
        there = {(each.old.path, each.old.form) for each in differences if each.old is not None}
        files = rules.Files(incoming, there, self._limits.file_bytes)
        texts = Texts(incoming, differences)
        _refuse(
            _told(
                chain(
                    rules.refused_commits(commits, incoming),
                    files.refused(incoming.arrivals(commits)),
                    self._forbidden(files.paths, differences, actor),
                    rules.refused_clashes(incoming, old, differences),
                    texts.refused(),
                )
            )
        )
        texts.unreachable(differences)
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
        """Yield files that the actor may not change: in any commit, and by all of them together.

        The latter tells where a merge drops what others did: it differs from none of its own parents.
        """
        paths = dict.fromkeys([*touched, *(each.path for each in differences)])
        root = f"{self._remote.root}/" if self._remote.root else ""
        inside = [path.removeprefix(root) for path in paths if path.startswith(root)]
        for path in paths:
            if not path.startswith(root) and actor.role is not Role.ADMIN:
                yield path, f"is not below {self._remote.root}, and you may change nothing else"
        refused = [path for path in inside if not may_write(self._policy, actor, path)]
        for path in refused:
            hidden = " (hidden files are for admins)" if path.startswith(".") or "/." in path else ""
            yield root + path, f"may not be changed by you{hidden}; leave it out of all commits of the push"
        if actor.role.covers(self._protections.highest()):
            return
        try:
            with self._look(actor) as snapshot:
                if snapshot.commit != self._remote.head():
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
        try:
            self._remote.advance(
                update.old, update.new, by=actor.author or Author(actor.name or "Somebody", "")
            )
        except HeadMovedError as error:
            raise PushRefusedError(
                "the wiki has changed meanwhile: fetch, merge or rebase, and push again"
            ) from error
        except (ConflictError, StoreError) as error:
            raise PushRefusedError(str(error)) from error
        if not self._follow(update.new):
            say("Published. Indexing continues; /-/healthz shows how far it is.")

    def _follow(self, commit: str) -> bool:
        """Let every answer show *commit*; what is pushed stays pushed where that fails."""
        try:
            return self._follower.bring(commit, FOLLOW)
        except (SQLAlchemyError, WikiError, OSError) as error:
            log.exception("following a push failed")
            self._follower.fail(error)
            return False


def _told(found: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Write each path and what is said of it as one line, each once."""
    return iter(dict.fromkeys(f"{shown(path)} {said}" for path, said in found))


def _bounded(lines: Iterable[str], of: str) -> Iterator[str]:
    lines = iter(lines)
    yield from islice(lines, TOLD)
    if more := sum(1 for _ in lines):
        yield f"and {more:,} more {of}"


def _refuse(reasons: Iterable[str]) -> None:
    told = tuple(_bounded(reasons, "reasons"))
    if told:
        raise PushRefusedError(*told)
