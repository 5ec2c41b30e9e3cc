"""The write path: rights, one commit on top of whatever the branch has come to, and everything follows it.

::

    changes -> rights -> settled at the head -> Store.write, which moves the branch by compare-and-swap
                  ^                                                                |
                  └──────────────── a file has changed meanwhile ──────────────────┘
                                                                                   v
                                                                     Follower.follow -> Saved

One writer of a host goes at a time, for as long as they wait for one another; whoever waited too long goes on without,
as the compare-and-swap alone keeps every edit.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from logging import getLogger

from sqlalchemy.exc import SQLAlchemyError

from engine.access import Actor, Policy, Protections, Role, may_write
from engine.changes import Append, Change, Delete, Edit, Move, Put, Saved
from engine.errors import (
    EditConflictError,
    ForbiddenError,
    HeadMovedError,
    InvalidChangeError,
    NotReadyError,
    PageExistsError,
    PageNotFoundError,
    TooLargeError,
    WikiError,
)
from engine.following import Follower, Parts
from engine.ids import page_stem, parse_path
from engine.locks import HostLock
from engine.messages import Message
from engine.model import Author
from engine.settling import Limits, Settler
from engine.snapshot import Snapshot
from engine.store.trailers import KEY, MOVED, moved, with_trailers

log = getLogger(__name__)

TURN = 15.0  # seconds that a writer waits for others of this host
ATTEMPTS = 50  # at files that change under the writer's hands
FOLLOW = 1.0  # seconds that a saved change waits to be shown by the next answer
SUMMARY = 2_000  # characters of a summary that are kept

Look = Callable[[Actor], AbstractContextManager[Snapshot]]


class Writing:
    """Makes commits for actors.

    Args:
        parts: What the wiki is put together from.
        follower: Brings what is derived to the new commit.
        policy, protections: Who may what.
        look: Gives a snapshot.
        limits: How much one change may write.
    """

    def __init__(
        self,
        parts: Parts,
        follower: Follower,
        policy: Policy,
        protections: Protections,
        look: Look,
        limits: Limits,
    ) -> None:
        self._parts = parts
        self._follower = follower
        self._policy = policy
        self._protections = protections
        self._look = look
        self._limits = limits
        self._turn = HostLock(parts.folder / "write.lock")

    def commit(
        self,
        changes: Sequence[Change],
        actor: Actor,
        summary: str,
        key: str | None,
        trailers: Mapping[str, str],
    ) -> Saved:
        """Make one commit of all *changes*; see `Wiki.commit`."""
        if not changes:
            raise InvalidChangeError(Message("There is nothing to change."))
        if len(changes) > self._limits.changes:
            raise TooLargeError(
                Message("One commit may change %(limit)s files; make several.", limit=self._limits.changes)
            )
        self._check_rights(changes, actor)
        call = _Call(actor, key, changes) if key else None
        with self._turn.held(TURN):
            return self._commit(
                changes, actor, summary.strip()[:SUMMARY] or _summary(changes), call, trailers
            )

    def _commit(
        self,
        changes: Sequence[Change],
        actor: Actor,
        summary: str,
        call: "_Call | None",
        trailers: Mapping[str, str],
    ) -> Saved:
        store = self._parts.store
        for _ in range(ATTEMPTS):
            if call is not None and (before := self._made_before(call)) is not None:
                return Saved(before, repeated=True)
            head = store.head()
            settler = Settler(store, head, lambda path, base: self._moved(path, base, actor), self._limits)
            settled = settler.settle(changes)
            self._check_paths(actor, [change.path for change in settled.changes])
            said = {
                **trailers,
                "Quire-Actor": actor.name,
                "Quire-Merged": ", ".join(settled.merged),
                MOVED: moved(settled.moved),
                KEY: call.key if call is not None else "",
            }
            try:
                commit = store.write(
                    settled.changes, author=_author(actor), summary=with_trailers(summary, said)
                )
            except (EditConflictError, PageExistsError):
                continue  # the branch has moved since it was looked at: settle anew
            self._follow()
            return Saved(commit, commit != head, settled.paths, tuple(settled.merged))
        raise HeadMovedError(Message("Others kept changing the same file; nothing was written. Save again."))

    def _follow(self) -> None:
        """Let the next answer show what was saved; what is saved stays saved where that fails."""
        try:
            self._follower.follow(FOLLOW)
        except (SQLAlchemyError, WikiError, OSError) as error:
            log.exception("following a saved change failed")
            self._follower.fail(error)

    def _made_before(self, call: "_Call") -> str | None:
        with self._look(call.actor) as snapshot:
            found = snapshot.past.keyed(call.name)
        if found is not None and found[1] != call.key:
            raise InvalidChangeError(
                Message("This key was used for another change already; give each change a key of its own.")
            )
        return found[0] if found is not None else None

    def _moved(self, path: str, base: str | None, actor: Actor) -> str | None:
        """Return where the file has come to that was at *path*, and held the blob *base* then, if it was renamed."""
        with self._look(actor) as snapshot:
            try:
                if base is not None and (now := snapshot.past.whereabouts(path, base)) is not None:
                    return now if now != path else None
                subject = snapshot.past.subject(path)
            except (PageNotFoundError, NotReadyError):
                return None
        return None if subject.gone or subject.name.path == path else subject.name.path

    # -- rights

    def _check_rights(self, changes: Sequence[Change], actor: Actor) -> None:
        paths = [path for change in changes for path in _paths(change)]
        for path in paths:
            parse_path(path)
        self._check_paths(actor, paths)

    def _check_paths(self, actor: Actor, paths: Sequence[str]) -> None:
        """Refuse what the actor may not write; by the path alone, so that nothing is told of what is there."""
        for path in paths:
            if not may_write(self._policy, actor, path):
                raise ForbiddenError(Message("You may not change “%(path)s”.", path=path))
        if self._protections.any() and actor.role is not Role.ADMIN:
            with self._look(actor) as snapshot:
                for path in paths:
                    if not snapshot.is_unprotected(path):
                        raise ForbiddenError(
                            Message("“%(path)s” is protected; ask an administrator to change it.", path=path)
                        )


class _Call:
    """One call with a key: by whom, and what it asks for."""

    def __init__(self, actor: Actor, key: str, changes: Sequence[Change]) -> None:
        self.actor = actor
        self.name = _digest(actor.name, key)
        self.key = f"{self.name} {_digest(*changes)}"


def _digest(*parts: object) -> str:
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _author(actor: Actor) -> Author:
    return actor.author or Author(actor.name or "Anonymous", "")


def _paths(change: Change) -> tuple[str, ...]:
    return (change.path, change.to) if isinstance(change, Move) else (change.path,)


def _summary(changes: Sequence[Change]) -> str:
    """Say what was done, for who said nothing."""
    first = changes[0]
    if len(changes) > 1:
        return f"Change {len(changes)} files"
    name = page_stem(first.path) or first.path
    match first:
        case Put() | Edit():
            return f"{'Create' if first.base is None else 'Change'} {name}"
        case Append():
            return f"Add to {name}"
        case Delete():
            return f"Delete {name}"
        case Move():
            return f"Move {name} to {page_stem(first.to) or first.to}"
