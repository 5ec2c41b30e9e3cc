"""People of one role share the pages that are kept, and each sees their own menu in them and nobody else's."""

import re
from collections.abc import Sequence

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access import Role
from engine.model import Name
from engine.wiki import Page, Snapshot, Wiki
from tests.conftest import Commit
from tests.people import cookie_name, locally, signed_in
from tests.states import ADMIN, CHEAP
from wiki import create_app
from wiki.current import current_actor, current_snapshot, reads, viewer
from wiki.settings import Settings
from wiki.state import State

PEOPLE = {"ada": Role.EDITOR, "bob": Role.EDITOR, "rea": Role.READER, "root": Role.ADMIN}


@pytest.fixture
def pages(commit: Commit, wiki: Wiki) -> Sequence[str]:
    """Addresses of several kinds of answers."""
    commit({"a.md": "# A\n\nSee [[b]].\n", "f/b.md": "# B\n"})
    wiki.catch_up()
    return ["/a", "/", "/f/", "/none", "/-/search?q=b", "/-/recent", "/-/history/a", "/-/pages"]


@pytest.fixture
def people(app: Flask) -> dict[str, FlaskClient]:
    return {login: signed_in(app, login, role) for login, role in PEOPLE.items()}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which pages are drawn, rather than given from what was kept."""
    seen: list[str] = []
    page = Snapshot.page

    def spy(self: Snapshot, name: Name) -> Page:
        seen.append(name.path)
        return page(self, name)

    monkeypatch.setattr(Snapshot, "page", spy)
    return seen


def told(answer: TestResponse) -> set[str]:
    """Return whose name an answer holds."""
    return {login for login in PEOPLE if f"Logged in as {login}" in answer.text}


def form_token(answer: TestResponse) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def test_everybody_sees_their_own_menu_alone(people: dict[str, FlaskClient], pages: Sequence[str]) -> None:
    for address in pages:
        for _ in range(2):
            tokens = set()
            for login, client in people.items():
                answer = client.get(address)
                assert told(answer) == {login}
                assert answer.text.count("</html>") == 1
                assert "<!--" not in answer.text
                assert answer.headers["Cache-Control"] == "private, no-cache"
                assert len(answer.data) == int(answer.headers["Content-Length"])
                assert client.head(address).headers["Content-Length"] == answer.headers["Content-Length"]
                tokens.add(form_token(answer))
            assert len(tokens) == len(people)


def test_those_of_one_role_share_what_is_kept(
    people: dict[str, FlaskClient], pages: Sequence[str], drawn: list[str]
) -> None:
    for login in ("ada", "bob", "ada", "bob"):
        people[login].get("/a")
    assert drawn == ["a.md", "a.md"]  # once for all editors, and once for the first menu of the other
    people["rea"].get("/a")
    people["root"].get("/a")
    assert len(drawn) == 4
    drawn.clear()
    for client in people.values():
        assert "<h1" in client.get("/a").text
    assert drawn == []


def test_a_menu_signs_for_its_own_session(
    app: Flask, people: dict[str, FlaskClient], pages: Sequence[str]
) -> None:
    again = signed_in(app, "ada")
    for _ in range(2):
        own, other = form_token(people["ada"].get("/a")), form_token(again.get("/a"))
        assert own != other
    assert people["ada"].post("/-/logout", data={"csrf": other}).status_code == 403
    assert people["ada"].post("/-/logout", data={"csrf": own}).status_code == 303
    assert told(people["ada"].get("/a")) == set()
    assert told(again.get("/a")) == {"ada"}


def test_the_etag_of_what_is_kept_is_of_one_person(
    people: dict[str, FlaskClient], pages: Sequence[str]
) -> None:
    etags: dict[str, str] = {}
    for _ in range(2):
        for login, client in people.items():
            etag = client.get("/a").headers["ETag"]
            assert etags.setdefault(login, etag) == etag
    assert len(set(etags.values())) == len(people)
    for login, client in people.items():
        for other, etag in etags.items():
            expected = 304 if other == login else 200
            assert client.get("/a", headers={"If-None-Match": etag}).status_code == expected


def test_workers_agree_on_etags(wiki: Wiki, app: Flask, state: State, pages: Sequence[str]) -> None:
    ada = signed_in(app, "ada")
    etag = ada.get("/a").headers["ETag"]
    other = create_app(Settings(), wiki, State(state.database.path.parent, hashing=CHEAP))
    client = other.test_client()
    cookie = ada.get_cookie(cookie_name(app))
    assert cookie is not None
    client.set_cookie(cookie.key, cookie.value)
    for _ in range(2):
        assert client.get("/a").headers["ETag"] == etag
    other.extensions["quire"].state.close()


def test_a_menu_changes_with_its_person(
    app: Flask, state: State, people: dict[str, FlaskClient], pages: Sequence[str]
) -> None:
    ada = people["ada"]
    for _ in range(2):
        assert "Administration" not in ada.get("/a").text
    state.accounts.set_profile("ada", name="Ada King", email="", language="de", by=ADMIN)
    page = ada.get("/a").text
    assert "<bdi>Ada King</bdi>" in page
    assert '<html lang="de"' in page
    state.accounts.set_role("ada", Role.ADMIN, by=ADMIN)
    assert 'href="/-/admin"' in ada.get("/a").text
    state.accounts.disable("ada", by=ADMIN)
    assert told(ada.get("/a")) == set()


def test_languages_are_kept_apart(state: State, people: dict[str, FlaskClient], pages: Sequence[str]) -> None:
    state.accounts.set_profile("ada", name="", email="", language="ar", by=ADMIN)
    for _ in range(2):
        for login, language in (("ada", "ar"), ("bob", "de"), ("rea", "de"), ("bob", "en")):
            answer = people[login].get("/a", headers={"Accept-Language": language})
            assert f'<html lang="{language}"' in answer.text


def test_a_page_that_asks_who_it_is_for_is_kept_for_nobody(
    wiki: Wiki, state: State, pages: Sequence[str]
) -> None:
    app = create_app(Settings(), wiki, state)
    asked: list[str] = []

    @reads
    def view() -> str:
        asked.append(current_actor().name)
        return f"You are {current_actor().name}."

    app.add_url_rule("/-/test", view_func=view)
    ada, bob = signed_in(app, "ada"), signed_in(app, "bob")
    for _ in range(2):
        assert ada.get("/-/test").text == "You are ada."
        assert bob.get("/-/test").text == "You are bob."
    assert asked == ["ada", "bob", "ada", "bob"]


def test_templates_of_shared_pages_do_not_know_whom_they_are_for(
    wiki: Wiki, state: State, pages: Sequence[str]
) -> None:
    app = create_app(Settings(), wiki, state)

    @reads
    def view() -> str:
        found = viewer()
        assert current_snapshot().actor.name == "ada"
        return f"{found.account} {found.session} {found.actor.name!r} {found.actor.author} {found.actor.role}"

    app.add_url_rule("/-/test", view_func=view)
    ada = signed_in(app, "ada", Role.EDITOR)
    for _ in range(2):
        assert ada.get("/-/test").text == "None None '' None editor"


def test_what_a_page_says_is_not_taken_for_the_place_of_a_menu(
    app: Flask, commit: Commit, wiki: Wiki, people: dict[str, FlaskClient]
) -> None:
    mark = app.extensions["quire"].responses.menus.mark
    commit({"a.md": f"# A\n\n{mark}\n\n`{mark}`\n"})
    wiki.catch_up()
    for _ in range(2):
        answer = people["ada"].get("/a")
        assert answer.text.count("Logged in as ada") == 1
        assert answer.text.index("Logged in as ada") < answer.text.index("<main")
        assert people["ada"].get("/a.md").text == f"# A\n\n{mark}\n\n`{mark}`\n"


def test_protecting_a_page_is_seen_at_once(
    wiki: Wiki, state: State, people: dict[str, FlaskClient], pages: Sequence[str], drawn: list[str]
) -> None:
    wiki.protections = state.protections
    people["ada"].get("/a")
    people["ada"].get("/a")
    before = people["ada"].get("/a").headers["ETag"]
    assert len(drawn) == 1
    state.protections.set("a.md", ("0" * 40, "a.md"), Role.ADMIN, by=ADMIN)
    assert people["ada"].get("/a").headers["ETag"] != before
    assert len(drawn) == 2


def test_without_a_cache_menus_are_put_in_as_well(wiki: Wiki, state: State, pages: Sequence[str]) -> None:
    app = create_app(Settings(response_cache=0), wiki, state)
    ada, bob = signed_in(app, "ada"), signed_in(app, "bob")
    for address in pages:
        assert told(ada.get(address)) == {"ada"}
        assert told(bob.get(address)) == {"bob"}


def test_menus_are_for_one_scheme(app: Flask, people: dict[str, FlaskClient], pages: Sequence[str]) -> None:
    """The cookie over https is another one, and so is what the menu's form holds."""
    over_http = form_token(people["ada"].get("/a"))
    cookie = people["ada"].get_cookie(f"quire-session-{app.extensions['quire'].door.mark}")
    assert cookie is not None
    secure = app.test_client()
    secure.set_cookie(f"__Host-{cookie.key}", cookie.value)
    for _ in range(2):
        answer = secure.get("/a", base_url="https://localhost")
        assert told(answer) == {"ada"}
    assert form_token(answer) == over_http  # it is the same session
    assert told(locally(app).get("/a")) == set()
