"""Addresses that belong to the wiki itself and lead nowhere yet: never to a page of that name."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

bp = Blueprint("reserved", __name__)


@bp.get("/-/")
@bp.get("/-/<path:rest>")
@bp.get("/wiki.git")
@bp.get("/wiki.git/<path:rest>")
@bp.get("/sitemap.xml")
@bp.get("/robots.txt")
@bp.get("/llms.txt")
def nothing(rest: str = "") -> ResponseReturnValue:
    """Say that nothing is here."""
    raise NotFound("This address belongs to the wiki itself, and there is nothing here.")
