"""One push, as the server decides on it: checked, written down, published."""

from collections.abc import Callable, Mapping, Sequence
from logging import getLogger
from pathlib import Path

from engine.errors import PushRefusedError, WikiError
from engine.pushing import Update
from engine.pushing.pushing import Say
from engine.wiki import Wiki
from wiki.state import State
from wiki.transport.credentials import Caller
from wiki.transport.hooks import FAILED

log = getLogger(__name__)

SHORT = 12  # characters of a commit's id in the audit
CHANGED = "what you may do has changed meanwhile; push again"


class Receiving:
    """Decides on one push.

    Args:
        wiki: Checks and publishes.
        state: Where is written down who pushed what.
        caller: Who pushes, when they began.
        again: Says who pushes, each time that it is asked; ``None`` where they may push no longer. A push may take
            long, and what somebody may do can change meanwhile.
        send: Waits until the remote has a commit, and returns why it has not, empty where it has; ``None`` where nobody
            is to wait.
    """

    def __init__(
        self,
        wiki: Wiki,
        state: State,
        caller: Caller,
        again: Callable[[], Caller | None],
        send: Callable[[str], str] | None = None,
    ) -> None:
        self._wiki = wiki
        self._state = state
        self._actor = caller.actor
        self._by = caller.by
        self._again = again
        self._send = send
        self._checked: Mapping[Update, Sequence[str]] = {}  # what may be published, with its commits

    def check(
        self, updates: Sequence[Update], quarantine: Path | None, say: Say, stop: Callable[[], bool]
    ) -> bool:
        """Say whether the push may be; if not every reason is told."""
        try:
            self._check_rights()
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
        branch = update.reference.removeprefix("refs/heads/")
        detail = f"{(update.old or 'nothing')[:SHORT]}..{(update.new or 'nothing')[:SHORT]}"
        try:
            self._check_rights()
            # Before the branch moves, so that whoever reads the history sees it, whatever happens to this process.
            self._state.pushes.record(commits, self._actor.author, self._by)
            self._wiki.pushing.publish(update, self._actor, say)
        except PushRefusedError as error:
            return self._refused(error, branch, detail, say)
        except Exception as error:
            if not self._has_moved(update):
                if isinstance(error, WikiError):
                    return self._refused(error, branch, detail, say)
                log.exception("a push could not be published")
                say(FAILED)
                return FAILED
            log.exception("a push was published, and not all that follows was done")
            say(f"Published, but {FAILED}")
        try:
            self._state.audit.note(self._by, "push", branch, f"{detail}, {len(commits)} commits")
        except Exception:  # what is published is published
            log.exception("a push was published, and is not in the audit: %s %s", self._by, detail)
        if update.new is not None and self._send is not None and (late := self._send(update.new)):
            say(f"Published here. The remote does not have it yet: {late}")
        return None

    def _check_rights(self) -> None:
        """Refuse who may not push any longer, or not the same."""
        caller = self._again()
        if caller is None or caller.actor != self._actor:
            raise PushRefusedError(CHANGED)

    def _has_moved(self, update: Update) -> bool:
        try:
            return update.new is not None and self._wiki.head() == update.new
        except WikiError:
            return False

    def _refused(self, error: WikiError, branch: str, detail: str, say: Say) -> str:
        _tell(error, say)
        try:
            self._state.audit.note(self._by, "push.refused", branch, detail)
        except WikiError:
            log.exception("a push that was refused is not in the audit: %s %s", self._by, detail)
        return error.message


def _tell(error: WikiError, say: Say) -> None:
    say("nothing was pushed:")
    for line in error.reasons if isinstance(error, PushRefusedError) else (str(error),):
        say(f"  {line}")
