"""Health: how fresh everything is, for monitors."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from engine.errors import StoreError
from engine.following import Work, _shown
from engine.wiki import Status, Wiki
from tests.conftest import Commit
from wiki import create_app
from wiki.settings import Settings


def test_it_tells_the_commits_and_the_progress(client: FlaskClient, commit: Commit, wiki: Wiki) -> None:
    first = commit({"a.md": "Text\n"})
    wiki.catch_up()
    assert client.get("/-/healthz").json == {
        "status": "ok",
        "commit": first,
        "catalog": first,
        "scanned": first,
        "traced": first,
        "index": first,
        "pages": 1,
        "unknown": 0,
        "work": {"stage": "", "done": 0, "total": 0, "problem": ""},
    }
    second = commit({"b.md": "Text\n"})
    told = client.get("/-/healthz").json
    assert told is not None
    assert (told["commit"], told["catalog"], told["index"]) == (second, second, first)


def test_an_empty_repository_is_healthy(client: FlaskClient) -> None:
    answer = client.get("/-/healthz")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["commit"] is None


def test_failing_to_follow_is_told(
    client: FlaskClient, commit: Commit, wiki: Wiki, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "Text\n"})
    status = wiki.status

    def failing() -> Status:
        return replace(status(), work=Work(problem="the disk is full"))

    monkeypatch.setattr(wiki, "status", failing)
    answer = client.get("/-/healthz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "failing"
    assert answer.json["work"]["problem"] == "the disk is full"


def test_it_is_asked_anew_each_time(client: FlaskClient, commit: Commit) -> None:
    commit({"a.md": "Text\n"})
    answer = client.get("/-/healthz")
    assert "ETag" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


def test_who_may_not_read_is_told_no_numbers(commit: Commit, wiki: Wiki) -> None:
    made = commit({"a.md": "Text\n"})
    wiki.catch_up()
    told = create_app(Settings(anonymous="nobody"), wiki).test_client().get("/-/healthz").json
    assert told == {
        "status": "ok",
        "commit": made,
        "catalog": made,
        "scanned": made,
        "traced": made,
        "index": made,
    }


def test_problems_of_others_are_not_told_in_their_words() -> None:
    assert _shown(StoreError("git is missing")) == "git is missing"
    assert _shown(OSError("/srv/secret")) == "OSError"
