"""Feeds: what changed, of everything, of a folder, of a page."""

from collections.abc import Iterator
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.errors import PageNotFoundError
from engine.model import TouchKind
from engine.past_answers import ChangeSet, History
from wiki import atom
from wiki.current import current_snapshot, reads
from wiki.languages import current_interface, ngettext
from wiki.languages import gettext as _
from wiki.urls import absolute

bp = Blueprint("feeds", __name__)


@bp.get("/-/feed.atom")
@reads
def view() -> ResponseReturnValue:
    """Give the newest changes; ``path`` names a page, or a folder, whose name may end in a slash."""
    path = request.args.get("path", "")
    past, site = current_snapshot().past, current_snapshot().site
    origin = past.origin
    own = absolute("/-/feed.atom" + (f"?{urlencode({'path': path})}" if path else ""))
    language = current_interface().code
    if path and not path.endswith("/"):
        try:
            history = past.history(past.subject(path))
        except PageNotFoundError:
            pass  # maybe a folder
        else:
            name = history.subject.name
            title, url = f"{site.title}: {name.id}", absolute(f"/-/history{name.url}")
            return _response(
                atom.Feed(f"feed:{origin}:{name.path}", title, url, own, language, [*_revisions(history)])
            )
    folder = path.strip("/")
    changes = past.recent(folder).changes
    if path and not changes:
        raise NotFound(_("Nothing was ever changed in that folder."))
    title = f"{site.title}: {folder}/" if folder else site.title
    url = absolute("/-/recent" + (f"?{urlencode({'folder': folder})}" if folder else ""))
    entries = [_change(change, folder) for change in changes]
    return _response(atom.Feed(f"feed:{origin}:{folder}/", title, url, own, language, entries))


def _response(feed: atom.Feed) -> Response:
    return Response(atom.atom(feed), mimetype=atom.MIMETYPE, content_type=f"{atom.MIMETYPE}; charset=utf-8")


def _revisions(history: History) -> Iterator[atom.Entry]:
    name = history.subject.name
    for step in history.steps:
        revision = step.revision
        place = f"{name.url}?rev={revision.id}" if step.name.blob else f"/-/history{name.url}"
        yield atom.Entry(
            id=f"{revision.id}:{step.name.path}",
            title=revision.summary or str(name.id),
            author=revision.author.name or _("Unknown"),
            time=revision.time,
            url=absolute(place),
            summary=_did(step.kind, str(step.name.id)),
        )


def _change(change: ChangeSet, folder: str) -> atom.Entry:
    told = [_did(file.kind, str(file.name.id)) for file in change.files]
    if rest := change.count - len(change.files):
        told.append(ngettext("and %(num)s more file", "and %(num)s more files", rest))
    return atom.Entry(
        id=f"{change.revision.id}:{folder}/",
        title=change.revision.summary or told[0],
        author=change.revision.author.name or _("Unknown"),
        time=change.revision.time,
        url=absolute(f"/-/commit/{change.revision.id}"),
        summary="\n".join(told),
    )


def _did(kind: TouchKind, name: str) -> str:
    if kind is TouchKind.ADDED:
        return _("Added: %(name)s", name=name)
    if kind is TouchKind.RENAMED:
        return _("Renamed: %(name)s", name=name)
    if kind is TouchKind.DELETED:
        return _("Deleted: %(name)s", name=name)
    return _("Changed: %(name)s", name=name)
