"""Pushes whose git the server does not run: by ssh, or by a path, to a repository with ``quire hook install``.

Git's hooks reach the server as those of a push over HTTP do, with the same checks. No process of the server has begun
such a push, and none remembers it between two hooks: so all is checked again before the branch moves, when its objects
are in the repository already.

The socket can be reached by the user that runs the wiki alone, who could change the repository without any push. So the
name of who pushes is believed; where there is none, it is whoever runs the wiki.
"""

import ipaddress
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from engine.access import Actor, Kind, Role
from engine.model import Author
from engine.pushing import Update
from engine.pushing.pushing import Say
from engine.wiki import Wiki
from wiki.identity import LOCAL_NAME
from wiki.state import By, State
from wiki.state.errors import UnknownError
from wiki.transport.credentials import Caller
from wiki.transport.hooks import ANOTHER, Publishing, Rechecker
from wiki.transport.receiving import Receiving
from wiki.transport.slots import BusyError, Slots

WAIT = 60.0  # seconds that a hook waits for others to end
REFUSED = "the wiki refused it"
ENDED = "the wiki is ending, or did not wait any longer; try again in a moment"
BUSY = "too many clone or push at the same time; try again in a moment"


class RefusedError(Exception):
    """Somebody may not push; the text says why, and what to do."""


class Host:
    """Decides on pushes that come to the repository itself.

    Args:
        wiki: Checks and publishes.
        state: Knows accounts, and where is written down who pushed what.
        local: Whom commits of whoever runs the wiki name.
        slots: Bound how many are decided on at once.
        whole: Whether the wiki shows all of the repository.
        send: See `Receiving`.
    """

    def __init__(
        self,
        wiki: Wiki,
        state: State,
        local: Author,
        slots: Slots,
        *,
        whole: bool,
        send: Callable[[str], str] | None = None,
    ) -> None:
        self.wiki = wiki
        self.state = state
        self.slots = slots
        self.send = send
        self._local = Actor(Kind.PERSON, LOCAL_NAME, Role.ADMIN, local)
        self._whole = whole

    def receiver(self, user: str | None, address: str) -> Rechecker:
        """Return what decides on what somebody pushes.

        Args:
            user: The login of their account; ``None``: whoever runs the wiki.
            address: From where, for the audit; what is no address of the network is left out.
        """
        return _Deciding(self, user, _address(address))

    def caller(self, user: str | None, address: str) -> Caller:
        """Return who pushes, as things are now.

        Raises:
            RefusedError: They may not.
        """
        if user is None:
            return Caller(self._local, By(LOCAL_NAME, address), known=True)
        if not user:
            raise RefusedError("QUIRE_USER is empty; name an account in it, where the key is")
        try:
            account = self.state.accounts.get(user)
        except UnknownError as error:
            raise RefusedError(
                f"there is no account {user!r}; name one that there is in QUIRE_USER, where the key is"
            ) from error
        if account.disabled:
            raise RefusedError(f"the account {account.login} is disabled; ask an admin to enable it")
        caller = Caller(account.actor, By(account.login, address), known=True)
        if not caller.may_push(self.wiki.policy, whole=self._whole):
            raise RefusedError(
                "you may read, and not write; ask an admin for the role of an editor"
                if self._whole or not account.role.covers(Role.EDITOR)
                else "the wiki shows one folder of the repository; only admins can push to it"
            )
        return caller


class _Deciding:
    """Decides on one push."""

    def __init__(self, host: Host, user: str | None, address: str) -> None:
        self._host = host
        self._user = user
        self._address = address

    def check(
        self, updates: Sequence[Update], quarantine: Path | None, say: Say, stop: Callable[[], bool]
    ) -> bool:
        """Say whether it may be; if not every reason is told."""
        try:
            _check_owner(quarantine)
            with self._host.slots.taken():
                return self._receiving().check(updates, quarantine, say, stop)
        except (RefusedError, BusyError) as error:
            _tell(error, say)
            return False

    def publish(
        self, updates: Sequence[Update], say: Say, stop: Callable[[], bool], publishing: Publishing
    ) -> Mapping[str, str]:
        """Check it again and publish it, and return for each reference that was not moved why."""
        said: list[str] = []
        try:
            with self._host.slots.taken():
                receiving = self._receiving()
                if receiving.check(updates, None, said.append, stop):
                    said.clear()  # what it warned of was told when it was checked first
                    with publishing() as wanted:
                        if wanted:
                            return receiving.publish(updates, say)
                    raise RefusedError(ENDED)
        except (RefusedError, BusyError) as error:
            _tell(error, said.append)
        for line in said:
            say(line)
        return dict.fromkeys((update.reference for update in updates), REFUSED)

    def _receiving(self) -> Receiving:
        caller = self._host.caller(self._user, self._address)
        return Receiving(self._host.wiki, self._host.state, caller, self._again, self._host.send)

    def _again(self) -> Caller | None:
        try:
            return self._host.caller(self._user, self._address)
        except RefusedError:
            return None


def _check_owner(quarantine: Path | None) -> None:
    """Refuse objects of another user, as root may bring: the wiki could write nothing beside them.

    The socket tells who asks, but not on every system.

    Raises:
        RefusedError: They are.
    """
    try:
        is_ours = quarantine is None or quarantine.stat().st_uid == os.geteuid()
    except OSError:
        return  # what is no quarantine is refused with the reason when it is looked into
    if not is_ours:
        raise RefusedError(ANOTHER)


def _tell(error: Exception, say: Say) -> None:
    say(f"nothing was pushed: {BUSY if isinstance(error, BusyError) else error}")


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""
