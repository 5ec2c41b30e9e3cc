"""What commands have in common: which pages are meant, the wiki they are in, and text that is safe to print."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from engine.access import Actor, Kind, Role
from engine.wiki import Wiki
from wiki import open_wiki
from wiki.progress import Bar
from wiki.settings import FILE, Settings

LOCAL = Actor(Kind.PERSON, "local", Role.ADMIN)
"""Whoever has a shell where the repository is."""

INDEX_SECONDS = 3_600  # that a command waits for another process that indexes already
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

repository = click.argument("repo", required=False, type=click.Path(path_type=Path))
"""The argument REPO."""

_LOCATION = [
    click.option("--root", help="The folder in the repository that holds the pages."),
    click.option("--branch", help="The branch to show; otherwise what HEAD points at."),
    click.option(
        "--cache",
        type=click.Path(path_type=Path),
        help="Where derived data lives; otherwise in the git folder.",
    ),
    click.option(
        "--config", type=click.Path(path_type=Path), envvar="QUIRE_CONFIG", help="A file of settings (TOML)."
    ),
]


def located(command: Any) -> Any:
    """Give a command the options that say which pages are meant."""
    for option in reversed(_LOCATION):
        command = option(command)
    return command


def settings_of(repo: Path | None, config: Path | None, data: Path | None = None, **given: Any) -> Settings:
    """Read the settings; what was *given* as options counts over environment and file."""
    if config is None and data is not None and (data / FILE).is_file():
        config = data / FILE
    return Settings.load(os.environ, config, repository=repo, **given)


@contextmanager
def opened(settings: Settings) -> Iterator[Wiki]:
    """Open the wiki for the time of a command."""
    wiki = open_wiki(settings)
    try:
        yield wiki
    finally:
        wiki.close()


def caught_up(wiki: Wiki) -> None:
    """Bring what is derived to the branch's commit, with a progress bar.

    Raises:
        ClickException: Another process is at it, and does not end.
    """
    with Bar(sys.stderr) as bar:
        if not wiki.catch_up(INDEX_SECONDS, bar.show):
            raise busy()


def busy() -> click.ClickException:
    """Make the error for a wiki that another process is indexing."""
    return click.ClickException("another process is indexing this repository, and did not end within an hour")


def plain(text: str) -> str:
    """Make text of a page harmless to a terminal: control characters could move its cursor, or its keys."""
    return _CONTROLS.sub(" ", text)
