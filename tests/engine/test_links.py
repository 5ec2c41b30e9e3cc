"""Reports about all links: made once for a commit and a set of rights, one at a time, and kept."""

import threading
from collections.abc import Iterator

import pytest

from engine import links
from engine.access import ANONYMOUS
from engine.catalog import Moment
from engine.links import LinkReport
from engine.wiki import Wiki
from tests.conftest import Commit


class Counter:
    """Counts the reports that are made; holds each of them up while the gate is closed."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, moment: Moment, visible: object, stopping: threading.Event) -> LinkReport | None:
        self.made.append(moment.head or "")
        while not self.gate.wait(0.01):
            if stopping.is_set():
                return None
        return _report(moment, visible, stopping)  # type: ignore[arg-type]


_report = links.report


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    counter = Counter()
    monkeypatch.setattr(links, "report", counter)
    yield counter
    counter.gate.set()


def orphans(wiki: Wiki) -> tuple[str | None, bool, list[str] | None]:
    """Return the commit of the list, whether the answer is settled, and the paths."""
    with wiki.at(ANONYMOUS) as snapshot:
        found = snapshot.lists.orphans()
        if found is None:
            return None, snapshot.settled, None
        return found.commit, snapshot.settled, [line.name.path for line in found.listing.items]


def test_a_report_is_made_once_for_each_commit(commit: Commit, wiki: Wiki, counter: Counter) -> None:
    first = commit({"home.md": "[[a]]", "a.md": "A", "b.md": "B"})
    wiki.catch_up()
    assert orphans(wiki) == orphans(wiki) == (first, True, ["b.md"])
    second = commit({"home.md": "[[b]]"})
    wiki.catch_up()
    assert orphans(wiki) == (second, True, ["a.md"])
    assert counter.made == [first, second]


def test_before_the_pages_are_read_there_is_no_report(commit: Commit, wiki: Wiki) -> None:
    commit({f"{number}.md": "Text" for number in range(300)})
    assert orphans(wiki) == (None, False, None)


def test_whoever_would_wait_for_long_is_told_of_the_commit_before(
    commit: Commit, wiki: Wiki, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "WAIT", 0.1)
    counter.gate.clear()
    first = commit({"a.md": "A"})
    wiki.catch_up()
    assert orphans(wiki) == (None, False, None)
    counter.gate.set()
    monkeypatch.setattr(links, "WAIT", 10)
    assert orphans(wiki) == (first, True, ["a.md"])

    monkeypatch.setattr(links, "WAIT", 0.1)
    counter.gate.clear()
    second = commit({"b.md": "B"})
    wiki.catch_up()
    assert orphans(wiki) == (first, False, ["a.md"])
    counter.gate.set()
    monkeypatch.setattr(links, "WAIT", 10)
    assert orphans(wiki) == (second, True, ["a.md", "b.md"])
    assert counter.made == [first, second]


def test_many_readers_make_one_report(commit: Commit, wiki: Wiki, counter: Counter) -> None:
    made = commit({"a.md": "A"})
    wiki.catch_up()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(orphans(wiki))) for _ in range(6)]
    counter.gate.clear()
    for thread in threads:
        thread.start()
    counter.gate.set()
    for thread in threads:
        thread.join()
    assert answers == [(made, True, ["a.md"])] * 6
    assert counter.made == [made]


def test_a_reader_of_an_older_commit_is_not_kept_waiting(
    commit: Commit, wiki: Wiki, counter: Counter
) -> None:
    commit({"a.md": "A"})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as old:
        second = commit({"b.md": "B"})
        wiki.catch_up()
        found = old.lists.orphans()
        assert found is not None
        assert found.commit == second
        assert not old.settled
        assert [line.name.path for line in found.listing.items] == ["a.md"]  # what this commit has of it
    assert counter.made == [second]


def test_closing_ends_a_report(commit: Commit, wiki: Wiki, counter: Counter) -> None:
    commit({"a.md": "A"})
    wiki.catch_up()
    counter.gate.clear()
    thread = threading.Thread(target=orphans, args=(wiki,))
    thread.start()
    while not counter.made:
        pass
    wiki._kept.close()
    thread.join(5)
    assert not thread.is_alive()


def test_a_report_that_fails_is_tried_again(
    commit: Commit, wiki: Wiki, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = commit({"a.md": "A"})
    wiki.catch_up()
    with monkeypatch.context() as patch:
        patch.setattr(links, "report", lambda *_: 1 / 0)
        assert orphans(wiki) == (None, False, None)
    assert orphans(wiki) == (made, True, ["a.md"])


def test_a_report_is_cut_to_what_can_be_kept(
    commit: Commit, wiki: Wiki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "CAPACITY", 40_000)
    made = commit({f"{number:03}.md": f"[[{number} {'x' * 200}]]" for number in range(100)})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        missing, orphaned = snapshot.lists.missing(), snapshot.lists.orphans()
        assert missing is not None
        assert orphaned is not None
        assert missing.commit == orphaned.commit == made
        assert missing.listing.total == 100
        assert missing.left_out == 100 - len(missing.listing.items) > 0
        assert orphaned.left_out == 100 - len(orphaned.listing.items) > 0


def test_what_is_too_much_to_tell_apart_is_said(
    commit: Commit, wiki: Wiki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "COUNTED", 5)
    monkeypatch.setattr(links, "REPORTED", 3)
    commit({"a.md": " ".join(f"[[no{number}]]" for number in range(9))})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        missing = snapshot.lists.missing()
        assert missing is not None
        assert (missing.listing.total, missing.left_out, missing.uncounted) == (5, 2, True)
