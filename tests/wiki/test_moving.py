"""Renaming in the browser: first shown, then done in one commit, with the links that led there."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.access import Role
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import signed_in

FILES: dict[str, str | bytes | None] = {
    "a.md": "# A\n\n[[b]] and [b](b.md)\n\n`[[b]]`\n",
    "b.md": "# Other\n\nText.\n",
    "n/c.md": "[there](../b.md#other)\n",
    "m.png": b"\x89PNG",
}


@pytest.fixture
def editor(app: Flask, commit: Commit, wiki: Wiki) -> FlaskClient:
    commit(FILES)
    wiki.catch_up()
    return signed_in(app, "ada", Role.EDITOR)


def hidden(html: str) -> dict[str, str]:
    """Read the form that confirms."""
    form = html[html.index('<form method="post"') :]
    return {
        unescape(name): unescape(value) for name, value in re.findall(r'name="([^"]*)" value="([^"]*)"', form)
    }


def test_a_page_is_renamed_with_the_links_to_it(editor: FlaskClient, wiki: Wiki) -> None:
    shown = editor.get("/-/rename/b?to=x/New+Name&leave=nothing")
    assert shown.status_code == 200
    assert "3 links are rewritten." in shown.text
    assert "Move b to x/New Name" in shown.text
    head = wiki.head()
    answer = editor.post("/-/rename/b", data=hidden(shown.text))
    assert (answer.status_code, answer.location) == (303, "/x/New%20Name")
    assert "`[[b]]`" in editor.get("/a.md").text
    assert editor.get("/a").text.count('href="/x/New%20Name"') == 2
    assert 'href="/x/New%20Name#other"' in editor.get("/n/c").text
    wiki.catch_up()
    assert "Move b to x/New Name" in editor.get("/-/history/x/New%20Name").text
    assert wiki.head() != head


@pytest.mark.parametrize(
    ("leave", "location"), [("alias", "/x/c2"), ("redirect", "/x/c2?from=b"), ("nothing", None)]
)
def test_who_comes_by_the_old_name_is_led_on(
    editor: FlaskClient, wiki: Wiki, leave: str, location: str | None
) -> None:
    shown = editor.get(f"/-/rename/b?to=x/c2&leave={leave}")
    assert editor.post("/-/rename/b", data=hidden(shown.text)).status_code == 303
    wiki.catch_up()
    assert editor.get("/b").location == location


def test_a_folder_and_a_file_are_renamed(editor: FlaskClient) -> None:
    shown = editor.get("/-/rename/n/?to=deep/er")
    answer = editor.post("/-/rename/n/", data=hidden(shown.text))
    assert answer.location == "/deep/er/"
    assert 'href="/b#other"' in editor.get("/deep/er/c").text
    shown = editor.get("/-/rename/m.png?to=deep/p.png")
    assert editor.post("/-/rename/m.png", data=hidden(shown.text)).location == "/deep/p.png"
    assert editor.get("/deep/p.png").data == b"\x89PNG"


def test_nothing_is_moved_that_was_not_shown_so(editor: FlaskClient, commit: Commit, wiki: Wiki) -> None:
    shown = editor.get("/-/rename/b?to=c2")
    head = commit({"d.md": "[[b]]\n"})
    wiki.catch_up()
    answer = editor.post("/-/rename/b", data=hidden(shown.text))
    assert answer.status_code == 409
    assert "4 links are rewritten." in answer.text
    assert wiki.head() == head
    assert editor.post("/-/rename/b", data=hidden(answer.text)).status_code == 303


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("to=a", 409),
        ("to=../x", 400),
        ("to=.git/x", 400),
        ("to=b", 422),
        ("to=c2&leave=ghost", 400),
        ("to=%00", 400),
        ("to=c2&to=c3", 400),
    ],
)
def test_what_cannot_be_says_why(editor: FlaskClient, wiki: Wiki, query: str, code: int) -> None:
    head = wiki.head()
    assert editor.get(f"/-/rename/b?{query}").status_code == code
    assert wiki.head() == head


def test_readers_rename_nothing(editor: FlaskClient, app: Flask, client: FlaskClient, wiki: Wiki) -> None:
    head = wiki.head()
    form = hidden(editor.get("/-/rename/b?to=c2").text)
    for asking in (client, signed_in(app, "rea")):
        assert asking.get("/-/rename/b").status_code == 403
        assert asking.post("/-/rename/b", data=form).status_code == 403
        assert "/-/rename/" not in asking.get("/b").text
    assert editor.get("/-/rename/gone").status_code == 404
    assert editor.get("/-/rename/gone/").status_code == 404
    assert wiki.head() == head


@pytest.mark.parametrize(
    ("what", "to"),
    [("b", "-/login"), ("b", "robots.txt"), ("n/", "wiki.git"), ("n/", "-/n"), ("m.png", "favicon.ico")],
)
def test_nothing_is_renamed_to_where_nobody_could_reach_it(editor: FlaskClient, what: str, to: str) -> None:
    shown = editor.get(f"/-/rename/{what}?to={to}")
    assert shown.status_code == 422
    assert "belongs to the wiki itself." in shown.text


def test_nothing_is_restored_to_where_nobody_could_reach_it(
    editor: FlaskClient, commit: Commit, wiki: Wiki
) -> None:
    first = wiki.head() or ""
    commit({"b.md": None})
    wiki.catch_up()
    token = hidden(editor.get("/-/restore/b").text)["csrf"]
    for to in ("-/b.md", "robots.txt.md"):
        answer = editor.post("/-/restore/b", data={"csrf": token, "rev": first, "to": to})
        assert answer.status_code == 422
        assert "belongs to the wiki itself." in answer.text
    answer = editor.post("/-/restore/b", data={"csrf": token, "rev": first, "to": "c.md"})
    assert (answer.status_code, answer.location) == (303, "/c")


def test_a_long_name_is_read_whole(editor: FlaskClient, wiki: Wiki) -> None:
    to = f"{'d' * 250}/{'e' * 250}/{'f' * 250}"
    answer = editor.post("/-/rename/b", data=hidden(editor.get(f"/-/rename/b?to={to}").text))
    assert (answer.status_code, answer.location) == (303, f"/{to}")
    wiki.catch_up()
    sent = hidden(editor.get(f"/-/rename/{to}?to=b").text) | {"to": "x" * 1_025}
    assert editor.post(f"/-/rename/{to}", data=sent).status_code == 400
