"""The revisions of a page, to read and to compare."""

import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit

HOSTILE = [
    "--help",
    "HEAD~1",
    "main",
    "x" * 10_000,
    "\0",
    "a\nb",
    "",
    "0" * 40,
    "'",
    "%",
    "\ud800",
    "-1",
    "１",
]


def test_revisions_are_listed_newest_first(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    first = commit({"a.md": "one", "x.md": "x"})
    second = commit({"a.md": "two"})
    moved = commit({"a.md": None, "f/b.md": "two"})
    wiki.catch_up()
    text = client.get("/-/history/f/b").text
    assert "3 revisions" in text
    assert [text.index(f"/f/b?rev={each}") for each in (moved, second, first)] == sorted(
        text.index(f"/f/b?rev={each}") for each in (moved, second, first)
    )
    assert f'href="/-/diff/f/b?from={second}&amp;to={moved}"' in text
    assert "Renamed from <bdi>a.md</bdi>" in text
    assert "noindex" in text


def test_any_two_revisions_can_be_chosen_without_scripts(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    first, second, third = (commit({"a.md": each}) for each in ("1", "2", "3"))
    wiki.catch_up()
    text = client.get("/-/history/a").text
    assert '<form action="/-/diff/a"' in text
    for name in ("from", "to"):
        offered = re.findall(rf'name="{name}" value="([0-9a-f]+)"', text)
        assert offered == [third, second, first]
        assert f'aria-label="Compare {name} revision 3"' in text
    checked = re.findall(r'name="(\w+)" value="(\w+)"[^>]* checked', text)
    assert dict(checked) == {"from": second, "to": third}


def test_where_a_page_has_moved_its_history_follows(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a b.md": "one", "x.md": "x"})
    commit({"a b.md": None, "new?.md": "one"})
    wiki.catch_up()
    for address in ("/-/history/a b", "/-/history/a b.md", "/-/history/new%3F.md", "/-/history/New%3F"):
        answer = client.get(f"{address}?page=1")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/-/history/new%3F?page=1")
    assert client.get("/-/history/new%3F").status_code == 200


def test_deleted_pages_and_files_have_a_history(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    last = commit({"a.md": "one", "m.png": b"1", "x.md": "x"})
    commit({"a.md": None, "m.png": None})
    wiki.catch_up()
    for address in ("a", "m.png"):
        text = client.get(f"/-/history/{address}").text
        assert "2 revisions" in text
        assert "was deleted" in text
        assert f"/{address}?rev={last}" in text


def test_a_page_that_was_made_again_has_all_its_history(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    made = [commit({"a.md": text, "x.md": text}) for text in ("one", "two")]
    made += [commit({"a.md": None}), commit({"a.md": "again"})]
    wiki.catch_up()
    text = client.get("/-/history/a").text
    assert "4 revisions" in text
    assert "Before that" not in text
    assert f"/-/diff/a?from={made[0]}&amp;to={made[1]}" in text


def test_a_page_in_the_place_of_one_that_moved_leads_to_that_one(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"a.md": "one", "x.md": "x"})
    last = commit({"a.md": "two", "b.md": "other"})
    commit({"a.md": None, "b.md": None, "c.md": "two", "d.md": "other"})
    commit({"a.md": "new", "b.md": "new", "d.md": None})
    wiki.catch_up()
    for name in ("a", "b"):
        text = client.get(f"/-/history/{name}").text
        assert "1 revision\n" in text or "1 revision<" in text
        assert f'href="/-/history/{name}.md?at={last}"' in text
    assert client.get(f"/-/history/a.md?at={last}").headers["Location"] == "/-/history/c"
    before = client.get(f"/-/history/b.md?at={last}").text
    assert "3 revisions" in before
    assert "Before that" not in before
    for at in ("x", "--help", "HEAD", "0" * 40, "%00"):
        assert client.get(f"/-/history/a?at={at}").status_code == 404


def test_a_long_history_comes_in_pages(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    made = [commit({"a.md": f"{number}"}) for number in range(120)]
    wiki.catch_up()
    pages = [client.get(f"/-/history/a?page={number}").text for number in (1, 2, 3)]
    assert [len(re.findall('class="revision ', page)) for page in pages] == [50, 50, 20]
    assert f"from={made[69]}&amp;to={made[70]}" in pages[0]  # across the edge
    assert 'rel="next" href="?page=2"' in pages[0]
    assert 'rel="next"' not in pages[2]
    for beyond in ("4", "0", "-1", "x", "1" * 30, "1e3", ""):
        assert client.get(f"/-/history/a?page={beyond}").status_code in {400, 404}


def test_what_one_author_did_in_a_row_is_folded(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    for number in range(4):
        commit({"a.md": f"{number}"})
    wiki.catch_up()
    text = client.get("/-/history/a").text
    assert "3 more revisions by Nobody on that day" in text
    assert text.count("<details>") >= 1
    assert len(re.findall('class="revision ', text)) == 4


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("place", ["/-/history/", "/-/by/"])
def test_what_never_was_has_no_past(
    commit: Commit, wiki: Wiki, client: FlaskClient, place: str, text: str
) -> None:
    commit({"a.md": "one"})
    wiki.catch_up()
    assert client.get(place + quote(text, errors="replace")).status_code == 404


def test_a_name_that_says_something_in_html_is_just_a_name(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    odd = "<b>\"&'%?#.md"
    commit({odd: "one", "x.md": "x"})
    commit({odd: None, "y.md": "one"})
    commit({"y.md": None, odd: "one"})
    wiki.catch_up()
    for address in ("/-/history/" + quote(odd[:-3]), "/-/recent", "/-/feed.atom"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert "<b>" not in answer.text


def test_while_the_history_is_being_read_the_reader_is_told(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    for number in range(3):
        commit({f"{number}-{each}.md": "x" for each in range(300)})
    for address in ("/-/history/0-0", "/-/recent", "/-/deleted", "/-/feed.atom", "/0-0?rev=" + "0" * 40):
        answer = client.get(address)
        assert answer.status_code == 503
        assert "still being read" in answer.text
    assert client.get("/nowhere").status_code == 404
    wiki.catch_up()
    assert client.get("/-/history/0-0").status_code == 200


@pytest.mark.parametrize("view", ["history", "diff", "blame"])
def test_what_was_of_a_page_stands_under_its_title(
    commit: Commit, wiki: Wiki, client: FlaskClient, view: str
) -> None:
    commit({"a.md": "---\ntitle: One & <two>\n---\n"})
    wiki.catch_up()
    shown = client.get(f"/-/{view}/a").text
    heading = shown.partition("<h1")[2].partition("</h1>")[0]
    assert "One &amp; &lt;two&gt;" in heading
