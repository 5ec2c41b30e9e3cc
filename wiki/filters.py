"""Small Jinja filters: times for machines, short ids, addresses, directions of writing."""

from datetime import datetime

from flask import Flask

from engine.ids import url_path
from engine.language import direction


def moment(time: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def short(commit: str) -> str:
    """Return the first ten digits of a commit or blob id."""
    return commit[:10]


def register(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(direction=direction, moment=moment, short=short, url_path=url_path)
