"""What earlier versions derived goes once this one's is complete; what is in use or newer stays."""

from pathlib import Path

import pytest

from engine import previews
from engine.catalog.schema import SCHEMA, Catalog
from engine.leftovers import old, remove_old
from engine.locks import Use
from engine.markup import SCANNER
from engine.wiki import Wiki
from tests.conftest import Commit

OLDER = f"catalog-{SCHEMA - 1}-{SCANNER}"
NEWER = f"catalog-{SCHEMA + 1}-{SCANNER}"


def make(folder: Path, *names: str) -> None:
    for name in names:
        if "." in name:
            (folder / name).write_bytes(b"x")
        else:
            (folder / name).mkdir()
            (folder / name / "current").write_bytes(b"x")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "derived"
    made.mkdir()
    make(made, f"{OLDER}.db", f"{OLDER}.db-wal", f"{OLDER}.db-shm", f"{OLDER}.lock", "search-0")
    return made


CURRENT = Path(f"catalog-{SCHEMA}-{SCANNER}.db")


def test_older_files_go(folder: Path) -> None:
    make(folder, CURRENT.name, f"search-{SCANNER}")
    assert remove_old(folder, CURRENT) == []
    assert names(folder) == {CURRENT.name, f"search-{SCANNER}"}


def test_pictures_of_earlier_versions_go(folder: Path) -> None:
    make(
        folder, CURRENT.name, "previews-0", f"previews-{previews.VERSION}", f"previews-{previews.VERSION + 1}"
    )
    assert folder / "previews-0" in old(folder, CURRENT)
    assert remove_old(folder, CURRENT) == []
    assert {name for name in names(folder) if name.startswith("previews")} == {
        f"previews-{previews.VERSION}",
        f"previews-{previews.VERSION + 1}",
    }


def test_newer_files_and_strange_ones_stay(folder: Path) -> None:
    make(folder, f"{NEWER}.db", f"search-{SCANNER + 1}", "notes.txt", "search", "search-new")
    remove_old(folder, CURRENT)
    assert names(folder) == {f"{NEWER}.db", f"search-{SCANNER + 1}", "notes.txt", "search", "search-new"}


def test_what_a_running_program_has_open_stays_with_its_index(folder: Path) -> None:
    make(folder, "catalog-0-0.db")
    use = Use(folder / f"{OLDER}.lock")
    other = Use(folder / "catalog-0-0.lock")
    assert len(remove_old(folder, CURRENT)) == 7
    other.end()
    assert {path.name for path in remove_old(folder, CURRENT)} == {
        f"{OLDER}.db",
        f"{OLDER}.db-wal",
        f"{OLDER}.db-shm",
        f"{OLDER}.lock",
    }
    use.end()
    assert remove_old(folder, CURRENT) == []


def test_a_catalog_that_is_open_is_in_use(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path, version=str(SCANNER))
    newer = tmp_path / f"{NEWER}.db"
    assert catalog.path in remove_old(tmp_path, newer)
    catalog.renew()
    assert catalog.path in remove_old(tmp_path, newer)
    catalog.close()
    assert remove_old(tmp_path, newer) == []
    assert names(tmp_path) == set()


def test_a_link_is_never_followed(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    make(elsewhere, "kept.txt")
    (folder / "search-00").symlink_to(elsewhere)
    remove_old(folder, CURRENT)
    assert names(elsewhere) == {"kept.txt"}


def test_a_wiki_removes_them_when_its_own_are_complete(tmp_path: Path, wiki: Wiki, commit: Commit) -> None:
    make(tmp_path, f"{OLDER}.db")
    commit({"a.md": "# A\n"})
    wiki.follow()
    assert old(tmp_path, wiki._parts.catalog.path)
    assert wiki.catch_up(10)
    assert not old(tmp_path, wiki._parts.catalog.path)
