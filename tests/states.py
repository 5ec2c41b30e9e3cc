"""A state for tests: its passwords cost next to nothing, and its clock goes when it is told to."""

from wiki.state import By, Hashing, State

CHEAP = Hashing(passes=1, memory=8, lanes=1)
"""The least that argon2 allows."""

PASSWORD = "correct horse battery"
ADMIN = By("root", "192.0.2.1")
NOW = 1_767_225_600.0  # the first of January 2026


class Clock:
    """Seconds since 1970, as a test has them."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def pass_by(self, *, days: float = 0, seconds: float = 0) -> None:
        self.now += days * 86_400 + seconds


def end_sessions(state: State, login: str) -> None:
    """Sign somebody out everywhere."""
    account = state.accounts.get(login)
    for session in state.sessions.of(account):
        assert state.sessions.revoke(account, session.id, ADMIN)


def audited(state: State) -> int:
    """Return how many things were written down."""
    entries, more = state.audit.entries(limit=10_000)
    assert not more
    return len(entries)
