"""Who asks: somebody who has signed in, a program with a token, the local person, or a visitor."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.http import parse_cookie

from engine.access import Actor, Kind, Role
from engine.model import Author
from wiki import peers
from wiki.settings import Settings
from wiki.state import State
from wiki.state.accounts import Account
from wiki.state.sessions import Session
from wiki.state.tokens import Token

LOCAL_NAME = "local"
LOCAL_AUTHOR = Author("Local", "local@localhost")
"""Whom commits of the local person name where git was told nobody."""

VISITOR_AUTHOR = Author("Anonymous", "anonymous@localhost")
"""Whom commits of all visitors name: nothing that tells one from another is ever in git."""

VISITORS: Mapping[str, Role] = {
    "nobody": Role.NOBODY,
    "reader": Role.READER,
    "editor": Role.CONTRIBUTOR,
}
"""What visitors are, by the setting ``anonymous``."""

TOKEN_CHARACTERS = 200  # of a token, or of what a cookie holds, that are looked at
VISITING, LOCALLY = "visitor", "local"
"""As whom answers are kept; of those who have signed in, as their role."""

_HERE = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)
_FORWARDED = frozenset(
    f"HTTP_{name}"
    for name in """
    FORWARDED VIA X_REAL_IP X_CLIENT_IP X_CLUSTER_CLIENT_IP X_ORIGINAL_HOST X_ORIGINAL_URL X_PROXYUSER_IP
    TRUE_CLIENT_IP CF_CONNECTING_IP FASTLY_CLIENT_IP CLIENT_IP FORWARDED_FOR X_HTTP_HOST_OVERRIDE
    """.split()
)


class BadTokenError(Exception):
    """A program named a token that opens nothing."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and how that is known."""

    actor: Actor
    account: Account | None = None  # of somebody who has signed in
    session: Session | None = None
    token: Token | None = None
    kept_as: str = ""  # who gets the same answers, but for what `faceless` leaves out; empty: nobody else

    @property
    def local(self) -> bool:
        """Whether it is the local person."""
        return self.kept_as == LOCALLY

    @property
    def visiting(self) -> bool:
        """Whether it is a visitor: nobody knows who they are."""
        return self.kept_as == VISITING

    @property
    def may_read(self) -> bool:
        """Whether they may read at all."""
        return self.actor.role is not Role.NOBODY

    @property
    def is_admin(self) -> bool:
        """Whether they may administer the wiki."""
        return self.actor.role is Role.ADMIN

    @property
    def faceless(self) -> "Identity":
        """The same without what tells one person from others who get the same answers."""
        return (
            Identity(replace(self.actor, name="", author=None), kept_as=self.kept_as)
            if self.account
            else self
        )

    @property
    def key(self) -> str:
        """What an answer depends on because of who asks."""
        return repr((self.actor, self.account, self.session and self.session.id, self.kept_as))


class Door:
    """Tells who asks, by what a request says.

    Args:
        settings: What visitors may do, and whether proxies stand before the server.
        state: Knows accounts, sessions and tokens.
        local: Whom commits of the local person name.
    """

    def __init__(self, settings: Settings, state: State, local: Author = LOCAL_AUTHOR) -> None:
        self._state = state
        self.mark = state.signing.sign("cookies", "name")[
            :8
        ]  # tells cookies from those of other wikis on one host
        self._https = settings.url.startswith("https:")
        role = VISITORS[settings.anonymous]
        author = VISITOR_AUTHOR if role is Role.CONTRIBUTOR else None
        self.visitor = Identity(Actor(Kind.ANONYMOUS, "", role, author), kept_as=VISITING)
        self.local = Identity(Actor(Kind.PERSON, LOCAL_NAME, Role.EDITOR, local), kept_as=LOCALLY)
        self._alone = is_for_here(settings)

    def anonymous(self, environ: Mapping[str, Any]) -> Identity:
        """Return who asks without saying who they are: the local person, or a visitor."""
        if (
            self._alone
            and is_local(environ)
            and not self._state.accounts.any()
            and peers.is_ours(environ) is not False
        ):
            return self.local
        return self.visitor

    def is_secure(self, environ: Mapping[str, Any]) -> bool:
        """Say whether the reader's browser speaks https, with the server or with a proxy before it."""
        return self._https or environ.get("wsgi.url_scheme") == "https"

    def cookie_name(self, kind: str, environ: Mapping[str, Any]) -> str:
        """Return the name of a cookie. It is one for each wiki, as browsers do not tell ports of one host apart."""
        return f"{'__Host-' if self.is_secure(environ) else ''}quire-{kind}-{self.mark}"

    def session_cookie(self, environ: Mapping[str, Any]) -> str | None:
        """Return what the cookie of a session holds."""
        given, name = environ.get("HTTP_COOKIE") or "", self.cookie_name("session", environ)
        return parse_cookie(given).get(name) if name in given else None

    def identify(self, environ: Mapping[str, Any]) -> Identity:
        """Return who asks.

        A program with a token is nobody else, whatever its cookies say.

        Raises:
            BadTokenError: It opens nothing: there is none, it was revoked, or it has ended.
        """
        scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if scheme.lower() == "bearer":
            token = self._state.tokens.find(given.strip()[:TOKEN_CHARACTERS])
            if token is None:
                raise BadTokenError
            return Identity(token.actor, token=token)
        cookie = self.session_cookie(environ)
        visit = self._state.sessions.find(cookie[:TOKEN_CHARACTERS]) if cookie else None
        if visit is not None:
            role = visit.account.role.value
            return Identity(visit.account.actor, visit.account, visit.session, kept_as=f"signed in, {role}")
        return self.anonymous(environ)


def is_for_here(settings: Settings) -> bool:
    """Say whether nothing in *settings* says that others than the local person reach the server."""
    return not settings.proxies and is_here(settings.url.partition("://")[2].rstrip("/") or "localhost")


def is_local(environ: Mapping[str, Any]) -> bool:
    """Say whether a request can be of the local person, by what it says of itself.

    It comes from this machine, and asks for it by its own name. A proxy on the same host often tells itself by the name
    that it was asked for, by a header that says for whom it asks, or by HTTP/1.0, which nginx spoke before 1.29.7 where
    nobody told it otherwise. One that does none of this is told by `wiki.peers`, if it runs as another user; one that
    runs as the same user is not told at all.
    """
    return (
        is_loopback(environ.get("REMOTE_ADDR") or "")
        and is_here(environ.get("HTTP_HOST") or "")
        and environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
        and not any(name in _FORWARDED or name.startswith("HTTP_X_FORWARDED") for name in environ)
    )


def is_here(host: str) -> bool:
    """Say whether the host of an address, with or without a port, is this machine by its own names."""
    return _HERE.fullmatch(host) is not None


def is_loopback(address: str) -> bool:
    """Say whether an address is this machine's, as it sees itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False  # a socket of Unix has no address, and who stands behind it cannot be known
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
