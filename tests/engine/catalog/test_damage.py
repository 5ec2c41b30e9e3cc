"""A broken catalog is replaced without a person; one that is busy or on a full disk is left alone."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError

from engine.access import ANONYMOUS
from engine.catalog.schema import Catalog, is_damage, read_state, write_state
from engine.errors import StoreError
from engine.wiki import Wiki
from tests.conftest import Commit


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(tmp_path)
    yield made
    made.close()


def overwrite(file: Path) -> None:
    """Break the file's second half, as a bad disk does."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    file.write_bytes(content)


def test_a_file_that_is_no_catalog_is_replaced(tmp_path: Path) -> None:
    first = Catalog(tmp_path)
    first.close()
    path = first.path
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(b"no database" * 1_000)
    again = Catalog(tmp_path)
    assert again.is_sound()
    again.close()


def test_another_connection_turns_to_the_new_catalog(tmp_path: Path, catalog: Catalog) -> None:
    other = Catalog(tmp_path)
    with catalog.writing() as db:
        write_state(db, "head", "before")
    with other.reading() as db:
        assert read_state(db, "head") == "before"
    catalog.renew()
    with other.reading() as db:
        assert read_state(db, "head") is None
    other.close()


def test_a_connection_in_use_is_closed_when_it_is_given_back_late(catalog: Catalog) -> None:
    with catalog.reading() as db:
        assert read_state(db, "head") is None
        late = db.connection.dbapi_connection
        catalog.renew()
    assert late is not None
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        late.cursor()


def test_a_full_disk_or_a_lock_is_no_damage() -> None:
    def said(code: int) -> DatabaseError:
        error = sqlite3.OperationalError("said")
        error.sqlite_errorcode = code
        return OperationalError("", {}, error)

    assert not is_damage(said(sqlite3.SQLITE_FULL))
    assert not is_damage(said(sqlite3.SQLITE_BUSY))
    assert is_damage(said(sqlite3.SQLITE_CORRUPT))
    assert is_damage(said(sqlite3.SQLITE_NOTADB))


def test_a_wiki_heals_a_broken_catalog(tmp_path: Path, wiki: Wiki, commit: Commit) -> None:
    commit({f"page {number}.md": f"# Page {number}\n\n" + "words " * 200 for number in range(200)})
    assert wiki.catch_up(10)
    with wiki._parts.catalog.writing() as db:
        db.exec_driver_sql("SELECT 1")
    with wiki._parts.catalog._writers.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("COMMIT")
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    wiki._parts.catalog.close()
    overwrite(wiki._parts.catalog.path)
    for _ in range(3):
        try:
            with wiki.at(ANONYMOUS) as snapshot:
                found = [snapshot.find(f"page {number}").name for number in range(200)]
            break
        except StoreError:
            continue
    assert all(found)
    assert wiki.catch_up(10)
    assert wiki.status().unknown == 0
