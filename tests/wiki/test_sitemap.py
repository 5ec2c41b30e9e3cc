"""The site map, by the rules of its protocol, and what robots are told."""

import re
from datetime import datetime
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.access import ANONYMOUS
from engine.lists import Address
from engine.model import Form, Name
from engine.wiki import Wiki
from tests.conftest import Commit
from wiki import create_app
from wiki.settings import Settings
from wiki.views import sitemap

NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def entries(client: FlaskClient, address: str = "/sitemap.xml") -> tuple[str, dict[str, str | None]]:
    """Check a site map as its schema does; return what it is, and its addresses with their last change."""
    answer = client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    assert len(answer.data) <= 50_000_000
    root = ElementTree.fromstring(answer.data)
    inner = {f"{NAMESPACE}urlset": "url", f"{NAMESPACE}sitemapindex": "sitemap"}[root.tag]
    assert not root.attrib
    found: dict[str, str | None] = {}
    for entry in root:
        assert entry.tag == NAMESPACE + inner
        assert [child.tag.removeprefix(NAMESPACE) for child in entry] in (["loc"], ["loc", "lastmod"])
        location = entry[0].text or ""
        assert re.fullmatch(r"https?://[!-~]+", location)
        assert len(location) < 2_048 or "sitemap" not in inner
        changed = entry[1].text if len(entry) > 1 else None
        assert changed is None or (TIME.fullmatch(changed) and datetime.fromisoformat(changed))
        found[location] = changed
    assert len(found) == len(root) <= 50_000
    return inner, found


def test_pages_are_listed_with_their_last_change(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a b.md": "A", "x/首页.md": "B", "q&a.md": "C", "picture.png": "x"})
    wiki.catch_up()
    kind, found = entries(client)
    assert kind == "url"
    assert list(found) == [
        "http://localhost/a%20b",
        "http://localhost/q&a",
        "http://localhost/x/%E9%A6%96%E9%A1%B5",
    ]
    assert all(found.values())


def test_pages_that_no_address_leads_to_are_left_out(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a.md": "A", "-/b.md": "B", "sitemap.xml.md": "C", "wiki.git/d.md": "D", "e/-/f.md": "F"})
    wiki.catch_up()
    assert list(entries(client)[1]) == ["http://localhost/a", "http://localhost/e/-/f"]


def test_the_last_change_is_the_last(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a.md": "A", "b.md": "B"})
    commit({"a.md": "Changed"})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        times = {
            name: snapshot.page(found).last_change
            for name in ("a", "b")
            if (found := snapshot.find(name).name) is not None
        }
    listed = entries(client)[1]
    for name, change in times.items():
        assert change is not None
        assert listed[f"http://localhost/{name}"] == change.revision.time.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_pages_that_lead_on_or_are_not_to_be_listed_are_left_out(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(
        {
            "a.md": "A",
            "moved.md": "---\nredirect: a\n---\n",
            "quiet.md": "---\nrobots: noindex, nofollow\n---\nQuiet",
            "none.md": "---\nrobots: none\n---\nNone",
            "all.md": "---\nrobots: all\n---\nAll",
        }
    )
    wiki.catch_up()
    assert list(entries(client)[1]) == ["http://localhost/a", "http://localhost/all"]
    assert '<meta name="robots" content="noindex">' in client.get("/quiet").text
    assert "noindex" not in client.get("/all").text
    assert "nofollow" not in client.get("/quiet").text


def test_a_large_wiki_has_a_map_of_several_parts(
    commit: Commit, wiki: Wiki, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sitemap, "PART", 10)
    commit({f"{number:02}.md": "Text" for number in range(25)})
    wiki.catch_up()
    kind, parts = entries(client)
    assert kind == "sitemap"
    assert list(parts) == [f"http://localhost/sitemap.xml?part={number}" for number in (1, 2, 3)]
    found = [each for part in parts for each in entries(client, part.removeprefix("http://localhost"))[1]]
    assert found == [f"http://localhost/{number:02}" for number in range(25)]
    assert client.get("/sitemap.xml?part=4").status_code == 404
    for bad in ("0", "x", "-1", "50001", ""):
        assert client.get(f"/sitemap.xml?part={bad}").status_code == 400


def test_a_part_can_never_be_too_large(app: Flask) -> None:
    longest = Address(Name("&" * 1_024, "", Form.MEDIA), datetime(2026, 1, 1))
    with app.test_request_context(base_url=f"https://{'.'.join(['x' * 60] * 4)}"):
        assert len("".join(sitemap._urls([longest]))) * sitemap.PART < 50_000_000


def test_an_empty_wiki_has_an_empty_map(client: FlaskClient) -> None:
    assert entries(client) == ("url", {})


def test_the_map_names_the_public_address(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "A"})
    client = create_app(Settings(url="https://wiki.example.org/"), wiki).test_client()
    assert list(entries(client)[1]) == ["https://wiki.example.org/a"]
    assert "Sitemap: https://wiki.example.org/sitemap.xml\n" in client.get("/robots.txt").text


def test_robots_may_read_pages_and_nothing_else(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [
        "User-agent: *",
        "Disallow: /-/",
        "Allow: /-/static/",
        "Allow: /-/search$",
        "",
        "Sitemap: http://localhost/sitemap.xml",
    ]


def test_robots_may_read_nothing_where_visitors_may_not(wiki: Wiki) -> None:
    client = create_app(Settings(anonymous="nobody"), wiki).test_client()
    assert client.get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
