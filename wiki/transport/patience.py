"""Ends connections of clients that keep a thread waiting, where the server gives each connection one and sets no bound."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from wiki.transport.spool import Readable

SECONDS = 60.0  # that a client may take for one part of what it sends or is sent, see `PART`
LOOK = 1.0


class Patience:
    """Waits for one client, for some time.

    Args:
        connection: Where it is; ``None`` where the server itself waits for clients.
        seconds: That one turn of its may take.
    """

    def __init__(self, connection: socket.socket | None, seconds: float = SECONDS) -> None:
        self._connection = connection
        self._seconds = seconds
        self._since: float | None = None  # when the client's turn began
        self._over = threading.Event()
        if connection is not None:
            threading.Thread(target=self._watch, name="patience", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the client inside of the context."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._since = None

    def reading(self, stream: Readable) -> Readable:
        """Return the same stream, each of whose parts is a turn of the client's."""
        return _Reading(stream, self)

    def _watch(self) -> None:
        while not self._over.wait(min(LOOK, self._seconds)):
            since = self._since
            if since is not None and time.monotonic() - since > self._seconds:
                with suppress(OSError):
                    assert self._connection is not None  # noqa: S101 - nothing is watched without
                    self._connection.shutdown(socket.SHUT_RDWR)  # which wakes the thread that waits
                return


class _Reading:
    def __init__(self, stream: Readable, patience: Patience) -> None:
        self._stream = stream
        self._patience = patience

    def read(self, size: int, /) -> bytes:
        """Return some bytes, none at the end."""
        with self._patience.turn():
            return self._stream.read(size)
