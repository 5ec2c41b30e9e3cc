"""Lists of the whole wiki, as pages."""

import re

import pytest
from flask.testing import FlaskClient

from engine import links
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.shown import main


def test_missing_pages_are_listed_with_the_sentences_that_name_them(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"a.md": "# The A\n\nSee [[No Such]] page.", "b.md": "[[no such]] and [[a]]"})
    wiki.catch_up()
    whole = client.get("/-/missing").text
    text = main(whole)
    assert 'href="/No%20Such"' in text
    assert "Named on 2 pages" in text
    assert "See No Such page." in text
    assert '<a dir="auto" href="/a">The A</a>' in text
    assert 'content="noindex"' in whole


def test_where_nothing_is_missing_it_is_said(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"home.md": "[[a]]", "a.md": "[[home]]"})
    wiki.catch_up()
    assert "Nothing is missing" in client.get("/-/missing").text
    assert "There are none" in client.get("/-/orphans").text


def test_orphans_are_listed_with_their_titles(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"home.md": "Text", "x/lone.md": "# Alone"})
    wiki.catch_up()
    text = main(client.get("/-/orphans").text)
    assert re.findall(r'<li><a href="([^"]+)" dir="auto">([^<]+)</a>', text) == [("/x/lone", "Alone")]


def test_the_home_page_is_no_orphan_whatever_it_is_called(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"quire.toml": 'home = "front"', "front.md": "Text", "b.md": "Text"})
    wiki.catch_up()
    text = main(client.get("/-/orphans").text)
    assert 'href="/front"' not in text
    assert "1 orphan." in text


@pytest.mark.parametrize("address", ["/-/missing", "/-/orphans"])
def test_a_long_list_has_pages(commit: Commit, wiki: Wiki, client: FlaskClient, address: str) -> None:
    commit({f"{number:03}.md": f"[[no{number:03}]]" for number in range(150)})
    wiki.catch_up()
    first, second = client.get(address).text, client.get(f"{address}?page=2").text
    assert 'href="?page=2"' in first
    assert 'href="?page=3"' not in second
    assert ("099" in first, "100" in first, "100" in second) == (True, False, True)
    assert 'start="101"' in second
    assert client.get(f"{address}?page=3").status_code == 404
    for bad in ("x", "0", "-1", "1001", "%00"):
        assert client.get(f"{address}?page={bad}").status_code == 400


@pytest.mark.parametrize("address", ["/-/missing", "/-/orphans"])
def test_a_list_that_takes_long_is_said_to_be_worked_out_and_not_kept(
    commit: Commit, wiki: Wiki, client: FlaskClient, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({f"{number}.md": "[[nowhere]]" for number in range(300)})
    answer = client.get(address)  # the pages are not even read
    assert "being worked out" in answer.text
    assert "ETag" not in answer.headers
    wiki.catch_up()
    monkeypatch.setattr(links, "WAIT", 0)
    monkeypatch.setattr(links.LinkReports, "_work", lambda *_: (None, False))
    assert "being worked out" in client.get(address).text
    monkeypatch.undo()
    answer = client.get(address)
    assert "being worked out" not in answer.text
    assert "300" in answer.text
    assert "ETag" in answer.headers


@pytest.mark.parametrize("address", ["/-/missing", "/-/orphans"])
def test_an_empty_wiki_has_nothing_to_list(client: FlaskClient, address: str) -> None:
    text = client.get(address).text
    assert "Nothing is missing" in text or "There are none" in text
