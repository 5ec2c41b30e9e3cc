"""Takes what somebody pushes: checks it, and moves the branch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.access import Actor
from engine.pushing.rules import Update

Say = Callable[[str], None]
"""Tells whoever pushes one line."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A push that may be published."""

    commits: Sequence[str]  # that it brings, parents first
    warnings: Sequence[str]  # a line each


class Pushing:
    """Takes pushes. Made by `Wiki`."""

    def check(self, updates: Sequence[Update], quarantine: Path, actor: Actor) -> Checked:
        """Look at what a push would change, before anything does.

        Args:
            updates: All references that it moves.
            quarantine: Where git keeps the objects that came with it.
            actor: Who pushes.

        Raises:
            PushRefusedError: With every reason.
        """
        raise NotImplementedError

    def publish(self, update: Update, actor: Actor, say: Say) -> None:
        """Move the branch, and wait until every answer shows what came, for a bounded time.

        Args:
            update: As it was checked; its objects are in the repository.
            actor: Who pushes.
            say: Tells whoever pushes what goes on behind.

        Raises:
            PushRefusedError: The branch has moved, or a file of a work tree is in the way. Nothing has changed.
        """
        raise NotImplementedError
