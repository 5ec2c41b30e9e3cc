"""The part of a page that tells who is here, made apart: the rest is the same for all who have signed in with one role.

Such a page is made without knowing who it is for, with a mark where the menu stands. The menus of people are kept
beside the pages, and put in when a page is given to somebody; so neither is ever kept for another.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Response, g, request
from markupsafe import Markup

from engine.cache import Cache
from wiki import current
from wiki.identity import Identity
from wiki.languages import accepted

BYTES = 2_000_000  # of menus that each process keeps

Key = tuple[object, ...]


class Menus:
    """Keeps menus, and the mark in whose place they are put."""

    def __init__(self) -> None:
        self.mark = f"<!--{secrets.token_hex(16)}-->"  # which no page can hold
        self._kept: Cache[Key, bytes] = Cache(BYTES)

    def split(self, kind: str | None, body: bytes) -> tuple[bytes, bytes, bytes]:
        """Return what stands before the mark, the mark, and what stands behind it; only a page of HTML has one."""
        return body.partition(self.mark.encode()) if kind == "text/html" else (body, b"", b"")

    def get(self, who: Identity, version: str, language: str, secure: bool) -> bytes | None:
        """Return somebody's menu, ``None`` when it was not made yet."""
        return self._kept.get(_key(who, version, language, secure))

    def put(self, menu: bytes, who: Identity, version: str, language: str, secure: bool) -> None:
        """Keep somebody's menu.

        Args:
            menu: As HTML.
            who: Whose it is.
            version: Of what is shown, as the theme hangs on it.
            language: Of the interface.
            secure: Whether their browser speaks https: then they have another cookie, which the menu's form signs.
        """
        self._kept.put(_key(who, version, language, secure), menu, len(menu) + 1_000)


def _key(who: Identity, version: str, language: str, secure: bool) -> Key:
    return (who.session and who.session.id, who.account, version, language, secure)


def user_menu() -> Markup:
    """Return the part of the page at hand that tells who is here, or the mark in whose place it is put later."""
    return Markup(current.site().responses.menus.mark) if g.get("shared", False) else Markup(_render())  # noqa: S704


def fill(response: Response, version: str | None) -> None:
    """Put the menu of who asks into an answer that was made without knowing them.

    Args:
        response: The answer.
        version: What it describes, ``None`` where that is not settled yet.
    """
    menus, asking = current.site().responses.menus, current.asking()
    if response.is_streamed:
        return
    before, mark, after = menus.split(response.mimetype, response.get_data())
    if not mark:
        return
    given = (asking, version or "", wanted_language(asking, request.environ), is_secure(request.environ))
    menu = menus.get(*given)
    if menu is None:
        menu = _render().encode()
        if version:
            menus.put(menu, *given)
    response.set_data(before + menu + after)


def wanted_language(who: Identity, environ: Mapping[str, Any]) -> str:
    """Return which of our languages somebody chose, or their browser asks for; empty where that is none of them."""
    chosen = who.account.language if who.account is not None else ""
    return chosen or accepted(environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def is_secure(environ: Mapping[str, Any]) -> bool:
    """Say whether the reader's browser speaks https, as far as the menu depends on it."""
    return environ.get("wsgi.url_scheme") == "https"


def _render() -> str:
    return current.site().themes.part("_who.html", viewer=current.asking(), here=request.path)
