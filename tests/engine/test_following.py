"""Following: who writes brings the names, readers wait for nobody, and the index takes the changes of a while at once."""

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine import following, gathering
from engine.access import ANONYMOUS, Actor, Kind, Role
from engine.changes import Put
from engine.following import Follower
from engine.gathering import GATHER, WANTED, Gathering
from engine.store.memory_store import MemoryStore
from engine.turns import Turns
from engine.wiki import Plan, Snapshot, Wiki
from tests.conftest import Commit
from tests.soak.processes import wait_until

ADA = Actor(Kind.PERSON, "ada", Role.EDITOR)


@dataclass
class Clock:
    now: float = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(gathering, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


# -- readers


@pytest.fixture
def served(wiki: Wiki, commit: Commit, monkeypatch: pytest.MonkeyPatch) -> Wiki:
    """A wiki with one page that a server follows, whose thread does nothing just now."""
    commit({"a.md": "Old.\n"})
    wiki.catch_up()
    monkeypatch.setattr(Follower, "runs", True)
    monkeypatch.setattr(following, "LEAVE", 60.0)
    return wiki


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Write in another process of the host, as a lock of its own is as good as one."""
    with Turns(folder).writing(0) as alone:
        assert alone
        yield


def shown(wiki: Wiki) -> tuple[str, bool]:
    with wiki.at(ANONYMOUS) as snapshot:
        name = snapshot.find("a").name
        assert name is not None
        return snapshot.text(name) or "", snapshot.fresh


def test_a_reader_leaves_it_to_who_writes_to_follow(served: Wiki, commit: Commit, tmp_path: Path) -> None:
    with writing(tmp_path):
        commit({"a.md": "New.\n"})
        assert shown(served) == ("Old.\n", True)
    assert shown(served) == ("New.\n", True)


def test_a_reader_follows_where_who_writes_takes_long(
    served: Wiki, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(tmp_path):
        commit({"a.md": "New.\n"})
        assert shown(served) == ("Old.\n", True)
        monkeypatch.setattr(following, "LEAVE", 0.0)
        assert shown(served) == ("New.\n", True)


def test_a_reader_follows_where_nobody_else_would(wiki: Wiki, commit: Commit, tmp_path: Path) -> None:
    commit({"a.md": "Old.\n"})
    wiki.catch_up()
    with writing(tmp_path):
        commit({"a.md": "New.\n"})
        assert shown(wiki) == ("New.\n", True)


def test_the_very_first_names_are_left_to_nobody(
    wiki: Wiki, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "New.\n"})
    monkeypatch.setattr(Follower, "runs", True)
    with writing(tmp_path):
        assert shown(wiki) == ("New.\n", True)


def test_what_was_saved_is_shown_also_while_the_next_one_saves(
    served: Wiki, commit: Commit, tmp_path: Path
) -> None:
    served.commit([Put("a.md", b"New.\n", _base(served))], ADA)
    with writing(tmp_path):
        assert shown(served) == ("New.\n", True)


def _base(wiki: Wiki) -> str | None:
    with wiki.at(ADA) as snapshot:
        name = snapshot.find("a").name
        return name.blob if name is not None else None


def test_who_writes_sees_what_came_just_before(
    served: Wiki, store: MemoryStore, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.writing.PATIENCE", 0.0)
    seen: list[tuple[str | None, str | None]] = []

    def make(snapshot: Snapshot) -> list[Put]:
        seen.append((snapshot.commit, store.head()))
        other.close()
        return [Put("b.md", b"Made.\n", None)]

    with ExitStack() as other:
        other.enter_context(writing(tmp_path))
        commit({"a.md": "Of git.\n"})
        assert shown(served) == ("Old.\n", True)
        served.commit(Plan(("make",), make), ADA)
    assert seen
    assert all(at == head for at, head in seen)


def test_what_was_saved_is_followed_again_where_others_write_to_the_catalog(
    served: Wiki, tmp_path: Path
) -> None:
    base, free = _base(served), threading.Event()

    def write() -> None:
        with served._parts.catalog.writing():
            begun.set()
            free.wait(0.4)

    begun = threading.Event()
    thread = threading.Thread(target=write)
    thread.start()
    assert begun.wait(30)
    served.commit([Put("a.md", b"New.\n", base)], ADA)
    with writing(tmp_path):
        assert shown(served) == ("New.\n", True)
    thread.join()


def test_readers_follow_what_who_saved_could_not(
    served: Wiki, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.writing.FOLLOW", 0.01)
    base = _base(served)
    with Follower(served._parts)._names_lock.held(0) as held:
        assert held
        served.commit([Put("a.md", b"New.\n", base)], ADA)
    with writing(tmp_path):
        assert shown(served) == ("New.\n", True)
        commit({"a.md": "Newer.\n"})
        assert shown(served) == ("New.\n", True)


def test_what_is_missed_while_another_follows_stays_so(
    served: Wiki, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = served._follower
    follower.miss()
    bring = Follower._bring_from

    def slow(self: Follower, at: str | None, head: str | None, **how: bool) -> bool:
        commit({"a.md": "Newest.\n"})  # as somebody who could not follow, and was told that it is saved
        os.utime(tmp_path / "missed", ns=(1, 1))
        return bring(self, at, head, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Follower, "_bring_from", slow)
        commit({"a.md": "New.\n"})
        assert shown(served) == ("New.\n", True)
    with writing(tmp_path):
        assert shown(served) == ("Newest.\n", True)
    assert not (tmp_path / "missed").exists()


def test_who_saved_tries_to_follow_now_and_then(
    served: Wiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, tries = _base(served), list[float]()

    def fail(self: Follower, wait: float, leave: object = None) -> bool:
        tries.append(wait)
        return False

    monkeypatch.setattr("engine.writing.FOLLOW", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(Follower, "follow", fail)
        served.commit([Put("a.md", b"New.\n", base)], ADA)
    assert 1 <= len(tries) <= 5
    with writing(tmp_path):
        assert shown(served) == ("New.\n", True)


def test_a_save_that_changes_nothing_is_shown_as_well(served: Wiki, commit: Commit, tmp_path: Path) -> None:
    commit({"a.md": "New.\n"})
    blob = served._parts.store.entry(served.head() or "", "a.md")
    assert blob is not None
    assert not served.commit([Put("a.md", b"New.\n", blob.blob)], ADA).changed
    with writing(tmp_path):
        assert shown(served) == ("New.\n", True)


def test_a_snapshot_that_could_not_follow_is_not_fresh(
    served: Wiki, commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.wiki.WAIT", 0.01)
    with Follower(served._parts)._names_lock.held(0) as held:
        assert held
        commit({"a.md": "New.\n"})
        assert shown(served) == ("Old.\n", False)
    assert shown(served) == ("New.\n", True)


# -- the index


def test_an_index_that_has_not_changed_for_a_while_is_due_at_once(clock: Clock) -> None:
    gathered = Gathering()
    assert gathered.due("a") == GATHER  # nobody knows since when
    clock.now += GATHER / 4
    assert gathered.due("a") == GATHER * 3 / 4
    clock.now += GATHER
    assert gathered.due("a") == 0
    assert gathered.due("b") == GATHER
    assert Gathering().due(None) == 0


def test_an_index_that_somebody_waits_for_is_due(clock: Clock) -> None:
    gathered = Gathering()
    assert gathered.due("a") == GATHER
    assert gathered.want()
    assert not gathered.want()
    assert gathered.is_wanted
    assert gathered.due("a") == 0
    clock.now += WANTED
    assert not gathered.is_wanted
    assert gathered.due("a") == pytest.approx(GATHER - WANTED)
    assert gathered.want()


def test_the_index_takes_the_changes_of_a_while_at_once_and_those_that_somebody_searches_for_before(
    wiki: Wiki, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "One.\n"})
    wiki.catch_up()
    monkeypatch.setattr(gathering, "GATHER", 60.0)
    monkeypatch.setattr(following, "INDEX_WAIT", 30.0)
    before = wiki.status().index
    wiki.start()
    for n in range(3):
        commit({f"{n}.md": f"Giraffes {n}.\n"})
        wait_until(lambda: wiki.status().catalog == wiki.head())
    assert wiki.status().index == before
    with wiki.at(ANONYMOUS) as snapshot:
        found = snapshot.search("giraffes")
    assert {result.name.path for result in found.results} == {"0.md", "1.md", "2.md"}
    assert wiki.status().index == wiki.head()


def test_work_that_failed_is_tried_again_after_a_pause_also_while_somebody_searches(
    wiki: Wiki, commit: Commit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    commit({"a.md": "One.\n"})
    wiki.catch_up()
    tries = threading.Semaphore(0)

    def fail(*_: object, **__: object) -> None:
        tries.release()
        raise OSError("the disk is full")

    monkeypatch.setattr(wiki._parts.index, "update", fail)
    monkeypatch.setattr(following, "INDEX_WAIT", 0.3)
    monkeypatch.setattr(following, "RETRY", 60.0)
    commit({"b.md": "Giraffes.\n"})
    wiki.start()
    assert tries.acquire(timeout=30)
    for _ in range(3):
        with wiki.at(ANONYMOUS) as snapshot:
            assert not snapshot.search("giraffes").results
    assert not tries.acquire(blocking=False)


def test_a_branch_that_does_not_move_is_looked_at_alone(
    wiki: Wiki, commit: Commit, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "One.\n"})
    wiki.catch_up()
    looked = threading.Semaphore(0)
    follow, head = Follower.follow, MemoryStore.head
    followed: list[str | None] = []

    def noted(self: Follower, wait: float, leave: object = None) -> bool:
        followed.append(self._parts.store.head())
        return follow(self, wait)

    def asked(self: MemoryStore) -> str | None:
        looked.release()
        return head(self)

    monkeypatch.setattr(Follower, "follow", noted)
    monkeypatch.setattr(following, "POLL", 0.001)
    monkeypatch.setattr(following, "GLANCE", 60.0)
    monkeypatch.setattr(gathering, "GATHER", 0.0)
    wiki.start()
    wait_until(lambda: bool(followed))
    monkeypatch.setattr(MemoryStore, "head", asked)
    for _ in range(20):
        assert looked.acquire(timeout=30)
    once = len(followed)
    made = commit({"b.md": "Two.\n"})
    wait_until(lambda: made in followed)
    assert once <= 2  # of its own; and once more, should it have begun before the index was there
