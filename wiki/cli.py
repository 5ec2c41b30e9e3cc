"""The command line: gathers the commands, and turns every error into one line and an exit code."""

import os
import sys

import click

from engine.errors import WikiError
from wiki import __version__
from wiki.commands.backup import backup
from wiki.commands.check import check
from wiki.commands.doctor import doctor
from wiki.commands.hook import hook
from wiki.commands.index import index
from wiki.commands.init import init
from wiki.commands.invite import invite
from wiki.commands.search import search
from wiki.commands.serve import serve
from wiki.commands.token import token
from wiki.commands.user import user
from wiki.settings import SettingsError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="quire")
def quire() -> None:
    """A wiki in a git repository."""


for command in (serve, init, index, search, check, doctor, user, invite, token, hook, backup):
    quire.add_command(command)


def main() -> None:
    """Run a command; an error is one line that says what to do."""
    try:
        quire.main(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        _fail(error.format_message())
    except (WikiError, SettingsError) as error:
        _fail(str(error))
    except BrokenPipeError:  # as in `quire search … | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}")


def _fail(message: str) -> None:
    click.echo(f"quire: {' '.join(message.split())}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
