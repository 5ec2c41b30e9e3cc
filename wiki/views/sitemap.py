"""What search engines need: the addresses of all pages, and what they may not ask for."""

from collections.abc import Iterable, Iterator

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from engine.access import Role
from engine.ids import is_reserved
from engine.lists import Address
from wiki.current import current_snapshot, reads, site
from wiki.filters import moment
from wiki.languages import gettext as _
from wiki.urls import absolute, whole_number
from wiki.xml import xml_text

bp = Blueprint("sitemap", __name__)

PART = 5_000
"""Addresses in one part: each takes at most six kilobytes, so this stays below the 50 MB of the protocol."""

PARTS = 50_000  # that an index may name, by the protocol
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@bp.get("/sitemap.xml")
@reads
def sitemap() -> ResponseReturnValue:
    """List the pages with their last change; in a large wiki list the parts of that list.

    Left out are pages that lead on to another, and those whose authors want no search engine to list them.

    Source:
        The Sitemap protocol 0.9, sitemaps.org.
    """
    lists = current_snapshot().lists
    part = whole_number("part", 0, 1, PARTS)
    if part:
        addresses = lists.addresses((part - 1) * PART, PART)
        if part > 1 and not addresses:
            raise NotFound(_("The site map has no part %(number)s.", number=part))
        return _xml("urlset", _urls(addresses))
    count = lists.address_count()
    if count <= PART:
        return _xml("urlset", _urls(lists.addresses(0, PART)))
    return _xml("sitemapindex", _parts(min(-(-count // PART), PARTS)))


def _urls(addresses: Iterable[Address]) -> Iterator[str]:
    for each in addresses:
        if is_reserved(str(each.name.id)):
            continue  # this address belongs to the wiki itself, and never leads to the page
        changed = f"<lastmod>{moment(each.changed)}</lastmod>" if each.changed else ""
        yield f"<url><loc>{xml_text(absolute(each.name.url))}</loc>{changed}</url>\n"


def _parts(count: int) -> Iterator[str]:
    for number in range(1, count + 1):
        yield f"<sitemap><loc>{xml_text(absolute(f'/sitemap.xml?part={number}'))}</loc></sitemap>\n"


def _xml(root: str, entries: Iterable[str]) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">\n{"".join(entries)}</{root}>\n'
    return Response(body, content_type="application/xml; charset=utf-8")


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell robots that lists, results and histories are not for them; nothing is where visitors may not read.

    Source:
        RFC 9309; the line Sitemap is an extension of sitemaps.org.
    """
    if site().door.visitor.actor.role is Role.NOBODY:
        lines = ["User-agent: *", "Disallow: /"]
    else:
        lines = [
            "User-agent: *",
            "Disallow: /-/",
            "Allow: /-/static/",
            "Allow: /-/search$",
            "",
            f"Sitemap: {absolute('/sitemap.xml')}",
        ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
