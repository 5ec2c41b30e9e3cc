"""Waitress, ended gracefully: a request that was begun is answered."""

import ctypes
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import waitress
from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel

from wiki import incoming_hooks
from wiki.current import site
from wiki.transport.connections import connections
from wiki.waiting import waiting
from wiki.webhooks import webhooks

CHANNEL_SECONDS = 60  # after which a silent connection is closed
CONNECTIONS = 1_000
HEARD = 8  # a request may be so many times too large to be told so by a page; of a larger one nothing is read
LARGE = 1_000_000  # bytes of a block of memory that goes back to the system as soon as it is free
SHUTDOWN_SECONDS = 10  # that requests under way may take when the server ends


class AddressError(Exception):
    """The address cannot be listened on; the message says what to do."""


def serve(app: Flask, host: str, port: int, threads: int, ready: Callable[[str], None]) -> None:
    """Answer until SIGTERM or SIGINT; what was asked until then is answered, for `SHUTDOWN_SECONDS` at most.

    Args:
        app: The application.
        host: The address to listen on; a name that has several addresses means all of them.
        port: 0 takes one that is free.
        threads: Requests answered at once.
        ready: Called with the URL once the socket listens.

    Raises:
        AddressError: The address cannot be had.
    """
    _give_back_memory()
    waiting(app).share(threads)
    sockets: dict[int, Any] = {}
    server = _listen(app, host, port, threads, sockets)
    listening = [one for one in sockets.values() if hasattr(one, "effective_port")]
    asked = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        listening[0].pull_trigger()  # which ends the turn of the loop

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    ready(_url(listening[0].effective_host, listening[0].effective_port))
    while not asked:
        _turn(sockets, 1.0)
    waiting(app).end()
    webhooks(app).end()
    site(app).wiki.turns.close()
    if (mirror := site(app).mirror) is not None:
        mirror.end()
    _turn(sockets, 0)  # takes up what has just come
    for one in listening:
        one.del_channel(sockets)
        one.socket.close()
    end = time.monotonic() + SHUTDOWN_SECONDS
    while any(map(_is_busy, list(sockets.values()))) and time.monotonic() < end:
        _turn(sockets, 0.05)
    server.task_dispatcher.shutdown(timeout=1)
    wasyncore.close_all(sockets, ignore_all=True)


def _give_back_memory() -> None:
    """Let no thread keep the memory of a large file that it has read.

    Source:
        mallopt(3), M_MMAP_THRESHOLD, which is -3: unless it is set, it grows with what was freed.
    """
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(-3, LARGE)


def _listen(app: Flask, host: str, port: int, threads: int, sockets: dict[int, Any]) -> Any:
    heard = HEARD * app.config["MAX_CONTENT_LENGTH"]
    if site(app).remote_secret:
        heard = max(heard, 2 * incoming_hooks.BYTES)  # of which the half that is too much is told in words
    try:
        server = waitress.create_server(
            app,
            map=sockets,
            host=host,
            port=port,
            threads=threads,
            channel_timeout=CHANNEL_SECONDS,
            connection_limit=CONNECTIONS,
            max_request_body_size=heard,
            ident=None,
            clear_untrusted_proxy_headers=False,  # nobody believes them, but that they are there tells of a proxy
        )
    except OSError as error:
        raise AddressError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another with --port or --host"
        ) from error
    except ValueError as error:  # what waitress makes of a name that has no address
        raise AddressError(f"{host} is no address of this machine; choose another with --host") from error
    parts = site(app)
    if parts.transport is not None:
        for one in [*sockets.values()]:
            one.channel_class = connections(parts.transport, parts.state)
    return server


def _url(host: str, port: int | str) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _turn(sockets: dict[int, Any], seconds: float) -> None:
    wasyncore.loop(timeout=seconds, map=sockets, count=1, use_poll=True)


def _is_busy(one: Any) -> bool:
    """Say whether it is a connection with a request that was begun, or with an answer that was not sent to its end."""
    if not isinstance(one, HTTPChannel):
        return False
    return bool(one.request or one.requests or one.total_outbufs_len)
