"""Waitress, ended gracefully: a request that was begun is answered."""

import signal
from collections.abc import Callable
from types import FrameType

import waitress
from flask import Flask

CHANNEL_SECONDS = 60  # after which a silent connection is closed
CONNECTIONS = 1_000
REQUEST_BYTES = 1_000_000  # of a request's body; there is nothing to send yet
SHUTDOWN_SECONDS = 10  # that requests under way may take when the server ends


def serve(app: Flask, host: str, port: int, threads: int, ready: Callable[[str], None]) -> None:
    """Answer until SIGTERM or SIGINT.

    Args:
        app: The application.
        host: The address to listen on.
        port: 0 takes one that is free.
        threads: Requests answered at once.
        ready: Called with the URL once the socket listens.

    Raises:
        OSError: The address cannot be had.
    """
    server = waitress.create_server(
        app,
        host=host,
        port=port,
        threads=threads,
        channel_timeout=CHANNEL_SECONDS,
        connection_limit=CONNECTIONS,
        max_request_body_size=REQUEST_BYTES,
        ident=None,
        clear_untrusted_proxy_headers=True,
    )

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    shown = f"[{server.effective_host}]" if ":" in server.effective_host else server.effective_host
    ready(f"http://{shown}:{server.effective_port}/")
    try:
        server.run()
    except SystemExit:
        pass
    finally:
        server.task_dispatcher.shutdown(cancel_pending=False, timeout=SHUTDOWN_SECONDS)
        server.close()
