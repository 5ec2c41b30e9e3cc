"""Who pushed what."""

from engine.model import Author
from tests.states import NOW
from wiki.state import By, State

ADA = Author("Ada", "ada@example.org")


def commit(number: int) -> str:
    return f"{number:040x}"


def test_the_last_push_of_a_commit_is_remembered(state: State) -> None:
    state.pushes.record([commit(1), commit(2)], ADA, By("ada", "192.0.2.1"))
    state.pushes.record([commit(2)], None, By("sync"))
    state.pushes.record([], ADA, By("ada"))
    found = state.pushes.of([commit(1), commit(2), commit(3)])
    assert {name: (push.who, push.author) for name, push in found.items()} == {
        commit(1): ("ada", ADA),
        commit(2): ("sync", Author("sync", "")),
    }
    assert found[commit(1)].time.timestamp() >= NOW
    assert state.pushes.of([]) == {}


def test_many_are_looked_up_at_once_also_with_long_names(state: State) -> None:
    commits = [f"{number:064x}" for number in range(1_300)]
    state.pushes.record(commits, ADA, By("ada"))
    assert set(state.pushes.of(commits)) == set(commits)
