"""Who asks: each condition for the local person, sessions, tokens; and that nobody gets what was kept for another."""

from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from engine.access import Kind, Role
from engine.model import Author
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import cookie_name, locally, signed_in, with_token
from tests.repositories import Repository
from tests.states import ADMIN
from wiki import create_app
from wiki.identity import BadTokenError, Door, is_local
from wiki.settings import Settings
from wiki.state import State

HERE = {
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost:8080",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "http",
}


@pytest.fixture
def door(state: State) -> Door:
    return Door(Settings(), state, Author("Ada King", "ada@example.org"))


def holding(door: Door, cookie: str) -> dict[str, str]:
    """Return what a request says whose session's cookie holds this."""
    return {"HTTP_COOKIE": f"a=b; {door.cookie_name('session', HERE)}={cookie}"}


# -- the local person


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:65535"]
)
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_the_local_person_edits_under_gits_own_name(door: Door, host: str, peer: str) -> None:
    found = door.identify(HERE | {"HTTP_HOST": host, "REMOTE_ADDR": peer})
    assert found.local
    assert (found.actor.kind, found.actor.role) == (Kind.PERSON, Role.EDITOR)
    assert found.actor.author == Author("Ada King", "ada@example.org")


@pytest.mark.parametrize(
    "peer",
    [
        "192.0.2.1",
        "10.0.0.1",
        "172.17.0.1",
        "::2",
        "fe80::1",
        "::ffff:192.0.2.1",
        "",
        "localhost",
        "unix:",
        "127.0.0.1x",
    ],
)
def test_condition_the_peer_is_loopback(door: Door, peer: str) -> None:
    assert door.identify(HERE | {"REMOTE_ADDR": peer}) is door.visitor


def test_behind_a_socket_of_unix_nobody_is_local(door: Door) -> None:
    """So gunicorn tells of one."""
    for peer in ("", None):
        assert not is_local(HERE | {"REMOTE_ADDR": peer})
    assert not is_local({name: value for name, value in HERE.items() if name != "REMOTE_ADDR"})


@pytest.mark.parametrize(
    "host",
    [
        *(
            "wiki.example.org",
            "localhost.example.org",
            "evil.org:8080",
            "127.0.0.1.evil.org",
            "127.0.0.2",
            "0.0.0.0",
        ),
        *(
            "",
            "localhost:",
            "localhost:x",
            "localhost:123456",
            "localhost, evil.org",
            "localhost@evil.org",
            "::1",
            "[::2]",
        ),
        *("localhost.", "evil.org#localhost", "localhost\n", " localhost", "2130706433", "127.1"),
    ],
    ids=ascii,
)
def test_condition_the_host_is_this_machine(door: Door, host: str) -> None:
    """So a page of another site whose name leads here, for a moment, is no way in (DNS rebinding)."""
    assert door.identify(HERE | {"HTTP_HOST": host}) is door.visitor


@pytest.mark.parametrize(
    "header",
    [
        *(
            "Forwarded",
            "Via",
            "X-Real-IP",
            "X-Forwarded-For",
            "X-Forwarded-Host",
            "X-Forwarded-Proto",
            "X-Forwarded-Port",
        ),
        *(
            "X-Forwarded-By",
            "X-Forwarded-Server",
            "X-Forwarded-Prefix",
            "X-Forwarded",
            "X-Client-IP",
            "True-Client-IP",
        ),
        *("CF-Connecting-IP", "X-Cluster-Client-IP", "X-Original-Host"),
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "", "192.0.2.1"])
def test_condition_no_proxy_has_handed_it_on(door: Door, header: str, value: str) -> None:
    name = f"HTTP_{header.upper().replace('-', '_')}"
    assert door.identify(HERE | {name: value}) is door.visitor


def test_a_proxy_that_tells_nothing_is_known_by_its_old_http(door: Door) -> None:
    """So nginx asks where nothing but its address was configured: with the server's own host, and no header of its own."""
    assert door.identify(HERE | {"SERVER_PROTOCOL": "HTTP/1.0"}) is door.visitor


def test_condition_no_account_exists(state: State, door: Door) -> None:
    assert door.identify(HERE).local
    state.accounts.add("ada", by=ADMIN)
    assert door.identify(HERE) is door.visitor
    state.accounts.remove("ada", by=ADMIN)
    assert door.identify(HERE).local


@pytest.mark.parametrize(
    "settings",
    [Settings(url="https://wiki.example.org"), Settings(url="http://192.0.2.1:80/"), Settings(proxies=1)],
    ids=str,
)
def test_a_server_that_is_known_to_stand_behind_a_proxy_has_no_local_person(
    state: State, settings: Settings
) -> None:
    door = Door(settings, state)
    assert door.identify(HERE) is door.visitor


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.1/", "http://[::1]:8080"])
def test_an_address_of_this_machine_changes_nothing(state: State, url: str) -> None:
    assert Door(Settings(url=url), state).identify(HERE).local


def test_the_local_person_edits_a_private_wiki_of_their_own(state: State) -> None:
    door = Door(Settings(anonymous="nobody"), state)
    assert door.identify(HERE).actor.role is Role.EDITOR
    assert door.identify(HERE | {"REMOTE_ADDR": "192.0.2.1"}).actor.role is Role.NOBODY


def test_git_tells_the_name_of_the_local_person(repository: Repository, state: State) -> None:
    repository.git("config", "user.name", "Ada King")
    repository.git("config", "user.email", "ada@example.org")
    repository.commit({"a.md": "# A\n"})
    app = create_app(Settings(repository=str(repository.path), processes=1), None, state)
    try:
        assert "<bdi>Ada King</bdi>" in locally(app).get("/a").text
    finally:
        app.extensions["quire"].wiki.close()


# -- sessions and tokens


def test_who_has_signed_in_is_themselves_wherever_they_are(state: State, door: Door) -> None:
    ada = state.accounts.add("ada", role=Role.ADMIN, by=ADMIN)
    cookie = state.sessions.begin(ada, ADMIN)
    for environ in (HERE, HERE | {"REMOTE_ADDR": "192.0.2.1"}):
        found = door.identify(environ | holding(door, cookie))
        assert (found.account, found.actor) == (ada, ada.actor)
    assert door.identify(HERE | holding(door, "x" * 10_000)) is door.visitor


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
def test_a_program_is_what_its_token_says(state: State, door: Door, scheme: str) -> None:
    token, text = state.tokens.create("robot", role=Role.EDITOR, reads=["notes/**"], by=ADMIN)
    found = door.identify(HERE | {"HTTP_AUTHORIZATION": f"{scheme} {text}"})
    assert (found.token, found.actor.kind, found.actor.reads) == (token, Kind.PROGRAM, ("notes/**",))
    assert not found.local


def test_a_program_is_nobody_else_whatever_its_cookie_says(state: State, door: Door) -> None:
    ada = state.accounts.add("ada", role=Role.ADMIN, by=ADMIN)
    cookie = state.sessions.begin(ada, ADMIN)
    _, text = state.tokens.create("robot", by=ADMIN)
    found = door.identify(HERE | {"HTTP_AUTHORIZATION": f"Bearer {text}"} | holding(door, cookie))
    assert (found.account, found.actor.role) == (None, Role.READER)
    for wrong in ("Bearer", "Bearer ", "Bearer quire_x", f"Bearer {text}x", f"Bearer x {text}"):
        with pytest.raises(BadTokenError):
            door.identify(HERE | {"HTTP_AUTHORIZATION": wrong} | holding(door, cookie))


@pytest.mark.parametrize("given", ["", "Basic YTpi", "Digest x", "quire_x"])
def test_other_passwords_are_for_a_proxy_and_say_nothing_here(state: State, door: Door, given: str) -> None:
    cookie = state.sessions.begin(state.accounts.add("ada", by=ADMIN), ADMIN)
    assert door.identify(HERE | {"HTTP_AUTHORIZATION": given} | holding(door, cookie)).account
    assert door.identify(HERE | {"HTTP_AUTHORIZATION": given}) is door.visitor


def test_a_token_that_opens_nothing_is_said(app: Flask, client: FlaskClient) -> None:
    for address in ("/", "/-/search", "/-/login", "/none"):
        answer = client.get(address, headers={"Authorization": "Bearer quire_x"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "opens nothing" in answer.text


def test_a_program_reads_what_its_patterns_say(app: Flask, commit: Commit, wiki: Wiki) -> None:
    commit({"notes/a.md": "# Alpha\n", "b.md": "# Beta\n\nSee [[notes/a]].\n"})
    wiki.catch_up()
    robot = with_token(app, "robot", reads=["notes/**"])
    assert robot.get("/notes/a").status_code == 200
    assert robot.get("/b").status_code == robot.get("/none").status_code == 404
    assert "Beta" not in robot.get("/notes/a").text
    assert "Beta" not in robot.get("/-/search?q=beta").text.replace("“beta”", "")
    assert with_token(app, "other").get("/b").status_code == 200


# -- what is kept


@pytest.fixture
def page(commit: Commit, wiki: Wiki) -> str:
    commit({"a.md": "# A\n"})
    wiki.catch_up()
    return "/a"


def test_nobody_gets_what_was_kept_for_somebody_else(app: Flask, state: State, page: str) -> None:
    def told(client: FlaskClient, **headers: Any) -> str:
        text = client.get(page, headers=headers).text
        return next(word for word in ("Log in", "Log out", "Local") if word in text)

    people = {"Log in": app.test_client(), "Local": locally(app)}
    for _ in range(3):
        for expected, client in people.items():
            assert told(client) == expected
    people = {"Log in": app.test_client(), "Log out": signed_in(app, "ada")}
    for _ in range(3):
        for expected, client in people.items():
            assert told(client) == expected
    assert told(locally(app)) == "Log in"  # there is an account now


def test_what_programs_get_is_not_kept(app: Flask, page: str) -> None:
    robot = with_token(app, "robot")
    for _ in range(2):
        answer = robot.get(page)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "private, no-cache"
    assert len(app.extensions["quire"].responses._kept) == 0


def test_the_etag_is_of_whom_the_answer_is_for(app: Flask, page: str) -> None:
    local = locally(app).get(page).headers["ETag"]
    visitor = app.test_client().get(page).headers["ETag"]
    ada, bob = signed_in(app, "ada"), signed_in(app, "bob")
    etags = [
        local,
        visitor,
        *(client.get(page).headers["ETag"] for client in (ada, bob, signed_in(app, "ada"))),
    ]
    assert len(set(etags)) == len(etags)
    for client in (ada, bob, app.test_client(), locally(app)):
        for etag in etags:
            answer = client.get(page, headers={"If-None-Match": etag})
            assert (answer.status_code == 304) is (answer.headers["ETag"] == etag)


def test_an_answer_changes_with_what_somebody_is(app: Flask, state: State, page: str) -> None:
    ada = signed_in(app, "ada")
    seen = [ada.get(page).headers["ETag"]]
    state.accounts.set_role("ada", Role.ADMIN, by=ADMIN)
    seen.append(ada.get(page).headers["ETag"])
    for language in ("", "de"):
        state.accounts.set_profile("ada", name="Ada King", email="", language=language, by=ADMIN)
        seen.append(ada.get(page).headers["ETag"])
    assert len(set(seen)) == 4
    assert '<html lang="de"' in ada.get(page).text


def test_a_cookie_that_stands_for_nobody_is_a_visitor(app: Flask, page: str) -> None:
    client = app.test_client()
    client.set_cookie(cookie_name(app), "x")
    assert "Log in" in client.get(page).text


def test_a_state_that_cannot_be_read_is_a_page_that_says_so(app: Flask, state: State, page: str) -> None:
    ada = signed_in(app, "ada")
    state.close()
    state.database.path.write_bytes(b"broken" * 1_000)
    answer = ada.get(page)
    assert answer.status_code == 503
    assert "The accounts cannot be read" in answer.text
    assert app.test_client().get(page).status_code == 200  # visitors read on


# -- proxies


def test_what_a_proxy_says_is_believed_where_that_is_set(wiki: Wiki, state: State) -> None:
    sent = {
        "X-Forwarded-For": "203.0.113.9, 203.0.113.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "wiki.org",
    }
    told = {}
    for proxies in (0, 1):
        app = create_app(Settings(proxies=proxies), wiki, state)
        app.add_url_rule("/-/test", view_func=lambda: f"{request.remote_addr} {request.host_url}")
        told[proxies] = app.test_client().get("/-/test", headers=sent).text
    assert told == {0: "192.0.2.1 http://localhost/", 1: "203.0.113.7 https://wiki.org/"}
