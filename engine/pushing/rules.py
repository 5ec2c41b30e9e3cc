"""What a push may bring."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Update:
    """One reference that a push moves."""

    reference: str  # whole, such as refs/heads/main
    old: str | None  # the commit that it is at; None: it is to be new
    new: str | None  # None: it is to be deleted


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one push may bring."""

    file_bytes: int = 50_000_000
    rewrites: bool = False  # whether admins may leave out commits that were published
