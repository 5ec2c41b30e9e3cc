"""Every route, for everybody, by every method: what each may is written down, and a new route needs a row.

A row says for each role what answer it gets. The roles are people with an account, who is there without one, and
programs; `NOBODY` is a visitor of a private wiki, a writing visitor one of a wiki where everybody may edit.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from engine.access import Role
from engine.store.memory_store import NOBODY
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import form_token, locally, signed_in, with_token
from tests.states import ADMIN, PASSWORD, audited
from wiki import create_app
from wiki.settings import Settings
from wiki.state import State

ROLES = (
    "nobody",
    "anonymous",
    "writing visitor",
    "reader",
    "editor",
    "admin",
    "local",
    "read token",
    "write token",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

Expected = Mapping[str, int]


def everybody(code: int, **others: int) -> Expected:
    """Return a row in which all get one answer, but for some."""
    return dict.fromkeys(ROLES, code) | {name.replace("_", " "): other for name, other in others.items()}


TOKENS_NOT = {"read_token": 403, "write_token": 403}  # no program sends forms
PUBLIC = everybody(200)
READ = everybody(200, nobody=302)


def own(code: int) -> Expected:
    """Return a row of a form that only people with an account send."""
    return everybody(403, reader=code, editor=code, admin=code)


OWN_PAGE = everybody(302, reader=200, editor=200, admin=200)
ADMIN_PAGE = everybody(302, reader=403, editor=403, admin=200, **TOKENS_NOT)


def _writes(code: int) -> Expected:
    """Return a row of a form by which pages are changed: shown to whoever may write."""
    return everybody(
        403, nobody=302, writing_visitor=code, editor=code, admin=code, local=code, write_token=code
    )


def _undoes(code: int) -> Expected:
    """Return a row of a form by which is taken back what others did: no visitor may."""
    return {**_writes(code), "writing visitor": 403}


WRITE_PAGE = _writes(200)


def admins(code: int) -> Expected:
    """Return a row of a form that only admins send."""
    return everybody(403, admin=code)


def writers(code: int) -> Expected:
    """Return a row of a form that changes pages, as people send it."""
    return everybody(403, writing_visitor=code, editor=code, admin=code, local=code)


def undoers(code: int) -> Expected:
    """Return a row of a form that takes back what others did."""
    return everybody(403, editor=code, admin=code, local=code)


@dataclass(frozen=True)
class Row:
    """One route: an address of it, and what everybody gets; a form has fields."""

    address: str | Callable[[State], str]
    expected: Expected
    fields: Mapping[str, str | Callable[[State], str]] = field(default_factory=dict)


def reset_code(state: State) -> str:
    return state.resets.create(state.accounts.get("pam"), by=ADMIN)


PAM = {"login": "pam", "password": PASSWORD}
NEW = {"password": PASSWORD, "again": PASSWORD}

GET: Mapping[str, Row] = {
    "account.login": Row("/-/login", everybody(200, reader=302, editor=302, admin=302)),
    "account.register": Row("/-/register", PUBLIC),
    "account.reset": Row(lambda state: f"/-/reset?code={reset_code(state)}", PUBLIC),
    "account.view": Row("/-/account", OWN_PAGE),
    "admin.view": Row("/-/admin", ADMIN_PAGE),
    "admin.invitations": Row("/-/admin/invitations", ADMIN_PAGE),
    "admin.tokens": Row("/-/admin/tokens", ADMIN_PAGE),
    "admin.settings": Row("/-/admin/settings", ADMIN_PAGE),
    "admin.status": Row("/-/admin/status", ADMIN_PAGE),
    "admin.audit": Row("/-/admin/audit", ADMIN_PAGE),
    "static.asset": Row("/-/static/default/css/reading.css", PUBLIC),
    "static.favicon": Row("/favicon.ico", PUBLIC),
    "health.healthz": Row("/-/healthz", PUBLIC),
    "sitemap.robots": Row("/robots.txt", PUBLIC),
    "sitemap.sitemap": Row("/sitemap.xml", READ),
    "search.results": Row("/-/search?q=zebra", READ),
    "suggest.suggest": Row("/-/suggest?q=z", READ),
    "opensearch.description": Row("/-/opensearch.xml", READ),
    "history.view": Row("/-/history/zebra", READ),
    "diff.view": Row("/-/diff/zebra", READ),
    "blame.view": Row("/-/blame/zebra", READ),
    "changes.view": Row("/-/changes", everybody(200, nobody=401)),
    "commit.view": Row("/-/commit/0000000", everybody(404, nobody=302)),
    "recent.view": Row("/-/recent", READ),
    "recent.by": Row(f"/-/by/{NOBODY.name}", READ),
    "recent.deleted": Row("/-/deleted", READ),
    "feeds.view": Row("/-/feed.atom", READ),
    "edit.view": Row("/-/edit/zebra", WRITE_PAGE),
    "edit.outline": Row("/-/outline/zebra", READ),
    "new.view": Row("/-/new", WRITE_PAGE),
    "drafts.view": Row("/-/drafts", everybody(200, nobody=302, anonymous=403, writing_visitor=403)),
    "moving.view": Row("/-/rename/zebra", WRITE_PAGE),
    "deleting.delete": Row("/-/delete/zebra", WRITE_PAGE),
    "deleting.restore": Row("/-/restore/zebra", _writes(400)),  # which revision, is not said
    "undoing.revert": Row("/-/revert/0000000", _undoes(404)),
    "undoing.undo": Row("/-/undo", _undoes(400)),
    "protecting.view": Row("/-/protect/zebra", everybody(403, nobody=302, admin=200)),
    # There is none here, see tests/wiki/test_mirror.py for who may do what where there is one.
    "mirror.view": Row("/-/mirror", everybody(404, nobody=302)),
    "mirror.conflict": Row("/-/mirror/conflict", everybody(404, nobody=302)),
    "lists.missing": Row("/-/missing", READ),
    "lists.orphans": Row("/-/orphans", READ),
    "lists.backlinks": Row("/-/backlinks/zebra", READ),
    "lists.tags": Row("/-/tags", READ),
    "lists.tagged": Row("/-/tags/stripes", READ),
    "lists.pages": Row("/-/pages", READ),
    "uploads.view": Row("/-/media", READ),
    "uploads.medium": Row("/-/media/quire.toml", READ),
    "previews.view": Row("/-/preview-image/160/quire.toml", READ),
    # Clone and push ask by themselves who comes, see tests/wiki/transport/test_rights.py; a wiki in memory has neither.
    "smart_http.about": Row("/wiki.git", everybody(404, nobody=302)),
    "smart_http.advertise": Row("/wiki.git/info/refs?service=git-upload-pack", everybody(404)),
    "smart_http.dumb": Row("/wiki.git/HEAD", everybody(404)),
    # A forge is known by what it signs, see tests/wiki/test_incoming_hooks.py; a wiki without a remote has no such place.
    "hooks.incoming": Row("/-/hooks/incoming", everybody(404)),
    "pages.view": Row("/zebra", READ),
}

POST: Mapping[str, Row] = {
    "account.sign_in": Row("/-/login", everybody(303, **TOKENS_NOT), PAM),
    "account.logout": Row("/-/logout", everybody(303, nobody=403, **TOKENS_NOT)),
    "account.create": Row("/-/register", everybody(303, **TOKENS_NOT), {"login": "newcomer", **NEW}),
    "account.set_password": Row("/-/reset", everybody(303, **TOKENS_NOT), {"code": reset_code, **NEW}),
    "account.profile": Row("/-/account/profile", own(303), {"name": "", "email": "", "language": ""}),
    "account.end_sessions": Row("/-/account/sessions", own(303)),
    "account.create_token": Row("/-/account/tokens", own(200), {"name": "of-mine"}),
    "account.revoke_token": Row("/-/account/tokens/revoke", own(404), {"token": "999"}),
    "account.password": Row("/-/account/password", own(303), {"current": PASSWORD, **NEW}),
    "admin.change_account": Row("/-/admin/accounts", admins(303), {"action": "enable", "login": "pam"}),
    "admin.change_invitation": Row(
        "/-/admin/invitations", admins(200), {"action": "create", "role": "reader", "days": "1"}
    ),
    "admin.change_token": Row("/-/admin/tokens", admins(200), {"action": "create", "name": "of-nobody"}),
    "edit.save": Row("/-/edit/zebra", writers(409), {"text": "of another page"}),
    "edit.preview": Row("/-/preview", writers(200), {"id": "zebra", "text": "text"}),
    "drafts.keep": Row(
        "/-/drafts", everybody(403, reader=204, editor=204, admin=204, local=204), {"key": "zebra.md"}
    ),
    "moving.move": Row("/-/rename/zebra", writers(422)),  # where to, is not said
    "deleting.deleted": Row("/-/delete/zebra", writers(422), {"base": "0000000"}),
    "deleting.restored": Row("/-/restore/zebra", writers(404), {"rev": "0000000"}),
    "undoing.reverted": Row("/-/revert/0000000", undoers(404)),
    "undoing.undone": Row("/-/undo", undoers(422), {"author": "Nobody of that name"}),
    "protecting.protect": Row("/-/protect/zebra", admins(303), {"level": "editor"}),
    "mirror.change": Row("/-/mirror", everybody(404, nobody=403, **TOKENS_NOT), {"action": "look"}),
    "mirror.decide": Row(
        "/-/mirror/conflict", everybody(404, nobody=403, **TOKENS_NOT), {"of": "0", "choice": "ours"}
    ),
    "uploads.upload": Row("/-/media", writers(422)),  # no file is sent
    "smart_http.serve": Row("/wiki.git/git-receive-pack", everybody(404)),
    "hooks.incoming": Row("/-/hooks/incoming", everybody(404)),
}
NO_FORMS = {"smart_http.serve", "hooks.incoming"}
"""What no form is sent to."""

SECRETS = ("Zebra", "zebra", "stripes", "Secret garden")
"""What a visitor of a private wiki must never read."""


def prepared(role: str, wiki: Wiki, state: State) -> tuple[Flask, Callable[[], FlaskClient]]:
    """Return the application, and what makes a client of a role."""
    visitors = {"nobody": "nobody", "writing visitor": "editor"}.get(role, "reader")
    app = create_app(Settings(anonymous=visitors, registration="open", login_rate=1_000), wiki, state)
    if role != "local":
        state.accounts.add("pam", password=PASSWORD, by=ADMIN)
    makers: Mapping[str, Callable[[], FlaskClient]] = {
        "nobody": app.test_client,
        "anonymous": app.test_client,
        "writing visitor": app.test_client,
        "reader": lambda: signed_in(app, "rea", Role.READER),
        "editor": lambda: signed_in(app, "edi", Role.EDITOR),
        "admin": lambda: signed_in(app, "adi", Role.ADMIN),
        "local": lambda: locally(app),
        "read token": lambda: with_token(app, f"reads{len(state.tokens.all())}x", Role.READER),
        "write token": lambda: with_token(app, f"writes{len(state.tokens.all())}x", Role.EDITOR),
    }
    return app, makers[role]


def endpoints(app: Flask, method: str) -> set[str]:
    return {
        rule.endpoint for rule in app.url_map.iter_rules() if rule.methods is None or method in rule.methods
    }


def test_every_route_has_a_row(app: Flask) -> None:
    assert endpoints(app, "GET") == set(GET)
    assert endpoints(app, "POST") == set(POST)
    for method in ("PUT", "PATCH", "DELETE"):
        assert endpoints(app, method) == {"hooks.incoming"}  # which says that only POST is taken
    for row in (*GET.values(), *POST.values()):
        assert set(row.expected) == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_may_what_is_written_down(role: str, commit: Commit, wiki: Wiki, state: State) -> None:
    commit({"zebra.md": "# Zebra\n\n#stripes\n", "quire.toml": 'title = "Secret garden"\n'})
    wiki.catch_up()
    app, client_of = prepared(role, wiki, state)
    if role == "local":  # whom there is only where there is no account
        return local_person(app, client_of, state)
    wrong = {}
    for endpoint, row in GET.items():
        for method in ("GET", "HEAD"):
            answer = client_of().open(filled(row.address, state), method=method)
            if answer.status_code != row.expected[role]:
                wrong[method, endpoint] = answer.status_code
            if role == "nobody":
                assert_nothing_is_told(answer.text, answer.headers, endpoint)
    for endpoint, row in POST.items():
        answer = sent(client_of(), row, state)
        if answer.status_code != row.expected[role]:
            wrong["POST", endpoint] = answer.status_code
        if role == "nobody" and endpoint != "account.sign_in":
            assert_nothing_is_told(answer.text, answer.headers, endpoint)
    assert wrong == {}
    return None


def local_person(app: Flask, client_of: Callable[[], FlaskClient], state: State) -> None:
    """Walk the routes as the local person, before whom every account vanishes again."""
    wrong = {}
    for method, rows in (("GET", GET), ("HEAD", GET), ("POST", POST)):
        for endpoint, row in rows.items():
            state.accounts.add("pam", password=PASSWORD, by=ADMIN)
            address = filled(row.address, state)
            fields = {name: filled(value, state) for name, value in row.fields.items()}
            client = client_of()
            token = form_token(client, "/-/login") if method == "POST" else ""
            if not any(word in endpoint for word in ("reset", "set_password", "sign_in")):
                state.accounts.remove("pam", by=ADMIN)
            answer = client.open(address, method=method, data={"csrf": token, **fields} if token else None)
            if answer.status_code != row.expected["local"]:
                wrong[method, endpoint] = answer.status_code
            for account in state.accounts.all():
                state.accounts.remove(account.login, by=ADMIN)
    assert wrong == {}


def filled(value: str | Callable[[State], str], state: State) -> str:
    return value if isinstance(value, str) else value(state)


def sent(client: FlaskClient, row: Row, state: State) -> Any:
    """Send the form of a row, with the token that whoever sends it has."""
    page = next(page for page in ("/-/account", "/-/login") if 'name="csrf"' in client.get(page).text)
    fields = {name: filled(value, state) for name, value in row.fields.items()}
    answer = client.post(filled(row.address, state), data={"csrf": form_token(client, page), **fields})
    for account in state.accounts.all():
        if account.login == "newcomer":
            state.accounts.remove(account.login, by=ADMIN)
    return answer


def assert_nothing_is_told(text: str, headers: Headers, where: str) -> None:
    for secret in SECRETS:
        assert secret not in re.sub(r'next=[^"<]*|name="next" value="[^"]*"', "", text), where
    assert not {"Quire-Commit", "Quire-Stale"} & {*headers.keys()}, where


@pytest.mark.parametrize("role", ROLES)
def test_without_its_token_no_form_is_taken(role: str, wiki: Wiki, state: State) -> None:
    _, client_of = prepared(role, wiki, state)
    before = audited(state)
    for endpoint, row in POST.items():
        if endpoint in NO_FORMS:
            continue
        fields = {name: value for name, value in row.fields.items() if isinstance(value, str)}
        client = client_of()
        count = audited(state)
        for token in ({}, {"csrf": ""}, {"csrf": "x"}):
            assert client.post(str(row.address), data=fields | token).status_code == 403, endpoint
        assert audited(state) == count, endpoint
    assert audited(state) >= before


def test_a_form_that_comes_back_to_its_author_tells_nothing_of_a_private_wiki(
    commit: Commit, wiki: Wiki, state: State
) -> None:
    """It does where a session has ended meanwhile, and the browser proves that it is of this site."""
    commit({"zebra.md": "# Zebra\n\n#stripes\n", "quire.toml": 'title = "Secret garden"\nlanguage = "de"\n'})
    wiki.catch_up()
    _, client_of = prepared("nobody", wiki, state)
    shown = set()
    for endpoint, row in POST.items():
        fields = {name: filled(value, state) for name, value in row.fields.items()}
        for headers in ({}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}):
            for token in ({}, {"csrf": "x"}):
                answer = client_of().post(filled(row.address, state), data=fields | token, headers=headers)
                text = answer.text.replace("zebra", "")  # which its author has sent
                assert_nothing_is_told(text, answer.headers, endpoint)
                assert '<html lang="de"' not in text
                if "of another page" in answer.text:
                    shown.add(endpoint)
    assert shown == {"edit.save"}


@pytest.mark.parametrize("role", ROLES)
def test_other_methods_do_nothing(role: str, wiki: Wiki, state: State) -> None:
    _, client_of = prepared(role, wiki, state)
    client = client_of()
    addresses = {str(row.address) for row in (*GET.values(), *POST.values()) if isinstance(row.address, str)}
    known = {
        method: {str(row.address) for row in rows.values()}
        for method, rows in (("GET", GET), ("HEAD", GET), ("POST", POST))
    }
    known |= {method: {str(GET["hooks.incoming"].address)} for method in ("PUT", "PATCH", "DELETE")}
    for method in METHODS:
        for address in addresses - known.get(method, set()):
            code = client.open(address, method=method).status_code
            nothing = {404} if method in {"GET", "HEAD"} else {405}
            assert code in ({302, 403, 404, 405} if role == "nobody" else nothing), (method, address, code)


def test_to_whom_a_wiki_is_private_everything_answers_alike(wiki: Wiki, state: State, commit: Commit) -> None:
    commit({"zebra.md": "# Zebra\n", "f/a.md": "# A\n", "m.png": b"\x89PNG\r\n\x1a\n"})
    wiki.catch_up()
    _, client_of = prepared("nobody", wiki, state)
    addresses = [
        "/",
        "/zebra",
        "/zebra.md",
        "/Zebra",
        "/none",
        "/f/",
        "/f",
        "/g/",
        "/m.png",
        "/n.png",
        "/-/none",
    ]
    addresses += [
        "/-/history/zebra",
        "/-/history/none",
        "/-/static",
        "/wiki.git",
        "/zebra?rev=1",
        "/%00",
        "/-/admin/none",
    ]
    for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PROPFIND"):
        seen = set()
        for address in addresses:
            answer = client_of().open(
                address, method=method, headers={"If-None-Match": "*", "Range": "bytes=0-1"}
            )
            headers = frozenset(
                (name, value) for name, value in answer.headers if name not in {"Location", "Content-Length"}
            )
            text = re.sub(r"/-/login\?next=[^\"<]*", "", answer.text)
            seen.add((answer.status_code, headers, text))
        assert len(seen) == 1, (method, seen)
        assert {code for code, _, _ in seen} == {302 if method in {"GET", "HEAD"} else 403}
