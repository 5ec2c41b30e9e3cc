"""New pages: from a title, in a folder, as a template begins them."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from engine.errors import ForbiddenError, PageExistsError, WikiError
from engine.ids import page_stem, url_path
from engine.messages import Message
from wiki import current
from wiki.current import opened
from wiki.errors import status

bp = Blueprint("new", __name__)

TITLE = 200  # characters


@bp.get("/-/new")
def view() -> ResponseReturnValue:
    """Ask for a title; with one, go on to the form of the page that gets it."""
    title = " ".join(request.args.get("title", "").split())[:TITLE]
    folder = request.args.get("folder", "").strip("/ ")
    template = request.args.get("template", "")
    with opened() as snapshot:
        if not snapshot.may_try(f"{folder}/new.md" if folder else "new.md"):
            raise ForbiddenError(Message("You may not make pages here."))
        error: WikiError | None = None
        if title:
            try:
                path = snapshot.editing.new_path(title, folder)
            except WikiError as refused:
                error = refused
            else:
                query = urlencode({"title": title} | ({"template": template} if template else {}))
                return redirect(f"/-/edit{url_path(page_stem(path) or path)}?{query}", 302)
        existing = snapshot.editing.would_be(title, folder) if isinstance(error, PageExistsError) else None
        shown = current.site().themes.render(
            "edit/new.html",
            place=folder,
            wanted=title,
            folder=folder,
            chosen=template,
            templates=snapshot.editing.templates(),
            error=error,
            existing=existing,
        )
    return shown, status(error) if error is not None else 200
