"""What a forge tells by a webhook: in which dialect, whether it is signed as it must be, and what was pushed.

Nothing but the message, the secret and the time is looked at. Who sends a message knows the secret, or has seen one that
is signed with it; so nothing is believed but what is signed, except for the event, by which nobody gains anything.

Source:
    GitHub, "Validating webhook deliveries"; Gitea and Forgejo, "Webhooks", and what they send of forms; GitLab,
    "Webhooks"; Standard Webhooks, "Verifying webhook authenticity", for its signing token.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

BYTES = 30_000_000  # of one message; GitHub and GitLab send 25 MiB at most
READ = 2_000_000  # of one that is read; of a larger one only the signature is checked
TOLERANCE = 300  # seconds that the time of a message may be off, as Standard Webhooks has it
KEY_BYTES = 16  # that a signing token must have at least
SIGNING_TOKEN = b"whsec_"
FIELD, FIELDS = b"payload=", 20  # of a form: what is looked for, and how many there may be
HEADS, TAGS = "refs/heads/", "refs/tags/"


class Dialect(Enum):
    """Whose message it is, by the header that tells the event; what mimics others comes before them."""

    GITLAB = "x-gitlab-event"
    FORGEJO = "x-forgejo-event"
    GITEA = "x-gitea-event"
    GITHUB = "x-github-event"


BY_FIELD = frozenset({Dialect.FORGEJO, Dialect.GITEA})
"""Who signs of a form what its field ``payload`` holds, and not the form."""

OF_BODY: Mapping[str, str] = {
    "x-hub-signature-256": "sha256=",
    "x-forgejo-signature": "",
    "x-gitea-signature": "",
    "x-gogs-signature": "",
}
"""Headers that hold the signature of all but GitLab, with what stands before its digits."""

TOKEN, SIGNATURE = "x-gitlab-token", "webhook-signature"
OF_GITLAB = frozenset({Dialect.GITLAB.value, TOKEN, SIGNATURE})
OF_OTHERS = frozenset({*OF_BODY, *(each.value for each in Dialect)}) - OF_GITLAB


class Event(Enum):
    """What happened."""

    PING = "ping"
    PUSH = "push"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message that is signed as it must be."""

    key: bytes  # the same for whatever is signed alike, in whichever dialect it comes
    event: Event
    branch: str | None = None  # that was pushed, and is there; ``None`` with a push: nobody has read which


class HookError(Exception):
    """A message that nothing follows from."""


class UnknownDialectError(HookError):
    """It is of no forge that is known, or of two at once."""


class SignatureError(HookError):
    """It has no signature, or one that is wrong."""


class TimeError(HookError):
    """It is signed, and was sent too long ago."""


class MalformedError(HookError):
    """It is not what a forge sends."""


class LargeError(HookError):
    """It is too large.

    Args:
        limit: Bytes that it may have.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


def read(headers: Mapping[str, str], parts: Iterable[bytes], secret: bytes, *, now: float) -> Delivery:
    """Read a message, if it is signed as it must be: every signature that it has must be right, and one must be there.

    Args:
        headers: By their names in small letters; each letter of a value is a byte, as WSGI has it.
        parts: The body as it comes; of one that is too large, or cannot be signed, not all is taken.
        secret: What is signed with.
        now: Seconds since 1970.

    Raises:
        HookError: One of those above.
    """
    dialect = _dialect(headers)
    signed = _begun(dialect, headers, secret)
    form = _is_form(headers)
    by_field = form and dialect in BY_FIELD
    body, size, limit = bytearray(), 0, READ if by_field else BYTES
    for part in parts:
        size += len(part)
        if size > limit:
            raise LargeError(limit)
        if size <= READ:
            body += part
        if not by_field:
            signed.update(part)
    if by_field:
        signed.update(_field(body))
    _check(dialect, headers, signed, secret, now)
    kind = _kind(dialect, headers)
    if size > READ:
        return Delivery(signed.digest(), Event.PUSH if kind in {"push", SYSTEM} else Event.OTHER)
    return _told(kind, signed.digest(), _field(body) if form else bytes(body))


def _dialect(headers: Mapping[str, str]) -> Dialect:
    found = next((each for each in Dialect if each.value in headers), None)
    if found is None or (not OF_GITLAB.isdisjoint(headers) and not OF_OTHERS.isdisjoint(headers)):
        raise UnknownDialectError
    return found


def _is_form(headers: Mapping[str, str]) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/x-www-form-urlencoded"


def _begun(dialect: Dialect, headers: Mapping[str, str], secret: bytes) -> "hmac.HMAC":
    """Return the digest of what is signed, before the body; SignatureError where nothing can be right."""
    signatures = {TOKEN, SIGNATURE} if dialect is Dialect.GITLAB else OF_BODY.keys()
    if not secret or signatures.isdisjoint(headers):
        raise SignatureError
    if SIGNATURE not in headers:
        return hmac.new(secret, digestmod="sha256")
    key = _signing_key(secret)
    name, time = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not key or not name or not _SECONDS.fullmatch(time):
        raise SignatureError
    return hmac.new(key, _bytes(f"{name}.{time}."), "sha256")


def _signing_key(secret: bytes) -> bytes:
    """Return what GitLab signs with that was given this signing token; nothing where it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(SIGNING_TOKEN), validate=True)
    except binascii.Error:
        return b""
    return key if secret.startswith(SIGNING_TOKEN) and len(key) >= KEY_BYTES else b""


def _check(
    dialect: Dialect, headers: Mapping[str, str], signed: "hmac.HMAC", secret: bytes, now: float
) -> None:
    """See whether all signatures are right; comparing one takes as long whatever is wrong with it.

    Raises:
        SignatureError: They are not.
        TimeError: They are, and were made too long ago.
    """
    if dialect is not Dialect.GITLAB:
        made = signed.hexdigest()
        pairs = [(headers[name], f"{start}{made}") for name, start in OF_BODY.items() if name in headers]
        if not all(_are_same(sent, _bytes(right)) for sent, right in pairs):
            raise SignatureError
        return
    if TOKEN in headers and not _are_same(headers[TOKEN], secret):
        raise SignatureError
    if SIGNATURE in headers:
        right = b"v1," + base64.b64encode(signed.digest())
        if not any(_are_same(sent, right) for sent in headers[SIGNATURE].split(" ")):
            raise SignatureError
        if abs(now - int(headers["webhook-timestamp"])) > TOLERANCE:
            raise TimeError


def _are_same(sent: str, right: bytes) -> bool:
    return hmac.compare_digest(_bytes(sent), right)


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def _kind(dialect: Dialect, headers: Mapping[str, str]) -> str:
    """Return what happened, in GitHub's words."""
    told = headers[dialect.value]
    if dialect is Dialect.GITLAB:
        return {"Push Hook": "push", "System Hook": SYSTEM}.get(told, "")
    return told


def _told(kind: str, key: bytes, text: bytes) -> Delivery:
    if kind not in {"push", SYSTEM}:
        return Delivery(key, Event.PING if kind == "ping" else Event.OTHER)
    payload = _payload(text)
    if kind == SYSTEM and payload.get("event_name") != "push":
        return Delivery(key, Event.OTHER)
    ref, after = payload.get("ref"), payload.get("after")
    if not isinstance(ref, str) or not ref.startswith((HEADS, TAGS)):
        raise MalformedError
    gone = payload.get("deleted") is True or (isinstance(after, str) and bool(_NOTHING.fullmatch(after)))
    if gone or ref.startswith(TAGS):
        return Delivery(key, Event.OTHER)
    return Delivery(key, Event.PUSH, ref.removeprefix(HEADS))


def _field(form: bytes | bytearray) -> bytes:
    """Return the field ``payload`` of a form, byte by byte; whoever sends it need not have signed it.

    A form is quoted-printable with another sign, and `binascii` reads that in the time and memory of a few copies, where
    `urllib` makes an object for each ``%``.
    """
    if not form.isascii() or form.count(b"&") >= FIELDS:
        raise MalformedError
    found = [field.removeprefix(FIELD) for field in bytes(form).split(b"&") if field.startswith(FIELD)]
    if len(found) != 1:
        raise MalformedError
    return binascii.a2b_qp(found[0].replace(b"=", b"=3D").replace(b"%", b"=").replace(b"+", b" "))


def _payload(text: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedError from None
    if not isinstance(found, dict):
        raise MalformedError
    return found


SYSTEM = "system"  # GitLab tells administrators of all projects; what, is in the message
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_NOTHING = re.compile(r"0{40}|0{64}")
