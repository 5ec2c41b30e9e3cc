"""One table: engine error -> HTTP status; every error is a page, or JSON for who asks for that, never a trace."""

from logging import getLogger

from flask import Flask, Response, current_app, g, has_app_context, jsonify, request
from flask.typing import ResponseReturnValue
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from engine.errors import (
    ConflictError,
    CursorError,
    ForbiddenError,
    InvalidChangeError,
    NotFoundError,
    NotReadyError,
    PageIdError,
    PushRefusedError,
    StoreError,
    TooLargeError,
    WikiError,
)
from wiki import current
from wiki.languages import gettext, marked, number, translated
from wiki.state.errors import TooOftenError
from wiki.urls import wants_json

log = getLogger(__name__)

STATUS: dict[type[WikiError], int] = {
    PageIdError: 400,
    CursorError: 400,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    TooLargeError: 413,
    InvalidChangeError: 422,
    PushRefusedError: 422,
    TooOftenError: 429,
    NotReadyError: 503,
    StoreError: 503,
    WikiError: 500,
}

TITLES = {
    400: marked("That request cannot be understood"),
    401: marked("You could not be identified"),
    403: marked("You may not do this"),
    404: marked("There is no such page"),
    405: marked("That cannot be done here"),
    409: marked("Somebody was faster"),
    413: marked("That is too large"),
    422: marked("That change cannot be made"),
    429: marked("Too often"),
    500: marked("Something went wrong here"),
    503: marked("The wiki cannot be read just now"),
}

RETRY = 2  # seconds after which to ask again for what is being read
OTHERWISE = marked("That did not work")


def status(error: WikiError) -> int:
    """Return the HTTP status of an engine error: that of its nearest ancestor in the table.

    The answer says when to try again what is being read.
    """
    if isinstance(error, NotReadyError) and has_app_context():
        g.setdefault("retry_after", RETRY)
    return next(STATUS[each] for each in type(error).__mro__ if each in STATUS)


def register(app: Flask) -> None:
    """Turn errors into pages."""

    @app.errorhandler(WikiError)
    def wiki_error(error: WikiError) -> ResponseReturnValue:
        if (code := status(error)) >= 500 and not isinstance(error, NotReadyError):
            log.error("%r: %s", request.path, error)
        return _page(code, translated(error.message))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error
        own = error.description != type(error).description  # that of the class is English, and says no more
        body, code = _page(error.code, error.description or "" if own else _said(error.code))
        headers = [h for h in error.get_headers() if h[0].lower() not in {"content-type", "content-length"}]
        return body, code, headers

    @app.errorhandler(Exception)
    def bug(error: Exception) -> ResponseReturnValue:
        log.exception("%r failed", request.path, exc_info=error)
        return _page(500, gettext("The server has written down what it was."))


def _kept(code: int) -> list[str]:
    """Say where to find what was sent, of which nobody knows whether it was saved."""
    told = []
    if request.method == "POST" and (code >= 500 or (code == 413 and not _is_upload())):
        told.append(gettext("Go back in your browser: it keeps what you typed in the form."))
        if request.path.startswith("/-/edit/") and current.asking().actor.name:
            told.append(gettext("A draft that was kept is among your drafts, unless it was saved."))
    return told


def _said(code: int) -> str:
    """Return what there is to say of an error that says nothing itself."""
    if code != 413:
        return ""
    settings = current.site().settings
    if _is_upload():
        return gettext(
            "A file may have %(limit)s bytes, and all that is sent at once %(whole)s; push with git what is larger.",
            limit=number(settings.upload_bytes),
            whole=number(current_app.config["MAX_CONTENT_LENGTH"]),
        )
    return gettext(
        "Nothing is saved: a page may have %(page)s bytes, and a field of a form is read up to %(limit)s."
        " Make the text shorter, or push it with git.",
        page=number(settings.page_bytes),
        limit=number(current_app.config["MAX_FORM_MEMORY_SIZE"]),
    )


def _is_upload() -> bool:
    return request.path == "/-/media"


def _page(code: int, message: str) -> tuple[str | Response, int]:
    title = gettext(TITLES.get(code, OTHERWISE))
    if wants_json():
        return jsonify(error=message or title), code
    wanted = request.path.strip("/").rpartition("/")[2] if code == 404 else ""
    try:
        page = current.site().themes.render(
            "error.html", code=code, error_title=title, message=message, kept=_kept(code), wanted=wanted
        )
    except Exception:  # a theme that cannot even show an error
        log.exception("the theme cannot show that %s", message)
        page = (
            f"<!doctype html><title>{escape(title)}</title><h1>{escape(title)}</h1><p>{escape(message)}</p>"
        )
    return page, code
