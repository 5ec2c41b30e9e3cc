"""Folders: the page that speaks for a folder, else a listing."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from wiki import current
from wiki.current import current_snapshot

bp = Blueprint("folders", __name__)


def folder_response(path: str) -> ResponseReturnValue:
    """Show a folder: its index page with the listing under it."""
    snapshot = current_snapshot()
    index = snapshot.folder_page(path)
    page = snapshot.page(index) if index is not None else None
    return current.site().themes.render(
        "folders/view.html", path=path, page=page, folder=snapshot.folder(path)
    )
