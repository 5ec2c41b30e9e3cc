"""``quire invite``: let somebody make an account of their own."""

from typing import Any

import click

from engine.access import Role
from wiki.commands.common import opened_state, stated
from wiki.commands.user import ROLE
from wiki.links import public
from wiki.state import SHELL
from wiki.state.invitations import DAYS


@click.command()
@click.option("--role", type=ROLE, default=Role.EDITOR.value, show_default=True, help="What they will be.")
@click.option("--days", type=int, default=DAYS, show_default=True, help="After which the link ends.")
@click.option("--note", default="", help="For whom it is, to tell it from others.")
@stated
def invite(role: str, days: int, note: str, **where: Any) -> None:
    """Print a link by which one person makes one account."""
    with opened_state(**where) as (state, settings):
        if settings.registration == "closed":
            raise click.ClickException(
                'registration is "closed"; set it to "invitation", or use: quire user add'
            )
        _, text = state.invitations.create(Role(role), note=note, days=days, by=SHELL)
    click.echo(public(settings, "/-/register", invitation=text))
