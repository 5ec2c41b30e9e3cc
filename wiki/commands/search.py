"""``quire search``: find pages in the terminal."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from engine.wiki import SearchResults
from wiki.commands.common import INDEX_SECONDS, LOCAL, located, opened, plain, settings_of
from wiki.progress import Bar


@click.command(context_settings={"ignore_unknown_options": True})  # "-word" is part of a query
@click.argument("query", nargs=-1, required=True)
@click.option("--repo", type=click.Path(path_type=Path), help="The repository; otherwise this folder's.")
@located
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON.")
def search(
    query: tuple[str, ...], repo: Path | None, config: Path | None, as_json: bool, **given: Any
) -> None:
    """Find pages by words; exit 1 when there are none."""
    with opened(settings_of(repo, config, **given)) as wiki:
        with Bar(sys.stderr) as bar:
            wiki.catch_up(INDEX_SECONDS, bar.show)
        with wiki.at(LOCAL) as snapshot:
            found = snapshot.search(" ".join(query))
    if as_json:
        click.echo(json.dumps(_answer(found), ensure_ascii=False, indent=2))
    else:
        _show(found)
    raise SystemExit(0 if found.results else 1)


def _answer(found: SearchResults) -> dict[str, Any]:
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
    return {"commit": found.commit, "notes": found.query.notes, "more": found.more, "results": results}


def _show(found: SearchResults) -> None:
    for note in found.query.notes:
        click.echo(f"({note})", err=True)
    for result in found.results:
        click.echo(f"{click.style(plain(result.title), bold=True)}  {plain(result.name.path)}")
        words = (
            click.style(plain(text), bold=True) if matches else plain(text) for text, matches in result.parts
        )
        click.echo("  " + " ".join("".join(words).split()))
    if not found.results:
        click.echo("nothing found", err=True)
