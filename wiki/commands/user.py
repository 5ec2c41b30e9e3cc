"""``quire user``: who may sign in."""

from typing import Any

import click

from engine.access import Role
from wiki.commands.common import as_json, opened_state, password_from, plain, stated
from wiki.links import public
from wiki.state import SHELL
from wiki.state.accounts import ROLES, Account

ROLE = click.Choice([role.value for role in ROLES])
STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group()
def user() -> None:
    """Make, list and change accounts."""


@user.command()
@click.argument("login")
@click.option("--role", type=ROLE, default=Role.READER.value, show_default=True, help="What they may do.")
@click.option("--name", default="", help="Their name in commits; otherwise the login.")
@click.option("--email", default="", help="Their address in commits.")
@STDIN
@stated
def add(login: str, role: str, name: str, email: str, password_stdin: bool, **where: Any) -> None:
    """Make an account, and ask for its password."""
    with opened_state(**where) as (state, _):
        password = password_from(password_stdin)
        made = state.accounts.add(login, role=Role(role), password=password, name=name, email=email, by=SHELL)
    click.echo(f"{made.login} is {_a(made.role)} {made.role}")


@user.command("list")
@click.option("--json", "in_json", is_flag=True, help="Print the accounts as JSON.")
@stated
def list_(in_json: bool, **where: Any) -> None:
    """List the accounts: login, role, whether disabled, name, address; one a line, tabs between."""
    with opened_state(**where) as (state, _):
        accounts = state.accounts.all()
    if in_json:
        click.echo(as_json(accounts))
        return
    for each in accounts:
        click.echo(_line(each))


@user.command()
@click.argument("login")
@click.argument("role", type=ROLE)
@stated
def role(login: str, role: str, **where: Any) -> None:
    """Change what somebody may do."""
    with opened_state(**where) as (state, _):
        state.accounts.set_role(login, Role(role), by=SHELL)


@user.command()
@click.argument("login")
@click.option("--link", is_flag=True, help="Print a link by which they set one themselves, once.")
@STDIN
@stated
def password(login: str, link: bool, password_stdin: bool, **where: Any) -> None:
    """Set somebody's password, and end their sessions."""
    with opened_state(**where) as (state, settings):
        found = state.accounts.get(login)
        if link:
            click.echo(public(settings, "/-/reset", code=state.resets.create(found, by=SHELL)))
        else:
            state.accounts.set_password(login, password_from(password_stdin), by=SHELL)


@user.command()
@click.argument("login")
@stated
def disable(login: str, **where: Any) -> None:
    """Let somebody sign in no longer; their sessions end, and their tokens rest."""
    with opened_state(**where) as (state, _):
        state.accounts.disable(login, by=SHELL)


@user.command()
@click.argument("login")
@stated
def enable(login: str, **where: Any) -> None:
    """Let somebody sign in again."""
    with opened_state(**where) as (state, _):
        state.accounts.enable(login, by=SHELL)


@user.command()
@click.argument("login")
@stated
def remove(login: str, **where: Any) -> None:
    """Remove an account, with its tokens and drafts; what it wrote stays."""
    with opened_state(**where) as (state, _):
        state.accounts.remove(login, by=SHELL)


def _line(account: Account) -> str:
    disabled = "disabled" if account.disabled else "enabled"
    parts = (account.login, account.role, disabled, account.name, account.email)
    return "\t".join(map(plain, parts))


def _a(role: Role) -> str:
    return "a" if role is Role.READER else "an"
