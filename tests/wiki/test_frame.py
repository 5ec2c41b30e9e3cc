"""What stands around a page: the sidebar, the tools, the words that scripts use."""

import re

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit


def side(client: FlaskClient, address: str) -> str:
    """Return the sidebar beside a page, empty when there is none."""
    found = re.search(r'<nav class="sidebar".*?</nav>', client.get(address).text, re.DOTALL)
    return found[0] if found else ""


def test_a_page_called_sidebar_stands_beside_every_page(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"sidebar.md": "- [[a]]\n- [[b]]\n", "a.md": "A\n", "f/b.md": "B\n"})
    for _ in range(2):  # before and after everything is read
        assert '<a class="wikilink" href="/a" aria-current="page">a</a>' in side(client, "/a")
        assert '<a class="wikilink" href="/f/b">b</a>' in side(client, "/a")
        assert '<a class="wikilink" href="/f/b" aria-current="page">b</a>' in side(client, "/f/b")
        assert "wikilink" in side(client, "/-/search?q=a")
        assert "wikilink" in side(client, "/no-such-page")
        wiki.catch_up()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/a", "Root"),
        ("/f/b", "Inner"),
        ("/f/g/c", "Inner"),
        ("/f/", "Inner"),
        ("/h/d", "Root"),
        ("/h/", "Root"),
    ],
)
def test_the_nearest_sidebar_counts(commit: Commit, client: FlaskClient, address: str, expected: str) -> None:
    pages = dict.fromkeys(("a.md", "f/b.md", "f/g/c.md", "h/d.md"), "Text\n")
    commit(
        {
            **pages,
            "sidebar.md": "Root\n",
            "f/_sidebar.md": "Inner\n",
            "sidebar.png": "x",
            "h/sidebar.svg": "x",
        }
    )
    assert f"<p>{expected}</p>" in side(client, address)


def test_a_sidebar_follows_its_page(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    for text in ("Old", "New"):
        commit({"sidebar.md": f"{text}\n", "a.md": "A\n"})
        wiki.catch_up()
        assert f"<p>{text}</p>" in side(client, "/a")


def test_help_is_offered_where_there_is_some(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "A\n"})
    assert 'href="/help/"' not in client.get("/a").text
    commit({"help/index.md": "Help\n"})
    assert 'href="/help/"' in client.get("/a").text


def test_every_page_is_described(commit: Commit, client: FlaskClient) -> None:
    commit(
        {
            "a.md": "# A\n\nThe beginning, " + "and more " * 100,
            "b.md": "---\ndescription: Mine\n---\nText\n",
            "c.md": "",
        }
    )
    described = {
        address: re.findall('<meta name="description" content="([^"]*)">', client.get(address).text)
        for address in ("/a", "/b", "/c", "/", "/-/search", "/-/search?q=x", "/missing")
    }
    assert all(len(found) == 1 and found[0] for found in described.values())
    assert described["/b"] == ["Mine"]
    assert described["/a"][0].startswith("The beginning, and more")
    assert len(described["/a"][0]) <= 160


def test_ids_of_the_theme_cannot_be_those_of_content(commit: Commit, client: FlaskClient) -> None:
    commit({"a.md": "# A\n\n## B\n\n## C\n"})
    own = set(re.findall(r'\bid="([^"]*)"', client.get("/a").text)) - {"a", "b", "c"}
    assert own
    assert all(each.startswith("quire:") for each in own)
