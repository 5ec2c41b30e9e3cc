"""Sending a few bytes to another server, and nothing more: no redirects, no proxies, no answers that never end."""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Timer
from urllib.parse import urlsplit

SECONDS = 10  # for all of it, once the host is known


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
    host, port = parts.hostname or "", parts.port
    connection: HTTPConnection = (
        HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(host, port, timeout=seconds)
    )
    late = False

    def end() -> None:
        nonlocal late
        late = True
        with suppress(OSError, AttributeError):  # it has none yet, or none any more
            connection.sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        connection.request(
            "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, dict(headers)
        )
        status = connection.getresponse().status
    except (OSError, HTTPException, ValueError) as error:
        raise PostError(f"no answer within {seconds:g} seconds" if late else _said(error, seconds)) from None
    finally:
        timer.cancel()
        connection.close()
    if 300 <= status < 400:
        raise PostError(f"it answered {status}; redirects are not followed, so name where it leads")
    if not 200 <= status < 300:
        raise PostError(f"it answered {status}")


def _said(error: Exception, seconds: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} seconds"
    if isinstance(error, ssl.SSLError):
        return f"the connection is not safe: {getattr(error, 'verify_message', '') or error.reason or 'TLS failed'}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"no answer that could be read ({type(error).__name__})"
