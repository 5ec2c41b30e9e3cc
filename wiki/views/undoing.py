"""Taking back what a commit did, or what somebody did since a time: shown first, and done with what can be done."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from engine.access import Role
from engine.changes import PageConflict
from engine.contents import COMPARED_BYTES, COMPARED_LINES, Contents, compare
from engine.errors import ForbiddenError, WikiError
from engine.messages import Message
from engine.model import Author, Form, Name, TouchKind
from engine.sight import past_name
from engine.undoing import COMMITS, UndoPlan
from engine.wiki import Snapshot
from wiki import current
from wiki.conflicts import Place, places
from wiki.current import opened
from wiki.errors import status
from wiki.forms import exact_field, field, path_field
from wiki.languages import gettext as _
from wiki.saving import check_known, commit
from wiki.urls import argument

bp = Blueprint("undoing", __name__)

SHOWN = 300  # files that are named; of more the rest is counted


@dataclass(frozen=True, slots=True)
class Clash:
    """A page in which others went on from what is to be taken back."""

    conflict: PageConflict
    name: Name
    places: Sequence[Place]  # where both touch each other
    base: str  # the blob from which both went on, where the reader can choose between them


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be taken back: how it is planned, and how the page about it is shown."""

    template: str
    plan: Callable[[Snapshot], UndoPlan]
    fields: dict[str, str]  # that the form repeats
    address: str
    commit: str = ""  # the one that is reverted


@bp.get("/-/revert/<commit>")
def revert(commit: str) -> ResponseReturnValue:
    """Show what reverting a commit would do; with ``page`` in one of its files only."""
    return _show(_reverting(commit, argument("page")))


@bp.post("/-/revert/<commit>")
def reverted(commit: str) -> ResponseReturnValue:
    """Revert it."""
    return _do(_reverting(commit, path_field("page")))


def _reverting(commit: str, page: str) -> Asked:
    return Asked(
        "undoing/revert.html",
        lambda snapshot: snapshot.undoing.revert(commit, page),
        {"page": page},
        f"/-/revert/{commit}",
        commit,
    )


@bp.get("/-/undo")
def undo() -> ResponseReturnValue:
    """Show what taking back everything that an author did would do; ``since`` a day, a time or a commit."""
    return _show(_undoing(argument("author"), argument("email"), argument("since")))


@bp.post("/-/undo")
def undone() -> ResponseReturnValue:
    """Take it back."""
    return _do(_undoing(exact_field("author"), exact_field("email"), field("since")))


def _undoing(author: str, email: str, since: str) -> Asked:
    def plan(snapshot: Snapshot) -> UndoPlan:
        if not author:
            raise BadRequest(_("Say whose changes are to be undone: choose somebody in the recent changes."))
        return snapshot.undoing.undo(Author(author, email), _since(since))

    return Asked(
        "undoing/undo.html",
        plan,
        {"author": author, "email": email, "since": since},
        "/-/undo",
    )


def _since(text: str) -> datetime | str:
    """Return a time, in UTC where nothing else is said; what has no hyphen can only be a commit."""
    if "-" not in text:
        return text
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(_("Say the day as year, month and day: 2026-03-31.")) from None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _show(asked: Asked) -> ResponseReturnValue:
    with opened() as snapshot:
        _check(snapshot)
        try:
            plan = asked.plan(snapshot)
        except WikiError as error:
            return _page(snapshot, asked, None, error), status(error)
        return _page(snapshot, asked, plan)


def _do(asked: Asked) -> ResponseReturnValue:
    with opened() as snapshot:
        _check(snapshot)
        try:
            plan = asked.plan(snapshot)
        except WikiError as error:
            return _page(snapshot, asked, None, error), status(error)
        if field("seen") != _digest(plan):
            return _page(snapshot, asked, plan, moved=True), 409
    try:
        commit(plan.changes, field("summary") or plan.summary, plan.trailers)
    except WikiError as error:
        with opened() as snapshot:
            with suppress(WikiError):
                return _page(snapshot, asked, asked.plan(snapshot), error), status(error)
            return _page(snapshot, asked, None, error), status(error)
    return redirect(_afterwards(plan), 303)


def _check(snapshot: Snapshot) -> None:
    """Let nobody ask for what takes long who could not do it."""
    check_known()
    if not snapshot.actor.role.covers(Role.CONTRIBUTOR):
        raise ForbiddenError(Message("You may not change pages here."))


def _afterwards(plan: UndoPlan) -> str:
    """Return where what was done can be seen."""
    if len(plan.files) != 1:
        return "/-/recent"
    (file,) = plan.files
    return "/-/deleted" if file.kind is TouchKind.DELETED else file.then.url


def _digest(plan: UndoPlan) -> str:
    """Return what tells whether a plan is the one that somebody was shown."""
    return sha256(repr((plan.files, plan.left)).encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _page(
    snapshot: Snapshot,
    asked: Asked,
    plan: UndoPlan | None,
    error: WikiError | None = None,
    *,
    moved: bool = False,
) -> str:
    return current.site().themes.render(
        asked.template,
        plan=plan,
        seen=_digest(plan) if plan is not None else "",
        asked=asked,
        clashes=[_clash(snapshot, asked, conflict) for conflict in plan.conflicts]
        if plan is not None
        else [],
        changes=_compared(snapshot, plan) if plan is not None else None,
        day=asked.fields.get("since", "")[:10] if "-" in asked.fields.get("since", "") else "",
        summary=field("summary") or (plan.summary if plan is not None else ""),
        error=error,
        moved=moved,
        shown=SHOWN,
        at_once=COMMITS,
        limits=(COMPARED_BYTES, COMPARED_LINES),
    )


def _clash(snapshot: Snapshot, asked: Asked, conflict: PageConflict) -> Clash:
    """Return how a conflict is shown; of one commit its reader can choose what is to stand there."""
    name = past_name(conflict.path, None)
    if conflict.merged is None or not asked.commit or name.form is not Form.PAGE:
        return Clash(conflict, name, places(conflict.merged) if conflict.merged is not None else (), "")
    base = ""
    with suppress(WikiError):
        made = snapshot.past.name_at(snapshot.past.subject(conflict.path), snapshot.past.commit(asked.commit))
        base = made.blob if made is not None else ""
    return Clash(conflict, name, places(conflict.merged), base)


def _compared(snapshot: Snapshot, plan: UndoPlan) -> Contents | None:
    """Say what would change in the text, where it is that of one file."""
    if len(plan.files) != 1 or plan.files[0].kind not in {TouchKind.CHANGED, TouchKind.RENAMED}:
        return None
    (change,) = plan.changes
    content = getattr(change, "content", None)
    if content is None:
        return None
    with suppress(WikiError):
        name = snapshot.past.subject(plan.files[0].path).name
        return compare(snapshot.source(name), content, page=name.form is Form.PAGE)
    return None
