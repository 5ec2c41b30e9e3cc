"""Protecting a page: who may change it, set by admins."""

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from engine.access import Role
from engine.errors import ForbiddenError, WikiError
from engine.messages import Message
from engine.past_answers import Subject
from engine.wiki import Snapshot
from wiki import current
from wiki.current import opened
from wiki.errors import status
from wiki.forms import field, one_field
from wiki.showing import by
from wiki.state.protections import LEVELS
from wiki.urls import subject_at

bp = Blueprint("protecting", __name__)


@bp.get("/-/protect/<address:text>")
def view(text: str) -> ResponseReturnValue:
    """Ask who may change a page or a file."""
    with opened() as snapshot:
        return _asking(snapshot, _subject(snapshot, text))


@bp.post("/-/protect/<address:text>")
def protect(text: str) -> ResponseReturnValue:
    """Set it."""
    with opened() as snapshot:
        subject = _subject(snapshot, text)
        level = one_field("level", tuple(LEVELS))
        try:
            current.site().state.protections.set(
                subject.name.path,
                snapshot.past.beginning(subject),
                Role(level),
                by=by(),
                reason=field("reason"),
            )
        except WikiError as error:
            return _asking(snapshot, subject, error), status(error)
    return redirect(f"/-/history{subject.name.url}" if subject.gone else subject.name.url, 303)


def _subject(snapshot: Snapshot, text: str) -> Subject:
    if not snapshot.actor.role.covers(Role.ADMIN):
        raise ForbiddenError(Message("Only admins may protect pages."))
    return subject_at(text, "/-/protect")


def _asking(snapshot: Snapshot, subject: Subject, error: WikiError | None = None) -> str:
    protections = current.site().state.protections
    return current.site().themes.render(
        "undoing/protect.html",
        place="" if subject.gone else subject.name.folder,
        beside=None if subject.gone else subject.name,
        subject=subject,
        found=protections.find(snapshot.past.beginning(subject)),
        visitors_edit=current.site().settings.anonymous == "editor",
        error=error,
    )
