"""What lies in a folder, a part at a time: in order, without reading the other parts.

Where an actor does not see every file, each has to be asked for, so their listing is put together as a whole.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import Connection, func, select, text

from engine.catalog.resolve import is_in
from engine.catalog.rows import Visible, everything, to_name
from engine.catalog.schema import fact, name
from engine.model import Form, Name

BY_TITLE = 2_000
"""Pages that a folder may have to be listed by title; those of a larger one are listed by the names of their files.

Titles stand in the pages and names in the tree, so an order by title means reading the title of each page of the folder
for every part of its listing, while names are in an index.
"""

_PAGE = name.c.form == Form.PAGE.value
_END = "\U0010ffff"  # beyond every path

# Jumps along the index from one folder to the first that does not lie in it. Between a folder and what lies in it stand
# others, as "a b" between "a" and "a/b", so a folder may be met twice.
_SUBFOLDERS = text("""
    WITH RECURSIVE met(folder) AS (
        SELECT min(folder) FROM name WHERE folder > :prefix AND folder < :end
        UNION ALL
        SELECT CASE WHEN instr(substr(folder, :skip), '/') = 0
            THEN (SELECT min(folder) FROM name WHERE folder > met.folder AND folder < :end)
            ELSE (
                SELECT min(folder) FROM name
                WHERE folder >= substr(met.folder, 1, :skip + instr(substr(met.folder, :skip), '/') - 2) || '0'
                AND folder < :end
            )
            END
        FROM met WHERE folder IS NOT NULL
    )
    SELECT DISTINCT substr(folder, 1, :skip + instr(substr(folder, :skip) || '/', '/') - 2)
    FROM met WHERE folder IS NOT NULL LIMIT :limit
""")


def subfolders(db: Connection, folder: str, limit: int | None = None) -> list[str]:
    """Return the folders directly in *folder*, or the first *limit*, ordered by path."""
    prefix = f"{folder}/" if folder else ""
    asked = {
        "prefix": prefix,
        "skip": len(prefix) + 1,
        "end": f"{folder}0" if folder else _END,  # "0" follows "/": beyond everything in the folder
        "limit": -1 if limit is None else limit,
    }
    return list(db.execute(_SUBFOLDERS, asked).scalars())


def pages_below(db: Connection, folder: str, visible: Visible = everything) -> dict[str, int]:
    """Return the folders directly in *folder* that have pages, at any depth, and how many; ordered by path."""
    start = len(folder) + 1 if folder else 0
    below = is_in(name.c.folder, folder) if folder else name.c.folder > ""
    found: Counter[str] = Counter()
    if visible is everything:
        counts = select(name.c.folder, func.count()).where(_PAGE, below).group_by(name.c.folder)
        for path, count in db.execute(counts):
            found[_child(path, start)] += count
    else:
        for row in db.execute(select(name).where(_PAGE, below)):
            if visible(item := to_name(row)):
                found[_child(item.folder, start)] += 1
    return dict(sorted(found.items()))


def files_below(db: Connection, folder: str, visible: Visible = everything) -> Iterator[Name]:
    """Yield the files in *folder*, at any depth, ordered by path."""
    for row in db.execute(select(name).where(is_in(name.c.path, folder)).order_by(name.c.path)):
        if visible(item := to_name(row)):
            yield item


def _child(folder: str, start: int) -> str:
    """Return the folder that *folder* is or lies in, of those whose names begin at *start*."""
    end = folder.find("/", start)
    return folder if end < 0 else folder[:end]


class FilesIn:
    """The files directly in one folder: its pages, or all others.

    Args:
        db: A reading transaction.
        folder: Its path.
        pages: Whether pages are meant; otherwise all other files.
        visible: Names for which it is false do not exist.
    """

    def __init__(
        self, db: Connection, folder: str, *, pages: bool = True, visible: Visible = everything
    ) -> None:
        self._db = db
        self._pages = pages
        self._where = (name.c.folder == folder, _PAGE if pages else ~_PAGE)
        self._visible = visible
        self._seen: list[Name] | None = None
        if visible is everything:
            self.count = db.execute(select(func.count()).select_from(name).where(*self._where)).scalar_one()
        else:
            rows = db.execute(select(name).where(*self._where).order_by(name.c.path))
            self._seen = [item for row in rows if visible(item := to_name(row))]
            self.count = len(self._seen)

    def part(self, start: int, count: int | None) -> list[tuple[Name, str]]:
        """Return *count* files from *start* on, or all of them, each with its title."""
        if count is not None and (count <= 0 or start >= self.count):
            return []
        end = None if count is None else start + count
        if self._pages and self.count <= BY_TITLE:
            titled = self._titled(self._seen if self._seen is not None else self._names(0, None))
            return sorted(titled, key=lambda each: (each[1].casefold(), each[0].path))[start:end]
        if self._seen is not None:
            return self._titled(list(islice(self._seen, start, end)))
        return self._titled(self._names(start, count))

    def _names(self, start: int, count: int | None) -> list[Name]:
        query = select(name).where(*self._where).order_by(name.c.path).offset(start)
        return [to_name(row) for row in self._db.execute(query if count is None else query.limit(count))]

    def _titled(self, names: Sequence[Name]) -> list[tuple[Name, str]]:
        titles: dict[str, str] = {}
        blobs = [item.blob for item in names] if self._pages else []
        for at in range(0, len(blobs), BY_TITLE):
            found = select(fact.c.blob, fact.c.title).where(fact.c.blob.in_(blobs[at : at + BY_TITLE]))
            titles.update((row.blob, row.title) for row in self._db.execute(found))
        return [(item, titles.get(item.blob) or item.id.last) for item in names]


class Media:
    """The media in one folder, at any depth, ordered by path; hidden files are left out.

    Args:
        db: A reading transaction.
        folder: Its path; empty for all of them.
        visible: Names for which it is false do not exist.
    """

    def __init__(self, db: Connection, folder: str, visible: Visible = everything) -> None:
        self._db = db
        self._where = [
            name.c.form == Form.MEDIA.value,
            *((is_in(name.c.path, folder),) if folder else ()),
            name.c.path.not_like(".%"),
            name.c.path.not_like("%/.%"),
        ]
        self._seen: list[Name] | None = None
        if visible is everything:
            self.count = db.execute(select(func.count()).select_from(name).where(*self._where)).scalar_one()
        else:
            rows = db.execute(select(name).where(*self._where).order_by(name.c.path))
            self._seen = [item for row in rows if visible(item := to_name(row))]
            self.count = len(self._seen)

    def part(self, start: int, count: int) -> list[Name]:
        """Return *count* of them from *start* on."""
        if self._seen is not None:
            return self._seen[start : start + count]
        query = select(name).where(*self._where).order_by(name.c.path).offset(start).limit(count)
        return [to_name(row) for row in self._db.execute(query)]
