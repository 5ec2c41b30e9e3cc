"""Drafts: texts that are not saved yet, kept for the person who writes them, on whatever computer they go on."""

from collections.abc import Mapping
from datetime import UTC
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from engine.errors import ForbiddenError
from engine.ids import MAX_PATH_BYTES, page_stem, url_path
from engine.messages import Message
from wiki import current
from wiki.current import current_actor, opened
from wiki.filters import moment
from wiki.forms import LINE_CHARACTERS, exact_field, field, number_field, path_field, text_field
from wiki.properties import Properties
from wiki.state.drafts import Draft
from wiki.state.pages import Lineage

bp = Blueprint("drafts", __name__)

KEY_BYTES = MAX_PATH_BYTES + 1 + LINE_CHARACTERS  # of the path of a page, with the section that is edited


@bp.get("/-/drafts")
def view() -> ResponseReturnValue:
    """List the drafts of who asks; with ``key`` return that one, or nothing, as scripts ask for it."""
    name = _writer()
    drafts = current.site().state.drafts
    if "key" in request.args:
        path, section = parted(request.args["key"])
        with opened() as snapshot:
            found = drafts.get(name, path, snapshot.editing.lineage(path), section)
        if found is None:
            return Response(status=204)
        time = moment(found.saved.astimezone(UTC))
        return jsonify(
            text=found.text, summary=found.summary, base=found.base or "", fields=found.fields, time=time
        )
    with opened() as snapshot:
        kept = drafts.of(name)
        places = snapshot.editing.places(each.lineage for each in kept if each.lineage is not None)
        return current.site().themes.render(
            "edit/drafts.html", drafts=[(each, path_of(each, places)) for each in kept], address=draft_address
        )


@bp.post("/-/drafts")
def keep() -> ResponseReturnValue:
    """Keep a text, or with ``discard`` forget one, by its key or its number."""
    name, (path, section) = _writer(), parted(path_field("key", LINE_CHARACTERS))
    drafts = current.site().state.drafts
    number = number_field("draft")
    if number is None:
        with opened() as snapshot:
            lineage = snapshot.editing.lineage(path)
        if not field("discard"):
            drafts.save(
                name,
                path,
                text_field("text"),
                base=field("base") or None,
                section=section,
                lineage=lineage,
                summary=field("summary"),
                fields=Properties.sent().fields,
            )
        elif (found := drafts.get(name, path, lineage, section)) is not None:
            number = found.id
    if number is not None and field("discard"):
        drafts.delete(name, number)
    return redirect("/-/drafts", 303) if field("list") else Response(status=204)


def draft_key(path: str, section: str) -> str:
    """Return what scripts keep a draft under; one of a section is another one than that of its page."""
    return f"{path}#{section}" if section else path


def sent_key() -> str:
    """Return the key that a form gives back; empty where it has none, or none that can be."""
    key = exact_field("draft-key")
    return key if len(key.encode("utf-8", "replace")) <= KEY_BYTES else ""


def parted(key: str) -> tuple[str, str]:
    """Return the path and the section that a key names; an anchor has no point, and what has none is no page."""
    if page_stem(key) is not None or "#" not in key:
        return key, ""
    path, _, section = key.rpartition("#")
    return path, section


def path_of(draft: Draft, places: Mapping[Lineage, str]) -> str:
    """Return where the page of a draft is now."""
    return places.get(draft.lineage, draft.path) if draft.lineage is not None else draft.path


def draft_address(draft: Draft, path: str) -> str:
    """Return where the text of a draft is edited."""
    asked = {"section": draft.section} if draft.section else {}
    return f"/-/edit{url_path(page_stem(path) or path)}?{urlencode({**asked, 'draft': draft.id})}"


def _writer() -> str:
    """Return whose drafts are meant."""
    name = current_actor().name
    if not name:
        raise ForbiddenError(Message("Drafts are kept for those who are logged in."))
    return name
