"""``quire serve``: show the pages in a browser."""

import logging
from pathlib import Path
from typing import Any

import click

from wiki import create_app
from wiki.commands.common import DATA, located, repository, settings_of
from wiki.server import AddressError
from wiki.server import serve as serve_app
from wiki.webhooks import webhooks


@click.command()
@repository
@located
@DATA
@click.option("--host", help="The address to listen on; otherwise loopback only.")
@click.option("--port", type=int, help="0 takes one that is free.")
@click.option("--threads", type=int, help="Requests answered at once.")
def serve(repo: Path | None, config: Path | None, **given: Any) -> None:
    """Serve the pages of REPO, and print the URL when it answers."""
    settings = settings_of(repo, config, **given)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    app = create_app(settings)

    def ready(url: str) -> None:
        click.echo(f"Quire serves {settings.repository} at {url}")

    try:
        serve_app(app, settings.host, settings.port, settings.threads, ready)
    except AddressError as error:
        raise click.ClickException(str(error)) from error
    finally:
        site = app.extensions["quire"]
        webhooks(app).stop()
        if site.mirror is not None:
            site.mirror.stop()
        if site.transport is not None:
            site.transport.close()
        if site.hooks is not None:
            site.hooks.close()
        site.wiki.close()
