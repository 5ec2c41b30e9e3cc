"""Files of the repository other than pages: typed by content, in ranges, never able to run anything."""

from urllib.parse import quote

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from engine.model import Form, Name
from wiki.current import current_snapshot
from wiki.headers import FILE_POLICY
from wiki.media_types import TEXT, media_type

bp = Blueprint("media", __name__)


def file_response(name: Name) -> ResponseReturnValue:
    """Serve a file; its ETag is its blob, so that it stays fresh across commits that do not touch it."""
    if request.if_none_match.contains_weak(name.blob):
        return _dressed(Response(status=304), name, download=False)
    content = current_snapshot().source(name)
    kind = TEXT if name.form is Form.SYMLINK else media_type(content, name.path)
    response = Response(content, content_type=kind.mimetype)
    response = _dressed(response, name, download=kind.download)
    if kind.mimetype == "application/pdf":
        del response.headers["Content-Security-Policy"]  # browsers do not show a PDF in a sandbox
    response.accept_ranges = "bytes"
    if _wants_part():
        response.make_conditional(request, accept_ranges=True, complete_length=len(content))
    return response


def _wants_part() -> bool:
    """Say whether one range of bytes is asked for; several, and what is no range, are answered by the whole file.

    Source:
        RFC 9110, section 14.2: a server may ignore the field.
    """
    wanted = request.range
    return (
        request.method == "GET" and wanted is not None and wanted.units == "bytes" and len(wanted.ranges) == 1
    )


def _dressed(response: Response, name: Name, *, download: bool) -> Response:
    response.set_etag(name.blob)
    response.headers["Content-Security-Policy"] = FILE_POLICY
    disposition = "attachment" if download else "inline"
    response.headers["Content-Disposition"] = (
        f"{disposition}; filename*=UTF-8''{quote(name.id.last, safe='')}"
    )
    return response
