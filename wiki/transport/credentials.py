"""Who clones or pushes: an account with its password, a program with its token; never a browser by its cookie."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.access import Actor, Policy, Role
from wiki.identity import TOKEN_CHARACTERS, Door
from wiki.state import By, State
from wiki.state.tokens import PREFIX

CHARACTERS = 4_000  # of the header that are looked at
TOKEN_SHORTEST = len(PREFIX) + 30  # what is shorter is a password
NO_PASSWORD = frozenset(
    {"", "x-oauth-basic"}
)  # what programs send beside a token that is the name of the user


class UnknownCallerError(Exception):
    """The credentials are nobody's."""


class TooManyTriesError(Exception):
    """Too many passwords were wrong.

    Args:
        wait: Seconds to wait before the next.
    """

    def __init__(self, wait: int) -> None:
        super().__init__(wait)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks."""

    actor: Actor
    by: By
    known: bool  # whether they said who they are, so that asking them for it again is no use

    def may_clone(self, policy: Policy, *, whole: bool) -> bool:
        """Say whether they may have all of the history.

        Args:
            policy: Who may what.
            whole: Whether the wiki shows all of the repository; what else is in it is for admins.
        """
        return policy.is_open(self.actor) and (whole or self.actor.role is Role.ADMIN)

    def may_push(self, policy: Policy, *, whole: bool) -> bool:
        """Say whether they may push; what, is checked commit by commit."""
        return self.may_clone(policy, whole=whole) and self.actor.role.covers(Role.EDITOR)


class Credentials:
    """Tells who asks, by the header ``Authorization`` alone.

    Args:
        door: Knows the local person, and what visitors may.
        state: Knows accounts and tokens.
    """

    def __init__(self, door: Door, state: State) -> None:
        self._door = door
        self._state = state

    def identify(self, environ: Mapping[str, Any]) -> Caller:
        """Return who asks.

        Raises:
            UnknownCallerError: The credentials are wrong: of no account, or of one that was disabled, or a token that
                was revoked or has ended. Nothing tells which.
            TooManyTriesError: Too many were.
        """
        address = environ.get("REMOTE_ADDR") or ""
        given = environ.get("HTTP_AUTHORIZATION", "").strip()
        if not given:
            actor = self._door.anonymous(environ).actor
            return Caller(actor, By(actor.name, address), known=False)
        scheme, _, value = given[:CHARACTERS].partition(" ")
        if scheme.lower() == "bearer":
            return self._by_token(value.strip(), address)
        if scheme.lower() != "basic":
            raise UnknownCallerError
        name, password = _basic(value.strip())
        if _is_token(password):
            return self._by_token(password, address)
        if password in NO_PASSWORD and _is_token(name):
            return self._by_token(name, address)
        return self._by_password(name, password, address)

    def _by_token(self, text: str, address: str) -> Caller:
        token = self._state.tokens.find(text[:TOKEN_CHARACTERS])
        if token is None:
            raise UnknownCallerError
        return Caller(token.actor, By(token.name, address), known=True)

    def _by_password(self, name: str, password: str, address: str) -> Caller:
        tried = self._state.logins.check(name, password, address=address)
        if tried.wait:
            raise TooManyTriesError(tried.wait)
        if tried.account is None:
            raise UnknownCallerError
        return Caller(tried.account.actor, By(tried.account.login, address), known=True)


def _basic(value: str) -> tuple[str, str]:
    """Return the name and the password.

    Source:
        RFC 7617.
    """
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise UnknownCallerError from None
    name, colon, password = text.partition(":")
    if not colon:
        raise UnknownCallerError
    return name, password


def _is_token(text: str) -> bool:
    return text.startswith(PREFIX) and len(text) >= TOKEN_SHORTEST
