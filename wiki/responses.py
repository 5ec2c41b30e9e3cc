"""Whole answers for those who do not say who they are, kept by the version that they describe and given without asking the views.

The cache stands before Flask as a WSGI layer: on the warm way a request costs one look at the branch and one look-up.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from engine.cache import Cache
from engine.errors import StoreError
from engine.wiki import Wiki
from wiki import current
from wiki.identity import Door, Identity
from wiki.languages import accepted
from wiki.packing import pack, takes_gzip

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Key = tuple[str, ...]
Kept = tuple[list[tuple[str, str]], bytes, str]  # headers, body, ETag with its quotes

ADDRESS_CHARACTERS = 1_500  # an answer to a longer address is not kept
BODY_BYTES = 2_000_000  # a larger answer is not kept
HEADER_BYTES = 4_000  # that the headers and the key of an answer take in memory, about
_ADDRESS = ("HTTP_HOST", "PATH_INFO", "QUERY_STRING")
_NOT_WITH_304 = {"content-length", "content-type"}


def preferred(accept: str) -> str:
    """Return which of the two types of a page an ``Accept`` header prefers."""
    if "markdown" not in accept:
        return "text/html"
    return parse_accept_header(accept, MIMEAccept).best_match(("text/html", "text/markdown"), "text/html")


class ResponseCache:
    """Keeps answers, bounded in bytes.

    Args:
        wiki: Tells the commit.
        door: Tells visitors from the local person; what is kept for one is never given to the other.
        capacity: In bytes.
    """

    def __init__(self, wiki: Wiki, door: Door, capacity: int) -> None:
        self._wiki = wiki
        self._door = door
        self._kept: Cache[Key, Kept] = Cache(capacity)

    def wrap(self, app: "WSGIApplication") -> "WSGIApplication":
        """Put the cache before *app*."""

        def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            key = self._asked(environ) if _is_plain(environ) else None
            kept = self._kept.get(key) if key is not None else None
            if kept is None:
                return app(environ, start_response)
            headers, body, etag = kept
            if etag in environ.get("HTTP_IF_NONE_MATCH", ""):
                start_response("304 NOT MODIFIED", [h for h in headers if h[0].lower() not in _NOT_WITH_304])
                return [b""]
            start_response("200 OK", headers)
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

        return answer

    def keep(self, environ: "WSGIEnvironment", version: str, who: Identity, response: Response) -> None:
        """Keep an answer.

        Args:
            environ: Of the request.
            version: What it describes, see `Snapshot.version`.
            who: For whom it was made; only what others may get as well is kept, see `Identity.kept_as`.
            response: The answer.
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
        if etag and len(body) <= BODY_BYTES:
            response.headers["Content-Length"] = str(len(body))  # for HEAD, which sends none of it
            headers = [(name, value) for name, value in response.headers if name.lower() != "date"]
            size = len(body) + HEADER_BYTES + ADDRESS_CHARACTERS
            self._kept.put(self._key(environ, version, who), (headers, body, etag), size)

    def _asked(self, environ: "WSGIEnvironment") -> Key | None:
        try:
            version, who = self._wiki.version(), self._door.anonymous(environ)
        except StoreError:
            return None  # the view will say so
        return None if version is None else self._key(environ, version, who)

    def _key(self, environ: "WSGIEnvironment", version: str, who: Identity) -> Key:
        return (version, who.kept_as, self._wiki.policy.scope(who.actor), *_request(environ))


def _request(environ: "WSGIEnvironment") -> Key:
    """Return what of a request an answer depends on."""
    kind = preferred(environ.get("HTTP_ACCEPT", ""))
    language = accepted(environ.get("HTTP_ACCEPT_LANGUAGE", ""))
    # The host, because an answer may hold whole addresses.
    host = (environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""))
    packed = "gzip" if takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")) else ""
    address = (environ["PATH_INFO"], environ.get("QUERY_STRING", ""))
    return (*host, *address, kind, language, packed)


def _is_plain(environ: "WSGIEnvironment") -> bool:
    """Say whether nothing in a request but its address and what it accepts can change the answer, and both are short."""
    return (
        environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        and not environ.get("SCRIPT_NAME")
        and sum(len(environ.get(name, "")) for name in _ADDRESS) <= ADDRESS_CHARACTERS
        and "HTTP_COOKIE" not in environ
        and "HTTP_AUTHORIZATION" not in environ
        and "HTTP_RANGE" not in environ
    )


def register(app: Flask) -> None:
    """Keep what views marked as cacheable, packed for who takes it so, and answer from it."""
    cache = current.site(app).responses
    app.wsgi_app = cache.wrap(app.wsgi_app)  # type: ignore[assignment, method-assign]

    def keep(response: Response) -> Response:
        version: Any = g.get("cacheable")
        if version and response.status_code == 200:
            if _is_plain(request.environ) and takes_gzip(request.headers.get("Accept-Encoding", "")):
                pack(response)
            cache.keep(request.environ, version, current.viewer(), response)
        return response

    # Functions that run after a request run in reverse order of registering: this one last, when all headers are set.
    app.after_request_funcs.setdefault(None, []).insert(0, keep)
