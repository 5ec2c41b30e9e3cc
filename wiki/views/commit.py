"""One commit: what it says, where it stands, and what it did to each file."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, redirect
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.change_feed import SUMMARY
from engine.commits import BYTES, CommitShown, FileShown
from engine.contents import COMPARED_LINES
from engine.ids import url_path
from wiki import current, telling
from wiki.current import current_snapshot, reads
from wiki.filters import moment
from wiki.languages import gettext as _
from wiki.languages import marked
from wiki.media_types import kind
from wiki.urls import one_of, wants_json, whole_number

bp = Blueprint("commit", __name__)

PAGES = 100_000
VIEWS = ("unified", "split")

TRAILERS: Mapping[str, str] = {
    "Quire-Actor": marked("Asked for by"),
    "Quire-Merged": marked("Files that were merged"),
    "Quire-Moved": marked("Files that were moved"),
    "Quire-Via": marked("Came by way of"),
    "Quire-Restores": marked("Restores the revision"),
    "Quire-Reverts": marked("Reverts the revision"),
    "Quire-Undoes": marked("Undoes what was done by"),
}
"""What the lines at the end of a message are called, of those that the wiki itself writes."""


@bp.get("/-/commit/<commit>")
@reads
def view(commit: str) -> ResponseReturnValue:
    """Show one commit, as a page or as JSON; the beginning of an id leads to the whole of it."""
    page = whole_number("page", 1, 1, PAGES)
    chosen = one_of("view", VIEWS)
    commits, as_json = current_snapshot().commits, wants_json()
    full = commits.full_id(commit)
    if full != commit:
        return redirect(f"/-/commit/{full}{_query(page, chosen)}", 302)
    found = commits.show(full, page, compare=not as_json)
    if page > found.pages:
        raise NotFound(_("The list has no page %(number)s.", number=page))
    if as_json:
        return jsonify(_as_json(found))
    return current.site().themes.render(
        "commit/view.html",
        shown=found,
        view=chosen,
        labels={name: _(label) for name, label in TRAILERS.items()},
        page_url=lambda number, view=chosen: f"/-/commit/{found.revision.id}{_query(number, view)}",
        diff_url=lambda file: _diff_url(found, file),
        images=_images,
        limits=(BYTES, COMPARED_LINES),
    )


def _query(page: int, view: str) -> str:
    asked = ({"page": page} if page > 1 else {}) | ({"view": view} if view != VIEWS[0] else {})
    return f"?{urlencode(asked)}" if asked else ""


def _diff_url(found: CommitShown, file: FileShown) -> str:
    """Return where all of a file's comparison is."""
    asked = {"from": found.parent} if found.parent and file.old.name is not None else {}
    return f"/-/diff{url_path(str(file.change.name.id))}?{urlencode({**asked, 'to': found.revision.id})}"


def _images(file: FileShown) -> Sequence[str]:
    """Return where the images of both sides are, empty for a side that has none; nothing where neither is one."""
    found = [
        f"{side.name.url}?{urlencode({'rev': side.commit})}"
        if side.name is not None and kind(side.name.path) == "image"
        else ""
        for side in (file.old, file.new)
    ]
    return found if any(found) else []


def _as_json(found: CommitShown) -> Mapping[str, Any]:
    return {
        **telling.made(found.revision),
        "parents": [parent.id for parent in found.parents],
        "committer": found.committer.name[:SUMMARY],
        "committed": moment(found.text.committed),
        "body": found.body,
        "more_body": found.body_cut,
        "trailers": [{"name": each.name, "value": each.value} for each in found.trailers],
        "more_trailers": found.more_trailers,
        "brought": [each.id for each in found.brought],
        "more_brought": found.more_brought,
        "changes": [_change(file) for file in found.files],
        "count": found.count,
        "page": found.page,
        "pages": found.pages,
    }


def _change(file: FileShown) -> Mapping[str, Any]:
    change, old = file.change, file.old.name
    told = telling.change(change.name.path, change.kind, change.old_path, change.name.blob or None)
    return {**told, "old_blob": old.blob if old is not None else None}
