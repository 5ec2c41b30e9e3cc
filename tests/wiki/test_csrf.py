"""A form is taken only from whom it was shown to, by this site; and what cookies look like."""

import re

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access import Role
from engine.wiki import Wiki
from tests.people import cookie_name, form_token, locally, send, signed_in, with_token
from tests.states import ADMIN, end_sessions
from wiki import cookies, create_app, csrf
from wiki.settings import Settings
from wiki.state import State

FORM = "/-/account/profile"


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    return signed_in(app, "ada")


def save(client: FlaskClient, token: str | list[str] | None, **headers: str) -> TestResponse:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {"name": "Ada King", "email": "", "language": ""} | ({} if token is None else {"csrf": token})
    return client.post(FORM, data=fields, headers=sent)


def test_a_form_with_its_token_is_taken(ada: FlaskClient, state: State) -> None:
    assert save(ada, form_token(ada, "/-/account")).status_code == 303
    assert state.accounts.get("ada").name == "Ada King"


def test_other_tokens_are_refused(app: Flask, ada: FlaskClient, state: State) -> None:
    own, others = form_token(ada, "/-/account"), form_token(signed_in(app, "bob"), "/-/account")
    visitors = form_token(app.test_client(), "/-/login")
    for token in (
        None,
        "",
        "x",
        own[:-1],
        own + "x",
        own.swapcase(),
        others,
        visitors,
        [own, own],
        [own, "x"],
        "\\0",
    ):
        answer = save(ada, token)
        assert answer.status_code == 403
        assert "Nothing was changed" in answer.text
    assert state.accounts.get("ada").name == "ada"


def test_a_token_may_come_as_a_header(ada: FlaskClient) -> None:
    token = form_token(ada, "/-/account")
    assert save(ada, None, X_CSRF_Token=token).status_code == 303
    assert save(ada, token, X_CSRF_Token=token).status_code == 403  # once, and in one place
    assert save(ada, None, X_CSRF_Token="x").status_code == 403


def test_a_token_in_the_address_counts_for_nothing(ada: FlaskClient) -> None:
    token = form_token(ada, "/-/account")
    assert ada.post(f"{FORM}?csrf={token}", data={"name": "x"}).status_code == 403


def test_a_token_ends_with_its_session(app: Flask, ada: FlaskClient, state: State) -> None:
    token = form_token(ada, "/-/account")
    end_sessions(state, "ada")
    assert save(ada, token).status_code == 403
    assert save(signed_in(app, "ada"), token).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.org"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.org"},
        {"Origin": "http://localhost:81"},
        {"Origin": "ftp://localhost"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "x"},
        {"Origin": "http://localhost", "Sec_Fetch_Site": "cross-site"},
        {"Origin": "https://evil.org", "Sec_Fetch_Site": "same-origin"},
    ],
    ids=str,
)
def test_another_site_is_refused_even_with_a_token(
    ada: FlaskClient, state: State, headers: dict[str, str]
) -> None:
    answer = save(ada, form_token(ada, "/-/account"), **headers)
    assert answer.status_code == 403
    assert "sent from another site" in answer.text
    assert state.accounts.get("ada").name == "ada"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "HTTP://LOCALHOST"},
        {"Origin": "https://localhost"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
        {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"},
    ],
    ids=str,
)
def test_this_site_is_taken(ada: FlaskClient, headers: dict[str, str]) -> None:
    assert save(ada, form_token(ada, "/-/account"), **headers).status_code == 303


def test_the_public_address_is_this_site_too(wiki: Wiki, state: State) -> None:
    app = create_app(Settings(url="https://wiki.example.org/"), wiki, state)
    client = signed_in_securely(app, "ada")
    token = form_token(client, "/-/account")
    assert save(client, token, Origin="https://wiki.example.org").status_code == 303
    assert save(client, token, Origin="http://wiki.example.org").status_code == 403


def signed_in_securely(app: Flask, login: str) -> FlaskClient:
    signed_in(app, login)
    found = app.extensions["quire"]
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    name = f"__Host-quire-session-{found.door.mark}"
    client.set_cookie(name, found.state.sessions.begin(found.state.accounts.get(login), ADMIN))
    return client


def test_programs_with_a_token_send_no_forms(app: Flask) -> None:
    robot = with_token(app, "robot", Role.EDITOR)
    answer = robot.post("/-/login", data={"csrf": form_token(robot, "/-/login"), "login": "x"})
    assert answer.status_code == 403
    assert "do not send forms" in answer.text


@pytest.mark.parametrize("who", ["visitor", "local"])
def test_who_has_no_session_gets_a_cookie_with_the_form(app: Flask, who: str) -> None:
    client = locally(app) if who == "local" else app.test_client()
    answer = client.get("/-/login")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    cookie = answer.headers["Set-Cookie"]
    assert re.fullmatch(rf"{cookie_name(app, 'visit')}=[\w-]{{32}}; HttpOnly; Path=/; SameSite=Lax", cookie)
    again = client.get("/-/login")
    assert "Set-Cookie" not in again.headers
    token = form_token(client, "/-/login")
    assert f'value="{token}"' in answer.text
    assert client.post("/-/login", data={"csrf": token, "login": "x", "password": "y"}).status_code == 403
    assert "wrong" in send(client, "/-/login", login="x", password="y").text
    assert form_token(app.test_client(), "/-/login") != token


def test_a_form_that_is_too_old_is_shown_again_with_what_was_typed(app: Flask) -> None:
    client = app.test_client()
    fields = {"csrf": "old", "login": "ada", "password": "x", "next": "/a?b=c"}
    answer = client.post("/-/login", data=fields, headers={"Origin": "http://localhost"})
    assert answer.status_code == 200
    assert 'value="ada"' in answer.text
    assert 'value="/a?b=c"' in answer.text
    assert "too old" in answer.text
    assert "Set-Cookie" in answer.headers
    for headers in ({}, {"Sec-Fetch-Site": "none"}):  # nothing proves that it is of this site
        assert client.post("/-/login", data=fields, headers=headers).status_code == 403


def test_all_that_changes_something_is_checked_but_reading_is_not(
    app: Flask, wiki: Wiki, state: State
) -> None:
    made = create_app(Settings(), wiki, state)
    done: list[str] = []

    def view() -> str:
        done.append(request.method)
        return "done"

    made.add_url_rule("/-/test", view_func=view, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    client = made.test_client()
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open("/-/test", method=method).status_code == 403
    for method in ("GET", "HEAD", "OPTIONS"):
        assert client.open("/-/test", method=method).status_code == 200
    assert done == ["GET", "HEAD"]
    token = form_token(client, "/-/login")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert client.open("/-/test", method=method, headers={csrf.HEADER: token}).status_code == 200


def test_what_is_not_there_stays_not_there(client: FlaskClient) -> None:
    assert client.post("/-/none/at/all").status_code == 405
    assert client.post("/-/search").status_code == 405


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_of_a_session_is_for_this_site_alone(app: Flask, state: State, scheme: str) -> None:
    signed_in(app, "ada")
    client = app.test_client()
    base = f"{scheme}://localhost"
    token = re.search(r'name="csrf" value="([^"]+)"', client.get("/-/login", base_url=base).text)
    assert token is not None
    fields = {"csrf": token[1], "login": "ada", "password": "correct horse battery"}
    answer = client.post("/-/login", data=fields, base_url=base)
    session, visit = sorted(answer.headers.getlist("Set-Cookie"))
    start = "__Host-" if scheme == "https" else ""
    secure = "Secure; " if scheme == "https" else ""
    mark = app.extensions["quire"].door.mark
    assert re.fullmatch(
        rf"{start}quire-session-{mark}=[\w-]{{43}}; Expires=[^;]+; Max-Age=2592000; {secure}HttpOnly; Path=/; SameSite=Lax",
        session,
    )
    assert visit.startswith(f"{start}quire-visit-{mark}=; Expires=Thu, 01 Jan 1970")
    assert "Domain" not in session


@pytest.mark.parametrize(
    ("url", "base", "secure"),
    [
        ("", "http://localhost", False),
        ("", "https://localhost", True),
        (
            "https://wiki.example.org",
            "http://localhost",
            True,
        ),  # behind a proxy that is told of by the address alone
    ],
)
def test_what_tells_of_a_saved_draft_never_leaves_https(
    wiki: Wiki, url: str, base: str, secure: bool
) -> None:
    app, response = create_app(Settings(url=url), wiki), Response()
    with app.test_request_context("/", base_url=base):
        cookies.tell_saved(response, ["f/ä;b.md#x", "a&b.md"])
    said = response.headers["Set-Cookie"].split("; ")
    assert said[0] == "quire_saved=f/%C3%A4%3Bb.md%23x&a%26b.md"
    assert ("Secure" in said) is secure
    assert "Max-Age=600" in said


def test_under_https_a_cookie_that_another_could_have_set_is_not_read(app: Flask, state: State) -> None:
    signed_in(app, "ada")
    client = app.test_client()
    cookie = state.sessions.begin(state.accounts.get("ada"), ADMIN)
    client.set_cookie(cookie_name(app), cookie)
    assert client.get("/-/account").status_code == 200
    assert client.get("/-/account", base_url="https://localhost").status_code == 302


def test_two_wikis_on_one_host_do_not_take_each_others_cookies(wiki: Wiki, app: Flask) -> None:
    other = create_app(Settings(), wiki, State.passing())
    assert other.extensions["quire"].door.mark != app.extensions["quire"].door.mark
