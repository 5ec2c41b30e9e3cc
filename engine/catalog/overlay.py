"""The names as they would be after some files moved, for as long as somebody looks.

Views of one connection stand before the tables that they are called like, so every question about names and aliases is
answered as it would be then. Nothing is written to the catalog, and no other connection notices.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from engine.catalog.names import to_row
from engine.catalog.rows import CHUNK
from engine.ids import fold_path
from engine.model import Entry, Name

_COLUMNS = "path, blob, form, folder, key, last"
_MAKE = (
    "CREATE TEMP TABLE name_gone (path TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TEMP TABLE name_new (path TEXT PRIMARY KEY, blob TEXT, form TEXT, folder TEXT, key TEXT, last TEXT)"
    " WITHOUT ROWID",
    "CREATE INDEX temp.name_new_blob ON name_new (blob)",
    "CREATE INDEX temp.name_new_folder ON name_new (folder)",
    "CREATE INDEX temp.name_new_key ON name_new (key)",
    "CREATE INDEX temp.name_new_last ON name_new (last)",
    f"CREATE TEMP VIEW name AS SELECT {_COLUMNS} FROM main.name WHERE path NOT IN (SELECT path FROM temp.name_gone)"  # noqa: S608 - our own names
    f" UNION ALL SELECT {_COLUMNS} FROM temp.name_new",
    "CREATE TEMP TABLE alias_new (id INTEGER PRIMARY KEY, fact INTEGER, alias TEXT, key TEXT)",
    "CREATE TEMP VIEW alias AS SELECT id, fact, alias, key FROM main.alias"
    " UNION ALL SELECT -id, fact, alias, key FROM temp.alias_new",
)
_DROP = (
    "DROP VIEW IF EXISTS temp.name",
    "DROP VIEW IF EXISTS temp.alias",
    *(f"DROP TABLE IF EXISTS temp.{table}" for table in ("name_gone", "name_new", "alias_new")),
)
_GONE = text("INSERT INTO temp.name_gone (path) VALUES (:path)")
_NEW = text(
    f"INSERT INTO temp.name_new ({_COLUMNS}) VALUES (:path, :blob, :form, :folder, :key, :last)"  # noqa: S608 - our own names
)
_ALIAS = text(
    "INSERT INTO temp.alias_new (fact, alias, key) SELECT id, :alias, :key FROM main.fact WHERE blob = :blob"
)


@contextmanager
def overlay(
    db: Connection,
    gone: Collection[str],
    new: Collection[Name],
    aliases: Mapping[str, Collection[str]] | None = None,
) -> Iterator[None]:
    """Let *db* answer as if some files were gone and others there.

    Args:
        db: A reading transaction; until the end of the context it answers so.
        gone: Paths of files.
        new: Files, also such as were renamed; what is known of their blobs is known of them.
        aliases: Names that pages have besides those in their facts, by blob.
    """
    try:
        for statement in _MAKE:
            db.exec_driver_sql(statement)
        _insert(db, _GONE, [{"path": path} for path in gone])
        _insert(db, _NEW, [to_row(Entry(item.path, item.blob, item.form)) for item in new])
        rows = [(blob, alias) for blob, names in (aliases or {}).items() for alias in names]
        _insert(db, _ALIAS, [{"blob": blob, "alias": alias, "key": fold_path(alias)} for blob, alias in rows])
        yield
    finally:
        _drop(db)


def _drop(db: Connection) -> None:
    try:
        for statement in _DROP:
            db.exec_driver_sql(statement)
    except DatabaseError:
        db.invalidate()  # nobody else may get a connection that answers so
        raise


def _insert(db: Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        db.execute(statement, rows[start : start + CHUNK])
