"""What changed since, for programs that follow the wiki: JSON, a line for each commit, and where to go on."""

import json
from contextlib import suppress

from flask import Blueprint, Response, current_app, g, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from engine.access import parse_patterns
from engine.change_feed import COMMITS, HEAD, patterns_of
from engine.errors import StoreError
from engine.messages import Message
from wiki import telling
from wiki.current import current_actor, current_snapshot, current_wiki, reads
from wiki.entrance import ask_again
from wiki.languages import translated
from wiki.urls import argument, whole_number
from wiki.waiting import SECONDS, waiting

bp = Blueprint("changes", __name__)

LIMIT = 100  # commits, where nothing else is asked for
MIMETYPE = "application/x-ndjson"


@bp.get("/-/changes")
def view() -> ResponseReturnValue:
    """Tell what arrived after a cursor, oldest first; with ``wait`` once there is something, or after so many seconds."""
    seconds = whole_number("wait", 0, 0, SECONDS)
    whole_number("limit", LIMIT, 1, COMMITS)  # before anybody waits
    cursor = argument("since")
    if seconds and cursor and request.environ["wsgi.multithread"]:  # or all others would wait, too
        waiting(current_app).until(lambda: _is_new(cursor), seconds)
        ask_again()
        with current_wiki().at(current_actor(), patient=True):
            pass  # what was waited for may just be being saved
    answer = make_response(_view())
    if seconds:
        g.pop("cacheable", None)  # or the next one would not wait
    return answer


def _is_new(cursor: str) -> bool:
    """Say whether there may be something to tell: the branch is not where it was followed to."""
    if cursor == HEAD:
        return True
    with suppress(StoreError):
        return current_wiki().head() != cursor
    return True


@reads
def _view() -> ResponseReturnValue:
    span = current_snapshot().change_feed.since(
        argument("since"),
        patterns=_patterns(argument("path")),
        limit=whole_number("limit", LIMIT, 1, COMMITS),
    )
    lines = [telling.reset(span)] if span.reset else []
    lines += [*telling.records(span), telling.end(span)]
    body = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    return Response(body.encode("utf-8", "replace"), content_type=MIMETYPE)


def _patterns(path: str) -> tuple[str, ...]:
    try:
        return parse_patterns(patterns_of(path))
    except ValueError as error:
        (message,) = error.args
        raise BadRequest(translated(message) if isinstance(message, Message) else str(message)) from None
