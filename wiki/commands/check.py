"""``quire check``: say what is wrong with the pages."""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from engine.checking import CODES, Finding
from wiki.commands.common import LOCAL, caught_up, located, opened, plain, repository, settings_of
from wiki.progress import Bar


@click.command()
@repository
@located
@click.option("--only", multiple=True, metavar="CODE", help="Report these findings alone; may be repeated.")
@click.option("--skip", multiple=True, metavar="CODE", help="Leave these findings out; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print commit, counts and findings as JSON.")
def check(
    repo: Path | None,
    config: Path | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    as_json: bool,
    **given: Any,
) -> None:
    """Say what is wrong with the pages of REPO: links, anchors, names, notes, media; exit 1 if anything is.

    Each finding is one line: path, line, code, and what to do.
    """
    wanted = (_known(only) or set(CODES)) - _known(skip)
    counts: Counter[str] = Counter()
    kept: list[Finding] = []
    with opened(settings_of(repo, config, **given)) as wiki:
        caught_up(wiki)
        with wiki.at(LOCAL) as snapshot, Bar(sys.stderr) as bar:
            commit, pages = snapshot.commit, wiki.status().pages
            for finding in snapshot.check(bar.show):
                if finding.code not in wanted:
                    continue
                counts[finding.code] += 1
                if as_json:
                    kept.append(finding)
                else:
                    bar.clear()
                    click.echo(_line(finding))
    if as_json:
        answer = {"commit": commit, "counts": dict(sorted(counts.items())), "findings": [*map(asdict, kept)]}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    click.echo(_summary(counts, pages), err=True)
    raise SystemExit(bool(counts))


def _known(codes: Iterable[str]) -> set[str]:
    """Return the codes that were given, also several with commas between; an unknown one is wrong use."""
    given = {code.strip() for each in codes for code in each.split(",") if code.strip()}
    for code in sorted(given - CODES.keys()):
        near = get_close_matches(code, CODES, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(CODES)}"
        raise click.UsageError(f"there is no finding {code!r}; {hint}")
    return given


def _line(finding: Finding) -> str:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return plain(f"{place}: {finding.code}: {finding.message}")


def _summary(counts: Counter[str], pages: int) -> str:
    if not counts:
        return f"{pages} pages, and nothing found"
    parts = ", ".join(f"{count} {code}" for code, count in counts.most_common())
    return f"{pages} pages, {counts.total()} findings: {parts}"
