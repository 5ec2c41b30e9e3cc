"""Connections of waitress that put into files what git sends, and what it is sent, which are larger than all else.

So no thread waits for a client that sends, or reads, slowly or not at all: the loop of waitress serves them all, and
closes those that are silent.
"""

import sys
import weakref
from contextlib import ExitStack
from typing import Any, ClassVar

from waitress.buffers import FileBasedBuffer, OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.utilities import Error

from wiki.identity import is_loopback
from wiki.state import State
from wiki.transport.slots import BusyError
from wiki.transport.smart_http import ADDRESS
from wiki.transport.spool import open_spool
from wiki.transport.transport import RECEIVE, Transport

PUSH = f"{ADDRESS}/{RECEIVE}"
MORE = 1_000_000  # bytes of a push beyond its bound that are taken, so that one a little too large is told so in words


def connections(transport: Transport, state: State) -> "type[Connection]":
    """Return the class of the connections of one server.

    Args:
        transport: Has the spool, and its bounds.
        state: Tells whether there is a local person, who pushes without saying who they are.
    """
    return type("Connection", (Connection,), {"transport": transport, "state": state})


class Connection(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    transport: ClassVar[Transport]
    state: ClassVar[State]

    adj: Any

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._bounded = self.adj
        self._unbounded = _Settings(self.adj, outbuf_high_watermark=sys.maxsize)

    def parser_class(self, settings: Any) -> "Parser":
        """Return what reads one request."""
        return Parser(settings, self)

    def is_local(self) -> bool:
        """Say whether it may be of the local person."""
        return is_loopback(str(self.addr[0]) if self.addr else "") and not self.state.accounts.any()

    def write_soon(self, data: Any) -> int:
        """Take a part of the answer: of git's all that comes, of others a bounded part until the client takes some."""
        if getattr(self.requests[0], "path", "").startswith(f"{ADDRESS}/"):
            self.adj = self._unbounded
            with self.outbuf_lock:
                if self.connected and not isinstance(self.outbufs[-1], FileBasedBuffer):
                    self.outbufs.append(FileBasedBuffer(open_spool(self.transport.spool)))
        else:
            self.adj = self._bounded
        written: int = super().write_soon(data)
        return written

    def service(self) -> None:
        """Answer one request; a file that holds some of the answer is closed as soon as the client has it."""
        super().service()
        with self.outbuf_lock:
            if self.connected and isinstance(self.outbufs[-1], FileBasedBuffer):
                self.outbufs.append(OverflowableBuffer(self.adj.outbuf_overflow))
                self._flush_exception(self._flush_some, do_close=False)

    def handle_close(self) -> None:
        """Give back what is held for it."""
        super().handle_close()
        if self.request is not None:  # of which not everything came
            self.request.close()

    def close(self) -> None:
        """Close it as the server ends, whatever the client still waits for."""
        self.handle_close()


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads one request; a push goes to a file at once.

    Of whom nothing says that they may push no more is taken than of those who save.

    Args:
        settings: Of waitress.
        connection: Where it comes from.
    """

    adj: Any

    def __init__(self, settings: Any, connection: Connection) -> None:
        super().__init__(settings)
        self._connection = connection
        self._held = ExitStack()
        self._give_back = weakref.finalize(self, self._held.close)  # waitress does not close all

    def parse_header(self, header_plus: bytes) -> None:
        """Read the headers, and make ready for the body."""
        super().parse_header(header_plus)
        if self.command != "POST" or self.path != PUSH or self.body_rcv is None:
            return
        if "AUTHORIZATION" not in self.headers and not self._connection.is_local():
            return
        transport = self._connection.transport
        try:
            self._held.enter_context(transport.bodies.taken())
        except BusyError:
            self.error = BusyAnswerError("Too many push at the same time; try again in a moment.")
            self.completed = True
            return
        self.adj = _Settings(self.adj, max_request_body_size=transport.push_bytes + MORE)
        self.body_rcv.buf = FileBasedBuffer(open_spool(transport.spool))

    def close(self) -> None:
        """Give back what is held for it."""
        super().close()
        self._give_back()


class BusyAnswerError(Error):  # type: ignore[misc]
    """The answer to who pushes while too many do."""

    code = 503
    reason = "Service Unavailable"


class _Settings:
    """The settings of waitress, some of which are others.

    Args:
        settings: All.
        others: Bounds in their place.
    """

    def __init__(self, settings: Any, **others: int) -> None:
        self._settings = settings
        self.__dict__.update(others)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._settings, name)
