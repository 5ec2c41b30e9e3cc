"""``quire backup``: copy what cannot be derived from the repository."""

from pathlib import Path
from typing import Any

import click

from wiki.commands.common import opened_state, stated
from wiki.state import SHELL


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@stated
def backup(file: Path, **where: Any) -> None:
    """Copy accounts, sessions, tokens and drafts to FILE, also while a server runs.

    To go back, end the server and put the copy in the place of state.db in the data folder. The pages are in git.
    """
    with opened_state(**where) as (state, _):
        state.backup(file, SHELL)
    click.echo(f"{file} holds the state, {file.stat().st_size:,} bytes")
