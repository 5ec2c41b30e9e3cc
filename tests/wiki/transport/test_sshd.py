"""Clone and push by ssh, with a real sshd: what docs/git.md says of it."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.access import Role
from tests.people import locally
from tests.repositories import Repository, make
from tests.states import ADMIN
from tests.wiki.transport import sshd as sshd_module
from tests.wiki.transport.installing import HOSTILE, check_refused, clone_of, hosting, install, told
from tests.wiki.transport.serving import Clone, Served
from tests.wiki.transport.sshd import KEYS, Sshd, listening

DOCS = Path(__file__).parent.parent.parent.parent / "docs" / "git.md"


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if why := sshd_module.missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with listening(tmp_path_factory.mktemp("sshd")) as found:
        yield found


@pytest.fixture
def served(content: Repository, tmp_path: Path) -> Iterator[Served]:
    with hosting(content, tmp_path) as found:
        found.add("ada", Role.EDITOR)
        found.add("bob", Role.EDITOR)
        yield found


def clone_by(sshd: Sshd, key: str, repository: Repository, folder: Path) -> Clone:
    """Clone by ssh; what the clone does later comes with the same key."""
    clone = clone_of(f"wiki:{repository.path}", folder, key, **sshd.client(key))
    assert clone.git("config", "core.sshCommand", sshd.client(key)["GIT_SSH_COMMAND"]).returncode == 0
    return clone


def head(repository: Repository) -> str:
    return repository.git("rev-parse", "main")


def test_what_is_pushed_is_in_the_first_answer(
    content: Repository, served: Served, sshd: Sshd, tmp_path: Path
) -> None:
    clone = clone_by(sshd, "own", content, tmp_path)
    assert clone.git("rev-parse", "HEAD").stdout.strip() == head(content)
    for number in range(3):
        new = clone.commit({"a.md": f"Pushed {number}.\n"})
        done = clone.git("push")
        assert done.returncode == 0, done.stderr
        answer = locally(served.app).get("/a")
        assert (answer.headers["Quire-Commit"], f"Pushed {number}" in answer.text) == (new, True)
    assert head(content) == new
    assert (entry := served.state.audit.entries(what="push")[0][0]).who == "local"
    assert (entry.target, entry.address) == ("main", "127.0.0.1")
    content.check()


@pytest.mark.parametrize("key", ["ada", "bob"])
def test_a_key_is_somebodys(
    content: Repository, served: Served, sshd: Sshd, tmp_path: Path, key: str
) -> None:
    """Whatever name the client sends; `SetEnv` sends one with each command here."""
    clone = clone_by(sshd, key, content, tmp_path)
    new = clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode == 0, done.stderr
    assert head(content) == new
    (entry,), _ = served.state.audit.entries(what="push")
    assert (entry.who, entry.address) == (key, "127.0.0.1")
    assert f"pushed by {key}" in served.app.test_client().get("/-/history/a").text
    before = content.git("show-ref")
    clone.commit({".hidden/a.txt": "Hidden.\n"})
    assert "hidden files are for admins" in clone.git("push").stderr
    served.state.accounts.set_role(key, Role.READER, by=ADMIN)
    assert "you may read, and not write" in clone.git("push").stderr
    served.state.accounts.disable(key, by=ADMIN)
    assert f"the account {key} is disabled" in clone.git("push").stderr
    assert content.git("show-ref") == before


def test_a_key_of_nobody_pushes_nothing(
    content: Repository, served: Served, sshd: Sshd, tmp_path: Path
) -> None:
    clone = clone_by(sshd, "nobody", content, tmp_path)
    before = content.git("show-ref")
    clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode != 0
    assert told(done.stderr)[0].startswith("nothing was pushed: there is no account 'nobody'")
    assert content.git("show-ref") == before


@pytest.mark.parametrize(
    "command", ["id", "", "QUIRE_USER=eve git-receive-pack", "git-receive-pack;id", "env"]
)
def test_a_key_opens_no_shell(sshd: Sshd, command: str) -> None:
    done = sshd.run("ada", *filter(None, [command]))
    assert done.returncode != 0
    assert not done.stdout


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pushes_are_refused_with_the_reason(
    content: Repository, served: Served, sshd: Sshd, tmp_path: Path, name: str
) -> None:
    check_refused(clone_by(sshd, "ada", content, tmp_path), content, name)


def test_only_the_branch_moves_and_only_forwards(
    content: Repository, served: Served, sshd: Sshd, tmp_path: Path
) -> None:
    clone = clone_by(sshd, "own", content, tmp_path)
    before = content.git("show-ref")
    assert clone.git("commit", "-q", "--amend", "-m", "Another").returncode == 0
    for options, why in (
        (["HEAD:refs/heads/new"], "is a branch that the wiki does not show"),
        (["HEAD:refs/tags/v1"], "is a reference that the wiki does not show"),
        ([":main"], "cannot be deleted"),
        (["-f", "HEAD:main"], "leaves out commits that are published"),
    ):
        done = clone.git("push", "origin", *options)
        assert done.returncode != 0
        assert why in "".join(told(done.stderr))
        assert content.git("show-ref") == before


def test_where_no_wiki_runs_everything_is_refused(content: Repository, sshd: Sshd, tmp_path: Path) -> None:
    install(content.path)
    clone = clone_by(sshd, "ada", content, tmp_path)
    before = content.git("show-ref")
    clone.commit({"a.md": "Pushed.\n"})
    done = clone.git("push")
    assert done.returncode != 0
    assert told(done.stderr)[0].startswith(
        "nothing was pushed: the wiki is not running: start it, and push again"
    )
    assert content.git("show-ref") == before


def test_a_work_tree_that_has_the_branch_follows_unless_a_file_has_changed_there(
    sshd: Sshd, tmp_path: Path
) -> None:
    plain = make(tmp_path / "plain", bare=False)
    plain.commit({"a.md": "A\n", "b.md": "B\n"})
    plain.git("reset", "-q", "--hard")
    (tmp_path / "w").mkdir()
    with hosting(plain, tmp_path / "w"):
        clone = clone_by(sshd, "own", plain, tmp_path)
        new = clone.commit({"a.md": "Pushed.\n"})
        done = clone.git("push")
        assert done.returncode == 0, done.stderr
        assert head(plain) == new
        assert (plain.path / "a.md").read_text() == "Pushed.\n"
        assert plain.git("status", "--porcelain") == ""
        (plain.path / "b.md").write_text("Mine.\n")
        clone.commit({"b.md": "Pushed.\n"})
        done = clone.git("push")
        assert done.returncode != 0
        assert "b.md" in "".join(told(done.stderr))
        assert head(plain) == new
        assert (plain.path / "b.md").read_text() == "Mine.\n"


def test_reading_asks_nobody(content: Repository, served: Served, sshd: Sshd, tmp_path: Path) -> None:
    """As docs/git.md warns: git itself gives all of the repository, also where the account may do nothing."""
    served.state.accounts.disable("ada", by=ADMIN)
    clone = clone_by(sshd, "ada", content, tmp_path)
    assert clone.git("rev-parse", "origin/other").stdout.strip() == content.git("rev-parse", "other")


def test_the_manual_says_what_is_tested_here() -> None:
    text = DOCS.read_text(encoding="utf-8")
    before = KEYS["ada"].format(shell="git-shell")
    assert f"{before} ssh-ed25519 AAAA" in text
    assert 'command="env QUIRE_USER=ada /usr/local/bin/only-wiki"' in text
    assert re.search(r"^AcceptEnv GIT_PROTOCOL$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("asked", "let_through"),
    [
        ("git-upload-pack '/srv/wiki.git'", True),
        ("git-receive-pack '/srv/wiki.git'", True),
        ("git-receive-pack '/srv/other.git'", False),
        ("git-receive-pack '/srv/wiki.git/../other.git'", False),
        ("git-receive-pack '/srv/wiki.git' ; id", False),
        ("git-upload-archive '/srv/wiki.git'", False),
        ("", False),
    ],
)
def test_the_command_of_the_manual_lets_one_path_through(
    tmp_path: Path, asked: str, let_through: bool
) -> None:
    (script,) = re.findall(
        r"^```sh\n(#!/bin/sh\ncase.*?)^```", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "only-wiki").write_text(script)
    (tmp_path / "git-shell").write_text('#!/bin/sh\nprintf %s "$2"\n')
    for name in ("only-wiki", "git-shell"):
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [str(tmp_path / "only-wiki")],
        env={"PATH": str(tmp_path), "SSH_ORIGINAL_COMMAND": asked},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == ((0, asked) if let_through else (1, ""))
