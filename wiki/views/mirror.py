"""The mirror: how it does, and what somebody has to decide where both sides changed the same."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, NotFound

from engine.access import EVERYTHING, Role
from engine.errors import ForbiddenError, InvalidChangeError, WikiError
from engine.merging import Choice as Side
from engine.messages import Message
from engine.mirroring import Choice, Decision, Disagreement
from engine.model import Author
from wiki.conflicts import Place, places, resolved
from wiki.current import current_actor, current_identity, opened, site
from wiki.errors import status as status_of
from wiki.forms import field, one_field
from wiki.languages import gettext as _
from wiki.languages import translated
from wiki.mirror import Mirror
from wiki.showing import by, show

bp = Blueprint("mirror", __name__)

SHOWN = 200  # conflicts in the list
CHOICES = tuple(each.value for each in Side)
"""What may stand in one place."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One conflict, as it is shown."""

    question: Disagreement
    decided: bool
    places: tuple[Place, ...] = ()


def _mirror() -> Mirror:
    """Return the mirror, for those who may read every page and change any that is not protected.

    Raises:
        ForbiddenError: They may not.
    """
    if (mirror := site().mirror) is None:
        raise NotFound
    actor = current_actor()
    if not actor.role.covers(Role.EDITOR) or actor.writes != EVERYTHING or actor.reads != EVERYTHING:
        raise ForbiddenError(Message("Only those who may change every page may do this."))
    return mirror


def _conflicts(mirror: Mirror) -> tuple[list[Disagreement], int]:
    """Return the conflicts that who asks may decide about, and how many others there are.

    What lies outside of the folder with the pages is for admins, as are the files that only they may change.
    """
    found = mirror.conflicts()
    prefix = f"{mirror.root}/" if mirror.root else ""
    with opened() as snapshot:

        def may(path: str) -> bool:
            return snapshot.may_try(path.removeprefix(prefix)) if path.startswith(prefix) else False

        admin = current_identity().is_admin
        mine = [each for each in found if admin or all(may(path) for path in (each.path, each.other) if path)]
    return mine, len(found) - len(mine)


@bp.get("/-/mirror")
def view() -> ResponseReturnValue:
    """List what somebody has to decide."""
    return _list(_mirror())


@bp.post("/-/mirror")
def change() -> ResponseReturnValue:
    """Look what is new there; or, for admins, take what was rewritten there for what it is."""
    mirror = _mirror()
    if one_field("action", ("look", "accept")) == "look":
        mirror.ask()
        return redirect("/-/mirror?done=look", 303)
    if not current_identity().is_admin:
        raise ForbiddenError(Message("Only admins may do this."))
    if not field("sure"):
        return _list(mirror, _("Say that you are sure to join both histories."), 422)
    mirror.accept()
    site().state.audit.note(by(), "mirror.accept", mirror.address)
    return redirect("/-/mirror?done=look", 303)


def _list(mirror: Mirror, error: str = "", code: int = 200) -> ResponseReturnValue:
    decisions = site().state.mirror.decisions()
    conflicts, others = _conflicts(mirror)
    return show(
        "mirror/list.html",
        code,
        mirror=mirror.status(),
        conflicts=[Shown(each, each.name in decisions) for each in conflicts[:SHOWN]],
        count=len(conflicts),
        others=others,
        error=error,
        done=request.args.get("done", ""),
    )


@bp.get("/-/mirror/conflict")
def conflict() -> ResponseReturnValue:
    """Show one conflict, and what can be chosen."""
    mirror = _mirror()
    question = _find(mirror, request.args.get("of", ""))
    return _conflict(question) if question is not None else redirect("/-/mirror?done=gone", 302)


@bp.post("/-/mirror/conflict")
def decide() -> ResponseReturnValue:
    """Keep what somebody decided; when it was the last one, both sides are joined."""
    mirror = _mirror()
    question = _find(mirror, field("of"))
    if question is None:
        return redirect("/-/mirror?done=gone", 303)
    choice = one_field("choice", ("ours", "theirs", "text"))
    if not question.can_be_decided:
        return _conflict(
            question, InvalidChangeError(Message("Move one of the two files; then both sides are joined."))
        )
    actor = current_actor()
    try:
        decision = _decision(question, choice)
        author = actor.author or Author(actor.name or "Somebody", "")
        site().state.mirror.decide(question.name, question.path, decision, author, by())
        mirror.ask()
    except WikiError as error:
        return _conflict(question, error)
    return redirect("/-/mirror?done=decided", 303)


def _decision(question: Disagreement, choice: str) -> Decision:
    if choice != "text":
        return Decision(Choice(choice))
    if question.merge is None:
        raise BadRequest(_("There is no text to choose from."))
    count = len(question.merge.conflicts)
    words = [one_field(f"choice-{number}", CHOICES) for number in range(1, count + 1)]
    return Decision(Choice.TEXT, resolved(question.merge, words))


def _find(mirror: Mirror, name: str) -> Disagreement | None:
    return next((each for each in _conflicts(mirror)[0] if each.name == name), None)


def _conflict(question: Disagreement, error: WikiError | None = None) -> ResponseReturnValue:
    parts = tuple(places(question.merge)) if question.merge is not None else ()
    shown = Shown(question, decided=False, places=parts)
    return show(
        "mirror/conflict.html",
        status_of(error) if error is not None else 200,
        conflict=shown,
        error=translated(error.message) if error is not None else "",
    )
