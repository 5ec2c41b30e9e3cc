"""Push, with the real git."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.access import Role
from engine.errors import PushRefusedError, StoreError
from engine.pushing.pushing import Checked
from tests.people import locally
from tests.repositories import Repository, make
from tests.states import ADMIN, PASSWORD, audited
from tests.wiki.transport.serving import Clone, Served, git, serving
from tests.wiki.transport.test_cloning import ask


def head(repository: Repository, branch: str = "main") -> str:
    return repository.git("rev-parse", branch)


def remote_lines(said: str) -> list[str]:
    """Return what git shows of what the server says."""
    return [
        line.removeprefix("remote: ").rstrip() for line in said.splitlines() if line.startswith("remote:")
    ]


@pytest.mark.usefixtures("faked")
def test_what_is_pushed_is_there_when_the_push_returns(content: Repository, served: Served) -> None:
    clone = served.clone()
    new = clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode == 0, done.stderr
    assert remote_lines(done.stderr) == ["published �[31mas it came"]
    assert head(content) == new
    assert "Pushed." in locally(served.app).get("/a").text
    assert [actor.name for actor in served.pushing.checked] == ["local"]
    content.check()


@pytest.mark.parametrize("version", ["0", "2"])
def test_a_push_of_many_bytes_comes_in_parts(content: Repository, served: Served, version: str) -> None:
    clone = served.clone("", "-c", f"protocol.version={version}")
    new = clone.commit({f"m/{number}.bin": os.urandom(3_000_000) for number in range(3)})
    done = clone.git("push", GIT_TRACE_CURL="1", GIT_TRACE_CURL_NO_DATA="1")
    assert done.returncode == 0, done.stderr
    assert "transfer-encoding: chunked" in done.stderr.lower()
    assert head(content) == new
    assert len(list((content.path / "objects" / "pack").glob("*.pack"))) == 1
    content.check()
    assert [*served.transport.spool.iterdir()] == []


def test_few_objects_become_files_as_those_of_a_save(content: Repository, served: Served) -> None:
    clone = served.clone()
    clone.commit({"a.md": "Pushed.\n"})
    assert clone.git("push").returncode == 0
    assert [*(content.path / "objects" / "pack").glob("*.pack")] == []


@pytest.mark.usefixtures("faked")
def test_reasons_and_warnings_are_told(content: Repository, served: Served) -> None:
    clone = served.clone()
    before = head(content)
    new = clone.commit({"a.md": "Pushed.\n"})
    served.pushing.reasons = ["a.md: it is odd; make it even", "b.md: so is\x1b]0;x\x07 this"]
    done = clone.git("push")
    assert done.returncode != 0
    assert remote_lines(done.stderr) == [
        "nothing was pushed:",
        "  a.md: it is odd; make it even",
        "  b.md: so is\ufffd]0;x\ufffd this",
    ]
    assert head(content) == before
    assert content.git("count-objects").split()[0] == content.git("rev-list", "--objects", "--all", "--count")
    served.pushing.reasons, served.pushing.warnings = [], ["c.md: the front matter cannot be read"]
    done = clone.git("push")
    assert remote_lines(done.stderr)[0] == "c.md: the front matter cannot be read"
    assert head(content) == new


@pytest.mark.parametrize(
    "reference",
    [
        "refs/heads/new",
        "refs/heads/other",
        "refs/tags/v1",
        "refs/notes/commits",
        "refs/quire/x",
        "refs/heads/-x",
    ],
)
@pytest.mark.usefixtures("faked")
def test_git_moves_no_reference_by_itself(content: Repository, served: Served, reference: str) -> None:
    clone = served.clone()
    before = content.git("show-ref")
    clone.commit({"a.md": "Pushed.\n"})
    for force in ("", "+"):
        done = clone.git("push", "origin", f"{force}HEAD:{reference}")
        assert done.returncode != 0
        assert "cannot be pushed; push main" in done.stderr
    both = clone.git("push", "origin", "HEAD:refs/heads/main", f"HEAD:{reference}")
    assert "cannot be pushed; push main" in both.stderr
    assert content.git("show-ref") == before


def test_the_branch_cannot_be_deleted_by_git_itself(content: Repository, served: Served) -> None:
    clone = served.clone()
    assert clone.git("push", "origin", ":main").returncode != 0
    assert clone.git("push", "--mirror").returncode != 0
    assert content.git("rev-parse", "main") == clone.git("rev-parse", "HEAD").stdout.strip()


def test_other_branches_are_not_told_to_who_pushes(served: Served) -> None:
    _, body, _ = ask(served, "GET", "/wiki.git/info/refs?service=git-receive-pack")
    assert b"refs/heads/main" in body or b"Say who" in body
    assert b"other" not in body
    refs = served.clone().git("push", "--dry-run", "--porcelain", "origin", "HEAD:main")
    assert refs.returncode == 0


@pytest.mark.usefixtures("faked")
def test_no_hook_and_no_filter_of_the_repository_runs(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    trap = tmp_path / "trapped"
    hooks = content.path / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "pre-receive",
        "update",
        "post-receive",
        "post-update",
        "reference-transaction",
        "proc-receive",
    ):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {trap}\n")
        (hooks / name).chmod(0o755)
    content.git("config", "core.hooksPath", str(hooks))
    content.git("config", "receive.denyNonFastForwards", "true")
    content.git("config", "receive.advertisePushOptions", "true")
    clone = served.clone()
    clone.commit(
        {".gitattributes": "* filter=bad diff=bad merge=bad\n", ".gitmodules": "[x]\n", "a.md": "Pushed.\n"}
    )
    assert clone.git("push").returncode == 0
    assert not trap.exists()
    assert sorted(p.name for p in served.transport.hooks.written().iterdir()) == [
        "pre-receive",
        "proc-receive",
    ]


def test_where_the_branch_is_checked_out_git_leaves_the_files_to_the_wiki(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain", bare=False)
    plain.commit({"a.md": "A\n"})
    plain.git("reset", "-q", "--hard")
    (tmp_path / "one").mkdir()
    with serving(plain, tmp_path / "one") as served:
        clone = served.clone()
        new = clone.commit({"a.md": "Pushed.\n"})
        assert clone.git("push").returncode == 0
        assert plain.git("rev-parse", "main") == new
        assert not (plain.path / ".git" / "quire" / "logs").exists()


def test_who_pushed_is_written_down_and_shown_where_they_are_not_the_author(
    content: Repository, served: Served
) -> None:
    served.add("edi", Role.EDITOR)
    clone = served.clone(served.url("edi"))
    old = head(content)
    new = clone.commit({"a.md": "Pushed.\n"}, "By Grace")
    assert clone.git("push").returncode == 0
    mine = clone.git(
        "commit", "-q", "--allow-empty", "-m", "Mine", GIT_AUTHOR_NAME="edi", GIT_AUTHOR_EMAIL="edi@localhost"
    )
    assert mine.returncode == 0
    mine = clone.git(
        *("commit", "-q", "--allow-empty", "-m", "As edi"), GIT_AUTHOR_NAME="edi", GIT_AUTHOR_EMAIL="e@b.c"
    )
    assert mine.returncode == 0
    clone.commit({"a.md": "Pushed again.\n"}, "By Grace, too")
    assert clone.git("push").returncode == 0
    (second, first), _ = served.state.audit.entries(what="push")
    assert (first.who, first.target, first.address) == ("edi", "main", "127.0.0.1")
    assert first.detail == f"{old[:12]}..{new[:12]}, 1 commits"
    assert second.detail.endswith(", 3 commits")
    author = content.git("log", "-1", "--format=%an <%ae> %cn", new)
    assert author == "Grace <grace@example.org> Grace"
    client = served.app.test_client()
    assert client.get("/-/history/a").text.count("pushed by edi") == 2
    assert client.get("/-/recent").text.count("pushed by edi") == 2


@pytest.mark.usefixtures("faked")
def test_a_refused_push_is_not_written_down(served: Served) -> None:
    clone = served.clone()
    clone.commit({"a.md": "Pushed.\n"})
    served.pushing.reasons = ["no"]
    count = audited(served.state)
    assert clone.git("push").returncode != 0
    assert audited(served.state) == count


@pytest.mark.usefixtures("faked")
def test_what_somebody_may_do_is_asked_again_before_the_check_and_before_the_branch_moves(
    content: Repository, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.add("edi", Role.EDITOR)
    served.add("adi", Role.EDITOR)
    token = served.token("gone", Role.EDITOR)
    before = content.git("show-ref")
    check: Callable[..., Checked] = served.pushing.check
    changes = {
        "gone": lambda: served.state.tokens.revoke(served.state.tokens.named("gone").id, by=ADMIN),
        "edi": lambda: served.state.accounts.disable("edi", by=ADMIN),
        "adi": lambda: served.state.accounts.set_role("adi", Role.ADMIN, by=ADMIN),
    }

    def checked(who: str, *arguments: Any) -> Checked:
        found = check(*arguments, lambda: False)
        changes[who]()
        return found

    for who in changes:
        clone = served.clone(served.url(who, token if who == "gone" else PASSWORD), name=who)
        clone.commit({"a.md": f"By {who}.\n"})
        monkeypatch.setattr(served.pushing, "check", lambda *given, who=who, **more: checked(who, *given))
        done = clone.git("push")
        assert done.returncode != 0
        assert "remote:   what you may do has changed meanwhile; push again" in done.stderr
        assert content.git("show-ref") == before
    monkeypatch.setattr(served.pushing, "check", check)
    count = len(served.pushing.checked)
    served.add("last", Role.EDITOR)
    clone = served.clone(served.url("last"))
    clone.commit({"a.md": "By last.\n"})

    plain = served.transport._backend.start

    def start(service: str, *, advertise: bool, **options: Any) -> Any:
        if not advertise and service == "git-receive-pack":
            served.state.accounts.disable("last", by=ADMIN)
        return plain(service, advertise=advertise, **options)

    monkeypatch.setattr(served.transport._backend, "start", start)
    assert "what you may do has changed meanwhile" in clone.git("push").stderr
    assert len(served.pushing.checked) == count
    assert content.git("show-ref") == before
    assert not served.state.audit.entries(what="push")[0]


@pytest.mark.usefixtures("faked")
def test_a_push_that_moved_the_branch_is_ok_whatever_failed_afterwards(
    content: Repository, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = served.pushing.publish

    def failing(*arguments: Any) -> None:
        publish(*arguments)
        raise OSError("no space left")

    monkeypatch.setattr(served.pushing, "publish", failing)
    clone = served.clone()
    new = clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert (done.returncode, head(content)) == (0, new), done.stderr
    assert "remote: Published, but something went wrong here" in done.stderr
    assert len(served.state.audit.entries(what="push")[0]) == 1


@pytest.mark.parametrize("error", [PushRefusedError("it moved"), StoreError("it broke"), RuntimeError("oh")])
@pytest.mark.usefixtures("faked")
def test_a_push_that_did_not_move_the_branch_is_not_written_down_as_one(
    content: Repository, served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def failing(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(served.pushing, "publish", failing)
    clone, before = served.clone(), head(content)
    clone.commit({"a.md": "Pushed.\n"})
    assert clone.git("push").returncode != 0
    assert head(content) == before
    assert not served.state.audit.entries(what="push")[0]


def test_a_push_that_is_too_large_is_refused(content: Repository, tmp_path: Path) -> None:
    with serving(content, tmp_path, push_bytes=3_000_000) as served:
        clone = served.clone()
        before = head(content)
        clone.commit({"m.bin": os.urandom(3_000_001)})
        done = clone.git("push")
        assert done.returncode != 0
        assert "HTTP 413" in done.stderr
        status, body, _ = ask(
            served,
            "POST",
            "/wiki.git/git-receive-pack",
            bytes(3_000_001),
            Content_Type="application/x-git-receive-pack-request",
        )
        assert (status, b"3,000,000" in body) == (413, True)
        clone.commit({"n.bin": os.urandom(40_000_000)})
        assert clone.git("push").returncode != 0
        assert head(content) == before
        assert [*served.transport.spool.iterdir()] == []


def line(text: bytes) -> bytes:
    return b"%04x%b" % (len(text) + 4, text)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (
            b"".join(line(b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/%d" % n) for n in range(1_100))
            + b"0000",
            413,
        ),
        (b"zzzz", 422),
        (b"0003", 422),
        (b"fff0" + b"x" * 65_516, 422),
        (line(b"push-cert\0report-status") + line(b"certificate version 0.1\n") + b"0000", 422),
    ],
)
def test_more_references_than_anybody_pushes_are_refused(served: Served, body: bytes, status: int) -> None:
    kind = "application/x-git-receive-pack-request"
    assert ask(served, "POST", "/wiki.git/git-receive-pack", body, Content_Type=kind)[0] == status


def test_a_pack_that_is_broken_changes_nothing(content: Repository, served: Served) -> None:
    before = content.git("show-ref")
    command = line(f"{head(content)} {'1' * 40} refs/heads/main\0report-status side-band-64k".encode())
    for pack in (
        b"",
        b"PACK",
        b"PACK" + bytes(8),
        os.urandom(500),
        b"PACK\0\0\0\2\xff\xff\xff\xff" + bytes(100),
    ):
        answer = ask(
            served,
            "POST",
            "/wiki.git/git-receive-pack",
            command + b"0000" + pack,
            Content_Type="application/x-git-receive-pack-request",
        )
        assert answer[0] == 200
        assert b"unpack" in answer[1]
        assert b"ok refs/heads/main" not in answer[1]
    assert content.git("show-ref") == before
    served.waits()
    assert not [*(content.path / "objects").glob("tmp_objdir*")]


def test_where_a_folder_is_shown_only_admins_have_the_whole_repository(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.git")
    whole.commit({"pages/a.md": "A\n", "code/x.py": "x\n"})
    with serving(whole, tmp_path, root="pages") as served:
        assert served.try_clone(name="local").returncode != 0
        served.add("adi", Role.ADMIN)
        served.add("edi", Role.EDITOR)
        done = served.try_clone(served.url("edi"), name="no")
        assert "remote: The wiki shows one folder of the repository" in done.stderr
        clone = served.clone(served.url("adi"))
        clone.commit({"pages/a.md": "Pushed.\n"})
        assert clone.git("push").returncode == 0


def test_a_shallow_clone_pushes(content: Repository, served: Served) -> None:
    clone = served.clone("", "--depth", "1")
    new = clone.commit({"a.md": "Pushed.\n"})
    assert clone.git("push").returncode == 0
    assert head(content) == new
    assert not (content.path / "shallow").exists()


def test_git_asks_for_a_password_where_it_has_a_helper(
    content: Repository, served: Served, tmp_path: Path
) -> None:
    served.add("edi", Role.EDITOR)
    clone = served.clone()
    new = clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode != 0
    assert "could not read Username" in done.stderr
    helper = f"!f() {{ echo username=edi; echo 'password={PASSWORD}'; }}; f"
    assert clone.git("-c", f"credential.helper={helper}", "push").returncode == 0
    assert head(content) == new


def test_two_who_push_at_once_get_one_in(content: Repository, served: Served) -> None:
    one, two = served.clone(name="one"), served.clone(name="two")
    one.commit({"a.md": "One.\n"})
    two.commit({"a.md": "Two.\n"})
    assert one.git("push").returncode == 0
    assert "fetch first" in two.git("push").stderr


def test_an_empty_wiki_takes_the_first_push(repository: Repository, tmp_path: Path) -> None:
    with serving(repository, tmp_path) as served:
        (tmp_path / "new").mkdir()
        assert git(tmp_path / "new", "init", "-q", "-b", "main").returncode == 0
        clone = Clone(tmp_path / "new")
        new = clone.commit({"index.md": "# Hello\n"})
        done = clone.git("push", served.url(), "main")
        assert done.returncode == 0, done.stderr
        assert head(repository) == new
        assert "Hello" in locally(served.app).get("/").text


def test_what_a_killed_push_has_left_behind_is_removed_after_a_day(
    content: Repository, served: Served
) -> None:
    old, new, other = (
        content.path / "objects" / name
        for name in ("tmp_objdir-incoming-old", "tmp_objdir-incoming-new", "tmp_objdir-bulk-old")
    )
    for place in (old, new, other):
        (place / "pack").mkdir(parents=True)
        (place / "pack" / "tmp_pack_x").write_bytes(b"x")
        (place / "pack" / "tmp_pack_x").chmod(0o444)
    for place in (old, other):
        os.utime(place, (time.time() - 100_000,) * 2)
    clone = served.clone()
    assert old.exists()
    clone.commit({"a.md": "Pushed.\n"})
    assert clone.git("push").returncode == 0
    assert [place.exists() for place in (old, new, other)] == [False, True, True]
