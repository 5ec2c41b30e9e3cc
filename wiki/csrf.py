"""A form is taken only from whom it was shown to, by this site: checked before every view that changes something.

Each form holds a signature of what the browser's cookie holds, which no other site can know.
"""

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import Forbidden

from wiki import cookies, current
from wiki.languages import gettext

FIELD = "csrf"
HEADER = "X-CSRF-Token"
PURPOSE = "form"
BYTES = 24  # of chance in the cookie of a browser without a session
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_NO_FORMS = frozenset({"smart_http.serve", "hooks.incoming"})
"""Where who asks is never known by a cookie."""
_OWN_SITES = frozenset({"same-origin", "none"})  # "none": somebody loaded the page again

F = TypeVar("F", bound=Callable[..., ResponseReturnValue])


def token() -> str:
    """Return what a form of this answer must hold.

    Who has no session gets a cookie for it, and their answer is for them alone.
    """
    held = cookies.get(cookies.SESSION) if current.current_identity().session is not None else _visit()
    return current.site().state.signing.sign(PURPOSE, held)


def field() -> Markup:
    """Return the hidden field that a form must have."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token())


def salvage(show_again: Callable[..., ResponseReturnValue]) -> Callable[[F], F]:
    """Let a view's form be shown again, with what was typed, where only its field has become worthless.

    That is so when a session has ended meanwhile, or the browser has lost its cookie. *show_again* gets the arguments
    of the view, and must not change anything: whoever sent the form may not be whom it was shown to.
    """

    def mark(view: F) -> F:
        view.salvage = show_again  # type: ignore[attr-defined]
        return view

    return mark


def can_be_salvaged() -> bool:
    """Say whether the form that was sent is worthless and can be shown again, see `salvage`."""
    view = current_app.view_functions.get(request.endpoint or "")
    return hasattr(view, "salvage") and not _has_token()


def _visit() -> str:
    g.private = True
    held: str = cookies.get(cookies.VISIT) or g.get("visit", "")
    if not held:
        held = g.visit = secrets.token_urlsafe(BYTES)
    return held


def _check() -> ResponseReturnValue | None:
    if request.method in _SAFE or request.routing_exception is not None or request.endpoint in _NO_FORMS:
        return None
    if current.current_identity().token is not None:
        raise Forbidden(gettext("Programs with a token do not send forms."))
    proven = _is_from_here()
    if _has_token():
        return None
    if proven and can_be_salvaged():
        view: Any = current_app.view_functions[request.endpoint or ""]
        answer: ResponseReturnValue = view.salvage(**(request.view_args or {}))
        return answer
    raise Forbidden(
        gettext(
            "Nothing was changed: this form is too old, or your browser keeps no cookies."
            " Go back, load the page again, and send it once more."
        )
    )


def _is_from_here() -> bool:
    """Say whether the browser proves that the form is of this site; 403 where it says that it is not.

    Source:
        OWASP, "Cross-Site Request Forgery Prevention": Fetch Metadata, and verifying the origin.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if (site is not None and site not in _OWN_SITES) or (
        origin is not None and origin.lower() not in _origins()
    ):
        raise Forbidden(gettext("Nothing was changed: this was sent from another site."))
    return site == "same-origin" or origin is not None


def _origins() -> set[str]:
    public = current.site().settings.url.rstrip("/")
    found = {f"{request.scheme}://{request.host}".lower(), *([public.lower()] if public else [])}
    if not request.is_secure:
        found.add(f"https://{request.host}".lower())  # a proxy may have taken it off
    return found


def _has_token() -> bool:
    sent = [*request.form.getlist(FIELD), *request.headers.getlist(HEADER)]
    identity = current.current_identity()
    held = cookies.get(cookies.SESSION) if identity.session is not None else cookies.get(cookies.VISIT)
    return bool(held) and len(sent) == 1 and current.site().state.signing.is_signed(PURPOSE, held, sent[0])


def register(app: Flask) -> None:
    """Check every form, and give templates the field."""
    app.jinja_env.globals.update(csrf_field=field)
    app.before_request(_check)

    @app.after_request
    def remember(response: Response) -> Response:
        if "visit" in g:
            cookies.put(response, cookies.VISIT, g.visit)
        return response
