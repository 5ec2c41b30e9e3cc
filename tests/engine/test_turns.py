"""Turns: who pushes may be alone with the branch for a moment, and nobody is kept waiting for longer."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import turns
from engine.access import ANONYMOUS, Actor, Kind, Role
from engine.locks import ThreadLock
from engine.turns import FETCHED, GIVE_WAY, LONGEST, PUSHED, REMEMBERED, WISHES, Turns

ADA = Actor(Kind.PERSON, "ada", Role.EDITOR)
BOB = Actor(Kind.PROGRAM, "bob", Role.EDITOR)
HOME, WORK = "192.0.2.1", "192.0.2.2"


@dataclass
class Clock:
    """The time as a test has it: it passes where somebody waits."""

    now: float = 1_000.0
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(self.now)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(turns, "time", SimpleNamespace(monotonic=made.monotonic, sleep=made.sleep))
    return made


@pytest.fixture
def host(tmp_path: Path) -> Turns:
    return Turns(tmp_path)


def entered(host: Turns, clock: Clock) -> float:
    """Save, and return how long that had to wait."""
    began = clock.now
    with host.writing(15) as alone:
        assert alone
        return clock.now - began


def begin(host: Turns, actor: Actor = ADA) -> None:
    host.wish(actor, HOME)
    assert host.fetch(actor, HOME, 0)


def test_who_could_not_push_has_a_turn_with_the_next_fetch(host: Turns, clock: Clock) -> None:
    assert not host.fetch(ADA, HOME, 0)
    host.wish(ADA, HOME)
    assert not host.is_of(ADA)
    assert host.fetch(ADA, WORK, 0)
    assert host.is_of(ADA)
    assert not host.is_of(BOB)


def test_each_wish_is_for_one_turn(host: Turns, clock: Clock) -> None:
    begin(host)
    host.end(ADA, pushed=False)
    clock.now += 100
    assert not host.fetch(ADA, HOME, 0)


def test_who_has_pushed_wishes_for_nothing(host: Turns, clock: Clock) -> None:
    host.wish(ADA, HOME)
    host.wish(BOB, HOME)
    host.end(ADA, pushed=True)
    assert not host.fetch(ADA, HOME, 0)
    assert host.fetch(BOB, HOME, 0)


def test_a_fetch_of_somebody_unknown_is_known_by_its_address(host: Turns, clock: Clock) -> None:
    host.wish(ADA, HOME)
    assert not host.fetch(ANONYMOUS, WORK, 0)
    assert host.fetch(ANONYMOUS, HOME, 0)
    assert host.is_of(ADA)


def test_a_fetch_of_somebody_known_is_not_known_by_its_address(host: Turns, clock: Clock) -> None:
    host.wish(ADA, HOME)
    assert not host.fetch(BOB, HOME, 0)


def test_a_save_waits_until_the_turn_ends(host: Turns, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(host)
    monkeypatch.setattr("engine.turns.time.sleep", lambda seconds: host.end(ADA, pushed=True))
    with host.writing(15) as alone:
        assert alone
        assert not host.is_of(ADA)


def test_a_save_waits_where_the_turn_begins_while_it_waits_for_others(
    host: Turns, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, times = host._writers.held, []

    @contextmanager
    def later(wait: float) -> Iterator[bool]:
        times.append(clock.now)
        if len(times) == 1:
            with monkeypatch.context() as patched:
                patched.setattr(host._writers, "held", held)
                begin(host)
        with held(wait) as alone:
            yield alone

    monkeypatch.setattr(host._writers, "held", later)
    assert entered(host, clock) >= FETCHED
    assert len(times) == 2


def test_a_turn_begins_when_whoever_writes_has_written(host: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LAST", 60.0)
    order: list[str] = []

    def fetch() -> None:
        begin(host)
        order.append("begun")

    thread = threading.Thread(target=fetch)
    with host.writing(0):
        thread.start()
        while not host.is_of(ADA):
            thread.join(0.001)
        thread.join(0.1)
        order.append("written")
    thread.join()
    assert order == ["written", "begun"]


def test_a_turn_ends_by_itself(host: Turns, clock: Clock) -> None:
    begin(host)
    assert FETCHED <= entered(host, clock) < FETCHED + 0.1
    assert not host.is_of(ADA)


def test_a_push_lets_its_turn_last_until_it_is_through_and_not_for_ever(host: Turns, clock: Clock) -> None:
    begin(host)
    began = clock.now
    clock.now += FETCHED - 0.1
    assert host.push(ADA, 0)
    clock.now += PUSHED - 0.1
    assert host.is_of(ADA)
    while host.is_of(ADA):
        assert host.push(ADA, 0)
        clock.now += 0.1
    assert clock.now - began == pytest.approx(LONGEST, abs=0.2)


def test_a_push_that_nobody_is_in_the_way_of_begins_a_turn(host: Turns, clock: Clock) -> None:
    assert host.push(ADA, 0)
    assert PUSHED <= entered(host, clock) < PUSHED + 0.1


def test_another_push_waits_while_the_turn_lasts_and_not_in_the_time_of_those_who_save(
    host: Turns, clock: Clock
) -> None:
    begin(host)
    assert not host.push(BOB, 0)
    assert not clock.waits
    assert not host.push(BOB, 60)  # the compare-and-swap decides
    assert clock.now - 1_000 == pytest.approx(FETCHED, abs=0.1)
    clock.now += FETCHED
    assert host.push(BOB, 0)
    assert host.is_of(BOB)


def test_few_saves_wait_for_a_turn_and_the_others_go_on(tmp_path: Path, clock: Clock) -> None:
    host = Turns(tmp_path, savers=1)
    begin(host)
    with host._places:
        assert entered(host, clock) == 0
    assert entered(host, clock) >= FETCHED - 0.1


def test_nobody_waits_when_the_server_ends(host: Turns, clock: Clock) -> None:
    begin(host)
    host.close()
    assert not host.push(BOB, 60)
    assert entered(host, clock) == 0


def test_whoever_asks_again_has_one_wish(host: Turns, clock: Clock) -> None:
    for _ in range(WISHES + 10):
        host.wish(ADA, HOME)
    host.wish(BOB, WORK)
    assert host.fetch(BOB, WORK, 0)
    host.end(BOB, pushed=True)
    host.wish(ADA, WORK)
    host.end(ADA, pushed=True)
    clock.now += LONGEST * 2
    assert not host.fetch(ADA, HOME, 60)
    assert not clock.waits


def test_who_fetches_unnamed_is_whoever_asked_last_from_there(host: Turns) -> None:
    host.wish(ADA, HOME)
    host.wish(BOB, HOME)
    assert host.fetch(ANONYMOUS, HOME, 0)
    assert host.is_of(BOB)


@pytest.mark.parametrize(
    "text",
    [
        '{"turn": {"who": "x", "began": "0", "until": 1}}',
        '{"turn": {"who": "x", "began": 0, "until": Infinity}}',
        '{"turn": {"who": "x", "began": 0, "until": 100000}}',
        '{"wishes": [{"who": 1, "address": "", "at": 0}]}',
        "[" * 100_000,
    ],
)
def test_what_nobody_can_have_written_is_no_turn(
    host: Turns, clock: Clock, tmp_path: Path, text: str
) -> None:
    (tmp_path / "turn.json").write_text(text)
    assert entered(host, clock) == 0
    assert host.push(ADA, 0)


def test_after_a_turn_those_who_save_have_as_long(host: Turns, clock: Clock) -> None:
    began, waited = clock.now, 0.0
    while clock.now - began < 60:
        for actor in (ADA, BOB):
            host.wish(actor, HOME)
            host.fetch(actor, HOME, 0)
        before = clock.now
        entered(host, clock)
        waited += clock.now - before
        clock.now += 0.01
    assert 20 < waited <= 31


def test_a_save_goes_on_where_turns_take_too_long(host: Turns, clock: Clock) -> None:
    begin(host)
    while clock.now < 1_000 + FETCHED - 0.1:
        clock.now += 0.1
    host.push(ADA, 0)
    clock.now = 1_000
    assert GIVE_WAY <= entered(host, clock) < GIVE_WAY + 0.1
    assert host.is_of(ADA)


def test_who_asked_first_goes_first(host: Turns, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those who wait; who has gone without keeps their place."""
    for actor in (ADA, BOB):
        host.wish(actor, HOME)
    host.push(ADA, 0)  # and so nobody else may begin
    assert not host.fetch(ADA, HOME, 1)
    order: list[str] = []

    def ada_waits_too(seconds: float) -> None:
        clock.now += seconds
        if not order:
            order.append("ada waits")
            monkeypatch.setattr(host, "_watch", ThreadLock())  # as in another process
            assert host.fetch(ADA, HOME, 60)
            order.append("ada")

    monkeypatch.setattr("engine.turns.time.sleep", ada_waits_too)
    assert host.fetch(BOB, HOME, 60)
    assert order == ["ada waits", "ada"]
    assert host.is_of(BOB)


def test_who_asked_later_waits_also_where_nobody_has_a_turn_yet(host: Turns, clock: Clock) -> None:
    for actor in (ADA, BOB):
        host.wish(actor, HOME)
    assert host._claim(ADA, HOME, 5)  # and is about to begin
    assert not host.fetch(BOB, HOME, 1)
    assert host.fetch(BOB, HOME, 10)


def test_each_fetch_of_one_person_waits_for_a_wish_of_its_own(
    host: Turns, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.push(BOB, 0)
    host.wish(ADA, HOME)
    begun: list[bool] = []

    def ada_fetches_again(seconds: float) -> None:
        clock.now += seconds
        begun.append(host.fetch(ADA, HOME, 0))

    monkeypatch.setattr("engine.turns.time.sleep", ada_fetches_again)
    assert host.fetch(ADA, HOME, 60)
    assert set(begun) == {False}


def test_a_wish_is_forgotten(host: Turns, clock: Clock) -> None:
    host.wish(ADA, HOME)
    clock.now += REMEMBERED
    host.wish(BOB, HOME)
    assert not host.fetch(ADA, HOME, 0)
    assert host.fetch(BOB, HOME, 0)


def test_so_many_wishes_are_remembered(host: Turns, clock: Clock, tmp_path: Path) -> None:
    for _ in range(WISHES * 2):
        host.wish(ADA, HOME)
    assert len(json.loads((tmp_path / "turn.json").read_text())["wishes"]) <= WISHES + 1


def test_all_processes_see_one_turn(host: Turns, clock: Clock, tmp_path: Path) -> None:
    begin(host)
    other = Turns(tmp_path)
    assert other.is_of(ADA)
    other.end(ADA, pushed=True)
    assert not host.is_of(ADA)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"turn": {"x": 1}, "wishes": []}', '{"wishes": [1]}'])
def test_what_cannot_be_read_is_nobodys_turn(host: Turns, clock: Clock, tmp_path: Path, content: str) -> None:
    (tmp_path / "turn.json").write_text(content)
    assert entered(host, clock) == 0
    begin(host)
    assert host.is_of(ADA)


def test_a_turn_from_before_the_host_began_anew_is_over(host: Turns, clock: Clock) -> None:
    begin(host)
    clock.now = 10.0
    assert entered(host, clock) == 0
    assert host.push(BOB, 0)


def test_where_nothing_can_be_written_nobody_has_a_turn(
    host: Turns, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "no room")

    monkeypatch.setattr(Path, "replace", full)
    host.wish(ADA, HOME)
    assert not host.fetch(ADA, HOME, 0)
    host.push(ADA, 0)
    host.end(ADA, pushed=True)
    assert not host.is_of(ADA)
    assert entered(host, clock) == 0


def test_all_who_wait_in_one_process_see_soon_that_a_turn_ends(tmp_path: Path) -> None:
    host = Turns(tmp_path)
    begin(host)
    seen: list[float] = []

    def wait() -> None:
        host._await_change(before, time.monotonic() + 60)
        seen.append(time.monotonic())

    before = turns._read(tmp_path / "turn.json")
    threads = [threading.Thread(target=wait) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    host.end(ADA, pushed=True)
    began = time.monotonic()
    for thread in threads:
        thread.join(30)
    assert len(seen) == len(threads)
    assert max(seen) - began < FETCHED / 2  # not when the turn would have ended by itself
