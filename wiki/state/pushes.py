"""Who brought which commits by a push: git itself only knows who wrote them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.model import Author
from wiki.state.audit import By, Clock, moment
from wiki.state.database import Database
from wiki.state.schema import push, pushed

AT_ONCE = 500  # commits in one statement


@dataclass(frozen=True, slots=True)
class Push:
    """One push."""

    who: str  # the login, or the name of the token
    author: Author  # whom their own commits name
    time: datetime


class Pushes:
    """Remembers who pushed what.

    Args:
        database: Where.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, commits: Sequence[str], author: Author | None, by: By) -> None:
        """Remember who pushed *commits*; of what was pushed before, the last push counts.

        Args:
            commits: Their full ids.
            author: Whom commits of theirs name.
            by: Who pushed. From where is kept by the audit alone, which forgets it after a time.
        """
        if not commits:
            return
        values = {
            "who": by.who,
            "name": author.name if author else by.who,
            "email": author.email if author else "",
        }
        with self._database.writing() as db:
            made = db.execute(insert(push).values(time=int(self._clock()), **values))
            (number,) = made.inserted_primary_key or (0,)
            new = upsert(pushed)
            new = new.on_conflict_do_update(index_elements=["commit"], set_={"push": new.excluded.push})
            db.execute(new, [{"commit": bytes.fromhex(commit), "push": number} for commit in commits])

    def of(self, commits: Sequence[str]) -> Mapping[str, Push]:
        """Return the pushes that brought some commits, by commit; what was not pushed here is left out."""
        found: dict[str, Push] = {}
        with self._database.reading() as db:
            for start in range(0, len(commits), AT_ONCE):
                wanted = [bytes.fromhex(commit) for commit in commits[start : start + AT_ONCE]]
                rows = select(pushed.c.commit, push.c.who, push.c.name, push.c.email, push.c.time).join_from(
                    pushed, push
                )
                for row in db.execute(rows.where(pushed.c.commit.in_(wanted))):
                    found[row.commit.hex()] = Push(row.who, Author(row.name, row.email), moment(row.time))
        return found
