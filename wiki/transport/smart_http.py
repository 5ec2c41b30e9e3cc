"""Clone and push over HTTP at ``/wiki.git``: git's smart protocol, and nothing else.

Source:
    gitprotocol-http(5).
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from os import SEEK_END
from typing import IO

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.errors import InvalidChangeError, StoreError, TooLargeError
from wiki import current
from wiki.current import reads
from wiki.errors import status
from wiki.languages import gettext, number
from wiki.mirror import sending
from wiki.plain import line
from wiki.transport.credentials import Caller, Credentials, TooManyTriesError, UnknownCallerError
from wiki.transport.patience import Patience
from wiki.transport.receiving import Receiving
from wiki.transport.slots import BusyError
from wiki.transport.spool import PART, is_spooled, size_of, spool
from wiki.transport.transport import RECEIVE, UPLOAD, Transport
from wiki.urls import absolute

bp = Blueprint("smart_http", __name__)

ADDRESS = "/wiki.git"
QUESTION = 10_000_000  # bytes of what a client that clones may ask
QUEUE = 30.0  # seconds that one who pushes waits until the turns of others are over
NOTHING = b"0000"  # what git sends to learn whether it may push
RETRY = 5  # seconds after which to try again where too many clone or push
ASK = 'Basic realm="Quire", charset="UTF-8"'
_PACKED = frozenset({"gzip", "x-gzip"})
_BROWSERS = ("Origin", "Sec-Fetch-Site")  # sent by browsers alone


class RefusedError(Exception):
    """The request is not served.

    Args:
        code: The HTTP status.
        why: One line for whoever sits before git, which shows it with ``remote:`` before it.
        headers: More headers.
    """

    def __init__(self, code: int, why: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.headers = headers or {}


@bp.get(ADDRESS)
@bp.get(f"{ADDRESS}/")
@reads
def about() -> ResponseReturnValue:
    """Tell who comes with a browser how to clone."""
    _transport()
    return current.site().themes.render("git/view.html", clone_url=absolute(ADDRESS))


@bp.get(f"{ADDRESS}/info/refs")
def advertise() -> ResponseReturnValue:
    """Say which commits there are."""
    asked = request.args.getlist("service")
    if asked not in ([UPLOAD], [RECEIVE]):
        return dumb("")
    return _served(asked[0], advertised=True)


@bp.get(f"{ADDRESS}/<address:text>")
def dumb(text: str) -> ResponseReturnValue:
    """Refuse whoever would read the repository file by file."""
    _transport()
    return line(404, gettext("Nothing is here but git's smart protocol; use git 1.6.6 or newer."))


@bp.post(f"{ADDRESS}/<any('{UPLOAD}', '{RECEIVE}'):service>")
def serve(service: str) -> ResponseReturnValue:
    """Give, or take, commits."""
    return _served(service, advertised=False)


def _served(service: str, *, advertised: bool) -> Response:
    transport = _transport()
    with ExitStack() as held:
        try:
            if not advertised:
                _check_kind(service)
            held.enter_context(transport.seats.taken(stranger=_is_strange()))
            caller = _admitted(service, transport)
            patience = held.enter_context(Patience(request.environ.get("gunicorn.socket")))
            body = None if advertised else _body(service, transport, held, patience)
            site = current.site()
            _wait_for_turn(service, caller, transport, held, body)
            receiver = (
                Receiving(site.wiki, site.state, caller, _asked_again(transport), sending(site))
                if service == RECEIVE
                else None
            )
            served = transport.serve(
                service,
                advertise=advertised,
                protocol=request.headers.get("Git-Protocol", ""),
                body=body,
                receiver=receiver,
            )
        except RefusedError as error:
            return line(error.code, error.why, error.headers)
        except BusyError:
            why = gettext("Too many clone or push at the same time; try again in a moment.")
            return line(503, why, {"Retry-After": str(RETRY)})
        except (TooLargeError, InvalidChangeError, StoreError) as error:
            return line(status(error), str(error))
        response = Response(served.also(held.pop_all(), patience), served.status, content_type=served.kind)
        response.headers["Cache-Control"] = "no-store"
        return response


def _transport() -> Transport:
    transport = current.site().transport
    if transport is None:
        raise NotFound(gettext("This address belongs to the wiki itself, and there is nothing here."))
    return transport


def _is_strange() -> bool:
    """Say whether who asks has not said who they are, and is not the local person either."""
    door = current.site().door
    return (
        not request.headers.get("Authorization")
        and door.anonymous(request.environ).actor is not door.local.actor
    )


def _check_kind(service: str) -> None:
    """Take what git sends, and nothing that a page could let a browser send."""
    if any(name in request.headers for name in _BROWSERS):
        raise RefusedError(403, gettext("Only git sends this; a browser does not."))
    if request.headers.get("Content-Type") != f"application/x-{service}-request":
        raise RefusedError(415, gettext("This is not what git sends."))
    if request.headers.get("Content-Encoding", "identity").lower() not in {*_PACKED, "identity"}:
        raise RefusedError(415, gettext("This is not packed as git packs it."))


def _admitted(service: str, transport: Transport) -> Caller:
    """Return who asks, if they may.

    Raises:
        RefusedError: They may not; who has not said who they are is asked.
    """
    site = current.site()
    try:
        caller = Credentials(site.door, site.state).identify(request.environ)
    except UnknownCallerError:
        why = gettext("No account has this name and password, and no program this token.")
        raise RefusedError(401, why, {"WWW-Authenticate": ASK}) from None
    except TooManyTriesError as error:
        why = gettext("Too many passwords were wrong. Try again in %(num)s seconds.", num=number(error.wait))
        raise RefusedError(429, why, {"Retry-After": str(error.wait)}) from None
    policy, whole = site.wiki.policy, transport.whole
    if caller.may_push(policy, whole=whole) if service == RECEIVE else caller.may_clone(policy, whole=whole):
        return caller
    if not caller.known:
        raise RefusedError(401, gettext("Say who you are."), {"WWW-Authenticate": ASK})
    raise RefusedError(403, _why_not(service, caller, transport))


def _wait_for_turn(
    service: str, caller: Caller, transport: Transport, held: ExitStack, body: IO[bytes] | None
) -> None:
    """Let who pushes, or is about to, have the branch alone for a moment; see `engine.turns`.

    A push has its turn for no longer than git is at work on it. Git asks with four bytes first whether it may.
    """
    turns, actor, address = current.site().wiki.turns, caller.actor, caller.by.address
    if service == RECEIVE and body is None:
        turns.wish(actor, address)
        if turns.is_of(actor):
            turns.push(actor, 0)  # it is on its way
        return
    if service == RECEIVE and body is not None and body.seek(0, SEEK_END) <= len(NOTHING):
        body.seek(0)
        return
    if body is not None:
        body.seek(0)
    if service == RECEIVE:
        begin = partial(turns.push, actor)
        held.callback(turns.end, actor, pushed=False)
    elif body is None:
        begin = partial(turns.fetch, actor, address)
    else:
        return
    if not begin(wait=0):
        with suppress(BusyError), transport.waiting.taken():
            begin(wait=QUEUE)


def _asked_again(transport: Transport) -> Callable[[], Caller | None]:
    """Return what says who asks, in whatever thread, as it is then; ``None`` where they may not push."""
    site, environ = current.site(), request.environ

    def again() -> Caller | None:
        try:
            caller = Credentials(site.door, site.state).identify(environ)
        except (UnknownCallerError, TooManyTriesError):
            return None
        return caller if caller.may_push(site.wiki.policy, whole=transport.whole) else None

    return again


def _why_not(service: str, caller: Caller, transport: Transport) -> str:
    if not current.site().wiki.policy.is_open(caller.actor):
        return gettext("Only who may read every page can clone or push.")
    if not transport.whole:
        return gettext(
            "The wiki shows one folder of the repository; only admins can clone or push all of it."
        )
    return gettext("You may read, and not write: only editors can push.")


def _body(service: str, transport: Transport, held: ExitStack, patience: Patience) -> IO[bytes]:
    """Return what was sent, as a file on the disk.

    Raises:
        RefusedError: It is too large.
        InvalidChangeError: It is not packed as it says.
    """
    limit = transport.push_bytes if service == RECEIVE else QUESTION
    too_large = RefusedError(
        413, gettext("At most %(limit)s bytes may be sent at once.", limit=number(limit))
    )
    if (request.content_length or 0) > limit:
        raise too_large
    packed = request.headers.get("Content-Encoding", "").lower() in _PACKED
    sent = request.environ["wsgi.input"]
    if is_spooled(sent) and not packed:
        if size_of(sent) > limit:
            raise too_large
        body: IO[bytes] = sent
        return body
    request.max_content_length = limit + PART  # `spool` tells it first
    try:
        return held.enter_context(
            spool(patience.reading(request.stream), transport.spool, limit, gzip=packed)
        )
    except TooLargeError:
        raise too_large from None
