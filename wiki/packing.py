"""Answers packed with gzip, for readers who take them so.

Only what every anonymous reader gets is packed: nothing secret stands beside what a stranger may put into it, whose
length under compression would tell of the secret (the BREACH attack, 2013).
"""

import gzip

from flask import Response

SMALL = 1_000  # bytes; what is smaller is not worth packing
LEVEL = 5  # of gzip: 6 takes half as long again, for a hundredth less
_TYPES = frozenset(
    """
    text/html text/markdown application/atom+xml application/xml application/json
    application/opensearchdescription+xml
    """.split()
)


def takes_gzip(header: str) -> bool:
    """Say whether an ``Accept-Encoding`` header takes gzip; one that likes it less than fully is taken at its word."""
    return "gzip" in header and "gzip;q=0" not in header.replace(" ", "")


def pack(response: Response) -> None:
    """Pack an answer where that is worth it; its ETag must be one of the packed answer already."""
    if (
        response.mimetype not in _TYPES
        or response.is_streamed
        or response.accept_ranges
        or "Content-Encoding" in response.headers
    ):
        return
    body = response.get_data()
    if len(body) >= SMALL:
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
