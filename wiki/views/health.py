"""Health: how fresh catalog and index are, for monitors."""

from collections.abc import Mapping
from dataclasses import asdict

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from wiki.current import current_actor, current_identity, current_wiki
from wiki.filters import moment
from wiki.webhooks import Told, webhooks

bp = Blueprint("health", __name__)


@bp.get("/-/healthz")
def healthz() -> ResponseReturnValue:
    """Tell the commit, the commits of what is derived, and the progress; 503 while following fails.

    Admins are told of webhooks, too. Who may not read every page is told no numbers either, as these would tell of pages that are hidden.
    """
    wiki = current_wiki()
    wiki.follow()
    status = wiki.status()
    failing = bool(status.work.problem)
    told = asdict(status)
    if not wiki.policy.is_open(current_actor()):
        for name in ("pages", "unknown", "work"):
            del told[name]
    if current_identity().is_admin and (hooks := webhooks(current_app).status()):
        told["webhooks"] = [_hook(each) for each in hooks]
    response = jsonify(status="failing" if failing else "ok", **told)
    response.headers["Cache-Control"] = "no-store"
    return response, 503 if failing else 200


def _hook(told: Told) -> Mapping[str, str | bool | None]:
    times = ("succeeded", "failing", "next", "skipped")
    found = {name: getattr(told.hook, name, None) for name in times}
    return {
        "address": told.address,
        "behind": told.behind,
        "error": told.hook.error if told.hook is not None else "",
        **{name: moment(time) if time is not None else None for name, time in found.items()},
    }
