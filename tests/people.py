"""Who asks in tests: visitors from elsewhere, the local person, people with an account, programs with a token."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.access import Role
from tests.states import ADMIN, PASSWORD
from wiki.current import site
from wiki.state.errors import UnknownError

AWAY = "192.0.2.1"
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class Elsewhere(FlaskClient):
    """Asks from another machine."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.environ_base["REMOTE_ADDR"] = AWAY


def locally(app: Flask) -> FlaskClient:
    """Return a client on the machine that serves."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = "127.0.0.1"
    return client


def cookie_name(app: Flask, kind: str = "session") -> str:
    """Return the name of a cookie over http."""
    return f"quire-{kind}-{site(app).door.mark}"


def signed_in(app: Flask, login: str, role: Role = Role.READER, **options: Any) -> FlaskClient:
    """Return a browser in which somebody has signed in, whose account is made where it is not there."""
    state = site(app).state
    try:
        account = state.accounts.get(login)
    except UnknownError:
        account = state.accounts.add(login, password=PASSWORD, role=role, by=ADMIN)
    client = app.test_client(**options)
    client.set_cookie(cookie_name(app), state.sessions.begin(account, ADMIN, "a test"))
    return client


def with_token(app: Flask, name: str, role: Role = Role.READER, **options: Any) -> FlaskClient:
    """Return a program that has a token."""
    _, text = site(app).state.tokens.create(name, role=role, by=ADMIN, **options)
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
    return client


def form_token(client: FlaskClient, address: str) -> str:
    """Return what a form of this page must hold."""
    found = _TOKEN.search(client.get(address).text)
    assert found is not None, f"{address} has no form"
    return found[1]


def send(client: FlaskClient, address: str, page: str = "", **fields: Any) -> TestResponse:
    """Send a form that stands at *page*, or at the address that it is sent to."""
    return client.post(address, data={"csrf": form_token(client, page or address), **fields})
