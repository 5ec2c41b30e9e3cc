"""The cookies there are: that of a session, that of a browser which is shown a form without one, and a short message.

Scripts cannot read the first two, no other site's form sends them, and under https they never leave it (``__Host-``).
The third tells scripts which drafts were saved, so that they forget them, and the cookie. Under https it never leaves it
either.
"""

from collections.abc import Iterable
from urllib.parse import quote

from flask import Response, request

from wiki import current

SESSION, VISIT = "session", "visit"
SAVED = "quire_saved"
SAVED_SECONDS = 600  # that a browser may take to learn that its draft was saved


def name(kind: str) -> str:
    """Return the name of a cookie, see `Door.cookie_name`."""
    return current.site().door.cookie_name(kind, request.environ)


def get(kind: str) -> str:
    """Return what a cookie holds, empty where there is none."""
    return request.cookies.get(name(kind), "")


def put(response: Response, kind: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie, for some seconds or until the browser is closed."""
    response.set_cookie(
        name(kind), value, max_age=seconds, path="/", secure=_is_secure(), httponly=True, samesite="Lax"
    )


def drop(response: Response, kind: str) -> None:
    """Let the browser forget a cookie."""
    response.delete_cookie(name(kind), path="/", secure=_is_secure(), httponly=True, samesite="Lax")


def tell_saved(response: Response, keys: Iterable[str]) -> None:
    """Tell the browser that the drafts of some keys were saved."""
    told = "&".join(quote(key) for key in keys)
    response.set_cookie(SAVED, told, max_age=SAVED_SECONDS, path="/", secure=_is_secure(), samesite="Lax")


def _is_secure() -> bool:
    return current.site().door.is_secure(request.environ)
