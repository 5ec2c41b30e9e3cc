"""What happens before any view: who asks is found out, and whoever may not read is led to the page to sign in."""

from urllib.parse import quote

from flask import Flask, Response, abort, g, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from wiki import csrf, current
from wiki.identity import VISITING, BadTokenError, Identity
from wiki.languages import gettext, speak
from wiki.next_address import ADDRESS_CHARACTERS

PUBLIC = frozenset(
    """
    account.login account.sign_in account.register account.create account.reset account.set_password
    static.asset static.favicon health.healthz sitemap.robots
    smart_http.advertise smart_http.serve smart_http.dumb hooks.incoming
    """.split()
)
"""What everybody gets, also of a private wiki; none of it tells of pages. Clone and push ask by themselves."""

OF_PROGRAMS = frozenset({"changes.view"})
"""What only programs ask for, which cannot sign in by a form."""

BY_THEMSELVES = frozenset("smart_http.advertise smart_http.serve smart_http.dumb hooks.incoming".split())
"""What finds out who asks by itself, and never by a cookie."""


def register(app: Flask) -> None:
    """Let all requests pass here, before anything else but the language."""
    app.jinja_env.globals.update(sign_in_address=sign_in_address)
    setting = current.site(app).settings.interface

    @app.before_request
    def identify() -> None:
        if request.endpoint in BY_THEMSELVES:
            g.identity = current.site().door.visitor
            return
        account = _identity().account
        if account is not None and account.language:
            g.language = account.language
            speak(setting)

    app.before_request(_admit)

    @app.after_request
    def keep_private(response: Response) -> Response:
        if g.get("private", False):
            g.pop("cacheable", None)
            response.headers.pop("ETag", None)
            response.headers["Cache-Control"] = "no-store"
        elif current.asking().kept_as != VISITING:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def ask_again() -> None:
    """Find out once more who asks, after they have waited: what opened the wiki then may open nothing any more.

    Raises:
        HTTPException: They may not read the wiki.
    """
    g.pop("identity", None)
    _identity()
    if (refused := _admit()) is not None:
        abort(make_response(refused))


def _identity() -> Identity:
    try:
        return current.current_identity()
    except BadTokenError:
        raise Unauthorized(
            gettext("This token opens nothing: it was revoked, has ended, or never was."),
            www_authenticate=WWWAuthenticate("Bearer", {"error": "invalid_token"}),
        ) from None


def _admit() -> ResponseReturnValue | None:
    if current.current_identity().may_read or request.endpoint in PUBLIC:
        return None
    if request.method == "POST" and csrf.can_be_salvaged():
        return None  # of a session that has ended: it is only shown to its author again
    if request.method in {"GET", "HEAD"} and current.current_identity().token is None:
        if request.endpoint in OF_PROGRAMS:
            raise Unauthorized(
                gettext("This wiki is private: show a token."), www_authenticate=WWWAuthenticate("Bearer")
            )
        return redirect(sign_in_address(), 302)
    raise Forbidden(gettext("This wiki is private: sign in first."))


def sign_in_address() -> str:
    """Return the address of the page to sign in, which leads back to where the reader is."""
    query = request.query_string.decode()
    here = quote(request.path, safe="/") + (f"?{query}" if query else "")
    return f"/-/login?next={quote(here[:ADDRESS_CHARACTERS], safe='/')}"
