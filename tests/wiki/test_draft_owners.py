"""Whose drafts a browser keeps: told by the form, and the same when it comes back after the session has ended."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.access import Role
from tests.conftest import Commit
from tests.people import cookie_name, form_token, signed_in

HERE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def ada(app: Flask, commit: Commit) -> FlaskClient:
    commit({"a.md": "one\n"})
    return signed_in(app, "ada", Role.EDITOR)


def owner(html: str) -> str:
    """Return what stands for a person, which the form says twice."""
    found = re.search(r'data-draft-owner="([^"]*)"', html)
    hidden = re.search(r'name="draft-owner" value="([^"]*)"', html)
    assert found is not None
    assert hidden is not None
    assert found[1] == hidden[1]
    return found[1]


def test_each_person_has_their_own_and_it_stays_the_same(app: Flask, ada: FlaskClient) -> None:
    hers, his = (
        owner(ada.get("/-/edit/a").text),
        owner(signed_in(app, "bob", Role.EDITOR).get("/-/edit/a").text),
    )
    assert len(hers) == len(his) == 12
    assert hers != his
    again = signed_in(app, "ada")  # another session
    assert owner(again.get("/-/edit/new").text) == hers


def test_who_has_no_account_has_none(local: FlaskClient, commit: Commit) -> None:
    commit({"a.md": "one\n"})
    assert owner(local.get("/-/edit/a").text) == ""


def test_a_form_that_comes_back_without_its_session_is_still_of_the_same_person(
    app: Flask, ada: FlaskClient
) -> None:
    hers = owner(ada.get("/-/edit/a").text)
    sent = {"csrf": form_token(ada, "/-/edit/a"), "text": "two\n", "draft-owner": hers}
    ada.delete_cookie(cookie_name(app))
    answer = ada.post("/-/edit/a", data=sent, headers=HERE)
    assert answer.status_code == 403
    assert owner(answer.text) == hers


@pytest.mark.parametrize(
    "text", ["", "x", 'aaaaaaaaaaa"', "a" * 13, "aaaaaaaaaaa:", "\u00e4" * 12, "aaaaaaaaaaaa\n"]
)
def test_what_stands_for_nobody_is_not_taken_up(app: Flask, ada: FlaskClient, text: str) -> None:
    sent = {"csrf": "x", "text": "two\n", "draft-owner": text}
    ada.delete_cookie(cookie_name(app))
    assert owner(ada.post("/-/edit/a", data=sent, headers=HERE).text) == ""


def test_nobody_passes_for_another_who_has_an_account(app: Flask, ada: FlaskClient) -> None:
    hers = owner(ada.get("/-/edit/a").text)
    bob = signed_in(app, "bob", Role.EDITOR)
    sent = {"csrf": form_token(bob, "/-/edit/a"), "text": "two\n", "action": "preview", "draft-owner": hers}
    assert owner(bob.post("/-/edit/a", data=sent).text) != hers
