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
    folder = snapshot.folder(path)
    total = len(folder.folders) + len(folder.pages) + len(folder.media)
    if number > 1 and (number - 1) * LISTED >= total:
        raise NotFound(f"The listing has no page {number}.")
    index = snapshot.folder_page(path) if number == 1 else None
    page = snapshot.page(index) if index is not None else None
    return current.site().themes.render(
        "folders/view.html",
        place=path,
        beside=index,
        path=path,
        page=page,
        cite=citation(page, snapshot.site.title, snapshot.commit) if page else None,
        groups=tuple(_cut(folder, (number - 1) * LISTED)),
        number=number,
        more=number * LISTED < total,
        total=total,
    )


def _cut(folder: Folder, start: int) -> Iterator[tuple[str, tuple[Child, ...]]]:
    """Yield the lines from *start* on that one page of a listing shows, under what they are."""
    end = start + LISTED
    for title, children in (
        (gettext("Folders"), folder.folders),
        (gettext("Pages"), folder.pages),
        (gettext("Files"), folder.media),
    ):
        if shown := children[max(start, 0) : max(end, 0)]:
            yield title, shown
        start, end = start - len(children), end - len(children)
