"""Who reads goes first: what changes something, and git, is batch work; see `engine.scheduling`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from engine.scheduling import batch
from wiki.transport.smart_http import ADDRESS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def register(app: Flask) -> None:
    """Let threads do batch work for as long as they answer anything but a reader."""
    inner = app.wsgi_app

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"} and not environ.get("PATH_INFO", "").startswith(
            f"{ADDRESS}/"
        ):
            return inner(environ, start_response)
        with batch():
            return inner(environ, start_response)

    # Flask wants middleware to be put just here, see `wiki.responses`.
    app.wsgi_app = answer  # type: ignore[method-assign]
