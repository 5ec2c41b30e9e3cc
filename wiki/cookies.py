"""The two cookies there are: that of a session, and that of a browser which is shown a form without one.

Scripts cannot read them, no other site's form sends them, and under https they never leave it (``__Host-``).
"""

from flask import Response, request

from wiki import current

SESSION, VISIT = "session", "visit"


def is_secure() -> bool:
    """Say whether the reader's browser speaks https, with the server or with a proxy before it."""
    return request.is_secure or current.site().settings.url.startswith("https:")


def name(kind: str) -> str:
    """Return the name of a cookie. It is one for each wiki, as browsers do not tell ports of one host apart."""
    return f"{'__Host-' if is_secure() else ''}quire-{kind}-{current.site().mark}"


def get(kind: str) -> str:
    """Return what a cookie holds, empty where there is none."""
    return request.cookies.get(name(kind), "")


def put(response: Response, kind: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie, for some seconds or until the browser is closed."""
    response.set_cookie(
        name(kind), value, max_age=seconds, path="/", secure=is_secure(), httponly=True, samesite="Lax"
    )


def drop(response: Response, kind: str) -> None:
    """Let the browser forget a cookie."""
    response.delete_cookie(name(kind), path="/", secure=is_secure(), httponly=True, samesite="Lax")
