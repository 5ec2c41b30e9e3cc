"""How many pages use some files: link to them, show them, embed them; bounded, for lists of files.

A file is found by the last part of what links name, as backlinks are. Of links with one last part a bounded number is
looked at, so where many are, a count may be too low, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from engine.catalog.codec import tail
from engine.catalog.resolve import find
from engine.catalog.rows import Visible, everything, to_name
from engine.model import Name

LOOKED_AT = 100  # links with one last part


@dataclass(frozen=True, slots=True)
class Uses:
    """Pages that use a file."""

    pages: int
    more: bool = False  # there may be more


def uses(db: Connection, files: Sequence[Name], visible: Visible = everything) -> dict[str, Uses]:
    """Return for each of *files*, no pages and at most some hundred, by how many pages it is used.

    Args:
        db: A reading transaction.
        files: What is asked about.
        visible: Names for which it is false do not exist.
    """
    tails = list(dict.fromkeys(tail(file.path) for file in files))
    links, cut = _links(db, tails, visible)
    meant = find(db, {(page.folder, target) for page, target in links}, visible)
    found: dict[str, set[str]] = {file.path: set() for file in files}
    for page, target in links:
        match = meant[page.folder, target]
        if match is not None and match[0].path in found:
            found[match[0].path].add(page.path)
    return {file.path: Uses(len(found[file.path]), tail(file.path) in cut) for file in files}


def _links(db: Connection, tails: Sequence[str], visible: Visible) -> tuple[list[tuple[Name, str]], set[str]]:
    """Return links of pages by the last part of what they name, and those last parts of which there are more."""
    if not tails:
        return [], set()
    parts = (
        f"SELECT * FROM (SELECT {position} AS at, name.path, name.blob, name.form, link.target FROM link"  # noqa: S608 - numbers of our own; values are bound
        " CROSS JOIN fact ON fact.id = link.fact CROSS JOIN name ON name.blob = fact.blob"
        f" WHERE link.tail = :t{position} AND name.form = 'page' LIMIT {LOOKED_AT})"
        for position in range(len(tails))
    )
    asked = {f"t{position}": each for position, each in enumerate(tails)}
    rows: list[Any] = list(db.execute(text(" UNION ALL ".join(parts)), asked))
    counts: dict[int, int] = {}
    for row in rows:
        counts[row.at] = counts.get(row.at, 0) + 1
    seen = [(page, row.target) for row in rows if visible(page := to_name(row))]
    return seen, {tails[at] for at, count in counts.items() if count >= LOOKED_AT}
