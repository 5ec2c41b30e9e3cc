"""Pages: as HTML, as Markdown, a choice where several have one key, or what else there is where there is none."""

import re
from logging import getLogger
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue

from engine.errors import PageIdError, PageNotFoundError, StoreError
from engine.ids import PageId, is_reserved, url_path
from engine.messages import Message
from engine.model import Form, Name
from engine.wiki import Child
from wiki import current
from wiki.accepting import prefers_markdown
from wiki.citing import citation
from wiki.current import current_snapshot, reads
from wiki.state.protections import Protection
from wiki.urls import found_at
from wiki.views.folders import folder_response
from wiki.views.media import file_response
from wiki.views.versions import version_response

bp = Blueprint("pages", __name__)
log = getLogger(__name__)

SUGGESTED_BY = 8  # words of an address that are looked for
SUGGESTIONS = 5  # pages that are named where there is none


@bp.get("/", defaults={"text": ""})
@bp.get("/<address:text>")
@reads
def view(text: str) -> ResponseReturnValue:
    """Show what a URL leads to: a page, its Markdown, a folder, a medium."""
    try:
        if "rev" in request.args and not is_reserved(text):
            return version_response(text, markdown=_wants_markdown())
        found = found_at(text)
    except PageNotFoundError as error:
        return _missing(text, error)
    if found.redirect:
        query = request.query_string.decode()
        return redirect(f"{found.redirect}?{query}" if query else found.redirect, 302)
    if found.choices:
        return current.site().themes.render("pages/choices.html", text=text, choices=found.choices), 300
    if found.name is None:
        raise PageNotFoundError(Message("There is no page “%(name)s”.", name=text))
    if found.name.form is Form.FOLDER:
        index = current_snapshot().folder_page(found.name.path) if _wants_markdown() else None
        return _markdown(index) if index is not None else folder_response(found.name.path)
    if found.name.form is not Form.PAGE:
        return file_response(found.name)
    if found.source or _wants_markdown():
        return _markdown(found.name)
    return _html(found.name)


def _missing(text: str, error: PageNotFoundError) -> ResponseReturnValue:
    """Suggest pages that have the words of the address."""
    words = " ".join(re.findall(r"\w+", text.rstrip("/").rpartition("/")[2].replace("_", " "))[:SUGGESTED_BY])
    found = current_snapshot().search(words) if words else None
    similar = found.results[:SUGGESTIONS] if found else ()
    try:
        shown = current.site().themes.render(
            "pages/missing.html",
            message=error.message,
            words=words,
            similar=similar,
            fate=current_snapshot().past.fate(text),
            creation=_creation(text),
        )
    except Exception:  # a theme that cannot even say so
        log.exception("the theme cannot show what there is instead of %r", text)
        raise error from None
    return shown, 404


def _creation(text: str) -> str:
    """Return where a page can be made that would have this address; empty where the actor may not, or none can be."""
    folder, _, title = text.rstrip("/").removesuffix(".md").rpartition("/")
    try:
        path = PageId.parse(f"{folder}/{title}" if folder else title).path
    except PageIdError:
        return ""
    if not current_snapshot().offers_change(path):
        return ""
    return f"/-/new?{urlencode({'title': title} | ({'folder': folder} if folder else {}))}"


def _html(name: Name) -> ResponseReturnValue:
    snapshot = current_snapshot()
    page = snapshot.page(name)
    if page.redirect and "redirect" not in request.args:
        return redirect(f"{page.redirect}?{urlencode({'from': name.id})}", 302)
    shown = current.site().themes.render(
        "pages/view.html",
        place=name.folder,
        beside=name,
        page=page,
        cite=citation(page, snapshot.site.title, snapshot.commit),
        redirected_from=_origin(name),
        saved=request.args.get("saved", ""),
        protection=_protection(name),
    )
    response = Response(shown, mimetype="text/html")
    response.headers["Link"] = f'<{url_path(f"{name.id}.md")}>; rel="alternate"; type="text/markdown"'
    return response


def _protection(name: Name) -> Protection | None:
    """Return what protects a page."""
    protections = current.site().state.protections
    try:
        if protections.any():
            return protections.find(current_snapshot().editing.lineage(name.path))
    except StoreError:  # pages are read also where the accounts cannot be
        log.exception("what is protected cannot be read")
    return None


def _origin(name: Name) -> Child | None:
    """Return the page that sent the reader here, if the address names one that does."""
    snapshot = current_snapshot()
    try:
        found = snapshot.find(request.args.get("from", "")).name if "from" in request.args else None
    except PageNotFoundError:
        return None
    if found is None or found.form is not Form.PAGE:
        return None
    page = snapshot.page(found)
    return Child(found, page.title) if page.redirect == name.url else None


def _markdown(name: Name) -> ResponseReturnValue:
    content = current_snapshot().source(name)
    response = Response(content, mimetype="text/markdown")
    if name.id.last and current_snapshot().text(name) is None:
        response.mimetype = "application/octet-stream"
    response.headers["Link"] = f'<{name.url}>; rel="canonical"'
    return response


def _wants_markdown() -> bool:
    return prefers_markdown(request.headers.get("Accept", ""))
