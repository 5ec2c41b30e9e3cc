"""Atom feeds, as a feed reader reads them."""

from datetime import UTC, datetime
from xml.etree import ElementTree

import feedparser
import pytest
from flask.testing import FlaskClient

from engine.model import Author
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from wiki import create_app
from wiki.settings import Settings

ATOM = "{http://www.w3.org/2005/Atom}"


def read(client: FlaskClient, address: str = "/-/feed.atom", **options: str) -> feedparser.FeedParserDict:
    answer = client.get(address, **options)
    assert answer.status_code == 200
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.data, sanitize_html=False)
    assert not feed.bozo
    assert feed.version == "atom10"
    return feed


@pytest.fixture
def made(commit: Commit, wiki: Wiki) -> list[str]:
    made = [
        commit({"a.md": "one", "f/b.md": "b"}),
        commit({"f/b.md": "b2"}),
        commit({"a.md": "two"}),
        commit({"a.md": None, "x.md": "x"}),
    ]
    wiki.catch_up()
    return made


def test_a_feed_of_everything_has_each_commit(client: FlaskClient, made: list[str]) -> None:
    feed = read(client)
    assert feed.feed.title == "Quire"
    assert len(feed.entries) == 4
    newest = feed.entries[0]
    assert newest.link == f"http://localhost/-/commit/{made[3]}"
    assert newest.summary == "Deleted: a\nAdded: x"
    assert newest.author == "Nobody"
    assert newest.updated == "2026-01-01T00:00:00Z"
    assert feed.entries[1].link == f"http://localhost/-/commit/{made[2]}"
    assert {link.rel: link.href for link in feed.feed.links} == {
        "self": "http://localhost/-/feed.atom",
        "alternate": "http://localhost/-/recent",
    }


def test_a_feed_is_of_a_folder_or_of_a_page(client: FlaskClient, made: list[str]) -> None:
    folder = read(client, "/-/feed.atom?path=f/")
    assert [entry.summary for entry in folder.entries] == ["Changed: f/b", "Added: f/b"]
    assert read(client, "/-/feed.atom?path=f").entries == folder.entries
    page = read(client, "/-/feed.atom?path=f/b")
    assert [entry.link for entry in page.entries] == [
        f"http://localhost/f/b?rev={made[1]}",
        f"http://localhost/f/b?rev={made[0]}",
    ]
    gone = read(client, "/-/feed.atom?path=a")
    assert gone.entries[0].summary == "Deleted: a"
    for path in ("nowhere", "nowhere/", "--help", "%00", "x" * 10_000, "F/"):
        assert client.get(f"/-/feed.atom?path={path}").status_code == 404


def test_ids_are_unique_and_stay(client: FlaskClient, wiki: Wiki, commit: Commit, made: list[str]) -> None:
    addresses = ("/-/feed.atom", "/-/feed.atom?path=f/", "/-/feed.atom?path=f/b")
    feeds = {address: read(client, address) for address in addresses}
    ids = [entry.id for feed in feeds.values() for entry in feed.entries]
    ids += [feed.feed.id for feed in feeds.values()]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("urn:uuid:") for each in ids)
    commit({"f/b.md": "b3"})
    wiki.catch_up()
    for address, before in feeds.items():
        again = read(client, address, base_url="https://elsewhere.example")
        assert again.feed.id == before.feed.id
        assert [entry.id for entry in again.entries][1:] == [entry.id for entry in before.entries]


def test_addresses_begin_with_the_public_one_or_that_of_the_request(
    client: FlaskClient, wiki: Wiki, made: list[str]
) -> None:
    for host in ("https://one.example", "http://other.example:8080"):
        feed = read(client, base_url=host)
        assert all(entry.link.startswith(f"{host}/") for entry in feed.entries)
    public = create_app(Settings(url="https://wiki.example.org/"), wiki).test_client()
    assert read(public, base_url="http://one.example").entries[0].link.startswith("https://wiki.example.org/")


def test_a_feed_has_an_etag(client: FlaskClient, made: list[str]) -> None:
    etag = client.get("/-/feed.atom").headers["ETag"]
    assert client.get("/-/feed.atom", headers={"If-None-Match": etag}).status_code == 304


def test_what_xml_cannot_hold_is_replaced(store: MemoryStore, wiki: Wiki, client: FlaskClient) -> None:
    odd = Author("A\x01<b>&", "a@example.org")
    when = datetime(2026, 3, 1, tzinfo=UTC)
    store.set_head(
        store.commit_tree({"a\x02]]>.md": b"x"}, author=odd, summary="<i>\x0b\x1f & ]]> \ufffe", time=when)
    )
    wiki.catch_up()
    root = ElementTree.fromstring(client.get("/-/feed.atom").data)
    title = root.findtext(f"{ATOM}entry/{ATOM}title")
    assert title is not None
    assert title.startswith("<i>")
    assert read(client).entries[0].summary == "Added: a\ufffd]]>"


def test_feeds_made_at_the_same_time_share_nothing_that_changes(
    client: FlaskClient, made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prefixes of namespaces are the process's, and to set them is not safe in threads."""
    monkeypatch.setattr(ElementTree, "register_namespace", None)
    assert '<feed xmlns="http://www.w3.org/2005/Atom"' in client.get("/-/feed.atom").text


def test_pages_folders_and_recent_changes_name_their_feed(client: FlaskClient, made: list[str]) -> None:
    for address, feed in (
        ("/f/b", "/-/feed.atom?path=f/b"),
        ("/f/", "/-/feed.atom?path=f/"),
        ("/", "/-/feed.atom"),
        ("/-/recent", "/-/feed.atom"),
        ("/-/recent?folder=f", "/-/feed.atom?path=f/"),
        ("/-/history/f/b", "/-/feed.atom?path=f/b"),
    ):
        text = client.get(address).text
        head = text[: text.index("</head>")]
        assert 'type="application/atom+xml"' in head
        assert f'href="{feed}"' in head.replace("%2F", "/")
