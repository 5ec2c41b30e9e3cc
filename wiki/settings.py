"""Settings of the server: one frozen dataclass, units beside the defaults; read from file and environment once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from engine.remote_address import RemoteAddress, remote_address
from wiki.languages import LANGUAGES

FILE = "quire.toml"
PREFIX = "QUIRE_"
_NO_SETTINGS = {"QUIRE_CONFIG", "QUIRE_USER"}  # where the file is; who pushes by ssh


class SettingsError(Exception):
    """A setting that cannot be; the message says which, and what would do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one server runs; every name is also ``QUIRE_<NAME>`` in the environment."""

    repository: str = "."  # a git repository, bare or not, or a folder inside one
    root: str = ""  # the folder in it that holds the pages; empty: all of it, or the folder that was named
    branch: str = ""  # empty: what HEAD points at
    cache: str = ""  # folder for derived data; empty: <git dir>/quire
    data: str = ""  # folder for accounts, sessions, drafts; empty: one for each repository, in the user's own for data
    host: str = "127.0.0.1"
    port: int = 8080  # 0 takes one that is free
    url: str = ""  # the public address, without a path; empty: what the request says
    threads: int = 8  # requests answered at once by one process
    proxies: int = 0  # that stand before the server, and whose X-Forwarded-… headers are believed
    anonymous: str = "reader"  # what visitors without an account are: "reader", "editor" or "nobody"
    anonymous_rate: int = 20  # changes by visitors from one address in a quarter of an hour
    registration: str = "invitation"  # how people come to an account: "closed", "invitation" or "open"
    session_days: int = 30  # that one stays signed in
    session_idle_days: int = 7  # after which one who did not come is signed out
    login_rate: int = (
        10  # failures for one account from one network in a quarter of an hour; more from elsewhere
    )
    audit_days: int = 365  # after which it is forgotten who did what to accounts
    interface: str = ""  # language of buttons and messages; empty: what the browser asks for
    remote_images: bool = True  # let pages show images from other sites (https only)
    themes: str = ""  # a folder of further themes; one of an existing name comes before it
    processes: int = 0  # children that scan pages; 0: one a core
    page_bytes: int = 1_000_000  # of a page that is saved here; pushed ones may be larger
    upload_bytes: int = 25_000_000  # of a file that is uploaded
    git: bool = True  # serve clone and push at /wiki.git
    git_operations: int = 2  # clones and pushes at once on this host; others wait
    push_bytes: int = 500_000_000  # of one push
    push_file_bytes: int = 50_000_000  # of each file that is pushed
    rewrites: bool = False  # admins may push a history that leaves out published commits
    remote: str = ""  # another repository whose branch is kept the same: https://…, ssh://… or git@host:path
    remote_branch: str = ""  # the name of that branch there; empty: as here
    remote_token_file: str = ""  # a file with a token for https; empty: what git is set up with
    remote_local: bool = False  # remote may be a folder of this machine
    remote_interval: int = 300  # seconds after which it is looked what is new there
    remote_delay: int = 2  # seconds in which changes gather before they are sent there
    durability: str = "local"  # when a save is acknowledged: once it is "local", or where the "remote" has it
    committer: str = "Quire <quire@localhost>"  # whom commits name besides their author
    render_cache: int = 32_000_000  # bytes of HTML kept in each process
    response_cache: int = 32_000_000  # bytes of whole answers for anonymous readers kept in each process
    preview_cache: int = 200_000_000  # bytes of small pictures of images kept on the disk

    webhooks: str = ""  # addresses that are told of changes, separated by spaces
    webhook_secret_file: str = ""  # a file that holds what these messages are signed with
    remote_secret_file: str = (
        ""  # a file that holds what a forge signs with that tells of pushes to the remote
    )

    @property
    def remote_place(self) -> RemoteAddress | None:
        """Where the other repository is; ``None`` for none."""
        return remote_address(self.remote, local=self.remote_local) if self.remote else None

    @property
    def webhook_urls(self) -> tuple[str, ...]:
        """The addresses that are told of changes, each once."""
        return tuple(dict.fromkeys(self.webhooks.split()))

    def webhook_secret(self) -> bytes:
        """Read what webhooks are signed with.

        Raises:
            SettingsError: The file cannot be read, or holds too little.
        """
        return _secret("webhook_secret_file", self.webhook_secret_file)

    def remote_secret(self) -> bytes:
        """Read what a forge signs with that tells of pushes to the remote; empty: none may tell.

        Raises:
            SettingsError: The file cannot be read, or holds too little.
        """
        return _secret("remote_secret_file", self.remote_secret_file) if self.remote_secret_file else b""

    @property
    def committer_name(self) -> tuple[str, str]:
        """The name and the address of the committer."""
        named = _PERSON.fullmatch(self.committer)
        return (named["name"].strip(), named["email"]) if named else (self.committer, "")

    @classmethod
    def load(cls, environment: Mapping[str, str], file: Path | None = None, **given: Any) -> Self:
        """Read settings; what is *given* counts over the environment, and that over the file.

        Args:
            environment: Usually ``os.environ``.
            file: A TOML file; it must exist when it is named.
            given: Settings by name, ``None`` for those that nobody gave.

        Raises:
            SettingsError: The file cannot be read, or a name or value is wrong.
        """
        values: dict[str, Any] = {}
        if file is not None:
            values |= _from_file(file)
        for name, text in environment.items():
            if name.startswith(PREFIX) and name not in _NO_SETTINGS:
                values[_known(name.removeprefix(PREFIX).lower(), f"{name} in the environment")] = text
        values |= {name: value for name, value in given.items() if value is not None}
        return replace(cls(), **{name: _typed(name, value) for name, value in values.items()}).checked()

    def checked(self) -> Self:
        """Return self when the values make sense together; SettingsError when not."""
        if self.anonymous not in VISITORS:
            raise SettingsError(f"anonymous is {self.anonymous!r}; it must be one of {', '.join(VISITORS)}")
        if self.registration not in REGISTRATIONS:
            raise SettingsError(
                f"registration is {self.registration!r}; it must be one of {', '.join(REGISTRATIONS)}"
            )
        if self.interface and self.interface not in LANGUAGES:
            raise SettingsError(f"interface is {self.interface!r}; there are {', '.join(LANGUAGES)}")
        if not self.host:
            raise SettingsError("host is empty; name an address, or 0.0.0.0 for all of them")
        if self.url and not _PUBLIC.fullmatch(self.url):
            raise SettingsError(
                f"url is {self.url!r}; it must be http:// or https:// with a host, such as https://wiki.example.org"
            )
        self._check_webhooks()
        self._check_remote()
        if self.themes and not Path(self.themes).is_dir():
            raise SettingsError(f"themes is {self.themes!r}; there is no such folder")
        for name, (lowest, highest) in _BOUNDS.items():
            if not lowest <= getattr(self, name) <= highest:
                raise SettingsError(f"{name} is {getattr(self, name)}; it must be from {lowest} to {highest}")
        if (named := _PERSON.fullmatch(self.committer)) is None or not named["name"].strip():
            raise SettingsError(
                f"committer is {self.committer!r}; it must be a name and an address, such as Quire <quire@localhost>"
            )
        for name in (
            "processes",
            "page_bytes",
            "upload_bytes",
            "push_bytes",
            "push_file_bytes",
            "render_cache",
            "response_cache",
            "preview_cache",
        ):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name} is {getattr(self, name)}; it cannot be below 0")
        return self

    def _check_webhooks(self) -> None:
        # Of what is wrong only the host is said: the rest of an address may open something.
        for url in self.webhook_urls:
            if not is_webhook(url):
                raise SettingsError(
                    f"webhooks has an address at {host_of(url)!r} that cannot be; each must be http:// or https://"
                    " with a host, without a user, a password or a fragment"
                )
        if len(self.webhook_urls) > WEBHOOKS:
            raise SettingsError(f"webhooks has {len(self.webhook_urls)} addresses; there may be {WEBHOOKS}")
        if self.webhook_urls and not self.webhook_secret_file:
            raise SettingsError("webhooks are signed: name a file with a secret in webhook_secret_file")

    def _check_remote(self) -> None:
        try:
            place = self.remote_place
        except ValueError as error:  # of what is wrong nothing is said: it may open something
            raise SettingsError(f"remote cannot be used: {error}") from error
        if self.durability not in DURABILITIES:
            raise SettingsError(
                f"durability is {self.durability!r}; it must be one of {', '.join(DURABILITIES)}"
            )
        if place is None and self.durability == "remote":
            raise SettingsError('durability is "remote", and there is none; name it in remote')
        if self.remote_token_file and (place is None or place.protocol != "https"):
            raise SettingsError("remote_token_file is for a remote at https://; ssh has keys of its own")
        if self.remote_token_file and not Path(self.remote_token_file).is_file():
            raise SettingsError(f"remote_token_file is {self.remote_token_file!r}; there is no such file")


WEBHOOKS = 20  # addresses
SECRET_BYTES = (16, 4_096)  # fewest and most


def _secret(name: str, file: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            secret = opened.read(SECRET_BYTES[1] + 2).rstrip(b"\r\n")
    except OSError as error:
        raise SettingsError(f"{name} is {file!r}; it cannot be read: {error.strerror}") from error
    if not SECRET_BYTES[0] <= len(secret) <= SECRET_BYTES[1]:
        raise SettingsError(
            f"{name} holds {len(secret)} bytes; it must be from {SECRET_BYTES[0]} to"
            f" {SECRET_BYTES[1]}: openssl rand -hex 32 > FILE"
        )
    return secret


def is_webhook(url: str) -> bool:
    """Say whether an address can be told of changes."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not any(sign in url for sign in " \\<>\"'#")
    named = bool(parts.hostname) and "@" not in parts.netloc and port != 0
    return plain and named and parts.scheme in {"http", "https"} and len(url) <= URL_CHARACTERS


URL_CHARACTERS = 2_000


def host_of(url: str) -> str:
    """Return what may be shown of an address: whom it names, and not what may open something there."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}" + ("/…" if parts.path.strip("/") or parts.query else "")


REGISTRATIONS = ("closed", "invitation", "open")
VISITORS = ("nobody", "reader", "editor")
DURABILITIES = ("local", "remote")

_BOUNDS = {
    "port": (0, 65_535),
    "threads": (1, 256),
    "git_operations": (1, 64),
    "remote_interval": (10, 86_400),
    "remote_delay": (0, 3_600),
    "proxies": (0, 10),
    "session_days": (1, 400),  # browsers keep no cookie for longer
    "session_idle_days": (1, 400),
    "login_rate": (1, 10_000),
    "anonymous_rate": (1, 10_000),
    "audit_days": (1, 36_500),
}
_PUBLIC = re.compile(r"https?://[^\s/?#@\"'<>\\]+/?")

_PERSON = re.compile(r"(?P<name>[^<>\r\n]+)<(?P<email>[^<>\s]*)>")

_TYPES: Mapping[str, type] = {field.name: type(field.default) for field in fields(Settings)}


def _from_file(file: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} cannot be read as settings: {error}") from error
    return {_known(name, str(file)): value for name, value in table.items()}


def _known(name: str, where: str) -> str:
    if name not in _TYPES:
        near = get_close_matches(name, _TYPES, 2, 0.6)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(_TYPES)}"
        raise SettingsError(f"{where} has no setting {name!r}; {hint}")
    return name


def _typed(name: str, value: Any) -> Any:
    wanted = _TYPES[name]
    if (
        wanted is bool
        and isinstance(value, str)
        and value.lower() in {"true", "false", "1", "0", "yes", "no"}
    ):
        return value.lower() in {"true", "1", "yes"}
    if wanted is int and isinstance(value, str) and value.strip().removeprefix("-").isdecimal():
        return int(value)
    if wanted is str and isinstance(value, Path):
        return str(value)
    if type(value) is not wanted:
        raise SettingsError(f"{name} is {value!r}; it must be {_NAMES[wanted]}")
    return value


_NAMES: Mapping[type, str] = {str: "text", int: "a whole number", bool: "true or false"}
