"""Thin click commands: a command is a view for the terminal."""

import json
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from engine.access import Actor, Kind, Role
from engine.errors import WikiError
from engine.wiki import Wiki
from wiki import __version__, create_app, open_wiki
from wiki.progress import Bar
from wiki.server import AddressError
from wiki.server import serve as serve_app
from wiki.settings import FILE, Settings, SettingsError
from wiki.starting import make_repository
from wiki.theming import shipped

LOCAL = Actor(Kind.PERSON, "local", Role.ADMIN)
INDEX_SECONDS = 3_600  # that `quire index` waits for another process that indexes already
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

repository = click.argument("repo", required=False, type=click.Path(path_type=Path))
location = [
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
    for option in reversed(location):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="quire")
def quire() -> None:
    """A wiki in a git repository."""


@quire.command()
@repository
@located
@click.option("--data", type=click.Path(path_type=Path), help="The folder of the server's own quire.toml.")
@click.option("--host", help="The address to listen on; otherwise loopback only.")
@click.option("--port", type=int, help="0 takes one that is free.")
@click.option("--threads", type=int, help="Requests answered at once.")
def serve(repo: Path | None, config: Path | None, **given: Any) -> None:
    """Serve the pages of REPO, and print the URL when it answers."""
    settings = _settings(repo, config, **given)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    app = create_app(settings)

    def ready(url: str) -> None:
        click.echo(f"Quire serves {settings.repository} at {url}")

    try:
        serve_app(app, settings.host, settings.port, settings.threads, ready)
    except AddressError as error:
        raise click.ClickException(str(error)) from error
    finally:
        app.extensions["quire"].wiki.close()


@quire.command()
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


@quire.command()
@repository
@located
@click.option("--rebuild", is_flag=True, help="Forget everything derived, and derive it anew.")
def index(repo: Path | None, config: Path | None, rebuild: bool, **given: Any) -> None:
    """Bring catalog and search index of REPO up to date."""
    with _wiki(_settings(repo, config, **given)) as wiki, Bar(sys.stderr) as bar:
        work = wiki.rebuild if rebuild else wiki.catch_up
        if not work(INDEX_SECONDS, bar.show):
            raise click.ClickException(
                "another process is indexing this repository, and did not end within an hour"
            )
        status = wiki.status()
    click.echo(f"{status.pages} pages at {(status.commit or 'no commit')[:10]}")


@quire.command(context_settings={"ignore_unknown_options": True})  # "-word" is part of a query
@click.argument("query", nargs=-1, required=True)
@click.option("--repo", type=click.Path(path_type=Path), help="The repository; otherwise this folder's.")
@located
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def search(
    query: tuple[str, ...], repo: Path | None, config: Path | None, as_json: bool, **given: Any
) -> None:
    """Find pages by words; exit 1 when there are none."""
    with _wiki(_settings(repo, config, **given)) as wiki:
        with Bar(sys.stderr) as bar:
            wiki.catch_up(INDEX_SECONDS, bar.show)
        with wiki.at(LOCAL) as snapshot:
            found = snapshot.search(" ".join(query))
    if as_json:
        results = [
            {
                "path": result.name.path,
                "title": result.title,
                "url": result.url,
                "section": result.section,
                "snippet": "".join(text for text, _ in result.parts),
            }
            for result in found.results
        ]
        answer = {"commit": found.commit, "notes": found.query.notes, "more": found.more, "results": results}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        for note in found.query.notes:
            click.echo(f"({note})", err=True)
        for result in found.results:
            click.echo(f"{click.style(_plain(result.title), bold=True)}  {_plain(result.name.path)}")
            words = (
                click.style(_plain(text), bold=True) if matches else _plain(text)
                for text, matches in result.parts
            )
            click.echo("  " + " ".join("".join(words).split()))
        if not found.results:
            click.echo("nothing found", err=True)
    raise SystemExit(0 if found.results else 1)


def _plain(text: str) -> str:
    """Make text of a page harmless to a terminal: control characters could move its cursor, or its keys."""
    return _CONTROLS.sub(" ", text)


def _settings(repo: Path | None, config: Path | None, data: Path | None = None, **given: Any) -> Settings:
    if config is None and data is not None and (data / FILE).is_file():
        config = data / FILE
    return Settings.load(os.environ, config, repository=repo, **given)


@contextmanager
def _wiki(settings: Settings) -> Iterator[Wiki]:
    wiki = open_wiki(settings)
    try:
        yield wiki
    finally:
        wiki.close()


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
