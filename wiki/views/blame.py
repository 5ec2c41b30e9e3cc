"""Who wrote each line of a file, and when."""

from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from engine.blaming import Group
from wiki import current
from wiki.current import current_snapshot, reads
from wiki.urls import subject_at, whole_number

bp = Blueprint("blame", __name__)

PAGES = 1_000


@bp.get("/-/blame/<address:text>")
@reads
def view(text: str) -> ResponseReturnValue:
    """Show the lines of a file with the change that brought each, as of a revision; by default the newest."""
    page = whole_number("page", 1, 1, PAGES)
    rev = request.args.get("rev", "")
    snapshot = current_snapshot()
    subject = subject_at(text, "/-/blame")
    blame = snapshot.blaming.lines(subject, rev, page)
    address = subject.name.url

    def page_url(number: int) -> str:
        asked = {"rev": rev} if rev else {}
        return f"/-/blame{address}?{urlencode({**asked, 'page': number})}"

    def change_url(group: Group) -> str:
        commit = group.revision.id if group.revision else ""
        asked = {"from": group.before, "to": commit} if group.before else {"to": commit}
        return f"/-/diff{address}?{urlencode(asked)}"

    return current.site().themes.render(
        "blame/view.html",
        subject=subject,
        blame=blame,
        page_url=page_url,
        change_url=change_url,
        blame_url=lambda commit: f"/-/blame{address}?{urlencode({'rev': commit})}",
        revision_url=lambda commit: f"{address}?{urlencode({'rev': commit})}",
    )
