"""A state for tests: its passwords cost next to nothing, and its clock goes when it is told to."""

from wiki.state import By, Hashing

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
