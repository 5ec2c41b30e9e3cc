"""Lists: what concerns all pages together, such as links that lead nowhere."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.lists import LIST_PAGES, LISTED, Listing, Reported
from wiki import current
from wiki.current import current_snapshot, reads
from wiki.languages import gettext as _
from wiki.urls import whole_number

bp = Blueprint("lists", __name__)


@bp.get("/-/missing")
@reads
def missing() -> ResponseReturnValue:
    """List the targets that links name and nothing fits."""
    return _reported("lists/missing.html", current_snapshot().lists.missing(_number()))


@bp.get("/-/orphans")
@reads
def orphans() -> ResponseReturnValue:
    """List the pages that no other page links to."""
    return _reported("lists/orphans.html", current_snapshot().lists.orphans(_number()))


def _reported(template: str, reported: Reported[Any] | None) -> ResponseReturnValue:
    if reported is not None:
        _exists(reported.listing)
    return current.site().themes.render(template, reported=reported)


def _number() -> int:
    """Return which page of a list is asked for."""
    return whole_number("page", 1, 1, LIST_PAGES)


def _exists(listing: Listing[Any]) -> None:
    """Raise NotFound where a list has no such page."""
    if listing.page > 1 and not listing.items and (listing.page - 1) * LISTED >= listing.total:
        raise NotFound(_("The list has no page %(number)s.", number=listing.page))
