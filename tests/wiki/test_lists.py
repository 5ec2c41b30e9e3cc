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


@pytest.fixture
def tagged(commit: Commit, wiki: Wiki, client: FlaskClient) -> FlaskClient:
    commit(
        {
            "b.md": "---\ntags: [News, a/deep one]\n---\n# Beta",
            "a.md": "---\ntags: [news]\n---\n# Alpha",
            "c.md": "---\ntags: ['100%', zh标签]\n---\nText #news",
            "d.md": "No tags",
        }
    )
    wiki.catch_up()
    return client


def test_tags_are_listed_with_how_many_pages_have_them(tagged: FlaskClient) -> None:
    shown = re.compile(
        r'<a href="/-/tags/([^"]+)" rel="tag" dir="auto">([^<]+)</a> <span class="count">([^<]+)<'
    )
    by_use = shown.findall(main(tagged.get("/-/tags").text))
    assert by_use[0] == ("News", "News", "3 pages")
    assert ("a/deep-one", "a/deep-one", "1 page") in by_use
    by_name = shown.findall(main(tagged.get("/-/tags?by=name").text))
    assert [name for _, name, _ in by_name] == ["a/deep-one", "News", "zh标签"]
    assert sorted(by_name) == sorted(by_use)
    assert "3 tags" in tagged.get("/-/tags").text
    assert tagged.get("/-/tags?by=colour").status_code == 400


@pytest.mark.parametrize("tag", ["News", "news", "NEWS"])
def test_a_tag_lists_its_pages_by_title(tagged: FlaskClient, tag: str) -> None:
    text = main(tagged.get(f"/-/tags/{tag}").text)
    assert re.findall(r'<li><a href="([^"]+)" dir="auto">([^<]+)</a>', text) == [
        ("/a", "Alpha"),
        ("/b", "Beta"),
        ("/c", "c"),
    ]
    assert "<bdi>news</bdi>" in text


def test_every_tag_of_a_page_leads_to_its_list(tagged: FlaskClient) -> None:
    for page in ("/a", "/b", "/c"):
        links = re.findall(r'href="(/-/tags/[^"]+)"', tagged.get(page).text)
        assert links
        for link in links:
            assert f'href="{page}"' in tagged.get(link).text


@pytest.mark.parametrize("tag", ["nobody-has-it", "a", "%00", "%ff", "x" * 3_000, "a//deep one", "%20"])
def test_a_tag_that_nobody_has_is_not_there(tagged: FlaskClient, tag: str) -> None:
    answer = tagged.get(f"/-/tags/{tag}")
    assert answer.status_code == 404


def test_tags_and_their_pages_come_in_pages(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({f"{number:03}.md": f"---\ntags: [all, t{number:03}]\n---\n" for number in range(150)})
    wiki.catch_up()
    for address, first in (("/-/tags", "?by=use&amp;page=2"), ("/-/tags/all", "?page=2")):
        assert first in client.get(address).text
        second = client.get(f"{address}?page=2")
        assert "149" in main(second.text)
        assert 'rel="next"' not in main(second.text)
        assert client.get(f"{address}?page=3").status_code == 404
        assert client.get(f"{address}?page=x").status_code == 400


def test_all_backlinks_are_listed_with_their_sentences(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(
        {f"{number:03}.md": f"Page {number} names [[target]]." for number in range(130)}
        | {"target.md": "# T"}
    )
    wiki.catch_up()
    page = client.get("/target").text
    assert page.count("names target.") == 12
    assert '<a href="/-/backlinks/target">All pages that link here</a>' in page
    first, second = (
        main(client.get("/-/backlinks/target").text),
        main(client.get("/-/backlinks/target?page=2").text),
    )
    assert (first.count("names target."), second.count("names target.")) == (100, 30)
    assert "Page 129 names target." in second
    assert 'href="?page=3"' not in second
    assert client.get("/-/backlinks/target?page=3").status_code == 404


def test_a_page_without_more_backlinks_says_nothing_of_more(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({f"{number:03}.md": "[[target]]" for number in range(12)} | {"target.md": "# T"})
    wiki.catch_up()
    assert "All pages that link here" not in client.get("/target").text
    assert "No page links here." in client.get("/-/backlinks/000").text


def test_backlinks_of_media_and_of_inexact_addresses(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    commit({"a b.md": "![[pic.png]]", "pic.png": "x", "f/x.md": "[[a b]]", "two_a.md": "1", "two-a.md": "2"})
    wiki.catch_up()
    assert 'href="/a%20b"' in main(client.get("/-/backlinks/pic.png").text)
    for inexact in ("A_B", "a b.md"):
        assert client.get(f"/-/backlinks/{inexact}").headers["Location"] == "/-/backlinks/a%20b"
    for nothing in ("nowhere", "f/", "two a", "-/search", "%00", "x" * 3_000):
        assert client.get(f"/-/backlinks/{nothing}").status_code == 404


TREE = {
    "home.md": "# Home",
    "b/one.md": "# Zulu",
    "b/two.md": "# alpha",
    "b/c d/three.md": "# Three",
    "b/c d/e/four.md": "# Four",
    "media/only.png": "x",
    "z&z/five.md": "# Five",
}


def lines(html: str) -> list[tuple[str, str]]:
    """Return the links of a tree: addresses and texts."""
    return re.findall(r'<a href="([^"]+)" dir="auto">([^<]+)</a>', html)


def test_the_tree_shows_folders_with_their_pages_then_pages(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(TREE)
    wiki.catch_up()
    text = main(client.get("/-/pages").text)
    assert lines(text) == [("/b/", "b"), ("/z&amp;z/", "z&amp;z"), ("/home", "Home")]
    assert re.findall(r'class="count">([^<]+)<', text) == ["4 pages", "1 page"]
    assert '<a class="opener" href="/-/pages?folder=b"' in text


def test_an_open_folder_stands_within_those_around_it(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(TREE)
    wiki.catch_up()
    text = main(client.get("/-/pages?folder=b/c%20d").text)
    assert lines(text) == [
        ("/b/", "b"),
        ("/b/c%20d/", "c d"),
        ("/b/c%20d/e/", "e"),
        ("/b/c%20d/three", "Three"),
        ("/b/two", "alpha"),
        ("/b/one", "Zulu"),
        ("/z&amp;z/", "z&amp;z"),
        ("/home", "Home"),
    ]
    assert text.count('data-open="true"') == 2
    assert text.count("<ul>") == text.count("</ul>") - 1 == 2
    for opener in re.findall(r'class="opener" href="([^"]+)"', text):
        assert client.get(opener.replace("&amp;", "&")).status_code == 200


def test_a_part_is_what_a_folder_holds_and_nothing_else(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(TREE)
    wiki.catch_up()
    text = client.get("/-/pages?folder=b&part=1").text
    assert lines(text) == [("/b/c%20d/", "c d"), ("/b/two", "alpha"), ("/b/one", "Zulu")]
    assert "<html" not in text


@pytest.mark.parametrize("by_title", [True, False])
def test_a_large_folder_is_shown_in_parts(
    commit: Commit, wiki: Wiki, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, by_title: bool
) -> None:
    monkeypatch.setattr("engine.catalog.folders.BY_TITLE", 1_000 if by_title else 10)
    commit(
        {f"f/{number:03}.md": f"# T{999 - number:03}" for number in range(450)}
        | {f"f/g{number}/x.md": "X" for number in range(5)}
    )
    wiki.catch_up()
    expected = [f"/f/{number:03}" for number in range(450)]
    if by_title:
        expected.reverse()
    expected = [*(f"/f/g{number}/" for number in range(5)), *expected]
    address, found = "/-/pages?folder=f&part=1", []
    while address:
        text = client.get(address).text
        found += [url for url, _ in lines(text)]
        assert len(lines(text)) <= 200
        more = re.search(r'<li class="more"><a href="([^"]+)"', text)
        address = more[1].replace("&amp;", "&") + "&part=1" if more else ""
    assert found == expected
    second = main(client.get("/-/pages?folder=f&start=200").text)
    assert "Show those before" in second
    assert 'href="/-/pages?folder=f"' in second
    assert 'href="/-/pages?folder=f&start=400"' in second


def test_an_open_folder_is_shown_however_many_stand_beside_it(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({f"{number:03}/x.md": f"# In {number}" for number in range(250)})
    wiki.catch_up()
    assert ("/240/", "240") not in lines(main(client.get("/-/pages").text))
    assert lines(main(client.get("/-/pages?folder=240").text))[:2] == [("/240/", "240"), ("/240/x", "In 240")]


@pytest.mark.parametrize(
    "query",
    [
        "folder=nowhere",
        "folder=media",
        "folder=%00",
        "folder=%ff",
        "folder=" + "x" * 2_000,
        "folder=" + "/".join("x" * 60),
        "folder=..",
        "folder=b%2f%2fc",
    ],
)
def test_a_folder_without_pages_is_not_in_the_tree(
    commit: Commit, wiki: Wiki, client: FlaskClient, query: str
) -> None:
    commit(TREE)
    wiki.catch_up()
    for part in ("", "&part=1"):
        assert client.get(f"/-/pages?{query}{part}").status_code == 404


def test_a_wrong_start_is_refused_and_one_behind_the_end_shows_nothing(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(TREE)
    wiki.catch_up()
    for bad in ("x", "-1", "99999999"):
        assert client.get(f"/-/pages?start={bad}").status_code == 400
    assert lines(client.get("/-/pages?folder=b&start=500&part=1").text) == []


def test_an_empty_wiki_has_an_empty_tree(client: FlaskClient) -> None:
    assert "There are no pages yet." in client.get("/-/pages").text
