"""Which deliveries of a forge were acted on, so that none is twice, whichever worker it comes to."""

from sqlalchemy import and_, delete, not_, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from wiki.state.audit import Clock
from wiki.state.database import Database
from wiki.state.schema import delivery

DAYS = 30  # after which one is forgotten,
MOST = 10_000  # or as soon as there are so many newer ones
SECONDS = 60  # after which whoever began one and did not end it must have died


class Deliveries:
    """Remembers deliveries by what is the same for all that are signed alike.

    Args:
        database: Where.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, key: bytes) -> bool:
        """Say whether a delivery is to be acted on now: of several who ask for one key only one is told so.

        Whoever is calls `end` afterwards, or `forget`. Where they die before, it is to be acted on after `SECONDS`.
        """
        now = int(self._clock())
        given_up = and_(
            not_(delivery.c.done),
            or_(delivery.c.time < now - SECONDS, delivery.c.time > now + SECONDS),  # clocks may be wrong
        )
        new = upsert(delivery).values(key=key, time=now, done=False)
        new = new.on_conflict_do_update(index_elements=["key"], set_={"time": now}, where=given_up)
        with self._database.writing() as db:
            db.execute(delete(delivery).where(delivery.c.time < now - DAYS * 86_400))
            begun = db.execute(new.returning(delivery.c.key)).first() is not None
            newest_first = select(delivery.c.key).order_by(delivery.c.time.desc(), delivery.c.key)
            db.execute(delete(delivery).where(delivery.c.key.in_(newest_first.limit(-1).offset(MOST))))
        return begun

    def end(self, key: bytes) -> None:
        """Remember that a delivery was acted on."""
        with self._database.writing() as db:
            db.execute(update(delivery).where(delivery.c.key == key).values(done=True))

    def forget(self, key: bytes) -> None:
        """Let a delivery that could not be acted on come again."""
        with self._database.writing() as db:
            db.execute(delete(delivery).where(delivery.c.key == key))
