"""Signing in: bounded by account and by address, and telling nothing of which accounts there are.

Whoever guesses from elsewhere keeps nobody out: failures for an account are counted by the network that they come from,
and together only up to a much higher bound.
"""

from dataclasses import dataclass

from wiki.state.accounts import Account, Accounts
from wiki.state.audit import Audit, By
from wiki.state.limits import Limits, network
from wiki.state.names import key
from wiki.state.sessions import Sessions

RATE = 10  # failures for one account from one network
EVERYWHERE = 10  # times as many for one account from all networks together
NEAR = 24  # bits of an IPv4 address that make a network
ADDRESSES = 5  # times as many from one address: behind one may be an office
SECONDS = 900  # in which as many are given back


@dataclass(frozen=True, slots=True)
class Attempt:
    """How signing in went."""

    cookie: str = ""  # what the session's cookie holds; empty: no
    account: Account | None = None
    wait: int = 0  # seconds to wait before the next; 0: none


class Logins:
    """Lets people sign in.

    Args:
        accounts: Who there is.
        sessions: What begins.
        limits: How often it may be tried.
        audit: Where is written down what was done.
        rate: Failures for one account from one network in `SECONDS`.
    """

    def __init__(
        self, accounts: Accounts, sessions: Sessions, limits: Limits, audit: Audit, rate: int = RATE
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._limits = limits
        self._audit = audit
        self._rate = rate

    def attempt(self, login: str, password: str, *, address: str, agent: str = "") -> Attempt:
        """Try to sign in.

        The answer, and what it costs, are the same whether or not there is such an account, and whether or not it is
        disabled.
        """
        account, wait = self._tried(login, password, address)
        if account is None:
            return Attempt(wait=wait)
        return Attempt(self._sessions.begin(account, By(account.login, address), agent), account)

    def confirm(self, account: Account, password: str, *, address: str) -> Attempt:
        """Ask somebody who is signed in for their password once more; it is as bounded, and begins nothing."""
        found, wait = self._tried(account.login, password, address)
        return Attempt(account=found, wait=wait)

    def check(self, login: str, password: str, *, address: str) -> Attempt:
        """Say who somebody is that begins no session, as git sends a password each time; as bounded as `attempt`."""
        found, wait = self._tried(login, password, address)
        return Attempt(account=found, wait=wait)

    def _tried(self, login: str, password: str, address: str) -> tuple[Account | None, int]:
        whose = key(login)
        tries = (
            (f"login {whose} {network(address, NEAR)}", self._rate),
            (f"login {whose}", self._rate * EVERYWHERE),
            (f"address {network(address)}", self._rate * ADDRESSES),
        )
        if wait := self._limits.take(*tries, seconds=SECONDS):
            return None, wait
        found = self._accounts.check(login, password)
        if found is None:
            # What was typed may be a password in the wrong field, so only what is a login is kept.
            self._audit.note(By("", address), "login.failed", self._accounts.spelled(login))
        else:
            self._limits.give_back(*tries, seconds=SECONDS)
        return found, 0
