"""Whole addresses where there is no request: what the command line prints for people to open."""

from urllib.parse import urlencode

from wiki.settings import Settings


def public(settings: Settings, path: str, **query: str) -> str:
    """Return the whole address of a path: below the setting ``url``, else where the server listens."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    base = settings.url.rstrip("/") or f"http://{host}:{settings.port}"
    return f"{base}{path}?{urlencode(query)}"
