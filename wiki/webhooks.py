"""Webhooks: other servers are told what arrived, signed, in order, and again until they have taken it.

How far each was told is a cursor in the state, so a restart loses nothing, and repeats at most the delivery that was not
acknowledged, under the same id. One thread of one process of the host is at it at a time.
"""

import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from logging import getLogger
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask

from engine.access import Actor, Kind, Role
from engine.change_feed import Span
from engine.errors import NotReadyError, WikiError
from engine.locks import HostLock
from engine.wiki import Wiki
from wiki import telling
from wiki.back_off import BackOff
from wiki.posting import SECONDS, PostError, post
from wiki.settings import host_of
from wiki.state.webhooks import Hook, Hooks

log = getLogger(__name__)

COMMITS = 100  # in one delivery
FILES = 2_000  # after which it ends
AT_ONCE = 20  # deliveries to each, in turns, before the branch is looked at again
BYTES = 200_000  # after about which it ends; with the last commit, a body has about 500,000 at most
DAYS = 7  # of failing, after which what was not told is given up,
TRIES = 50  # and after so many of them
FIRST, LONGEST = (
    5.0,
    3_600.0,
)  # seconds until a delivery that failed is tried again: the first time, and at most
BACK_OFF = BackOff(FIRST, LONGEST)
STOP_SECONDS = SECONDS + 1
LOOK = 0.5  # seconds between two looks at the branch
ACTOR = Actor(Kind.PROGRAM, "webhooks", Role.READER)
"""Whoever is named in the settings is told everything."""

Post = Callable[[str, bytes, Mapping[str, str]], None]


@dataclass(frozen=True, slots=True)
class Told:
    """How one webhook does, for admins."""

    address: str  # as far as it may be shown
    hook: Hook | None  # None: it was not begun yet
    behind: bool  # there is something that it was not told


class Webhooks:
    """Tells other servers what arrived.

    Args:
        wiki: What is followed.
        hooks: How far each was told.
        urls: Who is told.
        secret: What is signed with.
        lock: The file by which the processes of a host take turns.
        post: Sends a body to an address.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        wiki: Wiki,
        hooks: Hooks,
        urls: Sequence[str],
        secret: bytes,
        lock: Path,
        *,
        post: Post = post,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._wiki = wiki
        self._hooks = hooks
        self._urls = urls
        self._secret = secret
        self._lock = HostLock(lock)
        self._post = post
        self._clock = clock
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Tell in a thread of its own, until `stop`; what arrives from now on is told also to addresses that are new."""
        if self._urls and self._thread is None:
            try:
                self._begin()
            except Exception:  # the wiki is served all the same; the thread tries again
                log.exception("webhooks could not be begun; trying again")
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Begin no other delivery: the server ends."""
        self._stopping.set()

    def stop(self) -> None:
        """End the thread, after the delivery that is under way, unless that takes too long."""
        self.end()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            self._thread = None

    def status(self) -> Sequence[Told]:
        """Say how each webhook does."""
        found, head = self._hooks.find(self._urls), self._wiki.head()
        return tuple(
            Told(host_of(url), hook, hook is not None and hook.cursor != (head or ""))
            for url, hook in ((url, found.get(url)) for url in self._urls)
        )

    def _run(self) -> None:
        while not self._stopping.wait(LOOK):
            try:
                self.tell()
            except Exception:  # the wiki goes on serving; it is tried again
                log.exception("webhooks could not be told; trying again")
                self._stopping.wait(FIRST)

    def tell(self) -> None:
        """Tell each webhook what it was not told, if its time has come; nothing while another process is at it."""
        with self._lock.held(0) as held:
            if not held:
                return
            self._begin()
            head, urls = self._wiki.head(), self._urls
            for _ in range(AT_ONCE):
                urls = [url for url in urls if head is not None and self._tell(url, head)]

    def _begin(self) -> None:
        """Begin with the addresses that are new: they are told what arrives after what is known now."""
        found = self._hooks.find(self._urls)
        if new := [url for url in self._urls if url not in found]:
            with self._wiki.at(ACTOR) as snapshot:
                commit = snapshot.commit or ""
            for url in new:
                self._hooks.begin(url, commit)

    def _tell(self, url: str, head: str) -> bool:
        """Make one delivery, if its time has come, and say whether there is another one to make."""
        hook = self._hooks.find([url])[url]
        if hook.cursor == head or self._stopping.is_set() or not self._is_due(hook):
            return False
        try:
            with self._wiki.at(ACTOR) as snapshot:
                feed, commit = snapshot.change_feed, snapshot.commit or ""
                span = feed.since(hook.cursor, limit=hook.span or COMMITS, files=FILES, size=BYTES)
        except NotReadyError:
            return False  # what arrived is still being read
        except WikiError as error:
            self._fail(url, hook, str(error))
            return False
        if not span.commits and not span.reset:
            if span.cursor != hook.cursor:
                self._hooks.pass_by(url, span.cursor)
            return span.more
        return self._deliver(url, hook, span, commit) and span.more

    def _is_due(self, hook: Hook) -> bool:
        return BACK_OFF.is_due(hook.next, self._clock())

    def _deliver(self, url: str, hook: Hook, span: Span, commit: str) -> bool:
        """Send one span, and say whether it was taken; after days of failing give up all up to *commit*."""
        if hook.span != len(span.commits):
            self._hooks.attempt(url, len(span.commits))
        body, headers = self._message(url, hook, span)
        try:
            self._post(url, body, headers)
        except PostError as error:
            self._fail(url, hook, str(error))
            failing = self._clock() - hook.failing.timestamp() if hook.failing is not None else 0
            if failing > DAYS * 86_400 and hook.tries >= TRIES:
                log.warning(
                    "webhook at %s fails for %s days; what it was not told is given up", host_of(url), DAYS
                )
                self._hooks.skip(url, commit)
            return False
        self._hooks.acknowledge(url, span.cursor)
        return True

    def _fail(self, url: str, hook: Hook, error: str) -> None:
        """Try again later: the more tries have failed, the later."""
        wait = BACK_OFF.wait(hook.tries)
        log.warning("webhook at %s: %s; trying again in %.0f s", host_of(url), error, wait)
        self._hooks.fail(url, error, wait)

    def _message(self, url: str, hook: Hook, span: Span) -> tuple[bytes, Mapping[str, str]]:
        delivery = _id(url, hook.cursor, span)
        told: dict[str, Any] = {"delivery": delivery}
        if hook.unsaid:
            told["skipped"] = True
        if span.reset:
            told |= telling.reset(span)
        told |= {"changes": [*telling.records(span)], **telling.end(span)}
        body = json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")
        timestamp = str(int(self._clock()))
        return body, {
            "Content-Type": "application/json",
            "User-Agent": "Quire",
            "Quire-Event": "changes",
            "Quire-Delivery": delivery,
            "Quire-Timestamp": timestamp,
            "Quire-Signature": f"sha256={signature(self._secret, timestamp, body)}",
        }


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """Return the signature of a message, as hexadecimal digits."""
    return hmac.new(secret, f"{timestamp}.".encode("ascii") + body, sha256).hexdigest()


def _id(url: str, cursor: str, span: Span) -> str:
    """Name a delivery: the same span to the same address has one name, however often it is sent."""
    text = repr((url, cursor, span.reset, [each.revision.id for each in span.commits]))
    return str(UUID(bytes=sha256(text.encode("utf-8", "replace")).digest()[:16], version=5))


def webhooks(app: Flask) -> Webhooks:
    """Return the webhooks of an application."""
    found: Webhooks = app.extensions["quire.webhooks"]
    return found
