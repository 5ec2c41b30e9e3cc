"""`quire doctor`: exit codes, JSON, and a repair that touches nothing but what is derived."""

import json
import os
import sqlite3
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from engine.diagnosis import Level
from tests.repositories import Repository, make
from tests.states import ADMIN
from tests.wiki.processes import ROOT, get, quire, running
from wiki import knows_people, open_state
from wiki.safety import examine, is_loopback
from wiki.settings import Settings


@pytest.fixture
def content(repository: Repository) -> Repository:
    repository.commit({"a.md": "# A\n\n[[b]]\n", "b.md": "# B\n"})
    assert quire("index", repository.path).returncode == 0
    return repository


def derived(repository: Repository) -> Path:
    (folder,) = (repository.path / "quire").iterdir()
    return folder


def spoil(repository: Repository) -> None:
    (catalog,) = derived(repository).glob("catalog-*.db")
    db = sqlite3.connect(catalog)
    db.execute("UPDATE name SET key = 'x'")
    db.commit()
    db.close()


def outside(folder: Path) -> dict[Path, tuple[int, str]]:
    """Return mode and content of every file that is not derived."""
    return {
        path: (path.lstat().st_mode, sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
        for path in folder.rglob("*")
        if "quire" not in path.relative_to(folder).parts
    }


def test_a_new_wiki_is_healthy_before_and_after_it_is_indexed(tmp_path: Path) -> None:
    assert quire("init", tmp_path / "wiki", "--from", ROOT / "pages").returncode == 0
    assert quire("doctor", tmp_path / "wiki").returncode == 0
    assert not (tmp_path / "wiki" / "quire").exists()
    assert quire("index", tmp_path / "wiki").returncode == 0
    done = quire("doctor", tmp_path / "wiki", "--full")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "all is well"), done.stdout


def test_problems_are_exit_1_and_say_what_to_do(content: Repository) -> None:
    spoil(content)
    done = quire("doctor", content.path)
    assert done.returncode == 1
    assert "error   names: 2 files are not as git has them: a.md, b.md" in done.stdout
    assert "        quire doctor --repair derives it anew" in done.stdout
    assert "1 errors, 0 warnings" in done.stderr


def test_json_has_every_diagnosis(content: Repository) -> None:
    done = quire("doctor", content.path, "--json")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["healthy"], answer["repaired"]) == (0, True, False)
    parts = {each["part"] for each in answer["diagnoses"]}
    assert parts >= {
        "settings",
        "branch",
        "objects",
        "locks",
        "folder",
        "catalog",
        "names",
        "facts",
        "history",
        "index",
    }
    assert set(answer["diagnoses"][0]) == {"part", "level", "message", "advice"}


def test_repair_makes_it_healthy_again(content: Repository) -> None:
    spoil(content)
    derived(content).chmod(0o755)
    done = quire("doctor", content.path, "--repair")
    assert done.returncode == 0, done.stdout
    assert "derived data was mended, and git was not touched; now all is well" in done.stderr
    assert derived(content).stat().st_mode & 0o777 == 0o700
    again = quire("doctor", content.path, "--repair")
    assert "nothing of what is derived needs repair" in again.stderr


def test_repair_changes_nothing_outside_the_derived_folder(tmp_path: Path) -> None:
    tree = make(tmp_path / "wiki", bare=False)
    head = tree.commit({"a.md": "# A\n", "b.md": "B"})
    tree.git("reset", "-q", "--hard", head)
    assert quire("index", tree.path).returncode == 0
    lock = tree.path / ".git" / "index.lock"
    lock.write_bytes(b"")
    os.utime(lock, (time.time() - 9_999, time.time() - 9_999))
    (tree.path / "a.md").write_text("A local change.\n")
    (catalog,) = (tree.path / ".git" / "quire").rglob("catalog-*.db")
    catalog.write_bytes(b"no database" * 1_000)
    before = outside(tree.path)
    done = quire("doctor", tree.path, "--repair", "--full")
    assert outside(tree.path) == before
    assert done.returncode == 1  # the lock is still there
    assert "warning locks" in done.stdout
    assert "ok      catalog" in done.stdout


def test_repair_leaves_git_with_its_damage(content: Repository) -> None:
    blob = content.git("rev-parse", "main:a.md")
    (content.path / "objects" / blob[:2] / blob[2:]).unlink()
    before = outside(content.path)
    done = quire("doctor", content.path, "--repair")
    assert done.returncode == 1
    assert "error   objects" in done.stdout
    assert outside(content.path) == before


def test_it_works_while_a_server_runs(content: Repository) -> None:
    with running([sys.executable, "-m", "wiki", "serve", content.path, "--port", "0"]) as server:
        port = int(server.line_with("http://").rsplit(":", 1)[1].strip("/"))
        assert quire("doctor", content.path, "--full").returncode == 0
        spoil(content)
        assert quire("doctor", content.path).returncode == 1
        assert quire("doctor", content.path, "--repair").returncode == 0
        content.commit({"a.md": "# Changed\n", "b.md": "# B\n"}, content.git("rev-parse", "main"))
        assert "Changed" in get(port, "/a")[1]
        deadline = time.monotonic() + 30
        while (done := quire("doctor", content.path)).returncode and time.monotonic() < deadline:
            time.sleep(0.2)
        assert done.returncode == 0, done.stdout


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_repository_that_may_only_be_read(content: Repository) -> None:
    places = [content.path, *content.path.rglob("*")]
    for path in reversed(places):
        path.chmod(path.stat().st_mode & 0o555)
    try:
        done = quire("doctor", content.path)
    finally:
        for path in places:
            path.chmod(path.stat().st_mode | 0o200)
    assert "Traceback" not in done.stderr
    assert "ok      names" in done.stdout


@pytest.mark.parametrize("arguments", [["/no/such/folder"], ["--nonsense"], ["/"], ["--branch", "none"]])
def test_wrong_use_is_exit_2(content: Repository, arguments: list[str]) -> None:
    done = quire("doctor", *([content.path] if arguments[0] == "--branch" else []), *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("quire: ")


def test_names_are_harmless_to_a_terminal(repository: Repository) -> None:
    repository.commit({"\x1b[31m.md": "x"})
    assert quire("index", repository.path).returncode == 0
    spoil(repository)
    assert "\x1b" not in quire("doctor", repository.path).stdout


# -- settings


def worst(settings: Settings, config: Path | None = None) -> Level:
    levels = [each.level for each in examine(settings, config)]
    return max(levels, key=list(Level).index)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.1.2.3"])
def test_loopback_is_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", "127.0.0.1.example.org"])
def test_other_addresses_are_not(host: str) -> None:
    assert not is_loopback(host)
    assert any("whoever reaches it may read" in each.message for each in examine(Settings(host=host), None))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (Settings(), True),
        (Settings(url="http://localhost:8080/"), True),
        (Settings(url="https://wiki.example.org"), False),
        (Settings(proxies=1), False),
    ],
)
def test_who_edits_without_an_account_is_told_while_that_can_be(settings: Settings, told: bool) -> None:
    found = [each for each in examine(settings, None) if "until the first account" in each.message]
    assert [each.level for each in found] == [Level.OK] * told


@pytest.mark.parametrize("user", ["www-data", "nginx", "http", "apache", "caddy", "haproxy"])
def test_a_server_that_runs_as_proxies_do_is_told_until_there_is_an_account(user: str) -> None:
    def told(*, by: str = user, accounts: bool = False, **more: Any) -> bool:
        found = examine(Settings(**more), None, user=by, accounts=accounts)
        return any(each.level is Level.WARNING and f"runs as {by}" in each.message for each in found)

    assert told()
    assert not told(accounts=True)
    assert not told(proxies=1)
    assert not told(url="https://wiki.example.org", proxies=1)
    assert not told(by="wiki")


def test_accounts_are_looked_for_and_nothing_is_made(content: Repository, tmp_path: Path) -> None:
    settings = Settings(repository=str(content.path), data=str(tmp_path / "data ?#"))
    assert not knows_people(settings)
    assert not (tmp_path / "data ?#").exists()
    state = open_state(settings)
    assert not knows_people(settings)
    state.accounts.add("ada", by=ADMIN)
    assert knows_people(settings)
    state.close()
    assert knows_people(settings)
    state.database.path.write_bytes(b"no database" * 1_000)
    assert not knows_people(settings)


def test_the_folder_for_accounts_can_be_named(content: Repository, tmp_path: Path) -> None:
    assert quire("doctor", content.path, "--data", tmp_path / "data").returncode == 0
    assert not (tmp_path / "data").exists()


def test_a_proxy_that_is_not_counted_is_told() -> None:
    assert worst(Settings(url="https://wiki.example.org")) is Level.WARNING
    assert worst(Settings(url="https://wiki.example.org", proxies=1)) is Level.OK
    assert worst(Settings(url="http://wiki.example.org", host="192.168.1.2")) is Level.OK


def test_a_private_wiki_that_everybody_may_join_is_no_private_one() -> None:
    assert worst(Settings(anonymous="nobody")) is Level.OK
    assert worst(Settings(registration="open")) is Level.OK
    assert worst(Settings(anonymous="nobody", registration="open")) is Level.WARNING


def test_a_wiki_that_everybody_may_edit_is_told() -> None:
    assert worst(Settings(anonymous="editor")) is Level.WARNING
    told = [each.message for each in examine(Settings(anonymous="editor", host="0.0.0.0"), None)]
    assert any("may change pages, without an account" in each for each in told)
    assert not any("nothing more" in each for each in told)
    both = examine(Settings(anonymous="editor", registration="open"), None)
    assert sum(each.level is Level.WARNING for each in both) == 2


def test_proxies_that_can_be_passed_by_are_found() -> None:
    assert worst(Settings(proxies=1)) is Level.OK
    assert worst(Settings(proxies=1, host="0.0.0.0")) is Level.WARNING
    assert worst(Settings(host="0.0.0.0")) is Level.OK


def test_templates_that_others_can_change_are_found(tmp_path: Path) -> None:
    template = tmp_path / "mine" / "templates" / "layout.html"
    template.parent.mkdir(parents=True)
    template.write_text("")
    assert worst(Settings(themes=str(tmp_path))) is Level.OK
    template.chmod(0o664)
    assert worst(Settings(themes=str(tmp_path))) is Level.WARNING
    template.parent.chmod(0o777)
    assert worst(Settings(themes=str(tmp_path))) is Level.ERROR


def test_a_file_of_settings_that_others_can_change_is_found(tmp_path: Path) -> None:
    config = tmp_path / "quire.toml"
    config.write_text("")
    assert worst(Settings(), config) is Level.OK
    config.chmod(0o666)
    assert worst(Settings(), config) is Level.ERROR
    config.unlink()
    assert worst(Settings(), config) is Level.WARNING
