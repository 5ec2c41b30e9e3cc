"""The write path: rights, one commit on top of whatever the branch has come to, and everything follows it.

::

    changes -> rights -> settled at the head -> Store.write, which moves the branch by compare-and-swap
                  ^                                                                |
                  └──────────────── a file has changed meanwhile ──────────────────┘
                                                                                   v
                                                                     Follower.follow -> Saved

One writer of a host goes at a time, for as long as they wait for one another, and none while somebody who pushes has a
turn; whoever waited too long goes on without, as the compare-and-swap alone keeps every edit.
"""

import hmac
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from hashlib import sha256
from logging import getLogger

from sqlalchemy.exc import SQLAlchemyError

from engine.access import Actor, Policy, Protections, may_write
from engine.catalog.schema import is_busy
from engine.changes import Append, Change, Delete, Edit, Move, Put, Saved
from engine.errors import (
    EditConflictError,
    ForbiddenError,
    HeadMovedError,
    InvalidChangeError,
    NotReadyError,
    PageExistsError,
    TooLargeError,
    WikiError,
)
from engine.following import Follower, Parts
from engine.ids import check_reach, page_stem, parse_path
from engine.lookback import Look, Lookback
from engine.messages import Message
from engine.model import Author
from engine.settling import Limits, Settler, paths_of
from engine.snapshot import Snapshot
from engine.store.rules import alters
from engine.store.trailers import KEY, MERGED, MOVED, moved, with_trailers
from engine.turns import Turns

log = getLogger(__name__)

TURN = 15.0  # seconds that a writer waits for others of this host
ATTEMPTS = 50  # at files that change under the writer's hands
FOLLOW = 1.0  # seconds that a saved change waits to be shown by the next answer
SUMMARY = 2_000  # characters of a summary that are kept
PATIENCE = 5.0  # seconds that a change waits for the history, where it has to know of the past
PAUSE = 0.05

PLANNING = 15.0  # seconds in which a plan is made anew while others keep changing the wiki


@dataclass(frozen=True, slots=True)
class Plan:
    """What makes changes, so that they can be made anew where the branch has moved.

    Attributes:
        what: What is asked for, in words that `repr` tells apart; two plans with the same are one, as for a key.
        make: Makes the changes, given a snapshot of the branch's head.
    """

    what: tuple[str, ...]
    make: Callable[[Snapshot], Sequence[Change]]


Changes = Sequence[Change] | Plan


class Writing:
    """Makes commits for actors.

    Args:
        parts: What the wiki is put together from.
        follower: Brings what is derived to the new commit.
        turns: Say who writes next.
        policy, protections: Who may what.
        look: Gives a snapshot.
        limits: How much one change may write.
        secret: With which keys of calls are signed.
    """

    def __init__(
        self,
        parts: Parts,
        follower: Follower,
        turns: Turns,
        policy: Policy,
        protections: Protections,
        look: Look,
        limits: Limits,
        secret: bytes = b"",
    ) -> None:
        self._parts = parts
        self._follower = follower
        self._policy = policy
        self._protections = protections
        self._look = look
        self._limits = limits
        self._secret = secret
        self._turns = turns

    def commit(
        self,
        changes: Changes,
        actor: Actor,
        summary: str,
        key: str | None,
        trailers: Mapping[str, str],
    ) -> Saved:
        """Make one commit of all *changes*; see `Wiki.commit`."""
        call = _Call(self._secret, actor, key, changes) if key else None
        writes = partial(
            self._commit, actor=actor, summary=summary.strip()[:SUMMARY], call=call, trailers=trailers
        )
        began, tries = time.monotonic(), 0
        while True:
            try:
                if not isinstance(changes, Plan):
                    self._check(changes, actor)
                    with self._turns.writing(TURN):
                        return writes(changes)
                # A plan takes its time: others may write meanwhile, unless that made it worthless before.
                planned = self._planned(changes, actor, call) if not tries else None
                with self._turns.writing(TURN):
                    return writes(*(planned or self._planned(changes, actor, call)))
            except NotReadyError:
                if time.monotonic() - began >= (PATIENCE if self._follower.runs else 0):
                    raise
                time.sleep(PAUSE)  # others go first meanwhile
            except HeadMovedError:
                if not isinstance(changes, Plan) or time.monotonic() - began >= PLANNING:
                    raise
            tries += 1

    def _commit(
        self,
        changes: Sequence[Change],
        onto: str | None = None,
        *,
        actor: Actor,
        summary: str,
        call: "_Call | None",
        trailers: Mapping[str, str],
    ) -> Saved:
        """Settle changes at the head and write them: at *onto* alone, where that is given."""
        store = self._parts.store
        for _ in range(ATTEMPTS):
            head = store.head()
            with Lookback(store, self._look, head, actor) as history:
                before = call.made(history) if call is not None else None
                if before is not None:
                    self._follow()
                    return Saved(before, paths=_now_at(changes, history), repeated=True)
                if onto is not None and onto != head:
                    raise HeadMovedError(
                        Message("Others keep changing the wiki; nothing was written. Try again in a moment.")
                    )
                settled = Settler(store, head, history, self._limits).settle(changes)
            self._check_paths(actor, [change.path for change in settled.changes], head)
            for change in settled.changes:
                if change.base is None:  # what is there already stays as it is
                    check_reach(change.path)
            if settled.changes and not any(alters(change, store.blob_id) for change in settled.changes):
                # Not left to the store: it would name a commit that somebody else makes just now.
                self._follow()
                return Saved(head or "", False, settled.paths, tuple(settled.merged))
            said = {
                **trailers,
                "Quire-Actor": actor.name,
                MERGED: ", ".join(settled.merged),
                MOVED: moved(settled.moved),
                KEY: call.key if call is not None else "",
            }
            try:
                commit = store.write(
                    settled.changes,
                    author=_author(actor),
                    summary=with_trailers(summary or _summary(changes), said),
                    onto=onto,
                )
            except (EditConflictError, PageExistsError):
                continue  # the branch has moved since it was looked at: settle anew
            self._follow()
            return Saved(commit, commit != head, settled.paths, tuple(settled.merged))
        raise HeadMovedError(Message("Others kept changing the same file; nothing was written. Save again."))

    def _planned(
        self, plan: "Plan", actor: Actor, call: "_Call | None"
    ) -> tuple[Sequence[Change], str | None]:
        """Return the changes that *plan* makes, and the head at which it made them; none of a call that was made before.

        Raises:
            NotReadyError: The snapshot is of another commit.
        """
        store = self._parts.store
        if call is not None:
            with Lookback(store, self._look, store.head(), actor) as history:
                if call.made(history) is not None:
                    return (), None
        with self._look(actor) as snapshot:
            head = store.head()
            if snapshot.commit != head:
                raise NotReadyError(Message("What others pushed is still being read; try again in a moment."))
            changes = plan.make(snapshot)
        self._check(changes, actor)
        return changes, head

    def _follow(self) -> None:
        """Let the next answer show what was saved; what is saved stays saved where that fails."""
        end, problem = time.monotonic() + FOLLOW, None
        while (left := end - time.monotonic()) > 0:
            try:
                if self._follower.follow(left):
                    return
            except (SQLAlchemyError, WikiError, OSError) as error:
                problem = error
                if not is_busy(error):
                    break
            time.sleep(max(0.0, min(PAUSE, end - time.monotonic())))
        log.error("a saved change was not followed in time", exc_info=problem)
        if problem is not None:
            self._follower.fail(problem)
        self._follower.miss()

    # -- what may be asked for

    def _check(self, changes: Sequence[Change], actor: Actor) -> None:
        if not changes:
            raise InvalidChangeError(Message("There is nothing to change."))
        if len(changes) > self._limits.changes:
            raise TooLargeError(
                Message.counting(
                    "One commit may change %(num)s file; make several.",
                    "One commit may change %(num)s files; make several.",
                    self._limits.changes,
                )
            )
        paths = [path for change in changes for path in paths_of(change)]
        for path in paths:
            parse_path(path)
        self._check_paths(actor, paths)

    def _check_paths(self, actor: Actor, paths: Sequence[str], head: str | None = None) -> None:
        """Refuse what the actor may not write; by the path alone, so that nothing is told of what is there.

        With a *head*, what is protected must be known as of that commit: a page may just have been renamed.
        """
        for path in paths:
            if not may_write(self._policy, actor, path):
                raise ForbiddenError(Message("You may not change “%(path)s”.", path=path))
        if actor.role.covers(self._protections.highest()):
            return  # it needs no snapshot
        with self._look(actor) as snapshot:
            if head not in {None, snapshot.commit}:
                raise NotReadyError(Message("What others pushed is still being read; try again in a moment."))
            if refused := snapshot.protected(paths):
                raise ForbiddenError(
                    Message("“%(path)s” is protected; ask an admin to change it.", path=min(refused))
                )


class _Call:
    """One call with a key: by whom, and what it asks for.

    Args:
        secret: Of this wiki: without it nobody can make a commit that looks as if it came of a call.
        actor: By whom.
        key: What they called it.
        changes: What it asks for.
    """

    def __init__(self, secret: bytes, actor: Actor, key: str, changes: Changes) -> None:
        self._secret = secret
        self._name = self._digest([actor.kind, actor.name, key])
        asked = [changes.what] if isinstance(changes, Plan) else map(_fingerprint, changes)
        self.key = f"{self._name} {self._digest(asked)}"

    def made(self, history: Lookback) -> str | None:
        """Return the commit that this call made before."""
        found = history.keyed(self._name)
        if found is not None and found[1] != self.key:
            raise InvalidChangeError(
                Message("This key was used for another change already; give each change a key of its own.")
            )
        return found[0] if found is not None else None

    def _digest(self, parts: Iterable[object]) -> str:
        said = repr([*parts]).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, said, "sha256").hex()[:24]


def _fingerprint(change: Change) -> tuple[object, ...]:
    """Return what tells a change from others, with a digest in place of what it writes."""
    return (type(change).__name__, *(_short(getattr(change, each.name)) for each in fields(change)))


def _short(value: object) -> object:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogatepass")
    return sha256(value).hexdigest() if isinstance(value, bytes) else value


def _now_at(changes: Sequence[Change], history: Lookback) -> Mapping[str, str]:
    """Return where the files are now of changes that were made before."""
    ends = {change.path: change.to if isinstance(change, Move) else change.path for change in changes}
    return {path: history.moved(end, None) or end for path, end in ends.items()}


def _author(actor: Actor) -> Author:
    return actor.author or Author(actor.name or "Anonymous", "")


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
