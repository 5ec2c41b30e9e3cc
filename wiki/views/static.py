"""The theme's own files."""

from mimetypes import guess_type

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from wiki import current

bp = Blueprint("static", __name__)

YEAR = 31_536_000  # seconds


@bp.get("/-/static/<theme>/<path:path>")
def asset(theme: str, path: str) -> Response:
    """Serve an asset; with its digest in the address browsers keep it for a year."""
    themes = current.site().themes
    found = themes.asset(theme, path)
    if found is None:
        raise NotFound(f"The theme has no file {path}.")
    version = themes.version(theme, path)
    response = Response(found.read_bytes(), mimetype=guess_type(found.name)[0] or "application/octet-stream")
    response.set_etag(version)
    if request.args.get("v") == version:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response.make_conditional(request)
    return response


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Serve the theme's icon where browsers look for one."""
    return asset("default", "icon.svg")
