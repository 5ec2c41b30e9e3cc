"""Accounts: who may sign in, what they are to the wiki, and whom their commits name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from engine.access import Actor, Kind, Role
from engine.messages import Message
from engine.model import Author
from wiki.state.audit import Audit, By, Clock, moment
from wiki.state.database import Database
from wiki.state.errors import RefusedError, UnknownError
from wiki.state.names import LOGIN_CHARACTERS, key, look, parse_email, parse_login, parse_name
from wiki.state.passwords import Passwords, parse_password
from wiki.state.schema import account, draft, reset, session, token

ROLES = (Role.READER, Role.EDITOR, Role.ADMIN)
"""What an account may be."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in."""

    id: int
    login: str
    name: str  # as it stands in commits; the login where they gave none
    email: str  # empty: none
    role: Role
    disabled: bool
    language: str  # of the interface; empty: what the browser asks for
    has_password: bool
    created: datetime

    @property
    def author(self) -> Author:
        """Whom their commits name."""
        return Author(self.name, self.email or f"{self.login}@localhost")

    @property
    def actor(self) -> Actor:
        """The person as the engine knows them."""
        return Actor(Kind.PERSON, self.login, Role.NOBODY if self.disabled else self.role, self.author)


class Accounts:
    """Makes and changes accounts.

    Args:
        database: Where they are kept.
        audit: Where is written down what was done.
        passwords: Hashes and checks.
        clock: Seconds since 1970.
    """

    def __init__(self, database: Database, audit: Audit, passwords: Passwords, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._passwords = passwords
        self._clock = clock
        self._any: tuple[int, bool] = (-1, False)

    # -- questions

    def any(self) -> bool:
        """Say whether there is an account, disabled ones among them; cheap enough for every request."""
        generation = self._database.generation()
        if self._any[0] != generation:
            with self._database.reading() as db:
                self._any = (generation, db.scalar(select(account.c.id).limit(1)) is not None)
        return self._any[1]

    def all(self) -> Sequence[Account]:
        """Return all accounts, by login."""
        with self._database.reading() as db:
            return tuple(map(account_of, db.execute(select(account).order_by(account.c.key))))

    def get(self, login: str) -> Account:
        """Return the account of a login, however it is spelled.

        Raises:
            UnknownError: There is none.
        """
        with self._database.reading() as db:
            return account_of(_found(db, login))

    def spelled(self, login: str) -> str:
        """Return a login as its account has it, disabled or not; empty where there is none."""
        with self._database.reading() as db:
            return db.scalar(select(account.c.login).where(account.c.key == key(login))) or ""

    def check(self, login: str, password: str) -> Account | None:
        """Return the account of which both are right, unless it is disabled.

        It takes as long for an account that there is not. Where the cost of hashing has changed, the password is
        hashed anew.
        """
        with self._database.reading() as db:
            row = db.execute(select(account).where(account.c.key == key(login))).one_or_none()
        kept = row.password if row is not None and not row.disabled else ""
        if not self._passwords.check(kept, password) or row is None:
            return None
        if self._passwords.is_outdated(kept):
            anew = self._passwords.hash(password)
            with self._database.writing() as db:
                same = (account.c.id == row.id) & (account.c.password == kept)
                db.execute(update(account).where(same).values(password=anew))
        return account_of(row)

    # -- changes

    def add(
        self,
        login: str,
        *,
        by: By,
        role: Role = Role.READER,
        password: str | None = None,
        name: str = "",
        email: str = "",
    ) -> Account:
        """Make an account.

        Args:
            login: What they sign in with.
            by: Who does it.
            role: What they are to the wiki.
            password: ``None``: nobody can sign in before one is set.
            name: As it stands in commits; empty: the login.
            email: As it stands in commits; empty: none.

        Raises:
            RefusedError: One of these cannot be, or is taken.
        """
        values = self.prepare(login, role=role, password=password, name=name, email=email)
        with self._database.writing() as db:
            return self.insert(db, values, by)

    def check_choice(
        self, login: str, password: str | None, name: str = "", email: str = ""
    ) -> tuple[str, str, str]:
        """Return login, name and address as they are kept, without looking whether there is such an account.

        Raises:
            RefusedError: One of these, or the password, can be nobody's.
        """
        login, name, email = parse_login(login), parse_name(name), parse_email(email)
        if password is not None:
            parse_password(password, login, name, email)
        return login, name, email

    def prepare(
        self, login: str, *, role: Role, password: str | None, name: str = "", email: str = ""
    ) -> Mapping[str, str]:
        """Check and hash what an account is made of, before anything is written; errors as `add`."""
        login, name, email = self.check_choice(login, password, name, email)
        if role not in ROLES:
            raise RefusedError(Message("An account cannot be “%(role)s”.", role=role))
        hashed = "" if password is None else self._passwords.hash(password)
        looks = {"look": look(login), "name_look": look(name)}
        return {
            "login": login,
            "key": key(login),
            "name": name,
            "email": email,
            "role": role,
            "password": hashed,
        } | looks

    def insert(self, db: Connection, values: Mapping[str, str], by: By) -> Account:
        """Make the account that was prepared; errors as `add`."""
        _check_free(db, values["look"], values["name_look"])
        made = db.execute(
            insert(account).values(**values, disabled=False, language="", created=int(self._clock()))
        )
        (number,) = made.inserted_primary_key or (0,)
        row = db.execute(select(account).where(account.c.id == number)).one()
        self._audit.write(db, By(by.who or row.login, by.address), "account.add", row.login, row.role)
        return account_of(row)

    def set_role(self, login: str, role: Role, *, by: By) -> None:
        """Change what somebody is to the wiki.

        Raises:
            UnknownError: There is no such account.
            RefusedError: It is the last admin, or no account can be that.
        """
        if role not in ROLES:
            raise RefusedError(Message("An account cannot be “%(role)s”.", role=role))
        with self._database.writing() as db:
            row = _found(db, login)
            if role is not Role.ADMIN:
                _check_not_last(db, row)
            db.execute(update(account).where(account.c.id == row.id).values(role=role))
            self._audit.write(db, by, "account.role", row.login, f"{row.role} → {role}")

    def disable(self, login: str, *, by: By) -> None:
        """Let somebody sign in no longer, and end their sessions; errors as `set_role`."""
        with self._database.writing() as db:
            row = _found(db, login)
            _check_not_last(db, row)
            db.execute(update(account).where(account.c.id == row.id).values(disabled=True))
            end_sessions(db, row.id)
            db.execute(delete(reset).where(reset.c.account == row.id))
            self._audit.write(db, by, "account.disable", row.login)

    def enable(self, login: str, *, by: By) -> None:
        """Let somebody sign in again; UnknownError when there is no such account."""
        with self._database.writing() as db:
            row = _found(db, login)
            db.execute(update(account).where(account.c.id == row.id).values(disabled=False))
            self._audit.write(db, by, "account.enable", row.login)

    def remove(self, login: str, *, by: By) -> None:
        """Remove an account with its sessions, tokens and drafts; what it wrote stays. Errors as `set_role`."""
        with self._database.writing() as db:
            row = _found(db, login)
            if db.scalar(select(func.count()).select_from(account)) != 1:
                _check_not_last(db, row)
            db.execute(delete(draft).where(draft.c.actor == row.login))
            db.execute(delete(account).where(account.c.id == row.id))  # sessions, tokens and resets go along
            self._audit.write(db, by, "account.remove", row.login)

    def set_password(self, login: str, password: str, *, by: By) -> None:
        """Set a password, and end all sessions; errors: UnknownError, RefusedError."""
        found = self.get(login)
        hashed = self._passwords.hash(parse_password(password, found.login, found.name, found.email))
        with self._database.writing() as db:
            self.write_password(db, found.id, hashed)
            self._audit.write(db, by, "account.password", found.login)

    def hash_for(self, found: Account, password: str) -> str:
        """Check and hash a new password; RefusedError when it cannot be one."""
        return self._passwords.hash(parse_password(password, found.login, found.name, found.email))

    def write_password(self, db: Connection, number: int, hashed: str) -> None:
        """Set the password of the account of this *number*; sessions, and links to set one, end."""
        db.execute(update(account).where(account.c.id == number).values(password=hashed))
        end_sessions(db, number)
        db.execute(delete(reset).where(reset.c.account == number))

    def set_profile(self, login: str, *, name: str, email: str, language: str, by: By) -> None:
        """Change what somebody says of themselves; errors: UnknownError, RefusedError."""
        name, email = parse_name(name), parse_email(email)
        with self._database.writing() as db:
            row = _found(db, login)
            if look(name) != row.name_look:
                _check_free(db, "", look(name), row.id)
            changed = {"name": name, "name_look": look(name), "email": email, "language": language[:20]}
            db.execute(update(account).where(account.c.id == row.id).values(**changed))
            if (name, email) != (row.name, row.email):
                self._audit.write(db, by, "account.profile", row.login, f"{name} <{email}>")


def account_of(row: Row[Any]) -> Account:
    """Return the account that a row of the table tells of."""
    return Account(
        row.id,
        row.login,
        row.name or row.login,
        row.email,
        Role(row.role),
        row.disabled,
        row.language,
        bool(row.password),
        moment(row.created),
    )


def end_sessions(db: Connection, number: int) -> None:
    """End all sessions of the account of this *number*."""
    db.execute(delete(session).where(session.c.account == number))


def _found(db: Connection, login: str) -> Row[Any]:
    row = db.execute(select(account).where(account.c.key == key(login))).one_or_none()
    if row is None:
        raise UnknownError(Message("There is no account “%(name)s”.", name=login[:LOGIN_CHARACTERS]))
    return row


def _check_free(db: Connection, login_look: str, name_look: str, own: int = 0) -> None:
    """Make sure that nobody, person or program, looks like a new name."""
    for wanted, what in ((login_look, "login"), (name_look, "name")):
        same = or_(account.c.look == wanted, account.c.name_look == wanted)
        of_programs = select(token.c.id).where(token.c.look == wanted, token.c.revoked.is_(None))
        if wanted and (
            db.scalar(select(account.c.id).where(same, account.c.id != own).limit(1)) is not None
            or db.scalar(of_programs) is not None
        ):
            taken = {
                "login": Message("That login name is taken, or looks like one that is."),
                "name": Message("Somebody has that name, or one that looks like it."),
            }
            raise RefusedError(taken[what])


def _check_not_last(db: Connection, row: Row[Any]) -> None:
    others = select(account.c.id).where(
        account.c.role == Role.ADMIN, account.c.disabled.is_(False), account.c.id != row.id
    )
    if row.role == Role.ADMIN and not row.disabled and db.scalar(others.limit(1)) is None:
        raise RefusedError(
            Message("“%(name)s” is the last admin; make somebody else one first.", name=row.login)
        )
