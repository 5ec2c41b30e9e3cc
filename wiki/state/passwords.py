"""Passwords: kept as argon2id, a few checked at once, and always at the same cost."""

import unicodedata
from dataclasses import dataclass
from functools import cached_property
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from engine.messages import Message
from wiki.state.errors import RefusedError
from wiki.state.names import look

SHORTEST = 10  # characters
LONGEST = 1_000
DIFFERENT = 5  # characters of a password that are not the same
AT_ONCE = 2  # that one process hashes: each takes memory
COMMON = frozenset(
    "1234567890 0123456789 passwordpassword password123 password1234 qwertyuiop qwertzuiop".split()
)
"""Of the passwords that everybody tries first those that are long enough."""


@dataclass(frozen=True, slots=True)
class Hashing:
    """What one hash costs. Passwords are hashed anew at the next login when this has changed.

    Source:
        RFC 9106, section 4; the OWASP cheat sheet asks for one pass of this memory, or more.
    """

    passes: int = 2
    memory: int = 47_104  # KiB
    lanes: int = 1


class Passwords:
    """Hashes and checks passwords; safe to share between threads."""

    def __init__(self, hashing: Hashing | None = None) -> None:
        cost = hashing or Hashing()
        self._hasher = PasswordHasher(cost.passes, cost.memory, cost.lanes, type=Type.ID)
        self._turn = BoundedSemaphore(AT_ONCE)

    def hash(self, password: str) -> str:
        """Return what to keep of a password."""
        with self._turn:
            return self._hasher.hash(_bytes(password))

    def check(self, kept: str, password: str) -> bool:
        """Say whether *password* is the one that was kept; where none was, it takes as long to say no."""
        nothing = self._nothing
        with self._turn:
            try:
                return self._hasher.verify(kept or nothing, _bytes(password[:LONGEST])) and bool(kept)
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, kept: str) -> bool:
        """Say whether a hash was made at another cost than it would be now."""
        return self._hasher.check_needs_rehash(kept)

    @cached_property
    def _nothing(self) -> str:
        return self.hash("")


def parse_password(text: str, *names: str) -> str:
    """Return the password that somebody chose.

    Args:
        text: As it was typed.
        names: What the account is called, which is no password.

    Raises:
        RefusedError: It is too short, too long, or one that is tried first.
    """
    if len(text) < SHORTEST:
        raise RefusedError(
            Message.counting(
                "A password has at least %(num)s character.",
                "A password has at least %(num)s characters.",
                SHORTEST,
            )
        )
    if len(text) > LONGEST:
        raise RefusedError(
            Message.counting(
                "A password has at most %(num)s character.",
                "A password has at most %(num)s characters.",
                LONGEST,
            )
        )
    if len({*text}) < DIFFERENT or text.casefold() in COMMON or look(text) in {look(name) for name in names}:
        raise RefusedError(Message("That password would be among the first to be tried; choose another one."))
    return text


def _bytes(password: str) -> bytes:
    """Return a password as it is hashed: however a keyboard composes it, it is the same (RFC 8265, section 4.2)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
