"""Links by which somebody sets a password of their own; an admin makes them."""

import secrets
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from engine.messages import Message
from wiki.state.accounts import Account, Accounts, account_of
from wiki.state.audit import Audit, By, Clock
from wiki.state.database import Database
from wiki.state.errors import RefusedError, UnknownError
from wiki.state.schema import account, reset
from wiki.state.signing import digested

HOURS = 48  # that a link lasts
BYTES = 24  # of chance in it


class Resets:
    """Makes links, each for one account and one use; a new one takes the place of the one before.

    Args:
        database: Where they are kept.
        audit: Where is written down what was done.
        accounts: Sets the password.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, audit: Audit, accounts: Accounts, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._clock = clock

    def create(self, found: Account, *, by: By) -> str:
        """Make a link, and return its text, which is told this once.

        Raises:
            RefusedError: The account is disabled; a link would not change that.
        """
        if found.disabled:
            raise RefusedError(Message("“%(name)s” is disabled; enable the account first.", name=found.login))
        text = secrets.token_urlsafe(BYTES)
        with self._database.writing() as db:
            db.execute(
                delete(reset).where((reset.c.account == found.id) | (reset.c.expires <= int(self._clock())))
            )
            expires = int(self._clock()) + HOURS * 3_600
            db.execute(
                insert(reset).values(digest=digested(text), account=found.id, by=by.who, expires=expires)
            )
            self._audit.write(db, by, "reset.create", found.login)
        return text

    def find(self, text: str) -> Account:
        """Return the account that a link is for.

        Raises:
            UnknownError: There is none, it was used, it has ended, or the account is disabled.
        """
        with self._database.reading() as db:
            return account_of(self._valid(db, text))

    def use(self, text: str, password: str, *, address: str) -> Account:
        """Set a password, and end all sessions of the account; the link then is used up.

        Raises:
            UnknownError: As `find`.
            RefusedError: That cannot be a password; the link can still be used.
        """
        found = self.find(text)
        hashed = self._accounts.hash_for(found, password)
        with self._database.writing() as db:
            self._valid(db, text)
            self._accounts.write_password(db, found.id, hashed)
            self._audit.write(db, By(found.login, address), "reset.use", found.login)
        return found

    def _valid(self, db: Connection, text: str) -> Row[Any]:
        query = (
            select(account, reset.c.expires.label("link_expires"))
            .join_from(reset, account)
            .where(reset.c.digest == digested(text))
        )
        row = db.execute(query).one_or_none()
        if row is None or row.disabled or row.link_expires <= self._clock():
            raise UnknownError(
                Message("This link was used already, has ended, or never was; ask an admin for another.")
            )
        return row
