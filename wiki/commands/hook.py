"""``quire hook``: let the wiki decide on what is pushed by ssh, or by a path."""

from pathlib import Path
from typing import Any

import click

from wiki import hook_installation
from wiki.commands.common import located, plain, repository, settings_of
from wiki.transport.hooks import listens


@click.group()
def hook() -> None:
    """Let the wiki decide on pushes that come by ssh, or by a path.

    Name the same repository, root, branch and cache as for the server: its hooks find the server by them.
    """


@hook.command()
@repository
@located
def install(repo: Path | None, config: Path | None, **given: Any) -> None:
    """Put our hooks into REPO, with the settings that they need.

    Again, after the wiki was moved or updated, or after another branch, root, cache or size of a push, it brings them
    up to date. Where it fails, it undoes what it did.
    """
    installation, sockets = hook_installation(settings_of(repo, config, **given))
    done = installation.install()
    _say(done or ["all is there already"])
    if not listens(sockets):
        click.echo("no wiki runs that would answer them: until one does, every push is refused", err=True)


@hook.command()
@repository
@located
def remove(repo: Path | None, config: Path | None, **given: Any) -> None:
    """Take our hooks and settings out of REPO; then git takes pushes that nobody checks."""
    installation, _ = hook_installation(settings_of(repo, config, **given))
    _say(installation.remove() or ["nothing of ours is there"])


@hook.command()
@repository
@located
def show(repo: Path | None, config: Path | None, **given: Any) -> None:
    """Say whether our hooks are in REPO, and whether a wiki answers them; exit 1 if not."""
    installation, sockets = hook_installation(settings_of(repo, config, **given))
    missing = installation.missing()
    _say(missing or ["hooks and settings are there"])
    answered = listens(sockets)
    _say([f"{'a' if answered else 'no'} wiki answers in {sockets}"])
    raise SystemExit(bool(missing) or not answered)


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(plain(line))
