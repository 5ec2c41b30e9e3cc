"""Who pushes while others save: after one race that was lost, the branch is theirs for a moment."""

import threading
from pathlib import Path

import pytest

from engine import turns
from engine.access import Actor, Role
from engine.changes import Put
from engine.pushing import pushing
from tests.repositories import Repository
from tests.wiki.transport.serving import Clone, Served
from tests.wiki.transport.test_pushing import head

LONG = 60.0  # seconds: so much does no machine need for one push


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FETCHED", "PUSHED", "LONGEST", "GIVE_WAY"):
        monkeypatch.setattr(turns, name, LONG)


def save(served: Served, path: str) -> str:
    local = served.site.door.local.actor
    return served.site.wiki.commit([Put(path, b"# Saved\n", None)], local).commit


def late(served: Served, url: str = "") -> Clone:
    """Let somebody ask to push what others were faster than."""
    mine = served.clone(url)
    mine.commit({"mine.md": "# Mine\n"})
    save(served, "theirs.md")
    done = mine.git("push")
    assert done.returncode != 0
    assert "fetch first" in done.stderr
    return mine


def test_who_was_late_fetches_and_pushes_while_those_who_save_wait(
    content: Repository, served: Served
) -> None:
    mine, local = late(served), served.site.door.local.actor
    assert not served.site.wiki.turns.is_of(local)
    assert mine.git("pull", "-q", "--rebase").returncode == 0
    assert served.site.wiki.turns.is_of(local)
    saved: list[str] = []
    thread = threading.Thread(target=lambda: saved.append(save(served, "more.md")))
    thread.start()
    done = mine.git("push")
    assert done.returncode == 0, done.stderr
    thread.join()
    assert saved == [head(content)]
    assert content.git("rev-parse", "main^") == mine.git("rev-parse", "HEAD").stdout.strip()
    assert not served.site.wiki.turns.is_of(local)


def test_a_turn_is_over_when_the_branch_has_moved(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not when the index has followed, for which the others need not wait."""
    mine, local = late(served), served.site.door.local.actor
    assert mine.git("pull", "-q", "--rebase").returncode == 0
    was: list[bool] = []

    def follow(self: pushing.Pushing, commit: str) -> bool:
        was.append(self._turns.is_of(local))
        return True

    monkeypatch.setattr(pushing.Pushing, "_follow", follow)
    assert mine.git("push").returncode == 0
    assert was == [False]


def test_a_turn_is_over_when_the_push_is_refused(served: Served) -> None:
    mine, local = late(served), served.site.door.local.actor
    mine.commit({".hidden.md": "# Not mine\n"})
    assert mine.git("pull", "-q", "--rebase").returncode == 0
    assert served.site.wiki.turns.is_of(local)
    assert "may not be changed by you" in mine.git("push").stderr
    assert not served.site.wiki.turns.is_of(local)


def test_who_was_in_time_is_not_waited_for_when_they_fetch(served: Served) -> None:
    mine = served.clone()
    mine.commit({"mine.md": "# Mine\n"})
    assert mine.git("push").returncode == 0
    assert mine.git("fetch").returncode == 0
    assert not served.site.wiki.turns.is_of(served.site.door.local.actor)


def test_git_that_says_who_pushes_and_not_who_fetches_is_waited_for(served: Served) -> None:
    served.add("ada", Role.EDITOR)
    mine = late(served, served.url("ada"))
    ada = served.state.accounts.get("ada").actor
    done = mine.git("fetch", "-q", GIT_TRACE_CURL="1", GIT_TRACE_CURL_NO_DATA="1")
    assert done.returncode == 0
    assert "authorization" not in done.stderr.lower()
    assert served.site.wiki.turns.is_of(ada)
    assert mine.git("rebase", "-q", "origin/main").returncode == 0
    assert mine.git("push").returncode == 0
    assert not served.site.wiki.turns.is_of(ada)


def test_so_many_wait_for_a_turn_and_the_others_go_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who wait take threads that others need."""
    mine, local = late(served), served.site.door.local.actor
    other = Actor(local.kind, "somebody else", Role.EDITOR)
    served.site.wiki.turns.wish(other, "192.0.2.1")
    assert served.site.wiki.turns.fetch(other, "192.0.2.1", 0)
    with served.transport.waiting.taken(), served.transport.waiting.taken():
        assert mine.git("pull", "-q", "--rebase").returncode == 0
        assert mine.git("push").returncode == 0
    assert served.site.wiki.turns.is_of(other)


def test_clones_and_fetches_of_others_wait_for_nothing(served: Served, tmp_path: Path) -> None:
    mine = late(served)
    assert mine.git("pull", "-q", "--rebase").returncode == 0
    assert served.site.wiki.turns.is_of(served.site.door.local.actor)
    assert served.clone(name="other").git("fetch").returncode == 0
