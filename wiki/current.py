"""What create_app put in app.extensions, and the snapshot of the request at hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from hashlib import sha256
from typing import TYPE_CHECKING, ParamSpec

from flask import Flask, Response, current_app, g, make_response, request
from flask.typing import ResponseReturnValue

from engine.access import Actor
from engine.wiki import Snapshot, Wiki
from wiki.accepting import preferred
from wiki.identity import Door, Identity
from wiki.languages import current_interface, speak
from wiki.packing import takes_gzip
from wiki.settings import Settings
from wiki.state import State
from wiki.theming import Themes

if TYPE_CHECKING:
    from wiki.mirror import Mirror
    from wiki.responses import ResponseCache
    from wiki.transport import Transport
    from wiki.transport.hooks import Hooks

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Site:
    """The parts of one application."""

    settings: Settings
    wiki: Wiki
    state: State
    door: Door
    themes: Themes
    responses: "ResponseCache"
    build: str  # changes when the same snapshot would look otherwise
    transport: "Transport | None" = None  # clone and push over HTTP, where there are
    hooks: "Hooks | None" = None  # what git asks when somebody pushes, where they can
    mirror: "Mirror | None" = None  # another repository with the same branch, where there is one
    remote_secret: bytes = field(
        default=b"", repr=False
    )  # with which a forge signs what it tells; empty: none may


def attach(app: Flask, site: Site) -> None:
    """Put *site* where `site` finds it."""
    app.extensions["quire"] = site


def site(app: Flask | None = None) -> Site:
    """Return the parts of the application that answers."""
    found: Site = (app or current_app).extensions["quire"]
    return found


def current_wiki() -> Wiki:
    """Return the wiki."""
    return site().wiki


def current_identity() -> Identity:
    """Return who asks, and how that is known; found out once for each request.

    An answer that was to be shared, and for which this is asked, is for this person alone.

    Raises:
        BadTokenError: A program named a token that opens nothing.
    """
    if "identity" not in g:
        door = site().door
        g.identity = door.visitor  # as whom an error is shown, should the next line fail
        g.identity = door.identify(request.environ)
    if g.get("shared", False):
        g.personal = True
    return asking()


def current_actor() -> Actor:
    """Return who asks, as the engine knows them."""
    return current_identity().actor


def asking() -> Identity:
    """Return who asks; a visitor where that could not be found out."""
    found: Identity = g.get("identity") or site().door.visitor
    return found


def viewer() -> Identity:
    """Return who asks as templates may know it: in an answer that others share, without what is theirs alone."""
    return asking().faceless if g.get("shared", False) else asking()


def current_snapshot() -> Snapshot:
    """Return the snapshot of a view that `reads`."""
    snapshot: Snapshot = g.snapshot
    return snapshot


def has_snapshot() -> bool:
    """Say whether the request has a snapshot (an error may come before)."""
    return "snapshot" in g


def is_readable() -> bool:
    """Say whether the snapshot may still be asked; while an error is shown it may not."""
    return bool(g.get("readable", False))


def reads(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Let a view answer from one snapshot, with an ETag of all that its answer depends on.

    A reader who has that answer already gets 304 before anything is rendered. An answer that may still grow at this
    commit, because pages or the index are being brought up to date, has no ETag and is not kept; and neither one that
    was begun before something was protected, and ended after it.
    """

    @wraps(view)
    def answer(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        who = current_identity()
        g.shared = who.account is not None
        with current_wiki().at(who.actor) as snapshot, _reading(snapshot):
            g.stale = not snapshot.fresh
            speak(site().settings.interface, snapshot.site.language)
            version = snapshot.version
            g.base = _etag(snapshot, version)
            etag = personal(g.base, who)
            if snapshot.settled and _has(etag):
                response = Response(status=304)
            else:
                response = make_response(view(*args, **kwargs))
            settled = snapshot.settled and snapshot.version == version
            if response.status_code == 200 and settled and not g.stale:
                g.cacheable = version
            if response.status_code in {200, 304} and settled and not response.headers.get("ETag"):
                response.set_etag(etag)
            response.headers["Vary"] = "Accept, Accept-Language, Accept-Encoding, Cookie, Authorization"
            return response

    return answer


@contextmanager
def opened() -> Iterator[Snapshot]:
    """Open a snapshot for a part of a view whose answer is for this person alone, as a form is: nothing is kept of it."""
    g.private = True
    with current_wiki().at(current_actor()) as snapshot, _reading(snapshot):
        g.stale = not snapshot.fresh
        speak(site().settings.interface, snapshot.site.language if asking().may_read else "")
        yield snapshot


@contextmanager
def _reading(snapshot: Snapshot) -> Iterator[None]:
    """Make *snapshot* that of the request; afterwards it still says what it is, and answers nothing more."""
    g.snapshot = snapshot
    g.readable = True
    try:
        yield
    finally:
        g.readable = False


def personal(base: str, who: Identity) -> str:
    """Return the ETag of one person's answer, out of that of what they share with others."""
    return sha256(f"{base} {who.key}".encode()).hexdigest()[:24] if who.account is not None else base


def _has(etag: str) -> bool:
    """Say whether the reader named this very ETag; ``*`` does not tell which of the answers they have."""
    known = request.if_none_match
    return not known.star_tag and known.contains_weak(etag)


def _etag(snapshot: Snapshot, version: str | None) -> str:
    seen = (
        site().build,
        version,
        snapshot.complete,
        g.stale,
        site().wiki.policy.scope(snapshot.actor),
        asking().kept_as or asking().key,
        current_interface().code,
        (request.scheme, request.host),
        request.environ["PATH_INFO"],
        request.query_string,
        preferred(request.headers.get("Accept", "")),
        takes_gzip(request.headers.get("Accept-Encoding", "")),
    )
    return sha256(repr(seen).encode()).hexdigest()[:24]
