"""A page or a file as it was at a commit: what ``?rev=`` asks for."""

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

from engine.errors import PageNotFoundError
from engine.ids import page_stem, url_path
from engine.model import Form
from engine.past_answers import Subject, Version
from wiki import current
from wiki.current import current_snapshot
from wiki.languages import gettext as _
from wiki.urls import subject_at
from wiki.views.media import file_response


def version_response(text: str, *, markdown: bool) -> ResponseReturnValue:
    """Show what was at an address at the commit that the query names.

    Args:
        text: The path of the address.
        markdown: Whether the reader would rather have a page's Markdown.
    """
    subject, source = _subject(text)
    version = current_snapshot().past.version(subject, request.args.get("rev", ""))
    if version.name.form is not Form.PAGE:
        response = make_response(file_response(version.name))
    elif source or markdown:
        response = Response(current_snapshot().source(version.name), mimetype="text/markdown")
        if current_snapshot().text(version.name) is None:
            response.mimetype = "application/octet-stream"
    else:
        response = Response(_html(version), mimetype="text/html")
    response.headers["X-Robots-Tag"] = "noindex"
    if not subject.gone:
        response.headers["Link"] = f'<{subject.name.url}>; rel="canonical"'
    return response


def _subject(text: str) -> tuple[Subject, bool]:
    """Find what an address means, and whether it asks for a page's Markdown."""
    snapshot = current_snapshot()
    if not text or text.endswith("/"):
        home = snapshot.find(text).name if not text else snapshot.folder_page(text.rstrip("/"))
        if home is None or home.form is not Form.PAGE:
            raise PageNotFoundError(_("A folder has no revisions; each of its pages has."))
        return subject_at(str(home.id)), False
    stem = page_stem(text)
    if stem is not None and text.endswith(".md"):
        subject = snapshot.past.subject(stem)
        return subject, True
    return subject_at(text), False


def _html(version: Version) -> str:
    return current.site().themes.render(
        "versions/view.html",
        place="" if version.subject.gone else version.subject.name.folder,
        beside=None if version.subject.gone else version.subject.name,
        version=version,
        subject=version.subject,
        page=current_snapshot().past.page_at(version.name),
        source_url=url_path(f"{version.subject.name.id}.md"),
    )
