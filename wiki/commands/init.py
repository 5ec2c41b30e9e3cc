"""``quire init``: make a content repository."""

from pathlib import Path

import click

from wiki.starting import make_repository
from wiki.theming import shipped


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--from", "pages", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The first pages."
)
def init(folder: Path, pages: Path | None) -> None:
    """Make a new content repository in FOLDER, with starter pages.

    Pages that lie in a git repository bring their history along.
    """
    count = make_repository(folder, pages or shipped("pages"))
    click.echo(f"{folder} is a new repository with {count} files; show it with: quire serve {folder}")
