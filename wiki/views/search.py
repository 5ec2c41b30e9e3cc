"""Search."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from engine.wiki import RESULT_PAGES
from wiki import current
from wiki.current import current_snapshot, reads
from wiki.urls import query_text, whole_number

bp = Blueprint("search", __name__)


@bp.get("/-/search")
@reads
def results() -> ResponseReturnValue:
    """Show one page of the hits for what somebody typed."""
    text = query_text()
    page = whole_number("page", 1, 1, RESULT_PAGES)
    found = current_snapshot().search(text, page=page) if text else None
    return current.site().themes.render("search/results.html", text=text, page=page, found=found)
