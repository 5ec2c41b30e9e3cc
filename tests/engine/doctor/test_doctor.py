"""Each way in which derived data can be wrong is found; what is right is not, and looking changes nothing."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.catalog.schema import catalog_file
from engine.diagnosis import Diagnosis, Level
from engine.doctor import Doctor, Patient, derived, folder, mend
from engine.markup import SCANNER
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit


@pytest.fixture
def patient(store: MemoryStore, tmp_path: Path) -> Iterator[Patient]:
    index = WhooshIndex(tmp_path / "search")
    yield Patient(store, index, tmp_path, catalog_file(tmp_path, str(SCANNER)))
    index.close()


@pytest.fixture
def derived_wiki(wiki: Wiki, commit: Commit) -> Wiki:
    commit(
        {"a.md": "---\naliases: [x]\ntags: [t]\n---\n# A page\n\n[[b]]\n", "old.md": "Much of a text.\n" * 9}
    )
    commit({"old.md": None, "new.md": "Much of a text.\n" * 9, "b.md": "# Other\n", "m.png": b"x"})
    commit({"b.md": b"\xff", '"?!".md': "", "c.md": "# ???\n"})
    assert wiki.catch_up(10)
    return wiki


def look(patient: Patient, *, full: bool = False) -> dict[str, Level]:
    """Return what is not well."""
    found = list(Doctor(patient).examine(full=full))
    patient.index.close()
    for diagnosis in found:
        assert bool(diagnosis.advice) == (diagnosis.level is not Level.OK), diagnosis
    return {each.part: each.level for each in found if each.level is not Level.OK}


def change(patient: Patient, *statements: str) -> None:
    db = sqlite3.connect(patient.catalog)
    for statement in statements:
        assert db.execute(statement).rowcount, statement
    db.commit()
    db.close()


@pytest.mark.parametrize("full", [False, True])
def test_what_was_derived_rightly_is_well(derived_wiki: Wiki, patient: Patient, full: bool) -> None:
    assert look(patient, full=full) == {}


def test_before_anything_was_derived_all_is_well(patient: Patient, tmp_path: Path) -> None:
    assert look(patient) == {}
    assert look(Patient(patient.store, patient.index, tmp_path / "none", tmp_path / "none" / "c.db")) == {}
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("statement", "part", "full"),
    [
        ("DELETE FROM name WHERE path = 'a.md'", "names", False),
        ("UPDATE name SET blob = 'x' WHERE path = 'a.md'", "names", False),
        ("UPDATE name SET key = 'x' WHERE path = 'a.md'", "names", False),
        ("UPDATE name SET form = 'page' WHERE path = 'm.png'", "names", False),
        (
            "INSERT INTO name SELECT 'z.md', blob, form, folder, 'z', 'z' FROM name WHERE path = 'a.md'",
            "names",
            False,
        ),
        ("UPDATE fact SET title = 'B' WHERE title = 'A page'", "facts", False),
        ("UPDATE fact SET data = replace(data, 'A page', 'B') WHERE title = 'A page'", "facts", False),
        ("UPDATE fact SET text = x'00' WHERE title = 'A page'", "facts", False),
        ("DELETE FROM fact WHERE title = 'A page'", "facts", False),
        ("DELETE FROM link", "facts", False),
        ("UPDATE alias SET key = 'y'", "facts", False),
        ("DELETE FROM tag", "facts", False),
        ("DELETE FROM suggestion WHERE rowid = (SELECT max(rowid) FROM suggestion)", "facts", False),
        ("DELETE FROM suggestion WHERE words LIKE '%page%'", "facts", False),
        ("DELETE FROM label", "facts", False),
        ("DELETE FROM arrival WHERE rank = 1", "history", False),
        (
            'UPDATE arrival SET "commit" = (SELECT "commit" FROM arrival WHERE rank = 0) WHERE rank = 2',
            "history",
            False,
        ),
        ("UPDATE touch SET path = 'x' WHERE path = 'a.md'", "history", False),
        ("DELETE FROM touch WHERE path = 'a.md'", "history", False),
        ("UPDATE \"commit\" SET author = 'Nobody else'", "history", False),
        ("UPDATE touch SET lineage = lineage + 1 WHERE path = 'a.md'", "history", True),
        ("DELETE FROM activity WHERE rank = 1", "history", True),
    ],
)
def test_each_disagreement_is_found_and_mended(
    derived_wiki: Wiki, patient: Patient, statement: str, part: str, full: bool
) -> None:
    change(patient, statement)
    assert look(patient, full=full).get(part) is Level.ERROR
    assert derived_wiki.rebuild()
    assert look(patient, full=True) == {}


def test_a_catalog_that_stays_behind_is_told(derived_wiki: Wiki, patient: Patient, commit: Commit) -> None:
    commit({"d.md": "New."})
    assert look(patient) == {"catalog": Level.WARNING}
    derived_wiki.follow()
    assert derived_wiki.catch_up()
    assert look(patient) == {}


def test_a_catalog_of_a_commit_that_is_gone_is_told(derived_wiki: Wiki, patient: Patient) -> None:
    change(patient, "UPDATE state SET value = '" + "0" * 40 + "'")
    found = look(patient)
    assert found["names"] is Level.WARNING


@pytest.mark.parametrize("content", [b"no database" * 1_000, b"", None])
def test_a_broken_file_is_found(derived_wiki: Wiki, patient: Patient, content: bytes | None) -> None:
    derived_wiki.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{patient.catalog}{suffix}").unlink(missing_ok=True)
    if content is None:
        whole = patient.catalog.read_bytes()
        content = whole[: len(whole) // 2] + b"\xff" * (len(whole) - len(whole) // 2)
    patient.catalog.write_bytes(content)
    assert Level.ERROR in look(patient).values()


def test_an_index_that_lacks_a_page_is_found_and_mended(derived_wiki: Wiki, patient: Patient) -> None:
    commit = patient.index.commit()
    assert commit is not None
    patient.index.update([], ["a.md"], commit)
    assert look(patient) == {"index": Level.ERROR}
    assert derived_wiki.reindex()
    assert look(patient) == {}


def test_an_index_that_does_not_find_a_page_is_found(
    derived_wiki: Wiki, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = patient.index.search
    monkeypatch.setattr(
        patient.index, "search", lambda query, **given: search(query, **{**given, "limit": 0})
    )
    assert look(patient) == {"index": Level.ERROR}


def test_an_index_that_is_lost_or_behind_is_told(
    derived_wiki: Wiki, patient: Patient, tmp_path: Path
) -> None:
    patient.index.update([], [], "of another commit")
    assert look(patient) == {"index": Level.WARNING}
    (tmp_path / "search" / "current").unlink()
    assert look(patient) == {"index": Level.WARNING}


def test_a_sample_is_all_that_is_read_of_many(
    derived_wiki: Wiki, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived, "SAMPLE", 2)
    found = list(Doctor(patient).examine())
    assert "what is known of 2 of 5 pages is what they say" in {each.message for each in found}
    assert "what is known of 2 of 3 commits is what they changed" in {each.message for each in found}


@pytest.mark.parametrize(
    ("mode", "level"), [(0o755, Level.WARNING), (0o777, Level.ERROR), (0o770, Level.ERROR)]
)
def test_a_folder_that_others_may_enter_is_found_and_mended(
    derived_wiki: Wiki, patient: Patient, tmp_path: Path, mode: int, level: Level
) -> None:
    tmp_path.chmod(mode)
    found = look(patient)
    assert found.pop("folder") is level
    assert found == ({"index": Level.WARNING} if level is Level.ERROR else {})
    mend(tmp_path, patient.catalog)
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    # What others could change is not read again: it might run what they put there.
    assert (tmp_path / "search").exists() == (level is Level.WARNING)
    assert derived_wiki.catch_up()
    assert look(patient) == {}


def test_a_link_out_of_the_folder_is_found_and_not_followed(
    derived_wiki: Wiki, patient: Patient, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    outside.chmod(0o755)
    (tmp_path / "link").symlink_to(outside)
    assert look(patient)["folder"] is Level.ERROR
    mend(tmp_path, patient.catalog)
    assert outside.stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "link").is_symlink()


def test_what_earlier_versions_left_is_found_and_removed(
    derived_wiki: Wiki, patient: Patient, tmp_path: Path
) -> None:
    (tmp_path / "catalog-1-1.db").write_bytes(b"x")
    assert look(patient) == {"old": Level.WARNING}
    mend(tmp_path, patient.catalog)
    assert look(patient) == {}


def test_who_is_at_work_is_told(derived_wiki: Wiki, patient: Patient) -> None:
    def at_work() -> bool:
        return any("another process is at work" in each.message for each in Doctor(patient).examine())

    assert not at_work()
    with derived_wiki._follower._work_lock.held(1):
        assert at_work()
    assert not at_work()


def test_a_question_that_fails_is_an_answer(
    derived_wiki: Wiki, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Iterator[Diagnosis]:
        raise PermissionError(13, "Permission denied", "there")

    monkeypatch.setattr(folder, "examine", fail)
    monkeypatch.setattr(derived.Derived, "facts", fail)
    assert look(patient) == {"folder": Level.ERROR, "facts": Level.ERROR}


def test_little_room_is_told(derived_wiki: Wiki, patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "LOW", 10**18)
    assert look(patient) == {"room": Level.WARNING}
