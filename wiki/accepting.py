"""What a browser or a program accepts, read in one place: for the view, for the ETag and for the key of a kept answer."""

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header


def prefers_markdown(accept: str) -> bool:
    """Say whether an ``Accept`` header prefers the Markdown of a page; only one that names the type can."""
    if "markdown" not in accept.lower():
        return False
    accepted = parse_accept_header(accept, MIMEAccept)
    return accepted.best_match(("text/html", "text/markdown"), "text/html") == "text/markdown"


def prefers_json(accept: str) -> bool:
    """Say whether an ``Accept`` header prefers JSON to a page; only one that names the type can."""
    if "json" not in accept.lower():
        return False
    accepted = parse_accept_header(accept, MIMEAccept)
    return accepted.best_match(("text/html", "application/json"), "text/html") == "application/json"


def preferred(accept: str) -> str:
    """Return which kind of answer an ``Accept`` header prefers: "markdown", "json", or empty for a page."""
    if prefers_markdown(accept):
        return "markdown"
    return "json" if prefers_json(accept) else ""
