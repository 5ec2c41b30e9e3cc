"""How far each webhook was told, and how that went."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from wiki.state.audit import Clock, moment
from wiki.state.database import Database
from wiki.state.schema import webhook

ERROR_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook, as far as it was told."""

    cursor: str  # up to which, see `engine.change_feed`
    span: int = 0  # commits of the delivery that was not acknowledged; 0: there is none
    tries: int = 0  # that failed, since the last one that did not
    failing: datetime | None = None  # since when
    next: datetime | None = None  # when it is tried again
    succeeded: datetime | None = None  # when last
    error: str = ""  # of the last try that failed
    skipped: datetime | None = None  # when commits were given up last
    unsaid: bool = False  # it was not told yet that there were such


class Hooks:
    """Keeps how far webhooks were told; addresses are kept as digests, as they may hold what opens something.

    Args:
        database: Where it is kept.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def find(self, urls: Iterable[str]) -> Mapping[str, Hook]:
        """Return what is known of some webhooks, by their addresses; those that were never begun are left out."""
        keys = {_key(url): url for url in urls}
        with self._database.reading() as db:
            rows = db.execute(select(webhook).where(webhook.c.hook.in_(keys)))
            return {keys[row.hook]: _read(row) for row in rows}

    def begin(self, url: str, cursor: str) -> None:
        """Begin to tell a webhook what arrives after *cursor*; one that was begun already stays as it is."""
        new = upsert(webhook).values(
            hook=_key(url), cursor=cursor, span=0, tries=0, next=0, error="", unsaid=False
        )
        with self._database.writing() as db:
            db.execute(new.on_conflict_do_nothing())

    def attempt(self, url: str, span: int) -> None:
        """Note that so many commits are about to be told: until that is acknowledged, just these are told again."""
        self._change(url, span=span)

    def acknowledge(self, url: str, cursor: str) -> None:
        """Note that a webhook was told all up to *cursor*."""
        now = int(self._clock())
        told: dict[str, Any] = {"span": 0, "tries": 0, "failing": None, "next": 0, "unsaid": False}
        self._change(url, cursor=cursor, succeeded=now, **told)

    def pass_by(self, url: str, cursor: str) -> None:
        """Note that there is nothing to tell up to *cursor*."""
        self._change(url, cursor=cursor, span=0)

    def fail(self, url: str, error: str, seconds: float) -> None:
        """Note that it could not be told just now, and is to be tried again after some seconds."""
        now = int(self._clock())
        with self._database.writing(lasting=False) as db:
            row = db.execute(select(webhook).where(webhook.c.hook == _key(url))).one()
            values = {
                "tries": row.tries + 1,
                "failing": now if row.failing is None else min(row.failing, now),  # clocks may be wrong
                "next": int(now + seconds) + 1,
                "error": error[:ERROR_CHARACTERS],
            }
            db.execute(update(webhook).where(webhook.c.hook == _key(url)).values(values))

    def skip(self, url: str, cursor: str) -> None:
        """Give up what was not told up to *cursor*."""
        now = int(self._clock())
        self._change(url, cursor=cursor, span=0, tries=0, failing=None, next=0, skipped=now, unsaid=True)

    def _change(self, url: str, **values: Any) -> None:
        with self._database.writing() as db:
            db.execute(update(webhook).where(webhook.c.hook == _key(url)).values(values))


def _key(url: str) -> str:
    return sha256(url.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(row: Row[Any]) -> Hook:
    return Hook(
        row.cursor,
        row.span,
        row.tries,
        _time(row.failing),
        _time(row.next),
        _time(row.succeeded),
        row.error,
        _time(row.skipped),
        row.unsaid,
    )


def _time(seconds: int | None) -> datetime | None:
    return moment(seconds) if seconds else None
