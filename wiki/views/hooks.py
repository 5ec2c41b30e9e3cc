"""A forge tells of a push to the remote, by a message that it signs; the mirror then fetches."""

from contextlib import ExitStack
from logging import getLogger
from time import time
from typing import cast

from flask import Blueprint, Flask, current_app, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.routing import Rule

from wiki import current
from wiki.incoming_hooks import (
    BYTES,
    Delivery,
    Event,
    HookError,
    LargeError,
    SignatureError,
    TimeError,
    UnknownDialectError,
    read,
)
from wiki.languages import gettext, number
from wiki.mirror import Mirror
from wiki.plain import line
from wiki.showing import address
from wiki.state.limits import network
from wiki.transport.patience import Patience
from wiki.transport.slots import BusyError, Seats
from wiki.transport.spool import PART

log = getLogger(__name__)

bp = Blueprint("hooks", __name__)

ADDRESS = "/-/hooks/incoming"
SMALL = 100_000  # bytes of a message that is read as any other request; of larger ones few at once
RETRY = 5  # seconds after which to send a large one again
WRONG = 50  # messages from one network that were not signed as they must be,
SECONDS = 900  # in which time; whoever sends more is told to wait


@bp.record
def register(setup: BlueprintSetupState) -> None:
    """Answer whatever method is asked by, also one that nobody has heard of; large messages have the seats of git's."""
    app = cast("Flask", setup.app)
    app.url_map.add(Rule(ADDRESS, endpoint="hooks.incoming"))
    site = current.site(app)
    own = Seats(max(1, site.settings.threads // 2))
    app.extensions["quire.hooks"] = site.transport.seats if site.transport is not None else own


@bp.endpoint("hooks.incoming")
def incoming() -> ResponseReturnValue:
    """Take what a forge tells, and let the mirror fetch where it tells of a push to its branch."""
    mirror = _mirror()
    if request.method != "POST":
        return line(405, gettext("Only messages of a forge are taken here, by POST."), {"Allow": "POST"})
    try:
        delivery = _delivery()
    except BusyError:
        why = gettext("Too many large messages at the same time; try again in a moment.")
        return line(503, why, {"Retry-After": str(RETRY)})
    except LargeError as error:
        return _too_large(error.limit)
    except SignatureError:
        return _unsigned()
    except TimeError:
        return line(403, gettext("This was signed too long ago, or the clock there and the one here differ."))
    except UnknownDialectError:
        return line(400, gettext("This is not how GitHub, GitLab, Gitea or Forgejo begin their messages."))
    except HookError:
        return line(400, gettext("This cannot be read as what a forge tells of a push."))
    if delivery.event is Event.PING:
        return line(200, gettext("The wiki hears you."))
    if delivery.event is not Event.PUSH or delivery.branch not in {None, mirror.branch}:
        return line(200, gettext("Nothing follows: this is no push to the branch that the wiki follows."))
    if not _ask(mirror, delivery.key):
        return line(409, gettext("This was told before, and nothing is done twice."))
    return line(202, gettext("The wiki fetches what was pushed."))


def _mirror() -> Mirror:
    """Return what fetches.

    Raises:
        NotFound: There is no remote, or no forge may tell.
    """
    site = current.site()
    if site.mirror is None or not site.remote_secret:
        raise NotFound(gettext("This address belongs to the wiki itself, and there is nothing here."))
    return site.mirror


def _delivery() -> Delivery:
    """Return what is told.

    Raises:
        BusyError: It is large, and so are too many others, or too many clone and push.
        HookError: Nothing follows from it.
    """
    size = request.content_length
    if size is not None and size > BYTES:
        raise LargeError(BYTES)
    request.max_content_length = BYTES + PART  # `read` tells it first
    headers = {name.lower(): value for name, value in request.headers.items()}
    with ExitStack() as held:
        if size is None or size > SMALL:
            seats: Seats = current_app.extensions["quire.hooks"]
            held.enter_context(seats.taken(stranger=True))
        patience = held.enter_context(Patience(request.environ.get("gunicorn.socket")))
        stream = patience.reading(request.stream)
        parts = iter(lambda: stream.read(PART), b"")
        return read(headers, parts, current.site().remote_secret, now=time())


def _ask(mirror: Mirror, key: bytes) -> bool:
    """Let the mirror fetch, unless it was asked by this delivery before; what fails may be told again."""
    deliveries = current.site().state.deliveries
    if not deliveries.begin(key):
        return False
    try:
        mirror.ask()
    except BaseException:
        deliveries.forget(key)
        raise
    deliveries.end(key)
    return True


def _unsigned() -> ResponseReturnValue:
    """Refuse a message; what is right is never counted, so whoever sends others keeps no forge out."""
    tries = (f"hook {network(address())}", WRONG)
    if wait := current.site().state.limits.take(tries, seconds=SECONDS):
        why = gettext(
            "Too many messages were signed wrongly. Try again in %(num)s seconds.", num=number(wait)
        )
        return line(429, why, {"Retry-After": str(wait)})
    log.warning(
        "a message from %r to %s is not signed with the secret of remote_secret_file", address(), ADDRESS
    )
    return line(403, gettext("This is not signed with the secret that the wiki knows."))


def _too_large(limit: int) -> ResponseReturnValue:
    return line(413, gettext("At most %(limit)s bytes may be sent at once.", limit=number(limit)))
