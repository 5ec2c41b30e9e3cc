"""Media: lists of them, what is known of one, and uploads, which work without scripts as well."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import Forbidden, NotFound

from engine.changes import MergeConflictError
from engine.errors import (
    ForbiddenError,
    InvalidChangeError,
    MediaNotFoundError,
    PageExistsError,
    PageNotFoundError,
    TooLargeError,
    WikiError,
)
from engine.ids import MAX_PATH_BYTES, is_reserved
from engine.lists import LIST_PAGES
from engine.media import LISTED, Collision
from engine.messages import Message
from engine.model import Form, Name
from engine.wiki import Snapshot
from wiki import csrf, current
from wiki.current import current_identity, opened
from wiki.errors import status
from wiki.languages import gettext as _
from wiki.languages import translated
from wiki.media_types import TEXT, media_type
from wiki.saving import commit, count
from wiki.uploading import Destination, Planned, Upload, forget, kept, planned, received, summary
from wiki.urls import found_at, wants_json, whole_number

bp = Blueprint("uploads", __name__)

TYPED_BYTES = 25_000_000  # of a larger file the type is told by its name alone
SHOWN_BYTES = 100_000  # of a text that is shown
ADDED = 20  # files that are named after they were uploaded


# -- looking


@bp.get("/-/media")
def view() -> ResponseReturnValue:
    """List media, with the form to upload some."""
    with opened() as snapshot:
        return _list(snapshot)


def _list(snapshot: Snapshot, error: WikiError | None = None) -> str:
    """Show the list; after an upload that was refused, with the reason."""
    beside = _place(request.args.get("beside", "") if error is None else request.form.get("page", ""))
    typed = request.args if error is None else request.form
    folder = _place(typed.get("folder", beside.rpartition("/")[0]))
    number = whole_number("page", 1, 1, LIST_PAGES)
    unused = "unused" in request.args
    media = snapshot.media
    reported = media.unused(folder, number) if unused else None
    listing = reported.listing if reported else media.listing(folder, number) if not unused else None
    if number > 1 and (listing is None or not listing.items):
        raise NotFound(_("The list has no page %(number)s.", number=number))
    return current.site().themes.render(
        "media/list.html",
        place=folder,
        folder=folder,
        beside_page=_seen(snapshot, beside) if beside else None,
        unused=unused,
        reported=reported,
        listing=listing,
        first=(number - 1) * LISTED + 1,
        error=error,
        added=[
            (name, media.written(name, beside.rpartition("/")[0] if beside else None))
            for name in _added(snapshot)
        ],
        may_upload=snapshot.offers_change(f"{folder}/file" if folder else "file"),
        limit=current.site().settings.upload_bytes,
        page_url=lambda number: _list_url(folder, unused=unused, number=number),
    )


def _place(text: str) -> str:
    """Return a folder or a page that somebody named; nothing where it can be none."""
    text = text.strip("/ ")
    return "" if "\0" in text or len(text.encode("utf-8", "replace")) > MAX_PATH_BYTES else text


def _list_url(folder: str, *, unused: bool, number: int) -> str:
    asked: dict[str, Any] = {"folder": folder} if folder else {}
    asked |= {"unused": "1"} if unused else {}
    return f"/-/media?{urlencode(asked | {'page': number})}"


def _added(snapshot: Snapshot) -> list[Name]:
    """Return the files that the address says have just been added."""
    found = (snapshot.media.at(path) for path in request.args.getlist("added")[:ADDED])
    return [name for name in found if name is not None]


def _seen(snapshot: Snapshot, text: str) -> Name | None:
    try:
        return snapshot.find(text).name
    except PageNotFoundError:
        return None


@bp.get("/-/media/<address:text>")
def medium(text: str) -> ResponseReturnValue:
    """Show one medium: what it looks like, what is known of it, and where it is used."""
    with opened() as snapshot:
        found = found_at(text)
        if found.redirect and not found.redirect.endswith("/"):
            return redirect(f"/-/media{found.redirect}", 302)
        name = found.name
        if name is None or name.form is not Form.MEDIA:
            raise MediaNotFoundError(Message("There is no file “%(name)s”.", name=text[:60]))
        known = snapshot.media.medium(name)
        kind, shown = _look(snapshot, name, known.size)
        return current.site().themes.render(
            "media/view.html",
            place=name.folder,
            beside=name,
            name=name,
            medium=known,
            kind=kind,
            text=shown,
            may_change=snapshot.offers_change(name.path),
            limit=current.site().settings.upload_bytes,
        )


def _look(snapshot: Snapshot, name: Name, size: int) -> tuple[str, str | None]:
    """Return a file's type, told by its content, and its text where it is a short one."""
    if size > TYPED_BYTES:
        return "", None
    content = snapshot.source(name)
    kind = media_type(content, name.path)
    shown = content.decode() if kind == TEXT and size <= SHOWN_BYTES else None
    return kind.mimetype.partition(";")[0], shown


# -- uploading


def _ended() -> ResponseReturnValue:
    """Say that files cannot be taken: whoever sent them is logged out, or their form is too old. No file is kept."""
    raise Forbidden(
        _(
            "Nothing was uploaded: this form was open too long, or you are logged out by now."
            " Log in, load the page again, and choose the files once more."
        )
    )


@bp.post("/-/media")
@csrf.salvage(_ended)
def upload() -> ResponseReturnValue:
    """Keep files: all in one commit, or none; where a name is taken, ask."""
    try:
        where = Destination.sent()
        with opened() as snapshot:
            where.check(snapshot)
        return _upload(received(where))
    except WikiError as error:
        return _refused(error)


def _refused(error: WikiError) -> ResponseReturnValue:
    if wants_json():
        return jsonify(error=translated(error.message)), status(error)
    with opened() as snapshot:
        return _list(snapshot, error), status(error)


def _upload(sent: Upload) -> ResponseReturnValue:
    for attempt in range(2):
        with opened() as snapshot:
            folder, plans = planned(snapshot, sent)
            for each in plans:
                _check(each)
            if any(each.collision for each in plans):
                return _ask(snapshot, sent, plans)
        if not plans:
            forget(sent)
            return redirect(_back(sent, folder, ()), 303)
        try:
            saved = commit([each.put for each in plans], sent.summary or summary(plans, folder))
        except (PageExistsError, InvalidChangeError):
            if attempt:
                raise
            continue  # somebody was faster: what is in the way is seen now
        except MergeConflictError as error:
            with opened() as snapshot:
                return _ask(snapshot, sent, [_in_conflict(snapshot, each, error) for each in plans])
        forget(sent)
        return _done(sent, folder, [saved.paths.get(each.path, each.path) for each in plans])
    raise AssertionError  # the second attempt returns or raises


def _check(plan: Planned) -> None:
    if is_reserved(plan.path):
        raise ForbiddenError(Message("“%(path)s” belongs to the wiki itself.", path=plan.path[:60]))
    limit = current.site().settings.upload_bytes
    if len(plan.sent.content) > limit:
        raise TooLargeError(
            Message(
                "“%(path)s” would have %(size)s bytes; files may have %(limit)s. Push it with git.",
                path=plan.path,
                size=f"{len(plan.sent.content):,}",
                limit=f"{limit:,}",
            )
        )


def _in_conflict(snapshot: Snapshot, plan: Planned, error: MergeConflictError) -> Planned:
    """Return a plan with what others made of the file meanwhile, where they did."""
    if all(each.path != plan.path for each in error.conflicts):
        return plan
    found = snapshot.media.collision(plan.path) or Collision(None, plan.path)
    return Planned(plan.sent, plan.path, None, found)


def _ask(snapshot: Snapshot, sent: Upload, plans: Sequence[Planned]) -> ResponseReturnValue:
    """Say which names are taken, and let the sender decide."""
    first = next(each for each in plans if each.collision is not None)
    collision = first.collision
    if wants_json() and collision is not None:
        existing = collision.existing
        return (
            jsonify(
                error=translated(_taken(first.path, collision)),
                suggested=collision.suggested.rpartition("/")[2],
                existing={"path": existing.path, "url": existing.url} if existing is not None else None,
                base=existing.blob if existing is not None else "",
            ),
            409,
        )
    if current_identity().visiting and any(not each.sent.pending for each in plans):
        count()  # what is kept until they decide takes room as well
    shown = current.site().themes.render(
        "media/taken.html",
        place=first.path.rpartition("/")[0],
        folder=first.path.rpartition("/")[0] if sent.where.path else sent.where.folder,
        plans=kept(plans),
        sent=sent,
    )
    return shown, 409


def _taken(path: str, collision: Collision) -> Message:
    if collision.existing is None:
        return Message("Choose another name than “%(path)s”.", path=path)
    return Message("There is a file “%(path)s” already.", path=collision.existing.path)


def _done(sent: Upload, folder: str, paths: Sequence[str]) -> ResponseReturnValue:
    if not wants_json():
        return redirect(_back(sent, folder, paths), 303)
    with opened() as snapshot:
        files = [_described(snapshot, sent, path) for path in paths]
    return jsonify(**files[0], files=files), 201


def _described(snapshot: Snapshot, sent: Upload, path: str) -> dict[str, str]:
    name = snapshot.media.at(path) or Name(path, "", Form.MEDIA)
    page = sent.where.page
    return {
        "target": snapshot.media.target(name, page.rpartition("/")[0] if page else None),
        "path": path,
        "url": name.url,
    }


def _back(sent: Upload, folder: str, paths: Sequence[str]) -> str:
    """Return where somebody goes after an upload: a file that was replaced, or the list that names what is new."""
    if sent.where.path and paths:
        return f"/-/media{Name(paths[0], '', Form.MEDIA).url}"
    asked: list[tuple[str, str]] = [("folder", folder)] if folder else []
    asked += [("beside", sent.where.page)] if sent.where.page else []
    asked += [("added", path) for path in paths[:ADDED]]
    return "/-/media" + (f"?{urlencode(asked)}" if asked else "")
