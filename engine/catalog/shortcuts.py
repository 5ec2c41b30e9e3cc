"""Decides most of many links at once, by the last part of what they name, without going through the steps.

A link that says more than ``..`` ends in the last part of what it means: of a path, an alias or a title, or of a folder.
So where one file alone has that last part, a plain ``[[Page]]`` can mean nothing else; and where no file, alias, title
or folder has it, the link leads nowhere. What is left goes through the steps of `engine.catalog.resolve`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from engine.catalog.codec import tail
from engine.catalog.rows import Visible, chunks, folders, to_name
from engine.catalog.schema import alias, fact, name
from engine.catalog.wanted import Wanted, stem
from engine.ids import fold, fold_path
from engine.model import Name

_BY_LAST = (
    select(name, func.count().label("files"))
    .where(name.c.last.in_(bindparam("values", expanding=True)))
    .group_by(name.c.last)
)
_KNOWN = {
    column: select(column).where(column.in_(bindparam("values", expanding=True)))
    for column in (alias.c.key, fact.c.title_key)
}


class Shortcuts:
    """Decides links of one moment; the folders are read once.

    Args:
        db: A reading transaction.
        visible: Names for which it is false do not exist.
    """

    def __init__(self, db: Connection, visible: Visible) -> None:
        self._db = db
        self._visible = visible
        self._folders = {fold(folder.rpartition("/")[2]) for folder in folders(db)}  # keys of last parts

    def decide(self, wanted: Sequence[Wanted]) -> dict[tuple[str, str], Name | None]:
        """Return what can be said at once, by folder and target: the one file that is meant, or ``None`` for none."""
        tails = {item.pair: tail(item.target) for item in wanted if not item.target.endswith("/")}
        sole, shared = self._files(tails.values())
        found: dict[tuple[str, str], Name | None] = {}
        nowhere: list[Wanted] = []
        for item in wanted:
            last = tails.get(item.pair, "")
            if last in sole:
                file, key = sole[last]
                if _means(item, file, key):
                    found[item.pair] = file
            elif last and last not in shared and last not in self._folders:
                nowhere.append(item)
        found.update(dict.fromkeys(item.pair for item in self._without_other_names(nowhere)))
        return found

    def _files(self, tails: Iterable[str]) -> tuple[Mapping[str, tuple[Name, str]], set[str]]:
        """Return the visible files that alone have a last part, with their keys; and the last parts of any file."""
        sole: dict[str, tuple[Name, str]] = {}
        shared: set[str] = set()
        for chunk in chunks(each for each in tails if each):
            for row in self._db.execute(_BY_LAST, {"values": chunk}):
                if row.files == 1 and self._visible(file := to_name(row)):
                    sole[row.last] = (file, row.key)
                else:
                    shared.add(row.last)
        return sole, shared

    def _without_other_names(self, items: Sequence[Wanted]) -> list[Wanted]:
        """Return those that are no alias and no title of any page, hidden ones included."""
        aliases = self._known(alias.c.key, (fold_path(item.target) for item in items))
        titles = self._known(fact.c.title_key, (fold(item.target) for item in items))
        return [
            item
            for item in items
            if fold_path(item.target) not in aliases and fold(item.target) not in titles
        ]

    def _known(self, column: Any, keys: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for chunk in chunks(keys):
            found.update(self._db.execute(_KNOWN[column], {"values": chunk}).scalars())
        return found


def _means(item: Wanted, file: Name, key: str) -> bool:
    """Say whether a link whose last part is that of one file alone, whose key is *key*, means this file."""
    if not item.explicit and "/" not in item.target:
        return True  # by its place, or else by the end of its path
    own = str(file.id)
    if any(stem(place) == own or fold_path(stem(place)) == key for place in item.places):
        return True
    return not item.explicit and f"/{key}".endswith(f"/{item.suffix_key}")
