"""The mirror: when it looks and sends, what it says, what is decided in the browser, and what durability promises."""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient

from engine.access import Role
from engine.errors import RemoteError
from engine.mirroring import Exchange, Outcome, Standing
from engine.wiki import Wiki
from tests import repositories
from tests.conftest import Commit
from tests.people import form_token, signed_in, with_token
from tests.repositories import Repository
from tests.states import CHEAP, Clock
from tests.wiki.processes import SECONDS, running
from wiki import create_app
from wiki.current import site
from wiki.mirror import FIRST, LONGEST, Mirror
from wiki.settings import Settings, SettingsError
from wiki.state import State

HOME = "# Home\n\nOne line.\n\nAnother line.\n\nA third one.\n"


# -- when it looks and sends


def until(so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not so():
        assert time.monotonic() < end
        time.sleep(0.05)


@dataclass
class Remote:
    """Stands for exchanges, and counts them."""

    ahead: bool = False
    outcome: Outcome = field(default_factory=lambda: Outcome(Standing.SAME))
    error: str = ""
    runs: list[bool] = field(default_factory=list)  # whether it was looked what is new there
    has_it: bool = True

    def run(self, decide: object, by: object, *, fetch: bool) -> Outcome:
        self.runs.append(fetch)
        if self.error:
            raise RemoteError(self.error)
        self.ahead = False
        return replace(self.outcome, looked=fetch)

    def is_ahead(self) -> bool:
        return self.ahead

    def seen(self) -> str:
        return f"after {len(self.runs)} exchanges"

    def has(self, commit: str) -> bool:
        return self.has_it and not self.error and not self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def remote() -> Remote:
    return Remote()


@pytest.fixture
def mirror(wiki: Wiki, commit: Commit, clock: Clock, remote: Remote, tmp_path: Path) -> Iterator[Mirror]:
    state = State(tmp_path / "state", hashing=CHEAP, clock=clock, lasting=False)
    commit({"Home.md": HOME})
    yield Mirror(
        wiki,
        cast("Exchange", remote),
        "https://example.org/wiki.git",
        "main",
        state.mirror,
        tmp_path / "mirror.lock",
        interval=300,
        delay=0,
        clock=clock,
    )
    state.close()


def test_it_looks_at_once_and_then_after_the_interval(mirror: Mirror, remote: Remote, clock: Clock) -> None:
    assert mirror.turn()
    assert not mirror.turn()
    clock.now += 299
    assert not mirror.turn()
    clock.now += 1
    assert mirror.turn()
    assert remote.runs == [True, True]


def test_it_looks_when_it_is_asked(mirror: Mirror, remote: Remote) -> None:
    mirror.turn()
    mirror.ask()
    mirror.ask()
    assert mirror.turn()
    assert not mirror.turn()
    assert remote.runs == [True, True]


def test_it_sends_what_is_saved_without_looking(mirror: Mirror, remote: Remote, commit: Commit) -> None:
    mirror.turn()
    commit({"Home.md": HOME + "\nMore.\n"})
    remote.ahead = True
    assert mirror.turn()
    assert not mirror.turn()
    assert remote.runs == [True, False]


def test_what_another_process_has_sent_is_not_sent_again(
    mirror: Mirror, remote: Remote, commit: Commit
) -> None:
    mirror.turn()
    commit({"Home.md": HOME + "\nMore.\n"})
    assert not mirror.turn()
    assert remote.runs == [True]


def test_what_fails_is_tried_again_later_and_later(mirror: Mirror, remote: Remote, clock: Clock) -> None:
    remote.error = "git fetch failed: it is away"
    waits = []
    for _ in range(12):
        assert mirror.turn()
        assert not mirror.turn()
        course = mirror.status().course
        assert (course.error, course.standing) == (remote.error, None)
        assert course.next is not None
        waits.append(course.next.timestamp() - clock.now)
        clock.now = course.next.timestamp()
    assert FIRST / 2 <= waits[0] <= FIRST + 2
    assert waits[3] > waits[0]
    assert LONGEST / 2 <= waits[-1] <= LONGEST + 2
    failing = mirror.status().course.failing
    remote.error = ""
    assert mirror.turn()
    course = mirror.status().course
    assert failing is not None
    assert (course.failing, course.error, course.standing) == (None, "", Standing.SAME)


def test_who_asks_is_not_kept_waiting_by_a_failure(mirror: Mirror, remote: Remote) -> None:
    remote.error = "it is away"
    mirror.turn()
    mirror.ask()
    assert mirror.turn()
    assert not mirror.turn()
    assert len(remote.runs) == 2


def test_asking_does_not_put_the_next_try_off(mirror: Mirror, remote: Remote) -> None:
    remote.error = "it is away"
    mirror.turn()
    first = mirror.status().course.next
    for _ in range(8):
        mirror.ask()
        assert mirror.turn()
    assert (mirror.status().course.next, mirror.status().course.tries) == (first, 1)


def test_what_only_sends_answers_nobody_who_asked(
    mirror: Mirror, remote: Remote, commit: Commit, clock: Clock
) -> None:
    remote.outcome = Outcome(Standing.CONFLICT)
    mirror.turn()
    looked = mirror.status().course.looked
    for number in range(5):
        clock.now += 100
        commit({"Home.md": f"{HOME}\n{number}\n"})
        remote.ahead = True
        assert mirror.turn()
    course = mirror.status().course
    assert remote.runs == [True, False, False, True, False, False]
    assert course.looked is not None
    assert looked is not None
    assert course.looked.timestamp() - looked.timestamp() == 300


def test_what_is_saved_while_something_comes_is_sent(mirror: Mirror, remote: Remote, commit: Commit) -> None:
    mirror.turn()
    remote.outcome = Outcome(Standing.SAME, commit({"Home.md": HOME, "New.md": "# New\n"}), brought=True)
    mirror.ask()
    commit({"Home.md": HOME, "New.md": "# New\n", "Saved.md": "# Saved\n"})
    assert mirror.turn()
    remote.ahead = True
    assert mirror.turn()
    assert remote.runs == [True, True, False]


def test_one_process_is_at_it_at_a_time(mirror: Mirror, remote: Remote, tmp_path: Path) -> None:
    inside, leave = threading.Event(), threading.Event()

    def slow(decide: object, by: object, *, fetch: bool) -> Outcome:
        inside.set()
        assert leave.wait(30)
        return Outcome(Standing.SAME, looked=True)

    remote.run = slow  # type: ignore[method-assign]
    thread = threading.Thread(target=mirror.turn)
    thread.start()
    assert inside.wait(30)
    assert not mirror.turn()
    leave.set()
    thread.join(30)
    assert mirror.status().course.looked is not None


@pytest.fixture
def thread(mirror: Mirror) -> Iterator[Mirror]:
    mirror.start()
    yield mirror
    mirror.stop()


def test_a_save_waits_for_the_remote(thread: Mirror, remote: Remote, commit: Commit) -> None:
    until(lambda: thread.status().course.looked is not None)
    remote.ahead = True
    assert thread.sync(commit({"Home.md": HOME + "\nMore.\n"})) == ""
    assert not remote.ahead


def test_a_save_does_not_wait_for_a_remote_that_has_just_failed(
    thread: Mirror, remote: Remote, clock: Clock
) -> None:
    until(lambda: thread.status().course.looked is not None)
    remote.error = "it is away"
    remote.ahead = True
    thread.ask()
    assert thread.sync("1" * 40) == "it is away"
    runs = len(remote.runs)
    assert thread.sync("1" * 40) == "it is away"
    assert len(remote.runs) == runs


def test_a_save_waits_for_a_time_and_few_wait_at_once(mirror: Mirror, remote: Remote) -> None:
    """Its thread does not run here, as where git is stuck."""
    remote.has_it = False
    assert mirror.sync("1" * 40, seconds=0.1) == "it takes too long"
    said: list[str] = []
    waiting = [
        threading.Thread(target=lambda: said.append(mirror.sync("1" * 40, seconds=3))) for _ in range(4)
    ]
    for each in waiting:
        each.start()
    until(lambda: mirror._waiting._value == 0)
    assert mirror.sync("1" * 40) == "too many wait for it already"
    for each in waiting:
        each.join(30)
    assert said == ["it takes too long"] * 4


# -- settings


@pytest.mark.parametrize(
    "given",
    [
        {"remote": "http://example.org/wiki.git"},
        {"remote": "git://example.org/wiki.git"},
        {"remote": "ext::sh -c x"},
        {"remote": "https://ada:secret@example.org/wiki.git"},
        {"remote": "https://secret@example.org/wiki.git"},
        {"remote": "https://example.org\\@example.net/wiki.git"},
        {"remote": "https://example.org/wiki.git#"},
        {"remote": "https:wiki"},
        {"remote": "ext::x"},
        {"remote": "https://example.org"},
        {"remote": "https://-x/wiki.git"},
        {"remote": "ssh://-oProxyCommand=x/wiki"},
        {"remote": "-oProxyCommand=x:wiki"},
        {"remote": "--upload-pack=x"},
        {"remote": "ada@-oProxyCommand=x:wiki"},
        {"remote": "/srv/wiki.git"},
        {"remote": "file:///srv/wiki.git"},
        {"remote": "https://example.org/a b"},
        {"remote": "https://example.org/wiki.git?x=1"},
        {"remote": "ssh://host:port/wiki"},
        {"durability": "remote"},
        {"durability": "never", "remote": "git@example.org:wiki.git"},
        {"remote": "git@example.org:wiki.git", "remote_token_file": "token"},
        {"remote": "https://example.org/wiki.git", "remote_token_file": "/no/such/file"},
        {"remote": "https://example.org/wiki.git", "remote_interval": 1},
    ],
)
def test_what_cannot_be_a_remote(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load({}, None, **given)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("remote", "protocol"),
    [
        ("https://example.org/wiki.git", "https"),
        ("https://example.org:8443/team/wiki.git", "https"),
        ("git@example.org:/srv/wiki.git", "ssh"),
        ("ssh://git@example.org:22/wiki.git", "ssh"),
        ("git@example.org:team/wiki.git", "ssh"),
        ("git@[::1]:wiki.git", "ssh"),
        ("example.org:wiki", "ssh"),
    ],
)
def test_what_can_be_a_remote(remote: str, protocol: str) -> None:
    place = Settings.load({}, None, remote=remote).remote_place
    assert place is not None
    assert place.protocol == protocol


# -- with two repositories


@dataclass
class Served:
    """A wiki with a mirror, whose thread does not run: tests say when it is its turn."""

    app: Flask
    here: Repository
    there: Repository

    @property
    def mirror(self) -> Mirror:
        found = site(self.app).mirror
        assert found is not None
        return found

    def turn(self) -> Standing | None:
        self.mirror.ask()
        assert self.mirror.turn()
        return self.mirror.status().course.standing


@contextmanager
def serving(folder: Path, *, runs: bool = False, **settings: Any) -> Iterator[Served]:
    here, there = repositories.make(folder / "here"), repositories.make(folder / "there")
    here.commit({"Home.md": HOME})
    made = Settings(
        repository=str(here.path),
        data=str(folder / "data"),
        processes=1,
        remote=str(there.path),
        remote_local=True,
        remote_delay=0,
    )
    app = create_app(replace(made, **settings).checked())
    parts = site(app)
    assert parts.mirror is not None
    served = Served(app, here, there)
    try:
        if runs:
            until(lambda: served.mirror.status().course.looked is not None)
        else:
            thread = parts.mirror._thread
            assert thread is not None
            parts.mirror.end()
            thread.join(30)
            assert served.turn() is Standing.SAME
        yield served
    finally:
        parts.mirror.stop()
        if parts.transport is not None:
            parts.transport.close()
        parts.wiki.close()
        parts.state.close()


def save(client: FlaskClient, text: str, page: str = "Home") -> Any:
    form = client.get(f"/-/edit/{page}").text
    base = re.search(r'name="base" value="([0-9a-f]*)"', form)
    assert base is not None
    fields = {"csrf": form_token(client, f"/-/edit/{page}"), "path": f"{page}.md", "base": base[1]}
    return client.post(f"/-/edit/{page}", data={**fields, "text": text, "action": "save"})


def apart(served: Served, client: FlaskClient) -> None:
    """Let both sides change the same line."""
    base = served.there.git("rev-parse", "main")
    assert save(client, HOME.replace("One line", "What this wiki says")).status_code == 303
    served.there.commit({"Home.md": HOME.replace("One line", "The other side's words")}, base)


def test_what_is_saved_is_sent_and_what_is_new_there_is_shown(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        ada = signed_in(served.app, "ada", Role.EDITOR)
        assert save(ada, HOME.replace("One line", "What Ada says")).status_code == 303
        assert served.turn() is Standing.SAME
        assert "What Ada says" in served.there.git("show", "main:Home.md")
        served.there.commit(
            {"Home.md": HOME, "New.md": "# New\n\nFrom there.\n"}, served.there.git("rev-parse", "main")
        )
        assert served.turn() is Standing.SAME
        assert "From there." in ada.get("/New").text


def test_a_conflict_is_decided_in_the_browser(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        ada = signed_in(served.app, "ada", Role.EDITOR)
        apart(served, ada)
        assert served.turn() is Standing.CONFLICT
        page = ada.get("/-/mirror").text
        link = re.search(r'href="(/-/mirror/conflict\?of=([0-9a-f]+))"', page)
        assert link is not None
        assert "Home.md" in page
        shown = ada.get(link[1]).text
        assert "What this wiki says" in shown
        assert re.search(r"The other side.{1,6}s words", shown)
        fields = {"csrf": form_token(ada, link[1]), "of": link[2], "choice": "text", "choice-1": "both"}
        answer = ada.post("/-/mirror/conflict", data=fields)
        assert answer.status_code == 303
        assert served.mirror.turn()
        course = served.mirror.status().course
        assert (course.standing, course.conflicts) == (Standing.SAME, 0)
        text = served.there.git("show", "main:Home.md")
        assert text.index("The other side's words") < text.index("What this wiki says")
        assert served.here.git("rev-parse", "main") == served.there.git("rev-parse", "main")
        assert served.here.git("log", "-1", "--format=%an", "main") == "ada"
        assert "There is nothing to decide" in ada.get("/-/mirror").text
        assert ada.post("/-/mirror/conflict", data=fields).location == "/-/mirror?done=gone"
        kinds = [entry.what for entry in site(served.app).state.audit.entries(limit=50)[0]]
        assert "mirror.decide" in kinds


def test_only_who_may_change_every_page_may_decide(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        ada = signed_in(served.app, "ada", Role.EDITOR)
        apart(served, ada)
        served.turn()
        (question,) = served.mirror.conflicts()
        others = [
            signed_in(served.app, "rea", Role.READER),
            served.app.test_client(),
            with_token(served.app, "part", Role.EDITOR, writes=("notes/**",)),
            with_token(served.app, "hidden", Role.EDITOR, reads=("notes/**",)),
        ]
        for client in others:
            for address in ("/-/mirror", f"/-/mirror/conflict?of={question.name}"):
                assert client.get(address).status_code == 403
            assert client.post("/-/mirror/conflict", data={"of": question.name}).status_code in {401, 403}
        assert served.turn() is Standing.CONFLICT


def test_what_only_admins_may_change_only_they_decide(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        ada, root = signed_in(served.app, "ada", Role.EDITOR), signed_in(served.app, "root", Role.ADMIN)
        base = served.there.git("rev-parse", "main")
        files = {".hidden.md": "a\n", "quire.toml": 'title = "A"\n', "Home.md": HOME}
        served.there.commit({**files, "quire.toml": 'title = "B"\n', ".hidden.md": "b\n"}, base)
        served.here.commit(files, base)
        assert served.turn() is Standing.CONFLICT
        names = {each.path: each.name for each in served.mirror.conflicts()}
        assert names.keys() == {".hidden.md", "quire.toml"}
        page = ada.get("/-/mirror").text
        assert "2 more are for admins" in page
        assert str(served.there.path) not in page
        token = form_token(ada, "/-/mirror")
        for name in names.values():
            assert ada.get(f"/-/mirror/conflict?of={name}").location == "/-/mirror?done=gone"
            sent = {"csrf": token, "of": name, "choice": "theirs"}
            assert ada.post("/-/mirror/conflict", data=sent).location == "/-/mirror?done=gone"
        assert served.turn() is Standing.CONFLICT
        token = form_token(root, "/-/mirror")
        for name in names.values():
            sent = {"csrf": token, "of": name, "choice": "theirs"}
            assert root.post("/-/mirror/conflict", data=sent).location == "/-/mirror?done=decided"
        assert served.turn() is Standing.SAME


def test_a_decision_can_be_changed_until_all_are_made(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        ada, bob = (signed_in(served.app, name, Role.EDITOR) for name in ("ada", "bob"))
        base = served.there.git("rev-parse", "main")
        served.there.commit({"Home.md": HOME, "A.md": "theirs\n", "B.md": "theirs\n"}, base)
        served.here.commit({"Home.md": HOME, "A.md": "ours\n", "B.md": "ours\n"}, base)
        served.turn()
        names = {each.path: each.name for each in served.mirror.conflicts()}

        def decide(client: FlaskClient, path: str, **fields: str) -> int:
            token = form_token(client, "/-/mirror")
            return client.post(
                "/-/mirror/conflict", data={"csrf": token, "of": names[path], **fields}
            ).status_code

        assert decide(ada, "A.md", choice="text") == 400  # what is to stand there, is not said
        assert decide(ada, "A.md", choice="ours") == 303
        assert served.turn() is Standing.CONFLICT
        assert ada.get("/-/mirror").text.count("(decided)") == 1
        assert decide(bob, "A.md", choice="theirs") == 303
        assert decide(bob, "B.md", choice="ours") == 303
        assert served.turn() is Standing.SAME
        assert served.there.git("show", "main:A.md") == "theirs"
        assert served.there.git("show", "main:B.md") == "ours"
        assert served.here.git("log", "-1", "--format=%an", "main") == "bob"


def test_a_rewritten_history_waits_for_an_admin(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        root = signed_in(served.app, "root", Role.ADMIN)
        base = served.there.git("rev-parse", "main")
        served.there.commit({"Home.md": HOME, "Second.md": "second\n"}, base)
        served.turn()
        served.there.commit({"Home.md": HOME, "Third.md": "third\n"}, base)
        assert served.turn() is Standing.REWRITTEN
        assert "rewritten" in root.get("/-/mirror").text
        token = form_token(root, "/-/mirror")
        assert root.post("/-/mirror", data={"csrf": token, "action": "accept"}).status_code == 422
        ada = signed_in(served.app, "ada", Role.EDITOR)
        refused = ada.post(
            "/-/mirror", data={"csrf": form_token(ada, "/-/mirror"), "action": "accept", "sure": "yes"}
        )
        assert refused.status_code == 403
        done = root.post("/-/mirror", data={"csrf": token, "action": "accept", "sure": "yes"})
        assert done.status_code == 303
        assert served.turn() is Standing.SAME
        names = served.there.git("ls-tree", "--name-only", "main").split()
        assert names == ["Home.md", "Second.md", "Third.md"]


def test_admins_are_told_how_it_does(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        root = signed_in(served.app, "root", Role.ADMIN)
        told = root.get("/-/healthz").get_json()["mirror"]
        assert (told["standing"], told["ahead"], told["error"]) == ("same", False, "")
        served.there.path.rename(tmp_path / "away")
        served.mirror.ask()
        served.mirror.turn()
        assert root.get("/-/healthz").get_json()["mirror"]["error"]
        for address in ("/-/admin/status", "/-/mirror"):
            assert "It could not be reached" in root.get(address).text
            assert "repository" in root.get(address).text
        assert "mirror" not in served.app.test_client().get("/-/healthz").get_json()


def test_a_save_is_acknowledged_when_the_remote_has_it(tmp_path: Path) -> None:
    with serving(tmp_path, runs=True, durability="remote") as served:
        ada = signed_in(served.app, "ada", Role.EDITOR)
        answer = save(ada, HOME.replace("One line", "Durable"))
        assert (answer.status_code, answer.headers["Quire-Durability"]) == (303, "remote")
        assert "late" not in answer.location
        assert "Durable" in served.there.git("show", "main:Home.md")


def test_a_save_that_loses_the_race_is_merged_and_sent(tmp_path: Path) -> None:
    with serving(tmp_path, runs=True, durability="remote") as served:
        ada = signed_in(served.app, "ada", Role.EDITOR)
        served.there.commit(
            {"Home.md": HOME.replace("third", "fourth")}, served.there.git("rev-parse", "main")
        )
        answer = save(ada, HOME.replace("One line", "Durable"))
        assert answer.headers["Quire-Durability"] == "remote"
        text = served.there.git("show", "main:Home.md")
        assert "Durable" in text
        assert "fourth" in text


def test_a_save_stays_here_while_the_remote_is_away(tmp_path: Path) -> None:
    with serving(tmp_path, runs=True, durability="remote") as served:
        ada = signed_in(served.app, "ada", Role.EDITOR)
        away = served.there.path.rename(tmp_path / "away")
        answer = save(ada, HOME.replace("One line", "Durable"))
        assert (answer.status_code, answer.headers["Quire-Durability"]) == (303, "local")
        assert answer.location == "/Home?late=remote"
        page = ada.get(answer.location).text
        assert "Durable" in page
        assert "The remote does not have it yet" in page
        away.rename(served.there.path)
        served.mirror.ask()
        until(lambda: "Durable" in served.there.git("show", "main:Home.md"))


def test_a_save_is_made_whatever_becomes_of_the_remote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, runs=True, durability="remote") as served:
        ada = signed_in(served.app, "ada", Role.EDITOR)

        def fail(*_: object) -> bool:
            raise OSError(24, "Too many open files")

        monkeypatch.setattr(Exchange, "has", fail)
        answer = save(ada, HOME.replace("One line", "Made"))
        assert (answer.status_code, answer.headers["Quire-Durability"]) == (303, "local")
        assert "Made" in served.here.git("show", "main:Home.md")


def test_a_save_ends_waiting_when_the_server_ends(mirror: Mirror, remote: Remote) -> None:
    remote.has_it = False
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(mirror.sync("1" * 40, seconds=600)))
    thread.start()
    until(lambda: mirror._waiting._value == 3)
    mirror.end()
    thread.join(30)
    assert said == ["it takes too long"]


def test_a_conflict_says_that_somebody_has_to_decide(tmp_path: Path) -> None:
    with serving(tmp_path, runs=True, durability="remote", remote_interval=10) as served:
        ada = signed_in(served.app, "ada", Role.EDITOR)
        served.there.commit(
            {"Home.md": HOME.replace("One line", "Theirs")}, served.there.git("rev-parse", "main")
        )
        answer = save(ada, HOME.replace("One line", "Ours"))
        assert answer.location == "/Home?late=conflict"
        assert 'href="/-/mirror"' in ada.get(answer.location).text


def test_the_notice_is_shown_where_saves_wait_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert "does not have it yet" not in served.app.test_client().get("/Home?late=remote").text


def test_the_server_runs_it(tmp_path: Path) -> None:
    """The thread, with a real server: what is new there is shown after it was looked, and what is here is sent."""
    here, there = repositories.make(tmp_path / "here"), repositories.make(tmp_path / "there")
    here.commit({"Home.md": HOME})
    settings = {"QUIRE_REMOTE": str(there.path), "QUIRE_REMOTE_LOCAL": "true", "QUIRE_REMOTE_DELAY": "0"}
    command = [sys.executable, "-m", "wiki", "serve", str(here.path), "--port", "0"]
    with running(command, QUIRE_DATA=str(tmp_path / "data"), **settings):
        until(lambda: "refs/heads/main" in there.git("for-each-ref"))
        one = here.commit({"Home.md": HOME + "\nMore.\n"}, here.git("rev-parse", "main"))
        until(lambda: there.git("rev-parse", "main") == one)
