"""Webhooks: others are told what arrived, signed, in order, until they have taken it; and nothing tells their secrets."""

import hmac
import json
import logging
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from engine.access import Role
from engine.change_feed import ChangeFeed
from engine.errors import StoreError
from engine.following import Follower
from engine.locks import HostLock
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.people import locally, signed_in
from tests.repositories import Repository
from tests.states import CHEAP, Clock
from tests.wiki.processes import ROOT, running
from wiki import create_app, open_wiki
from wiki.posting import PostError, post
from wiki.settings import Settings, SettingsError
from wiki.state import State
from wiki.webhooks import DAYS, LONGEST, TRIES, Webhooks, signature, webhooks

SECRET = "a secret of more than sixteen bytes"


@dataclass
class Receiver:
    """Takes what is posted to it, and answers as it is told."""

    port: int = 0
    status: int = 204
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    come: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/of-nobody-else?key=hidden"

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.taken]

    @property
    def commits(self) -> list[list[str]]:
        return [[each["commit"] for each in body["changes"]] for body in self.bodies]


@contextmanager
def serving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.taken.append((dict(self.headers), body))
            self.send_response(receiver.status)
            if receiver.status == 302:
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            receiver.come.set()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with serving() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path, clock: Clock) -> Iterator[State]:
    opened = State(tmp_path / "data", hashing=CHEAP, lasting=False, clock=clock)
    yield opened
    opened.close()


Make = Callable[..., Webhooks]


@pytest.fixture
def make(wiki: Wiki, state: State, receiver: Receiver, clock: Clock, tmp_path: Path) -> Make:
    def made(*urls: str) -> Webhooks:
        lock = tmp_path / "webhooks.lock"
        return Webhooks(wiki, state.webhooks, urls or (receiver.url,), SECRET.encode(), lock, clock=clock)

    return made


def test_what_arrives_is_told_signed_and_once(
    make: Make, commit: Commit, wiki: Wiki, receiver: Receiver, client: FlaskClient
) -> None:
    first = commit({"a.md": "1"})
    wiki.catch_up()
    hooks = make()
    hooks.tell()
    assert receiver.taken == []  # it begins with what comes
    second, third = commit({"a.md": "2"}), commit({"b.md": "1"})
    hooks.tell()
    hooks.tell()
    assert receiver.commits == [[second, third]]
    ((headers, body),) = receiver.taken
    told = json.loads(body)
    records = [json.loads(line) for line in client.get(f"/-/changes?since={first}").text.splitlines()]
    assert told["changes"] == records[:-1]
    assert (told["cursor"], told["more"]) == (third, False)
    assert headers["Quire-Event"] == "changes"
    assert headers["Quire-Delivery"] == told["delivery"]
    assert headers["Content-Type"] == "application/json"
    expected = hmac.new(
        SECRET.encode(), f"{headers['Quire-Timestamp']}.".encode() + body, "sha256"
    ).hexdigest()
    assert headers["Quire-Signature"] == f"sha256={expected}"


def test_what_was_not_taken_is_told_again_later_and_later_under_the_same_id(
    make: Make, commit: Commit, wiki: Wiki, receiver: Receiver, state: State, clock: Clock
) -> None:
    commit({"a.md": "0"})
    wiki.catch_up()
    make().tell()
    one = commit({"a.md": "1"})
    receiver.status = 500
    make().tell()
    two = commit({"a.md": "2"})
    make().tell()
    assert len(receiver.taken) == 1  # its time has not come
    waits = []
    for _ in range(14):
        hook = state.webhooks.find([receiver.url])[receiver.url]
        assert hook.next is not None
        waits.append(hook.next.timestamp() - clock.now)
        clock.now = hook.next.timestamp()
        make().tell()
    assert waits[0] <= 7
    assert LONGEST / 2 <= waits[-1] <= LONGEST + 2
    assert waits == sorted(waits) or max(waits) > 1_000
    receiver.status = 200
    clock.pass_by(seconds=LONGEST + 2)
    make().tell()
    assert {body["delivery"] for body in receiver.bodies[:-1]} == {receiver.bodies[0]["delivery"]}
    assert receiver.commits[:-1] == [[one]] * (len(receiver.taken) - 1)
    assert receiver.commits[-1] == [two]
    hook = state.webhooks.find([receiver.url])[receiver.url]
    assert (hook.cursor, hook.tries, hook.failing, hook.next) == (two, 0, None, None)
    assert hook.error == "it answered 500"


def test_much_is_told_in_parts(make: Make, commit: Commit, wiki: Wiki, receiver: Receiver) -> None:
    commit({"a.md": "x"})
    wiki.catch_up()
    make().tell()
    made = [commit({"a.md": str(number)}) for number in range(120)]
    wiki.catch_up()
    make().tell()
    assert [len(part) for part in receiver.commits] == [100, 20]
    assert [*chain(*receiver.commits)] == made
    assert [body["more"] for body in receiver.bodies] == [True, False]


def test_a_push_by_force_is_told(make: Make, store: MemoryStore, wiki: Wiki, receiver: Receiver) -> None:
    first = store.commit_tree({"a.md": b"1"}, summary="1")
    gone = store.commit_tree({"a.md": b"2"}, [first], summary="2")
    store.set_head(gone)
    wiki.catch_up()
    make().tell()
    store.set_head(first)
    wiki.catch_up()
    make().tell()
    assert receiver.bodies[0] == {
        "delivery": receiver.bodies[0]["delivery"],
        "reset": True,
        "from": first,
        "changes": [],
        "cursor": first,
        "more": False,
    }
    make().tell()
    assert len(receiver.taken) == 1


def test_after_days_it_is_given_up_and_that_is_said(
    make: Make, commit: Commit, wiki: Wiki, receiver: Receiver, state: State, clock: Clock
) -> None:
    commit({"a.md": "0"})
    wiki.catch_up()
    make().tell()
    receiver.status = 503
    commit({"a.md": "1"})
    make().tell()
    clock.pass_by(days=DAYS + 1)  # the server was off: one try says nothing of days
    make().tell()
    for number in range(TRIES - 1):
        hook = state.webhooks.find([receiver.url])[receiver.url]
        assert hook.skipped is None
        assert hook.next is not None
        assert len(receiver.taken) == number + 2
        clock.now = hook.next.timestamp()
        make().tell()
    hook = state.webhooks.find([receiver.url])[receiver.url]
    assert hook.skipped is not None
    assert hook.cursor == wiki.head()
    receiver.status = 200
    last = commit({"a.md": "2"})
    make().tell()
    assert receiver.bodies[-1]["skipped"] is True
    assert receiver.commits[-1] == [last]
    later = commit({"a.md": "3"})
    make().tell()
    assert "skipped" not in receiver.bodies[-1]
    assert receiver.commits[-1] == [later]


def test_a_clock_that_was_wrong_stops_nothing(
    make: Make, commit: Commit, wiki: Wiki, receiver: Receiver, state: State, clock: Clock
) -> None:
    commit({"a.md": "0"})
    wiki.catch_up()
    make().tell()
    receiver.status = 503
    made = commit({"a.md": "1"})
    clock.pass_by(days=3_650)
    make().tell()
    clock.pass_by(days=-3_650)
    make().tell()
    hook = state.webhooks.find([receiver.url])[receiver.url]
    assert hook.failing is not None
    assert hook.failing.timestamp() == clock.now
    clock.pass_by(seconds=LONGEST)
    receiver.status = 200
    make().tell()
    assert receiver.commits == [[made]] * 3


def test_the_first_commits_after_an_address_was_named_are_told(
    make: Make, commit: Commit, store: MemoryStore, wiki: Wiki, receiver: Receiver, state: State
) -> None:
    hooks = make()
    hooks.start()
    assert state.webhooks.find([receiver.url])[receiver.url].cursor == ""
    hooks.stop()
    made = [commit({"a.md": "0"}), commit({"a.md": "1"})]
    wiki.catch_up()
    make().tell()
    assert receiver.commits == [made]


def test_it_begins_with_what_is_known(
    make: Make,
    commit: Commit,
    wiki: Wiki,
    receiver: Receiver,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = commit({"a.md": "0"})
    wiki.catch_up()
    monkeypatch.setattr(
        Follower, "follow", lambda self, wait, leave=None: False
    )  # what came is still being read
    second = commit({"a.md": "1"})
    make().tell()
    assert state.webhooks.find([receiver.url])[receiver.url].cursor == first
    monkeypatch.undo()
    make().tell()
    assert receiver.commits == [[second]]


def test_a_delivery_is_bounded_in_bytes(
    make: Make, store: MemoryStore, wiki: Wiki, receiver: Receiver
) -> None:
    head = store.commit_tree({"a.md": b"0"})
    store.set_head(head)
    wiki.catch_up()
    make().tell()
    made = []
    for number in range(10):
        names = {f"{number}{each:03}{'x' * 900}.md": b"1" for each in range(100)}
        head = store.commit_tree(names, [head], summary="s" * 5_000)
        made.append(head)
    store.set_head(head)
    wiki.catch_up()
    make().tell()
    assert [*chain(*receiver.commits)] == made
    assert len(receiver.taken) > 2
    assert max(len(body) for _, body in receiver.taken) < 600_000


def test_each_has_its_turn(
    make: Make, commit: Commit, wiki: Wiki, receiver: Receiver, tmp_path: Path
) -> None:
    commit({"a.md": "x"})
    wiki.catch_up()
    told: list[str] = []
    urls = ("http://a.example/", "http://b.example/")
    hooks = make(*urls)
    hooks._post = lambda url, body, headers: told.append(url)
    hooks.tell()
    for number in range(250):
        commit({"a.md": str(number)})
    wiki.catch_up()
    hooks.tell()
    assert told == [*urls] * 3


def test_what_cannot_be_read_is_written_down_and_tried_again(
    make: Make,
    commit: Commit,
    wiki: Wiki,
    receiver: Receiver,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    commit({"a.md": "0"})
    wiki.catch_up()
    make().tell()
    made = commit({"a.md": "1"})

    def fails(*_: object, **__: object) -> None:
        raise StoreError("git is broken")

    monkeypatch.setattr(ChangeFeed, "since", fails)
    make().tell()
    assert "git is broken; trying again" in caplog.text
    monkeypatch.undo()
    make().tell()
    assert receiver.taken == []
    clock.pass_by(seconds=10)
    make().tell()
    assert receiver.commits == [[made]]


def test_where_nothing_is_sent_nothing_succeeds(
    repository: Repository, receiver: Receiver, state: State, tmp_path: Path
) -> None:
    first = repository.commit({"wiki/a.md": "1"})
    wiki = open_wiki(
        Settings(repository=str(repository.path), root="wiki", data=str(tmp_path / "w"), processes=1)
    )
    wiki.catch_up(10)
    hooks = Webhooks(wiki, state.webhooks, (receiver.url,), SECRET.encode(), tmp_path / "lock")
    hooks.tell()
    code = repository.commit({"wiki/a.md": "1", "code.py": "1"}, first)
    wiki.catch_up(10)
    hooks.tell()
    hook = state.webhooks.find([receiver.url])[receiver.url]
    assert (hook.cursor, hook.succeeded, receiver.taken) == (code, None, [])
    wiki.close()


def test_a_server_that_ends_waits_for_nobody_too_long(
    make: Make, commit: Commit, wiki: Wiki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiki.webhooks.STOP_SECONDS", 0.2)
    commit({"a.md": "0"})
    wiki.catch_up()
    hooks, begun, over = make(), threading.Event(), threading.Event()

    def hangs(*_: object) -> None:
        begun.set()
        over.wait(20)

    hooks._post = hangs
    hooks.start()
    commit({"a.md": "1"})
    assert begun.wait(10)
    began = time.monotonic()
    hooks.stop()
    assert time.monotonic() - began < 5
    over.set()


def test_one_that_fails_keeps_nobody_from_being_told(
    make: Make, commit: Commit, wiki: Wiki, receiver: Receiver
) -> None:
    with serving() as other:
        port = other.port
    hooks = make(f"http://127.0.0.1:{port}/", receiver.url)
    commit({"a.md": "0"})
    wiki.catch_up()
    hooks.tell()
    made = commit({"a.md": "1"})
    hooks.tell()
    assert receiver.commits == [[made]]
    failing, well = hooks.status()
    assert failing.hook is not None
    assert failing.hook.error == "Connection refused"
    assert (failing.behind, well.behind) == (True, False)


def test_one_process_is_at_it_at_a_time(
    make: Make, commit: Commit, wiki: Wiki, receiver: Receiver, tmp_path: Path
) -> None:
    commit({"a.md": "0"})
    wiki.catch_up()
    make().tell()
    commit({"a.md": "1"})
    with HostLock(tmp_path / "webhooks.lock").held(0) as held:
        assert held
        make().tell()
    assert receiver.taken == []
    make().tell()
    assert len(receiver.taken) == 1


# -- sending


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.status = 302
    with pytest.raises(PostError, match="302; redirects are not followed"):
        post(receiver.url, b"{}", {})
    assert len(receiver.taken) == 1


@pytest.mark.parametrize("answer", [b"", b"no HTTP\r\n\r\n", b"HTTP/1.1 2", b"drip"])
def test_answers_that_are_none_are_failures_in_time(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                try:
                    for _ in range(40 if answer == b"drip" else 1):
                        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" if answer == b"drip" else answer)
                        time.sleep(0.1 if answer == b"drip" else 0)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(PostError):
            post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {}, seconds=0.5)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("scheme", "start"),
    [("http", b"HTTP/1.1 200 OK\r\nX: "), ("https", b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb")],
)
def test_all_of_it_has_one_end(scheme: str, start: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    connection.sendall(start)
                    for _ in range(60):  # a header, or a part of a handshake, that never ends
                        connection.sendall(b"x")
                        time.sleep(0.1)
                except OSError:
                    pass

        threading.Thread(target=serve, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(PostError, match=r"no answer within 0\.5 seconds"):
            post(f"{scheme}://127.0.0.1:{port}/", b"{}", {}, seconds=0.5)
        assert time.monotonic() - began < 3


def test_several_addresses_share_the_time(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        taken = [socket.socket() for _ in range(3)]
        for each in taken:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", full.getsockname())
        well = (*address[:4], ("127.0.0.1", receiver.port))
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [address, address, address])
        began = time.monotonic()
        with pytest.raises(PostError, match="no answer within 1 seconds"):
            post("http://hook.example/", b"{}", {}, seconds=1)
        assert time.monotonic() - began < 2.5
        odd = (-2, *address[1:])  # of a kind that this machine has not got
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [odd, address, well])
        post("http://hook.example/", b"{}", {}, seconds=2)
        for each in taken:
            each.close()


def test_what_is_no_https_is_said(receiver: Receiver) -> None:
    with pytest.raises(PostError, match="not safe"):
        post(receiver.url.replace("http:", "https:"), b"{}", {}, seconds=5)


# -- settings, and what is shown


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "http://",
        "http://user:pass@example.org/",
        "http://example.org/#part",
        "http://example.org:x/",
        "http://exa\x01mple.org/",
        "http://example.org/\\x",
        "https://ex\u00e4mple.org/",
    ],
)
def test_addresses_that_cannot_be_are_refused_without_telling_them(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="webhooks has an address") as error:
        Settings.load({}, webhooks=url, webhook_secret_file=str(tmp_path / "s"))
    assert "pass@" not in str(error.value)


def test_there_must_be_a_secret(tmp_path: Path, wiki: Wiki, state: State) -> None:
    with pytest.raises(SettingsError, match="name a file with a secret"):
        Settings.load({}, webhooks="http://example.org/")
    file = tmp_path / "secret"
    settings = Settings.load({}, webhooks="http://example.org/", webhook_secret_file=str(file))
    with pytest.raises(SettingsError, match="cannot be read"):
        create_app(settings, wiki, state)
    file.write_text("short\n", encoding="ascii")
    with pytest.raises(SettingsError, match="holds 5 bytes; it must be from 16"):
        create_app(settings, wiki, state)
    file.write_text(f"{SECRET}\n", encoding="ascii")
    assert settings.webhook_secret() == SECRET.encode()


def test_admins_see_how_it_goes_and_nobody_sees_a_secret(
    commit: Commit,
    wiki: Wiki,
    state: State,
    clock: Clock,
    receiver: Receiver,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "secret").write_text(SECRET, encoding="ascii")
    app = create_app(
        Settings(webhooks=receiver.url, webhook_secret_file=str(tmp_path / "secret")), wiki, state
    )
    commit({"a.md": "0"})
    wiki.catch_up()
    webhooks(app).tell()
    commit({"a.md": "1"})
    receiver.status = 500
    webhooks(app).tell()
    admin = signed_in(app, "root", Role.ADMIN)
    status, shown = admin.get("/-/admin/status").text, f"http://127.0.0.1:{receiver.port}/…"
    assert shown in status
    assert "it answered 500" in status
    told = admin.get("/-/healthz").json
    assert told is not None
    (hook,) = told["webhooks"]
    assert (hook["address"], hook["error"], hook["behind"]) == (shown, "it answered 500", True)
    assert hook["next"] > hook["failing"]
    for client in (app.test_client(), signed_in(app, "edi", Role.EDITOR), locally(app)):
        assert "webhooks" not in client.get("/-/healthz").text
    state.webhooks.skip(receiver.url, wiki.head() or "")
    assert "could not be told for days" in admin.get("/-/admin/status").text
    everything = status + admin.get("/-/admin/settings").text + admin.get("/-/healthz").text + caplog.text
    everything += state.database.path.read_bytes().decode("latin-1")
    for secret in ("of-nobody-else", "key=hidden", SECRET):
        assert secret not in everything
    assert f"webhook at {shown}" in caplog.text


def test_a_server_tells_of_commits_that_it_did_not_make_and_loses_none_when_it_is_killed(
    repository: Repository, tmp_path: Path
) -> None:
    head = repository.commit({"a.md": "0\n"})
    (tmp_path / "secret").write_text(SECRET, encoding="ascii")
    command: list[str | Path] = [sys.executable, "-m", "wiki", "serve", repository.path, "--port", "0"]
    command += ["--data", tmp_path / "d"]
    with serving() as receiver:
        settings = {
            "QUIRE_WEBHOOKS": receiver.url,
            "QUIRE_WEBHOOK_SECRET_FILE": str(tmp_path / "secret"),
            "QUIRE_PROCESSES": "1",
        }
        made: list[str] = []
        for number in (1, 2, 3):
            with running(command, **settings) as process:
                process.line_with("http://")
                if number == 1:
                    await_begun(tmp_path / "d")
                for step in range(3):
                    head = repository.commit({"a.md": f"{number} {step}\n"}, head)
                    made.append(head)
                    await_last(receiver, head)
                head = repository.commit({"a.md": f"{number} last\n"}, head)
                made.append(head)
                process.signal(signal.SIGKILL)
                process.end()
        with running(command, **settings) as process:
            process.line_with("http://")
            await_last(receiver, head)
        seen: list[str] = []
        for part in receiver.commits:
            seen += [each for each in part if each not in seen]
        assert seen == made
        deliveries = [body["delivery"] for body in receiver.bodies]
        assert len(deliveries) - len(set(deliveries)) <= 3  # each kill may repeat one


def test_the_receiver_of_the_documents_takes_what_is_signed(
    make: Make, commit: Commit, wiki: Wiki, state: State, tmp_path: Path
) -> None:
    text = (ROOT / "docs" / "following.md").read_text(encoding="utf-8")
    (code,) = (part for part in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "hmac" in part)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    (tmp_path / "webhook-secret").write_text(f"{SECRET}\n", encoding="ascii")
    (tmp_path / "receiver.py").write_text(
        code.replace("9000", str(port)).replace("HTTPServer((", 'print("ready", flush=True)\nHTTPServer(('),
        encoding="utf-8",
    )
    start = f"import os, runpy; os.chdir({str(tmp_path)!r}); runpy.run_path('receiver.py')"
    with running([sys.executable, "-c", start]) as process:
        process.line_with("ready")
        url = f"http://127.0.0.1:{port}/"
        hooks = Webhooks(wiki, state.webhooks, (url,), SECRET.encode(), tmp_path / "lock")
        commit({"a.md": "0"})
        wiki.catch_up()
        hooks.tell()
        made = commit({"a.md": "1"})
        end = time.monotonic() + 20
        while state.webhooks.find([url])[url].cursor != made and time.monotonic() < end:
            hooks.tell()
            time.sleep(0.1)
        assert made in process.line_with(made)
        with pytest.raises(PostError, match="403"):
            post(url, b"{}", {"Quire-Timestamp": str(int(time.time())), "Quire-Signature": "sha256=0"})
        old = str(int(time.time()) - 1_000)
        signed = f"sha256={signature(SECRET.encode(), old, b'{}')}"
        with pytest.raises(PostError, match="403"):
            post(url, b"{}", {"Quire-Timestamp": old, "Quire-Signature": signed})


def await_begun(folder: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        state = State(folder, hashing=CHEAP)
        with state.database.reading() as db:
            if db.exec_driver_sql("SELECT count(*) FROM webhook").scalar():
                return
        state.close()
        time.sleep(0.1)
    raise AssertionError("it never began")


def await_last(receiver: Receiver, commit: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if any(commit in part for part in receiver.commits):
            return
        receiver.come.wait(0.05)
        receiver.come.clear()
        time.sleep(0.01)
    raise AssertionError(f"nobody told of {commit}: {receiver.commits}")
