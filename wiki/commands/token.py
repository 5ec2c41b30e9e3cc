"""``quire token``: by what programs say who they are."""

from typing import Any

import click

from engine.access import EVERYTHING, Role
from wiki.commands.common import as_json, opened_state, plain, stated
from wiki.state import SHELL
from wiki.state.tokens import Token


@click.group()
def token() -> None:
    """Make, list and revoke tokens for programs."""


@token.command()
@click.argument("name")
@click.option("--write", is_flag=True, help="It may write, not only read.")
@click.option(
    "--reads", multiple=True, metavar="PATTERN", help="What it may read, such as notes/**; may be repeated."
)
@click.option(
    "--writes",
    multiple=True,
    metavar="PATTERN",
    help="What it may change, of what it may read; may be repeated.",
)
@click.option("--days", type=int, help="After which it ends; otherwise never.")
@click.option("--user", "login", help="Whose it is, and who bounds what it may do; otherwise nobody's.")
@stated
def create(
    name: str,
    write: bool,
    reads: tuple[str, ...],
    writes: tuple[str, ...],
    days: int | None,
    login: str | None,
    **where: Any,
) -> None:
    """Make a token for the program NAME, and print it, this once.

    NAME stands as author in what the program writes.
    """
    with opened_state(**where) as (state, _):
        _, text = state.tokens.create(
            name,
            role=Role.EDITOR if write or writes else Role.READER,
            reads=reads or EVERYTHING,
            writes=writes or EVERYTHING,
            days=days,
            owner=state.accounts.get(login) if login else None,
            by=SHELL,
        )
    click.echo(text)


@token.command("list")
@click.option("--json", "in_json", is_flag=True, help="Print the tokens as JSON.")
@stated
def list_(in_json: bool, **where: Any) -> None:
    """List the tokens: name, beginning, role, whose, patterns, end, last use; one a line, tabs between."""
    with opened_state(**where) as (state, _):
        tokens = state.tokens.all()
    if in_json:
        click.echo(as_json(tokens))
        return
    for each in tokens:
        click.echo(_line(each))


@token.command()
@click.argument("name")
@stated
def revoke(name: str, **where: Any) -> None:
    """Let the token of the program NAME open nothing any more."""
    with opened_state(**where) as (state, _):
        state.tokens.revoke(state.tokens.named(name).id, by=SHELL)


def _line(token: Token) -> str:
    patterns = " ".join(token.writes if token.role is Role.EDITOR else token.reads)
    times = (f"{time:%Y-%m-%d}" if time else "never" for time in (token.expires, token.used))
    return "\t".join(map(plain, (token.name, f"{token.start}…", token.role, token.login, patterns, *times)))
