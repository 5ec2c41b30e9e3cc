"""Path and query text -> typed values, at the border."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

import flask
from flask import abort, redirect, request
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.routing import BaseConverter

from engine.errors import NotReadyError, PageNotFoundError
from engine.ids import is_reserved
from engine.messages import Message
from engine.model import Name
from engine.past_answers import Subject
from engine.wiki import Found
from wiki.accepting import prefers_json
from wiki.current import current_snapshot, site
from wiki.forms import FormParser
from wiki.languages import gettext

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

QUERY_CHARACTERS = 500


class Request(flask.Request):
    """A request whose query is ASCII: other bytes, which no browser sends, are percent-encoded."""

    form_data_parser_class = FormParser

    def __init__(
        self, environ: "WSGIEnvironment", populate_request: bool = True, shallow: bool = False
    ) -> None:
        query = environ.get("QUERY_STRING", "").encode("latin-1")
        environ["QUERY_STRING"] = quote(query, safe="!\"#$%&'()*+,/:;<=>?@[\\]^`{|}~")
        super().__init__(environ, populate_request, shallow)


class AddressConverter(BaseConverter):
    """The whole path of a page or a file, with every character that a name may have, line ends among them."""

    regex = r"[^/][\s\S]*"
    part_isolating = False
    weight = 200


def found_at(text: str) -> Found:
    """Find what a URL's path leads to; PageNotFoundError when nothing does.

    Raises:
        NotFound: The address belongs to the wiki itself, so it never leads to a page.
    """
    if is_reserved(text):
        raise NotFound(gettext("This address belongs to the wiki itself, and there is nothing here."))
    return current_snapshot().find(text)


def subject_at(text: str, place: str = "") -> Subject:
    """Find the file whose past a URL asks for, also where it was moved or is gone.

    Args:
        text: The path of a page or a file, as in its own address.
        place: What stands before it in the URL, such as ``/-/history``. Where the file has another address now, the
            reader is sent to that one, with the same query.

    Raises:
        PageNotFoundError: There never was such a file.
        HTTPException: The redirect.
    """
    snapshot = current_snapshot()
    try:
        subject = snapshot.past.subject(text)
    except PageNotFoundError:
        found = snapshot.find(text)
        if not found.redirect or found.redirect.endswith("/"):
            raise
        return abort(redirect(with_query(f"{place}{found.redirect}"), 302))
    if not subject.gone and str(subject.name.id) != text:
        return abort(redirect(with_query(f"{place}{subject.name.url}"), 302))
    return subject


def living_at(text: str, place: str) -> Name:
    """Find a file that is there, as `subject_at` does; also while the history is being read, if that is its address.

    Raises:
        PageNotFoundError: There is none, or none any more.
        NotReadyError: Only the history can tell what the URL means.
    """
    try:
        subject = subject_at(text, place)
    except NotReadyError:
        with suppress(PageNotFoundError):
            name = current_snapshot().find(text).name
            if name is not None and str(name.id) == text:
                return name
        raise
    if subject.gone:
        raise PageNotFoundError(Message("There is no page “%(name)s” any more.", name=str(subject.name.id)))
    return subject.name


def with_query(address: str) -> str:
    """Return another address with the query of the request."""
    query = request.query_string.decode()
    return f"{address}?{query}" if query else address


def absolute(path: str) -> str:
    """Return the whole address of a path of this site, as feeds and site maps need it.

    It begins with the setting ``url``; without one with the host that the request names.
    """
    public = site().settings.url.rstrip("/")
    return (public or f"{request.scheme}://{request.host or 'localhost'}") + path


def wants_json() -> bool:
    """Say whether the request comes from a script that asks for JSON rather than for a page."""
    return prefers_json(request.headers.get("Accept", ""))


def query_text(name: str = "q") -> str:
    """Return a query that somebody typed, one character longer than what a search reads, so that it can say so."""
    return request.args.get(name, "").replace("\0", " ").strip()[: QUERY_CHARACTERS + 1]


def argument(name: str) -> str:
    """Return a part of the query as it is; 400 where it stands there twice, as then nobody knows which one is meant."""
    values = request.args.getlist(name)
    if len(values) > 1:
        raise BadRequest(gettext("The address says %(name)s twice.", name=name))
    return values[0] if values else ""


def whole_number(name: str, default: int, lowest: int, highest: int) -> int:
    """Return a number from the query; 400 with the reason when it is none, or out of bounds."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and lowest <= int(text) <= highest):
        raise BadRequest(
            gettext(
                "%(name)s must be a whole number from %(lowest)s to %(highest)s.",
                name=name,
                lowest=lowest,
                highest=highest,
            )
        )
    return int(text)


def one_of(name: str, choices: Sequence[str]) -> str:
    """Return a word from the query, the first of *choices* where there is none; 400 with all of them for another."""
    text = request.args.get(name) or choices[0]
    if text not in choices:
        raise BadRequest(
            gettext("%(name)s must be one of: %(choices)s.", name=name, choices=", ".join(choices))
        )
    return text
