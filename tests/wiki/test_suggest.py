"""Suggestions in the form that browsers understand."""

import json

import pytest
from flask.testing import FlaskClient

from engine.wiki import Wiki
from tests.conftest import Commit
from wiki import create_app
from wiki.settings import Settings


@pytest.fixture
def filled(commit: Commit, wiki: Wiki, client: FlaskClient) -> FlaskClient:
    commit(
        {
            "llama 4.md": "# Llama 4",
            "People/Ada.md": "---\naliases: [The Countess]\n---\n# Ada Lovelace",
            "zh/首页.md": "# 首页",
        }
    )
    wiki.catch_up()
    return client


def test_an_answer_has_what_was_typed_titles_places_and_addresses(filled: FlaskClient) -> None:
    answer = filled.get("/-/suggest?q=love")
    assert answer.mimetype == "application/x-suggestions+json"
    assert json.loads(answer.text) == ["love", ["Ada Lovelace"], ["People"], ["http://localhost/People/Ada"]]
    assert "ETag" in answer.headers


def test_an_alias_is_named_where_it_was_what_was_typed(filled: FlaskClient) -> None:
    assert json.loads(filled.get("/-/suggest?q=countess").text)[1:3] == [["Ada Lovelace"], ["The Countess"]]


def test_other_scripts_stay_whole(filled: FlaskClient) -> None:
    assert json.loads(filled.get("/-/suggest?q=首").text) == [
        "首",
        ["首页"],
        ["zh"],
        ["http://localhost/zh/%E9%A6%96%E9%A1%B5"],
    ]


def test_addresses_are_the_public_ones(filled: FlaskClient, wiki: Wiki) -> None:
    client = create_app(Settings(url="https://wiki.example.org/"), wiki).test_client()
    assert json.loads(client.get("/-/suggest?q=llama").text)[3] == ["https://wiki.example.org/llama%204"]


@pytest.mark.parametrize(
    "query", ["", "q=", "q=%20", "q=%00", "q=%ff%fe", "q=" + "x" * 5_000, "q=%22%20OR%20*", "x=y"]
)
def test_whatever_is_typed_there_is_an_answer(filled: FlaskClient, query: str) -> None:
    answer = filled.get(f"/-/suggest?{query}")
    assert answer.status_code == 200
    assert json.loads(answer.text)[1:] == [[], [], []]


def test_the_search_box_has_what_its_script_needs(filled: FlaskClient) -> None:
    text = filled.get("/llama%204").text
    assert 'id="quire:search"' in text
    assert 'data-suggestions="Suggestions"' in text
    assert "/-/suggest?" in filled.get("/-/static/default/js/reading.js").text
