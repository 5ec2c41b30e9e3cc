"""Which deliveries were acted on."""

from pathlib import Path

import pytest

from tests.states import Clock
from wiki.state import State, deliveries
from wiki.state.deliveries import DAYS, SECONDS

ONE, OTHER = b"1" * 32, b"2" * 32


def test_one_that_was_acted_on_is_not_again(state: State, clock: Clock) -> None:
    assert state.deliveries.begin(ONE)
    state.deliveries.end(ONE)
    assert not state.deliveries.begin(ONE)
    assert state.deliveries.begin(OTHER)
    clock.pass_by(days=DAYS - 1)
    assert not state.deliveries.begin(ONE)


def test_it_is_remembered_when_the_server_begins_anew(state: State, tmp_path: Path, clock: Clock) -> None:
    state.deliveries.begin(ONE)
    state.deliveries.end(ONE)
    again = State(tmp_path / "data", clock=clock)
    assert not again.deliveries.begin(ONE)
    again.close()


def test_one_that_failed_may_come_again(state: State) -> None:
    assert state.deliveries.begin(ONE)
    state.deliveries.forget(ONE)
    assert state.deliveries.begin(ONE)


@pytest.mark.parametrize("seconds", [SECONDS + 1, -SECONDS - 1])
def test_one_whose_process_died_may_come_again(state: State, clock: Clock, seconds: float) -> None:
    assert state.deliveries.begin(ONE)
    for near in (SECONDS, -2 * SECONDS, SECONDS):
        clock.pass_by(seconds=near)
        assert not state.deliveries.begin(ONE)
    clock.pass_by(seconds=seconds)
    assert state.deliveries.begin(ONE)
    assert not state.deliveries.begin(ONE)


def test_what_is_remembered_is_bounded(state: State, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MOST", 3)
    for number in range(5):
        assert state.deliveries.begin(bytes([number]))
        state.deliveries.end(bytes([number]))
        clock.pass_by(seconds=1)
    assert [state.deliveries.begin(bytes([number])) for number in (2, 3, 4)] == [False] * 3
    assert state.deliveries.begin(bytes([0]))
    clock.pass_by(days=DAYS)
    assert state.deliveries.begin(bytes([4]))
