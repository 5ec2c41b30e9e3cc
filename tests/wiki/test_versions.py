"""Pages and files as they were: ``?rev=``."""

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit
from tests.wiki.test_history import HOSTILE


def test_an_old_revision_says_that_it_is_one(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    first = commit({"a.md": "# Title\n\nOld text, see [[x]].", "x.md": "x"})
    second = commit({"a.md": "# Title\n\nNewer text."})
    third = commit({"a.md": "# Title\n\nNewest text."})
    wiki.catch_up()
    answer = client.get(f"/a?rev={second}")
    assert answer.status_code == 200
    assert "Newer text." in answer.text
    assert "old-revision" in answer.text
    assert "There are newer ones." in answer.text
    assert f'href="/a?rev={first}"' in answer.text
    assert f'href="/a?rev={third}"' in answer.text
    assert f'href="/-/diff/a?from={second}&amp;to={third}"' in answer.text
    assert 'content="noindex"' in answer.text
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert 'href="/x"' in client.get(f"/a?rev={first[:7]}").text
    assert "It is the newest." in client.get(f"/a?rev={third}").text


def test_a_revision_is_found_where_the_path_differed(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    first = commit({"a.md": "Old text.", "x.md": "x"})
    commit({"a.md": None, "f/b.md": "Old text."})
    wiki.catch_up()
    answer = client.get(f"/f/b?rev={first}")
    assert "Old text." in answer.text
    assert "Its path was <bdi>a.md</bdi> then." in answer.text
    for address in (f"/a?rev={first}", f"/F/B?rev={first}"):
        assert client.get(address).headers["Location"] == f"/f/b?rev={first}"


def test_deleted_pages_and_files_can_be_read(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    last = commit({"a.md": "Gone text.", "m.png": b"\x89PNG\r\n\x1a\n", "x.md": "x"})
    commit({"a.md": None, "m.png": None})
    wiki.catch_up()
    answer = client.get(f"/a?rev={last}")
    assert "Gone text." in answer.text
    assert "was deleted since" in answer.text
    assert client.get(f"/a.md?rev={last}").text == "Gone text."
    assert client.get(f"/m.png?rev={last}").data == b"\x89PNG\r\n\x1a\n"


def test_old_revisions_are_given_as_markdown_and_as_files(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    first = commit({"a.md": "Old text.", "m.png": b"\x89PNG\r\n\x1a\nold", "sub/index.md": "Old index."})
    commit({"a.md": "New text.", "m.png": b"\x89PNG\r\n\x1a\nnew", "sub/index.md": "New index."})
    wiki.catch_up()
    for address, headers in ((f"/a.md?rev={first}", {}), (f"/a?rev={first}", {"Accept": "text/markdown"})):
        answer = client.get(address, headers=headers)
        assert (answer.text, answer.mimetype) == ("Old text.", "text/markdown")
        assert answer.headers["X-Robots-Tag"] == "noindex"
    image = client.get(f"/m.png?rev={first}")
    assert (image.data, image.mimetype) == (b"\x89PNG\r\n\x1a\nold", "image/png")
    assert client.get("/m.png").data.endswith(b"new")
    assert client.get("/a.md").text == "New text."
    assert "Old index." in client.get(f"/sub/?rev={first}").text
    assert "Old index." in client.get(f"/sub/index?rev={first}").text


@pytest.mark.parametrize("rev", HOSTILE, ids=lambda text: ascii(text)[:20])
@pytest.mark.parametrize("address", ["/a", "/a.md", "/m.png", "/", "/f/", "/nowhere", "/-/x", "/llms.txt"])
def test_only_commits_of_the_branch_are_revisions(
    commit: Commit, wiki: Wiki, client: FlaskClient, address: str, rev: str
) -> None:
    commit({"a.md": "Text.", "m.png": b"1", "index.md": "Home.", "f/b.md": "b"})
    wiki.catch_up()
    answer = client.get(
        address, query_string={"rev": rev.encode("utf-8", "replace").decode()}, follow_redirects=True
    )
    assert answer.status_code == 404
    assert answer.headers.get("ETag") is None


def test_a_page_that_was_not_there_yet_is_not_found(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    first = commit({"x.md": "x"})
    commit({"a.md": "Text."})
    wiki.catch_up()
    answer = client.get(f"/a?rev={first}")
    assert answer.status_code == 404
    assert "was not there at revision" in answer.text


def test_the_permanent_link_of_a_page_leads_to_this_text(
    commit: Commit, wiki: Wiki, client: FlaskClient
) -> None:
    commit({"a.md": "Text.", "x.md": "x"})
    head = commit({"x.md": "y"})
    wiki.catch_up()
    assert "Text." in client.get(f"/a?rev={head}").text


def test_a_deleted_page_says_who_deleted_it(commit: Commit, wiki: Wiki, client: FlaskClient) -> None:
    last = commit({"a.md": "Text.", "b.md": "Other.", "x.md": "x"})
    commit({"a.md": None, "b.md": None, "c.md": "Other."})
    wiki.catch_up()
    answer = client.get("/a")
    assert answer.status_code == 404
    assert "It was deleted on" in answer.text
    assert "Nobody" in answer.text
    assert f'href="/a?rev={last}"' in answer.text
    assert 'href="/-/history/a"' in answer.text
    moved = client.get("/b")
    assert moved.status_code == 404
    assert 'It was moved to <a href="/c"' in moved.text
    assert "fate" not in client.get("/nowhere").text
