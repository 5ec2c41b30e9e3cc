"""Clone and push, put together for one application."""

import atexit
import os
import select
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, nullcontext
from logging import getLogger
from pathlib import Path
from typing import IO, Protocol

from engine.errors import StoreError
from engine.services import RECEIVE, UPLOAD
from wiki.transport.hooks import PUBLISHING, Hooks, Push, Receiver
from wiki.transport.patience import Patience
from wiki.transport.slots import Seats, Slots
from wiki.transport.spool import PART, Answer

log = getLogger(__name__)

__all__ = ["RECEIVE", "UPLOAD", "Transport"]

LOOK = 0.5  # seconds after which it is looked whether the client is still there
SHORT = 0.02
SWEEP = 86_400.0  # seconds between two looks for what killed pushes have left behind
BODIES = 16  # large ones at once that a server takes into files before anybody looks who sends them
SECONDS = 3_600.0  # that one clone or push may keep git busy


class Running(Protocol):
    """Git at work, see `engine.store.git_backend.Running`."""

    output: IO[bytes]

    def headers(self) -> tuple[int, str]:
        """Return the status and the type of the answer."""
        ...

    def complaint(self) -> str:
        """Return what git wrote down of what went wrong."""
        ...

    def wait(self) -> int:
        """Wait for the end."""
        ...

    def end(self) -> None:
        """End it with all that it has started."""
        ...

    def interrupt(self) -> None:
        """Ask it to end, without waiting."""
        ...


class Backend(Protocol):
    """Runs git, see `engine.store.git_backend.GitBackend`."""

    def start(
        self,
        service: str,
        *,
        advertise: bool = False,
        protocol: str = "",
        body: IO[bytes] | None = None,
        hooks: Path | None = None,
        told: Mapping[str, str] | None = None,
    ) -> Running:
        """Begin to answer a client."""
        ...

    def sweep(self) -> None:
        """Remove what pushes have left behind whose git was killed."""
        ...


class Transport:
    """Serves clones and pushes within its bounds.

    Args:
        backend: Runs git.
        folder: Where locks and bodies on their way are.
        hooks: What git asks.
        whole: Whether the wiki shows all of the repository.
        push_bytes: The size of a push.
        operations: Git operations at once on this host.
        threads: Requests that this process answers at once; half of them may be clones and pushes, of which all but
            two may wait for a turn.
    """

    def __init__(
        self,
        backend: Backend,
        folder: Path,
        hooks: Hooks,
        *,
        whole: bool,
        push_bytes: int,
        operations: int,
        threads: int,
    ) -> None:
        self.whole = whole
        self.push_bytes = push_bytes
        self.spool = folder / "spool"
        self.hooks = hooks
        self.seats = Seats(max(1, threads // 2))
        self.waiting = Seats(max(0, threads // 2 - 2))
        self.bodies = Seats(BODIES)
        self.slots = Slots(folder, operations)
        self._backend = backend
        self._running: dict[Running, Push | None] = {}
        self._swept: float | None = None
        atexit.register(self.close)

    def serve(
        self,
        service: str,
        *,
        advertise: bool = False,
        protocol: str = "",
        body: IO[bytes] | None = None,
        receiver: Receiver | None = None,
    ) -> "Served":
        """Let git answer, and return its answer as it comes.

        Args:
            service: `UPLOAD` or `RECEIVE`.
            advertise: Only to say what there is.
            protocol: The header ``Git-Protocol``, as it came.
            body: A file on the disk.
            receiver: Decides on a push; only with one there is any.

        Raises:
            BusyError: Too many do so at the same time.
            TooLargeError: The push moves too many references.
            InvalidChangeError: What was sent is no push.
            StoreError: Git cannot be run, or gave no answer.
        """
        with ExitStack() as stack:
            stack.enter_context(self.slots.taken())
            push = stack.enter_context(self.hooks.of(receiver)) if receiver is not None else None
            if push is not None:
                self._sweep()
            running = self._backend.start(
                service,
                advertise=advertise,
                protocol=protocol,
                body=body,
                hooks=push.hooks if push else None,
                told=push.told if push else None,
            )
            self._running[running] = push
            stack.callback(self._running.pop, running)
            try:
                status, kind = running.headers()
                answer = Answer(self.spool)
                return Served(running, push, status, kind, answer, stack.pop_all())
            except OSError as error:
                running.end()
                raise StoreError(f"the answer of git cannot be kept: {error.strerror or error}") from error
            except BaseException:
                running.end()
                raise

    def _sweep(self) -> None:
        """Look for what killed pushes have left behind, with the first push and then once a day."""
        if self._swept is None or time.monotonic() - self._swept > SWEEP:
            self._swept = time.monotonic()
            self._backend.sweep()

    def close(self) -> None:
        """End every clone and push; what is being published has some time to come to its end."""
        atexit.unregister(self.close)
        for running, push in [*self._running.items()]:
            if push is None or push.take_back():
                running.interrupt()
        end = time.monotonic() + PUBLISHING
        while self._running and time.monotonic() < end:
            time.sleep(SHORT)
        for running in [*self._running]:
            running.end()
        self.hooks.close()


class Served:
    """Git's answer, read by the client at its own pace.

    Args:
        running: Git at work.
        push: What it is at work on.
        status: Of the answer.
        kind: The answer's type.
        answer: What git has said so far.
        held: What is given back when git has ended, and all that it has started.
    """

    def __init__(
        self,
        running: Running,
        push: Push | None,
        status: int,
        kind: str,
        answer: Answer,
        held: ExitStack,
    ) -> None:
        self.status = status
        self.kind = kind
        self._running = running
        self._push = push
        self._answer = answer
        self._left = threading.Event()  # the client has gone
        self._parties = threading.Semaphore(1)  # the last of two, the client and git, finds none
        self._after = ExitStack()
        self._patience: Patience | None = None
        try:
            threading.Thread(target=self._pump, args=(held,), name="git", daemon=True).start()
        except RuntimeError:  # there are too many
            held.close()
            raise

    def also(self, held: ExitStack, patience: Patience) -> "Served":
        """Give back something more when git has ended, and the client has all of it or has gone.

        Args:
            held: What.
            patience: Waits for the client.
        """
        self._after.push(held)
        self._patience = patience
        return self

    def __iter__(self) -> Iterator[bytes]:
        for part in self._answer.read():
            with self._patience.turn() if self._patience is not None else nullcontext():
                yield part

    def close(self) -> None:
        """End git, if it has not ended; the server calls this when the client has all, or has gone.

        A push that was allowed is published all the same: nobody can take back half of it.
        """
        if self._left.is_set():
            return
        self._left.set()
        if self._is_unwanted():
            self._running.interrupt()
        self._answer.close()
        self._leave()

    def _is_unwanted(self) -> bool:
        """Say whether git is to end, as the client has gone."""
        return self._left.is_set() and (self._push is None or self._push.take_back())

    def _leave(self) -> None:
        if not self._parties.acquire(blocking=False):
            self._after.close()

    def _pump(self, held: ExitStack) -> None:
        """Take what git says, for as long as it says something and the client is there."""
        with ExitStack() as last:
            last.callback(self._leave)
            last.enter_context(held)
            try:
                if self._take():
                    code = self._running.wait()
                    if code not in {0, -signal.SIGTERM} and not self._left.is_set():
                        log.warning("git ended with %s: %s", code, self._running.complaint())
                else:
                    self._running.end()
                    self._running.wait()
            except Exception:
                log.exception("the answer of git was lost")
                self._running.end()
            finally:
                self._answer.end()

    def _take(self) -> bool:
        """Say whether git came to its end."""
        descriptor = self._running.output.fileno()
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        end = time.monotonic() + SECONDS
        while not self._is_unwanted() and time.monotonic() < end:
            if not ready.poll(LOOK * 1_000):
                continue
            part = os.read(descriptor, PART)
            if not part:
                return True
            try:
                self._answer.write(part)
            except ValueError:  # it was closed meanwhile
                continue
            except OSError:  # the disk is full
                if self._push is None or self._push.take_back():
                    raise
        return False
