"""How often something may be tried, counted in the database, so that all workers count together."""

import hmac
import ipaddress

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from wiki.state.audit import Clock
from wiki.state.database import Database
from wiki.state.schema import rate
from wiki.state.signing import Signing

ROUNDING = 0.001  # seconds that adding up many parts of a period may be off
SWEEP_SECONDS = 60  # after which one process removes once what has no effect any more


class Limits:
    """Counts what is tried.

    Args:
        database: Where is counted.
        signing: What keys are digested with: what somebody typed is not kept.
        clock: Seconds since 1970.

    Source:
        The generic cell rate algorithm, ITU-T I.371, appendix A: of each key one moment is kept, at which all tries
        will have been given back.
    """

    def __init__(self, database: Database, signing: Signing, clock: Clock) -> None:
        self._database = database
        self._signing = signing
        self._clock = clock
        self._swept = clock()

    def take(self, *tries: tuple[str, int], seconds: int) -> int:
        """Count one try for each key, and return how many seconds to wait before the next; 0: it may be done.

        Where one of the keys is at its end, none of them is counted.

        Args:
            tries: Keys, each with how many tries it has.
            seconds: In which all tries of a key are given back, one after the other.
        """
        now = self._clock()
        with self._database.writing(lasting=False) as db:
            self._sweep(db, now)
            untils = {}
            for key, count in tries:
                until = max(self._until(db, key), now) + seconds / count
                if until - now > seconds + ROUNDING:
                    return int(until - now - seconds) + 1
                untils[key] = until
            for key, until in untils.items():
                self._write(db, key, until)
        return 0

    def give_back(self, *tries: tuple[str, int], seconds: int) -> None:
        """Give back one try of each key: it was no failure."""
        with self._database.writing(lasting=False) as db:
            for key, count in tries:
                self._write(db, key, self._until(db, key) - seconds / count)

    def _until(self, db: Connection, key: str) -> float:
        return db.scalar(select(rate.c.until).where(rate.c.key == self._digest(key))) or 0.0

    def _write(self, db: Connection, key: str, until: float) -> None:
        new = upsert(rate).values(key=self._digest(key), until=until)
        db.execute(new.on_conflict_do_update(index_elements=["key"], set_={"until": until}))

    def _sweep(self, db: Connection, now: float) -> None:
        if now - self._swept >= SWEEP_SECONDS:
            self._swept = now
            db.execute(delete(rate).where(rate.c.until < now))

    def _digest(self, key: str) -> bytes:
        return hmac.digest(self._signing.secret, f"rate {key}".encode("utf-8", "surrogatepass"), "sha256")[
            :16
        ]


def network(address: str, ipv4: int = 32) -> str:
    """Return what is counted of an address: of IPv6 the network of one customer, as they have all addresses in it.

    Args:
        address: What is none is counted as it is.
        ipv4: Bits of an IPv4 address that are looked at.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        found = found.ipv4_mapped
    return str(found if ipv4 == 32 else ipaddress.ip_network((found, ipv4), strict=False))
