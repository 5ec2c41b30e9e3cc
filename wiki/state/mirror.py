"""How the mirror does, and what was decided of its conflicts, for all processes of a host."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.mirroring import Choice, Decision, Outcome, Standing
from engine.model import Author
from wiki.state.audit import Audit, By, Clock, moment
from wiki.state.database import Database
from wiki.state.schema import mirror, mirror_decision

ERROR_CHARACTERS = 500
DAYS = 90  # after which a decision is forgotten that was about nothing any more


@dataclass(frozen=True, slots=True)
class Course:
    """How the mirror does."""

    standing: Standing | None = None  # None: nobody has looked yet
    looked: datetime | None = None  # when last, and it answered
    brought: datetime | None = None  # when something came last
    sent: datetime | None = None  # when something went there last
    tries: int = 0  # that failed, since the last one that did not
    failing: datetime | None = None  # since when
    next: datetime | None = None  # when it is tried again
    error: str = ""  # of the last try that failed
    reasons: tuple[str, ...] = ()  # why what is there is refused
    conflicts: int = 0
    asked: int = 0  # how often somebody asked for it
    answered: int = 0  # how many of these times are dealt with


class MirrorState:
    """Keeps how the mirror does.

    Args:
        database: Where it is kept.
        audit: What was decided is written down there.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, audit: Audit, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock

    def find(self, remote: str) -> Course:
        """Return how the mirror of *remote* does, which stands for its address."""
        with self._database.reading() as db:
            row = db.execute(select(mirror).where(mirror.c.remote == _key(remote))).one_or_none()
        return _read(row) if row is not None else Course()

    def ask(self, remote: str) -> None:
        """Let the process that is at it look soon."""
        new = upsert(mirror).values(_row(remote, asked=1))
        new = new.on_conflict_do_update(index_elements=["remote"], set_={"asked": mirror.c.asked + 1})
        with self._database.writing() as db:
            db.execute(new)

    def done(self, remote: str, outcome: Outcome, asked: int, used: Collection[str] = ()) -> None:
        """Note what came of an exchange.

        Args:
            remote: With which.
            outcome: What came of it.
            asked: How often somebody had asked for it; where it was looked, all these times are answered.
            used: The questions that decisions were about which are in the commit that joins both sides by now.
        """
        now = int(self._clock())
        values = {
            "standing": outcome.standing.value,
            "reasons": "\n".join(outcome.reasons),
            "conflicts": len(outcome.conflicts),
            **({"looked": now, "answered": asked} if outcome.looked else {}),
            **({"brought": now} if outcome.brought else {}),
            **({"sent": now} if outcome.sent else {}),
            "tries": 0,
            "failing": None,
            "next": 0,
            "error": "",
        }
        self._change(remote, values)
        if outcome.standing is Standing.SAME:
            gone = mirror_decision.c.question.in_(used) | (mirror_decision.c.time < now - DAYS * 86_400)
            with self._database.writing(lasting=False) as db:
                db.execute(delete(mirror_decision).where(gone))

    def fail(self, remote: str, error: str, seconds: float, asked: int, *, counts: bool = True) -> None:
        """Note that an exchange failed, and is to be tried again after some seconds.

        Args:
            remote: With which.
            error: Why.
            seconds: After which.
            asked: How often somebody had asked for it.
            counts: Whether it was its time; what somebody asked for in between puts nothing off.
        """
        now, before = int(self._clock()), self.find(remote)
        failing = int(before.failing.timestamp()) if before.failing is not None else now
        later = {"tries": before.tries + 1, "next": int(now + seconds) + 1} if counts else {}
        told = {"failing": min(failing, now), "error": error[:ERROR_CHARACTERS], "answered": asked}
        self._change(remote, told | later)

    def _change(self, remote: str, values: dict[str, Any]) -> None:
        new = upsert(mirror).values(_row(remote))
        with self._database.writing(lasting=False) as db:
            db.execute(new.on_conflict_do_nothing())
            db.execute(update(mirror).where(mirror.c.remote == _key(remote)).values(values))

    # -- decisions

    def decide(self, question: str, path: str, decision: Decision, author: Author, by: By) -> None:
        """Keep what somebody decided of a conflict; a later decision of the same counts instead."""
        values = {
            "path": path,
            "choice": decision.choice.value,
            "text": decision.text,
            "name": author.name,
            "email": author.email,
            "time": int(self._clock()),
        }
        new = upsert(mirror_decision).values(question=question, **values)
        with self._database.writing() as db:
            db.execute(new.on_conflict_do_update(index_elements=["question"], set_=values))
        self._audit.note(by, "mirror.decide", path, decision.choice.value)

    def decisions(self) -> "Decided":
        """Return all decisions that are kept."""
        with self._database.reading() as db:
            rows = db.execute(select(mirror_decision).order_by(mirror_decision.c.time)).all()
        return Decided(rows)


class Decided:
    """Decisions, as one exchange asks for them.

    Args:
        rows: Of the table, oldest first.
    """

    def __init__(self, rows: Sequence[Row[Any]]) -> None:
        self._rows = {row.question: row for row in rows}
        self.used: dict[str, None] = {}
        """The questions that were asked for, and decided."""

    def __contains__(self, question: str) -> bool:
        return question in self._rows

    def of(self, question: str) -> Decision | None:
        """Return what was decided of one conflict."""
        if (row := self._rows.get(question)) is None:
            return None
        self.used[question] = None
        return Decision(Choice(row.choice), row.text)

    def author(self) -> Author | None:
        """Return who decided last what was asked for."""
        last = next((row for name, row in reversed(self._rows.items()) if name in self.used), None)
        return Author(last.name, last.email) if last is not None else None


def _key(remote: str) -> str:
    return sha256(remote.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _row(remote: str, asked: int = 0) -> dict[str, Any]:
    numbers = {"tries": 0, "next": 0, "conflicts": 0, "asked": asked, "answered": 0}
    return {"remote": _key(remote), "standing": "", "error": "", "reasons": "", **numbers}


def _read(row: Row[Any]) -> Course:
    return Course(
        Standing(row.standing) if row.standing else None,
        _time(row.looked),
        _time(row.brought),
        _time(row.sent),
        row.tries,
        _time(row.failing),
        _time(row.next),
        row.error,
        tuple(filter(None, row.reasons.split("\n"))),
        row.conflicts,
        row.asked,
        row.answered,
    )


def _time(seconds: int | None) -> datetime | None:
    return moment(seconds) if seconds else None
