"""A field or a part of an address that stands there twice means one thing to all who look at it, or nothing at all."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from engine.access import ANONYMOUS, Role
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import cookie_name, form_token, send, signed_in
from tests.states import ADMIN, PASSWORD, audited
from wiki.state import State

FORMS: Mapping[str, Sequence[str]] = {
    "/-/login": ("login", "password", "next"),
    "/-/register": ("login", "name", "email", "password", "again", "invitation"),
    "/-/reset": ("code", "password", "again"),
    "/-/account/profile": ("name", "email", "language"),
    "/-/account/password": ("current", "password", "again"),
    "/-/account/sessions": ("session",),
    "/-/account/tokens": ("name", "write", "reads", "writes", "days"),
    "/-/account/tokens/revoke": ("token",),
    "/-/admin/accounts": ("action", "login"),
    "/-/admin/invitations": ("action",),
    "/-/admin/tokens": ("action",),
    "/-/edit/a": ("text", "base", "summary", "action", "section"),
    "/-/preview": ("path", "text", "base", "section"),
    "/-/drafts": ("key", "text", "base", "summary", "discard"),
    "/-/rename/a": ("to", "leave"),
    "/-/delete/a": ("base", "summary"),
    "/-/restore/a": ("rev", "to"),
    "/-/undo": ("author", "email", "since"),
    "/-/protect/a": ("level",),
    "/-/media": ("folder", "page", "name", "replace", "summary"),
}
"""The fields that each form reads, whatever else it says."""

NEEDED: Mapping[str, Mapping[str, str]] = {
    "/-/login": {"login": "ada", "password": PASSWORD},
    "/-/register": {"login": "new", "password": PASSWORD, "again": PASSWORD},
    "/-/account/password": {"current": PASSWORD, "password": "another phrase", "again": "another phrase"},
    "/-/account/profile": {"name": "", "email": "", "language": ""},
    "/-/account/tokens": {"name": "of-mine"},
    "/-/account/tokens/revoke": {"token": "1"},
    "/-/admin/accounts": {"action": "add", "login": "new", "role": "admin"},
    "/-/admin/invitations": {"action": "create", "role": "admin"},
    "/-/admin/tokens": {"action": "create", "name": "of-nobody"},
    "/-/edit/a": {"text": "mine\n"},
    "/-/preview": {"path": "a.md", "text": "x"},
    "/-/drafts": {"key": "a.md", "text": "x"},
    "/-/rename/a": {"to": "c"},
    "/-/undo": {"author": "Ada"},
    "/-/protect/a": {"level": "admin"},
}


def told(state: State, wiki: Wiki) -> object:
    """Return all that a form can change."""
    drafts = [state.drafts.of(name) for name in ("ada", "root")]
    return (
        wiki.head(), audited(state), state.accounts.all(), state.tokens.all(), state.invitations.open(),
        state.protections.stamp(), drafts, state.sessions.of(state.accounts.get("root")),
    )  # fmt: skip


@pytest.fixture
def root(app: object, commit: Commit, wiki: Wiki, state: State) -> FlaskClient:
    commit({"a.md": "# A\n", "b.md": "# B\n"})
    wiki.catch_up()
    state.accounts.add("ada", password=PASSWORD, role=Role.READER, by=ADMIN)
    return signed_in(app, "root", Role.ADMIN)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", FORMS)
def test_a_field_that_is_sent_twice_changes_nothing(
    root: FlaskClient, state: State, wiki: Wiki, address: str
) -> None:
    """Nobody can let one value be checked and another one be used."""
    client = root.application.test_client() if address in {"/-/login", "/-/register", "/-/reset"} else root
    token = form_token(client, "/-/login" if client is not root else "/-/account")
    for name in FORMS[address]:
        for pair in (("", "x"), ("x", ""), ("x", "x")):
            before = told(state, wiki)
            fields = [("csrf", token), *(NEEDED.get(address, {}).items())]
            sent = MultiDict([each for each in fields if each[0] != name] + [(name, value) for value in pair])
            answer = client.post(address, data=sent)
            assert answer.status_code in {400, 403, 404, 422}, (name, pair, answer.status)
            assert told(state, wiki) == before, (name, pair)


ASKED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "/a": {"rev": ("0" * 40, "HEAD"), "redirect": ("no", ""), "from": ("a", "b"), "saved": ("merged", "x")},
    "/-/history/a": {"page": ("1", "2"), "at": ("0" * 40, "HEAD")},
    "/-/diff/a": {"from": ("0" * 40, "x"), "to": ("0" * 40, "x"), "view": ("split", "unified")},
    "/-/blame/a": {"rev": ("0" * 40, "x"), "page": ("1", "2")},
    "/-/recent": {"folder": ("f", "g"), "author": ("Ada", "Bob"), "page": ("1", "2")},
    "/-/changes": {"since": ("head", ""), "path": ("a", "b"), "limit": ("1", "2"), "wait": ("0", "x")},
    "/-/search": {"q": ("a", "b"), "page": ("1", "2")},
    "/-/suggest": {"q": ("a", "b")},
    "/-/feed.atom": {"path": ("a", "b")},
    "/-/pages": {"folder": ("f", "g"), "part": ("1", ""), "start": ("a", "b")},
    "/-/tags": {"by": ("use", "name")},
    "/-/missing": {"page": ("1", "2")},
    "/-/deleted": {"after": ("", "x")},
    "/-/media": {"folder": ("f", "g"), "beside": ("a", "b"), "page": ("1", "2")},
    "/-/edit/new": {"title": ("One", "Two"), "template": ("a", "b"), "section": ("x", "y")},
    "/-/new": {"title": ("One", "Two"), "folder": ("f", "g"), "template": ("a", "b")},
    "/-/rename/a": {"to": ("c", "d"), "leave": ("nothing", "alias")},
    "/-/restore/a": {"rev": ("0" * 40, "HEAD")},
    "/-/undo": {"author": ("Nobody", "Ada"), "email": ("", "x"), "since": ("2026-01-01", "x")},
    "/-/drafts": {"key": ("a.md", "b.md")},
    "/-/login": {"next": ("/a", "//evil.example"), "done": ("reset", "x")},
    "/-/register": {"invitation": ("x", "y")},
    "/-/reset": {"code": ("x", "y")},
    "/-/admin/audit": {"who": ("root", "ada"), "what": ("session.begin", "x"), "before": ("1", "2")},
    "/-/admin": {"page": ("1", "2"), "done": ("role", "x")},
}


@pytest.mark.parametrize("address", ASKED)
def test_a_part_of_an_address_that_is_said_twice_counts_once(root: FlaskClient, address: str) -> None:
    """The first one counts for all who look at it, or neither does."""
    for name, (first, second) in ASKED[address].items():
        for one, other in ((first, second), (second, first)):
            alone = root.get(f"{address}?{urlencode({name: one})}")
            both = root.get(f"{address}?{urlencode([(name, one), (name, other)])}")
            if both.status_code != 400:
                assert both.status_code == alone.status_code, name
                ways = [each.headers.get("Location", "").partition("?")[0] for each in (alone, both)]
                assert ways[0] == ways[1], name
                assert "evil" not in both.headers.get("Location", "")


FORGED = {
    "author": "root", "email": "root@example.org", "name": "root", "login": "root", "user": "root", "actor": "root",
    "committer": "root", "date": "1970-01-01", "Quire-Actor": "root", "trailers": "root", "via": "root", "role": "admin",
}  # fmt: skip


@pytest.mark.parametrize("way", ["fields", "address", "headers", "cookies"])
def test_nobody_writes_under_the_name_of_another(root: FlaskClient, wiki: Wiki, way: str) -> None:
    """Whatever else is sent along with an edit, its author is who has signed in."""
    bob = signed_in(root.application, "bob", Role.EDITOR)
    token = form_token(bob, "/-/edit/a")
    with wiki.at(ANONYMOUS) as snapshot:
        base = snapshot.editing.source("a").base
    data = {"csrf": token, "text": "by bob\n", "base": base} | (FORGED if way == "fields" else {})
    headers = {f"X-{name}": value for name, value in FORGED.items()} if way == "headers" else {}
    headers |= {"Remote-User": "root", "X-Forwarded-User": "root"} if way == "headers" else {}
    if way == "cookies":
        for name, value in FORGED.items():
            bob.set_cookie(name, value)
    query = f"?{urlencode(FORGED)}" if way == "address" else ""
    assert bob.post(f"/-/edit/a{query}", data=data, headers=headers).status_code == 303
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        revision = snapshot.past.history(snapshot.past.subject("a")).steps[0].revision
    assert (revision.author.name, revision.author.email) == ("bob", "bob@localhost")
    assert revision.time.year > 2000


def test_two_tokens_of_a_form_are_none(root: FlaskClient, wiki: Wiki) -> None:
    token, head = form_token(root, "/-/edit/a"), wiki.head()
    for pair in ((token, token), (token, ""), ("", token)):
        sent = MultiDict([("text", "x"), *(("csrf", each) for each in pair)])
        assert root.post("/-/edit/a", data=sent).status_code in {403}
    both = root.post("/-/edit/a", data={"text": "x", "csrf": token}, headers={"X-CSRF-Token": token})
    assert both.status_code == 403
    assert wiki.head() == head


def test_two_cookies_of_one_name_are_one_session(root: FlaskClient) -> None:
    """Of cookies with one name a browser sends the nearest first; another one behind it changes nobody."""
    bob = signed_in(root.application, "bob", Role.EDITOR)
    cookies = [each.get_cookie(cookie_name(root.application)) for each in (bob, root)]
    sent = "; ".join(f"{each.key}={each.value}" for each in cookies if each is not None)
    shown = set()
    for _ in range(3):
        client = root.application.test_client(use_cookies=False)
        client.environ_base["HTTP_COOKIE"] = sent
        shown.add("Administration" in client.get("/-/account").text)
    assert len(shown) == 1


def test_a_login_is_asked_for_once(root: FlaskClient) -> None:
    client = root.application.test_client()
    assert send(client, "/-/login", login=["ada", "root"], password=PASSWORD).status_code == 400
