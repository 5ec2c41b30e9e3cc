"""Pushes by a git that the server does not run: the same checks, the same rights, the same answers afterwards."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import pytest

from engine.access import Role
from engine.pushing import Pushing, Update
from engine.store.git_hooks import SETTINGS
from tests.people import locally
from tests.repositories import Repository, make
from tests.soak.tracing import CALLS, calls, needs_strace
from tests.states import ADMIN
from tests.wiki.processes import ROOT, environment, get, running
from tests.wiki.transport.installing import HOSTILE, check_refused, clone_of, hostile, hosting, install, told
from tests.wiki.transport.serving import Served, git
from tests.wiki.transport.test_servers import port_of
from wiki.transport import hooks as hooks_module
from wiki.transport import shim
from wiki.transport.hooks import Publishing
from wiki.transport.host import Host
from wiki.transport.slots import Slots

QUICK = 30
WANTED: tuple[Callable[[], bool], Publishing] = (
    lambda: False,
    lambda: nullcontext(True),
)  # whoever asks waits


@pytest.fixture
def served(content: Repository, tmp_path: Path) -> Iterator[Served]:
    with hosting(content, tmp_path) as found:
        yield found


def head(repository: Repository) -> str:
    return repository.git("rev-parse", "main")


def host_of(served: Served) -> Host:
    assert served.site.hooks is not None
    found = served.site.hooks._host
    assert isinstance(found, Host)
    return found


def test_what_is_pushed_is_in_the_first_answer(content: Repository, served: Served, tmp_path: Path) -> None:
    clone = clone_of(str(content.path), tmp_path)
    old = head(content)
    for number in range(5):
        new = clone.commit({"a.md": f"Pushed {number}, see [[b]].\n"})
        done = clone.git("push")
        assert done.returncode == 0, done.stderr
        answer = locally(served.app).get("/a")
        assert (answer.headers["Quire-Commit"], f"Pushed {number}" in answer.text) == (new, True)
    assert head(content) == new
    entries, _ = served.state.audit.entries(what="push")
    assert len(entries) == 5
    assert (entries[-1].who, entries[-1].address) == ("local", "")
    assert entries[-1].detail.startswith(f"{old[:12]}..")
    reader = served.app.test_client()
    assert 'href="/a"' in reader.get("/-/search?q=pushed").text
    assert 'href="/a"' in reader.get("/f/b").text
    assert new in reader.get("/-/feed.atom").text
    content.check()


def test_an_account_pushes_with_its_own_rights_and_name(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    served.add("edi", Role.EDITOR)
    served.add("rea", Role.READER)
    clone = clone_of(str(content.path), tmp_path)
    before, new = head(content), clone.commit({"a.md": "Pushed.\n"})
    ssh = {"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22"}
    done = clone.git("push", QUIRE_USER="rea", **ssh)
    assert told(done.stderr) == [
        "nothing was pushed: you may read, and not write; ask an admin for the role of an editor"
    ]
    done = clone.git("push", QUIRE_USER="no\x1bbody", **ssh)
    assert told(done.stderr)[0].startswith("nothing was pushed: there is no account 'no\\x1bbody'; name one")
    done = clone.git("push", QUIRE_USER="", **ssh)
    assert told(done.stderr) == [
        "nothing was pushed: QUIRE_USER is empty; name an account in it, where the key is"
    ]
    served.state.accounts.disable("edi", by=ADMIN)
    assert "the account edi is disabled" in clone.git("push", QUIRE_USER="edi", **ssh).stderr
    assert head(content) == before
    served.state.accounts.enable("edi", by=ADMIN)
    done = clone.git("push", QUIRE_USER="Edi", **ssh)
    assert done.returncode == 0, done.stderr
    assert head(content) == new
    (entry,), _ = served.state.audit.entries(what="push")
    assert (entry.who, entry.target, entry.address) == ("edi", "main", "192.0.2.7")
    assert served.app.test_client().get("/-/history/a").text.count("pushed by edi") == 1


def test_an_editor_pushes_no_hidden_file_and_whoever_runs_the_wiki_does(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    served.add("edi", Role.EDITOR)
    clone = clone_of(str(content.path), tmp_path)
    new = clone.commit({".hidden/a.txt": "Hidden.\n"})
    done = clone.git("push", QUIRE_USER="edi")
    assert "hidden files are for admins" in done.stderr
    assert clone.git("push").returncode == 0
    assert head(content) == new


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_refused_over_http_is_refused_here(
    content: Repository, served: Served, tmp_path: Path, name: str
) -> None:
    check_refused(clone_of(str(content.path), tmp_path), content, name)
    assert content.git("count-objects").split()[0] == content.git("rev-list", "--objects", "--all", "--count")


def test_only_the_branch_moves_and_only_forwards(content: Repository, served: Served, tmp_path: Path) -> None:
    clone = clone_of(str(content.path), tmp_path)
    before = content.git("show-ref")
    clone.commit({"a.md": "Pushed.\n"})
    for options, why in (
        (["HEAD:refs/heads/new"], "is a branch that the wiki does not show"),
        (["HEAD:refs/heads/other", "-f"], "is a branch that the wiki does not show"),
        (["HEAD:refs/tags/v1"], "is a reference that the wiki does not show"),
        (["HEAD:refs/heads/main", "HEAD:refs/heads/new"], "is a branch that the wiki does not show"),
        ([":main"], "cannot be deleted"),
        ([":other"], "is a branch that the wiki does not show"),
        (["HEAD~2:main", "-f"], "leaves out commits that are published"),
        (["--mirror"], "does not show"),
    ):
        done = clone.git("push", "origin", *options)
        assert done.returncode != 0
        assert why in done.stderr
        assert content.git("show-ref") == before


def test_git_looks_at_objects_and_sizes_before_the_wiki_does(content: Repository, tmp_path: Path) -> None:
    with hosting(content, tmp_path, push_bytes=1_000_000) as served:
        clone = clone_of(str(content.path), tmp_path)
        before = content.git("show-ref")
        mine = Repository(clone.path)
        tree = mine.git("rev-parse", "HEAD^{tree}")
        body = f"tree {tree}\nparent {head(content)}\nauthor x <y> z\ncommitter x <y> z\n\nOdd\n"
        bad = mine.raw_commit(body.encode())
        done = clone.git("push", "origin", f"{bad}:main")
        assert done.returncode != 0
        assert "fsck error" in done.stderr
        clone.commit({"m.bin": os.urandom(1_000_001)})
        assert "exceeds maximum allowed size" in clone.git("push").stderr
        assert content.git("show-ref") == before
        assert not served.state.audit.entries(what="push")[0]


@needs_strace
def test_each_object_of_a_push_is_on_disk_before_it_has_its_name(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    clone, trace = clone_of(str(content.path), tmp_path), tmp_path / "trace"
    clone.commit({"a.md": "Pushed.\n"})
    command = ["strace", "-f", "-y", "-o", str(trace), "-e", f"trace={CALLS}", "git", "push"]
    done = subprocess.run(command, cwd=clone.path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    synced, named = set[str](), list[bool]()
    for call in calls(trace.read_text()):
        if call.name == "fsync":
            synced.add(Path(call.file).name)
        elif call.name != "unlink" and call.paths and Path(call.paths[0]).name.startswith("tmp_obj_"):
            named.append(Path(call.paths[0]).name in synced)
    assert named == [True] * 3  # a blob, a tree, a commit


def test_a_work_tree_that_has_the_branch_follows_unless_a_file_has_changed_there(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain", bare=False)
    plain.commit({"a.md": "A\n", "b.md": "B\n"})
    plain.git("reset", "-q", "--hard")
    (tmp_path / "w").mkdir()
    with hosting(plain, tmp_path / "w"):
        clone = clone_of(str(plain.path), tmp_path)
        new = clone.commit({"a.md": "Pushed.\n", "n/c.md": "New.\n"})
        done = clone.git("push")
        assert done.returncode == 0, done.stderr
        assert head(plain) == new
        assert (plain.path / "a.md").read_text() == "Pushed.\n"
        assert (plain.path / "n" / "c.md").read_text() == "New.\n"
        assert plain.git("status", "--porcelain") == ""
        (plain.path / "b.md").write_text("Mine.\n")
        clone.commit({"b.md": "Pushed.\n"})
        done = clone.git("push")
        assert done.returncode != 0
        assert "b.md" in "".join(told(done.stderr))
        assert head(plain) == new
        assert (plain.path / "b.md").read_text() == "Mine.\n"


def test_a_folder_that_is_shown_is_pushed_to_by_admins(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.git")
    whole.commit({"pages/a.md": "A\n", "code/x.py": "x\n"})
    with hosting(whole, tmp_path, root="pages") as served:
        served.add("edi", Role.EDITOR)
        served.add("adi", Role.ADMIN)
        clone = clone_of(str(whole.path), tmp_path)
        clone.commit({"pages/a.md": "Pushed.\n"})
        assert "only admins can push to it" in clone.git("push", QUIRE_USER="edi").stderr
        assert clone.git("push", QUIRE_USER="adi").returncode == 0
        clone.commit({"code/x.py": "y\n"})
        assert clone.git("push").returncode == 0


def test_no_path_to_the_repository_leads_past_the_wiki(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    """What the server shows to git lies in the cache, and is a path to the same repository."""
    served.clone(name="shown")  # which makes it
    (facade,) = content.path.glob("quire/*/git")
    content.git("worktree", "add", "-q", str(tmp_path / "tree"), "other")
    before = content.git("show-ref")
    for place in (facade, tmp_path / "tree", content.path / "worktrees" / "tree"):
        name = f"by-{place.parent.name}"
        clone = clone_of(str(content.path), tmp_path, name)
        hostile(clone, "symbolic link")
        done = clone.git("push", str(place), "hostile:main")
        assert done.returncode != 0
        assert "l.md is a symbolic link" in done.stderr
        assert content.git("show-ref") == before


def test_of_other_hooks_those_that_decide_do_not_run(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    for name in ("update", "post-receive", "post-update", "push-to-checkout"):
        place = content.path / "hooks" / name
        place.write_text(f"#!/bin/sh\ntouch {tmp_path / name}\nexit 1\n")
        place.chmod(0o755)
    clone = clone_of(str(content.path), tmp_path)
    new = clone.commit({"a.md": "Pushed.\n"})
    assert clone.git("push").returncode == 0
    assert head(content) == new
    assert [place.name for place in tmp_path.glob("*pdate")] == ["post-update"]
    assert (tmp_path / "post-receive").exists()


def test_it_needs_no_clone_and_push_over_http(content: Repository, tmp_path: Path) -> None:
    with hosting(content, tmp_path, git=False) as served:
        assert served.site.transport is None
        assert locally(served.app).get("/wiki.git").status_code == 404
        clone = clone_of(str(content.path), tmp_path)
        new = clone.commit({"a.md": "Pushed.\n"})
        assert clone.git("push").returncode == 0
        assert locally(served.app).get("/a").headers["Quire-Commit"] == new


def test_a_push_over_http_does_not_ask_twice(content: Repository, served: Served) -> None:
    clone = served.clone()
    new = clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode == 0, done.stderr
    assert head(content) == new
    (entry,), _ = served.state.audit.entries(what="push")
    assert entry.address == "127.0.0.1"


def test_warnings_are_told_once(content: Repository, served: Served, tmp_path: Path) -> None:
    clone = clone_of(str(content.path), tmp_path)
    clone.commit({"a.md": "---\ntags: [a\n---\nPushed.\n"})
    done = clone.git("push")
    assert done.returncode == 0
    assert len(told(done.stderr)) == 1
    assert told(done.stderr)[0].startswith("a.md line ")


def test_what_is_published_was_checked_then(content: Repository, served: Served, tmp_path: Path) -> None:
    """Nothing is believed of what the first hook was told: its objects are looked at again, and the branch is."""
    deciding, old = host_of(served).receiver(None, ""), head(content)
    bad = content.commit(HOSTILE["symbolic link"][0], old, branch=None)
    said: list[str] = []
    refused = deciding.publish([Update("refs/heads/main", old, bad)], said.append, *WANTED)
    assert refused == {"refs/heads/main": "the wiki refused it"}
    assert "l.md is a symbolic link" in said[1]
    good = content.commit({"a.md": "Good.\n"}, old, branch=None)
    assert deciding.check([Update("refs/heads/main", old, good)], None, said.append, lambda: False)
    other = content.commit({"a.md": "Faster.\n"}, old)
    assert deciding.publish([Update("refs/heads/main", old, good)], said.append, *WANTED) == refused
    assert "the wiki has changed meanwhile" in said[-1]
    assert head(content) == other
    assert deciding.publish([Update("refs/heads/main", other, good)], said.append, *WANTED) == refused
    assert head(content) == other


def test_who_may_no_longer_is_refused_before_the_branch_moves(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    served.add("edi", Role.EDITOR)
    deciding, old = host_of(served).receiver("edi", ""), head(content)
    update = Update("refs/heads/main", old, content.commit({"a.md": "New.\n"}, old, branch=None))
    said: list[str] = []
    assert deciding.check([update], None, said.append, lambda: False)
    served.state.accounts.disable("edi", by=ADMIN)
    assert deciding.publish([update], said.append, *WANTED) == {"refs/heads/main": "the wiki refused it"}
    assert "disabled" in said[-1]
    assert head(content) == old


def test_a_place_that_is_no_quarantine_is_refused(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    deciding, old = host_of(served).receiver(None, ""), head(content)
    update = Update("refs/heads/main", old, content.commit({"a.md": "New.\n"}, old, branch=None))
    said: list[str] = []
    for place in (tmp_path, content.path / "objects", content.path / "objects" / "pack", tmp_path / "no"):
        assert not deciding.check([update], place, said.append, lambda: False)
    assert len(said) == 8


def test_what_another_user_brings_is_refused(
    content: Repository, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root can reach the socket of everybody; its objects would be in the way of the wiki's."""
    clone, before = clone_of(str(content.path), tmp_path), content.git("show-ref")
    clone.commit({"a.md": "Pushed.\n"})
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    why = "nothing was pushed: git runs as another user than the wiki; let it run as the same"
    assert told(clone.git("push").stderr) == [why]
    assert told(clone.git("push", "origin", ":other").stderr) == [why]
    said: list[str] = []
    assert not host_of(served).receiver(None, "").check([], tmp_path, said.append, lambda: False)
    assert said == [why]
    assert content.git("show-ref") == before


def test_no_more_than_some_are_decided_on_at_once(
    content: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hosting(content, tmp_path, git_operations=1) as served:
        host = host_of(served)
        monkeypatch.setattr(host.slots, "_wait", 0.2)
        clone = clone_of(str(content.path), tmp_path)
        new = clone.commit({"a.md": "Pushed.\n"})
        with Slots(served.transport.spool.parent, 1).taken():
            assert "too many clone or push at the same time" in clone.git("push").stderr
            update = Update("refs/heads/main", head(content), new)
            assert host.receiver(None, "").publish([update], print, *WANTED) == {
                "refs/heads/main": "the wiki refused it"
            }
        assert clone.git("push").returncode == 0
        assert head(content) == new


def test_where_no_wiki_runs_everything_is_refused(content: Repository, tmp_path: Path) -> None:
    install(content.path)
    clone = clone_of(str(content.path), tmp_path)
    before = content.git("show-ref")
    clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode != 0
    assert told(done.stderr) == [f"nothing was pushed: the wiki is not running: {shim.START}"]
    with hosting(content, tmp_path):
        pass
    assert "the wiki is not running" in clone.git("push").stderr
    assert content.git("show-ref") == before


@pytest.mark.parametrize("how", ["deleted", "empty", "of others"])
def test_where_git_would_move_the_branch_itself_everything_is_refused(
    content: Repository, served: Served, tmp_path: Path, how: str
) -> None:
    clone, place = clone_of(str(content.path), tmp_path), content.path / SETTINGS
    before = content.git("show-ref")
    if how == "of others":
        place.write_text("[receive]\n\tprocReceiveRefs = refs/for\n")
    elif how == "empty":
        place.write_text("")
    else:
        place.unlink()
    clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode != 0
    assert told(done.stderr) == [f"nothing was pushed: {shim.UNSET}"]
    assert content.git("show-ref") == before


def test_sockets_of_servers_that_are_no_more_are_passed_over(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    assert served.site.hooks is not None
    for name in ("0", "z"):
        left = socket.socket(socket.AF_UNIX)
        hooks_module._with_short_path(served.site.hooks.sockets / name, left.bind)
        left.close()
    (served.site.hooks.sockets / "00").write_text("no socket")
    clone = clone_of(str(content.path), tmp_path)
    new = clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode == 0, done.stderr
    assert head(content) == new


def test_whoever_deletes_the_cache_has_to_wait_a_little(
    content: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks_module, "LOOK", 0.05)
    with hosting(content, tmp_path) as served:
        assert served.site.hooks is not None
        shutil.rmtree(served.site.hooks.sockets)
        clone = clone_of(str(content.path), tmp_path)
        new = clone.commit({"a.md": "Pushed.\n"})
        done = _pushed_when_it_runs(clone.path)
        assert done.returncode == 0, done.stderr
        assert head(content) == new
    assert not [*served.site.hooks.sockets.iterdir()]


def test_another_user_is_told_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def closed(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "chdir", closed)
    with pytest.raises(PermissionError) as caught:
        shim.ask("pre-receive", [], str(tmp_path))
    assert (
        shim.why(caught.value) == f"{tmp_path} cannot be entered: git must run as the user that runs the wiki"
    )


def test_what_the_environment_says_of_a_socket_does_not_count(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    clone = clone_of(str(content.path), tmp_path)
    new = clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push", QUIRE_SOCKET=str(tmp_path / "none"), QUIRE_PUSH="f" * 32)
    assert done.returncode == 0, done.stderr
    assert head(content) == new


def test_a_child_does_not_hold_the_socket_of_its_parent(tmp_path: Path) -> None:
    """Else hooks would wait for a process that answers nobody."""
    program = f"""
import os, sys
from pathlib import Path
from wiki.transport.hooks import Hooks, listens
hooks = Hooks(Path({str(tmp_path)!r}))
hooks.listen(None)
assert listens(hooks.sockets)
if os.fork():
    os._exit(0)
sys.stdin.read()
print("the child lived", flush=True)
os._exit(0)
"""
    parent = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.wait(QUICK) == 0
    assert len([*(tmp_path / "sockets").iterdir()]) == 1
    answered = hooks_module.listens(tmp_path / "sockets")
    assert parent.communicate(timeout=QUICK)[0] == "the child lived\n"
    assert not answered


def test_the_end_of_a_server_waits_for_what_is_published(
    content: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hosting(content, tmp_path) as served:
        clone = clone_of(str(content.path), tmp_path)
        new = clone.commit({"a.md": "Pushed.\n"})
        begun, ending = threading.Event(), threading.Event()
        advance = served.site.wiki.pushing._store.advance

        def slow(*arguments: Any, **options: Any) -> None:
            begun.set()
            assert ending.wait(QUICK)
            advance(*arguments, **options)

        monkeypatch.setattr("engine.store.git_store.GitStore.advance", lambda self, *a, **o: slow(*a, **o))
        pushing = threading.Thread(target=clone.git, args=["push"])
        pushing.start()
        assert begun.wait(QUICK)
        assert served.site.hooks is not None
        closing = threading.Thread(target=served.site.hooks.close)
        closing.start()
        closing.join(0.2)
        assert closing.is_alive()
        ending.set()
        closing.join(QUICK)
        assert head(content) == new
        pushing.join(QUICK)
        assert not pushing.is_alive()


def test_a_check_stops_when_the_hook_is_gone(
    content: Repository, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, stopped = threading.Event(), threading.Event()

    class Waiting:
        def check(self, updates: object, quarantine: object, say: object, stop: Callable[[], bool]) -> bool:
            begun.set()
            while not stop():
                threading.Event().wait(0.01)
            stopped.set()
            return False

    monkeypatch.setattr(hooks_module, "ALIVE", 0.05)
    monkeypatch.setattr(Host, "receiver", lambda self, user, address: Waiting())
    assert served.site.hooks is not None
    (place,) = served.site.hooks.sockets.iterdir()
    with socket.socket(socket.AF_UNIX) as hook:
        hooks_module._with_short_path(place, hook.connect)
        hook.sendall(
            b'{"hook": "pre-receive", "updates": [], "quarantine": "", "user": null, "address": ""}\n'
        )
        assert begun.wait(QUICK)
        assert not stopped.is_set()
    assert stopped.wait(QUICK)


class SecondCheck:
    """Lets a test hold up the check that comes before the branch moves.

    Args:
        asked: Whether it asks meanwhile if it is still wanted.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, asked: bool) -> None:
        self.begun, self.ending = threading.Event(), threading.Event()
        check = Pushing.check

        def slow(pushing: Pushing, updates: Any, quarantine: Any, actor: Any, stop: Any) -> Any:
            if quarantine is None:  # else the first
                self.begun.set()
                while not (self.ending.is_set() or (asked and stop())):
                    self.ending.wait(0.01)
            return check(pushing, updates, quarantine, actor, stop if asked else lambda: False)

        monkeypatch.setattr(Pushing, "check", slow)


@pytest.mark.parametrize("asked", [True, False])
def test_nothing_is_published_after_the_end_of_a_server(
    content: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    with hosting(content, tmp_path) as served:
        clone, before = clone_of(str(content.path), tmp_path), content.git("show-ref")
        clone.commit({"a.md": "Pushed.\n"})
        second = SecondCheck(monkeypatch, asked=asked)
        pushing = threading.Thread(target=lambda: done.append(clone.git("push")))
        done: list[subprocess.CompletedProcess[str]] = []
        pushing.start()
        assert second.begun.wait(QUICK)
        assert served.site.hooks is not None
        started = time.monotonic()
        served.site.hooks.close()
        assert time.monotonic() - started < hooks_module.PUBLISHING  # nothing is being published
        if not asked:
            second.ending.set()
        pushing.join(QUICK)
        assert done[0].returncode != 0
        assert "nothing was pushed: " in done[0].stderr
        assert content.git("show-ref") == before


@pytest.mark.parametrize("asked", [True, False])
def test_nothing_is_published_when_the_hook_is_gone(
    content: Repository, served: Served, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    monkeypatch.setattr(hooks_module, "ALIVE", 0.05 if asked else QUICK)
    second, host, old = SecondCheck(monkeypatch, asked=asked), host_of(served), head(content)
    new = content.commit({"a.md": "Pushed.\n"}, old, branch=None)
    assert served.site.hooks is not None
    (place,) = served.site.hooks.sockets.iterdir()
    question = {"hook": "proc-receive", "updates": [[old, new, "refs/heads/main"]], "quarantine": ""}
    with socket.socket(socket.AF_UNIX) as hook:
        hooks_module._with_short_path(place, hook.connect)
        hook.sendall(json.dumps(question | {"user": None, "address": ""}).encode() + b"\n")
        assert second.begun.wait(QUICK)
    if not asked:
        second.ending.set()
    monkeypatch.setattr(host.slots, "_wait", QUICK)
    with ExitStack() as held:  # all slots: it has left its own
        for _ in range(served.site.settings.git_operations):
            held.enter_context(host.slots.taken())
    assert head(content) == old


def test_several_processes_answer_and_the_next_answer_of_each_shows_it(
    content: Repository, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--threads", "4", "--bind", "127.0.0.1:0"]
    command += ["--worker-tmp-dir", str(tmp_path), "wiki:create_app()"]
    install(content.path)
    clone = clone_of(str(content.path), tmp_path)
    with running(command, QUIRE_REPOSITORY=str(content.path), QUIRE_DATA=str(tmp_path / "data")) as server:
        port = port_of(server)
        for number in range(5):
            new = clone.commit({"a.md": f"Pushed {number}.\n"})
            done = _pushed_when_it_runs(clone.path) if number == 0 else git(clone.path, "push")
            assert done.returncode == 0, done.stderr
            for _ in range(4):
                status, page, headers = get(port, "/a")
                if "Quire-Stale" not in headers:
                    assert (status, headers["Quire-Commit"]) == (200, new)
                    assert f"Pushed {number}" in page
        assert head(content) == new
    content.check()


def _pushed_when_it_runs(clone: Path) -> subprocess.CompletedProcess[str]:
    """Push until somebody answers: gunicorn listens before its workers are there."""
    for _ in range(600):
        done = git(clone, "push")
        if "the wiki is not running" not in done.stderr:
            return done
    raise AssertionError("the server never came")
