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


def lines(client: FlaskClient, address: str) -> list[str]:
    """Return the addresses in the tree at the side."""
    return re.findall(r'<li><a (?:class="more" )?href="([^"]*)"', side(client, address))


def test_without_a_sidebar_the_tree_stands_beside_the_page(commit: Commit, client: FlaskClient) -> None:
    pages = ("index.md", "b.md", "a.md", "f/index.md", "f/c.md", "f/g/d.md", "h/e.md", "f/picture.png")
    commit(dict.fromkeys(pages, "Text\n"))
    assert lines(client, "/a") == ["/f/", "/h/", "/a", "/b"]
    assert lines(client, "/") == ["/f/", "/h/", "/a", "/b"]
    assert lines(client, "/f/c") == ["/f/", "/f/g/", "/f/c", "/h/", "/a", "/b"]
    assert lines(client, "/f/g/d") == ["/f/", "/f/g/", "/f/g/d", "/h/", "/a", "/b"]
    assert lines(client, "/h/") == ["/f/", "/h/", "/h/e", "/a", "/b"]
    assert '<a href="/f/c" aria-current="page" dir="auto">' in side(client, "/f/c")
    assert '<a href="/h/" class="folder" aria-current="page" dir="auto">' in side(client, "/h/")


@pytest.mark.parametrize("complete", [False, True])
def test_of_a_long_folder_the_tree_shows_what_is_near(
    commit: Commit, wiki: Wiki, client: FlaskClient, complete: bool
) -> None:
    commit({f"f/{number:04}.md": f"{number}\n" for number in range(900)} | {"a.md": "Text\n"})
    if complete:
        wiki.catch_up()
    for number in (0, 5, 450, 899):
        for _ in range(2):
            shown = lines(client, f"/f/{number:04}")
            assert f"/f/{number:04}" in shown
            assert len(shown) == 40 + 3
            assert "/f/" in shown[1:]  # all of them
    near = [address for address in lines(client, "/f/0450") if address.startswith("/f/0")]
    assert near == [f"/f/{number:04}" for number in range(430, 470)]
    for address in ("/f/", "/f/0003"):
        assert [each for each in lines(client, address) if each.startswith("/f/0")] == [
            f"/f/{number:04}" for number in range(40)
        ]


def test_the_tree_is_bounded_in_folders_too(commit: Commit, client: FlaskClient) -> None:
    commit({f"f{number:04}/a.md": f"{number}\n" for number in range(300)} | {"a.md": "Text\n"})
    assert len(lines(client, "/a")) == 40 + 2
    assert lines(client, "/a")[-1] == "/-/pages"
    assert "/f0299/a" in lines(client, "/f0299/a")


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
