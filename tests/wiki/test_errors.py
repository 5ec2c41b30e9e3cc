"""Errors are pages, never traces; each error of the engine has a status."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

import engine.errors
from engine.access import Role
from engine.errors import AddressTakenError, EditConflictError, NotReadyError, StoreError, WikiError
from engine.following import Follower
from engine.wiki import Snapshot, Wiki
from tests.conftest import Commit
from tests.people import form_token, signed_in
from wiki.errors import STATUS, status


def tree(root: type[WikiError] = WikiError) -> list[type[WikiError]]:
    return [root, *(each for child in root.__subclasses__() for each in tree(child))]


EXPECTED = {
    "WikiError": 500,
    "PageIdError": 400,
    "CursorError": 400,
    "ForbiddenError": 403,
    "NotFoundError": 404,
    "PageNotFoundError": 404,
    "RevisionNotFoundError": 404,
    "MediaNotFoundError": 404,
    "ConflictError": 409,
    "PageExistsError": 409,
    "EditConflictError": 409,
    "HeadMovedError": 409,
    "TooLargeError": 413,
    "InvalidChangeError": 422,
    "PushRefusedError": 422,
    "AddressTakenError": 422,
    "NotReadyError": 503,
    "StoreError": 503,
    "RemoteError": 503,
}


OWN = {EditConflictError: ("a.md", None, None), AddressTakenError: ("a.md", "A.md")}
"""Errors that make their text of what they are given."""

KINDS = [kind for kind in tree() if kind.__module__ == "engine.errors" and kind not in OWN]


@pytest.mark.parametrize("name", EXPECTED)
def test_each_error_of_the_engine_has_a_status(name: str) -> None:
    kind = getattr(engine.errors, name)
    assert status(kind(*OWN.get(kind, ("what went wrong",)))) == EXPECTED[name]


def test_no_error_of_the_engine_is_forgotten() -> None:
    public = {kind.__name__ for kind in tree() if kind.__module__ == "engine.errors"}
    assert public == set(EXPECTED)
    drawing = engine.errors.__doc__ or ""
    assert all(name in drawing for name in public)
    assert {kind.__name__ for kind in STATUS if kind.__module__ == "engine.errors"} <= public


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_is_a_page_with_its_text(
    client: FlaskClient, commit: Commit, monkeypatch: pytest.MonkeyPatch, kind: type[WikiError]
) -> None:
    commit({"a.md": "Text\n"})

    def fail(self: Snapshot, text: str) -> None:
        raise kind("the <b>reason</b> for it")

    monkeypatch.setattr(Snapshot, "find", fail)
    answer = client.get("/a")
    assert answer.status_code == status(kind("x"))
    assert answer.mimetype == "text/html"
    assert "he &lt;b&gt;reason&lt;/b&gt; for it" in answer.text
    assert '<header class="site">' in answer.text
    assert ("Retry-After" in answer.headers) == issubclass(kind, NotReadyError)


@pytest.mark.parametrize("address", ["/", "/a", "/a.md", "/f/", "/m.png", "/-/search?q=x", "/-/healthz"])
def test_a_bug_is_a_page_without_a_trace(
    app: Flask,
    client: FlaskClient,
    commit: Commit,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    address: str,
) -> None:
    commit({"a.md": "Text\n", "f/b.md": "Text\n", "m.png": b"\x89PNG\r\n\x1a\n"})

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret path: /srv/secret")

    for name in ("find", "search"):
        monkeypatch.setattr(Snapshot, name, fail)
    monkeypatch.setattr(Wiki, "status", fail)
    answer = client.get(address)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "Something went wrong here" in answer.text
    assert "a secret path" in caplog.text
    assert "ETag" not in answer.headers


def test_a_bug_promises_nothing_about_what_was_sent(
    app: Flask, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "Text\n"})
    ada = signed_in(app, "ada", Role.EDITOR)
    token = form_token(ada, "/-/edit/a")

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Wiki, "at", fail)
    read, sent = ada.get("/a"), ada.post("/-/edit/a", data={"csrf": token, "text": "x"})
    assert (read.status_code, sent.status_code) == (500, 500)
    assert "has written down what it was" in read.text
    assert "Go back" not in read.text
    assert "Go back in your browser" in sent.text
    assert "among your drafts" in sent.text
    assert "lost" not in sent.text


def test_a_theme_that_cannot_show_an_error_does_not_hide_it(
    app: Flask, client: FlaskClient, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "Text\n"})

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret path: /srv/secret")

    monkeypatch.setattr(app.extensions["quire"].themes, "render", fail)
    for address, code in (("/a", 500), ("/-/no-such", 404)):
        answer = client.get(address)
        assert answer.status_code == code
        assert "<h1>" in answer.text
        assert "secret" not in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_store_that_fails_is_a_503(
    client: FlaskClient, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "Text\n"})

    def fail(*_: object, **__: object) -> None:
        raise StoreError("git is missing")

    monkeypatch.setattr(Follower, "follow", fail)
    for address in ("/a", "/-/search?q=x", "/-/healthz"):
        answer = client.get(address)
        assert answer.status_code == 503
        assert "git is missing" in answer.text


def test_no_error_tells_where_files_are(client: FlaskClient, commit: Commit) -> None:
    commit({"a.md": "Text\n"})
    for address in ("/missing", "/-/search?page=x", "/-/static/default/x", "/x/"):
        assert str(Path(__file__).parent.parent.parent) not in client.get(address).text
