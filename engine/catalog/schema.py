"""The tables, the file they live in, and connections that see one moment."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DatabaseError, DisconnectionError

from engine.locks import Use

SCHEMA = 4
"""Raise it when a table changes; the catalog is then built anew beside the old one."""

PATIENT = 30_000  # milliseconds that the work behind waits for another writer
HASTY = 100  # milliseconds that a writer waits for whom a reader waits

metadata = MetaData()

state = Table(
    "state",
    metadata,
    Column("key", Text, primary_key=True),  # see the constants below
    Column("value", Text, nullable=False),
)
_STATES = select(state.c.key, state.c.value)
HEAD = "head"  # the commit that the names describe
TRACED = "traced"  # the commit that the arrivals describe
EDGES = "edges"  # where the history was cut when the arrivals were traced: hex ids, separated by a space
SCANNED = "scanned"  # the commit at which the facts of every page were known

name = Table(
    "name",
    metadata,
    Column("path", Text, primary_key=True),
    Column("blob", Text, nullable=False, index=True),
    Column("form", Text, nullable=False),
    Column("folder", Text, nullable=False),  # the path's parts before the last
    Column("key", Text, nullable=False, index=True),  # of the page id; of the path for media
    Column("last", Text, nullable=False, index=True),  # the key's last part
    sqlite_with_rowid=False,
)

fact = Table(
    "fact",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("blob", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("title_key", Text, nullable=False, index=True),
    Column("redirects", Boolean, nullable=False),  # the page leads on to another
    Column("unlisted", Boolean, nullable=False),  # its author wants no search engine to list it
    Column("data", Text, nullable=False),  # JSON, see codec
    Column("text", LargeBinary, nullable=False),  # zlib of UTF-8
)

link = Table(
    "link",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fact", Integer, nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("tail", Text, nullable=False, index=True),  # key of the target's last part
    Column("sentence", Text, nullable=False),
)

alias = Table(
    "alias",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fact", Integer, nullable=False, index=True),
    Column("alias", Text, nullable=False),
    Column("key", Text, nullable=False, index=True),
)

tag = Table(
    "tag",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("fact", Integer, nullable=False, index=True),
    Column("tag", Text, nullable=False),
    Column("key", Text, nullable=False, index=True),
)

label = Table(  # what pages without a title are suggested by; the words of all labels are in `suggestion`, see labels
    "label",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("last", Text, nullable=False, unique=True),  # the key of a path's last part
)

commit = Table(
    "commit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("hex", Text, nullable=False, unique=True),
    Column("parents", Text, nullable=False),  # hex ids, separated by a space
    Column("author", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("time", Integer, nullable=False),  # seconds since 1970, UTC
    Column("summary", Text, nullable=False),
    Column("key", Text),  # of the call that made it, see `engine.store.trailers`
)
Index("commit_key", commit.c.key, sqlite_where=commit.c.key.is_not(None))

touch = Table(
    "touch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("commit", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("old_path", Text),
    Column("blob", Text),
    Column("added", Boolean, nullable=False),
    # Both are set while the commit is among the arrivals:
    Column("rank", Integer),  # the commit's, so that the newest touch of a path is found without the others
    Column("lineage", Integer),
)
Index("touch_commit_path", touch.c.commit, touch.c.path)
Index("touch_path_rank", touch.c.path, touch.c.rank)
Index("touch_lineage_rank", touch.c.lineage, touch.c.rank)
Index("touch_old_path", touch.c.old_path, touch.c.rank, sqlite_where=touch.c.old_path.is_not(None))
Index(
    "touch_renamed",
    touch.c.lineage,
    touch.c.path,
    touch.c.old_path,
    sqlite_where=touch.c.old_path.is_not(None),
)
Index("touch_gone", touch.c.rank, touch.c.path, sqlite_where=touch.c.blob.is_(None))

arrival = Table(
    "arrival",
    metadata,
    Column("rank", Integer, primary_key=True, autoincrement=False),  # 0 is the oldest
    Column("commit", Integer, nullable=False, index=True),
)

lineage = Table(
    "lineage",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("commit", Text, nullable=False),  # where the page began: hex id
    Column("path", Text, nullable=False),  # and under which path
    UniqueConstraint("commit", "path"),
)

activity = Table(
    "activity",
    metadata,
    # One row for each folder in which a commit among the arrivals touched something, at any depth; "" is the root.
    Column("folder", Text, primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),  # the commit's
    Column("author", Text, nullable=False),  # the commit's: by name
    Column("files", Integer, nullable=False),  # how many it touched there; a rename counts in both folders
    Index("activity_author", "author", "folder", "rank"),
    sqlite_with_rowid=False,
)

INDEXED = 6
"""Letters of a word of a label that SQLite finds without going through all words that begin so."""

# The words of labels, see `engine.catalog.labels`: folded already, and separated by spaces.
SUGGESTION = f"""
    CREATE VIRTUAL TABLE IF NOT EXISTS suggestion USING fts5 (
        words, tokenize = 'ascii', detail = 'none', columnsize = 0,
        prefix = '{" ".join(str(length) for length in range(1, INDEXED + 1))}'
    )
"""

APART = fact.c.redirects | fact.c.unlisted
"""What few facts are; asked for just so, they are found without reading the others."""

Index("fact_apart", fact.c.blob, fact.c.redirects, sqlite_where=APART)
Index("name_folder_path", name.c.folder, name.c.path, name.c.form)  # all that listing a folder takes


def catalog_file(folder: Path, version: str) -> Path:
    """Return where the catalog of this program is: *version* is what the facts depend on besides the schema."""
    return folder / f"catalog-{SCHEMA}-{version}.db"


class Catalog:
    """One SQLite file, and the connections to it.

    Args:
        folder: Where derived data lives; made with mode 0700.
        version: What the facts depend on besides the schema; another version is another file.
    """

    def __init__(self, folder: Path, *, version: str = "0") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.path = catalog_file(folder, version)
        self._use = Use(
            self.path.with_suffix(".lock")
        )  # no later version of the program removes it meanwhile
        self._readers = _engine(self.path, "BEGIN", PATIENT)
        self._writers = _engine(self.path, "BEGIN IMMEDIATE", PATIENT)
        self._hasty = _engine(self.path, "BEGIN IMMEDIATE", HASTY)
        try:
            self._make_tables()
        except DatabaseError as error:
            if not is_damage(error):
                raise
            self.renew()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the catalog as it was at its first question."""
        with self._readers.connect() as db, db.begin():
            yield db

    @contextmanager
    def writing(self, *, hasty: bool = False) -> Iterator[Connection]:
        """Give the one connection that may write now; others wait. All or nothing is kept.

        Args:
            hasty: Rather fail than wait for another writer for long: a reader stands behind.
        """
        with (self._hasty if hasty else self._writers).begin() as db:
            yield db

    def is_sound(self) -> bool:
        """Read the whole file, and say whether it is a catalog; takes seconds where there are many pages."""
        try:
            with self.reading() as db:
                return db.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
        except DatabaseError as error:
            if is_damage(error):
                return False
            raise

    def renew(self) -> None:
        """Put an empty catalog in the place of this one, whatever it holds; other processes notice and turn to it."""
        self._dispose()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        self._make_tables()

    def close(self) -> None:
        """Close all connections."""
        self._dispose()
        self._use.end()

    def _dispose(self) -> None:
        for engine in (self._readers, self._writers, self._hasty):
            engine.dispose()

    def _make_tables(self) -> None:
        with self.writing() as db:
            metadata.create_all(db)
            db.exec_driver_sql(SUGGESTION)


def is_damage(error: Exception) -> bool:
    """Say whether *error* tells that the file is broken, or no database at all, rather than busy or on a full disk."""
    return _code(error) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_busy(error: Exception) -> bool:
    """Say whether *error* tells that others write for too long."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _code(error: Exception) -> int:
    return int(getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)) & 0xFF


def read_state(db: Connection, key: str) -> str | None:
    """Return one value of the state table."""
    return read_states(db).get(key)


def read_states(db: Connection) -> dict[str, str]:
    """Return the state table, which has but a few rows."""
    return {row.key: row.value for row in db.execute(_STATES)}


def write_state(db: Connection, key: str, value: str | None) -> None:
    """Set one value of the state table, or remove it."""
    if value is None:
        db.execute(state.delete().where(state.c.key == key))
    else:
        new = upsert(state).values(key=key, value=value)
        db.execute(new.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


def _engine(path: Path, begin: str, patience: int) -> Engine:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, pool_size=8, max_overflow=64, pool_use_lifo=True)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {patience}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = NORMAL")  # derived: the last commits may be lost, never mixed up
        cursor.execute("PRAGMA cache_size = -2000")  # KiB
        cursor.close()
        record.info["file"] = _file(path)
        record.info["pool"] = engine.pool

    @event.listens_for(engine, "checkout")
    def check(connection: Any, record: Any, proxy: Any) -> None:
        if record.info.get("file") != _file(path):
            raise DisconnectionError("another process has put a new catalog in its place")

    @event.listens_for(engine, "checkin")
    def leave(connection: Any, record: Any) -> None:
        # Given back after `Engine.dispose`, to a pool that nobody closes any more.
        if connection is not None and record.info.get("pool") is not engine.pool:
            record.invalidate()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _file(path: Path) -> int | None:
    """Return what tells a file from another one of the same name."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
