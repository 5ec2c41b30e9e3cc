"""Suggestions for what somebody has typed so far, as browsers and the search box ask for them."""

import json

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from wiki.current import current_snapshot, reads
from wiki.urls import absolute, query_text

bp = Blueprint("suggest", __name__)


@bp.get("/-/suggest")
@reads
def suggest() -> ResponseReturnValue:
    """Suggest pages: what was typed, their titles, by which alias or where each was found, and their addresses.

    Source:
        OpenSearch Suggestions 1.0, "OpenSearch Suggestions JSON format".
    """
    text = query_text()
    found = current_snapshot().lists.suggest(text)
    answer = [
        text,
        [each.title for each in found],
        [each.alias or each.name.folder for each in found],
        [absolute(each.name.url) for each in found],
    ]
    body = json.dumps(answer).encode("ascii")
    return Response(body, content_type="application/x-suggestions+json")
