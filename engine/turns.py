"""Whose turn it is to move the branch: writers of a host go one at a time, and who pushes may go alone for a moment.

A push is taken only where the branch is still at the commit that its author fetched. Where many save that is never so,
however often somebody tries. So who has asked to push, and has not, is given a turn with the next fetch::

    push    asks what is there ── too late ──> fetch: a turn begins ──> rebase ──> push: published, the turn ends
    save    ─────── one after another ────────|          waits          |──────── one after another ────────>

A turn ends by itself where no push comes, or whoever has it dies, and then the others have as long for themselves.
Nothing is wrong where it is not kept, as the compare-and-swap of the branch alone decides.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from logging import getLogger
from math import isfinite
from pathlib import Path
from threading import BoundedSemaphore, Event
from typing import Self

from engine.access import Actor, Kind
from engine.locks import HostLock, ThreadLock

log = getLogger(__name__)

FETCHED = 3.0  # seconds that a turn lasts from a fetch until its push begins
PUSHED = 3.0  # seconds that it then lasts until the branch has moved
LONGEST = 8.0  # seconds of one turn in all
SAVERS = 4  # that wait for a turn to end, where nobody says how many may
GIVE_WAY = 5.0  # seconds that a save leaves to those who push; then it goes on
REMEMBERED = 120.0  # seconds after which somebody who could not push is no longer waited for
WISHES = 100  # that are remembered
LAST = 1.0  # seconds that a turn's beginning waits for whoever writes just then
LOCK = 1.0
LOOK = 0.02
OTHERS = 0.1


@dataclass(frozen=True, slots=True)
class _Turn:
    """Times are of the clock that all processes of a host share, which begins anew as the host does."""

    who: str = ""
    began: float = 0.0
    until: float = 0.0

    def lasts(self, now: float) -> bool:
        return self.began <= now < self.until

    @property
    def over(self) -> float:
        """When somebody may begin another: as long as it lasted, the time after it is for those who save."""
        return self.until + (self.until - self.began)

    def leaves(self, now: float) -> bool:
        """Say whether nobody may begin another: it lasts, or the time after it is still for those who save."""
        return self.began <= now < self.over


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
            read = cls(_Turn(**turn), [_Wish(**each) for each in wishes])
            if read._is_sound():
                return read
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        log.warning("it cannot be told whose turn it is")
        return cls()

    def _is_sound(self) -> bool:
        texts = [self.turn.who, *(text for each in self.wishes for text in (each.who, each.address))]
        times = [
            self.turn.began,
            self.turn.until,
            *(time for each in self.wishes for time in (each.at, each.until)),
        ]
        return (
            all(isinstance(text, str) for text in texts)
            and all(isinstance(time, int | float) and isfinite(time) for time in times)
            and self.turn.until - self.turn.began <= LONGEST
        )


class Turns:
    """The turns of one host. Safe to share between threads, and across a fork.

    Args:
        folder: Where it is written down whose turn it is.
        savers: That wait for a turn to end, in this process: each holds a thread, and readers need some. Who finds no
            place goes on.
    """

    def __init__(self, folder: Path, savers: int = SAVERS) -> None:
        self._file = folder / "turn.json"
        self._writers = HostLock(folder / "write.lock")
        self._keepers = HostLock(folder / "turn.lock")
        self._gate, self._watch = ThreadLock(), ThreadLock()
        self._places = BoundedSemaphore(savers)
        self._ended = Event()
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
            if self._is_taken() and not self._give_way(patient):
                patient = 0.0
            with self._writers.held(max(0.0, end - time.monotonic())) as held:
                if time.monotonic() >= patient or not self._is_taken():
                    yield held
                    return

    def is_writing(self) -> bool:
        """Say whether somebody of the host writes just now, or is about to."""
        return self._writers.is_held()

    def _give_way(self, end: float) -> bool:
        """Wait until nobody has a turn; say whether that may be waited for."""
        if not self._places.acquire(blocking=False):
            return False
        try:
            while self._is_taken() and not self._ended.is_set() and (left := end - time.monotonic()) > 0:
                with self._gate.held(left):  # where one of this process looks, the others need not
                    if self._is_taken():
                        time.sleep(LOOK)
        finally:
            self._places.release()
        return not self._ended.is_set()

    def close(self) -> None:
        """Let nobody wait any longer: the server ends."""
        self._ended.set()

    # -- those who push

    def wish(self, actor: Actor, address: str) -> None:
        """Note that somebody asked what is there, to push onto it; nobody sees whether git found that it is too late.

        Args:
            actor: Who.
            address: Of the network.
        """
        wish = _Wish(_called(actor), address, time.monotonic())
        with self._changing() as state:
            for place, each in enumerate(state.wishes):
                if (each.who, each.address) == (wish.who, wish.address):
                    state.wishes[place] = replace(each, at=wish.at)  # whoever asks again keeps their place
                    return
            state.wishes.append(wish)

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
            if pushed:
                state.wishes = [wish for wish in state.wishes if wish.who != who]

    def _wait(self, take: Callable[[], bool | None], wait: float) -> bool:
        """Try to begin a turn, until that succeeds, or says by ``None`` that there is none to wait for."""
        end = time.monotonic() + wait
        while True:
            seen = _read(self._file)
            if taken := take():
                break
            if taken is None or time.monotonic() >= end or self._ended.is_set():
                return False
            self._await_change(seen, end)
        with self._writers.held(LAST):  # who writes just now may not have seen it
            return True

    def _await_change(self, seen: bytes, end: float) -> None:
        """Wait until something else is written down than *seen*, or the time has come for somebody else."""
        now, state = time.monotonic(), _State.of(seen)
        times = [state.turn.until, state.turn.over, *(wish.until for wish in state.wishes)]
        end = min([end, *(at for at in times if now < at)])

        def waits() -> bool:
            return _read(self._file) == seen and time.monotonic() < end and not self._ended.is_set()

        while waits():
            # Where one of this process looks, the others need not look as often.
            with self._watch.held(max(0.0, min(OTHERS, end - time.monotonic()))) as looks:
                while looks and waits():
                    time.sleep(LOOK)

    def _claim(self, actor: Actor, address: str, wait: float) -> _Wish | None:
        """Note that somebody waits for the oldest wish that may be theirs, and that nobody waits for; return it."""
        unknown, who = actor.kind is Kind.ANONYMOUS, _called(actor)
        if not _State.of(_read(self._file)).wishes:
            return None  # mostly
        with self._changing() as state:
            now = time.monotonic()
            places = [*enumerate(state.wishes)]
            # Of several behind one address it is most likely whoever asked last.
            for place, each in reversed(places) if unknown else places:
                if (each.address == address if unknown else each.who == who) and each.until <= now:
                    state.wishes[place] = replace(each, until=now + wait)
                    return state.wishes[place]
        return None

    def _fetched(self, wish: _Wish) -> bool | None:
        """Begin a turn, if no other lasts, and none of those who have waited for longer is to begin."""
        if self._now().leaves(time.monotonic()):
            return False
        with self._changing() as state:
            now = time.monotonic()
            same = [(each.who, each.address) for each in state.wishes]
            if (wish.who, wish.address) not in same:
                return None  # they have pushed meanwhile, from elsewhere
            place = same.index((wish.who, wish.address))
            if state.turn.leaves(now) or any(each.until > now for each in state.wishes[:place]):
                return False
            del state.wishes[place]
            state.turn = _Turn(wish.who, now, now + FETCHED)
            return True

    def _give_up(self, wish: _Wish) -> None:
        with self._changing() as state:
            for place, each in enumerate(state.wishes):
                if (each.who, each.address) == (wish.who, wish.address):
                    state.wishes[place] = replace(each, until=0.0)  # it keeps its place for the next fetch

    def _pushed(self, who: str) -> bool | None:
        """Let a turn last on, or begin one; in the time of those who save there is none, and none to wait for."""
        turn, now = self._now(), time.monotonic()
        if turn.leaves(now) and not turn.lasts(now):
            return None
        if turn.lasts(now) and turn.who != who:
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
            made.replace(self._file)
        except OSError as error:  # the disk is full: nobody has a turn
            log.warning("it cannot be written down whose turn it is: %s", error)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # mostly it is not there
        return b""


def _called(actor: Actor) -> str:
    return f"{actor.kind.value} {actor.name}"
