"""Whose turn it is to move the branch: writers of a host go one at a time, and who pushes may go alone for a moment.

A push is taken only where the branch is still at the commit that its author fetched. Where many save that is never so,
however often somebody tries. So who has asked to push, and has not, is given a turn with the next fetch::

    push    asks what is there ── too late ──> fetch: a turn begins ──> rebase ──> push: published, the turn ends
    save    ─────── one after another ────────|          waits          |──────── one after another ────────>

A turn ends by itself where no push comes, or whoever has it dies, and then the others have as long for themselves.
Nothing is wrong where it is not kept, as the compare-and-swap of the branch alone decides.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from logging import getLogger
from pathlib import Path
from typing import Self

from engine.access import Actor, Kind
from engine.locks import HostLock, ThreadLock

log = getLogger(__name__)

FETCHED = 3.0  # seconds that a turn lasts from a fetch until its push begins
PUSHED = 3.0  # seconds that it then lasts until the branch has moved
LONGEST = 8.0  # seconds of one turn in all
GIVE_WAY = 5.0  # seconds that a save leaves to those who push; then it goes on
REMEMBERED = 600.0  # seconds after which somebody who could not push is no longer waited for
WISHES = 100  # that are remembered
LAST = 1.0  # seconds that a turn's beginning waits for whoever writes just then
LOCK = 1.0
LOOK = 0.02


@dataclass(frozen=True, slots=True)
class _Turn:
    """Times are of the clock that all processes of a host share, which begins anew as the host does."""

    who: str = ""
    began: float = 0.0
    until: float = 0.0

    def lasts(self, now: float) -> bool:
        return self.began <= now < self.until

    def leaves(self, now: float) -> bool:
        """Say whether nobody may begin another: it lasts, or the time after it is still for those who save."""
        return self.began <= now < self.until + (self.until - self.began)

    def keeps_out(self, who: str, now: float) -> bool:
        """Say whether somebody who pushes has to wait."""
        return self.leaves(now) and not (self.lasts(now) and self.who == who)


@dataclass(frozen=True, slots=True)
class _Wish:
    """Of somebody who asked to push."""

    who: str
    address: str
    at: float
    until: float = 0.0  # until when somebody waits for it


@dataclass(slots=True)
class _State:
    turn: _Turn = field(default_factory=_Turn)
    wishes: list[_Wish] = field(default_factory=list)

    @classmethod
    def of(cls, text: bytes) -> Self:
        """Read it; what cannot be read is nothing."""
        try:
            found = json.loads(text or b"{}")
            turn, wishes = found.get("turn", {}), found.get("wishes", ())
            return cls(_Turn(**turn), [_Wish(**each) for each in wishes])
        except (ValueError, TypeError, AttributeError):
            log.warning("it cannot be told whose turn it is")
            return cls()


class Turns:
    """The turns of one host. Safe to share between threads, and across a fork.

    Args:
        folder: Where it is written down whose turn it is.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "turn.json"
        self._writers = HostLock(folder / "write.lock")
        self._keepers = HostLock(folder / "turn.lock")
        self._gate = ThreadLock()
        self._turn = (b"", _Turn())  # with what the file said

    @contextmanager
    def writing(self, wait: float) -> Iterator[bool]:
        """Write while no other writer of the host does, and nobody who pushes has a turn.

        Args:
            wait: Seconds after which the others are not waited for any longer.

        Returns:
            Whether nobody else writes.
        """
        end = time.monotonic() + wait
        patient = time.monotonic() + min(wait, GIVE_WAY)
        while True:
            while self._is_taken() and (left := patient - time.monotonic()) > 0:
                with self._gate.held(left):  # where one of this process looks, the others need not
                    if self._is_taken():
                        time.sleep(LOOK)
            with self._writers.held(max(0.0, end - time.monotonic())) as held:
                if time.monotonic() >= patient or not self._is_taken():
                    yield held
                    return

    # -- those who push

    def wish(self, actor: Actor, address: str) -> None:
        """Note that somebody asked what is there, to push onto it; nobody sees whether git found that it is too late.

        Args:
            actor: Who.
            address: Of the network.
        """
        with self._changing() as state:
            state.wishes.append(_Wish(_called(actor), address, time.monotonic()))

    def fetch(self, actor: Actor, address: str, wait: float) -> bool:
        """Begin a turn with a fetch of somebody who wished for one, and say whether it did.

        Args:
            actor: Who fetches. For whom git says who they are only where it is asked to, as where everybody may read,
                the address speaks.
            address: Of the network.
            wait: Seconds to wait until the turns of others are over.
        """
        wish = self._claim(actor, address, wait)
        if wish is None:
            return False
        begun = self._wait(lambda: self._fetched(wish), wait)
        if not begun:
            self._give_up(wish)
        return begun

    def push(self, actor: Actor, wait: float) -> bool:
        """Let somebody's turn last until their push is through, or begin one with it, and say whether they have one.

        Args:
            actor: Who pushes.
            wait: Seconds to wait until the turns of others are over.
        """
        return self._wait(lambda: self._pushed(_called(actor)), wait)

    def is_of(self, actor: Actor) -> bool:
        """Say whether it is somebody's turn."""
        turn = self._now()
        return turn.lasts(time.monotonic()) and turn.who == _called(actor)

    def end(self, actor: Actor, *, pushed: bool) -> None:
        """End somebody's turn.

        Args:
            actor: Whose push came to its end.
            pushed: Whether the branch moved, so that there is nothing left to wish for.
        """
        who, now = _called(actor), time.monotonic()
        with self._changing() as state:
            if state.turn.who == who and state.turn.lasts(now):
                state.turn = replace(state.turn, until=now)
            own = next((wish for wish in state.wishes if wish.who == who), None)
            if pushed and own is not None:
                state.wishes.remove(own)

    def _wait(self, take: Callable[[], bool], wait: float) -> bool:
        end = time.monotonic() + wait
        while not take():
            if time.monotonic() >= end:
                return False
            time.sleep(LOOK)
        with self._writers.held(LAST):  # who writes just now may not have seen it
            return True

    def _claim(self, actor: Actor, address: str, wait: float) -> _Wish | None:
        """Note that somebody waits for the oldest wish that may be theirs, and that nobody waits for; return it."""
        unknown, who = actor.kind is Kind.ANONYMOUS, _called(actor)
        if not _State.of(_read(self._file)).wishes:
            return None  # mostly
        with self._changing() as state:
            now = time.monotonic()
            for place, each in enumerate(state.wishes):
                if (each.address == address if unknown else each.who == who) and each.until <= now:
                    state.wishes[place] = replace(each, until=now + wait)
                    return state.wishes[place]
        return None

    def _fetched(self, wish: _Wish) -> bool:
        """Begin a turn, if no other lasts, and none of those who have waited for longer is to begin."""
        if self._now().leaves(time.monotonic()):
            return False
        with self._changing() as state:
            now = time.monotonic()
            if wish not in state.wishes or state.turn.leaves(now):
                return False
            if any(each.until > now for each in state.wishes[: state.wishes.index(wish)]):
                return False
            state.wishes.remove(wish)
            state.turn = _Turn(wish.who, now, now + FETCHED)
            return True

    def _give_up(self, wish: _Wish) -> None:
        with self._changing() as state:
            if wish in state.wishes:  # it keeps its place for the next fetch
                state.wishes[state.wishes.index(wish)] = replace(wish, until=0.0)

    def _pushed(self, who: str) -> bool:
        if self._now().keeps_out(who, time.monotonic()):
            return False
        with self._changing() as state:
            turn, now = state.turn, time.monotonic()
            if turn.lasts(now) and turn.who == who:
                until = min(max(turn.until, now + PUSHED), turn.began + LONGEST)
                state.turn = replace(turn, until=until)
            elif turn.leaves(now):
                return False
            else:
                state.turn = _Turn(who, now, now + PUSHED)
            return True

    def _now(self) -> _Turn:
        """Return whose turn it is, or was last; cheap, as whoever waits asks again and again."""
        text, (known, turn) = _read(self._file), self._turn
        if text != known:
            turn = _State.of(text).turn
            self._turn = text, turn
        return turn

    def _is_taken(self) -> bool:
        return self._now().lasts(time.monotonic())

    @contextmanager
    def _changing(self) -> Iterator[_State]:
        """Give what is written down, and write it down as it then is; nothing is where that cannot be done."""
        with self._keepers.held(LOCK) as held:
            state, now = _State.of(_read(self._file)), time.monotonic()
            fresh = [wish for wish in state.wishes if wish.at <= now < wish.at + REMEMBERED]
            state.wishes = fresh[-WISHES:]
            before = (state.turn, list(state.wishes))
            yield state
            if held and before != (state.turn, state.wishes):
                self._write(state)

    def _write(self, state: _State) -> None:
        made = self._file.with_suffix(".new")
        try:
            made.write_text(json.dumps(asdict(state)), encoding="utf-8")
            os.replace(made, self._file)  # noqa: PTH105
        except OSError as error:  # the disk is full: nobody has a turn
            log.warning("it cannot be written down whose turn it is: %s", error)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # mostly it is not there
        return b""


def _called(actor: Actor) -> str:
    return f"{actor.kind.value} {actor.name}"
