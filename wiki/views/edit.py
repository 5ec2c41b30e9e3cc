"""Editing pages: the form, which works without scripts; previews; and what happens where two edit at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as field_of
from logging import getLogger
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, jsonify, make_response, redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from engine.changes import Edit, MergeConflictError, Put
from engine.contents import COMPARED_BYTES, COMPARED_LINES
from engine.editing import Source
from engine.errors import ForbiddenError, NotReadyError, PageIdError, PageNotFoundError, WikiError
from engine.frontkeys import is_changeable
from engine.ids import is_reserved, page_stem, url_path
from engine.messages import Message
from engine.model import Form
from engine.moving import AnchorPlan
from engine.wiki import Snapshot
from wiki import cookies, csrf, current
from wiki.conflicts import places, resolved
from wiki.current import current_actor, current_snapshot, opened, reads
from wiki.errors import status
from wiki.forms import field, path_field, text_field
from wiki.languages import gettext as _
from wiki.properties import Properties
from wiki.saving import commit
from wiki.state.drafts import Draft as KeptDraft
from wiki.urls import with_query
from wiki.views.drafts import draft_address, draft_key, parted, path_of, sent_key

log = getLogger(__name__)
bp = Blueprint("edit", __name__)

TITLE = 200  # characters of the title of a new page


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form holds."""

    path: str
    text: str
    base: str | None
    section: str = ""
    summary: str = ""
    kept: int | None = None  # the id of the kept draft that it is
    key: str = (
        ""  # what scripts kept it under before there was a conflict about it, as a draft of its section
    )
    # As they were sent, and are not in the text yet.
    properties: Properties = field_of(default_factory=Properties)

    @classmethod
    def sent(cls, path: str) -> "Draft":
        """Read what was sent."""
        base = field("base")
        return cls(
            path,
            text_field("text"),
            base or None,
            field("section"),
            field("summary"),
            _number(field("draft")),
            sent_key(),
            Properties.sent(),
        )


@bp.get("/-/edit/<address:text>")
def view(text: str) -> ResponseReturnValue:
    """Show the form: for a page, for a section of it, or for a page that is to be made."""
    asked = _asked_draft()
    section = asked.section if asked is not None else request.args.get("section", "")
    with opened() as snapshot:
        try:
            source = _source(snapshot, text, section)
        except _ElsewhereError as error:
            return redirect(error.address, 302)
        if not snapshot.may_try(source.path):
            raise ForbiddenError(Message("You may not change “%(path)s”.", path=source.path))
        if asked is not None and not _leads(snapshot, own := _own_path(snapshot, asked), source):
            return redirect(draft_address(asked, own), 302)
        if source.name is None and (title := request.args.get("title", "").strip()[:TITLE]):
            source = replace(source, title=title)
        if asked is not None and asked.section == source.section:
            typed = Properties.kept(asked.fields)
            draft = Draft(
                source.path, asked.text, asked.base, asked.section, asked.summary, asked.id, properties=typed
            )
            return _form(snapshot, source, draft, asked=asked)
        gone = section if section != source.section else ""
        lost = asked or _draft_of(snapshot, source.path, gone) if gone else None
        draft = Draft(source.path, _start(snapshot, source), source.base, source.section)
        return _form(snapshot, source, draft, lost=lost, gone=gone)


def _asked_draft() -> KeptDraft | None:
    """Return the draft that the address names, if who asks has it."""
    name, number = current_actor().name, _number(request.args.get("draft", ""))
    return current.site().state.drafts.numbered(name, number) if name and number is not None else None


def _own_path(snapshot: Snapshot, draft: KeptDraft) -> str:
    """Return where the page of a draft is now."""
    lineage = draft.lineage
    return path_of(draft, snapshot.editing.places([lineage] if lineage is not None else []))


def _leads(snapshot: Snapshot, path: str, source: Source) -> bool:
    """Say whether the form for a path is that of *source*, as with other capitals, another suffix, or an alias."""
    if path == source.path:
        return True
    try:
        return _source(snapshot, page_stem(path) or path, "").path == source.path
    except _ElsewhereError as error:
        return urlsplit(error.address).path == _address(source.path)
    except WikiError:
        return False


def _number(text: str) -> int | None:
    """Return the id of a draft; whatever else stands there is none, as a text is not to be refused for it."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 15 else None


def _draft_of(snapshot: Snapshot, path: str, section: str) -> KeptDraft | None:
    """Return the draft that who asks has of a page or a section."""
    name, lineage = current_actor().name, snapshot.editing.lineage(path)
    return current.site().state.drafts.get(name, path, lineage, section) if name else None


def _again(text: str) -> ResponseReturnValue:
    """Show a form again that cannot be taken: whoever sent it is logged out, or it is too old. Nothing of it is lost."""
    with opened() as snapshot:
        source, error = _target(snapshot, text)
        return _form(snapshot, source, Draft.sent(source.path), late=True, error=error), 403


@bp.post("/-/edit/<address:text>")
@csrf.salvage(_again)
def save(text: str) -> ResponseReturnValue:
    """Save the text, or show what it would look like, or what it would change."""
    action = field("action", "save")
    if action not in _ACTIONS:
        raise BadRequest(
            _("%(name)s must be one of: %(choices)s.", name="action", choices=", ".join(_ACTIONS))
        )
    with opened() as snapshot:
        source, refused = _target(snapshot, text)
        draft = Draft.sent(source.path)
        try:
            if refused is not None:
                raise refused
            if not snapshot.may_try(source.path):
                raise ForbiddenError(Message("You may not change “%(path)s”.", path=source.path))
            if action in {"resolve", "by-hand"}:
                draft = _resolved(snapshot, draft)
                if action == "by-hand":
                    return _form(snapshot, source, draft)
            whole = _whole(snapshot, draft)
            if action in {"preview", "changes"}:
                shown = _ACTIONS[action](snapshot, draft, whole)
                return _form(snapshot, source, _with_properties(draft, whole), **shown)
            renamed = _renamed(snapshot, source, draft, whole)
            links = field("links")
            if renamed is not None and not links:
                return _form(snapshot, source, _with_properties(draft, whole), renamed=renamed)
        except WikiError as error:
            return _form(snapshot, source, draft, error=error), status(error)
    if renamed is not None and links == "rewrite":
        return _save(source, draft, renamed.text, renamed.changes)
    return _save(source, draft, whole)


def _renamed(snapshot: Snapshot, source: Source, draft: Draft, whole: str) -> AnchorPlan | None:
    """Return what leads to headings that the edit renames; ``None`` where nothing does, or it is not known yet."""
    if source.name is None or draft.base is None:
        return None
    try:
        before = snapshot.editing.text(draft.base, draft.path)
        plan = snapshot.moving.renamed(source.name, before, whole)
    except NotReadyError:
        return None
    return plan if plan.links else None


def _resolved(snapshot: Snapshot, draft: Draft) -> Draft:
    """Return what the choices at a conflict make of the text; it begins from what others made of the page."""
    theirs = field("theirs")
    merge = snapshot.editing.merged(draft.path, draft.base, draft.text, theirs)
    choices = [field(f"choice-{number}") for number in range(1, len(merge.conflicts) + 1)]
    return replace(draft, text=resolved(merge, choices), base=theirs, properties=Properties())


def _save(source: Source, draft: Draft, whole: str, more: Sequence[Put] = ()) -> ResponseReturnValue:
    change = Edit(source.path, whole, draft.base)
    try:
        saved = commit([change, *more], draft.summary)
    except MergeConflictError as error:
        with opened() as snapshot:
            return _conflict(snapshot, source, _joined(draft, whole), error, more), 409
    except WikiError as error:
        with opened() as snapshot:
            return _form(snapshot, source, _with_properties(draft, whole), error=error), status(error)
    path = saved.paths[source.path]
    address = url_path(page_stem(path) or path)
    query = "?saved=merged" if path in saved.merged else ""
    anchor = f"#{quote(draft.section)}" if draft.section else ""
    response = make_response(redirect(f"{address}{query}{anchor}", 303))
    _forget_draft(response, source.path, draft)
    return response


def _forget_draft(response: Response, path: str, draft: Draft) -> None:
    """Let the draft go that was saved: the wiki's at once, the browser's when it reads the cookie.

    It was saved, so nobody is told otherwise where the draft cannot go: it is offered once more then.
    """
    name = current_actor().name
    keys = list(dict.fromkeys(key for key in (draft_key(path, draft.section), draft.key) if key))
    try:
        kept: list[KeptDraft | None] = []
        if name and current.site().state.drafts.has(name):
            with opened() as snapshot:
                kept = [_draft_of(snapshot, path, section) for _, section in map(parted, keys)]
        numbers = [draft.kept] if draft.kept is not None and name else []
        for number in [*numbers, *(each.id for each in kept if each is not None)]:
            current.site().state.drafts.delete(name, number)
    except WikiError as error:
        log.warning("the draft of %r stays after it was saved: %s", keys[0], error)
    cookies.tell_saved(response, keys)


@bp.post("/-/preview")
def preview() -> ResponseReturnValue:
    """Return what a text would look like as a page, as a part of a page of HTML."""
    with opened() as snapshot:
        draft = Draft.sent(path_field("path") or f"{path_field('id')}.md")
        if not snapshot.may_try(draft.path):
            raise ForbiddenError(Message("You may not change “%(path)s”.", path=draft.path))
        page = snapshot.editing.preview(draft.path, _whole(snapshot, draft))
        return Response(current.site().themes.part("edit/_preview.html", page=page), mimetype="text/html")


@bp.get("/-/outline/<address:text>")
@reads
def outline(text: str) -> ResponseReturnValue:
    """Return the headings of a page, for what completes links."""
    found = current_snapshot().find(text)
    name = found.name
    if name is None or name.form is not Form.PAGE:
        raise PageNotFoundError(Message("There is no page “%(name)s”.", name=text[:60]))
    headings = current_snapshot().editing.outline(name)
    return jsonify([{"text": each.text, "level": each.level, "anchor": each.anchor} for each in headings])


class _ElsewhereError(Exception):
    """The page has another address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def _target(snapshot: Snapshot, text: str) -> tuple[Source, WikiError | None]:
    """Find what a text that was sent is for, without reading what stands there; and why it cannot be for that."""
    path = path_field("path")
    if page_stem(path) != text:
        path = f"{text}.md"
    sent = Source(path, "", None, text.rpartition("/")[2], None)
    if is_reserved(text):
        return sent, _reserved(text)
    try:
        source = snapshot.editing.target(text)
    except PageIdError:
        raise  # no form leads there
    except WikiError as error:
        return sent, error
    return (source if source.name is not None else sent), None


def _reserved(text: str) -> ForbiddenError:
    return ForbiddenError(Message("“%(path)s” belongs to the wiki itself.", path=text[:60]))


def _source(snapshot: Snapshot, text: str, section: str) -> Source:
    """Find what is to be edited."""
    if is_reserved(text):
        raise _reserved(text)
    try:
        source = snapshot.editing.source(text, section)
    except PageNotFoundError:  # it has no such section, or one within a quote: all of the page, then
        source = snapshot.editing.source(text)
    if source.name is None:
        try:
            found = snapshot.find(text)
        except PageNotFoundError:
            return source
        if found.redirect and not found.redirect.endswith("/"):
            raise _ElsewhereError(with_query(f"/-/edit{urlsplit(found.redirect).path}"))
    return source


def _start(snapshot: Snapshot, source: Source) -> str:
    """Return the text that the form begins with."""
    if source.name is not None:
        return source.text
    template = request.args.get("template", "")
    if template:
        with_name = snapshot.find(template).name
        if with_name is not None and with_name.form is Form.PAGE:
            return (snapshot.text(with_name) or "").replace("{{title}}", source.title)
    return f"# {source.title}\n\n"


def _whole(snapshot: Snapshot, draft: Draft) -> str:
    """Return the text of the whole page."""
    text = snapshot.editing.whole(draft.base, draft.path, draft.section, draft.text)
    return text if draft.section else draft.properties.applied(text)


def _with_properties(draft: Draft, whole: str) -> Draft:
    """Return what the form shows next: its text has the properties in it by now."""
    return draft if draft.section else replace(draft, text=whole, properties=Properties())


def _joined(draft: Draft, whole: str) -> Draft:
    """Return what a conflict is about: all of the page. What was kept of its section is still a draft of that."""
    key = draft.key or draft_key(draft.path, draft.section)
    return replace(draft, text=whole, section="", key=key, properties=Properties())


def _shown(snapshot: Snapshot, draft: Draft, whole: str) -> dict[str, Any]:
    return {"preview": snapshot.editing.preview(draft.path, whole)}


def _compared(snapshot: Snapshot, draft: Draft, whole: str) -> dict[str, Any]:
    before = snapshot.editing.text(draft.base, draft.path) if draft.base else ""
    return {"changes": snapshot.editing.compare(before, whole)}


_ACTIONS: Mapping[str, Any] = {
    "save": None,
    "preview": _shown,
    "changes": _compared,
    "resolve": None,
    "by-hand": None,
}


def _form(snapshot: Snapshot, source: Source, draft: Draft, **more: Any) -> str:
    """Show the form with what it holds; whatever happened, the text is in it."""
    context = {
        "error": None,
        "late": False,
        "preview": None,
        "changes": None,
        "deleted": None,
        "renamed": None,
        "asked": None,
        "lost": None,
        "gone": "",
        **more,
    }
    properties = draft.properties.beside(draft.text)
    return current.site().themes.render(
        "edit/form.html",
        place=source.path.rpartition("/")[0],
        beside=source.name,
        source=source,
        draft=draft,
        properties=properties,
        has_properties=bool(properties.changed) or is_changeable(draft.text),
        page_id=page_stem(source.path) or source.path,
        draft_key=draft_key(source.path, draft.section),
        lost_key=draft_key(source.path, context["gone"]) if context["gone"] else "",
        unsaved=request.method == "POST" or context["asked"] is not None,
        limits=(COMPARED_BYTES, COMPARED_LINES),
        address=_address(source.path),
        **context,
    )


def _conflict(
    snapshot: Snapshot, source: Source, draft: Draft, error: MergeConflictError, more: Sequence[Put]
) -> str:
    """Show both texts where they touch each other; where there is only one text left, the form with it."""
    others = {put.path for put in more}
    conflict = next((each for each in error.conflicts if each.path not in others), None)
    if conflict is None:  # in another page, whose links were to be rewritten
        return _form(snapshot, source, draft, error=error)
    fate = snapshot.past.fate(page_stem(conflict.path) or conflict.path) if snapshot.past.known else None
    if conflict.theirs is None or conflict.merged is None:
        return _form(snapshot, source, replace(draft, base=conflict.theirs_blob), error=error, deleted=fate)
    subject = snapshot.past.subject(conflict.path) if snapshot.past.known else None
    steps = snapshot.past.history(subject).steps if subject is not None else ()
    return current.site().themes.render(
        "edit/conflict.html",
        place=source.path.rpartition("/")[0],
        beside=source.name,
        source=source,
        draft=draft if conflict.base else replace(draft, base=None),  # they have nothing in common
        conflict=conflict,
        places=places(conflict.merged),
        revision=steps[0].revision if steps else None,
        address=_address(conflict.path),
        url=url_path(page_stem(conflict.path) or conflict.path),
    )


def _address(path: str) -> str:
    return f"/-/edit{url_path(page_stem(path) or path)}"
