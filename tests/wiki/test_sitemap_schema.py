"""The site map against the schema of its protocol, which a package of the usual registry carries."""

from collections.abc import Mapping

import pytest
from flask import Flask
from lxml import etree

from tests.conftest import Commit
from tests.fetching import Source, fetched

SCHEMA = Source(
    ("npm", "pack", "--silent", "sitemap@9.0.1"),
    "package/schema/sitemap.xsd",
    "fbec77e84467050d5667394a57cc5cdfe1239d80aca1d61e9e0827173c3d9df9",
)


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(fetched("specs/sitemap-0.9.xsd", SCHEMA)))


@pytest.mark.parametrize(
    "pages",
    [
        {"index.md": "# Home\n"},
        {"a & b.md": "x\n", "ü/日本 <1>.md": "x\n", 'it\'s "so".md': "x\n", "a'b/c%20d.md": "x\n"},
    ],
)
def test_site_maps_are_valid(
    app: Flask, commit: Commit, schema: etree.XMLSchema, pages: Mapping[str, str]
) -> None:
    commit(pages)
    schema.assertValid(etree.fromstring(app.test_client().get("/sitemap.xml").data))


def test_the_schema_finds_what_is_wrong(schema: etree.XMLSchema) -> None:
    wrong = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><lastmod>today</lastmod></url></urlset>'
    assert not schema.validate(etree.fromstring(wrong))
