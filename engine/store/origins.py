"""Runs of lines with the commit that brought them: of which files they are told, and how they are put in order."""

from collections.abc import Iterable
from dataclasses import replace

from engine.errors import RevisionNotFoundError, TooLargeError
from engine.model import Form, Origin
from engine.store import BLAMED_BYTES, Store


def check_blamed(store: Store, commit: str, path: str) -> None:
    """Refuse to tell of what is no file, or too large; errors as of `engine.store.Store.blame`."""
    entry = store.entry(commit, path)
    if entry is None or entry.form is Form.SUBMODULE:
        raise RevisionNotFoundError(f"{commit[:10]} has no file {path}")
    if (size := store.size(entry.blob)) > BLAMED_BYTES:
        raise TooLargeError(
            f"{path} has {size:,} bytes; who wrote each line is told of files of up to {BLAMED_BYTES:,}"
        )


def joined(origins: Iterable[Origin]) -> list[Origin]:
    """Order by line, and make one of two runs when the second goes on where the first ends, now and then."""
    made: list[Origin] = []
    for origin in sorted(origins, key=lambda each: each.start):
        if made and _goes_on(made[-1], origin):
            made[-1] = replace(made[-1], count=made[-1].count + origin.count)
        else:
            made.append(origin)
    return made


def _goes_on(before: Origin, after: Origin) -> bool:
    return (
        (before.commit, before.path, before.previous) == (after.commit, after.path, after.previous)
        and before.start + before.count == after.start
        and before.start_then + before.count == after.start_then
    )
