"""Drafts: texts that are not saved yet, kept for the person who writes them, on whatever computer they go on."""

from datetime import UTC
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from engine.errors import ForbiddenError
from engine.ids import page_stem, url_path
from engine.messages import Message
from wiki import current
from wiki.current import current_actor, opened
from wiki.filters import moment
from wiki.forms import LINE_CHARACTERS, field, path_field, text_field

bp = Blueprint("drafts", __name__)


@bp.get("/-/drafts")
def view() -> ResponseReturnValue:
    """List the drafts of who asks; with ``key`` return that one, or nothing, as scripts ask for it."""
    name = _writer()
    drafts = current.site().state.drafts
    if "key" in request.args:
        with opened() as snapshot:
            key = request.args["key"]
            found = drafts.get(name, key, snapshot.editing.lineage(key))
        if found is None:
            return Response(status=204)
        time = moment(found.saved.astimezone(UTC))
        return jsonify(text=found.text, summary=found.summary, base=found.base or "", time=time)
    with opened():
        return current.site().themes.render(
            "edit/drafts.html", drafts=drafts.of(name), edit_address=edit_address
        )


@bp.post("/-/drafts")
def keep() -> ResponseReturnValue:
    """Keep a text, or with ``discard`` forget one."""
    name, key = _writer(), path_field("key", LINE_CHARACTERS)
    drafts = current.site().state.drafts
    with opened() as snapshot:
        lineage = snapshot.editing.lineage(key)
    if not field("discard"):
        base, summary = field("base") or None, field("summary")
        drafts.save(name, key, text_field("text"), base=base, lineage=lineage, summary=summary)
    elif (found := drafts.get(name, key, lineage)) is not None:
        drafts.delete(name, found.id)
    return redirect("/-/drafts", 303) if field("list") else Response(status=204)


def draft_key(path: str, section: str) -> str:
    """Return what a draft is kept under; one of a section is another one than that of its page."""
    return f"{path}#{section}" if section else path


def edit_address(key: str) -> str:
    """Return where the text of a draft is edited."""
    path, _, section = (key, "", "") if page_stem(key) else key.rpartition("#")
    query = f"?{urlencode({'section': section})}" if section else ""
    return f"/-/edit{url_path(page_stem(path) or path)}{query}"


def _writer() -> str:
    """Return whose drafts are meant."""
    name = current_actor().name
    if not name:
        raise ForbiddenError(Message("Drafts are kept for those who are logged in."))
    return name
