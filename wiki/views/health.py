"""Health: how fresh catalog and index are, for monitors."""

from dataclasses import asdict

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from wiki.current import current_actor, current_wiki

bp = Blueprint("health", __name__)


@bp.get("/-/healthz")
def healthz() -> ResponseReturnValue:
    """Tell the commit, the commits of what is derived, and the progress; 503 while following fails.

    Who may not read every page is told no numbers either, as these would tell of pages that are hidden.
    """
    wiki = current_wiki()
    wiki.follow()
    status = wiki.status()
    failing = bool(status.work.problem)
    told = asdict(status)
    if not wiki.policy.is_open(current_actor()):
        for name in ("pages", "unknown", "work"):
            del told[name]
    response = jsonify(status="failing" if failing else "ok", **told)
    response.headers["Cache-Control"] = "no-store"
    return response, 503 if failing else 200
