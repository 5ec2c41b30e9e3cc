"""One exchange with the other repository: what is new there comes here, what is new here goes there."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice
from logging import getLogger
from typing import Protocol, runtime_checkable

from engine.errors import HeadMovedError, RevisionNotFoundError, StoreError, TooLargeError
from engine.following import Follower
from engine.locks import HostLock
from engine.mirroring.deciding import Decide, Decided, Deciding, Disagreement, Why
from engine.model import Author, Difference, Form
from engine.pushing import rules
from engine.pushing.rules import shown
from engine.pushing.texts import Texts
from engine.store import Incoming, Joining, Pushable, PushedFile, Remote
from engine.store.trailers import MERGED, with_trailers

log = getLogger(__name__)

TRIES = 20  # at branches that move meanwhile
TURN = 15.0  # seconds that joining waits for those who save
FOLLOW = 10.0  # seconds that an exchange waits until every answer shows what came
TOLD = 20  # reasons that are told
MERGED_NAMED = 200  # pages that the commit's message names
NO_LIMIT = 1 << 62  # what is in the other repository already may be as large as it is

Decisions = Decide


@runtime_checkable
class Mirrored(Pushable, Protocol):
    """What a store is besides, that can be the same as another one."""

    def joining(self) -> Joining:
        """Look into two histories that went apart."""
        ...


class Standing(StrEnum):
    """How the two branches stand to each other."""

    SAME = "same"
    AHEAD = "ahead"  # what is here is not there yet
    CONFLICT = "conflict"  # somebody has to decide
    REFUSED = "refused"  # what is there breaks the rules of this wiki
    REWRITTEN = "rewritten"  # what was there is not there any more
    UNRELATED = "unrelated"  # they have nothing in common


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an exchange."""

    standing: Standing
    brought: bool = False  # something came here
    sent: bool = False  # something went there
    reasons: tuple[str, ...] = ()  # why what is there was refused, a line each
    conflicts: tuple[Disagreement, ...] = field(default=(), repr=False)


class _Moved(Exception):  # noqa: N818 - it is no error: one looks again
    """A branch has moved meanwhile."""


class Exchange:
    """Keeps the branch the same as that of another repository. One thread of the host uses it at a time.

    Args:
        store: The branch here.
        remote: The branch there.
        follower: Brings what is derived to a new commit.
        turn: The lock by which the writers of the host take turns.
        joiner: Who joins histories where nobody had to decide.
    """

    def __init__(
        self, store: Mirrored, remote: Remote, follower: Follower, turn: HostLock, joiner: Author
    ) -> None:
        self._store = store
        self._remote = remote
        self._follower = follower
        self._turn = turn
        self._joiner = joiner

    def seen(self) -> str | None:
        """Return the commit that the branch there is known to have; cheap."""
        return self._remote.seen()

    def has(self, commit: str) -> bool:
        """Say whether *commit* is known to be there."""
        seen = self.seen()
        if seen is None:
            return False
        with closing(self._store.joining()) as joining:
            return joining.extends(commit, seen)

    def is_ahead(self) -> bool:
        """Say, without asking there, whether something is here that is not known to be there."""
        head = self._store.head()
        return head is not None and head != self._remote.seen()

    def run(
        self, decide: Decide, by: Callable[[], Author | None] = lambda: None, *, fetch: bool = True
    ) -> Outcome:
        """Bring both branches to one commit, where that can be.

        Args:
            decide: Tells what somebody decided about a conflict.
            by: Returns who decided last; they are the author of the commit that joins.
            fetch: Whether to look first what is new there; else it is looked when it turns out that there is something.

        Raises:
            RemoteError: The other repository cannot be reached, or refuses.
            StoreError: The repository here cannot be read or written.
        """
        brought = False
        for number in range(TRIES):
            try:
                found = self._once(decide, by, fetch=fetch or number > 0, patient=number > 2)
            except (_Moved, HeadMovedError) as error:
                brought = brought or (isinstance(error, _Moved) and bool(error.args and error.args[0]))
                continue
            return Outcome(
                found.standing, found.brought or brought, found.sent, found.reasons, found.conflicts
            )
        raise StoreError("both branches kept moving; they are compared again soon")

    def conflicts(self, decide: Decide) -> tuple[Disagreement, ...]:
        """Return what somebody has to decide, by what is known of the other branch."""
        head, there = self._store.head(), self._remote.seen()
        if head is None or there is None:
            return ()
        with closing(self._store.joining()) as joining, closing(self._store.incoming(None)) as incoming:
            if joining.extends(there, head) or joining.extends(head, there):
                return ()
            bases = joining.bases(head, there)
            if not bases:
                return ()
            decided = Deciding(joining, head, there, bases, decide).decided()
            if decided.open:
                return tuple(decided.open)
            return tuple(
                self._clashes(incoming, head, self._joined(joining, head, there, decided, self._joiner))
            )

    def _once(
        self, decide: Decide, by: Callable[[], Author | None], *, fetch: bool, patient: bool
    ) -> Outcome:
        seen = self._remote.seen()
        there = self._remote.fetch() if fetch or seen is None else seen
        with closing(self._store.joining()) as joining:
            if seen is not None and (there is None or not joining.extends(seen, there)):
                return Outcome(Standing.REWRITTEN)
            if there is not None and there != seen:
                self._remote.accept(there)
            head = self._store.head()
            if there is None or head == there or (head is not None and joining.extends(there, head)):
                return self._send(head, there)
            with self._in_turn(wait=patient):
                if head is None or joining.extends(head, there):
                    reasons = self._refused(head, head, there)
                    if not reasons:
                        self._advance(head, there)
                        return Outcome(Standing.SAME, brought=True)
                    return Outcome(Standing.REFUSED, reasons=reasons)
                return self._join(joining, head, there, decide, by)

    def _send(self, head: str | None, there: str | None) -> Outcome:
        if head == there or head is None:
            return Outcome(Standing.SAME)
        self._remote.push(head)
        return Outcome(Standing.SAME, sent=True)

    @contextmanager
    def _in_turn(self, *, wait: bool) -> Iterator[None]:
        """Keep others of the host from saving meanwhile, where it went wrong without."""
        if not wait:
            yield
            return
        with self._turn.held(TURN):
            yield

    def _join(
        self, joining: Joining, head: str, there: str, decide: Decide, by: Callable[[], Author | None]
    ) -> Outcome:
        bases = joining.bases(head, there)
        if not bases:
            return Outcome(Standing.UNRELATED)
        if reasons := self._refused(head, bases[0], there):
            return Outcome(Standing.REFUSED, reasons=reasons)
        decided = Deciding(joining, head, there, bases, decide).decided()
        if decided.open:
            return Outcome(Standing.CONFLICT, conflicts=tuple(decided.open))
        author = (by() if decided.decided else None) or self._joiner
        commit = self._joined(joining, head, there, decided, author)
        with closing(self._store.incoming(None)) as incoming:
            if clashes := tuple(self._clashes(incoming, head, commit)):
                return Outcome(Standing.CONFLICT, conflicts=clashes)
        self._advance(head, commit)
        raise _Moved(True)  # what joins them has to go there

    def _joined(self, joining: Joining, head: str, there: str, decided: Decided, author: Author) -> str:
        """Make the commit that joins two."""
        merged = decided.merged[:MERGED_NAMED]
        said = {
            MERGED: ", ".join(merged),
            "Quire-Decided": ", ".join(decided.decided[:MERGED_NAMED]),
            "Quire-Via": "mirror",
        }
        message = with_trailers("Merge what is new in the mirror", said)
        return joining.join(head, there, decided.files, author=author, message=message)

    def _clashes(self, incoming: Incoming, head: str, commit: str) -> Iterator[Disagreement]:
        """Yield new files with the address of another one."""
        for path, other in incoming.clashes(head, incoming.difference(head, commit)):
            yield Disagreement(path, Why.ADDRESS, None, None, None, other)

    def _advance(self, head: str | None, commit: str) -> None:
        self._store.advance(head, commit, by=self._joiner)
        try:
            self._follower.bring(commit, FOLLOW)
        except Exception as error:  # the branch has moved, and what is derived comes behind
            log.exception("following the mirror failed")
            self._follower.fail(error)

    # -- what may come

    def _refused(self, head: str | None, base: str | None, there: str) -> tuple[str, ...]:
        """Return what breaks the rules of what came since *base*; what was put right there since is no reason."""
        with closing(self._store.incoming(None)) as incoming:
            try:
                found = list(islice(self._reasons(incoming, head, base, there), TOLD))
            except (TooLargeError, RevisionNotFoundError) as error:
                return (str(error),)
        return tuple(dict.fromkeys(f"{shown(path)} {said}" for path, said in found))

    def _reasons(
        self, incoming: Incoming, head: str | None, base: str | None, there: str
    ) -> Iterator[tuple[str, str]]:
        differences = incoming.difference(base, there)
        known = {(each.old.path, each.old.form) for each in differences if each.old is not None}
        files = rules.Files(incoming, known, self._store.root, NO_LIMIT, lambda: False)
        clashes = rules.refused_clashes(incoming, base, differences) if head == base else ()
        yield from chain(
            files.refused(_files(there, differences)), clashes, Texts(incoming, differences).refused()
        )


def _files(commit: str, differences: Sequence[Difference]) -> Iterator[PushedFile]:
    for each in differences:
        if each.new is not None and (
            each.old is None or each.old.form is not each.new.form or each.new.form not in _LINKS
        ):
            yield PushedFile(commit, each.path, each.new.form, each.new.blob, each.old is None)


_LINKS = {Form.SYMLINK, Form.SUBMODULE}
