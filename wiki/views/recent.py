"""Recent changes: of everything, of a folder, by an author; and what was deleted."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.errors import PageNotFoundError
from engine.past_answers import ChangeSet
from wiki import current
from wiki.current import current_snapshot, reads
from wiki.languages import gettext as _
from wiki.pushers import pushers
from wiki.urls import whole_number

bp = Blueprint("recent", __name__)

PAGES = 1_000_000
RUN = 2  # changes by bots in a row that are folded

Run = tuple[bool, Sequence[ChangeSet]]
"""Changes in a row, and whether they are folded."""


@bp.get("/-/recent")
@reads
def view() -> ResponseReturnValue:
    """Show one page of the recent changes."""
    folder = request.args.get("folder", "").strip("/")
    return _recent("/-/recent", folder, request.args.get("author", ""))


@bp.get("/-/by/<address:author>")
@reads
def by(author: str) -> ResponseReturnValue:
    """Show one page of what an author did, told by name."""
    return _recent("", request.args.get("folder", "").strip("/"), author)


def _recent(address: str, folder: str, author: str) -> ResponseReturnValue:
    number = whole_number("page", 1, 1, PAGES)
    past = current_snapshot().past
    recent = past.recent(folder, author, number)
    if not recent.changes and number > 1:
        raise NotFound(_("The list has no page %(number)s.", number=number))
    if not recent.changes and author:
        raise NotFound(_("Nobody of that name has changed anything here."))
    if not recent.changes and folder:
        raise NotFound(_("Nothing was ever changed in that folder."))
    there = bool(folder) and _is_there(folder)
    asked = {"folder": folder} | ({"author": author} if address else {})

    def page_url(page: int) -> str:
        return "?" + urlencode({**{name: value for name, value in asked.items() if value}, "page": page})

    return current.site().themes.render(
        "recent/view.html",
        recent=recent,
        total=past.count_recent(folder, author) if folder or author else None,
        days=[(day, list(_runs(changes))) for day, changes in _days(recent.changes)],
        pushers=pushers(change.revision for change in recent.changes),
        folder=folder,
        there=there,
        author=author,
        emails=sorted({change.revision.author.email for change in recent.changes}) if author else [],
        place=folder if there else "",
        page_url=page_url,
    )


def _is_there(folder: str) -> bool:
    """Say whether a folder still holds something."""
    try:
        return current_snapshot().find(f"{folder}/").name is not None
    except PageNotFoundError:
        return False


def _days(changes: Sequence[ChangeSet]) -> Iterator[tuple[date, list[ChangeSet]]]:
    for day, group in groupby(changes, lambda change: change.revision.time.date()):
        yield day, list(group)


def _runs(changes: Sequence[ChangeSet]) -> Iterator[Run]:
    """Yield changes of one day, those that bots made in a row together."""
    for bots, group in groupby(changes, lambda change: change.revision.author.is_bot):
        run = list(group)
        yield bots and len(run) >= RUN, run


@bp.get("/-/deleted")
@reads
def deleted() -> ResponseReturnValue:
    """Show one page of the files that are gone, each with its last revision."""
    found = current_snapshot().past.deleted(request.args.get("after", ""))
    return current.site().themes.render(
        "deleted/view.html",
        deleted=found,
        next_url="?" + urlencode({"after": found.after}) if found.after else None,
    )
