"""What browsers need to know so that they can search the wiki from their address bar."""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from wiki.current import current_snapshot, reads
from wiki.languages import current_interface
from wiki.languages import gettext as _
from wiki.urls import absolute
from wiki.xml import xml_text

bp = Blueprint("opensearch", __name__)

SHORT_NAME, LONG_NAME, DESCRIPTION = 16, 48, 1024  # characters at most, says the specification


@bp.get("/-/opensearch.xml")
@reads
def description() -> ResponseReturnValue:
    """Describe the search.

    Source:
        OpenSearch 1.1 Draft 6, "OpenSearch description document".
    """
    site = current_snapshot().site
    title = site.title.strip() or "Quire"
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
  <ShortName>{xml_text(title[:SHORT_NAME])}</ShortName>
  <LongName>{xml_text(title[:LONG_NAME])}</LongName>
  <Description>{xml_text(_("Search the wiki “%(site)s”.", site=title)[:DESCRIPTION])}</Description>
  <InputEncoding>UTF-8</InputEncoding>
  <OutputEncoding>UTF-8</OutputEncoding>
  <Language>{current_interface().code}</Language>
  <Image height="32" width="32" type="image/svg+xml">{xml_text(absolute("/favicon.ico"))}</Image>
  <Url type="text/html" template="{xml_text(absolute("/-/search?q={searchTerms}"))}"/>
  <Url type="application/x-suggestions+json" template="{xml_text(absolute("/-/suggest?q={searchTerms}"))}"/>
  <Url type="application/opensearchdescription+xml" rel="self" template="{xml_text(absolute("/-/opensearch.xml"))}"/>
</OpenSearchDescription>
"""
    return Response(body, content_type="application/opensearchdescription+xml; charset=utf-8")
