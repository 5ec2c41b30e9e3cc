"""Renaming and moving a page, a file or a folder: what it changes is shown first, and done in one commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from engine.changes import Change
from engine.errors import ForbiddenError, WikiError
from engine.ids import PAGE_SUFFIXES, page_stem, url_path
from engine.messages import Message
from engine.model import Form, Name
from engine.moving import Leave, MovePlan
from engine.wiki import Plan, Snapshot
from wiki import current
from wiki.current import opened
from wiki.errors import status
from wiki.forms import field, path_field
from wiki.languages import gettext as _
from wiki.saving import check_known, commit
from wiki.urls import argument, living_at

bp = Blueprint("moving", __name__)

SHOWN = 300  # pages, and files, that are named; of more the rest is counted


class _OtherPlanError(Exception):
    """A move would change other things by now than those that were shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be moved, and where to."""

    name: Name
    to: str  # as it was typed: of a page without its suffix
    leave: Leave

    @property
    def path(self) -> str:
        """The new path, in full."""
        to = self.to.strip("/ ")
        if self.name.form is not Form.PAGE or page_stem(to) is not None:
            return to
        suffix = next((each for each in PAGE_SUFFIXES if self.name.path.lower().endswith(each)), "")
        return to + self.name.path[len(self.name.path) - len(suffix) :]


@bp.get("/-/rename/<address:text>")
def view(text: str) -> ResponseReturnValue:
    """Ask for the new name; with one, show what the move changes."""
    with opened() as snapshot:
        asked = _asked(snapshot, text, argument("to"), argument("leave"))
        return _planned(snapshot, asked) if asked.to else _page(snapshot, asked, None)


@bp.post("/-/rename/<address:text>")
def move(text: str) -> ResponseReturnValue:
    """Move it, if what that changes is still what was shown."""
    with opened() as snapshot:
        asked = _asked(snapshot, text, path_field("to"), field("leave"))

    def changes(snapshot: Snapshot) -> Sequence[Change]:
        plan = snapshot.moving.plan(asked.name.path, asked.path, asked.leave)
        if field("seen") != _digest(plan):
            raise _OtherPlanError
        return plan.changes

    try:
        plan = Plan(("move", asked.name.path, asked.path, asked.leave), changes)
        commit(plan, field("summary") or _summary(asked))
    except _OtherPlanError:
        with opened() as snapshot:
            return _planned(snapshot, asked, moved=True)
    except WikiError as error:
        with opened() as snapshot:
            return _page(snapshot, asked, None, error), status(error)
    folder = asked.name.form is Form.FOLDER
    return redirect(url_path(f"{asked.path}/" if folder else page_stem(asked.path) or asked.path), 303)


def _asked(snapshot: Snapshot, text: str, to: str, leave: str) -> Asked:
    """Read what is asked for; who may not move the file is told so."""
    try:
        left = Leave(leave or Leave.NOTHING)
    except ValueError:
        choices = ", ".join(Leave)
        raise BadRequest(_("%(name)s must be one of: %(choices)s.", name="leave", choices=choices)) from None
    if text.endswith("/"):
        check_known()
        name = Name(snapshot.folder(text.rstrip("/"), 0, 1).path, "", Form.FOLDER)
    else:
        name = living_at(text, "/-/rename")
    if not snapshot.may_try(name.path):
        raise ForbiddenError(Message("You may not change “%(path)s”.", path=name.path))
    return Asked(name, to, left)


def _planned(snapshot: Snapshot, asked: Asked, *, moved: bool = False) -> ResponseReturnValue:
    """Show what the move changes; *moved* says that something else was shown before."""
    try:
        plan = snapshot.moving.plan(asked.name.path, asked.path, asked.leave)
    except WikiError as error:
        return _page(snapshot, asked, None, error), status(error)
    return _page(snapshot, asked, plan, moved=moved), 409 if moved else 200


def _page(
    snapshot: Snapshot,
    asked: Asked,
    plan: MovePlan | None,
    error: WikiError | None = None,
    *,
    moved: bool = False,
) -> str:
    name = asked.name
    return current.site().themes.render(
        "moving/view.html",
        place=name.folder,
        beside=name if name.form is Form.PAGE else None,
        name=name,
        now=str(name.id) if name.form is not Form.FOLDER else name.path,
        asked=asked,
        plan=plan,
        seen=_digest(plan) if plan is not None else "",
        address=f"/-/rename{name.url}",
        summary=field("summary") if request.method == "POST" else "",
        suggestion=_summary(asked) if plan is not None else "",
        error=error,
        moved=moved,
        shown=SHOWN,
    )


def _summary(asked: Asked) -> str:
    before = page_stem(asked.name.path) or asked.name.path
    return f"Move {before} to {page_stem(asked.path) or asked.path}"


def _digest(plan: MovePlan) -> str:
    """Return what tells whether a plan is the one that somebody was shown."""
    seen = (plan.moves, plan.rewritten, plan.locked, plan.unsure, plan.left)
    return sha256(repr(seen).encode("utf-8", "surrogatepass")).hexdigest()[:24]
