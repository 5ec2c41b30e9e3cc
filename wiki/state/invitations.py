"""Invitations: links by which one person makes one account."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from engine.access import Role
from engine.messages import Message
from wiki.state.accounts import ROLES, Account, Accounts
from wiki.state.audit import Audit, By, Clock, moment
from wiki.state.database import Database
from wiki.state.errors import RefusedError, UnknownError
from wiki.state.schema import invitation
from wiki.state.signing import digested

DAYS = 7  # that an invitation lasts, where nobody says otherwise
MOST_DAYS = 90
BYTES = 24  # of chance in a link
NOTE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Invitation:
    """One link, and what became of it."""

    id: int
    role: Role
    note: str
    by: str
    created: datetime
    expires: datetime


class Invitations:
    """Makes invitations, and accounts out of them.

    Args:
        database: Where they are kept.
        audit: Where is written down what was done.
        accounts: Makes the account.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, audit: Audit, accounts: Accounts, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._accounts = accounts
        self._clock = clock

    def create(self, role: Role, *, by: By, note: str = "", days: int = DAYS) -> tuple[Invitation, str]:
        """Make an invitation, and return it with the text of its link, which is told this once.

        Raises:
            RefusedError: No account has that role, or it would last too long.
        """
        if role not in ROLES:
            raise RefusedError(Message("An account cannot be “%(role)s”.", role=role))
        if not 1 <= days <= MOST_DAYS:
            raise RefusedError(
                Message.counting(
                    "An invitation lasts from 1 to %(num)s day.",
                    "An invitation lasts from 1 to %(num)s days.",
                    MOST_DAYS,
                )
            )
        text = secrets.token_urlsafe(BYTES)
        now = int(self._clock())
        with self._database.writing() as db:
            db.execute(delete(invitation).where(invitation.c.expires <= now))
            made = db.execute(
                insert(invitation).values(
                    digest=digested(text),
                    role=role,
                    note=" ".join(note.split())[:NOTE_CHARACTERS],
                    by=by.who,
                    created=now,
                    expires=now + days * 86_400,
                    login="",
                )
            )
            (number,) = made.inserted_primary_key or (0,)
            self._audit.write(db, by, "invitation.create", role, note)
            return _invitation(db.execute(select(invitation).where(invitation.c.id == number)).one()), text

    def find(self, text: str) -> Invitation:
        """Return the invitation that a link stands for.

        Raises:
            UnknownError: There is none, it was used, or it has ended.
        """
        with self._database.reading() as db:
            return _invitation(self._valid(db, text))

    def open(self) -> Sequence[Invitation]:
        """Return the invitations that can still be used, newest first."""
        usable = invitation.c.used.is_(None) & (invitation.c.expires > int(self._clock()))
        with self._database.reading() as db:
            rows = db.execute(select(invitation).where(usable).order_by(invitation.c.id.desc()))
            return tuple(map(_invitation, rows))

    def use(
        self, text: str, login: str, password: str, *, address: str, name: str = "", email: str = ""
    ) -> Account:
        """Make an account out of an invitation, which then is used up; of two who try at once one succeeds.

        Raises:
            UnknownError: As `find`.
            RefusedError: As `Accounts.add`; the invitation can still be used.
        """
        role = self.find(text).role
        values = self._accounts.prepare(login, role=role, password=password, name=name, email=email)
        with self._database.writing() as db:
            row = self._valid(db, text)
            made = self._accounts.insert(db, values, By("", address))
            used = {"used": int(self._clock()), "login": made.login}
            db.execute(update(invitation).where(invitation.c.id == row.id).values(**used))
            self._audit.write(db, By(made.login, address), "invitation.use", made.login, f"by {row.by}")
        return made

    def revoke(self, number: int, *, by: By) -> None:
        """Take an invitation back; UnknownError when there is none that can still be used."""
        with self._database.writing() as db:
            unused = (invitation.c.id == number) & invitation.c.used.is_(None)
            if not db.execute(delete(invitation).where(unused)).rowcount:
                raise _unknown()
            self._audit.write(db, by, "invitation.revoke")

    def _valid(self, db: Connection, text: str) -> Row[Any]:
        row = db.execute(select(invitation).where(invitation.c.digest == digested(text))).one_or_none()
        if row is None or row.used is not None or row.expires <= self._clock():
            raise _unknown()
        return row


def _unknown() -> UnknownError:
    return UnknownError(
        Message("This invitation was used already, has ended, or never was; ask for another one.")
    )


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(row.id, Role(row.role), row.note, row.by, moment(row.created), moment(row.expires))
