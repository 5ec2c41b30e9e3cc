"""``quire doctor``: say whether the wiki is well, and make anew what is derived."""

import json
import sys
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from engine.diagnosis import Diagnosis, Level
from engine.doctor import DERIVED, Doctor, mend
from wiki import find_patient, knows_people, open_wiki, safety
from wiki.commands.common import DATA, INDEX_SECONDS, busy, located, plain, repository, settings_of
from wiki.progress import Bar
from wiki.settings import Settings

_SIGNS = {Level.OK: ("ok", "green"), Level.WARNING: ("warning", "yellow"), Level.ERROR: ("error", "red")}
_FOLDER = {"folder", "old"}  # parts that are mended in the folder of derived data


@click.command()
@repository
@located
@DATA
@click.option("--host", help="The address that the server listens on, to judge whether that is safe.")
@click.option(
    "--full", is_flag=True, help="Read every object, page and commit rather than a sample; takes minutes."
)
@click.option(
    "--repair",
    is_flag=True,
    help="Derive anew what disagrees with git, remove what earlier versions derived, and take rights from others there."
    " Only derived data is touched: never git's content, settings or lock files.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the diagnoses as JSON.")
def doctor(
    repo: Path | None, config: Path | None, full: bool, repair: bool, as_json: bool, **given: Any
) -> None:
    """Say whether REPO, what is derived from it, and the settings are well; exit 1 if something is not."""
    settings = settings_of(repo, config, **given)
    found = _examine(settings, config, full)
    repaired = repair and _repair(settings, _not_well(found))
    if repaired:
        found = _examine(settings, config, full)
    bad = [diagnosis for diagnosis in found if diagnosis.level is not Level.OK]
    if as_json:
        answer = {"healthy": not bad, "repaired": repaired, "diagnoses": [*map(asdict, found)]}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        for diagnosis in found:
            _show(diagnosis)
        click.echo(_summary(found, repair=repair, repaired=repaired), err=True)
    raise SystemExit(bool(bad))


def _examine(settings: Settings, config: Path | None, full: bool) -> list[Diagnosis]:
    patient = find_patient(settings)
    try:
        with Bar(sys.stderr) as bar:
            return [
                *safety.examine(settings, config, user=safety.server_user(), accounts=knows_people(settings)),
                *Doctor(patient).examine(full=full, progress=bar.show),
            ]
    finally:
        patient.index.close()
        patient.store.close()


def _not_well(found: Collection[Diagnosis]) -> dict[str, Level]:
    """Return the parts that are not well, with the worst level of each."""
    bad: dict[str, Level] = {}
    for diagnosis in found:
        if diagnosis.level is not Level.OK and bad.get(diagnosis.part) is not Level.ERROR:
            bad[diagnosis.part] = diagnosis.level
    return bad


def _repair(settings: Settings, bad: dict[str, Level]) -> bool:
    """Mend what is derived; say whether there was anything to mend."""
    if not bad.keys() & (DERIVED | _FOLDER):
        return False
    patient = find_patient(settings)
    try:
        if bad.keys() & _FOLDER and patient.folder.is_dir():
            mend(patient.folder, patient.catalog)
    finally:
        patient.store.close()
    broken = {part for part, level in bad.items() if level is Level.ERROR}
    wiki = open_wiki(settings, read_only=True)
    try:
        with Bar(sys.stderr) as bar:
            if broken & ((DERIVED - {"index"}) | {"folder"}):
                done = wiki.rebuild(INDEX_SECONDS, bar.show)
            elif "index" in broken:
                done = wiki.reindex(INDEX_SECONDS, bar.show)
            else:
                done = wiki.catch_up(INDEX_SECONDS, bar.show)
    finally:
        wiki.close()
    if not done:
        raise busy()
    return True


def _show(diagnosis: Diagnosis) -> None:
    word, colour = _SIGNS[diagnosis.level]
    click.echo(f"{click.style(f'{word:7}', fg=colour)} {diagnosis.part}: {plain(diagnosis.message)}")
    if diagnosis.advice:
        click.echo(f"        {plain(diagnosis.advice)}")


def _summary(found: Collection[Diagnosis], *, repair: bool, repaired: bool) -> str:
    counts = Counter(diagnosis.level for diagnosis in found)
    well = "all is well"
    if counts[Level.ERROR] or counts[Level.WARNING]:
        well = f"{counts[Level.ERROR]} errors, {counts[Level.WARNING]} warnings"
    if repaired:
        return f"derived data was mended, and git was not touched; now {well}"
    return f"{well}; nothing of what is derived needs repair" if repair else well
