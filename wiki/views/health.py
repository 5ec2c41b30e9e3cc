"""Health: how fresh catalog and index are, for monitors."""

from dataclasses import asdict

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from wiki.current import current_wiki

bp = Blueprint("health", __name__)


@bp.get("/-/healthz")
def healthz() -> ResponseReturnValue:
    """Tell the commit, the commits of what is derived, and the progress; 503 while following fails."""
    wiki = current_wiki()
    wiki.follow()
    status = wiki.status()
    failing = bool(status.work.problem)
    return jsonify(status="failing" if failing else "ok", **asdict(status)), 503 if failing else 200
