"""Administration: accounts, invitations, tokens, settings, status, audit; for admins alone."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.access import Role
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import form_token, send, signed_in
from tests.states import ADMIN, PASSWORD
from wiki import create_app
from wiki.settings import Settings
from wiki.state import State
from wiki.views.admin import ACCOUNTS, ENTRIES

PAGES = ["", "/invitations", "/tokens", "/settings", "/status", "/audit"]


@pytest.fixture
def root(app: Flask) -> FlaskClient:
    return signed_in(app, "root", Role.ADMIN)


@pytest.mark.parametrize("page", PAGES)
def test_its_pages_lead_to_each_other_and_are_kept_by_nobody(root: FlaskClient, page: str) -> None:
    answer = root.get(f"/-/admin{page}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    for other in PAGES:
        assert f'href="/-/admin{other}"' in answer.text
    assert answer.text.count('aria-current="page"') >= 1
    assert 'href="/-/admin"' in root.get("/-/search").text


def test_others_are_not_led_there(app: Flask) -> None:
    for role in (Role.READER, Role.EDITOR):
        client = signed_in(app, f"{role}x", role)
        assert "/-/admin" not in client.get("/-/search").text
        answer = client.get("/-/admin")
        assert answer.status_code == 403
        assert "Only admins" in answer.text


def test_an_admin_makes_an_account_and_gets_a_link_for_it(root: FlaskClient, state: State) -> None:
    answer = send(
        root, "/-/admin/accounts", "/-/admin", action="add", login="ada", role="editor", name="Ada King"
    )
    assert answer.status_code == 200
    link = re.search(r"http://localhost/-/reset\?code=([\w-]+)", answer.text)
    assert link is not None
    assert state.resets.find(link[1]).login == "ada"
    assert link[1] not in root.get("/-/admin").text
    assert "no password yet" in root.get("/-/admin").text
    account = state.accounts.get("ada")
    assert (account.role, account.name, account.has_password) == (Role.EDITOR, "Ada King", False)
    entries = state.audit.entries(what="account.add")[0]
    assert (entries[0].who, entries[0].target, entries[0].address) == ("root", "ada", "192.0.2.1")


def test_an_admin_changes_accounts(app: Flask, root: FlaskClient, state: State) -> None:
    ada = signed_in(app, "ada")

    def change(**fields: str) -> int:
        return send(root, "/-/admin/accounts", "/-/admin", login="ada", **fields).status_code

    assert change(action="role", role="admin") == 303
    assert state.accounts.get("ada").role is Role.ADMIN
    assert change(action="disable") == 303
    assert ada.get("/-/account").status_code == 302
    assert change(action="reset") == 422  # which would not enable it
    assert change(action="enable") == 303
    assert not state.accounts.get("ada").disabled
    assert change(action="reset") == 200
    assert change(action="remove") == 422
    assert state.accounts.get("ada")
    assert change(action="remove", sure="yes") == 303
    assert [account.login for account in state.accounts.all()] == ["root"]
    assert change(action="enable") == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"action": "add", "login": "a b", "role": "reader"},
        {"action": "add", "login": "root", "role": "reader"},
        {"action": "role", "login": "root", "role": "reader"},
        {"action": "disable", "login": "root"},
        {"action": "add", "login": "ada", "role": "reader", "email": "x"},
    ],
    ids=str,
)
def test_what_cannot_be_is_said(root: FlaskClient, state: State, fields: dict[str, str]) -> None:
    state.accounts.add("other", by=ADMIN)
    answer = send(root, "/-/admin/accounts", "/-/admin", **fields)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert state.accounts.get("root").role is Role.ADMIN


@pytest.mark.parametrize(
    "fields", [{"action": "x"}, {}, {"action": "role", "login": "root", "role": "owner"}], ids=str
)
def test_what_is_no_choice_is_refused(root: FlaskClient, fields: dict[str, str]) -> None:
    assert send(root, "/-/admin/accounts", "/-/admin", **fields).status_code == 400


def test_many_accounts_have_pages(root: FlaskClient, state: State) -> None:
    for number in range(ACCOUNTS):
        state.accounts.add(f"user{number:03}x", by=ADMIN)
    first, second = root.get("/-/admin").text, root.get("/-/admin?page=2").text
    assert "user000x" in first
    assert "/-/admin?page=2" in first
    assert "user049x" in second
    assert "user000x" not in second.partition("A new account")[0]
    assert root.get("/-/admin?page=x").status_code == 400


def test_an_invitation_is_shown_once_and_taken_back(root: FlaskClient, state: State) -> None:
    answer = send(root, "/-/admin/invitations", action="create", role="editor", note="For Ada", days="3")
    link = re.search(r"http://localhost/-/register\?invitation=([\w-]+)", answer.text)
    assert link is not None
    assert state.invitations.find(link[1]).role is Role.EDITOR
    page = root.get("/-/admin/invitations").text
    assert link[1] not in page
    assert "For Ada" in page
    number = re.search(r'name="invitation" value="(\d+)"', page)
    assert number is not None
    for code in (303, 404):
        answer = send(root, "/-/admin/invitations", action="revoke", invitation=number[1])
        assert answer.status_code == code
    assert state.invitations.open() == ()
    assert send(root, "/-/admin/invitations", action="create", role="owner").status_code == 400
    assert send(root, "/-/admin/invitations", action="create", role="reader", days="999").status_code == 422


def test_where_registration_is_closed_it_is_said(wiki: Wiki, state: State) -> None:
    app = create_app(Settings(registration="closed"), wiki, state)
    assert "No invitation can be used" in signed_in(app, "root", Role.ADMIN).get("/-/admin/invitations").text


def test_an_admin_sees_and_revokes_all_tokens(root: FlaskClient, state: State) -> None:
    ada = state.accounts.add("ada", by=ADMIN)
    token, text = state.tokens.create("robot", owner=ada, by=ADMIN)
    answer = send(root, "/-/admin/tokens", action="create", name="of-nobody", write="yes", writes="notes/**")
    made = re.search(r"quire_[\w-]{43}", answer.text)
    assert made is not None
    found = state.tokens.find(made[0])
    assert found is not None
    assert (found.login, found.role, found.writes) == ("", Role.EDITOR, ("notes/**",))
    page = root.get("/-/admin/tokens").text
    assert "robot" in page
    assert "of-nobody" in page
    assert made[0] not in page
    assert send(root, "/-/admin/tokens", action="revoke", token=str(token.id)).status_code == 303
    assert state.tokens.find(text) is None
    assert send(root, "/-/admin/tokens", action="revoke", token=str(token.id)).status_code == 404
    assert send(root, "/-/admin/tokens", action="create", name="root").status_code == 422


def test_settings_are_shown_and_not_changed(root: FlaskClient) -> None:
    page = root.get("/-/admin/settings").text
    assert "<code>login_rate</code>" in page
    assert "<code>true</code>" in page
    assert root.post("/-/admin/settings", data={"csrf": form_token(root, "/-/admin")}).status_code == 405


def test_the_status_tells_how_fresh_everything_is(root: FlaskClient, commit: Commit, wiki: Wiki) -> None:
    made = commit({"a.md": "# A\n"})
    wiki.catch_up()
    page = root.get("/-/admin/status").text
    assert "1 page" in page
    assert page.count(f"<code>{made[:10]}</code>") >= 5
    assert "being brought up to date" not in page


def test_the_audit_is_paged_and_chosen(root: FlaskClient, state: State) -> None:
    for number in range(ENTRIES + 5):
        state.audit.note(ADMIN, "login.failed" if number % 2 else "login", f"person{number:03}")
    first = root.get("/-/admin/audit").text
    further = re.search(r'href="(/-/admin/audit\?[^"]*before=[^"]+)"', first)
    assert further is not None
    assert "person104" in first
    assert "person000" not in first
    second = root.get(further[1].replace("&amp;", "&")).text
    assert "person000" in second
    assert "person104" not in second
    chosen = root.get("/-/admin/audit?what=login.failed&who=root").text
    assert "person103" in chosen
    assert "person102" not in chosen
    assert "Nothing of the kind" in root.get("/-/admin/audit?who=eve").text
    assert root.get("/-/admin/audit?before=x").status_code == 400


def test_what_strangers_typed_is_not_in_the_audit(app: Flask, root: FlaskClient) -> None:
    send(app.test_client(), "/-/login", login="a password in the wrong field", password=PASSWORD)
    page = root.get("/-/admin/audit").text
    assert "login.failed" in page
    assert "wrong field" not in page


def test_what_others_gave_is_shown_harmlessly(root: FlaskClient, state: State) -> None:
    state.audit.note(ADMIN, "page.protect", "<script>alert(1)</script>\u202e")
    page = root.get("/-/admin/audit").text
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_a_demoted_admin_is_out_at_once(root: FlaskClient, state: State) -> None:
    state.accounts.add("other", role=Role.ADMIN, by=ADMIN)
    token = form_token(root, "/-/admin")
    state.accounts.set_role("root", Role.EDITOR, by=ADMIN)
    assert root.get("/-/admin").status_code == 403
    answer = root.post(
        "/-/admin/accounts", data={"csrf": token, "action": "role", "login": "root", "role": "admin"}
    )
    assert answer.status_code == 403
    assert state.accounts.get("root").role is Role.EDITOR
