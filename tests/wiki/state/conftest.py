"""A state in a folder of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.states import ADMIN, CHEAP, PASSWORD, Clock
from wiki.state import State
from wiki.state.accounts import Account


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(tmp_path: Path, clock: Clock) -> Iterator[State]:
    opened = State(tmp_path / "data", hashing=CHEAP, clock=clock)
    yield opened
    opened.close()


@pytest.fixture
def ada(state: State) -> Account:
    return state.accounts.add("ada", password=PASSWORD, by=ADMIN)
