"""Where another repository is: which addresses may be, before anything is asked of them."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

CHARACTERS = 2_000

_SHORT = re.compile(
    r"(?:[A-Za-z0-9._][A-Za-z0-9._-]*@)?(?!(?:https?|ssh|git|file|ftps?|ext):)"
    r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\]):(?!//)[^:\s]\S*"
)
"""What ssh takes besides addresses, such as ``git@example.org:team/wiki.git``."""


@dataclass(frozen=True, slots=True)
class RemoteAddress:
    """Where another repository is."""

    url: str
    protocol: str  # https, ssh or file

    @property
    def origin(self) -> str:
        """The scheme and the host of an https address, to which alone a token is given."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def remote_address(url: str, *, local: bool = False) -> RemoteAddress:
    """Return the address that *url* is.

    Args:
        url: What somebody gave: ``https://…``, ``ssh://…``, ``git@host:path``, or a path of this machine.
        local: Whether paths may be.

    Raises:
        ValueError: It is none; the message says why.
    """
    if (
        not url.isascii()
        or not url.isprintable()
        or any(sign in url for sign in " \\")
        or len(url) > CHARACTERS
    ):
        raise ValueError("it may have no spaces or backslashes, and no characters beyond ASCII")
    if url.startswith(("/", "file:///")):
        if not local:
            raise ValueError("folders of this machine are only allowed where remote_local is true")
        return RemoteAddress(url, "file")
    if "://" not in url:
        if _SHORT.fullmatch(url) is None:
            raise ValueError("it must be https://…, ssh://… or git@host:path")
        return RemoteAddress(url, "ssh")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("it is no address") from None
    if parts.scheme not in {"https", "ssh"}:
        raise ValueError("it must be https://…, ssh://… or git@host:path")
    if parts.password is not None or (parts.scheme == "https" and "@" in parts.netloc):
        raise ValueError(
            "a user, a password or a token do not belong in it; put user:token into a file, and name that in"
            " remote_token_file"
        )
    if not host or any(text.startswith("-") for text in (host, parts.username or "")):
        raise ValueError("it names no host")
    if not parts.path.strip("/") or "?" in url or "#" in url:
        raise ValueError("it must end in the path of a repository")
    return RemoteAddress(url, parts.scheme)
