"""Accounts, tokens, invitations and backups from the command line."""

import json
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.access import Role
from tests.repositories import Repository
from tests.states import ADMIN, CHEAP, PASSWORD
from tests.wiki.processes import ROOT, environment, quire
from wiki.cli import quire as command
from wiki.state import State


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QUIRE_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def state(data: Path) -> State:
    return State(data, hashing=CHEAP)


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=given)


def test_an_account_is_made_with_a_password_from_standard_input(state: State) -> None:
    done = run(
        "user",
        "add",
        "ada",
        "--role",
        "admin",
        "--name",
        "Ada King",
        "--password-stdin",
        given=f"{PASSWORD}\n",
    )
    assert (done.exit_code, done.output) == (0, "ada is an admin\n")
    found = state.accounts.check("ada", PASSWORD)
    assert found is not None
    assert (found.role, found.name) == (Role.ADMIN, "Ada King")
    assert state.audit.entries()[0][0].who == "command line"


def test_a_password_is_asked_for_twice_on_a_terminal(data: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wiki", "user", "add", "ada"],
        cwd=ROOT,
        env=environment(QUIRE_DATA=str(data)),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    for prompt in (b"Password: ", b"The same again: "):
        while prompt not in said:
            said += os.read(ours, 1_000)
        os.write(ours, f"{PASSWORD}\n".encode())
    answer, _ = process.communicate(timeout=60)
    os.close(ours)
    assert (process.returncode, answer) == (0, b"ada is a reader\n")
    assert PASSWORD.encode() not in said
    state = State(data)
    assert state.accounts.check("ada", PASSWORD)
    state.close()


def test_a_password_is_never_an_argument(data: Path) -> None:
    done = quire("user", "add", "ada", "--password", PASSWORD, QUIRE_DATA=str(data))
    assert (done.returncode, done.stdout) == (2, "")
    done = quire("user", "add", "ada", QUIRE_DATA=str(data))
    assert done.returncode == 2
    assert done.stderr.startswith("quire: ")
    assert "--password-stdin" in done.stderr


def test_accounts_are_listed_for_people_and_programs(state: State) -> None:
    state.accounts.add("bob", role=Role.EDITOR, email="bob@example.org", by=ADMIN)
    state.accounts.add("ada", name="Ada King", by=ADMIN)
    state.accounts.disable("ada", by=ADMIN)
    done = run("user", "list")
    assert done.output == "ada\treader\tdisabled\tAda King\t\nbob\teditor\tenabled\tbob\tbob@example.org\n"
    listed = json.loads(run("user", "list", "--json").output)
    assert [each["login"] for each in listed] == ["ada", "bob"]
    assert "password" not in str(listed[0].keys() - {"has_password"})
    assert listed[0]["created"].endswith("+00:00")


def test_accounts_are_changed(state: State) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    cookie = state.sessions.begin(state.accounts.get("ada"), ADMIN)
    assert run("user", "role", "ada", "editor").exit_code == 0
    assert state.accounts.get("ada").role is Role.EDITOR
    assert run("user", "disable", "ada").exit_code == 0
    assert state.accounts.get("ada").disabled
    assert run("user", "enable", "ada").exit_code == 0
    assert not state.accounts.get("ada").disabled
    assert run("user", "password", "ada", "--password-stdin", given="another good password").exit_code == 0
    assert state.accounts.check("ada", "another good password")
    assert state.sessions.find(cookie) is None
    assert run("user", "remove", "ada").exit_code == 0
    assert not state.accounts.any()


def test_a_link_to_set_a_password_is_printed(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    state.accounts.add("ada", by=ADMIN)
    done = run("user", "password", "ada", "--link")
    start, _, code = done.output.strip().partition("?code=")
    assert start == "http://127.0.0.1:8080/-/reset"
    assert state.resets.find(code).login == "ada"
    monkeypatch.setenv("QUIRE_URL", "https://wiki.example.org/")
    assert run("user", "password", "ada", "--link").output.startswith(
        "https://wiki.example.org/-/reset?code="
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["user", "add", "a b", "--password-stdin"], "letters, digits"),
        (["user", "add", "ada", "--role", "owner", "--password-stdin"], "'owner' is not one of"),
        (["user", "add", "ada", "--password-stdin"], "at least 10 characters"),
        (["user", "role", "eve", "editor"], "There is no account “eve”"),
        (["user", "password", "eve", "--password-stdin"], "There is no account “eve”"),
        (["user", "remove", "eve"], "There is no account “eve”"),
        (["token", "revoke", "eve"], "There is no token “eve”"),
        (["token", "create", "sync", "--reads", "../x"], "stands for no path"),
        (["token", "create", "sync", "--user", "eve"], "There is no account “eve”"),
        (["token", "create", "sync", "--days", "0"], "from 1 to"),
        (["invite", "--days", "1000"], "from 1 to 90 days"),
        (["invite", "--role", "nobody"], "is not one of"),
        (["backup", "/no/such/folder/file"], "No such file"),
        (["backup"], "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_one_line_and_exit_2(data: Path, arguments: list[str], said: str) -> None:
    done = quire(*arguments, QUIRE_DATA=str(data))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("quire: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_token_is_printed_once_and_alone(state: State) -> None:
    done = run("token", "create", "sync", "--writes", "notes/**", "--reads", "**", "--days", "30")
    text = done.output.strip()
    found = state.tokens.find(text)
    assert found is not None
    assert (found.role, found.writes, found.expires is None) == (Role.EDITOR, ("notes/**",), False)
    listed = run("token", "list")
    assert text not in listed.output
    assert listed.output.startswith(f"sync\t{text[:11]}…\teditor\t\tnotes/**\t")
    assert json.loads(run("token", "list", "--json").output)[0]["name"] == "sync"
    assert run("token", "revoke", "sync").exit_code == 0
    assert state.tokens.find(text) is None
    assert run("token", "list").output == ""


def test_a_token_belongs_to_an_account(state: State) -> None:
    state.accounts.add("ada", by=ADMIN)
    found = state.tokens.find(run("token", "create", "robot", "--write", "--user", "ada").output.strip())
    assert found is not None
    assert (found.login, found.role) == ("ada", Role.READER)


def test_an_invitation_is_a_link(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("invite", "--note", "For Ada")
    start, _, text = done.output.strip().partition("?invitation=")
    assert start == "http://127.0.0.1:8080/-/register"
    assert state.invitations.find(text).role is Role.EDITOR
    monkeypatch.setenv("QUIRE_REGISTRATION", "closed")
    assert "quire user add" in run("invite").output


def test_a_backup_is_one_file_of_its_owner_and_overwrites_nothing(state: State, tmp_path: Path) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    file = tmp_path / "copy.db"
    done = run("backup", str(file))
    assert done.exit_code == 0
    assert done.output.startswith(f"{file} holds the state, ")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert quire("backup", file, QUIRE_DATA=str(state.database.path.parent)).returncode == 2
    assert file.read_bytes() == before


def test_what_somebody_is_called_moves_no_cursor(state: State) -> None:
    state.accounts.add("ada", by=ADMIN)
    with state.database.writing() as db:  # as an earlier version might have let it in
        db.exec_driver_sql("UPDATE account SET name = 'a\x1b[2Jb'")
    assert "\x1b" not in run("user", "list").output


def test_the_state_is_that_of_the_repository_that_is_named(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    done = run("user", "add", "ada", "--repo", str(repository.path), "--password-stdin", given=PASSWORD)
    assert done.exit_code == 0
    (folder,) = (tmp_path / "share" / "quire").iterdir()
    assert folder.name.startswith("content-")
    assert run("user", "list", "--repo", str(repository.path)).output.startswith("ada\t")
    assert run("user", "list", "--data", str(tmp_path / "other")).output == ""


def test_settings_lie_in_the_data_folder(tmp_path: Path) -> None:
    (tmp_path / "quire.toml").write_text('url = "https://wiki.example.org"\n', encoding="utf-8")
    done = run("invite", "--data", str(tmp_path))
    assert done.output.startswith("https://wiki.example.org/-/register?invitation=")
