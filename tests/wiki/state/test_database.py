"""The file: for its owner alone, for many at once, with migrations and backups, and never made anew."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, inspect, select

from engine.errors import InvalidChangeError, StoreError
from tests.states import ADMIN, CHEAP, PASSWORD, audited
from tests.wiki.processes import ROOT, environment
from wiki.state import State, data_folder, migrations
from wiki.state.accounts import Account
from wiki.state.database import FILE, Database
from wiki.state.schema import account, metadata


def described(path: Path) -> Mapping[str, object]:
    """Return what the tables of a file are like, whoever made them."""
    found = inspect(create_engine(f"sqlite:///{path}"))
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted(str(each["column_names"]) for each in found.get_unique_constraints(table)),
            sorted(
                (str(i["name"]), str(i["column_names"]), bool(i["unique"])) for i in found.get_indexes(table)
            ),
            [
                (f["constrained_columns"], f["referred_table"], f["options"])
                for f in found.get_foreign_keys(table)
            ],
        )
        for table in found.get_table_names()
    }


def test_folder_and_files_are_for_their_owner_alone(state: State, ada: Account) -> None:
    folder = state.database.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {file.name for file in files} >= {FILE, f"{FILE}-wal"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_folder_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / FILE).touch(0o644)
    (tmp_path / FILE).chmod(0o644)
    tmp_path.chmod(0o755)
    Database(tmp_path).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other.db").touch()
    (tmp_path / FILE).symlink_to(tmp_path / "other.db")
    with pytest.raises(StoreError, match="--data"):
        Database(tmp_path)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="name a folder of your own with --data"):
        Database(tmp_path / "file" / "data")


def test_what_was_acknowledged_is_on_the_disk(state: State) -> None:
    with state.database.writing() as db:
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert db.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    with state.database.writing(lasting=False) as db:
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 1


# -- migrations


def test_the_steps_lead_to_the_tables_of_the_schema(state: State, tmp_path: Path) -> None:
    metadata.create_all(create_engine(f"sqlite:///{tmp_path / 'made.db'}"))
    assert described(state.database.path) == described(tmp_path / "made.db")


def test_a_file_takes_the_steps_it_has_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    State(tmp_path, hashing=CHEAP).accounts.add("ada", password=PASSWORD, by=ADMIN)
    later = (
        "ALTER TABLE account ADD COLUMN motto TEXT NOT NULL DEFAULT ''",
        "UPDATE account SET motto = login",
    )
    monkeypatch.setattr(migrations.migrate, "__defaults__", ((*migrations.STEPS, later),))
    for _ in range(2):
        database = Database(tmp_path)
        with database.reading() as db:
            assert db.exec_driver_sql("SELECT motto FROM account").scalar() == "ada"
            assert db.exec_driver_sql("PRAGMA user_version").scalar() == len(migrations.STEPS) + 1
        database.close()


def first_of(folder: Path) -> sqlite3.Connection:
    """Make a file as it was after the first step."""
    folder.mkdir(mode=0o700)
    file = sqlite3.connect(folder / FILE)
    for statement in migrations.BEGIN:
        file.execute(statement)
    file.execute(f"PRAGMA application_id = {migrations.MARK}")
    file.execute("PRAGMA user_version = 1")
    return file


def test_drafts_of_the_first_step_are_found(tmp_path: Path) -> None:
    file = first_of(tmp_path / "old")
    rows = [
        (":a.md#b", "a.md#b", "of a section"),
        ("c0:a.md", "a.md", "of a page"),
        (":x#y/c#.md", "x#y/c#.md", "of an odd page"),
        (":x#y/c#.MARKDOWN#d-1", "x#y/c#.MARKDOWN#d-1", "of a section of an odd page"),
    ]
    for row in rows:
        file.execute(
            "INSERT INTO draft (actor, page, path, text, summary, saved) VALUES ('ada', ?, ?, ?, 'Why', 1)",
            row,
        )
    file.commit()
    file.close()
    drafts = State(tmp_path / "old", hashing=CHEAP).drafts
    for path, section, lineage, text in (
        ("a.md", "b", None, "of a section"),
        ("a.md", "", ("c0", "a.md"), "of a page"),
        ("x#y/c#.md", "", None, "of an odd page"),
        ("x#y/c#.MARKDOWN", "d-1", None, "of a section of an odd page"),
    ):
        found = drafts.get("ada", path, lineage, section)
        assert found is not None
        assert (found.path, found.section, found.text, found.lineage) == (path, section, text, lineage)
        assert (found.summary, found.fields) == ("Why", {})


def test_a_step_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Database(tmp_path).close()
    broken = ("ALTER TABLE account ADD COLUMN motto TEXT", "ALTER TABLE nothing ADD COLUMN motto TEXT")
    with monkeypatch.context() as patched:
        patched.setattr(migrations.migrate, "__defaults__", ((*migrations.STEPS, broken),))
        with pytest.raises(StoreError):
            Database(tmp_path)
    database = Database(tmp_path)
    with database.reading() as db:
        assert db.exec_driver_sql("PRAGMA user_version").scalar() == len(migrations.STEPS)
        assert "motto" not in {row[1] for row in db.exec_driver_sql("PRAGMA table_info(account)")}
    database.close()


def test_a_file_of_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    Database(tmp_path).close()
    file = sqlite3.connect(tmp_path / FILE)
    file.execute("PRAGMA user_version = 99")
    file.close()
    known = len(migrations.STEPS)
    with pytest.raises(StoreError, match=rf"later version of Quire \(99, this one knows {known}\).*--data"):
        Database(tmp_path)


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / FILE)
    file.execute("CREATE TABLE theirs (id INTEGER)")
    file.close()
    with pytest.raises(StoreError, match="a database of something else"):
        Database(tmp_path)
    (tmp_path / FILE).write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="their file is damaged"):
        Database(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"not a database")


# -- several at once


def test_several_threads_and_openings_write_at_once(state: State, tmp_path: Path) -> None:
    other = State(tmp_path / "data", hashing=CHEAP)

    def add(number: int) -> None:
        (state, other)[number % 2].accounts.add(f"user{number}x", password=PASSWORD, by=ADMIN)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    other.close()
    with state.database.reading() as db:
        assert db.scalar(select(func.count()).select_from(account)) == 40


def test_many_processes_open_a_new_state_at_once(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from wiki.state import SHELL, Hashing, State
state = State(Path({str(tmp_path / "new")!r}), hashing=Hashing(1, 8, 1))
state.accounts.add("user" + sys.argv[1] + "x", by=SHELL)
print(state.signing.secret.hex())
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(number)],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(5)
    ]
    done = [process.communicate(timeout=60) for process in started]
    assert [error for _, error in done] == [""] * 5
    assert len({said for said, _ in done}) == 1  # one secret
    state = State(tmp_path / "new")
    assert len(state.accounts.all()) == 5
    state.close()


def test_it_can_be_used_before_and_after_a_fork(tmp_path: Path) -> None:
    program = f"""
import os, sys
from pathlib import Path
from wiki.state import SHELL, Hashing, State
state = State(Path({str(tmp_path)!r}), hashing=Hashing(1, 8, 1))
state.accounts.add("before", by=SHELL)
assert state.accounts.any()
children = []
for number in range(4):
    child = os.fork()
    if not child:
        for turn in range(5):
            state.accounts.add(f"child{{number}}x{{turn}}x", by=SHELL)
            assert state.accounts.any()
        os._exit(0)
    children.append(child)
for turn in range(5):
    state.accounts.add(f"parent{{turn}}x", by=SHELL)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
with state.database.reading() as db:
    assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
print(len(state.accounts.all()))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("26\n", "")


def test_the_generation_tells_of_changes_by_anybody(state: State, tmp_path: Path) -> None:
    first = state.database.generation()
    assert state.database.generation() == first
    state.accounts.add("ada", by=ADMIN)
    second = state.database.generation()
    assert second != first
    other = State(tmp_path / "data", hashing=CHEAP)
    other.accounts.add("bob", by=ADMIN)
    other.close()
    assert state.database.generation() != second
    third = state.database.generation()
    state.accounts.all()
    assert state.database.generation() == third


def test_all_or_nothing_is_kept(state: State) -> None:
    def fail() -> None:
        with state.database.writing() as db:
            state.audit.write(db, ADMIN, "account.add", "ada")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert audited(state) == 0


def test_a_state_that_passes_is_thrown_away() -> None:
    state = State.passing(hashing=CHEAP)
    folder = state.database.path.parent
    state.accounts.add("ada", by=ADMIN)
    assert folder.is_dir()
    del state
    assert not folder.exists()


# -- backup


def test_a_backup_holds_everything_in_one_file_of_its_owner(
    state: State, ada: Account, tmp_path: Path
) -> None:
    file = tmp_path / "backup.db"
    with state.database.writing() as db:  # while somebody writes
        state.audit.write(db, ADMIN, "not yet")
        state.database.backup(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir()) == ["backup.db", "data"]
    (tmp_path / "restored").mkdir()
    file.replace(tmp_path / "restored" / FILE)
    restored = State(tmp_path / "restored", hashing=CHEAP)
    assert restored.logins.attempt("ada", PASSWORD, address="").account is not None
    assert restored.signing.secret == state.signing.secret
    restored.close()


def test_a_backup_overwrites_nothing(state: State, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("there", "link"):
        with pytest.raises(InvalidChangeError, match="exists already"):
            state.database.backup(tmp_path / name)
    assert (tmp_path / "there").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "nowhere").exists()


# -- where it is


def test_the_folder_is_named_after_the_repository(tmp_path: Path) -> None:
    common = tmp_path / "My notes.git"
    given = {"HOME": "/home/ada", "XDG_DATA_HOME": ""}
    assert data_folder(common, given).parent == Path("/home/ada/.local/share/quire")
    assert data_folder(common, given).name.startswith("My-notes-")
    assert data_folder(tmp_path / "site" / ".git", given).name.startswith("site-")
    assert data_folder(tmp_path / "a.git", given) != data_folder(tmp_path / "b" / "a.git", given)
    assert data_folder(common, given | {"XDG_DATA_HOME": "/data"}).parent == Path("/data/quire")
    assert data_folder(common, given | {"XDG_DATA_HOME": "data"}) == data_folder(common, given)


def test_what_was_acknowledged_survives_the_end_of_a_process(tmp_path: Path) -> None:
    program = f"""
from pathlib import Path
from wiki.state import Hashing, State
state = State(Path({str(tmp_path)!r}), hashing=Hashing(1, 8, 1))
for number in range(100_000):
    state.drafts.save("ada", f"{{number % 50}}.md", f"text {{number}} " * 500, base=None)
    print(number, flush=True)
"""
    for turn in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(20 + turn * 7)]
        process.kill()
        acknowledged += map(int, process.stdout.read().split())
        process.stdout.close()
        process.wait()
        state = State(tmp_path, hashing=CHEAP)
        kept = {draft.path: draft.text for draft in state.drafts.of("ada")}
        newest = {f"{number % 50}.md": number for number in acknowledged}
        for path, number in newest.items():
            told = int(kept[path].split()[1])
            assert told >= number, f"{path} is of {told}"
        with state.database.reading() as db:
            assert db.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        state.close()
