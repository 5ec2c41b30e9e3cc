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
from random import uniform
from typing import Any
from uuid import UUID

from flask import Flask

from engine.access import Actor, Kind, Role
from engine.change_feed import Span
from engine.errors import WikiError
from engine.locks import HostLock
from engine.wiki import Wiki
from wiki import telling
from wiki.posting import PostError, post
from wiki.settings import host_of
from wiki.state.webhooks import Hook, Hooks

log = getLogger(__name__)

COMMITS = 100  # in one delivery
FILES = 2_000  # after which it ends
AT_ONCE = 20  # deliveries to one, before the next one has its turn
DAYS = 7  # of failing, after which what was not told is given up
FIRST, LONGEST = (
    5.0,
    3_600.0,
)  # seconds until a delivery that failed is tried again: the first time, and at most
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
        """Tell in a thread of its own, until `stop`."""
        if self._urls and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread, after the delivery that is under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
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
            head = self._wiki.head() if held else None
            if head is None:
                return
            found = self._hooks.find(self._urls)
            for url in self._urls:
                hook = found.get(url)
                if hook is None:
                    self._hooks.begin(url, head)
                elif hook.cursor != head:
                    self._tell(url, head)

    def _tell(self, url: str, head: str) -> None:
        for _ in range(AT_ONCE):
            hook = self._hooks.find([url])[url]
            now = self._clock()
            if self._stopping.is_set() or (hook.next is not None and hook.next.timestamp() > now):
                return
            if hook.failing is not None and now - hook.failing.timestamp() > DAYS * 86_400:
                log.warning(
                    "webhook at %s fails for %s days; what it was not told is given up", host_of(url), DAYS
                )
                self._hooks.skip(url, head)
                return
            try:
                with self._wiki.at(ACTOR) as snapshot:
                    span = snapshot.change_feed.since(hook.cursor, limit=hook.span or COMMITS, files=FILES)
            except WikiError:
                return  # what arrived is still being read
            if not self._deliver(url, hook, span) or not span.more:
                return

    def _deliver(self, url: str, hook: Hook, span: Span) -> bool:
        """Send one span, and say whether it was taken."""
        if not span.commits and not span.reset:
            if span.cursor != hook.cursor:
                self._hooks.acknowledge(url, span.cursor)
            return span.cursor != hook.cursor
        if hook.span != len(span.commits):
            self._hooks.attempt(url, len(span.commits))
        body, headers = self._message(url, hook, span)
        try:
            self._post(url, body, headers)
        except PostError as error:
            wait = min(LONGEST, FIRST * 2.0 ** min(hook.tries, 20)) * uniform(0.5, 1.0)  # noqa: S311 - so that not all come back at once
            log.warning("webhook at %s: %s; trying again in %.0f s", host_of(url), error, wait)
            self._hooks.fail(url, str(error), wait)
            return False
        self._hooks.acknowledge(url, span.cursor)
        return True

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
