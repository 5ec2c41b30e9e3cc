"""Deleting a page or a file, and bringing one back as it was: each asks first, and says what will happen."""

from contextlib import suppress

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from engine.changes import Delete, MergeConflictError
from engine.contents import COMPARED_BYTES, COMPARED_LINES, Contents, compare
from engine.errors import ForbiddenError, WikiError
from engine.ids import page_stem
from engine.messages import Message
from engine.model import Form, Name
from engine.past_answers import Subject
from engine.undoing import UndoPlan
from engine.wiki import Snapshot
from wiki import current
from wiki.current import opened
from wiki.errors import status
from wiki.forms import field, path_field
from wiki.languages import gettext as _
from wiki.saving import commit
from wiki.urls import argument, living_at, subject_at

bp = Blueprint("deleting", __name__)

LINKING = 10  # pages that link to one that is to be deleted, and are named


@bp.get("/-/delete/<address:text>")
def delete(text: str) -> ResponseReturnValue:
    """Ask whether a page or a file is to be deleted."""
    with opened() as snapshot:
        return _asking(snapshot, _living(snapshot, text))


@bp.post("/-/delete/<address:text>")
def deleted(text: str) -> ResponseReturnValue:
    """Delete it, if it still is what was shown."""
    with opened() as snapshot:
        name = _living(snapshot, text)
    try:
        commit([Delete(name.path, field("base"))], field("summary"))
    except WikiError as error:
        with opened() as snapshot:
            return _asking(snapshot, _living(snapshot, text), error), status(error)
    return redirect("/-/deleted", 303)


def _living(snapshot: Snapshot, text: str) -> Name:
    """Find a file that is there, and that the actor may change."""
    name = living_at(text, "/-/delete")
    if not snapshot.may_try(name.path):
        raise ForbiddenError(Message("You may not change “%(path)s”.", path=name.path))
    return name


def _asking(snapshot: Snapshot, name: Name, error: WikiError | None = None) -> str:
    linking, subject = snapshot.lists.backlinks(name), snapshot.past.subject(name.path)
    return current.site().themes.render(
        "undoing/delete.html",
        place=name.folder,
        beside=name,
        name=name,
        page_title=subject.title,
        linking=linking.items[:LINKING],
        more_linking=linking.more or len(linking.items) > LINKING,
        newest=snapshot.past.history(subject).steps[0].revision,
        changed=isinstance(error, MergeConflictError),
        summary=field("summary"),
        error=error,
    )


@bp.get("/-/restore/<address:text>")
def restore(text: str) -> ResponseReturnValue:
    """Ask whether a page or a file is to be as it was at the revision ``rev``, by default its last one."""
    rev = argument("rev")
    with opened() as snapshot:
        subject = _restorable(snapshot, text)
        try:
            plan = snapshot.undoing.restore(subject, rev or _last(snapshot, subject))
        except ForbiddenError:
            raise
        except WikiError as error:
            return _showing(snapshot, subject, rev, error=error), status(error)
        return _showing(snapshot, subject, rev, plan)


@bp.post("/-/restore/<address:text>")
def restored(text: str) -> ResponseReturnValue:
    """Bring it back."""
    rev = field("rev")
    with opened() as snapshot:
        subject = _restorable(snapshot, text)
        try:
            plan = snapshot.undoing.restore(subject, rev, _place(subject, path_field("to")))
        except ForbiddenError:
            raise
        except WikiError as error:
            return _showing(snapshot, subject, rev, error=error), status(error)
    try:
        saved = commit(plan.changes, field("summary") or plan.summary, plan.trailers)
    except WikiError as error:
        with opened() as snapshot:
            return _showing(snapshot, _restorable(snapshot, text), rev, error=error), status(error)
    (file,) = plan.files
    return redirect(_url(saved.paths.get(file.to, file.to)), 303)


def _restorable(snapshot: Snapshot, text: str) -> Subject:
    subject = subject_at(text, "/-/restore")
    if not snapshot.may_write(subject.name.path):
        raise ForbiddenError(Message("You may not change “%(path)s”.", path=subject.name.path))
    return subject


def _last(snapshot: Snapshot, subject: Subject) -> str:
    """Return the last revision of what is gone; what is there has no default."""
    steps = snapshot.past.history(subject).steps if subject.gone else ()
    last = next((step.revision.id for step in steps if step.name.blob), "")
    if not last:
        raise BadRequest(_("Say which revision is to come back: choose one in the history of the page."))
    return last


def _place(subject: Subject, typed: str) -> str:
    """Return the path that somebody typed for what is gone; a page's without what the file ends in."""
    if not typed or not subject.gone:
        return ""
    stem = page_stem(subject.name.path)
    ending = subject.name.path[len(stem) :] if stem is not None else ""
    return typed.strip("/") if typed.endswith(ending) else f"{typed.strip('/')}{ending}"


def _showing(
    snapshot: Snapshot,
    subject: Subject,
    rev: str,
    plan: UndoPlan | None = None,
    error: WikiError | None = None,
) -> str:
    """Show what would come back, or why it cannot just so."""
    version = snapshot.past.version(subject, rev or _last(snapshot, subject))
    return current.site().themes.render(
        "undoing/restore.html",
        place="" if subject.gone else subject.name.folder,
        beside=None if subject.gone else subject.name,
        subject=subject,
        version=version,
        plan=plan,
        changes=_compared(snapshot, subject, version.name) if plan is not None else None,
        to=request.form.get("to", ""),
        summary=field("summary"),
        error=error,
        limits=(COMPARED_BYTES, COMPARED_LINES),
    )


def _compared(snapshot: Snapshot, subject: Subject, then: Name) -> Contents | None:
    """Say what differs between a file as it is and as it was; nothing of one that is gone, or too large."""
    if subject.gone:
        return None
    with suppress(WikiError):
        return compare(
            snapshot.source(subject.name), snapshot.source(then), page=subject.name.form is Form.PAGE
        )
    return None


def _url(path: str) -> str:
    return Name(path, "", Form.PAGE if page_stem(path) is not None else Form.MEDIA).url
