"""A forge tells of a push: in each dialect, signed or not, once or again; the messages have its documented fields."""

import base64
import hmac
import json
import logging
import socket
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from threading import Barrier
from typing import Any, cast
from urllib.parse import quote, quote_plus, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from engine.errors import StoreError
from engine.wiki import Wiki
from tests.repositories import Repository
from tests.wiki.processes import SECONDS, running
from tests.wiki.transport.serving import serving
from wiki import create_app, current, incoming_hooks
from wiki.incoming_hooks import (
    BYTES,
    READ,
    TOLERANCE,
    Delivery,
    Event,
    SignatureError,
    TimeError,
    UnknownDialectError,
    read,
)
from wiki.mirror import Mirror
from wiki.settings import Settings, SettingsError
from wiki.state import State
from wiki.transport.patience import Patience
from wiki.views import hooks
from wiki.views.hooks import SMALL, WRONG

ADDRESS = "/-/hooks/incoming"
SECRET = b"a secret of more than sixteen bytes"
KEY = bytes(range(32))
TOKEN = b"whsec_" + base64.b64encode(KEY)
FORM = "application/x-www-form-urlencoded"
BEFORE, AFTER, NONE = "1f" * 20, "a7" * 20, "0" * 40

Headers = Mapping[str, str]


def hexed(body: bytes, secret: bytes = SECRET) -> str:
    return hmac.new(secret, body, "sha256").hexdigest()


@dataclass
class Asked:
    """Counts how often it was asked to fetch."""

    branch: str = "main"
    times: int = 0
    failing: list[Exception] = field(default_factory=list)

    def ask(self) -> None:
        if self.failing:
            raise self.failing.pop()
        self.times += 1


@pytest.fixture
def mirror(app: Flask) -> Asked:
    """The mirror of a wiki to which forges may tell of pushes."""
    made = Asked()
    current.attach(app, replace(current.site(app), mirror=cast("Mirror", made), remote_secret=SECRET))
    return made


@pytest.fixture
def tokened(app: Flask, mirror: Asked) -> Asked:
    """The same, with a signing token of GitLab's as its secret."""
    current.attach(app, replace(current.site(app), remote_secret=TOKEN))
    return mirror


# -- messages as each forge sends them


def of_github(ref: str = "refs/heads/main", **more: Any) -> Any:
    return {
        "ref": ref,
        "before": BEFORE,
        "after": AFTER,
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": "https://github.example/ada/notes/compare/1f1f...a7a7",
        "commits": [
            {
                "id": AFTER,
                "tree_id": "b3" * 20,
                "distinct": True,
                "message": "Tell of llamas",
                "timestamp": "2026-02-03T04:05:06+01:00",
                "url": f"https://github.example/ada/notes/commit/{AFTER}",
                "author": {"name": "Ada", "email": "ada@example.org", "username": "ada"},
                "committer": {"name": "Ada", "email": "ada@example.org", "username": "ada"},
                "added": ["llama.md"],
                "removed": [],
                "modified": [],
            }
        ],
        "head_commit": {"id": AFTER, "message": "Tell of llamas"},
        "repository": {"id": 7, "name": "notes", "full_name": "ada/notes", "default_branch": "main"},
        "pusher": {"name": "ada", "email": "ada@example.org"},
        "sender": {"login": "ada", "id": 3},
        **more,
    }


def of_gitea(ref: str = "refs/heads/main", **more: Any) -> Any:
    return {
        "ref": ref,
        "before": BEFORE,
        "after": AFTER,
        "compare_url": "https://gitea.example/ada/notes/compare/1f1f...a7a7",
        "commits": [
            {
                "id": AFTER,
                "message": "Tell of llamas\n",
                "url": f"https://gitea.example/ada/notes/commit/{AFTER}",
                "author": {"name": "Ada", "email": "ada@example.org", "username": "ada"},
                "committer": {"name": "Ada", "email": "ada@example.org", "username": "ada"},
                "timestamp": "2026-02-03T04:05:06+01:00",
            }
        ],
        "total_commits": 1,
        "head_commit": {"id": AFTER, "message": "Tell of llamas\n"},
        "repository": {"id": 7, "name": "notes", "full_name": "ada/notes", "default_branch": "main"},
        "pusher": {"id": 3, "login": "ada", "email": "ada@example.org"},
        "sender": {"id": 3, "login": "ada", "email": "ada@example.org"},
        **more,
    }


def of_gitlab(ref: str = "refs/heads/main", **more: Any) -> Any:
    return {
        "object_kind": "push",
        "event_name": "push",
        "before": BEFORE,
        "after": AFTER,
        "ref": ref,
        "ref_protected": True,
        "checkout_sha": AFTER,
        "message": None,
        "user_id": 3,
        "user_name": "Ada",
        "user_username": "ada",
        "user_email": "",
        "user_avatar": None,
        "project_id": 7,
        "project": {"id": 7, "name": "notes", "path_with_namespace": "ada/notes", "default_branch": "main"},
        "commits": [
            {
                "id": AFTER,
                "message": "Tell of llamas\n",
                "title": "Tell of llamas",
                "timestamp": "2026-02-03T04:05:06+01:00",
                "url": f"https://gitlab.example/ada/notes/-/commit/{AFTER}",
                "author": {"name": "Ada", "email": "ada@example.org"},
                "added": ["llama.md"],
                "modified": [],
                "removed": [],
            }
        ],
        "total_commits_count": 1,
        "push_options": {},
        "repository": {"name": "notes", "url": "git@gitlab.example:ada/notes.git"},
        **more,
    }


def sent_by_github(
    body: bytes, event: str = "push", *, secret: bytes = SECRET, kind: str = "application/json"
) -> dict[str, str]:
    return {
        "Content-Type": kind,
        "User-Agent": "GitHub-Hookshot/1234567",
        "X-GitHub-Delivery": "8f3b0c66-0000-4000-8000-000000000001",
        "X-GitHub-Event": event,
        "X-GitHub-Hook-ID": "12",
        "X-GitHub-Hook-Installation-Target-Type": "repository",
        "X-Hub-Signature": f"sha1={hmac.new(secret, body, 'sha1').hexdigest()}",
        "X-Hub-Signature-256": f"sha256={hexed(body, secret)}",
    }


def sent_by_gitea(
    signed: bytes, event: str = "push", *, secret: bytes = SECRET, kind: str = "application/json"
) -> dict[str, str]:
    made = sent_by_github(signed, event, secret=secret, kind=kind)
    for name in ("X-GitHub-Hook-ID", "X-GitHub-Hook-Installation-Target-Type", "User-Agent"):
        del made[name]
    for name in ("Gitea", "Gogs"):
        made |= {
            f"X-{name}-Delivery": "8f3b0c66-0000-4000-8000-000000000002",
            f"X-{name}-Event": event,
            f"X-{name}-Event-Type": event,
            f"X-{name}-Signature": hexed(signed, secret),
        }
    return made | {"X-GitHub-Event-Type": event}


def sent_by_forgejo(
    signed: bytes, event: str = "push", *, secret: bytes = SECRET, kind: str = "application/json"
) -> dict[str, str]:
    return sent_by_gitea(signed, event, secret=secret, kind=kind) | {
        "X-Forgejo-Delivery": "8f3b0c66-0000-4000-8000-000000000003",
        "X-Forgejo-Event": event,
        "X-Forgejo-Event-Type": event,
        "X-Forgejo-Signature": hexed(signed, secret),
    }


def sent_by_gitlab(body: bytes, event: str = "Push Hook", *, secret: bytes = SECRET) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "GitLab/18.9.0",
        "Idempotency-Key": "8f3b0c66-0000-4000-8000-000000000004",
        "X-Gitlab-Event": event,
        "X-Gitlab-Webhook-UUID": "8f3b0c66-0000-4000-8000-000000000005",
        "X-Gitlab-Event-UUID": "8f3b0c66-0000-4000-8000-000000000006",
        "X-Gitlab-Instance": "https://gitlab.example",
        "X-Gitlab-Token": secret.decode(),
    }


def signed_by_gitlab(
    body: bytes,
    event: str = "Push Hook",
    *,
    key: bytes = KEY,
    name: str = "8f3b0c66-0000-4000-8000-000000000004",
    ago: float = 0,
) -> dict[str, str]:
    stamp = str(int(time.time() - ago))
    made = hmac.new(key, f"{name}.{stamp}.".encode() + body, "sha256").digest()
    headers = sent_by_gitlab(body, event) | {
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(made).decode()}",
    }
    del headers["X-Gitlab-Token"]
    return headers


def packed(payload: Any) -> bytes:
    return json.dumps(payload).encode()


def as_form(text: bytes) -> bytes:
    return b"payload=" + quote_plus(text).encode()


Sending = Callable[..., dict[str, str]]
BY_HMAC: Mapping[str, tuple[Sending, Callable[..., Any]]] = {
    "GitHub": (sent_by_github, of_github),
    "Gitea": (sent_by_gitea, of_gitea),
    "Forgejo": (sent_by_forgejo, of_gitea),
}
DIALECTS = {**BY_HMAC, "GitLab": (sent_by_gitlab, of_gitlab)}
every_dialect = pytest.mark.parametrize(("send", "payload"), DIALECTS.values(), ids=DIALECTS)
by_hmac = pytest.mark.parametrize(("send", "payload"), BY_HMAC.values(), ids=BY_HMAC)


def post(client: FlaskClient, body: bytes, headers: Headers) -> TestResponse:
    return client.post(ADDRESS, data=body, headers=dict(headers))


# -- what is right


def test_a_signature_is_that_of_the_example_that_github_gives() -> None:
    made = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    headers = {"x-github-event": "star", "x-hub-signature-256": f"sha256={made}"}
    secret = b"It's a Secret to Everybody"
    told = read(headers, [b"Hello, ", b"World!"], secret, now=0)
    assert told == Delivery(bytes.fromhex(made), Event.OTHER)
    with pytest.raises(SignatureError):
        read(headers, [b"Hello, World?"], secret, now=0)


@every_dialect
def test_a_push_is_fetched_once(
    client: FlaskClient, mirror: Asked, send: Sending, payload: Callable[..., Any]
) -> None:
    body = packed(payload())
    answer = post(client, body, send(body))
    assert (answer.status_code, answer.text, mirror.times) == (202, "The wiki fetches what was pushed.\n", 1)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "text/plain"
    assert "Set-Cookie" not in answer.headers


def test_a_push_that_gitlab_signs_is_fetched(client: FlaskClient, tokened: Asked) -> None:
    body = packed(of_gitlab())
    assert post(client, body, signed_by_gitlab(body)).status_code == 202
    both = signed_by_gitlab(body, name="another") | {"X-Gitlab-Token": TOKEN.decode()}
    assert post(client, body, both).status_code == 202
    rotated = signed_by_gitlab(body, name="a third")
    rotated["webhook-signature"] = f"v1,bm90aGluZw== {rotated['webhook-signature']}"
    assert post(client, body, rotated).status_code == 202
    assert tokened.times == 3


def test_a_signing_token_is_a_secret_like_another_one(client: FlaskClient, tokened: Asked) -> None:
    body = packed(of_github())
    assert post(client, body, sent_by_github(body, secret=TOKEN)).status_code == 202
    body = packed(of_gitlab())
    assert post(client, body, sent_by_gitlab(body, secret=TOKEN)).status_code == 202


def test_system_hooks_of_gitlab_tell_of_pushes_too(client: FlaskClient, mirror: Asked) -> None:
    body = packed(of_gitlab(event_name="repository_update"))
    assert post(client, body, sent_by_gitlab(body, "System Hook")).status_code == 200
    body = packed(of_gitlab())
    assert post(client, body, sent_by_gitlab(body, "System Hook")).status_code == 202
    assert mirror.times == 1


@by_hmac
def test_a_form_is_as_good(
    client: FlaskClient, mirror: Asked, send: Sending, payload: Callable[..., Any]
) -> None:
    """GitHub signs all of it, the others what its field holds."""
    text = json.dumps(payload(pusher={"name": "é +&="}), ensure_ascii=False).encode()
    body = as_form(text)
    signed = body if send is sent_by_github else text
    assert post(client, body, send(signed, kind=f"{FORM}; charset=utf-8")).status_code == 202
    assert mirror.times == 1


@by_hmac
@pytest.mark.parametrize(
    "body", [b"", b"payload", b"payload=1&payload=2", b"other=1", b"payload=\xff", b"&" * 99]
)
def test_a_form_that_holds_nothing_is_refused(
    client: FlaskClient, mirror: Asked, send: Sending, payload: Callable[..., Any], body: bytes
) -> None:
    assert post(client, body, send(body, kind=FORM)).status_code == 400
    assert mirror.times == 0


def test_a_field_is_read_byte_by_byte_however_it_is_escaped() -> None:
    text = bytes(range(256)) + b"==%41 =41+%%=\r\n%\n=\n \n__"
    escaped = ("".join(f"%{byte:02x}" for byte in text), quote(text, safe="/:=?"), quote_plus(text))
    for form in (f"payload={each}".encode() for each in escaped):
        for body in (form, b"x=1&" + form, form + b"&payloads=2"):
            headers = {"x-gitea-event": "issues", "x-gitea-signature": hexed(text), "content-type": FORM}
            assert read(headers, [body], SECRET, now=0).event is Event.OTHER


@pytest.mark.parametrize("filling", [b"%", b"%41", b"a%41", b"aa%41", b"=", b"+", b"%25"])
def test_whoever_did_not_sign_a_form_takes_no_more_memory_than_a_few_copies(filling: bytes) -> None:
    start = b"payload="
    form = start + filling * ((READ - len(start)) // len(filling))
    headers = {"x-gitea-event": "push", "x-gitea-signature": hexed(b""), "content-type": FORM}
    tracemalloc.start()
    try:
        with pytest.raises(SignatureError):
            read(headers, [form], SECRET, now=0)
        assert tracemalloc.get_traced_memory()[1] < 12 * READ
    finally:
        tracemalloc.stop()


def test_branches_have_names_in_every_script(client: FlaskClient, mirror: Asked) -> None:
    mirror.branch = "bücher/目录"
    for ascii_only in (True, False):
        body = json.dumps(of_gitea("refs/heads/bücher/目录"), ensure_ascii=ascii_only).encode()
        assert post(client, body, sent_by_gitea(body)).status_code == 202
    assert mirror.times == 2


def test_a_private_wiki_is_told_as_well(wiki: Wiki, state: State) -> None:
    app = create_app(Settings(anonymous="nobody"), wiki, state)
    mirror = Asked()
    current.attach(app, replace(current.site(app), mirror=cast("Mirror", mirror), remote_secret=SECRET))
    body = packed(of_github())
    client = app.test_client()
    assert client.post(ADDRESS, data=body, headers=sent_by_github(body, secret=b"x" * 16)).status_code == 403
    assert client.get(ADDRESS).status_code == 405
    answer = client.post(
        ADDRESS, data=body, headers=sent_by_github(body) | {"Authorization": "Bearer quire_nothing"}
    )
    assert (answer.status_code, mirror.times) == (202, 1)


# -- what nothing follows from


@every_dialect
@pytest.mark.parametrize(
    "change",
    [
        {"ref": "refs/heads/other"},
        {"ref": "refs/heads/main2"},
        {"ref": "refs/heads/x/main"},
        {"ref": "refs/tags/main"},
        {"after": NONE},
        {"after": "0" * 64},
        {"deleted": True},
    ],
)
def test_other_branches_tags_and_deletions_are_let_be(
    client: FlaskClient, mirror: Asked, send: Sending, payload: Callable[..., Any], change: dict[str, Any]
) -> None:
    body = packed(payload() | change)
    for _ in range(2):
        answer = post(client, body, send(body))
        assert (answer.status_code, mirror.times) == (200, 0)
        assert answer.text.startswith("Nothing follows")


def test_a_tag_is_no_branch_whatever_it_is_called() -> None:
    body = packed(of_github("refs/tags/main"))
    headers = {name.lower(): value for name, value in sent_by_github(body).items()}
    told = read(headers, [body], SECRET, now=0)
    assert (told.event, told.branch) == (Event.OTHER, None)


@pytest.mark.parametrize(
    ("send", "event", "text"),
    [
        (sent_by_github, "ping", "The wiki hears you.\n"),
        (sent_by_github, "issues", "Nothing follows"),
        (sent_by_gitea, "create", "Nothing follows"),
        (sent_by_forgejo, "release", "Nothing follows"),
        (sent_by_gitlab, "Tag Push Hook", "Nothing follows"),
        (sent_by_gitlab, "Note Hook", "Nothing follows"),
    ],
)
def test_other_events_are_let_be_however_often_they_come(
    client: FlaskClient, mirror: Asked, send: Sending, event: str, text: str
) -> None:
    body = packed({"zen": "Less is more.", "hook_id": 12, "ref": "refs/heads/main"})
    for _ in range(2):
        answer = post(client, body, send(body, event))
        assert answer.status_code == 200
        assert answer.text.startswith(text)
    assert mirror.times == 0


# -- what is refused


def wrong(headers: dict[str, str], name: str, value: str | None) -> dict[str, str]:
    """Return headers of which one holds something else, or is missing."""
    assert name in headers
    return {**headers, name: value} if value is not None else {k: v for k, v in headers.items() if k != name}


BODY = packed(of_github())
RIGHT = hexed(BODY)
UNSIGNED: Mapping[str, dict[str, str]] = {
    "GitHub, another secret": sent_by_github(BODY, secret=SECRET[:-1]),
    "GitHub, no secret": wrong(sent_by_github(BODY), "X-Hub-Signature-256", ""),
    "GitHub, SHA-1 alone": wrong(sent_by_github(BODY), "X-Hub-Signature-256", None),
    "GitHub, no signature": {"X-GitHub-Event": "push"},
    "GitHub, of another body": sent_by_github(BODY + b" "),
    "GitHub, cut": wrong(sent_by_github(BODY), "X-Hub-Signature-256", f"sha256={RIGHT[:-1]}"),
    "GitHub, longer": wrong(sent_by_github(BODY), "X-Hub-Signature-256", f"sha256={RIGHT}0"),
    "GitHub, without its prefix": wrong(sent_by_github(BODY), "X-Hub-Signature-256", RIGHT),
    "GitHub, capitals": wrong(sent_by_github(BODY), "X-Hub-Signature-256", f"sha256={RIGHT.upper()}"),
    "GitHub, twice": wrong(sent_by_github(BODY), "X-Hub-Signature-256", f"sha256={RIGHT},sha256={RIGHT}"),
    "GitHub, not of this world": wrong(sent_by_github(BODY), "X-Hub-Signature-256", "sha256=\xe9"),
    "GitHub, a ping without signature": {"X-GitHub-Event": "ping"},
    "Gitea, its own is wrong": wrong(sent_by_gitea(BODY), "X-Gitea-Signature", hexed(b"")),
    "Gitea, GitHub's is wrong": wrong(sent_by_gitea(BODY), "X-Hub-Signature-256", f"sha256={hexed(b'')}"),
    "Gitea, Gogs' is wrong": wrong(sent_by_gitea(BODY), "X-Gogs-Signature", hexed(b"")),
    "Gitea, its own is empty": wrong(sent_by_gitea(BODY), "X-Gitea-Signature", ""),
    "Gitea, another secret": sent_by_gitea(BODY, secret=b"x" * 16),
    "Forgejo, its own is wrong": wrong(sent_by_forgejo(BODY), "X-Forgejo-Signature", hexed(b"")),
    "Forgejo, Gitea's is wrong": wrong(sent_by_forgejo(BODY), "X-Gitea-Signature", hexed(b"")),
    "Forgejo, no signature": {"X-Forgejo-Event": "push", "X-Gitea-Event": "push", "X-GitHub-Event": "push"},
    "GitLab, another token": sent_by_gitlab(BODY, secret=SECRET[:-1]),
    "GitLab, a longer token": sent_by_gitlab(BODY, secret=SECRET + b"x"),
    "GitLab, an empty token": wrong(sent_by_gitlab(BODY), "X-Gitlab-Token", ""),
    "GitLab, no token": wrong(sent_by_gitlab(BODY), "X-Gitlab-Token", None),
    "GitLab, signed where the secret is no signing token": signed_by_gitlab(BODY, key=SECRET),
    "GitLab, right token, wrong signature": signed_by_gitlab(BODY, key=SECRET)
    | {"X-Gitlab-Token": SECRET.decode()},
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED)
def test_what_is_not_signed_as_it_must_be_is_refused(
    client: FlaskClient, mirror: Asked, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(client, BODY, headers)
    assert (answer.status_code, mirror.times) == (403, 0)
    assert answer.text == "This is not signed with the secret that the wiki knows.\n"
    for told in (answer.text, str(answer.headers), caplog.text):
        assert SECRET.decode() not in told
        assert RIGHT not in told
    assert post(client, BODY, sent_by_github(BODY)).status_code == 202  # nothing of it was remembered


Change = Callable[[dict[str, str]], dict[str, str]]
NOT_SIGNED: Mapping[str, Change] = {
    "another key": lambda _: signed_by_gitlab(BODY, key=b"x" * 32),
    "the text of the token as key": lambda _: signed_by_gitlab(BODY, key=TOKEN),
    "of another body": lambda _: signed_by_gitlab(BODY + b" "),
    "no id": lambda right: wrong(right, "webhook-id", None),
    "another id": lambda right: wrong(right, "webhook-id", "other"),
    "no time": lambda right: wrong(right, "webhook-timestamp", None),
    "another time": lambda right: wrong(right, "webhook-timestamp", str(int(right["webhook-timestamp"]) + 1)),
    "a time that is none": lambda right: wrong(right, "webhook-timestamp", "now"),
    "a time in other digits": lambda right: wrong(right, "webhook-timestamp", "\xb2\xb3"),
    "nothing": lambda right: wrong(right, "webhook-signature", ""),
    "cut": lambda right: wrong(right, "webhook-signature", right["webhook-signature"][:-1]),
    "another version": lambda right: wrong(
        right, "webhook-signature", f"v1a{right['webhook-signature'][2:]}"
    ),
    "no version": lambda right: wrong(right, "webhook-signature", right["webhook-signature"][3:]),
    "right signature, wrong token": lambda right: right | {"X-Gitlab-Token": SECRET.decode()},
}


@pytest.mark.parametrize("change", NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_what_gitlab_signs_must_be_right(client: FlaskClient, tokened: Asked, change: Change) -> None:
    answer = post(client, BODY, change(signed_by_gitlab(BODY)))
    assert (answer.status_code, tokened.times) == (403, 0)
    assert answer.text == "This is not signed with the secret that the wiki knows.\n"


@pytest.mark.parametrize("ago", [TOLERANCE + 5, -TOLERANCE - 5, 1e9])
def test_what_was_signed_too_long_ago_is_refused(client: FlaskClient, tokened: Asked, ago: float) -> None:
    answer = post(client, BODY, signed_by_gitlab(BODY, ago=ago))
    assert (answer.status_code, tokened.times) == (403, 0)
    assert "too long ago" in answer.text
    assert "too long" not in post(client, BODY, signed_by_gitlab(BODY, ago=ago, key=b"x" * 32)).text


def test_the_time_may_be_off_by_as_much_as_is_said() -> None:
    headers = {name.lower(): value for name, value in signed_by_gitlab(BODY).items()}
    stamp = int(headers["webhook-timestamp"])
    for off in (-TOLERANCE, TOLERANCE):
        assert read(headers, [BODY], TOKEN, now=stamp + off).event is Event.PUSH
    for off in (-TOLERANCE - 1, TOLERANCE + 1):
        with pytest.raises(TimeError):
            read(headers, [BODY], TOKEN, now=stamp + off)


@pytest.mark.parametrize(
    "secret", [b"whsec_", b"whsec_!!!!", b"whsec_" + base64.b64encode(b"short"), TOKEN[6:]]
)
def test_a_signing_token_that_is_none_lets_nothing_in(secret: bytes) -> None:
    for key in (b"", b"short", KEY):
        headers = {name.lower(): value for name, value in signed_by_gitlab(BODY, key=key or b"\0").items()}
        with pytest.raises(SignatureError):
            read(headers, [BODY], secret, now=time.time())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": f"sha256={RIGHT}"},
        {"X-Gogs-Event": "push", "X-Gogs-Signature": RIGHT},
        {"X-Event-Key": "repo:push", "X-Hub-Signature": f"sha256={RIGHT}"},
        {"X-Gitlab-Token": SECRET.decode()},
        sent_by_github(BODY) | sent_by_gitlab(BODY),
        sent_by_github(BODY) | {"X-Gitlab-Token": SECRET.decode()},
        sent_by_github(BODY) | {"webhook-signature": "v1,x"},
        sent_by_gitlab(BODY) | {"X-Gitea-Signature": RIGHT},
    ],
)
def test_what_no_forge_sends_or_two_at_once_is_refused(
    client: FlaskClient, mirror: Asked, headers: dict[str, str]
) -> None:
    assert post(client, BODY, headers).status_code == 400
    assert mirror.times == 0
    with pytest.raises(UnknownDialectError):
        read({name.lower(): value for name, value in headers.items()}, [BODY], SECRET, now=0)


@every_dialect
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"refs/heads/main"',
        b"null",
        b"{}",
        b'{"ref": null}',
        b'{"ref": ["refs/heads/main"]}',
        b'{"ref": "main"}',
        b'{"ref": "refs/heads/main"',
        b'{"ref": "refs/heads/\xff"}',
        b'{"n": ' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b"payload=%7B%7D",
        b"<push/>",
    ],
    ids=range(15),
)
def test_what_tells_of_no_push_is_refused(
    client: FlaskClient, mirror: Asked, send: Sending, payload: Callable[..., Any], body: bytes
) -> None:
    answer = post(client, body, send(body))
    assert (answer.status_code, mirror.times) == (400, 0)
    assert answer.text == "This cannot be read as what a forge tells of a push.\n"


OTHERS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "FOO"]


@pytest.mark.parametrize("method", OTHERS)
def test_other_methods_are_refused(client: FlaskClient, mirror: Asked, method: str) -> None:
    body = b"" if method in {"GET", "HEAD", "TRACE"} else BODY
    answer = client.open(ADDRESS, method=method, data=body, headers=sent_by_github(body))
    assert (answer.status_code, answer.headers["Allow"], mirror.times) == (405, "POST", 0)
    assert answer.mimetype == "text/plain"
    if method != "HEAD":
        assert answer.text == "Only messages of a forge are taken here, by POST.\n"


@pytest.mark.parametrize("method", ["POST", *OTHERS])
@pytest.mark.parametrize("given", [{}, {"mirror": Asked()}, {"remote_secret": SECRET}])
def test_without_a_remote_or_a_secret_there_is_nothing(
    app: Flask, client: FlaskClient, method: str, given: dict[str, Any]
) -> None:
    current.attach(app, replace(current.site(app), **given))
    body = b"" if method in {"GET", "HEAD"} else BODY
    assert client.open(ADDRESS, method=method, data=body, headers=sent_by_github(body)).status_code == 404
    body = packed(of_gitlab())
    assert post(client, body, sent_by_gitlab(body, secret=b"")).status_code == 404


def test_whoever_signs_wrongly_again_and_again_has_to_wait_and_keeps_no_forge_out(
    client: FlaskClient, mirror: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    answers = [post(client, BODY, {"X-GitHub-Event": "push"}).status_code for _ in range(WRONG + 2)]
    assert answers == [403] * WRONG + [429] * 2
    assert len(caplog.records) == WRONG
    assert int(post(client, BODY, {"X-GitHub-Event": "push"}).headers["Retry-After"]) > 0
    assert post(client, BODY, sent_by_github(BODY)).status_code == 202


def test_without_a_secret_nothing_is_signed() -> None:
    for sent in (sent_by_github(BODY, secret=b""), sent_by_gitlab(BODY, secret=b"")):
        with pytest.raises(SignatureError):
            read({name.lower(): value for name, value in sent.items()}, [BODY], b"", now=0)


# -- large messages


@every_dialect
def test_a_large_message_is_as_good(
    client: FlaskClient,
    mirror: Asked,
    send: Sending,
    payload: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody reads which branch it tells of; so it is fetched."""
    monkeypatch.setattr(incoming_hooks, "READ", 1_000)
    body = packed(payload(message="a" * 1_000))
    assert post(client, body, send(body, secret=b"x" * 16)).status_code == 403
    assert post(client, body, send(body)).status_code == 202
    assert post(client, body, send(body)).status_code == 409
    if send is not sent_by_gitlab:
        assert post(client, body, send(body, "issues")).status_code == 200
    assert mirror.times == 1


def test_a_message_may_be_as_large_as_forges_send_them(client: FlaskClient, mirror: Asked) -> None:
    body = packed(of_github(message="a" * (25 * 1_048_576)))
    assert READ < len(body) < BYTES
    assert post(client, body, sent_by_github(body)).status_code == 202
    body = b" " * (BYTES + 1)
    assert post(client, body, sent_by_github(body)).status_code == 413
    assert mirror.times == 1


def test_of_what_is_too_large_by_its_length_nothing_is_taken(client: FlaskClient, mirror: Asked) -> None:
    sent = BytesIO(b" " * 100_000)
    answer = client.post(
        ADDRESS,
        input_stream=sent,
        headers=sent_by_github(b""),
        environ_overrides={"CONTENT_LENGTH": "1000000000"},
    )
    assert (answer.status_code, mirror.times, sent.tell()) == (413, 0, 0)
    assert answer.text == "At most 30,000,000 bytes may be sent at once.\n"


def test_of_a_body_without_a_length_no_more_is_taken(
    client: FlaskClient, mirror: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_hooks, "BYTES", 10_000)
    sent = BytesIO(b" " * 1_000_000)
    answer = client.post(
        ADDRESS,
        input_stream=sent,
        headers=sent_by_github(b""),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert (answer.status_code, mirror.times) == (413, 0)
    assert answer.text == "At most 10,000 bytes may be sent at once.\n"
    assert sent.tell() < 200_000


def test_of_a_form_whose_field_is_signed_no_more_is_taken_than_is_read(
    client: FlaskClient, mirror: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming_hooks, "READ", 1_000)
    text = packed(of_gitea(message="a" * 1_000))
    assert post(client, as_form(text), sent_by_gitea(text, kind=FORM)).status_code == 413
    assert mirror.times == 0


class Slow(BytesIO):
    """A body that comes when it is let."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.asked, self.comes = threading.Event(), threading.Event()

    def readinto(self, buffer: Any) -> int:
        self.asked.set()
        assert self.comes.wait(SECONDS)
        return super().readinto(buffer)


def large(number: int = 0) -> bytes:
    return packed(of_github(message="a" * SMALL, number=number))


def test_large_messages_take_half_of_the_threads_at_most_and_small_ones_are_always_taken(
    wiki: Wiki, state: State
) -> None:
    app = create_app(Settings(threads=4), wiki, state)  # of two seats one is for strangers
    mirror = Asked()
    current.attach(app, replace(current.site(app), mirror=cast("Mirror", mirror), remote_secret=SECRET))
    client, slow = app.test_client(), Slow(large())
    size = {"CONTENT_LENGTH": str(len(large()))}
    headers = sent_by_github(large())
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(
            app.test_client().post, ADDRESS, input_stream=slow, headers=headers, environ_overrides=size
        )
        try:
            assert slow.asked.wait(SECONDS)
            answer = post(client, large(1), sent_by_github(large(1)))
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert answer.text == "Too many large messages at the same time; try again in a moment.\n"
            unknown = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
            answer = client.post(
                ADDRESS, input_stream=BytesIO(BODY), headers=sent_by_github(BODY), environ_overrides=unknown
            )
            assert answer.status_code == 503
            assert post(client, BODY, sent_by_github(BODY)).status_code == 202
        finally:
            slow.comes.set()
        assert first.result(SECONDS).status_code == 202
    for _ in range(4):  # each gives back what it took
        assert post(client, large(1), sent_by_github(BODY)).status_code == 403
        assert post(client, large(1), {"X-Nobody-Event": "push"}).status_code == 400
    assert post(client, large(1), sent_by_github(large(1))).status_code == 202
    assert mirror.times == 3


def test_large_messages_share_their_seats_with_git(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a.md": "text"})
    with serving(repository, tmp_path, threads=4) as served:
        mirror = cast("Mirror", Asked())
        current.attach(served.app, replace(served.site, mirror=mirror, remote_secret=SECRET))
        client = served.app.test_client()
        with served.transport.seats.taken(stranger=True):
            assert post(client, large(), sent_by_github(large())).status_code == 503
            assert post(client, BODY, sent_by_github(BODY)).status_code == 202
        assert post(client, large(), sent_by_github(large())).status_code == 202


def test_who_sends_nothing_is_cut_off_where_the_server_waits_for_ever(
    app: Flask, mirror: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "Patience", partial(Patience, seconds=0.2))
    ours, theirs = socket.socketpair()
    with ThreadPoolExecutor(1) as pool, ours, theirs, ours.makefile("rb") as body:
        given = {"gunicorn.socket": ours, "wsgi.input": body, "CONTENT_LENGTH": str(len(BODY))}
        answer = pool.submit(
            app.test_client().post, ADDRESS, headers=sent_by_github(BODY), environ_overrides=given
        )
        assert answer.result(SECONDS).status_code == 400
    assert mirror.times == 0


# -- once, and again


@every_dialect
def test_a_replay_is_refused(
    client: FlaskClient, mirror: Asked, send: Sending, payload: Callable[..., Any]
) -> None:
    body = packed(payload())
    assert post(client, body, send(body)).status_code == 202
    again = send(body)
    for name in again:
        if "Delivery" in name or name in {"Idempotency-Key", "X-Gitlab-Event-UUID", "X-Gitlab-Webhook-UUID"}:
            again[name] = "8f3b0c66-0000-4000-8000-00000000ffff"  # nobody signs these
    for headers in (send(body), again):
        answer = post(client, body, headers)
        assert (answer.status_code, mirror.times) == (409, 1)
        assert answer.text == "This was told before, and nothing is done twice.\n"
    other = packed(payload(before=AFTER, after="c5" * 20))
    assert (post(client, other, send(other)).status_code, mirror.times) == (202, 2)


def test_a_replay_in_the_words_of_another_forge_is_refused(client: FlaskClient, mirror: Asked) -> None:
    body = packed(of_gitea())
    assert post(client, body, sent_by_forgejo(body)).status_code == 202
    form = as_form(body)
    assert post(client, body, sent_by_github(body)).status_code == 409
    assert post(client, body, sent_by_gitea(body)).status_code == 409
    assert post(client, form, sent_by_gitea(body, kind=FORM)).status_code == 409
    assert post(client, b"x=1&" + form, sent_by_gitea(body, kind=FORM)).status_code == 409
    assert mirror.times == 1


def test_a_replay_of_what_gitlab_signs_is_refused(client: FlaskClient, tokened: Asked) -> None:
    body = packed(of_gitlab())
    headers = signed_by_gitlab(body)
    assert post(client, body, headers).status_code == 202
    assert post(client, body, headers | {"Idempotency-Key": "other"}).status_code == 409
    assert post(client, body, signed_by_gitlab(body, name="sent again by hand")).status_code == 202
    assert tokened.times == 2


def test_a_push_that_could_not_be_fetched_may_be_told_again(client: FlaskClient, mirror: Asked) -> None:
    mirror.failing = [StoreError("the disk is full")]
    assert post(client, BODY, sent_by_github(BODY)).status_code == 503
    assert (post(client, BODY, sent_by_github(BODY)).status_code, mirror.times) == (202, 1)
    assert post(client, BODY, sent_by_github(BODY)).status_code == 409


def test_of_many_threads_with_one_message_one_is_told_that_it_is_fetched(app: Flask, mirror: Asked) -> None:
    together = Barrier(8)

    def tell(_: int) -> int:
        client = app.test_client()
        together.wait()
        return post(client, BODY, sent_by_github(BODY)).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(tell, range(8)))
    assert answers == [202] + [409] * 7
    assert mirror.times == 1


SERVER = """
import sys
from dataclasses import replace
from wiki import create_app, current, load_settings
from wiki.server import serve

class Mirror:
    branch = "main"
    def ask(self):
        print("asked", flush=True)
    def end(self):
        pass

app = create_app(load_settings())
current.attach(app, replace(current.site(app), mirror=Mirror()))
serve(app, "127.0.0.1", 0, 4, lambda url: print(url, flush=True))
"""


def test_of_many_processes_with_one_message_one_is_told_that_it_is_fetched(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    repository.commit({"a.md": "text"})
    options = {
        "QUIRE_REPOSITORY": str(repository.path),
        "QUIRE_DATA": str(tmp_path / "data"),
        "QUIRE_REMOTE_SECRET_FILE": str(tmp_path / "secret"),
    }
    command = [sys.executable, "-c", SERVER]
    with running(command, **options) as one, running(command, **options) as two:
        ports = [int(each.line_with("http://").rsplit(":", 1)[1].strip("/")) for each in (one, two)]
        together = Barrier(8)

        def tell(number: int) -> int:
            connection = HTTPConnection("127.0.0.1", ports[number % 2], timeout=SECONDS)
            together.wait()
            connection.request("POST", ADDRESS, BODY, sent_by_github(BODY))
            status = connection.getresponse().status
            connection.close()
            return status

        with ThreadPoolExecutor(8) as pool:
            answers = sorted(pool.map(tell, range(8)))
        assert answers == [202] + [409] * 7
        for each in (one, two):
            each.signal(15)
            each.end()
        assert sum(line == "asked\n" for each in (one, two) for line in each.lines) == 1


@pytest.mark.parametrize("bytes_of_others", ["1000", "25000000"])
def test_a_server_takes_as_large_messages_whatever_others_may_send(
    repository: Repository, tmp_path: Path, bytes_of_others: str
) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    repository.commit({"a.md": "text"})
    options = {
        "QUIRE_REPOSITORY": str(repository.path),
        "QUIRE_DATA": str(tmp_path / "data"),
        "QUIRE_REMOTE_SECRET_FILE": str(tmp_path / "secret"),
        "QUIRE_UPLOAD_BYTES": bytes_of_others,
        "QUIRE_PAGE_BYTES": "1000",
    }
    with running([sys.executable, "-c", SERVER], **options) as server:
        port = int(server.line_with("http://").rsplit(":", 1)[1].strip("/"))

        def told(method: str, body: bytes) -> tuple[int, str]:
            with closing(HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
                connection.request(method, ADDRESS, body, sent_by_github(body))
                answer = connection.getresponse()
                return answer.status, answer.read().decode()

        push = packed(of_github())
        assert told("POST", push + b" " * (BYTES - len(push)))[0] == 202
        too_large = (413, "At most 30,000,000 bytes may be sent at once.\n")
        assert told("POST", b" " * (BYTES + 1)) == too_large
        for method in ("FOO", "CONNECT", "PROPFIND"):
            assert told(method, b"") == (405, "Only messages of a forge are taken here, by POST.\n")


# -- settings


def test_the_secret_is_read_from_its_file_and_never_shown(tmp_path: Path, wiki: Wiki, state: State) -> None:
    file = tmp_path / "secret"
    settings = Settings.load({"QUIRE_REMOTE_SECRET_FILE": str(file)})
    with pytest.raises(SettingsError, match=r"remote_secret_file is .* it cannot be read"):
        create_app(settings, wiki, state)
    file.write_text("short\n", encoding="ascii")
    with pytest.raises(SettingsError, match="remote_secret_file holds 5 bytes; it must be from 16"):
        create_app(settings, wiki, state)
    file.write_bytes(SECRET + b"\r\n")
    site = current.site(create_app(settings, wiki, state))
    assert site.remote_secret == SECRET
    assert SECRET.decode() not in repr(site)
    assert Settings().remote_secret() == b""


def test_forms_are_sent_by_nobody_with_a_session(client: FlaskClient, mirror: Asked) -> None:
    """A page of another site can let a browser send something here, but not sign it."""
    data = urlencode({"payload": BODY.decode()}).encode()
    answer = client.post(
        ADDRESS, data=data, headers={"Content-Type": FORM, "Origin": "https://elsewhere.example"}
    )
    assert (answer.status_code, mirror.times) == (400, 0)
