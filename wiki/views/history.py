"""The revisions of one file, to read, and to compare any two of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.model import Revision
from engine.past_answers import History, Step
from wiki import current
from wiki.current import current_snapshot, reads
from wiki.languages import gettext as _
from wiki.pushers import pushers
from wiki.urls import subject_at, whole_number

bp = Blueprint("history", __name__)

PAGES = 1_000_000
RUN = 3  # revisions in a row, by one author on one day, from which on the older ones are folded


@dataclass(frozen=True, slots=True)
class Line:
    """One revision in the list."""

    step: Step
    previous: Revision | None  # that it can be compared with


@bp.get("/-/history/<address:text>")
@reads
def view(text: str) -> ResponseReturnValue:
    """Show one page of a file's revisions, newest first; with ``at`` of the file that was there at a commit."""
    number = whole_number("page", 1, 1, PAGES)
    past, at = current_snapshot().past, request.args.get("at", "")
    subject = past.subject(text, at) if at else subject_at(text, "/-/history")
    if at and not subject.gone:
        return redirect(f"/-/history{subject.name.url}", 302)
    history = past.history(subject, number)
    if number > history.pages:
        raise NotFound(_("The list has no page %(number)s.", number=number))
    there = [line.step.revision.id for line in _lines(history) if line.step.name.blob]
    return current.site().themes.render(
        "history/view.html",
        place="" if subject.gone else subject.name.folder,
        beside=None if subject.gone else subject.name,
        history=history,
        subject=subject,
        runs=[_folded(run) for run in _runs(_lines(history))],
        chosen={"to": there[0] if there else "", "from": there[1] if len(there) > 1 else ""},
        comparable=len(there) > 1,
        pushers=pushers(step.revision for step in history.steps),
        page_url=lambda page: "?" + urlencode({"at": at, "page": page} if at else {"page": page}),
    )


def _lines(history: History) -> list[Line]:
    older = [step.revision for step in history.steps[1:]]
    before = [*older, history.before][: len(history.steps)]  # there may be none that the reader sees
    return [Line(step, previous) for step, previous in zip(history.steps, before, strict=True)]


def _runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield what one author did in a row on one day."""
    for _key, run in groupby(lines, lambda line: (line.step.revision.author, line.step.revision.time.date())):
        yield list(run)


def _folded(run: list[Line]) -> tuple[list[Line], list[Line]]:
    """Split a run into what is shown, and what is folded."""
    return (run[:1], run[1:]) if len(run) >= RUN else (run, [])
