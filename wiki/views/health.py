"""Health: how fresh catalog and index are, for monitors."""

from collections.abc import Mapping
from dataclasses import asdict

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from wiki.current import current_actor, current_identity, current_wiki, site
from wiki.filters import moment
from wiki.mirror import Status
from wiki.webhooks import Told, webhooks

bp = Blueprint("health", __name__)


@bp.get("/-/healthz")
def healthz() -> ResponseReturnValue:
    """Tell the commit, the commits of what is derived, and the progress; 503 while following fails.

    Admins are told of webhooks and of the mirror, too. Who may not read every page is told no numbers either, as these would tell of pages that are hidden.
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
    if current_identity().is_admin and (mirror := site().mirror) is not None:
        told["mirror"] = _mirror(mirror.status())
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


def _mirror(status: Status) -> Mapping[str, object]:
    course = status.course
    times = ("looked", "brought", "sent", "failing", "next")
    found = {name: getattr(course, name) for name in times}
    return {
        "address": status.address,
        "standing": course.standing.value if course.standing is not None else None,
        "ahead": status.ahead,
        "conflicts": course.conflicts,
        "reasons": course.reasons,
        "error": course.error,
        **{name: moment(time) if time is not None else None for name, time in found.items()},
    }
