"""What programs are answered that show it to a person: one line of text, of which nothing is kept."""

from collections.abc import Mapping

from flask import Response


def line(code: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a status and one line."""
    response = Response(f"{text}\n", code, headers or {}, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response
