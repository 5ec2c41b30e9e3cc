"""What changed between two revisions of a file: text by lines and words, front matter by key, images side by side."""

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from engine.comparing import Comparison, Side
from engine.contents import COMPARED_BYTES, COMPARED_LINES
from engine.model import Revision
from wiki import current
from wiki.current import current_snapshot, reads
from wiki.media_types import media_type
from wiki.urls import one_of, subject_at

bp = Blueprint("diff", __name__)

VIEWS = ("split", "unified")


@bp.get("/-/diff/<address:text>")
@reads
def view(text: str) -> ResponseReturnValue:
    """Show what changed between two revisions; by default what the newest one changed."""
    chosen = one_of("view", VIEWS)
    snapshot = current_snapshot()
    subject = subject_at(text, "/-/diff")
    found = snapshot.comparing.between(subject, request.args.get("from", ""), request.args.get("to", ""))
    address = f"/-/diff{subject.name.url}"

    def at(side: Side) -> str:
        return f"{subject.name.url}?{urlencode({'rev': side.commit})}"

    def link(**commits: str) -> str:
        return f"{address}?{urlencode({**commits, 'view': chosen})}"

    types = [_type(side) for side in (found.old, found.new)]
    steps = snapshot.past.history(subject).steps
    newest = [step.revision for step in steps]
    return current.site().themes.render(
        "diff/view.html",
        comparison=found,
        view=chosen,
        address=address,
        url=at,
        choices={
            "from": _choices(newest, found.old.revision),
            "to": _choices(newest, found.new.revision),
        },
        earlier=link(**{"from": found.previous.id, "to": found.old.commit}) if found.previous else "",
        later=link(**{"from": found.new.commit, "to": found.following.id}) if found.following else "",
        images=_images(found, types, at),
        types=types,
        limits=(COMPARED_BYTES, COMPARED_LINES),
    )


def _choices(newest: Iterable[Revision], chosen: Revision | None) -> list[Revision]:
    """Return what may be compared: the newest revisions, and the one that is."""
    listed = list(newest)
    if chosen is not None and all(revision.id != chosen.id for revision in listed):
        listed.append(chosen)
    return listed


def _type(side: Side) -> str:
    if side.name is None or side.content is None:
        return ""
    return media_type(side.content, side.name.path).mimetype.partition(";")[0]


def _images(found: Comparison, types: Sequence[str], at: Callable[[Side], str]) -> list[str]:
    """Return where the images of both sides are, empty for a side that has none; nothing when neither has one."""
    images = [
        at(side) if kind.startswith("image/") else ""
        for side, kind in zip((found.old, found.new), types, strict=True)
    ]
    return images if any(images) else []
