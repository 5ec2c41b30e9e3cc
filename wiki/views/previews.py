"""Small pictures of images; where there can be none, the image itself if it is small, else a sign that stands for it."""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.errors import NotReadyError, TooLargeError
from engine.model import Form, Name
from engine.previews import VERSION, WIDTHS
from engine.wiki import Snapshot
from wiki import current
from wiki.current import current_snapshot, reads
from wiki.languages import gettext as _
from wiki.media_types import media_type
from wiki.urls import found_at
from wiki.views.media import file_response
from wiki.views.static import YEAR

bp = Blueprint("previews", __name__)

SMALL = 300_000  # bytes of a file that is sent in the place of its picture
SHOWN = frozenset(("image/svg+xml", "image/bmp", "image/x-icon"))
"""What browsers show although no picture of it can be made; of other images it tells that they are broken, or hostile."""
RETRY = 2  # seconds


@bp.get("/-/preview-image/<int:width>/<address:text>")
@reads
def view(width: int, text: str) -> ResponseReturnValue:
    """Send a picture; with its blob in the address browsers keep it, and nobody else does."""
    snapshot = current_snapshot()
    name = found_at(text).name
    if name is None or name.form is not Form.MEDIA or width not in WIDTHS:
        raise NotFound(_("There is no picture of that."))
    tag = f"{name.blob}-{width}-{VERSION}"
    if request.if_none_match.contains_weak(tag):
        return _dressed(Response(status=304), name, tag)
    try:
        picture = snapshot.media.picture(name, width)
    except NotReadyError:
        return _sign(snapshot, 503)
    if picture is None:
        return _instead(snapshot, name)
    return _dressed(Response(picture, mimetype="image/webp"), name, tag)


def _dressed(response: Response, name: Name, tag: str) -> Response:
    response.set_etag(tag)
    known = request.args.get("v", "")
    if len(known) >= 12 and name.blob.startswith(known):
        response.headers["Cache-Control"] = f"private, max-age={YEAR}, immutable"
    return response


def _instead(snapshot: Snapshot, name: Name) -> ResponseReturnValue:
    """Send an image itself where browsers show it without harm, else a sign."""
    try:
        content = snapshot.source(name)
    except TooLargeError:
        return _sign(snapshot, 200)
    if len(content) <= SMALL and media_type(content, name.path).mimetype in SHOWN:
        return file_response(name)
    return _sign(snapshot, 200)


def _sign(snapshot: Snapshot, status: int) -> Response:
    sign = current.site().themes.content(snapshot.site.theme, "no-preview.svg") or b""
    response = Response(sign, mimetype="image/svg+xml", status=status)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY)
    return response
