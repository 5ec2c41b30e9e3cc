"""One commit: what it says, where it stands, and what it did to each file."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, redirect
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.commits import BYTES, CommitShown, FileShown
from engine.contents import COMPARED_LINES
from engine.ids import page_stem, url_path
from engine.model import TouchKind
from wiki import current
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
    found = current_snapshot().commits.show(commit, page)
    if found.revision.id != commit:
        return redirect(f"/-/commit/{found.revision.id}{_query(page, chosen)}", 302)
    if page > found.pages:
        raise NotFound(_("The list has no page %(number)s.", number=page))
    if wants_json():
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
        "commit": found.revision.id,
        "parents": [parent.id for parent in found.parents],
        "author": found.revision.author.name,
        "time": moment(found.revision.time),
        "committer": found.committer.name,
        "committed": moment(found.text.committed),
        "summary": found.revision.summary,
        "body": found.body,
        "trailers": [{"name": each.name, "value": each.value} for each in found.trailers],
        "brought": [each.id for each in found.brought],
        "more_brought": found.more_brought,
        "changes": [_change(file) for file in found.files],
        "count": found.count,
        "page": found.page,
        "pages": found.pages,
    }


def _change(file: FileShown) -> Mapping[str, Any]:
    change = file.change
    told: dict[str, Any] = {"path": change.name.path}
    if (stem := page_stem(change.name.path)) is not None:
        told["id"] = stem
    merged = change.kind is TouchKind.MERGED
    told["kind"] = TouchKind.CHANGED.value if merged else change.kind.value
    if change.old_path:
        told["from"] = change.old_path
    return told | {
        "blob": change.name.blob or None,
        "old_blob": file.old.name.blob if file.old.name is not None else None,
    }
