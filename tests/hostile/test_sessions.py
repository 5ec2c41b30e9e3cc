"""Who has no right to be somebody is nobody: sessions, passwords, links that are used once, and where one goes on."""

import logging
import re
from collections.abc import Callable, Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access import Role
from engine.errors import StoreError
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.hostile.test_repeated import FORMS, NEEDED, told
from tests.people import cookie_name, form_token, locally, send, signed_in, with_token
from tests.states import ADMIN, PASSWORD
from wiki import create_app
from wiki.settings import Settings
from wiki.state import State
from wiki.state.passwords import Passwords
from wiki.views import pages

ANOTHER = "another long phrase"


@pytest.fixture
def ada(app: Flask, commit: Commit, wiki: Wiki) -> FlaskClient:
    commit({"a.md": "# A\n"})
    wiki.catch_up()
    return signed_in(app, "ada", Role.EDITOR)


def is_in(client: FlaskClient) -> bool:
    return client.get("/-/account").status_code == 200


def replayed(client: FlaskClient) -> FlaskClient:
    """Return another browser with the same cookies, as a thief has it."""
    thief = client.application.test_client()
    cookie = client.get_cookie(cookie_name(client.application))
    assert cookie is not None
    thief.set_cookie(cookie.key, cookie.value)
    return thief


# -- logging in tells nothing


def test_a_password_is_hashed_whether_or_not_there_is_such_an_account(
    app: Flask, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong is answered alike, and costs one hash, whoever was named."""
    hashed: list[str] = []
    check = Passwords.check

    def counted(self: Passwords, kept: str, password: str) -> bool:
        hashed.append(kept)
        return check(self, kept, password)

    monkeypatch.setattr(Passwords, "check", counted)
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    state.accounts.add("without", by=ADMIN)
    state.accounts.add("former", password=PASSWORD, by=ADMIN)
    state.accounts.disable("former", by=ADMIN)
    shown = set()
    for login in ("ada", "nobody-of-that-name", "without", "former", "", "\u202eada", "x" * 9_999, "a'--"):
        client = app.test_client()
        before = len(hashed)
        answer = send(client, "/-/login", login=login, password="wrong password")
        assert len(hashed) == before + 1, login
        text = re.sub(r' *value="[^"]*"', "", answer.text)
        headers = frozenset(name for name, _ in answer.headers if not name.startswith("Quire-"))
        shown.add((answer.status_code, text, headers))
    assert len(shown) == 1
    right = send(app.test_client(), "/-/login", login="former", password=PASSWORD)
    assert right.status_code == 403
    assert re.sub(r' *value="[^"]*"', "", right.text) in {text for _, text, _ in shown}


def test_no_answer_tells_which_accounts_there_are(app: Flask, state: State) -> None:
    """Neither links that are no links, nor the form to make an account elsewhere than where everybody may."""
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    client = app.test_client()
    for address in ("/-/reset?code=ada", "/-/reset?code=", "/-/register?invitation=ada"):
        answer = client.get(address)
        assert answer.status_code in {403, 404}
        assert ">ada<" not in answer.text
        assert '"ada"' not in answer.text
    answers = {
        re.sub(r' *value="[^"]*"', "", client.get("/-/by/" + name).text.replace(name, ""))
        for name in ("ada", "eva")
    }
    assert len(answers) == 1


# -- sessions end


ENDS: Mapping[str, Callable[[FlaskClient, State], object]] = {
    "logging out": lambda client, state: send(client, "/-/logout", page="/-/account"),
    "a new password": lambda client, state: send(
        client, "/-/account/password", page="/-/account", current=PASSWORD, password=ANOTHER, again=ANOTHER
    ),
    "a password set by an admin": lambda client, state: state.accounts.set_password("ada", ANOTHER, by=ADMIN),
    "a link that sets a password": lambda client, state: state.resets.use(
        state.resets.create(state.accounts.get("ada"), by=ADMIN), ANOTHER, address="192.0.2.1"
    ),
    "being disabled": lambda client, state: state.accounts.disable("ada", by=ADMIN),
    "being disabled and enabled": lambda client, state: enabled_again(state),
    "being removed": lambda client, state: state.accounts.remove("ada", by=ADMIN),
    "being removed and made again": lambda client, state: made_again(state),
}


def enabled_again(state: State) -> None:
    state.accounts.disable("ada", by=ADMIN)
    state.accounts.enable("ada", by=ADMIN)


def made_again(state: State) -> None:
    state.accounts.remove("ada", by=ADMIN)
    state.accounts.add("ada", password=PASSWORD, role=Role.ADMIN, by=ADMIN)


@pytest.mark.parametrize("how", ENDS)
def test_a_stolen_cookie_opens_nothing_after(ada: FlaskClient, state: State, wiki: Wiki, how: str) -> None:
    thief = replayed(ada)
    token, head = form_token(thief, "/-/edit/a"), wiki.head()
    assert is_in(thief)
    ENDS[how](ada, state)
    assert not is_in(thief)
    assert thief.get("/-/edit/a").status_code == 403
    assert thief.post("/-/edit/a", data={"csrf": token, "text": "x"}).status_code == 403
    assert thief.post("/-/drafts", data={"csrf": token, "key": "a.md", "text": "x"}).status_code == 403
    assert wiki.head() == head


@pytest.mark.parametrize("how", ["being disabled", "being removed", "a smaller role"])
def test_tokens_of_somebody_end_with_them(ada: FlaskClient, state: State, app: Flask, how: str) -> None:
    program = with_token(app, "of-ada", Role.EDITOR, owner=state.accounts.get("ada"))
    assert program.get("/-/edit/a").status_code == 200
    if how == "a smaller role":
        state.accounts.set_role("ada", Role.READER, by=ADMIN)
        assert program.get("/-/edit/a").status_code == 403
    else:
        ENDS[how](ada, state)
        assert program.get("/-/edit/a").status_code in {401, 403}


def test_a_cookie_is_not_guessed_or_forged(ada: FlaskClient, state: State) -> None:
    cookie = ada.get_cookie(cookie_name(ada.application))
    assert cookie is not None
    for forged in (
        "",
        "1",
        "ada",
        cookie.value[:-1],
        cookie.value + "x",
        cookie.value.swapcase(),
        "../" * 20,
        "null",
    ):
        client = ada.application.test_client()
        client.set_cookie(cookie.key, forged)
        assert not is_in(client), forged
    kept = state.database.path.read_bytes()
    assert cookie.value.encode() not in kept


# -- links are used once


def test_a_link_to_set_a_password_is_used_once(app: Flask, state: State) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    code = state.resets.create(state.accounts.get("ada"), by=ADMIN)
    new = {"code": code, "password": ANOTHER, "again": ANOTHER}
    client = app.test_client()
    token = form_token(client, "/-/login")
    assert client.post("/-/reset", data={"csrf": token, **new}).status_code == 303
    for password in (ANOTHER, "a third long phrase"):
        again = client.post("/-/reset", data={"csrf": token, **new, "password": password, "again": password})
        assert again.status_code == 404
    assert client.get(f"/-/reset?code={code}").status_code == 404
    assert state.accounts.check("ada", ANOTHER) is not None
    assert code.encode() not in state.database.path.read_bytes()


def test_no_link_opens_an_account_that_is_disabled(app: Flask, state: State) -> None:
    """Neither one from before, nor one that is asked for afterwards; and it stays disabled."""
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    code = state.resets.create(state.accounts.get("ada"), by=ADMIN)
    state.accounts.disable("ada", by=ADMIN)
    client = app.test_client()
    token = form_token(client, "/-/login")
    sent = {"csrf": token, "code": code, "password": ANOTHER, "again": ANOTHER}
    assert client.get(f"/-/reset?code={code}").status_code == 404
    assert client.post("/-/reset", data=sent).status_code == 404
    root = signed_in(app, "root", Role.ADMIN)
    asked = send(root, "/-/admin/accounts", page="/-/admin", action="reset", login="ada")
    assert "reset?code=" not in asked.text
    assert state.accounts.get("ada").disabled
    assert state.accounts.check("ada", ANOTHER) is None


def test_an_invitation_is_used_once_and_gives_its_role_alone(app: Flask, state: State) -> None:
    state.accounts.add("root", password=PASSWORD, role=Role.ADMIN, by=ADMIN)
    _, text = state.invitations.create(Role.READER, by=ADMIN)
    given = {"invitation": text, "password": PASSWORD, "again": PASSWORD, "role": "admin", "is_admin": "1"}
    answers = [
        app.test_client().post("/-/register", data={"csrf": "", "login": f"new{number}", **given}).status_code
        for number in range(2)
    ]
    assert answers == [403, 403]  # without the token of its form
    codes = []
    for number in range(3):
        client = app.test_client()
        token = form_token(client, "/-/login")
        sent = {"csrf": token, "login": f"new{number}", **given}
        codes.append(client.post("/-/register", data=sent).status_code)
    assert codes == [303, 404, 404]
    assert [each.login for each in state.accounts.all()] == ["new0", "root"]
    assert state.accounts.get("new0").role is Role.READER


LOOKALIKES = [
    "Ada", "ADA", "\uff41da", "ad\u0430", "\u0430da", "a.d.a", "ada_", "ada-", "ada ", " ada", "ada\0", "ada\n", "a\u0301da",
    "ad\u200ba", "\u202eada", "ada\u202c", "root\u202e", "quire", "system", "local", "r\u043e\u043et", "r00t", "ro\u03bft",
    "ada@localhost", "ada<", "ada%00", "../ada", "ada\u00ad", "\u1d00da",
]  # fmt: skip


@pytest.mark.parametrize("login", LOOKALIKES, ids=ascii)
def test_nobody_can_look_like_somebody(wiki: Wiki, state: State, login: str) -> None:
    """A name that reads as one that there is, or as the wiki itself, is refused, however it is written."""
    app = create_app(Settings(registration="open"), wiki, state)
    for name in ("ada", "root"):
        state.accounts.add(name, password=PASSWORD, role=Role.ADMIN, by=ADMIN)
    client = app.test_client()
    answer = send(client, "/-/register", page="/-/login", login=login, password=PASSWORD, again=PASSWORD)
    made = {each.login for each in state.accounts.all()} - {"ada", "root"}
    assert answer.status_code in {303, 409, 422}
    assert all(name.isascii() is False or name in {"a.d.a"} for name in made)
    if login not in {"a.d.a", "a\u0301da", "\u1d00da"}:  # other names, and seen as such
        assert not made


# -- where one goes on

AWAY = [
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example",
    "/\t/evil.example", "/\n/evil.example", "/\r/evil.example", "\t//evil.example", "/%09/evil.example", "/%5Cevil.example",
    "https://evil.example", "HTTPS:evil.example", "http:/\\evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)",
    "data:text/html,x", "/x\r\nSet-Cookie: a=b", "/x\r\nLocation: //evil.example", "/%0d%0aSet-Cookie:a=b",
    "/\u2028/evil.example", "/\x00/evil.example", "@evil.example", "/@evil.example", ".evil.example", "://evil.example",
    "//evil.example@localhost", "//localhost:80@evil.example", "/..//evil.example", "/.//evil.example", "/a/..//evil.example",
    "\u3002//evil.example", "/\uff0fevil.example", "//[::1]", "//[evil", "/[//evil.example", "?//evil.example", "#//evil.example",
]  # fmt: skip


def test_nobody_is_led_away(ada: FlaskClient, app: Flask) -> None:
    """Neither after logging in, nor where somebody has done so already: as a browser reads the address."""

    def check(answer: TestResponse) -> None:
        assert answer.status_code in {302, 303}
        assert "Set-Cookie" not in answer.headers or "a=b" not in str(answer.headers.getlist("Set-Cookie"))
        location = answer.headers["Location"]
        assert location.isascii()
        assert location[0] == "/"
        assert not re.match(r"/[\\/\t\r\n]", location)
        assert not re.search(r"[\x00-\x20\\]", location)

    for address in AWAY:
        check(ada.get("/-/login", query_string={"next": address}))
        check(send(app.test_client(), "/-/login", login="ada", password=PASSWORD, next=address))


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "localhost@evil.example", "x/y", "a\tb", ""]
)
def test_no_link_for_somebody_else_is_made_of_a_forged_host(wiki: Wiki, state: State, host: str) -> None:
    """Where the public address is set, links in which others trust begin with it."""
    app = create_app(Settings(url="http://wiki.example"), wiki, state)
    root = signed_in(app, "root", Role.ADMIN)
    token = form_token(root, "/-/account")
    state.accounts.add("ada", by=ADMIN)
    sent = {"csrf": token, "action": "reset", "login": "ada"}
    cookie = root.get_cookie(cookie_name(app))
    assert cookie is not None
    headers = {"Host": host, "Cookie": f"{cookie.key}={cookie.value}"}
    made = app.test_client(use_cookies=False).post("/-/admin/accounts", data=sent, headers=headers)
    assert made.status_code == 200
    assert "http://wiki.example/-/reset?code=" in made.text


# -- what is asked for changes nothing


def test_no_address_changes_anything_by_being_read(
    app: Flask, state: State, wiki: Wiki, commit: Commit
) -> None:
    """Each form, with all that it needs as part of the address, and by every method that only reads."""
    commit({"a.md": "# A\n", "b.md": "# B\n"})
    wiki.catch_up()
    root = signed_in(app, "root", Role.ADMIN)
    token = form_token(root, "/-/account")
    before = told(state, wiki)
    for address in (*FORMS, "/-/logout", "/-/account/sessions", "/-/revert/0000000"):
        query = {"csrf": token, **NEEDED.get(address, {}), "seen": "x", "_method": "POST"}
        for method in ("GET", "HEAD", "OPTIONS"):
            for headers in (
                {},
                {"X-HTTP-Method-Override": "POST", "X-CSRF-Token": token, "X-Method": "POST"},
            ):
                answer = root.open(address, method=method, query_string=query, headers=headers)
                assert answer.status_code < 500
                assert told(state, wiki) == before, (method, address)
    assert is_in(root)


# -- what is written down


def test_what_a_program_says_to_be_let_in_is_never_written_down(
    app: Flask,
    state: State,
    wiki: Wiki,
    commit: Commit,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither where it is right nor where it is wrong, and not when something fails; nor are passwords and cookies."""
    commit({"a.md": "# A\n"})
    wiki.catch_up()
    caplog.set_level(logging.DEBUG)
    _, text = state.tokens.create("prog", role=Role.READER, by=ADMIN)
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    client = app.test_client()
    client.set_cookie(cookie_name(app), "cookie-of-somebody")
    secrets = [
        text,
        "cookie-of-somebody",
        "Basic c2VjcmV0",
        "bearer-that-is-wrong",
        PASSWORD,
        "wrong-phrase-of-ada",
    ]
    said = [f"Bearer {text}", "Basic c2VjcmV0", "Bearer bearer-that-is-wrong", f"bearer  {text}"]

    def failing(*_: object, **__: object) -> object:
        raise error

    for number in range(3):
        if number:
            error: Exception = StoreError("git is gone") if number == 1 else RuntimeError("a bug")
            monkeypatch.setattr(pages, "found_at", failing)
        for each in said:
            for address in ("/a", "/-/edit/a", "/-/admin", "/-/none", "/%00"):
                client.get(address, headers={"Authorization": each})
                client.post(address, headers={"Authorization": each}, data={"text": "x"})
    for phrase in (PASSWORD, "wrong-phrase-of-ada"):
        send(app.test_client(), "/-/login", login="ada", password=phrase)
    assert "a bug" in caplog.text
    entries, _ = state.audit.entries(limit=1_000)
    for secret in secrets:
        assert secret not in caplog.text
        assert secret not in str(entries)
    bare = text.encode()
    assert bare not in state.database.path.read_bytes()


def test_the_local_person_is_gone_with_the_first_account(app: Flask, state: State) -> None:
    client = locally(app)
    assert client.get("/-/new").status_code == 200
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    assert client.get("/-/new").status_code == 403
    for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "X-Originating-IP"):
        away = app.test_client()
        assert away.get("/-/new", headers={header: "127.0.0.1"}).status_code == 403
