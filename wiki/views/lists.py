"""Lists: what concerns all pages together, such as links that lead nowhere."""

from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from engine.ids import MAX_PATH_BYTES
from engine.lists import LIST_PAGES, Listing, Reported
from engine.model import Form
from wiki import current
from wiki.current import current_snapshot, reads
from wiki.languages import gettext as _
from wiki.urls import found_at, whole_number

bp = Blueprint("lists", __name__)

TREE_LINES = 10_000_000  # the last line of a folder that may be asked for
TREE_DEPTH = 50  # folders within folders that the tree opens


@bp.get("/-/pages")
@reads
def pages() -> ResponseReturnValue:
    """Show all pages as a tree in which one folder is open; with ``part`` only what this folder holds, for a script."""
    folder = request.args.get("folder", "").strip("/")
    start = whole_number("start", 0, 0, TREE_LINES)
    if (
        "\0" in folder
        or len(folder.encode("utf-8", "replace")) > MAX_PATH_BYTES
        or folder.count("/") >= TREE_DEPTH
    ):
        raise NotFound(_("There is no such folder."))
    lists = current_snapshot().lists
    render = current.site().themes.render
    if "part" in request.args:
        return render("lists/part.html", branch=lists.children(folder, start))
    return render("lists/pages.html", branches=lists.branches(folder, start), folder=folder)


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


@bp.get("/-/tags")
@reads
def tags() -> ResponseReturnValue:
    """List the tags with the number of pages that have them, most used first or by name."""
    order = request.args.get("by", "use")
    if order not in {"use", "name"}:
        raise BadRequest(_("Tags are ordered by “use” or by “name”."))
    listing = current_snapshot().lists.tags(_number(), by_name=order == "name")
    _exists(listing)
    return current.site().themes.render("lists/tags.html", listing=listing, order=order)


@bp.get("/-/tags/<address:tag>")
@reads
def tagged(tag: str) -> ResponseReturnValue:
    """List the pages with a tag."""
    spelled, listing = current_snapshot().lists.tagged(tag, _number())
    _exists(listing)
    return current.site().themes.render("lists/tagged.html", tag=spelled, listing=listing)


@bp.get("/-/backlinks/<address:text>")
@reads
def backlinks(text: str) -> ResponseReturnValue:
    """List the pages that link to a page or another file, each with the sentence that does."""
    found = found_at(text)
    if found.redirect or (found.name is not None and found.source):
        return redirect(f"/-/backlinks{found.redirect or (found.name and found.name.url)}", 302)
    if found.name is None or found.name.form is Form.FOLDER:
        raise NotFound(_("“%(name)s” is not the address of one page or file.", name=text))
    listing = current_snapshot().lists.backlinks(found.name, _number())
    _exists(listing)
    return current.site().themes.render(
        "lists/backlinks.html", place=found.name.folder, beside=found.name, name=found.name, listing=listing
    )


def _reported(template: str, reported: Reported[Any] | None) -> ResponseReturnValue:
    if reported is not None:
        _exists(reported.listing)
    return current.site().themes.render(template, reported=reported)


def _number() -> int:
    """Return which page of a list is asked for."""
    return whole_number("page", 1, 1, LIST_PAGES)


def _exists(listing: Listing[Any]) -> None:
    """Raise NotFound where a list has no such page."""
    if listing.page > 1 and not listing.items:
        raise NotFound(_("The list has no page %(number)s.", number=listing.page))
