"""Asks all questions, one after the other; a question that fails is an answer, too."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from logging import getLogger
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError, OperationalError

from engine.catalog.proof import reading_only
from engine.diagnosis import Diagnosis, error, ok, warning
from engine.doctor import folder
from engine.doctor.derived import Derived, Progress
from engine.errors import WikiError
from engine.markup import Markup
from engine.search import SearchIndex
from engine.store import Store

log = getLogger(__name__)

DERIVED = frozenset({"catalog", "names", "facts", "history", "index"})
"""Parts that are mended by deriving them anew."""

_NOTHING = "nothing has been derived yet; quire serve does, and quire index"


@dataclass(frozen=True, slots=True)
class Patient:
    """What a doctor looks at."""

    store: Store  # opened to be read only
    index: SearchIndex
    folder: Path  # of derived data; it may be missing
    catalog: Path  # the catalog's file in it


class Doctor:
    """Examines one wiki. Changes nothing."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient

    def examine(
        self, *, full: bool = False, progress: Progress = lambda stage, done, total: None
    ) -> Iterator[Diagnosis]:
        """Yield what is found, well or not.

        Args:
            full: Compare everything, rather than a sample.
            progress: Told the stage, how much is done, and of how much.
        """
        patient = self._patient
        yield from _asked("repository", lambda: patient.store.health(full=full))
        if not patient.folder.is_dir():
            yield ok("catalog", _NOTHING)
            return
        yield from _asked("folder", lambda: folder.examine(patient.folder, patient.catalog))
        if not patient.catalog.is_file():
            yield ok("catalog", _NOTHING)
            return
        safe = folder.is_safe(patient.folder)
        if not safe:
            yield warning(
                "index", "the index is not opened while others may change it", "mend the folder first"
            )
        yield from _asked("catalog", lambda: self._derived(safe=safe, full=full, progress=progress))

    def _derived(self, *, safe: bool, full: bool, progress: Progress) -> Iterator[Diagnosis]:
        patient = self._patient
        with self._catalog() as db:
            derived = Derived(
                db, patient.store, patient.index if safe else None, Markup(), full=full, progress=progress
            )
            yield from derived.file()
            for part, question in (
                ("names", derived.names),
                ("facts", derived.facts),
                ("history", derived.history),
                ("index", derived.search),
            ):
                yield from _asked(part, question)

    @contextmanager
    def _catalog(self) -> Iterator[Connection]:
        """Open the catalog, also in a folder where this user may not write."""
        with reading_only(self._patient.catalog, unchanging=self._is_out_of_reach()) as db:
            yield db

    def _is_out_of_reach(self) -> bool:
        """Say whether SQLite cannot keep its own files beside the catalog's."""
        try:
            with reading_only(self._patient.catalog) as db:
                db.exec_driver_sql("SELECT count(*) FROM state")
        except OperationalError as problem:
            code = getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF
            return code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
        except DatabaseError:
            pass  # it is broken, which is told of by who reads it
        return False


def _asked(part: str, question: Callable[[], Iterable[Diagnosis]]) -> Iterator[Diagnosis]:
    """Yield the answers to a question; that it could not be answered is one, too."""
    try:
        yield from question()
    except DatabaseError as problem:
        yield error(part, f"the catalog is broken: {problem.orig}", "quire doctor --repair derives it anew")
    except Exception as problem:
        log.debug("a question failed", exc_info=True)
        what = (
            str(problem)
            if isinstance(problem, WikiError | OSError)
            else f"{type(problem).__name__}: {problem}"
        )
        advice = "quire doctor --repair derives it anew" if part in DERIVED else "mend that, and look again"
        yield error(part, f"this could not be looked at: {what}", advice)
