"""Pages that are for one person alone: shown within the wiki where they may read it, and never kept."""

from typing import Any

from flask import g, request

from wiki.current import current_actor, current_identity, opened, site
from wiki.state import By


def show(template: str, code: int = 200, /, **context: Any) -> tuple[str, int]:
    """Render a template for whoever asks; who may not read is not even told what the wiki is called."""
    if current_identity().may_read:
        with opened():
            return site().themes.render(template, **context), code
    g.private = True
    return site().themes.render(template, **context), code


def address() -> str:
    """Return the address that the request comes from; empty where it is not known."""
    return request.remote_addr or ""


def by() -> By:
    """Return who does what is being done, for the audit."""
    return By(current_actor().name, address())
