"""What every question to the catalog needs: rows as names, values in lists that fit a statement, who may see what."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, select

from engine.catalog.schema import name
from engine.model import Form, Name

CHUNK = 5_000  # values in one IN (…)

Visible = Callable[[Name], bool]
"""Names for which it is false do not exist."""


def everything(_: Name) -> bool:
    """Let every name be seen."""
    return True


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Split values, each once, into lists that fit into one statement."""
    rest = list(dict.fromkeys(values))
    for start in range(0, len(rest), CHUNK):
        yield rest[start : start + CHUNK]


def to_name(row: Any) -> Name:
    """Make a Name from a row of the table."""
    return Name(row.path, row.blob, Form(row.form))


def folders(db: Connection) -> set[str]:
    """Return all folders that have a file in them, at any depth; the root is the empty one."""
    known: set[str] = set()
    for folder in db.execute(select(name.c.folder).distinct()).scalars():
        while folder not in known:
            known.add(folder)
            folder = folder.rpartition("/")[0]
    return known
