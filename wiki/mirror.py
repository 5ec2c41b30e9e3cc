"""The mirror: keeps the branch the same as that of another repository, behind, and now and then.

One thread of one process of the host is at it at a time. What any of them wants of it, it says in the state.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import WikiError
from engine.locks import HostLock
from engine.mirroring import Disagreement, Exchange, Outcome, Standing
from engine.wiki import Wiki
from wiki.back_off import BackOff
from wiki.state.mirror import Course, MirrorState

if TYPE_CHECKING:
    from wiki.current import Site

log = getLogger(__name__)

LOOK = 0.5  # seconds between two looks at the branch here, and at what was asked for
FIRST, LONGEST = (
    5.0,
    900.0,
)  # seconds until an exchange that failed is tried again: the first time, and at most
BACK_OFF = BackOff(FIRST, LONGEST)
SAVED = 20.0  # seconds that a save waits for the remote, where it is to have it
POLL = 0.02  # seconds between two looks of a save that waits
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Status:
    """How the mirror does, for admins."""

    address: str  # as far as it may be shown
    course: Course
    ahead: bool  # something here is not there yet


class Mirror:
    """Keeps the branch the same as that of another repository.

    Args:
        wiki: Whose branch it is.
        exchange: Makes one exchange.
        address: Where the other repository is, as far as it may be shown.
        branch: The name of its branch.
        state: How it does.
        lock: The file by which the processes of a host take turns.
        interval: Seconds after which it is looked what is new there.
        delay: Seconds in which changes gather before they are sent.
        waiting: Saves of this process that may wait for the remote at once.
        close: Ends what git is at.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        wiki: Wiki,
        exchange: Exchange,
        address: str,
        branch: str,
        state: MirrorState,
        lock: Path,
        *,
        interval: float,
        delay: float,
        waiting: int = 4,
        close: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.address = address
        self.branch = branch
        self._wiki = wiki
        self._exchange = exchange
        self._state = state
        self._lock = HostLock(lock)
        self._interval = interval
        self._delay = delay
        self._close = close
        self._clock = clock
        self._known: tuple[tuple[str | None, str | None], tuple[Disagreement, ...]] | None = None
        self._settled: str | None = None  # the head of which is known that there is nothing to send
        self._moved: float | None = None  # since when it is another one
        self._waiting = threading.Semaphore(waiting)
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def root(self) -> str:
        """The folder of the repository that holds the pages; empty for all of it."""
        return self._exchange.root

    # -- what others want of it

    def ask(self) -> None:
        """Let it be looked soon what is new there."""
        self._state.ask(self.address)

    def sync(self, commit: str, seconds: float = SAVED) -> str:
        """Wait until the remote has *commit*; return why it has not, empty where it has.

        The thread of the mirror sends it, so nobody waits longer than that. Where the remote failed a moment ago, where
        somebody has to do something first, or where too many wait already, nobody waits at all: the mirror goes on
        behind. Nothing is raised: the commit is made, whatever becomes of this.
        """
        if not self._waiting.acquire(blocking=False):
            return "too many wait for it already"
        try:
            return self._synced(commit, time.monotonic() + seconds)
        except Exception as error:
            log.exception("it is not known whether the remote has %s", commit)
            return str(error)
        finally:
            self._waiting.release()

    def _synced(self, commit: str, end: float) -> str:
        before = self._state.find(self.address)
        if before.failing is not None and not self._is_due(before):
            return before.error
        if before.standing not in {None, Standing.SAME}:
            return before.standing.value
        looked: str | None = None
        while time.monotonic() < end and not self._stopping.is_set():
            self._wake.set()
            if (seen := self._exchange.seen()) != looked:
                looked = seen
                if self._exchange.has(commit):
                    return ""
            course = self._state.find(self.address)
            if course.failing is not None and course != before:
                return course.error
            if course.standing not in {None, Standing.SAME}:
                return "" if self._exchange.has(commit) else course.standing.value
            time.sleep(POLL)
        return "it takes too long"

    def conflicts(self) -> tuple[Disagreement, ...]:
        """Return what somebody has to decide, or has decided already, as far as is known here."""
        at = (self._wiki.head(), self._exchange.seen())
        if self._known is None or self._known[0] != at:
            self._known = at, self._exchange.conflicts()
        return self._known[1]

    def accept(self) -> None:
        """Join both histories, although what both had was taken away in one of them."""
        self._state.ask(self.address)
        self._exchange.forget()

    def status(self) -> Status:
        """Say how it does."""
        return Status(self.address, self._state.find(self.address), self._exchange.is_ahead())

    # -- the thread

    def start(self) -> None:
        """Exchange in a thread of its own, until `stop`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Begin no other exchange: the server ends."""
        self._stopping.set()
        self._wake.set()

    def stop(self) -> None:
        """End the thread, and what git is at."""
        self.end()
        self._close()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(LOOK)
            self._wake.clear()
            if self._stopping.is_set():
                return
            try:
                self.turn()
            except Exception:  # the wiki goes on serving; it is tried again
                log.exception("the mirror failed; trying again")
                self._stopping.wait(FIRST)

    def turn(self) -> bool:
        """Make one exchange if it is time for one, and say whether it was; nothing while another process is at it."""
        with self._lock.held(0) as held:
            if not held:
                return False
            course = self._state.find(self.address)
            asked = course.asked > course.answered
            if not asked and not self._is_due(course):
                return False
            look = asked or self._is_old(course)
            if not look and not self._has_moved():
                return False
            self._once(fetch=look)
            return True

    def _is_due(self, course: Course) -> bool:
        return BACK_OFF.is_due(course.next, self._clock())

    def _is_old(self, course: Course) -> bool:
        """Say whether the last look is too long ago, or the last try failed."""
        if course.looked is None or course.failing is not None:
            return True
        return not 0 <= self._clock() - course.looked.timestamp() < self._interval

    def _has_moved(self) -> bool:
        """Say whether something here is to be sent, and had its time to gather."""
        head = self._wiki.head()
        if head == self._settled:
            self._moved = None
            return False
        if self._moved is None:
            self._moved = time.monotonic()
        if time.monotonic() - self._moved < self._delay:
            return False
        if self._exchange.is_ahead():
            return True
        self._settled, self._moved = head, None  # another process has sent it
        return False

    def _once(self, *, fetch: bool) -> Outcome | None:
        """Make one exchange, and write down what came of it; ``None`` where it failed."""
        course, head = self._state.find(self.address), self._wiki.head()
        decided = self._state.decisions()
        try:
            outcome = self._exchange.run(lambda each: decided.of(each.name), decided.author, fetch=fetch)
        except WikiError as error:
            wait = BACK_OFF.wait(course.tries)
            if not self._stopping.is_set():
                log.warning("mirror at %s: %s; trying again in %.0f s", self.address, error, wait)
            due = self._is_due(course)
            self._state.fail(self.address, str(error), wait, course.asked, counts=due)
            return None
        if outcome.standing is not Standing.SAME and outcome.standing is not course.standing:
            log.warning("mirror at %s: %s", self.address, SAID[outcome.standing])
        self._state.done(self.address, outcome, course.asked, decided.used)
        self._settled, self._moved = outcome.commit or head, None
        return outcome


SAID = {
    Standing.CONFLICT: "both sides changed the same; somebody has to decide, see /-/mirror",
    Standing.REFUSED: "what is there breaks the rules of this wiki, see /-/mirror",
    Standing.REWRITTEN: "commits that both had are not in both any more, see /-/mirror",
    Standing.UNRELATED: "its history has nothing in common with this one",
}


def sending(site: "Site") -> Callable[[str], str] | None:
    """Return what waits until the remote has a commit, see `Mirror.sync`; ``None`` where nobody is to wait."""
    return site.mirror.sync if site.mirror is not None and site.settings.durability == "remote" else None
