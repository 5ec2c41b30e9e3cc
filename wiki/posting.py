"""Sending a few bytes to another server, and nothing more: no redirects, no proxies, no answers that never end."""

import errno
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

SECONDS = 10  # for all of it, once the addresses of the host are known


class PostError(Exception):
    """It was not taken; the message says why, and tells nothing of the address."""


def post(url: str, body: bytes, headers: Mapping[str, str], seconds: float = SECONDS) -> None:
    """Send *body*, and return when it was taken: answered by 2xx.

    Args:
        url: http or https, without a user.
        body: What is sent.
        headers: With it.
        seconds: That it may take.

    Raises:
        PostError: It was not.
    """
    parts = urlsplit(url)
    secure, host = parts.scheme == "https", parts.hostname or ""
    context = ssl.create_default_context()
    connection: HTTPConnection = (
        HTTPSConnection(host, parts.port, context=context) if secure else HTTPConnection(host, parts.port)
    )
    try:
        found = socket.getaddrinfo(host, connection.port, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # a name that cannot be one
        raise PostError(_said(error, seconds)) from None
    deadline = _Deadline(seconds)
    try:
        connection.sock = _connected(found, deadline)
        if secure:
            connection.sock = context.wrap_socket(
                connection.sock, server_hostname=host, do_handshake_on_connect=False
            )
            deadline.watch(connection.sock)
            connection.sock.do_handshake()
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers)
        )
        status = connection.getresponse().status
        if deadline.left() <= 0:  # an answer that was cut may look like a whole one
            raise TimeoutError
    except (OSError, HTTPException, ValueError) as error:
        late = deadline.left() <= 0
        raise PostError(_said(TimeoutError() if late else error, seconds)) from None
    finally:
        deadline.end()
        connection.close()
    if 300 <= status < 400:
        raise PostError(f"it answered {status}; redirects are not followed, so name where it leads")
    if not 200 <= status < 300:
        raise PostError(f"it answered {status}")


class _Deadline:
    """Ends the connection that is watched when the time is over, whatever it is at.

    Args:
        seconds: From now.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._watched: socket.socket | None = None
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def left(self) -> float:
        """Return the seconds that are left."""
        return self._end - time.monotonic()

    def watch(self, connection: socket.socket) -> None:
        """End this connection when the time is over; at once where it is.

        Raises:
            TimeoutError: It is over.
        """
        self._watched = connection
        if self.left() <= 0:
            raise TimeoutError
        connection.settimeout(self.left())

    def _cut(self) -> None:
        if self._watched is not None:
            with suppress(OSError):  # it is not connected, or not any more
                socket.socket.shutdown(self._watched, socket.SHUT_RDWR)  # that of TLS would forget TLS

    def end(self) -> None:
        """Watch no longer."""
        self._timer.cancel()


def _connected(found: Sequence[Any], deadline: _Deadline) -> socket.socket:
    """Connect to the first of some addresses that answers, while there is time.

    Raises:
        OSError: None does, and the last one failed so.
    """
    failed: OSError = OSError(errno.EADDRNOTAVAIL, "the host has no address")
    for number, (family, kind, protocol, _, address) in enumerate(found):
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(socket.socket(family, kind, protocol))
                connection.settimeout(max(deadline.left() / (len(found) - number), 0.001))
                connection.connect(address)
                deadline.watch(connection)
            except OSError as error:
                failed = error
            else:
                stack.pop_all()
                return connection
    raise failed


def _said(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} seconds"
    if isinstance(error, ssl.SSLError):
        return f"the connection is not safe: {getattr(error, 'verify_message', '') or error.reason or 'TLS failed'}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"no answer that could be read ({type(error).__name__})"
