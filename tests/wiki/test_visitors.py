"""Where everybody may edit: what visitors without an account may, under which name, how often, and what is known of them."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access import ANONYMOUS, Role, RolePolicy
from engine.errors import StoreError
from engine.model import Author
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import AWAY, send, signed_in
from tests.repositories import Repository
from tests.states import ADMIN, CHEAP, Clock
from tests.wiki.test_edit import fields, save
from wiki import create_app, open_wiki
from wiki.settings import Settings
from wiki.state import State
from wiki.state.errors import RefusedError

RATE = 3


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path, clock: Clock) -> Iterator[State]:
    opened = State(tmp_path / "data", hashing=CHEAP, lasting=False, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def wiki(store: MemoryStore, state: State, tmp_path: Path) -> Iterator[Wiki]:
    index = WhooshIndex(tmp_path / "search")
    opened = Wiki.open(store, index, tmp_path, RolePolicy(), protections=state.protections, processes=0)
    yield opened
    opened.close()


@pytest.fixture
def app(wiki: Wiki, state: State) -> Flask:
    state.accounts.add("root", role=Role.ADMIN, by=ADMIN)  # who is at the machine is nobody special then
    return create_app(Settings(anonymous="editor", anonymous_rate=RATE), wiki, state)


@pytest.fixture
def visitor(app: Flask, wiki: Wiki) -> FlaskClient:
    wiki.catch_up()
    return app.test_client()


def test_a_visitor_edits_without_a_name(
    commit: Commit, visitor: FlaskClient, wiki: Wiki, state: State
) -> None:
    commit({"a.md": "one\n"})
    assert 'href="/-/edit/a"' in visitor.get("/a").text
    answer = save(visitor, "two\n", summary="By me")
    assert (answer.status_code, answer.location) == (303, "/a")
    assert visitor.get("/a.md").text == "two\n"
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        (step, *_) = snapshot.past.history(snapshot.past.subject("a.md")).steps
        assert step.revision.author == Author("Anonymous", "anonymous@localhost")
        made = step.revision.id
    (entry,) = state.audit.entries(what="visitor.change")[0]
    assert (entry.who, entry.address, entry.target, entry.detail) == ("", AWAY, "a.md", made)


def test_what_changes_nothing_is_not_written_down(commit: Commit, visitor: FlaskClient, state: State) -> None:
    commit({"a.md": "one\n"})
    assert save(visitor, "one\n").status_code == 303
    assert state.audit.entries(what="visitor.change") == ((), False)


def test_no_address_is_in_git(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "one\n"})
    settings = Settings(
        repository=str(repository.path), anonymous="editor", processes=1, data=str(tmp_path / "state")
    )
    wiki = open_wiki(settings)
    wiki.catch_up()
    visitor = create_app(settings, wiki).test_client()
    assert save(visitor, "two\n").status_code == 303
    written = repository.git("cat-file", "commit", "HEAD")
    assert "author Anonymous <anonymous@localhost>" in written
    assert "Quire-Via: browser" in written
    assert "Quire-Actor" not in written
    assert AWAY not in written
    wiki.close()


def test_who_is_not_logged_in_is_told_so_and_shown_the_way(
    commit: Commit, visitor: FlaskClient, app: Flask
) -> None:
    commit({"a.md": "one\n"})
    shown = visitor.get("/-/edit/a")
    assert "You are not logged in: the history will name you as Anonymous." in shown.text
    assert '<a href="/-/login?next=/-/edit/a">Log in</a>' in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert "data-draft-url" not in shown.text  # their drafts are the browser's
    assert "data-draft=" in shown.text
    known = signed_in(app, "ada", Role.EDITOR).get("/-/edit/a").text
    assert "You are not logged in" not in known
    assert 'data-draft-url="/-/drafts"' in known


def test_a_form_is_taken_only_from_whom_it_was_shown_to(
    commit: Commit, visitor: FlaskClient, app: Flask
) -> None:
    commit({"a.md": "one\n"})
    sent = fields(visitor.get("/-/edit/a").text) | {"text": "forged\n"}
    other = app.test_client()  # a browser with another cookie, or none
    assert other.post("/-/edit/a", data=sent).status_code == 403
    other.get("/-/edit/a")
    assert other.post("/-/edit/a", data=sent).status_code == 403
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert visitor.post("/-/edit/a", data=sent, headers=elsewhere).status_code == 403
    assert visitor.get("/a.md").text == "one\n"
    lost = other.post("/-/edit/a", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert lost.status_code == 403
    assert "forged" in fields(lost.text)["text"]
    assert "Press save again." in lost.text
    assert (
        other.post("/-/edit/a", data=fields(lost.text)).status_code == 303
    )  # its new field is of this browser


def test_changes_from_one_address_are_bounded(
    commit: Commit, visitor: FlaskClient, app: Flask, clock: Clock, wiki: Wiki
) -> None:
    commit({"a.md": "one\n"})
    for number in range(RATE):
        assert save(visitor, f"{number}\n").status_code == 303
    refused = save(visitor, "one too many\n", summary="Why")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) in {300, 301}  # whole seconds
    assert re.search("save again in [56] minutes, or log in", refused.text)
    held = fields(refused.text)
    assert (held["text"], held["summary"]) == ("one too many\n", "Why")
    another = app.test_client()
    assert save(another, "another browser\n").status_code == 429
    another.environ_base["REMOTE_ADDR"] = "192.0.2.77"
    assert save(another, "another address\n").status_code == 303
    assert save(signed_in(app, "ada", Role.EDITOR), "with an account\n").status_code == 303
    clock.pass_by(seconds=301)
    wiki.catch_up()
    assert visitor.post("/-/edit/a", data=held).status_code in {303, 409}


@pytest.mark.parametrize("way", ["/-/delete/a", "/-/rename/a", "/-/media"])
def test_every_way_to_change_something_is_counted(
    commit: Commit, visitor: FlaskClient, wiki: Wiki, state: State, way: str
) -> None:
    commit({"a.md": "one\n", "b.md": "[[a]]\n"})
    wiki.catch_up()
    for number in range(RATE):
        assert save(visitor, f"{number}\n", page=f"n{number}").status_code == 303
    wiki.catch_up()
    answer = changed(visitor, way)
    assert answer.status_code == 429
    assert "Retry-After" in answer.headers
    assert visitor.get("/a.md").status_code == 200


def changed(client: FlaskClient, way: str) -> TestResponse:
    if way == "/-/media":
        return send(client, way, folder="", file=(BytesIO(b"x"), "x.txt"))
    page = client.get(f"{way}?to=c").text
    seen = dict(re.findall(r'name="(base|seen|to|leave)" value="([^"]*)"', page))
    if way == "/-/rename/a":
        seen |= {"to": "c", "leave": "nothing"}
    return send(client, way, f"{way}?to=c", **seen)


@pytest.mark.parametrize("way", ["/-/edit/a", "/-/rename/a", "/-/media"])
def test_what_was_saved_is_not_called_refused_where_the_audit_cannot_be_written(
    commit: Commit,
    visitor: FlaskClient,
    wiki: Wiki,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    def full(*given: Any, **more: Any) -> None:
        raise StoreError("the disk is full")

    commit({"a.md": "one\n"})
    wiki.catch_up()
    monkeypatch.setattr(state.audit, "note", full)
    answer = save(visitor, "two\n") if way == "/-/edit/a" else changed(visitor, way)
    assert answer.status_code == 303
    assert "the disk is full" in caplog.text


def test_what_is_not_written_is_not_counted(commit: Commit, visitor: FlaskClient, wiki: Wiki) -> None:
    commit({"a.md": "one\n"})
    sent = fields(visitor.get("/-/edit/a").text)
    commit({"a.md": "two\n"})
    wiki.catch_up()
    for _ in range(RATE + 1):
        assert visitor.post("/-/edit/a", data=sent | {"text": "three\n"}).status_code == 409
        assert save(visitor, "two\n").status_code == 303
    for number in range(RATE):
        assert save(visitor, f"{number}\n").status_code == 303
    assert save(visitor, "one too many\n").status_code == 429


def test_what_waits_of_one_visitor_is_not_anothers(
    commit: Commit, visitor: FlaskClient, app: Flask, state: State
) -> None:
    commit({"leaf.png": b"theirs"})
    waiting = state.database.path.parent / "pending"
    asked = send(visitor, "/-/media", folder="", file=(BytesIO(b"mine"), "leaf.png"))
    pending = re.findall(r'name="(pending-1)" value="([^"]+)"', asked.text)
    another = app.test_client()
    another.environ_base["REMOTE_ADDR"] = "192.0.2.77"
    assert send(another, "/-/media", folder="", **dict(pending)).status_code == 422
    assert send(another, "/-/media", folder="", file=(BytesIO(b"x"), "leaf.png")).status_code == 409
    assert (
        len({place.name.partition("-")[0] for place in waiting.iterdir()}) == 2
    )  # each has room of their own
    decided = send(
        visitor, "/-/media", folder="", **{"name-1": "new.png", "choice-1": "keep"}, **dict(pending)
    )
    assert decided.status_code == 303
    assert visitor.get("/new.png").data == b"mine"


def test_previews_and_readers_are_not_counted(commit: Commit, visitor: FlaskClient) -> None:
    commit({"a.md": "one\n"})
    for _ in range(RATE + 2):
        assert save(visitor, "shown\n", action="preview").status_code == 200
    assert save(visitor, "two\n").status_code == 303


def test_visitors_rename_a_page_but_no_folder(commit: Commit, visitor: FlaskClient, wiki: Wiki) -> None:
    commit({"f/a.md": "one\n"})
    wiki.catch_up()
    assert visitor.get("/-/rename/f/a").status_code == 200
    assert visitor.get("/-/rename/f/").status_code == 403
    assert send(visitor, "/-/rename/f/", "/-/rename/f/a?to=f/b", to="g").status_code == 403


def test_visitors_take_back_nothing_of_others(
    commit: Commit, visitor: FlaskClient, app: Flask, wiki: Wiki
) -> None:
    commit({"a.md": "one\n"})
    save(visitor, "two\n")
    wiki.catch_up()
    for page in ("/-/recent", "/-/history/a", "/-/by/Anonymous"):
        assert "/-/revert/" not in visitor.get(page).text
        assert "/-/undo" not in visitor.get(page).text
    editor = signed_in(app, "ada", Role.EDITOR)
    assert "/-/revert/" in editor.get("/-/recent").text
    by = editor.get("/-/by/Anonymous").text
    assert "/-/undo?author=Anonymous&amp;email=anonymous%40localhost" in by
    assert editor.get("/-/undo?author=Anonymous&email=anonymous%40localhost").status_code == 200
    for refused in ("/-/undo?author=Anonymous&email=anonymous%40localhost", f"/-/revert/{'0' * 40}"):
        answer = visitor.get(refused)
        assert answer.status_code == 403
        assert "Only those who are logged in may do this." in answer.text


def test_what_is_protected_is_so_for_visitors(
    commit: Commit, visitor: FlaskClient, app: Flask, wiki: Wiki, state: State
) -> None:
    commit({"a.md": "one\n", "quire.toml": ""})
    wiki.catch_up()
    admin = signed_in(app, "root")
    sent = fields(visitor.get("/-/edit/a").text)
    assert send(admin, "/-/protect/a", level="admin").status_code == 303
    answer = visitor.post("/-/edit/a", data=sent | {"text": "two\n"})
    assert answer.status_code == 403
    assert fields(answer.text)["text"] == "two\n"
    assert visitor.get("/-/edit/a").status_code == 403
    assert visitor.get("/-/protect/a").status_code == 403
    assert visitor.get("/-/edit/.git/hooks/x").status_code in {400, 403, 404}


def test_a_page_can_be_for_those_who_are_logged_in(
    commit: Commit, visitor: FlaskClient, app: Flask, wiki: Wiki, state: State
) -> None:
    commit({"a.md": "one\n", "b.md": "one\n"})
    wiki.catch_up()
    admin, editor = signed_in(app, "root"), signed_in(app, "ada", Role.EDITOR)
    assert "Editors who are logged in" in admin.get("/-/protect/a").text
    sent = fields(visitor.get("/-/edit/a").text)
    assert send(admin, "/-/protect/a", level="editor").status_code == 303
    assert "Only editors who are logged in may change this page." in visitor.get("/a").text
    assert "/-/edit/a" not in visitor.get("/a").text
    answer = visitor.post("/-/edit/a", data=sent | {"text": "two\n"})
    assert answer.status_code == 403
    assert fields(answer.text)["text"] == "two\n"
    assert "/-/edit/a" in editor.get("/a").text
    assert save(editor, "three\n").status_code == 303
    wiki.catch_up()
    assert editor.get("/a.md").text == "three\n"
    assert save(visitor, "two\n", "b").status_code == 303


def test_nobody_can_call_themselves_so(state: State) -> None:
    for given in (
        {"login": "anonymous"},
        {"login": "eve", "name": "Anonymous"},
        {"login": "eve", "name": "Anоnymous"},
    ):
        with pytest.raises(RefusedError):
            state.accounts.add(**given, by=ADMIN)  # type: ignore[arg-type]


def test_what_was_shown_to_readers_is_not_shown_to_who_may_edit(
    wiki: Wiki, commit: Commit, state: State
) -> None:
    commit({"a.md": "one\n"})
    wiki.catch_up()
    state.accounts.add("root", by=ADMIN)
    readers = create_app(Settings(), wiki, state).test_client().get("/a")
    writers = create_app(Settings(anonymous="editor"), wiki, state).test_client()
    again = writers.get("/a", headers={"If-None-Match": readers.headers["ETag"]})
    assert again.status_code == 200
    assert "/-/edit/a" not in readers.text
    assert "/-/edit/a" in again.text
