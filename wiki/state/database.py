"""The file, and connections to it: one writer at a time, any number of readers, and a number that tells of changes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakMethod

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError

from engine.errors import InvalidChangeError, StoreError
from engine.locks import HostLock
from engine.messages import Message
from wiki.state.migrations import migrate

FILE = "state.db"
PATIENCE = 10_000  # milliseconds that a writer waits for another one


class Database:
    """One SQLite file, safe to use from several processes and threads, and after a fork.

    Args:
        folder: Made with mode 0700; the file in it has mode 0600.
        lasting: Whether what was written is on the disk before anybody is told so; only a state that is thrown away
            can do without.

    Raises:
        StoreError: The folder cannot be used, or the file is of a later version of the program.
    """

    def __init__(self, folder: Path, *, lasting: bool = True) -> None:
        self.path = folder / FILE
        self._synchronous = "FULL" if lasting else "OFF"
        self._lock = Lock()
        self._engines: dict[str, Engine] = {}
        self._watch: Any = None
        _prepare(folder, self.path)
        before, after = WeakMethod(self.close), WeakMethod(self._forget)
        os.register_at_fork(before=lambda: _call(before), after_in_child=lambda: _call(after))
        with HostLock(folder / "state.lock").held(PATIENCE / 1_000) as held:
            if not held:
                raise StoreError(f"another process is opening {self.path}, and does not end; try again")
            try:
                with self.writing() as db:
                    migrate(db)
            except StoreError as error:
                raise StoreError(f"{self.path} cannot be opened: {error}") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one moment.

        Raises:
            StoreError: The file cannot be read.
        """
        with _explained(), self._engine("BEGIN", self._synchronous).connect() as db, db.begin():
            yield db

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Connection]:
        """Give the one connection that may write now; others wait. All or nothing is kept.

        Args:
            lasting: Whether it must be on the disk before anybody is told so. What is not is lost when the power
                fails, never when a process does.

        Raises:
            StoreError: The file cannot be written.
        """
        synchronous = self._synchronous if lasting or self._synchronous == "OFF" else "NORMAL"
        with _explained(), self._engine("BEGIN IMMEDIATE", synchronous).begin() as db:
            yield db

    def generation(self) -> int:
        """Return a number that is another one once anybody has changed anything, in this process or another.

        It takes a few microseconds. What was read after asking for the number is true for as long as it stays.
        """
        with self._lock:
            try:
                if self._watch is None:
                    made = self._engine("BEGIN", self._synchronous, locked=True).raw_connection()
                    self._watch = made.driver_connection
                    made.detach()  # from the pool: it stays open, and never writes
                return int(self._watch.execute("PRAGMA data_version").fetchone()[0])
            except (sqlite3.Error, DatabaseError) as error:
                raise _unreadable(error) from error

    def backup(self, file: Path) -> None:
        """Copy all of it to a new *file* of mode 0600, while others read and write.

        Raises:
            InvalidChangeError: The file exists.
            OSError: It cannot be written.
        """
        try:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        except FileExistsError as error:
            raise InvalidChangeError(f"{file} exists already; name a file that does not") from error
        try:
            with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(file)) as copy:
                source.execute(f"PRAGMA busy_timeout = {PATIENCE}")
                source.backup(copy)  # in one go: a reader of a write-ahead log keeps nobody from writing
                copy.execute("PRAGMA journal_mode = DELETE")  # so that it is one file
                found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            if found != "ok":
                raise StoreError(f"{self.path} is damaged: {found}")
            with file.open("rb") as written:
                os.fsync(written.fileno())
            _sync_folder(file.parent)
        except sqlite3.Error as error:
            file.unlink()
            raise StoreError(f"{self.path} could not be copied to {file}: {error}") from error
        except BaseException:
            file.unlink()
            raise

    def close(self) -> None:
        """Close all connections that nobody uses; it may be used again afterwards."""
        with self._lock:
            for engine in self._engines.values():
                engine.dispose()
            if self._watch is not None:
                self._watch.close()
            self._engines, self._watch = {}, None

    def _forget(self) -> None:
        """Leave all connections to the process that forked: what is theirs must not be closed here."""
        self._lock = Lock()
        for engine in self._engines.values():
            engine.dispose(close=False)
        self._engines, self._watch = {}, None

    def _engine(self, begin: str, synchronous: str, *, locked: bool = False) -> Engine:
        key = f"{begin} {synchronous}"
        if (found := self._engines.get(key)) is not None:
            return found
        if locked:
            return self._engines.setdefault(key, _engine(self.path, begin, synchronous))
        with self._lock:
            return self._engine(begin, synchronous, locked=True)


def _prepare(folder: Path, file: Path) -> None:
    """Make folder and file, for their owner alone."""
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.stat()
        if status.st_uid != os.getuid():
            raise StoreError(f"{folder} belongs to somebody else; name a folder of your own with --data")
        folder.chmod(0o700)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
        _sync_folder(folder)
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written to ({error.strerror}); name a folder of your own with --data"
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _engine(path: Path, begin: str, synchronous: str) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)), pool_size=8, max_overflow=64, pool_use_lifo=True
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -1000")  # KiB
        cursor.close()
        record.info["pool"] = engine.pool

    @event.listens_for(engine, "checkin")
    def leave(connection: Any, record: Any) -> None:
        # Given back after `Engine.dispose`, to a pool that nobody closes any more.
        if connection is not None and record.info.get("pool") is not engine.pool:
            record.invalidate()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _explained() -> Iterator[None]:
    """Turn errors of the database into one that the shell knows."""
    try:
        yield
    except IntegrityError:
        raise  # whoever writes knows what it means
    except DatabaseError as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> StoreError:
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return StoreError(Message("The accounts cannot be read: their file is damaged."))
    return StoreError(Message("The accounts cannot be read or written just now; try again in a moment."))


def _call(method: "WeakMethod[Any]") -> None:
    if (found := method()) is not None:
        found()
