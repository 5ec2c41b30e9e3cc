"""Whole answers, kept by the version that they describe and given without asking the views.

The cache stands before Flask as a WSGI layer: on the warm way a request costs one look at the branch and one look-up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from engine.cache import Cache
from engine.errors import StoreError
from engine.wiki import Wiki
from wiki import current
from wiki.accepting import preferred
from wiki.identity import Door, Identity
from wiki.menus import Menus, fill, is_secure, user_menu, wanted_language
from wiki.packing import pack, takes_gzip

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Key = tuple[str, ...]

ADDRESS_CHARACTERS = 1_500  # an answer to a longer address is not kept
BODY_BYTES = 2_000_000  # a larger answer is not kept
HEADER_BYTES = 4_000  # that the headers and the key of an answer take in memory, about
_ADDRESS = ("HTTP_HOST", "PATH_INFO", "QUERY_STRING")
_NOT_WITH_304 = {"content-length", "content-type"}


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that may be given again."""

    headers: Sequence[tuple[str, str]]  # without ETag and Content-Length where these are of one person
    body: bytes  # where people share it: up to the mark in whose place their menu is put
    rest: bytes | None  # what comes behind the mark
    etag: str  # with its quotes
    base: str  # out of which the ETag of one person is made; empty: all have the same


class ResponseCache:
    """Keeps answers, bounded in bytes.

    Args:
        wiki: Tells the commit.
        door: Tells who asks. What is kept for visitors, for the local person or for one role is given to no other.
        capacity: In bytes.
    """

    def __init__(self, wiki: Wiki, door: Door, capacity: int) -> None:
        self.menus = Menus()
        self._wiki = wiki
        self._door = door
        self._kept: Cache[Key, Kept] = Cache(capacity)

    def wrap(self, app: "WSGIApplication") -> "WSGIApplication":
        """Put the cache before *app*."""

        def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            found = self._found(environ) if _is_plain(environ) else None
            if found is None:
                return app(environ, start_response)
            headers, body, etag = found
            if etag in environ.get("HTTP_IF_NONE_MATCH", ""):
                start_response("304 NOT MODIFIED", [h for h in headers if h[0].lower() not in _NOT_WITH_304])
                return [b""]
            start_response("200 OK", headers)
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

        return answer

    def keep(
        self, environ: "WSGIEnvironment", version: str, who: Identity, response: Response, base: str
    ) -> None:
        """Keep an answer.

        Args:
            environ: Of the request.
            version: What it describes, see `Snapshot.version`.
            who: For whom it was made; what nobody else gets is not kept, see `Identity.kept_as`.
            response: The answer.
            base: Out of which the ETag of one person is made; empty: all have the same.
        """
        if (
            not who.kept_as
            or not _is_plain(environ)
            or environ["REQUEST_METHOD"] != "GET"
            or response.is_streamed
        ):
            return
        body = response.get_data()
        etag = response.headers.get("ETag")
        if not etag or len(body) > BODY_BYTES:
            return
        before, mark, after = self.menus.split(response.mimetype, body)
        if not mark:
            response.headers["Content-Length"] = str(len(body))  # for HEAD, which sends none of it
        left_out = {"date", *({"etag"} if base else ()), *({"content-length"} if mark else ())}
        headers = [(name, value) for name, value in response.headers if name.lower() not in left_out]
        kept = Kept(headers, before, after if mark else None, etag, base)
        size = len(body) + HEADER_BYTES + ADDRESS_CHARACTERS
        self._kept.put(self._key(environ, version, who), kept, size)

    def _found(self, environ: "WSGIEnvironment") -> tuple[list[tuple[str, str]], bytes, str] | None:
        """Return headers, body and ETag of an answer that is kept."""
        try:
            version, who = self._wiki.version(), self._door.identify(environ)
            kept = None if version is None else self._kept.get(self._key(environ, version, who))
        except StoreError:
            return None  # the view will say so
        if kept is None:
            return None
        headers, body, etag = [*kept.headers], kept.body, kept.etag
        if kept.base:
            etag = f'"{current.personal(kept.base, who)}"'
            headers.append(("ETag", etag))
        if kept.rest is not None:
            menu = self.menus.get(who, version or "", wanted_language(who, environ), is_secure(environ))
            if menu is None:
                return None
            body = body + menu + kept.rest
            headers.append(("Content-Length", str(len(body))))
        return headers, body, etag

    def _key(self, environ: "WSGIEnvironment", version: str, who: Identity) -> Key:
        scope = self._wiki.policy.scope(who.actor)
        return (version, who.kept_as, scope, wanted_language(who, environ), *_request(environ))


def _request(environ: "WSGIEnvironment") -> Key:
    """Return what of a request an answer depends on."""
    kind = preferred(environ.get("HTTP_ACCEPT", ""))
    # The host, because an answer may hold whole addresses.
    host = (environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""))
    packed = "gzip" if takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")) else ""
    address = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
    return (*host, *address, kind, packed)


def _is_plain(environ: "WSGIEnvironment") -> bool:
    """Say whether nothing but its address, what it accepts and who asks can change the answer, and both are short."""
    return (
        environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        and not environ.get("SCRIPT_NAME")
        and sum(len(environ.get(name, "")) for name in _ADDRESS) <= ADDRESS_CHARACTERS
        and "HTTP_AUTHORIZATION" not in environ
        and "HTTP_RANGE" not in environ
    )


def register(app: Flask) -> None:
    """Keep what views marked as cacheable, packed for who takes it so, and answer from it."""
    cache = current.site(app).responses
    app.jinja_env.globals.update(user_menu=user_menu)
    app.wsgi_app = cache.wrap(app.wsgi_app)  # type: ignore[assignment, method-assign]

    def keep(response: Response) -> Response:
        version, who = g.get("cacheable"), current.asking()
        if version and response.status_code == 200 and not g.get("personal", False):
            # What one person gets is not packed: the length would tell of what stands in it, see `wiki.packing`.
            if (
                not who.account
                and _is_plain(request.environ)
                and takes_gzip(request.headers.get("Accept-Encoding", ""))
            ):
                pack(response)
            base = (
                g.base
                if who.account and response.headers.get("ETag") == f'"{current.personal(g.base, who)}"'
                else ""
            )
            cache.keep(request.environ, version, who, response, base)
        if g.get("shared", False):
            fill(response, version)
        return response

    # Functions that run after a request run in reverse order of registering: this one last, when all headers are set.
    app.after_request_funcs.setdefault(None, []).insert(0, keep)
