"""Folders: the page that speaks for one, else what lies in it."""

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit


def test_a_folder_without_its_slash_leads_to_the_one_with(commit: Commit, client: FlaskClient) -> None:
    commit({"help/a.md": "Text\n"})
    answer = client.get("/help?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/help/?x=1")


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("/Big_News/", "/big%20news/"),
        ("/BIG-NEWS", "/big%20news/"),
        ("/big%20news//", "/big%20news/"),
        ("/big%20news/Old_Times/", "/big%20news/old%20times/"),
        ("/a/", "/a"),
        ("/A/", "/a"),
    ],
)
def test_an_inexact_folder_leads_to_the_canonical_one(
    commit: Commit, client: FlaskClient, typed: str, url: str
) -> None:
    commit({"big news/x.md": "X\n", "big news/old times/y.md": "Y\n", "a.md": "A\n"})
    answer = client.get(typed)
    assert (answer.status_code, answer.headers["Location"]) == (302, url)


@pytest.mark.parametrize("name", ["index.md", "README.md", "Index.markdown", "readme.md"])
def test_an_index_page_speaks_for_its_folder(commit: Commit, client: FlaskClient, name: str) -> None:
    commit({f"help/{name}": "It speaks.\n", "help/other.md": "# The other\n"})
    text = client.get("/help/").text
    assert "It speaks." in text
    assert 'href="/help/other"' in text


def test_index_comes_before_readme_and_both_before_the_page_named_like_the_folder(
    commit: Commit, client: FlaskClient
) -> None:
    commit({"help/index.md": "Index.\n", "help/README.md": "Readme.\n", "help.md": "Same name.\n"})
    assert "Index." in client.get("/help/").text
    commit({"help/index.md": None})
    assert "Readme." in client.get("/help/").text
    commit({"help/README.md": None, "help/other.md": "Text\n"})
    assert "Same name." in client.get("/help/").text
    assert "Same name." in client.get("/help").text


def test_a_listing_names_folders_pages_by_title_and_files(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit(
        {
            "f/z.md": "# Alpha\n",
            "f/a.md": "# Zeta\n",
            "f/plan.png": b"\x89PNG\r\n\x1a\n",
            "f/inner/x.md": "X\n",
            "f/a b/x.md": "X\n",
            "f/a/x.md": "X\n",
        }
    )
    wiki.catch_up()
    text = client.get("/f/").text
    for url in ("/f/inner/", "/f/a/", "/f/a%20b/", "/f/plan.png"):
        assert f'href="{url}"' in text
    assert text.index(">Alpha<") < text.index(">Zeta<")


def test_long_listings_are_cut_into_pages(commit: Commit, client: FlaskClient) -> None:
    commit({f"f/{number:04}.md": "Text\n" for number in range(1_200)})
    first, second = client.get("/f/").text, client.get("/f/?page=2").text
    assert 'href="/f/0000"' in first
    assert 'href="/f/0999"' in first
    assert 'href="/f/1000"' not in first
    assert 'href="?page=2"' in first
    assert 'href="/f/0999"' not in second
    assert 'href="/f/1199"' in second
    assert 'href="?page=3"' not in second
    assert client.get("/f/?page=3").status_code == 404
    assert client.get("/f/?page=x").status_code == 400


def test_there_are_no_empty_folders(commit: Commit, client: FlaskClient) -> None:
    commit({"f/a.md": "Text\n"})
    assert client.get("/g/").status_code == 404
    commit({"f/a.md": None, "b.md": "Text\n"})
    assert client.get("/f/").status_code == 404


def test_the_markdown_of_a_folder_is_that_of_its_index_page(commit: Commit, client: FlaskClient) -> None:
    commit({"a/index.md": "# Index\n", "b/c.md": "# C\n"})
    answer = client.get("/a/", headers={"Accept": "text/markdown"})
    assert answer.mimetype == "text/markdown"
    assert answer.text == "# Index\n"
    assert client.get("/b/", headers={"Accept": "text/markdown"}).mimetype == "text/html"
