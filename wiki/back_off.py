"""When what failed is tried again: the more tries have failed, the later, and not all at the same moment."""

from dataclasses import dataclass
from datetime import datetime
from random import uniform

SLACK = 60.0  # seconds by which two clocks may differ


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long is waited between tries."""

    first: float  # seconds, after the first try that failed
    longest: float  # seconds, however many did

    def wait(self, tries: int) -> float:
        """Return the seconds to wait after so many tries that failed before this one."""
        return min(self.longest, self.first * 2.0 ** min(tries, 20)) * uniform(0.5, 1.0)  # noqa: S311 - so that not all come back at once

    def is_due(self, next_try: datetime | None, now: float) -> bool:
        """Say whether it is time to try; a time that no try can have set was set by a clock that was wrong."""
        return next_try is None or not now < next_try.timestamp() <= now + self.longest + SLACK
