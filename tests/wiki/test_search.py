"""The search page: any text is a query, and numbers are checked at the border."""

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit
from tests.shown import main


def test_an_empty_search_asks_for_words(client: FlaskClient, commit: Commit) -> None:
    commit({"a.md": "Text\n"})
    for address in ("/-/search", "/-/search?q=", "/-/search?q=%20%09", "/-/search?q=%00"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "Type some words" in answer.text


def test_hits_lead_to_pages_and_their_words_are_shown(
    client: FlaskClient, commit: Commit, wiki: Wiki
) -> None:
    commit({"f/a.md": "# The title\n\nSome llamas here.\n", "b.md": "Nothing.\n"})
    wiki.catch_up()
    text = client.get("/-/search?q=llamas").text
    assert 'href="/f/a' in text
    assert "The title" in text
    assert 'href="/b"' not in main(text)
    assert 'name="q" placeholder="Search" maxlength="500" dir="auto" value="llamas"' in text


def test_results_come_in_pages(client: FlaskClient, commit: Commit, wiki: Wiki) -> None:
    commit({f"p{i:02}.md": "Llamas.\n" for i in range(45)})
    wiki.catch_up()
    seen = []
    for page, count in ((1, 20), (2, 20), (3, 5), (4, 0)):
        text = client.get(f"/-/search?q=llamas&page={page}").text
        assert text.count('class="where"') == count
        assert ('rel="next"' in text) == (page < 3)
        assert ('rel="prev"' in text) == (page > 1)
        seen += [line for line in text.splitlines() if 'class="where"' in line]
    assert len(set(seen)) == 45
    second = client.get("/-/search?q=llamas&page=2").text
    assert 'start="21"' in second
    assert 'href="/-/search?q=llamas&amp;page=3"' in second


@pytest.mark.parametrize(
    "page", ["abc", "0", "-1", "51", "1.5", "1e1", "٣", "", " 1", "+1", "0x1", "9" * 400, "1;", "%00"]
)
def test_a_page_number_that_is_none_is_refused(client: FlaskClient, commit: Commit, page: str) -> None:
    commit({"a.md": "Text\n"})
    answer = client.get("/-/search", query_string={"q": "text", "page": page})
    assert answer.status_code == 400
    assert "page must be a whole number from 1 to 50" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "((((",
        "AND OR NOT",
        "-",
        "title:",
        'tag:"',
        "*",
        "?" * 500,
        "a" * 10_000,
        "\\",
        "--open-files-in-pager=/bin/sh",
        "; DROP TABLE page",
        "%",
        "🦙",
        "\u202e",
        "\ud800",
        "[a-z",
        "^(a+)+$",
        "{{917*613}}",
        "a\x00b",
        "\r\nSet-Cookie: x=y",
        "path:../../etc",
    ],
    ids=ascii,
)
def test_any_text_is_a_query(client: FlaskClient, commit: Commit, wiki: Wiki, query: str) -> None:
    commit({"a.md": "Text\n"})
    wiki.catch_up()
    sent = query.encode("utf-8", "surrogatepass")
    answer = client.get("/-/search", query_string={"q": sent})
    assert answer.status_code == 200
    assert str(917 * 613) not in answer.text


def test_the_query_may_come_as_any_bytes(client: FlaskClient, commit: Commit) -> None:
    commit({"a.md": "Text\n"})
    for raw in ("q=%ff%fe", "q=\xff", "q=a&q=b", "q", "q=%", "&&&", "q[]=x", "q=a&page=1&page=x"):
        answer = client.get("/-/search", environ_overrides={"QUERY_STRING": raw})
        assert answer.status_code == 200


def test_a_search_page_is_not_for_other_search_engines(client: FlaskClient, commit: Commit) -> None:
    commit({"a.md": "Text\n"})
    assert '<meta name="robots" content="noindex">' in client.get("/-/search?q=a").text
