"""One push, as the server decides on it: checked, written down, published."""

from collections.abc import Callable, Mapping, Sequence
from logging import getLogger
from pathlib import Path

from engine.access import Actor
from engine.errors import PushRefusedError, WikiError
from engine.pushing import Update
from engine.pushing.pushing import Say
from engine.wiki import Wiki
from wiki.state import By, State
from wiki.transport.hooks import FAILED

log = getLogger(__name__)

SHORT = 12  # characters of a commit's id in the audit


class Receiving:
    """Decides on one push.

    Args:
        wiki: Checks and publishes.
        state: Where is written down who pushed what.
        actor: Who pushes.
        by: The same, as the audit has it.
    """

    def __init__(self, wiki: Wiki, state: State, actor: Actor, by: By) -> None:
        self._wiki = wiki
        self._state = state
        self._actor = actor
        self._by = by
        self._checked: Mapping[Update, Sequence[str]] = {}  # what may be published, with its commits

    def check(self, updates: Sequence[Update], quarantine: Path, say: Say, stop: Callable[[], bool]) -> bool:
        """Say whether the push may be; if not every reason is told."""
        try:
            checked = self._wiki.pushing.check(updates, quarantine, self._actor, stop=stop)
        except WikiError as error:
            _tell(error, say)
            return False
        except Exception:
            log.exception("a push could not be checked")
            say(f"nothing was pushed: {FAILED}")
            return False
        for line in checked.warnings:
            say(line)
        self._checked = dict.fromkeys(updates, checked.commits)
        return True

    def publish(self, updates: Sequence[Update], say: Say) -> Mapping[str, str]:
        """Publish what was checked, and return for each reference that was not moved why."""
        return {
            update.reference: why for update in updates if (why := self._publish(update, say)) is not None
        }

    def _publish(self, update: Update, say: Say) -> str | None:
        commits = self._checked.get(update)
        if commits is None:
            return "it was not checked"
        detail = f"{(update.old or 'nothing')[:SHORT]}..{(update.new or 'nothing')[:SHORT]}"
        try:
            # Before the branch moves, so that whoever reads the history sees it, whatever happens to this process.
            self._state.pushes.record(commits, self._actor.author, self._by)
            self._state.audit.note(
                self._by,
                "push",
                update.reference.removeprefix("refs/heads/"),
                f"{detail}, {len(commits)} commits",
            )
            self._wiki.pushing.publish(update, self._actor, say)
        except WikiError as error:
            _tell(error, say)
            self._state.audit.note(
                self._by, "push.refused", update.reference.removeprefix("refs/heads/"), detail
            )
            return error.message
        except Exception:
            log.exception("a push could not be published")
            say(FAILED)
            return FAILED
        return None


def _tell(error: WikiError, say: Say) -> None:
    say("nothing was pushed:")
    for line in error.reasons if isinstance(error, PushRefusedError) else (str(error),):
        say(f"  {line}")
