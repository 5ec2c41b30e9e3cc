"""Are the settings of the server safe on this machine?"""

import ipaddress
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path

from engine.diagnosis import Diagnosis, error, ok, warning
from wiki.identity import is_for_here
from wiki.settings import Settings

PROXIES = frozenset("www-data nginx http apache caddy haproxy".split())
"""Users that proxies run as."""


def examine(
    settings: Settings, config: Path | None, *, user: str = "", accounts: bool = False
) -> Iterator[Diagnosis]:
    """Look at *settings*.

    Args:
        settings: Those of the server.
        config: The file that they are from, if there is one.
        user: The name of the user that the server runs as, if it is known.
        accounts: Whether there is an account.
    """
    yield _reached(settings)
    yield from _people(settings)
    if user in PROXIES and not accounts and is_for_here(settings):
        yield warning(
            "settings",
            f"the server runs as {user}, as proxies do, and there is no account:"
            " whoever comes through a proxy of that user may be taken for the person at this machine, and edit",
            "make an account: quire user add; or let the server run as a user of its own",
        )
    yield from _proxies(settings)
    if config is not None:
        yield from _writable(config, "says how the server runs")
    if settings.themes:
        for folder, _, files in os.walk(settings.themes):
            for place in [Path(folder), *(Path(folder, name) for name in sorted(files))]:
                yield from _writable(place, "holds templates, which run in the server")


def server_user() -> str:
    """Return the name of the user that this process runs as; empty where it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def _reached(settings: Settings) -> Diagnosis:
    """Say who reaches the server, and what they may."""
    may = {
        "editor": "whoever reaches it may read everything, and change it",
        "reader": "whoever reaches it may read everything, and nothing more",
        "nobody": "nothing is shown to visitors without an account",
    }
    what = "for this machine alone" if is_loopback(settings.host) else may[settings.anonymous]
    return ok("settings", f"the server listens on {settings.host}: {what}")


def _people(settings: Settings) -> Iterator[Diagnosis]:
    """Look at what people may who are not known, or have made their account themselves."""
    if settings.anonymous == "editor":
        yield warning(
            "settings",
            "whoever reaches the server may change pages, without an account",
            'set anonymous to "reader", unless that is what you want',
        )
    if settings.registration == "open" and settings.anonymous == "editor":
        yield warning(
            "settings",
            "visitors may edit, and whoever makes an account becomes a reader, who may not",
            'set registration to "invitation", and invite editors',
        )
    if settings.registration == "open" and settings.anonymous == "nobody":
        yield warning(
            "settings",
            "the wiki is private, and everybody may make an account and read it",
            'set registration to "invitation"',
        )
    if is_for_here(settings):
        yield ok(
            "settings",
            "until the first account is made, whoever asks from this machine as the user that runs the server edits:"
            " make one before a proxy or a tunnel of the same user leads here",
        )


def _proxies(settings: Settings) -> Iterator[Diagnosis]:
    """Look at what stands before the server."""
    if settings.proxies and not is_loopback(settings.host):
        yield warning(
            "settings",
            f"the server believes its proxies who asks, and whoever reaches {settings.host} may pass them by",
            "let the server listen where only the proxies reach it",
        )
    if is_loopback(settings.host) and not settings.proxies and not is_for_here(settings):
        yield warning(
            "settings",
            f"{settings.url} leads to a server that only this machine reaches, so by a proxy, and proxies is 0:"
            " all visitors seem to have its address, and one who fails to log in too often keeps all of them out",
            "set proxies to the number of proxies between the readers and the server",
        )


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a server on *host*."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _writable(path: Path, what: str) -> Iterator[Diagnosis]:
    """Tell of a file or folder that others can change."""
    try:
        status = path.stat()
    except OSError as problem:
        yield warning(
            "settings", f"{path} cannot be looked at: {problem.strerror}", "mend that, and look again"
        )
        return
    if status.st_mode & stat.S_IWOTH:
        yield error(
            "settings", f"{path} {what}, and everybody on this machine can change it", f"chmod o-w {path}"
        )
    elif status.st_mode & stat.S_IWGRP:
        yield warning("settings", f"{path} {what}, and its whole group can change it", f"chmod g-w {path}")
    elif status.st_uid not in {os.getuid(), 0}:
        yield warning("settings", f"{path} {what}, and belongs to another user", "use a file of your own")
