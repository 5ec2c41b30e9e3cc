"""All of the state of one server, put together."""

import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

from wiki.state import audit, logins, sessions
from wiki.state.accounts import Accounts
from wiki.state.audit import Audit, By
from wiki.state.database import Database
from wiki.state.deliveries import Deliveries
from wiki.state.drafts import Drafts
from wiki.state.invitations import Invitations
from wiki.state.limits import Limits
from wiki.state.logins import Logins
from wiki.state.mirror import MirrorState
from wiki.state.passwords import Hashing, Passwords
from wiki.state.protections import PageProtections
from wiki.state.pushes import Pushes
from wiki.state.resets import Resets
from wiki.state.sessions import Sessions
from wiki.state.signing import Signing
from wiki.state.tokens import Tokens
from wiki.state.webhooks import Hooks


class State:
    """What is neither content nor derived from it.

    Args:
        folder: Where it is kept; made where it is not.
        hashing: What hashing a password costs.
        clock: Seconds since 1970.
        session_days: That a session lasts.
        idle_days: After which a session that was not used ends.
        login_rate: Failures for one account from one network in a quarter of an hour.
        audit_days: After which what was written down is forgotten.
        lasting: See `Database`.

    Raises:
        StoreError: It cannot be opened.
    """

    def __init__(
        self,
        folder: Path,
        *,
        hashing: Hashing | None = None,
        clock: Callable[[], float] = time.time,
        session_days: int = sessions.DAYS,
        idle_days: int = sessions.IDLE_DAYS,
        login_rate: int = logins.RATE,
        audit_days: int = audit.DAYS,
        lasting: bool = True,
    ) -> None:
        self.database = Database(folder, lasting=lasting)
        self.signing = Signing(self.database)
        self.audit = Audit(self.database, clock, audit_days)
        self.accounts = Accounts(self.database, self.audit, Passwords(hashing), clock)
        self.sessions = Sessions(self.database, self.audit, clock, session_days, idle_days)
        self.tokens = Tokens(self.database, self.audit, clock)
        self.invitations = Invitations(self.database, self.audit, self.accounts, clock)
        self.resets = Resets(self.database, self.audit, self.accounts, clock)
        self.limits = Limits(self.database, self.signing, clock)
        self.logins = Logins(self.accounts, self.sessions, self.limits, self.audit, login_rate)
        self.drafts = Drafts(self.database, clock)
        self.protections = PageProtections(self.database, self.audit, clock)
        self.pushes = Pushes(self.database, clock)
        self.webhooks = Hooks(self.database, clock)
        self.mirror = MirrorState(self.database, self.audit, clock)
        self.deliveries = Deliveries(self.database, clock)

    @classmethod
    def passing(cls, *, hashing: Hashing | None = None, clock: Callable[[], float] = time.time) -> "State":
        """Make one that is thrown away with the object."""
        folder = Path(mkdtemp(prefix="quire-"))
        made = cls(folder, hashing=hashing, clock=clock, lasting=False)
        finalize(made, _throw_away, made.database, folder)
        return made

    def backup(self, file: Path, by: By) -> None:
        """Copy all of it to a new file, see `Database.backup`."""
        self.database.backup(file)
        self.audit.note(by, "backup", file.name)

    def close(self) -> None:
        """Close what is open; it may be used again afterwards."""
        self.database.close()


def _throw_away(database: Database, folder: Path) -> None:
    database.close()
    rmtree(folder, ignore_errors=True)
