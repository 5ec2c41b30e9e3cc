"""What commands have in common: which pages are meant, the wiki they are in, and text that is safe to print."""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from engine.access import Actor, Kind, Role
from engine.wiki import Wiki
from wiki import open_state, open_wiki
from wiki.progress import Bar
from wiki.settings import FILE, Settings
from wiki.state import State

LOCAL = Actor(Kind.PERSON, "local", Role.ADMIN)
"""Whoever has a shell where the repository is."""

INDEX_SECONDS = 3_600  # that a command waits for another process that indexes already
PASSWORD_CHARACTERS = 10_000  # that are read; more are refused as too long
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


DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The folder for accounts and drafts, with the server's own quire.toml; otherwise the user's folder for data.",
)
_STATED = [
    click.option("--repo", type=click.Path(path_type=Path), help="The repository; otherwise this folder's."),
    DATA,
    _LOCATION[-1],
]


def stated(command: Any) -> Any:
    """Give a command the options that say which state is meant."""
    for option in reversed(_STATED):
        command = option(command)
    return command


def settings_of(repo: Path | None, config: Path | None, data: Path | None = None, **given: Any) -> Settings:
    """Read the settings; what was *given* as options counts over environment and file."""
    if config is None and data is not None and (data / FILE).is_file():
        config = data / FILE
    return Settings.load(os.environ, config, repository=repo, data=data, **given)


@contextmanager
def opened_state(
    repo: Path | None, data: Path | None, config: Path | None
) -> Iterator[tuple[State, Settings]]:
    """Open the state for the time of a command."""
    settings = settings_of(repo, config, data)
    state = open_state(settings)
    try:
        yield state, settings
    finally:
        state.close()


def password_from(standard_input: bool) -> str:
    """Read a password, which never is an argument: those are seen by everybody on the machine.

    Args:
        standard_input: Take it from there, up to the first line end, instead of asking for it twice.
    """
    if standard_input:
        return sys.stdin.readline(PASSWORD_CHARACTERS).rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; give the password with --password-stdin")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt="The same again", err=True))


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


def as_json(records: Iterable[Any]) -> str:
    """Return records of the state as JSON, with times as ISO 8601."""
    listed = [asdict(each) for each in records]
    return json.dumps(listed, ensure_ascii=False, indent=2, default=lambda time: time.isoformat())


def plain(text: str) -> str:
    """Make text of a page harmless to a terminal: control characters could move its cursor, or its keys."""
    return _CONTROLS.sub(" ", text)
