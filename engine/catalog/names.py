"""Brings the names to a commit: by the difference of two trees, or all anew. Runs within the caller's transaction."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, insert

from engine.catalog.schema import HEAD, name, write_state
from engine.ids import fold_path, page_stem
from engine.model import Difference, Entry, Form

BATCH = 5_000  # rows in one statement


def replace_names(db: Connection, head: str | None, entries: Iterable[Entry]) -> None:
    """Make the names those of *entries*, the files of commit *head*; ``None`` while the branch has no commit."""
    db.execute(delete(name))
    _insert(db, entries)
    write_state(db, HEAD, head)


def change_names(db: Connection, head: str, differences: Sequence[Difference]) -> None:
    """Bring the names from the commit that they describe to *head*, which differs by *differences*."""
    gone = [difference.path for difference in differences if difference.old]
    for start in range(0, len(gone), BATCH):
        db.execute(delete(name).where(name.c.path.in_(gone[start : start + BATCH])))
    _insert(db, (difference.new for difference in differences if difference.new))
    write_state(db, HEAD, head)


def _insert(db: Connection, entries: Iterable[Entry]) -> None:
    rows = map(to_row, entries)
    while batch := list(islice(rows, BATCH)):
        db.execute(insert(name), batch)


def to_row(entry: Entry) -> dict[str, Any]:
    """Return what the table says of one file."""
    stem = page_stem(entry.path) if entry.form is Form.PAGE else None
    key = fold_path(stem or entry.path)
    return {
        "path": entry.path,
        "blob": entry.blob,
        "form": entry.form.value,
        "folder": entry.path.rpartition("/")[0],
        "key": key,
        "last": key.rpartition("/")[2],
    }
