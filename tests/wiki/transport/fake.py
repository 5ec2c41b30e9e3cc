"""A wiki that takes every push, for servers in processes of their own.

``python fake.py serve …`` is the command ``quire``; ``fake:create_app()`` is what gunicorn is told.
"""

from pathlib import Path

from flask import Flask

import wiki as shell
from engine.wiki import Wiki
from tests.wiki.transport.serving import Allowing
from wiki.commands import serve
from wiki.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application."""
    settings = settings or shell.load_settings()
    app = shell.create_app(settings)
    opened: Wiki = app.extensions["quire"].wiki
    allowing = Allowing(opened, Path(settings.repository))
    Wiki.pushing = property(lambda self: allowing)  # type: ignore[assignment, method-assign]
    return app


if __name__ == "__main__":
    from wiki.cli import main

    serve.create_app = create_app  # type: ignore[attr-defined, assignment]
    main()
