"""``quire hook``: what it puts into a repository, what it leaves alone, and that it goes without a trace."""

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.repositories import Repository, make
from tests.wiki.transport.serving import git, serving
from wiki.cli import quire

SETTINGS = "quire-receive.config"
HOOKS = ("pre-receive", "proc-receive")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no settings of whoever runs the tests count."""
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)


@pytest.fixture
def content(repository: Repository) -> Repository:
    repository.commit({"a.md": "Some text.\n"})
    return repository


def hook(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(quire, ["hook", *map(str, arguments)], env=environment)


def refusal(*arguments: str | Path, **environment: str) -> str:
    """Return why it is refused."""
    done = hook(*arguments, **environment)
    assert done.exit_code != 0
    assert not done.stdout
    return str(done.exception)


def files(folder: Path) -> Mapping[str, bytes]:
    """Return what git's folder holds besides objects, and what is derived."""
    return {
        str(place.relative_to(folder)): place.read_bytes()
        for place in folder.rglob("*")
        if place.is_file() and place.relative_to(folder).parts[0] not in {"objects", "quire"}
    }


@pytest.mark.parametrize("bare", [True, False])
def test_hooks_and_settings_are_there_and_go_without_a_trace(tmp_path: Path, bare: bool) -> None:
    repository = make(tmp_path / "r", bare=bare)
    repository.commit({"a.md": "A\n"})
    common = repository.path if bare else repository.path / ".git"
    before = files(common)
    done = hook("install", repository.path)
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{common / SETTINGS} is written",
        f"{common / 'config'} includes {SETTINGS}",
        f"{common / 'hooks' / 'pre-receive'} is written",
        f"{common / 'hooks' / 'proc-receive'} is written",
    ]
    assert "no wiki runs that would answer them" in done.stderr
    after = files(common)
    assert after.keys() - before.keys() == {SETTINGS, *(f"hooks/{name}" for name in HOOKS)}
    assert {name for name in before if before[name] != after[name]} == {"config"}
    assert after["config"] == before["config"] + f"[include]\n\tpath = {SETTINGS}\n".encode()
    assert repository.git("config", "--file", str(common / SETTINGS), "--list").splitlines() == [
        "core.fsync=committed,loose-object,reference",
        "receive.procreceiverefs=refs",
        "receive.maxinputsize=500000000",
        "receive.autogc=false",
        "receive.shallowupdate=false",
        "receive.fsckobjects=true",
        "receive.fsck.hasdot=ignore",
        "receive.fsck.hasdotdot=ignore",
        "receive.fsck.hasdotgit=ignore",
    ]
    for name in HOOKS:
        assert stat.S_IMODE((common / "hooks" / name).stat().st_mode) == 0o755
        assert f"{name} {common}/quire/" in after[f"hooks/{name}"].decode()
    assert hook("install", repository.path).stdout == "all is there already\n"
    assert files(common) == after
    done = hook("remove", repository.path)
    assert done.stdout.splitlines() == [
        f"{common / 'hooks' / 'pre-receive'} is removed",
        f"{common / 'hooks' / 'proc-receive'} is removed",
        f"{common / 'config'} includes {SETTINGS} no longer",
        f"{common / SETTINGS} is removed",
    ]
    assert files(common) == before
    assert hook("remove", repository.path).stdout == "nothing of ours is there\n"


def test_what_others_have_set_and_put_there_stays(content: Repository) -> None:
    content.git("config", "receive.denyDeletes", "true")
    content.git("config", "receive.maxInputSize", "7")
    content.git("config", "include.path", "theirs")
    content.git("config", "receive.procReceiveRefs", "m:refs/for")
    (content.path / "hooks").mkdir(exist_ok=True)
    (content.path / "hooks" / "post-receive").write_text("#!/bin/sh\n")
    before = files(content.path)
    assert hook("install", content.path).exit_code == 0
    assert content.git("config", "receive.maxInputSize") == "500000000"
    assert files(content.path)["config"].startswith(before["config"].rstrip())
    assert hook("remove", content.path).exit_code == 0
    assert files(content.path) == before


def test_once_more_brings_up_to_date(content: Repository) -> None:
    assert hook("install", content.path).exit_code == 0
    new = files(content.path)
    place = content.path / "hooks" / "pre-receive"
    place.write_text(place.read_text().replace("exec ", "exec /old"))
    done = hook("install", content.path, QUIRE_PUSH_BYTES="1000000")
    assert done.stdout.splitlines() == [f"{content.path / SETTINGS} is written", f"{place} is written"]
    assert content.git("config", "receive.maxInputSize") == "1000000"
    place.chmod(0o644)
    assert hook("install", content.path).exit_code == 0
    assert files(content.path) == new
    assert os.access(place, os.X_OK)


@pytest.mark.parametrize("name", [*(f"hooks/{name}" for name in HOOKS), SETTINGS])
@pytest.mark.parametrize("how", ["file", "link", "binary"])
def test_what_is_not_ours_is_neither_overwritten_nor_removed(
    content: Repository, tmp_path: Path, name: str, how: str
) -> None:
    place = content.path / name
    place.parent.mkdir(exist_ok=True)
    if how == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        place.write_bytes(b"#!/bin/sh\nexit 0\n" if how == "file" else b"\xff" * 500)
    before = files(content.path)
    assert (
        refusal("install", content.path)
        == f"{place} is there already, and not ours; move it away, and try again"
    )
    assert hook("remove", content.path).stdout == "nothing of ours is there\n"
    assert files(content.path) == before
    assert place.is_symlink() == (how == "link")


def test_a_hook_that_somebody_has_put_in_the_place_of_ours_stays(content: Repository) -> None:
    assert hook("install", content.path).exit_code == 0
    place = content.path / "hooks" / "pre-receive"
    place.write_text("#!/bin/sh\nexit 0\n")
    assert hook("show", content.path).stdout.startswith(f"{place} is another one\n")
    assert hook("remove", content.path).exit_code == 0
    assert [path.name for path in (content.path / "hooks").glob("*-receive")] == ["pre-receive"]


def test_where_git_would_run_other_hooks_none_are_put_there(content: Repository, tmp_path: Path) -> None:
    before = files(content.path)
    (tmp_path / "global").write_text("[core]\n\thooksPath = /elsewhere\n")
    why = refusal("install", content.path, GIT_CONFIG_GLOBAL=str(tmp_path / "global"))
    assert why.startswith("the setting core.hooksPath is '/elsewhere', so git would run no hook of ")
    assert files(content.path) == before
    content.git("config", "core.hooksPath", "other")
    assert "core.hooksPath is 'other'" in refusal("install", content.path)
    content.git("config", "core.hooksPath", str(content.path / "hooks"))
    assert hook("install", content.path).exit_code == 0
    content.git("config", "core.hooksPath", "other")
    assert "core.hooksPath is 'other'" in hook("show", content.path).stdout


def test_hooks_that_several_repositories_share_are_left_alone(content: Repository, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    for sample in (content.path / "hooks").glob("*"):
        sample.unlink()
    (content.path / "hooks").rmdir()
    (content.path / "hooks").symlink_to(tmp_path / "shared")
    assert "other repositories may use what is there" in refusal("install", content.path)
    assert not [*(tmp_path / "shared").iterdir()]


def test_settings_that_would_count_over_ours_are_named(content: Repository) -> None:
    with (content.path / "config").open("a") as config:
        config.write("[include]\n\tpath = theirs\n[receive]\n\tfsckObjects = false\n")
    before = files(content.path)
    why = refusal("install", content.path)
    assert why.startswith(
        "the setting receive.fsckObjects is 'false' and counts over ours, 'true'; take it away: git"
    )
    assert files(content.path) == before
    content.git("config", "--unset-all", "receive.fsckObjects")
    assert hook("install", content.path).exit_code == 0
    with (content.path / "config").open("a") as config:
        config.write("[receive]\n\tmaxInputSize = 0\n")
    assert "receive.maxInputSize is '0'" in hook("show", content.path).stdout
    assert "receive.maxInputSize is '0'" in refusal("install", content.path)


@pytest.mark.parametrize("again", [False, True])
def test_where_it_fails_half_way_all_is_as_before(
    content: Repository, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    if again:
        assert hook("install", content.path, QUIRE_PUSH_BYTES="1000000").exit_code == 0
        place = content.path / "hooks" / "pre-receive"
        place.write_text(place.read_text() + "# old\n")
    (content.path / "hooks" / "proc-receive").unlink(missing_ok=True)
    before, replace = files(content.path), Path.replace

    def full(temporary: Path, target: Path) -> Path:
        if target.name == "proc-receive":
            raise OSError(errno.ENOSPC, "No space left on device")
        return replace(temporary, target)

    monkeypatch.setattr(Path, "replace", full)
    place = content.path / "hooks" / "proc-receive"
    assert refusal("install", content.path) == f"{place} cannot be written: No space left on device"
    assert files(content.path) == before
    assert before.get("hooks/pre-receive", b"# old\n").endswith(b"# old\n")


def test_all_work_trees_of_a_repository_share_them(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain", bare=False)
    plain.commit({"pages/a.md": "A\n"})
    plain.git("reset", "-q", "--hard")
    plain.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    assert hook("install", tmp_path / "side" / "pages", "--branch", "main").exit_code == 0
    assert all((plain.path / ".git" / "hooks" / name).exists() for name in HOOKS)
    assert hook("install", plain.path / "pages").stdout == "all is there already\n"


def test_where_no_branch_is_served_there_is_nothing_to_push_to(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain", bare=False)
    plain.commit({"a.md": "A\n"})
    plain.git("checkout", "-q", "--detach", "main")
    assert "name one with --branch" in refusal("install", plain.path)
    assert hook("install", plain.path, "--branch", "main").exit_code == 0
    assert "is not in a git repository" in refusal("install", tmp_path)


def test_it_is_said_whether_they_are_there_and_answered(content: Repository, tmp_path: Path) -> None:
    done = hook("show", content.path)
    assert done.exit_code == 1
    *missing, answered = done.stdout.splitlines()
    assert len(missing) == 4
    assert answered.startswith("no wiki answers in ")
    with serving(content, tmp_path):
        assert hook("show", content.path).exit_code == 1
        done = hook("install", content.path)
        assert not done.stderr
        done = hook("show", content.path)
        assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "hooks and settings are there")
        other = hook("show", content.path, "--cache", tmp_path / "cache")
        assert (other.exit_code, "is another one" in other.stdout) == (1, True)
    done = hook("show", content.path)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (1, "hooks and settings are there")


def test_without_the_hooks_git_takes_nothing(content: Repository, tmp_path: Path) -> None:
    assert hook("install", content.path).exit_code == 0
    before = content.git("show-ref")
    assert git(tmp_path, "clone", "-q", str(content.path), "clone").returncode == 0
    clone = tmp_path / "clone"
    assert git(clone, "commit", "-q", "--allow-empty", "-m", "More").returncode == 0
    for name in HOOKS:
        (content.path / "hooks" / name).unlink()
    assert git(clone, "push").returncode != 0
    assert content.git("show-ref") == before


def test_who_has_a_key_with_a_name_may_run_the_commands_as_well(content: Repository) -> None:
    assert hook("install", content.path, QUIRE_USER="ada").exit_code == 0


def test_the_doctor_knows_the_settings_for_ours(content: Repository) -> None:
    assert hook("install", content.path).exit_code == 0
    done = CliRunner().invoke(quire, ["doctor", str(content.path)])
    assert "hooks are there (pre-receive, proc-receive)" in done.stdout
    assert "include.path" not in done.stdout
    content.git("config", "--file", str(content.path / SETTINGS), "core.sshCommand", "/bin/other")
    (content.path / SETTINGS).chmod(0o666)
    found = CliRunner().invoke(quire, ["doctor", str(content.path)]).stdout
    assert "core.sshcommand" in found
    assert f"{content.path / SETTINGS} can be changed by everybody" in found
    content.git("config", "--add", "include.path", "theirs")
    assert "include.path" in CliRunner().invoke(quire, ["doctor", str(content.path)]).stdout
