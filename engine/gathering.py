"""When the search index follows: at once where somebody waits for it, else once for all changes of a while."""

import time

GATHER = 1.0  # seconds in which changes gather
WANTED = 0.2  # seconds for which the index is seen to after somebody said that they wait


class Gathering:
    """Says when the index is due, whichever process of the host updates it. Safe to share between threads."""

    def __init__(self) -> None:
        self._wanted = 0.0  # until when somebody waits
        self._seen: tuple[str | None, float] = (
            None,
            0.0,
        )  # the commit that the index described, and since when

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits just now."""
        return time.monotonic() < self._wanted

    def want(self) -> bool:
        """Say that somebody waits, who says so again and again, and return whether nobody did."""
        first = not self.is_wanted
        self._wanted = time.monotonic() + WANTED
        return first

    def due(self, indexed: str | None) -> float:
        """Return after how many seconds the index may follow, if nobody waits for it before.

        Args:
            indexed: The commit that the index describes.
        """
        now = time.monotonic()
        if self._seen[0] != indexed:
            self._seen = indexed, now
        return 0.0 if self.is_wanted else max(0.0, self._seen[1] + GATHER - now)
