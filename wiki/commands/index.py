"""``quire index``: derive what is derived."""

import sys
from pathlib import Path
from typing import Any

import click

from wiki.commands.common import INDEX_SECONDS, busy, located, opened, repository, settings_of
from wiki.progress import Bar


@click.command()
@repository
@located
@click.option("--rebuild", is_flag=True, help="Forget everything derived, and derive it anew.")
def index(repo: Path | None, config: Path | None, rebuild: bool, **given: Any) -> None:
    """Bring catalog and search index of REPO up to date."""
    with opened(settings_of(repo, config, **given)) as wiki, Bar(sys.stderr) as bar:
        work = wiki.rebuild if rebuild else wiki.catch_up
        if not work(INDEX_SECONDS, bar.show):
            raise busy()
        status = wiki.status()
    click.echo(f"{status.pages} pages at {(status.commit or 'no commit')[:10]}")
