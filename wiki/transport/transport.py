"""Clone and push, put together for one application."""

import atexit
import os
import select
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from logging import getLogger
from pathlib import Path
from typing import IO, Protocol

from engine.errors import StoreError
from wiki.transport.hooks import Hooks, Receiver
from wiki.transport.slots import Seats, Slots
from wiki.transport.spool import PART, Answer

log = getLogger(__name__)

UPLOAD, RECEIVE = "git-upload-pack", "git-receive-pack"
"""The two services: clone and fetch; push."""

LOOK = 0.5  # seconds after which it is looked whether the client is still there
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


class Transport:
    """Serves clones and pushes within its bounds.

    Args:
        backend: Runs git.
        folder: Where locks, hooks and bodies on their way are.
        whole: Whether the wiki shows all of the repository.
        push_bytes: The size of a push.
        operations: Git operations at once on this host.
        threads: Requests that this process answers at once; half of them may be clones and pushes.
    """

    def __init__(
        self, backend: Backend, folder: Path, *, whole: bool, push_bytes: int, operations: int, threads: int
    ) -> None:
        self.whole = whole
        self.push_bytes = push_bytes
        self.spool = folder / "spool"
        self.hooks = Hooks(folder)
        self.seats = Seats(max(1, threads // 2))
        self.slots = Slots(folder, operations)
        self._backend = backend
        self._running: set[Running] = set()
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
            hooks: Path | None = None
            told: Mapping[str, str] = {}
            if receiver is not None:
                hooks, told = stack.enter_context(self.hooks.of(receiver))
            running = self._backend.start(
                service, advertise=advertise, protocol=protocol, body=body, hooks=hooks, told=told
            )
            self._running.add(running)
            stack.callback(self._running.discard, running)
            try:
                status, kind = running.headers()
                return Served(running, status, kind, Answer(self.spool), stack.pop_all())
            except OSError as error:
                running.end()
                raise StoreError(f"the answer of git cannot be kept: {error.strerror or error}") from error
            except BaseException:
                running.end()
                raise

    @property
    def busy(self) -> bool:
        """Whether git is at work."""
        return bool(self._running)

    def close(self) -> None:
        """End every clone and push."""
        atexit.unregister(self.close)
        for running in [*self._running]:
            running.interrupt()
        for running in [*self._running]:
            running.end()
        self.hooks.close()


class Served:
    """Git's answer, read by the client at its own pace.

    Args:
        running: Git at work.
        status: Of the answer.
        kind: The answer's type.
        answer: What git has said so far.
        held: What is given back when git has ended.
    """

    def __init__(self, running: Running, status: int, kind: str, answer: Answer, held: ExitStack) -> None:
        self.status = status
        self.kind = kind
        self._running = running
        self._answer = answer
        self._left = threading.Event()  # the client has gone
        self._after = ExitStack()
        try:
            threading.Thread(target=self._pump, args=(held,), name="git", daemon=True).start()
        except RuntimeError:  # there are too many
            held.close()
            raise

    def also(self, held: ExitStack) -> "Served":
        """Give back something more when the client has all of it, or has gone."""
        self._after.push(held)
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.read()

    def close(self) -> None:
        """End git, if it has not ended; the server calls this when the client has all, or has gone."""
        self._left.set()
        self._running.interrupt()
        self._answer.close()
        self._after.close()

    def _pump(self, held: ExitStack) -> None:
        """Take what git says, for as long as it says something and the client is there."""
        with held:
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
        while not self._left.is_set() and time.monotonic() < end:
            if not ready.poll(LOOK * 1_000):
                continue
            part = os.read(descriptor, PART)
            if not part:
                return True
            try:
                self._answer.write(part)
            except ValueError:  # it was closed meanwhile
                break
        return False
