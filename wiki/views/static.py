"""The theme's own files."""

import gzip
from functools import lru_cache
from mimetypes import guess_type

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

from wiki import current
from wiki.languages import gettext

bp = Blueprint("static", __name__)

YEAR = 31_536_000  # seconds
SMALL = 1_000  # bytes; what is smaller is not worth packing
_TEXTS = ("text/", "image/svg+xml", "application/javascript")


@bp.get("/-/static/<theme>/<path:path>")
def asset(theme: str, path: str) -> Response:
    """Serve an asset; with its digest in the address browsers keep it for a year."""
    themes = current.site().themes
    content = themes.content(theme, path)
    if content is None:
        raise NotFound(gettext("The theme has no file %(name)s.", name=path))
    version = themes.version(theme, path)
    kind = guess_type(path)[0] or "application/octet-stream"
    response = Response(content, mimetype=kind)
    response.set_etag(version)
    if kind.startswith(_TEXTS) and len(content) >= SMALL:
        response.headers["Vary"] = "Accept-Encoding"
        if request.accept_encodings["gzip"] > 0:
            response.set_data(_packed(content))
            response.headers["Content-Encoding"] = "gzip"
            response.set_etag(f"{version}-gzip")
    if request.args.get("v") == version:
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response.make_conditional(request)
    return response


@lru_cache(maxsize=100)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Serve the theme's icon where browsers look for one."""
    return asset("default", "icon.svg")
