"""The theme's own files."""

from flask import Blueprint, Response, request, send_file
from werkzeug.exceptions import NotFound

from wiki import current

bp = Blueprint("static", __name__)


@bp.get("/-/static/<theme>/<path:path>")
def asset(theme: str, path: str) -> Response:
    """Serve an asset; with its digest in the address browsers keep it for a year."""
    found = current.site().themes.asset(theme, path)
    if found is None:
        raise NotFound(f"The theme has no file {path}.")
    response = send_file(found, conditional=True, max_age=31_536_000 if request.args.get("v") else 0)
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Serve the theme's icon where browsers look for one."""
    return asset("default", "icon.svg")
