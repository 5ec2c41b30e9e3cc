"""One exchange with the other repository: what is new there comes here, what is new here goes there."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain, islice
from logging import getLogger
from random import uniform
from typing import Protocol, runtime_checkable

from engine.errors import HeadMovedError, RemoteError, RevisionNotFoundError, StoreError, TooLargeError
from engine.following import Follower
from engine.mirroring.deciding import Decide, Deciding, Disagreement
from engine.model import Author, Difference, Form
from engine.pushing import rules
from engine.pushing.rules import shown
from engine.pushing.texts import Texts
from engine.store import Incoming, Joining, Pushable, PushedFile, Remote
from engine.store.trailers import MERGED, with_trailers
from engine.turns import Turns

log = getLogger(__name__)

TRIES = 20  # at branches that move meanwhile
TURN = 15.0  # seconds that joining waits for those who save
FOLLOW = 10.0  # seconds that an exchange waits until every answer shows what came
TOLD = 20  # reasons that are told
NAMED = 200  # pages that the commit's message names
PAUSE = 0.2  # seconds, at most, before both branches are looked at again
NO_LIMIT = 1 << 62  # what is in the other repository already may be as large as it is


@runtime_checkable
class Mirrored(Pushable, Protocol):
    """What a store is besides, that can be the same as another one."""

    def joining(self) -> Joining:
        """Look into two histories that went apart."""
        ...


class Standing(StrEnum):
    """How the two branches stand to each other."""

    SAME = "same"
    CONFLICT = "conflict"  # somebody has to decide
    REFUSED = "refused"  # what is there breaks the rules of this wiki
    REWRITTEN = "rewritten"  # what both had is not in both any more
    UNRELATED = "unrelated"  # they have nothing in common


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an exchange."""

    standing: Standing
    commit: str | None = None  # that both have, where they are the same
    brought: bool = False  # something came here
    sent: bool = False  # something went there
    looked: bool = False  # it was looked what is there
    reasons: tuple[str, ...] = ()  # why what is there was refused, a line each
    conflicts: tuple[Disagreement, ...] = field(default=(), repr=False)


class _JoinedError(Exception):
    """Both were joined here; what joins them has to go there."""


class Exchange:
    """Keeps the branch the same as that of another repository. One thread of the host uses it at a time.

    Args:
        store: The branch here.
        remote: The branch there.
        follower: Brings what is derived to a new commit.
        turns: Say who moves the branch next.
        joiner: Who joins histories where nobody had to decide.
    """

    def __init__(
        self, store: Mirrored, remote: Remote, follower: Follower, turns: Turns, joiner: Author
    ) -> None:
        self._store = store
        self._remote = remote
        self._follower = follower
        self._turns = turns
        self._joiner = joiner

    @property
    def root(self) -> str:
        """The folder of the repository that holds the pages; empty for all of it."""
        return self._store.root

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
        return head is not None and head != self.seen() and not self.has(head)

    def forget(self) -> None:
        """Forget what both branches had, so that both histories are joined, whatever was taken away in one."""
        self._remote.share(None)

    def run(
        self, decide: Decide, by: Callable[[], Author | None] = lambda: None, *, fetch: bool = True
    ) -> Outcome:
        """Bring both branches to one commit, where that can be.

        Args:
            decide: Tells what somebody decided about a conflict.
            by: Returns who decided what was asked for last; they are the author of the commit that joins.
            fetch: Whether to look first what is new there; else it is looked when it turns out that there is something.

        Raises:
            RemoteError: The other repository cannot be reached, or refuses.
            StoreError: The repository here cannot be read or written.
        """
        brought, before = False, None
        for number in range(TRIES):
            looks = fetch or number > 0 or not self._only_sends()
            if looks:
                self._remote.fetch()
            try:
                found = self._once(decide, by)
            except _JoinedError:
                brought = True
            except HeadMovedError as error:
                if looks and (self._store.head(), self.seen()) == before:
                    # Neither has moved: something else is in the way, as a lock there.
                    raise RemoteError(str(error.__cause__ or error)) from error
                before = (self._store.head(), self.seen()) if looks else None
                time.sleep(uniform(0, PAUSE))  # noqa: S311 - so that two servers do not march in step
            else:
                return replace(found, brought=found.brought or brought, looked=looks)
        raise StoreError("both branches kept moving; they are compared again soon")

    def conflicts(self) -> tuple[Disagreement, ...]:
        """Return what somebody has to decide, or has decided already, by what is known of the other branch."""
        head, there = self._store.head(), self.seen()
        if head is None or there is None:
            return ()
        with closing(self._store.joining()) as joining:
            if joining.extends(there, head) or joining.extends(head, there):
                return ()
            bases = joining.bases(head, there)
            if not bases or self._is_rewritten(joining, head, there):
                return ()
            return tuple(Deciding(joining, head, there, bases, lambda _: None).decided().open)

    def _only_sends(self) -> bool:
        """Say whether all that is known of the branch there is here."""
        head, seen = self._store.head(), self.seen()
        if head is None or seen is None:
            return False
        with closing(self._store.joining()) as joining:
            return joining.extends(seen, head)

    def _once(self, decide: Decide, by: Callable[[], Author | None]) -> Outcome:
        there = self.seen()
        with closing(self._store.joining()) as joining:
            if not self._has_all(joining, self._store.head(), there):
                with self._turns.writing(TURN):  # who waited too long goes on without
                    return self._take(joining, self._store.head(), there, decide, by)
            head = self._store.head()
            if self._is_rewritten(joining, head, there):
                return Outcome(Standing.REWRITTEN)
            if not self._has_all(joining, head, there):
                raise HeadMovedError("the branch was moved back")
            return self._send(head, there)

    def _has_all(self, joining: Joining, head: str | None, there: str | None) -> bool:
        """Say whether all that is there is here."""
        return there is None or head == there or (head is not None and joining.extends(there, head))

    def _take(
        self,
        joining: Joining,
        head: str | None,
        there: str | None,
        decide: Decide,
        by: Callable[[], Author | None],
    ) -> Outcome:
        """Take what is there, with what is here; nobody else of the host writes meanwhile."""
        if self._is_rewritten(joining, head, there):
            return Outcome(Standing.REWRITTEN)
        if there is None or self._has_all(joining, head, there):
            raise HeadMovedError("the branch was moved on")
        if head is not None and not joining.extends(head, there):
            return self._join(joining, head, there, decide, by)
        if reasons := self._refused(head, head, there):
            return Outcome(Standing.REFUSED, reasons=reasons)
        self._advance(head, there)
        self._remote.share(there)
        return Outcome(Standing.SAME, there, brought=True)

    def _is_rewritten(self, joining: Joining, head: str | None, there: str | None) -> bool:
        """Say whether somebody has taken away, on either side, what both had; that is not brought back unasked.

        Where both sides have taken it away, and one has all that the other has, it is gone for good.
        """
        shared = self._remote.shared()
        if shared is None:
            return False
        here_lacks, there_lacks = (
            commit is None or not joining.extends(shared, commit) for commit in (head, there)
        )
        if here_lacks and there_lacks and head is not None and there is not None:
            return not (joining.extends(head, there) or joining.extends(there, head))
        return here_lacks or there_lacks

    def _send(self, head: str | None, there: str | None) -> Outcome:
        if head is not None and head != there:
            self._remote.push(head)
        if head is not None:
            self._remote.share(head)
        return Outcome(Standing.SAME, head, sent=head != there)

    def _join(
        self,
        joining: Joining,
        head: str,
        there: str,
        decide: Decide,
        by: Callable[[], Author | None],
    ) -> Outcome:
        bases = joining.bases(head, there)
        if not bases:
            return Outcome(Standing.UNRELATED)
        if reasons := self._refused(head, bases[0], there):
            return Outcome(Standing.REFUSED, reasons=reasons)
        decided = Deciding(joining, head, there, bases, decide).decided()
        if decided.open:
            return Outcome(Standing.CONFLICT, conflicts=tuple(decided.open))
        said = {
            MERGED: ", ".join(decided.merged[:NAMED]),
            "Quire-Decided": ", ".join(decided.decided[:NAMED]),
            "Quire-Via": "mirror",
        }
        author = (by() if decided.decided else None) or self._joiner
        message = with_trailers("Merge what is new in the mirror", said)
        commit = joining.join(head, there, decided.files, author=author, message=message)
        self._advance(head, commit)
        raise _JoinedError

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
