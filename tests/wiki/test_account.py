"""Signing in and out, coming to an account, and what somebody may change of themselves."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from engine.access import Role
from engine.wiki import Wiki
from tests.people import cookie_name, form_token, locally, send, signed_in
from tests.states import ADMIN, PASSWORD
from wiki import create_app
from wiki.next_address import next_address
from wiki.settings import Settings
from wiki.state import State


@pytest.fixture
def ada(app: Flask) -> FlaskClient:
    """A browser in which ada, an editor, has signed in."""
    return signed_in(app, "ada", Role.EDITOR)


def session_of(client: FlaskClient) -> str:
    cookie = client.get_cookie(cookie_name(client.application))
    return cookie.value if cookie is not None else ""


# -- where to go on


@pytest.mark.parametrize(
    "address", ["/", "/a", "/a?b=c&d=%2F", "/a%20b", "/%5Cx", "/-/history/a", "/a:b", "/a//b", "/é"]
)
def test_one_goes_on_within_this_site(address: str) -> None:
    assert next_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "a",
            "//evil.org",
            "///evil.org",
            "/\\evil.org",
            "\\\\evil.org",
            "\\/evil.org",
            "https://evil.org",
        ),
        *(
            "https:evil.org",
            "http:/evil.org",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\t/evil.org",
            "/\n/evil.org",
        ),
        *(
            "/\r\nSet-Cookie: a=b",
            "/a\0b",
            " //evil.org",
            "/ /evil.org",
            "\t//evil.org",
            "/a\x7fb",
            "/a\x85b",
            "/x" * 2_000,
        ),
        *("/-/login", "/-/login?next=/", "/-/logout", "?next=//evil.org", "#", "/a\\b", "mailto:a@b"),
    ],
    ids=ascii,
)
def test_other_addresses_lead_home(app: Flask, state: State, address: str) -> None:
    assert next_address(address) == "/"
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    client = app.test_client()
    answer = send(client, "/-/login", login="ada", password=PASSWORD, next=address)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/" if "\0" not in address else "/ab")
    assert client.get("/-/login", query_string={"next": address}).headers["Location"] == "/"


# -- signing in and out


def test_signing_in_leads_back_to_where_one_was(app: Flask, state: State) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    client = app.test_client()
    page = client.get("/-/search?q=a b&page=1")
    link = re.search(r'class="sign-in" href="([^"]+)"', page.text)
    assert link is not None
    wanted = parse_qs(urlsplit(link[1]).query)["next"][0]
    assert wanted == "/-/search?q=a%20b&page=1"
    answer = send(client, "/-/login", login="ADA", password=PASSWORD, next=wanted)
    assert (answer.status_code, answer.headers["Location"]) == (303, wanted)
    assert "Logged in as ada" in client.get("/-/search").text


def test_a_session_is_never_one_that_another_knew_before(app: Flask, state: State) -> None:
    ada = state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    planted = state.sessions.begin(state.accounts.add("eve", by=ADMIN), ADMIN)
    client = app.test_client()
    for cookie in ("chosen-by-another", planted):
        client.set_cookie(cookie_name(app), cookie)
        token = form_token(client, "/-/account") if cookie == planted else form_token(client, "/-/login")
        client.post("/-/login", data={"csrf": token, "login": "ada", "password": PASSWORD})
        assert session_of(client) not in {"", "chosen-by-another", planted}
        client.delete_cookie(cookie_name(app))
    assert state.sessions.find(planted) is None
    send(client, "/-/login", login="ada", password=PASSWORD)
    first = session_of(client)
    token = form_token(client, "/-/account")
    client.post("/-/login", data={"csrf": token, "login": "ada", "password": PASSWORD})
    assert session_of(client) != first
    assert state.sessions.find(first) is None
    assert len(state.sessions.of(ada)) == 3


def test_a_token_of_the_form_to_sign_in_is_worth_nothing_afterwards(app: Flask, state: State) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    client = app.test_client()
    before = form_token(client, "/-/login")
    client.post("/-/login", data={"csrf": before, "login": "ada", "password": PASSWORD})
    assert client.post("/-/logout", data={"csrf": before}).status_code == 403


def test_what_is_wrong_is_told_the_same(app: Flask, state: State) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    state.accounts.add("sam", password=PASSWORD, by=ADMIN)
    state.accounts.disable("sam", by=ADMIN)
    seen = set()
    for login, password in (
        ("ada", "wrong password"),
        ("eve", PASSWORD),
        ("sam", PASSWORD),
        ("ada", ""),
    ):
        client = app.test_client()
        answer = send(client, "/-/login", login=login, password=password)
        text = re.sub(r'name="csrf" value="[^"]+"', "", answer.text).replace(f'value="{login}"', "")
        seen.add((answer.status_code, re.sub(" +", " ", text)))
        assert password == "" or password not in answer.text
    assert len(seen) == 1
    assert "is wrong" in seen.pop()[1]


def test_too_many_attempts_have_to_wait(app: Flask, state: State) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    client = app.test_client()
    for login in ("ada", "eve"):
        for _ in range(10):
            assert send(client, "/-/login", login=login, password="wrong").status_code == 403
        answer = send(client, "/-/login", login=login, password=PASSWORD)
        assert answer.status_code == 429
        assert 80 <= int(answer.headers["Retry-After"]) <= 100
        assert "try again in 2 minutes" in answer.text
    assert session_of(client) == ""


def test_a_password_is_taken_as_it_is_typed(app: Flask, state: State) -> None:
    state.accounts.add("ada", password="  spaces around  ", by=ADMIN)
    assert send(app.test_client(), "/-/login", login=" ada ", password="  spaces around  ").status_code == 303
    assert send(app.test_client(), "/-/login", login="ada", password="spaces around").status_code == 403


@pytest.mark.parametrize("name", ["login", "password", "next"])
def test_a_field_that_is_sent_twice_is_refused(app: Flask, state: State, name: str) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    fields: dict[str, Any] = {"login": "ada", "password": PASSWORD, "next": "/"}
    fields[name] = [fields[name]] * 2
    client = app.test_client()
    assert client.post("/-/login", data=fields | {"csrf": form_token(client, "/-/login")}).status_code == 400


def test_signing_out_ends_the_session(app: Flask, ada: FlaskClient, state: State) -> None:
    cookie = session_of(ada)
    answer = send(ada, "/-/logout", "/-/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert session_of(ada) == ""
    assert state.sessions.find(cookie) is None
    ada.set_cookie(cookie_name(app), cookie)
    assert "Log in" in ada.get("/-/search").text


def test_nobody_is_signed_out_by_an_address(ada: FlaskClient) -> None:
    assert ada.get("/-/logout").status_code == 404
    assert "Log out" in ada.get("/-/search").text


def test_who_has_signed_in_goes_on(ada: FlaskClient) -> None:
    answer = ada.get("/-/login?next=/a")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/a")


# -- coming to an account


def registering(wiki: Wiki, state: State, setting: str) -> FlaskClient:
    return create_app(Settings(registration=setting), wiki, state).test_client()


NEW = {
    "login": "ada",
    "password": PASSWORD,
    "again": PASSWORD,
    "name": "Ada King",
    "email": "ada@example.org",
}


def test_everybody_makes_an_account_where_that_is_set(wiki: Wiki, state: State) -> None:
    client = registering(wiki, state, "open")
    assert "Make an account" in client.get("/-/login").text
    assert send(client, "/-/register", **NEW).status_code == 303
    ada = state.accounts.get("ada")
    assert (ada.role, ada.name, ada.email) == (Role.READER, "Ada King", "ada@example.org")
    assert "Logged in as ada" in client.get("/-/search").text


def test_a_role_cannot_be_asked_for(wiki: Wiki, state: State) -> None:
    client = registering(wiki, state, "open")
    send(client, "/-/register", **NEW, role="admin", disabled="no", id="1")
    assert state.accounts.get("ada").role is Role.READER


@pytest.mark.parametrize("setting", ["closed", "invitation"])
def test_elsewhere_nobody_does(wiki: Wiki, state: State, setting: str) -> None:
    client = registering(wiki, state, setting)
    assert client.get("/-/register").status_code == 403
    assert client.post("/-/register", data=NEW | {"csrf": form_token(client, "/-/login")}).status_code == 403
    assert "Make an account" not in client.get("/-/login").text
    assert not state.accounts.any()


def test_an_invitation_opens_the_form_once(wiki: Wiki, state: State) -> None:
    client = registering(wiki, state, "invitation")
    _, text = state.invitations.create(Role.EDITOR, by=ADMIN)
    page = f"/-/register?invitation={text}"
    assert send(client, "/-/register", page, **NEW, invitation=text).status_code == 303
    assert state.accounts.get("ada").role is Role.EDITOR
    other = registering(wiki, state, "invitation")
    for again in (text, "x", "%00"):
        assert other.get(f"/-/register?invitation={again}").status_code == 404
    answer = other.post("/-/register", data=NEW | {"csrf": form_token(other, "/-/login"), "invitation": text})
    assert answer.status_code == 404
    assert len(state.accounts.all()) == 1


def test_where_it_is_closed_an_invitation_opens_nothing(wiki: Wiki, state: State) -> None:
    _, text = state.invitations.create(Role.EDITOR, by=ADMIN)
    assert registering(wiki, state, "closed").get(f"/-/register?invitation={text}").status_code == 403


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"login": "a b"}, "letters, digits"),
        ({"login": "<script>"}, "is none of them"),
        ({"login": "bob"}, "taken, or looks like one"),
        ({"password": "short", "again": "short"}, "at least 10 characters"),
        ({"again": "another"}, "not the same"),
        ({"email": "x"}, "no e-mail address"),
        ({"name": "a\u202eb"}, "signs that nobody sees"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said_and_what_was_typed_is_kept(
    wiki: Wiki, state: State, wrong: dict[str, str], said: str
) -> None:
    state.accounts.add("bob", by=ADMIN)
    client = registering(wiki, state, "open")
    answer = send(client, "/-/register", **NEW | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="ada@example.org"' in answer.text or "email" in wrong
    assert PASSWORD not in answer.text
    assert "<script>" not in answer.text
    assert len(state.accounts.all()) == 1


def test_one_address_makes_so_many_accounts_in_an_hour(wiki: Wiki, state: State) -> None:
    for number in range(10):
        client = registering(wiki, state, "open")
        assert send(client, "/-/register", **NEW | {"login": f"user{number}x", "name": ""}).status_code == 303
    answer = send(registering(wiki, state, "open"), "/-/register", **NEW)
    assert answer.status_code == 429
    assert len(state.accounts.all()) == 10


def test_what_cannot_be_counts_as_no_attempt_to_make_an_account(wiki: Wiki, state: State) -> None:
    client = registering(wiki, state, "open")
    for wrong in ({"password": "short", "again": "short"}, {"again": "another"}, {"login": "<x>"}) * 4:
        assert send(client, "/-/register", **NEW | wrong).status_code == 422
    state.accounts.add("bob", by=ADMIN)
    for _ in range(9):  # who tries which logins are taken is counted
        assert send(client, "/-/register", **NEW | {"login": "bob"}).status_code == 422
    assert send(client, "/-/register", **NEW).status_code == 303
    other = registering(wiki, state, "open")
    assert send(other, "/-/register", **NEW | {"login": "eve"}).status_code == 429


# -- a link to set a password


def test_a_link_sets_a_password_and_ends_sessions(app: Flask, ada: FlaskClient, state: State) -> None:
    code = state.resets.create(state.accounts.get("ada"), by=ADMIN)
    client = app.test_client()
    page = f"/-/reset?code={code}"
    assert 'value="ada"' in client.get(page).text
    new = {"code": code, "password": "another good password", "again": "another good password"}
    assert send(client, "/-/reset", page, **new | {"again": "x"}).status_code == 422
    answer = send(client, "/-/reset", page, **new)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/-/login?done=reset")
    assert "log in with it" in client.get("/-/login?done=reset").text
    assert ada.get("/-/account").status_code == 302
    assert state.accounts.check("ada", "another good password")
    assert client.get(page).status_code == 404
    token = form_token(client, "/-/login")
    assert client.post("/-/reset", data=new | {"csrf": token}).status_code == 404


def test_no_link_says_whether_there_is_such_an_account(app: Flask, client: FlaskClient, state: State) -> None:
    sam = state.accounts.add("sam", by=ADMIN)
    code = state.resets.create(sam, by=ADMIN)
    state.accounts.disable("sam", by=ADMIN)
    texts = {client.get(f"/-/reset?code={text}").text.replace(text, "") for text in (code, "x" * len(code))}
    assert len(texts) == 1


# -- one's own account


def test_one_says_what_they_are_called(ada: FlaskClient, state: State) -> None:
    answer = send(
        ada, "/-/account/profile", "/-/account", name="Ada King", email="ada@example.org", language="ar"
    )
    assert answer.headers["Location"] == "/-/account?done=profile"
    account = state.accounts.get("ada")
    assert (account.name, account.email, account.language) == ("Ada King", "ada@example.org", "ar")
    page = ada.get("/-/account?done=profile").text
    assert '<html lang="ar" dir="rtl">' in page
    assert "<bdi>Ada King</bdi>" in page
    state.accounts.add("bob", by=ADMIN)
    assert send(ada, "/-/account/profile", "/-/account", name="BOB", email="", language="").status_code == 422
    assert send(ada, "/-/account/profile", "/-/account", name="", email="", language="xx").status_code == 400


def test_a_setting_for_all_counts_over_what_one_chose(wiki: Wiki, state: State) -> None:
    app = create_app(Settings(interface="de"), wiki, state)
    client = signed_in(app, "ada")
    state.accounts.set_profile("ada", name="", email="", language="ar", by=ADMIN)
    assert '<html lang="de"' in client.get("/-/account").text


def test_a_new_password_ends_all_other_sessions(app: Flask, ada: FlaskClient, state: State) -> None:
    other, before = signed_in(app, "ada"), session_of(ada)
    new = {"current": PASSWORD, "password": "another good password", "again": "another good password"}
    for wrong, code in (
        ({"current": "x"}, 403),
        ({"again": "x"}, 422),
        ({"password": "x", "again": "x"}, 422),
    ):
        assert send(ada, "/-/account/password", "/-/account", **new | wrong).status_code == code
    assert state.accounts.check("ada", PASSWORD)
    assert send(ada, "/-/account/password", "/-/account", **new).status_code == 303
    assert ada.get("/-/account?done=password").status_code == 200
    assert session_of(ada) != before
    assert state.sessions.find(before) is None
    assert other.get("/-/account").status_code == 302
    assert state.accounts.check("ada", "another good password")


def test_guessing_the_password_of_a_session_is_bounded(ada: FlaskClient) -> None:
    new = {"current": "wrong", "password": "another good password", "again": "another good password"}
    codes = [send(ada, "/-/account/password", "/-/account", **new).status_code for _ in range(11)]
    assert codes == [403] * 10 + [429]


def test_one_ends_their_own_sessions(app: Flask, ada: FlaskClient, state: State) -> None:
    others = [signed_in(app, "ada") for _ in range(3)]
    bob = signed_in(app, "bob")
    page = ada.get("/-/account").text
    assert page.count("a test") == 4
    number = re.search(r'name="session" value="(\d+)"', page)
    assert number is not None
    send(ada, "/-/account/sessions", "/-/account", session=number[1])
    assert sum(client.get("/-/account").status_code == 200 for client in others) == 2
    bobs = state.sessions.of(state.accounts.get("bob"))[0].id
    send(ada, "/-/account/sessions", "/-/account", session=str(bobs))
    assert bob.get("/-/account").status_code == 200
    send(ada, "/-/account/sessions", "/-/account")
    assert [client.get("/-/account").status_code for client in (*others, ada)] == [302, 302, 302, 200]


def test_a_token_is_shown_once(ada: FlaskClient, state: State) -> None:
    answer = send(
        ada,
        "/-/account/tokens",
        "/-/account",
        name="robot",
        write="yes",
        reads="notes/**\r\nmy files/*.md\r\n",
        writes="notes/*",
        days="3",
    )
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    text = re.search(r"quire_[\w-]{43}", answer.text)
    assert text is not None
    token = state.tokens.find(text[0])
    assert token is not None
    assert (token.login, token.role, token.reads) == ("ada", Role.EDITOR, ("notes/**", "my files/*.md"))
    assert (token.writes, token.expires is None) == (("notes/*",), False)
    page = ada.get("/-/account").text
    assert text[0] not in page
    assert text[0][:11] in page
    assert send(ada, "/-/account/tokens", "/-/account", name="robot").status_code == 422
    assert send(ada, "/-/account/tokens", "/-/account", name="x1", days="many").status_code == 400
    assert send(ada, "/-/account/tokens/revoke", "/-/account", token=str(token.id)).status_code == 303
    assert state.tokens.find(text[0]) is None


def test_a_reader_makes_no_token_that_writes(app: Flask, state: State) -> None:
    rea = signed_in(app, "rea", Role.READER)
    assert 'name="write"' not in rea.get("/-/account").text
    send(rea, "/-/account/tokens", "/-/account", name="robot", write="yes")
    assert state.tokens.named("robot").role is Role.READER


def test_nobody_revokes_the_token_of_another(app: Flask, ada: FlaskClient, state: State) -> None:
    token, text = state.tokens.create("robot", owner=state.accounts.get("ada"), by=ADMIN)
    bob = signed_in(app, "bob")
    assert send(bob, "/-/account/tokens/revoke", "/-/account", token=str(token.id)).status_code == 404
    assert state.tokens.find(text)


def test_the_local_person_has_no_account(local: FlaskClient) -> None:
    assert local.get("/-/account").status_code == 302
    assert locally(local.application).get("/-/admin").status_code == 302


def test_pages_of_an_account_are_kept_by_nobody(ada: FlaskClient) -> None:
    answer = ada.get("/-/account")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("name", ["<b>x</b>", '"onload=alert(1)', "{{ 7*7 }}", "%(x)s", "'"])
def test_names_are_shown_as_they_are(app: Flask, ada: FlaskClient, state: State, name: str) -> None:
    with state.database.writing() as db:  # as though an earlier version had let it in
        db.exec_driver_sql("UPDATE account SET name = ?, email = ?", (name, name))
    for address in ("/-/account", "/-/search"):
        page = ada.get(address).text
        assert "<b>x" not in page
        assert '"onload' not in page
        assert name == "'" or str(escape(name)) in page
