"""Folders: the page that speaks for a folder, else a listing."""

from collections.abc import Iterator

from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.wiki import Child, Folder
from wiki import current
from wiki.citing import citation
from wiki.current import current_snapshot
from wiki.languages import gettext
from wiki.urls import whole_number

bp = Blueprint("folders", __name__)

LISTED = 1_000  # lines on one page of a listing
PAGES = 1_000


def folder_response(path: str) -> ResponseReturnValue:
    """Show a folder: its index page with the listing under it."""
    snapshot = current_snapshot()
    number = whole_number("page", 1, 1, PAGES)
    folder = snapshot.folder(path, (number - 1) * LISTED, LISTED)
    if number > 1 and (number - 1) * LISTED >= folder.total:
        raise NotFound(gettext("The list has no page %(number)s.", number=number))
    index = snapshot.folder_page(path) if number == 1 else None
    page = snapshot.page(index) if index is not None else None
    return current.site().themes.render(
        "folders/view.html",
        place=path,
        beside=index,
        path=path,
        page=page,
        cite=citation(page, snapshot.site.title, snapshot.commit) if page else None,
        groups=tuple(_groups(folder)),
        has_media=bool(folder.media),
        number=number,
        more=number * LISTED < folder.total,
        total=folder.total,
    )


def _groups(folder: Folder) -> Iterator[tuple[str, tuple[Child, ...]]]:
    """Yield the lines of one page of a listing, under what they are."""
    for title, children in (
        (gettext("Folders"), folder.folders),
        (gettext("Pages"), folder.pages),
        (gettext("Files"), folder.media),
    ):
        if children:
            yield title, children
