"""`Arrivals`: every question that may be asked of the commits that arrived at the head, and of what they touched.

Commits are met in their order of arrival (see `engine.catalog.history`), which their ranks count. That order is a line,
and history is not: where branches met, the touch before another one is not always what the other one changed.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Text, and_, bindparam, func, or_, select

from engine.catalog.history import LINEAGES
from engine.catalog.rows import chunks, to_name
from engine.catalog.schema import activity, arrival, commit, lineage, name, touch
from engine.model import Author, Name, Revision, TouchKind

LAST = "\U0010ffff"  # beyond every path


@dataclass(frozen=True, slots=True)
class Touched:
    """One file that a commit touched, and the commit."""

    revision: Revision
    rank: int  # the commit's
    lineage: int
    kind: TouchKind
    path: str
    old_path: str | None  # where the file was renamed from
    blob: str | None  # None when it was deleted


@dataclass(frozen=True, slots=True)
class Active:
    """One commit that touched something in a folder."""

    revision: Revision
    rank: int
    files: int  # how many in that folder


@dataclass(frozen=True, slots=True)
class Came:
    """One commit that arrived."""

    revision: Revision
    rank: int
    files: int  # how many it touched
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gone:
    """One deletion, with the touch that last left a file there before."""

    touched: Touched
    last: Touched | None


# Values of a list that is given as JSON; with one step down an index for each, however long its history is.
_EACH = func.json_each(bindparam("each", type_=Text)).table_valued("value").c.value
_COLUMNS = (
    *(touch.c.id.label("touch_id"), touch.c.rank, touch.c.lineage),
    *(touch.c.path, touch.c.old_path, touch.c.blob, touch.c.added),
    *(commit.c.hex, commit.c.parents, commit.c.author, commit.c.email, commit.c.time, commit.c.summary),
)
_TOUCHED = select(*_COLUMNS).join(commit, commit.c.id == touch.c.commit)
_ARRIVED = (
    select(commit.c.hex, arrival.c.rank)
    .join(arrival, arrival.c.commit == commit.c.id)
    .where(commit.c.hex >= bindparam("start"), commit.c.hex < bindparam("beyond"))
    .order_by(commit.c.hex)
    .limit(2)
)
_LAST_PATHS = select(
    _EACH,
    select(touch.c.path)
    .where(touch.c.lineage == _EACH, touch.c.rank.is_not(None))
    .order_by(touch.c.rank.desc())
    .limit(1)
    .scalar_subquery(),
)
_BEGAN = select(lineage).where(lineage.c.id.in_(select(_EACH)))
_BEGUN = select(lineage).join(
    _EACH.table,
    and_(
        lineage.c.commit == func.json_extract(_EACH, "$[0]"),
        lineage.c.path == func.json_extract(_EACH, "$[1]"),
    ),
)
_RENAMED = select(touch.c.lineage, touch.c.path, touch.c.old_path).where(
    touch.c.lineage.in_(select(_EACH)), touch.c.old_path.is_not(None)
)  # and nothing of the rank, or another index than the one of renames would be taken
_newer, _before = touch.alias(), touch.alias()
_GONE = (
    select(
        touch.c.id,
        touch.c.rank,
        touch.c.path,
        select(name.c.path).where(name.c.path == touch.c.path).exists().label("here"),
        select(_newer.c.id)
        .where(_newer.c.path == touch.c.path, _newer.c.rank > touch.c.rank, _newer.c.blob.is_(None))
        .exists()
        .label("again"),
        select(_before.c.id)
        .where(
            _before.c.lineage == touch.c.lineage,
            _before.c.rank < touch.c.rank,
            _before.c.blob.is_not(None),
        )
        .order_by(_before.c.rank.desc())
        .limit(1)
        .scalar_subquery()
        .label("last"),
    )
    .where(touch.c.blob.is_(None), touch.c.rank.is_not(None))
    .order_by(touch.c.rank.desc(), touch.c.path)
)


_ARRIVED_AFTER = (
    select(arrival.c.rank, commit, func.coalesce(activity.c.files, 0).label("files"))
    .join(commit, commit.c.id == arrival.c.commit)
    .join(activity, and_(activity.c.folder == "", activity.c.rank == arrival.c.rank), isouter=True)
    .where(arrival.c.rank > bindparam("after"))
    .order_by(arrival.c.rank)
    .limit(bindparam("limit"))
)


def _first_parent(parents: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.substr(parents, 1, func.instr(parents.op("||")(" "), " ") - 1)


def _line(arrived: bool) -> Select[Any]:
    """Ask for the first-parent line of a commit, newest first: of one that arrived down to a rank, or of any known."""
    start = select(commit.c.hex, commit.c.parents, arrival.c.rank).where(commit.c.hex == bindparam("start"))
    line = start.join(arrival, arrival.c.commit == commit.c.id, isouter=not arrived).cte(
        "line", recursive=True
    )
    older = (
        select(commit.c.hex, commit.c.parents, arrival.c.rank)
        .select_from(line)
        .join(commit, commit.c.hex == _first_parent(line.c.parents))
        .join(arrival, arrival.c.commit == commit.c.id, isouter=not arrived)
    )
    if arrived:
        older = older.where(line.c.rank > bindparam("down_to"))
    line = line.union_all(older)
    return select(line.c.hex, line.c.rank)


_LINE, _ANCESTRY = _line(arrived=True), _line(arrived=False)


def _active(*where: ColumnElement[bool]) -> Select[Any]:
    page = (
        select(activity.c.rank)
        .where(activity.c.folder == bindparam("folder"), *where)
        .order_by(activity.c.rank.desc())
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )
    return (
        select(activity.c.rank, activity.c.files, commit)
        .join(arrival, arrival.c.rank == activity.c.rank)
        .join(commit, commit.c.id == arrival.c.commit)
        .where(activity.c.folder == bindparam("folder"), activity.c.rank.in_(page))
        .order_by(activity.c.rank.desc())
    )


_ACTIVE, _ACTIVE_BY = _active(), _active(activity.c.author == bindparam("author"))


def _inside(path: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(path > bindparam("low"), path < bindparam("high"))


def _some(where: Callable[[Any], ColumnElement[bool]]) -> Select[Any]:
    """Ask for some of the touches of each of several commits, however many these have."""
    some = touch.alias()
    numbers = (
        select(some.c.id)
        .where(some.c.commit == arrival.c.commit, where(some))
        .order_by(some.c.path)
        .limit(bindparam("limit"))
        .correlate(arrival)
    )
    return (
        select(*_COLUMNS)
        .select_from(arrival)
        .join(touch, touch.c.id.in_(numbers))
        .join(commit, commit.c.id == arrival.c.commit)
        .where(arrival.c.rank.in_(select(_EACH)))
        .order_by(arrival.c.rank, touch.c.path)
    )


_TOUCHED_IN = _some(lambda some: _inside(some.c.path))
_MOVED_OUT_OF = _some(lambda some: and_(_inside(some.c.old_path), ~_inside(some.c.path)))


def to_revision(row: Row[Any]) -> Revision:
    """Read a row that holds a commit."""
    time = datetime.fromtimestamp(row.time, UTC)
    return Revision(row.hex, Author(row.author, row.email), time, row.summary)


def _touched(row: Any) -> Touched:
    if row.blob is None:
        kind = TouchKind.DELETED
    elif row.old_path is not None:
        kind = TouchKind.RENAMED
    elif row.added:
        kind = TouchKind.ADDED
    else:
        kind = TouchKind.MERGED if " " in row.parents else TouchKind.CHANGED
    return Touched(to_revision(row), row.rank, row.lineage, kind, row.path, row.old_path, row.blob)


class Arrivals:
    """What is known of the commits that arrived; true only where `Moment.traced` is.

    Args:
        db: A reading transaction.
    """

    def __init__(self, db: Connection) -> None:
        self._db = db

    def commits(self, start: str) -> list[tuple[str, int]]:
        """Return commits whose id begins with some hex digits, each with its rank: at most two."""
        rows = self._db.execute(_ARRIVED, {"start": start, "beyond": f"{start}g"})
        return [(row.hex, row.rank) for row in rows]

    def at(self, rank: int) -> str:
        """Return the commit that has a rank, empty when none has."""
        query = select(commit.c.hex).join(arrival, arrival.c.commit == commit.c.id)
        return str(self._db.execute(query.where(arrival.c.rank == rank)).scalar() or "")

    def rank(self, hex_id: str) -> int | None:
        """Return the rank of a commit, ``None`` where it has not arrived."""
        query = select(arrival.c.rank).join(commit, commit.c.id == arrival.c.commit)
        return self._db.execute(query.where(commit.c.hex == hex_id)).scalar()

    def arrived_after(self, rank: int, limit: int) -> list[Came]:
        """Return the commits that arrived after the one of a rank, oldest first."""
        rows = self._db.execute(_ARRIVED_AFTER, {"after": rank, "limit": limit})
        return [Came(to_revision(row), row.rank, row.files, tuple(row.parents.split())) for row in rows]

    def line(self, head: str, down_to: int) -> list[tuple[str, int]]:
        """Return the commits of the first-parent line of *head*, with their ranks, newest first.

        The last one is the first to have a rank of *down_to* or less.
        """
        rows = self._db.execute(_LINE, {"start": head, "down_to": down_to})
        return [(row.hex, row.rank) for row in rows]

    def ancestry(self, hex_id: str) -> Iterator[tuple[str, int | None]]:
        """Yield what is known of the first-parent line of any commit, newest first; those that have not arrived have no rank."""
        for row in self._db.execute(_ANCESTRY, {"start": hex_id}):
            yield row.hex, row.rank

    def revisions(self, ids: Iterable[str]) -> dict[str, Revision]:
        """Return who made some commits, when and why; those that are not known are left out."""
        found = {}
        for part in chunks(set(ids)):
            for row in self._db.execute(select(commit).where(commit.c.hex.in_(part))):
                found[row.hex] = to_revision(row)
        return found

    def parents(self, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the parents of some commits, in order; commits that are not known are left out."""
        found: dict[str, tuple[str, ...]] = {}
        for part in chunks(set(ids)):
            rows = self._db.execute(select(commit.c.hex, commit.c.parents).where(commit.c.hex.in_(part)))
            found |= {row.hex: tuple(row.parents.split()) for row in rows}
        return found

    def keyed(self, start: str) -> list[tuple[str, str]]:
        """Return the arrived commits whose key begins with a word, each with its whole key; the oldest first."""
        query = (
            select(commit.c.hex, commit.c.key)
            .join(arrival, arrival.c.commit == commit.c.id)
            .where(commit.c.key.is_not(None), commit.c.key >= f"{start} ", commit.c.key < f"{start}!")
            .order_by(arrival.c.rank)
        )
        return [(row.hex, row.key) for row in self._db.execute(query)]

    # -- files, through their renames

    def lineages(self, paths: Iterable[str]) -> dict[str, int]:
        """Return for each path the lineage of what was touched last there."""
        rows = self._db.execute(LINEAGES, {"paths": json.dumps(list(paths))}).all()
        return {path: lineage for path, lineage in rows if lineage is not None}

    def origin(self, path: str) -> tuple[str, str] | None:
        """Return the commit and path that the file at *path* began with; ``None`` where there is none."""
        return self.origins([path]).get(path)

    def origins(self, paths: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return for each path the `origin` of what was touched last there."""
        numbers = self.lineages(paths)
        began = self.beginnings(numbers.values())
        return {path: began[number] for path, number in numbers.items() if number in began}

    def beginnings(self, lineages: Iterable[int]) -> dict[int, tuple[str, str]]:
        """Return the commit and path that each lineage began with."""
        rows = self._db.execute(_BEGAN, {"each": json.dumps(list(set(lineages)))})
        return {row.id: (row.commit, row.path) for row in rows}

    def begun(self, origins: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Name]:
        """Return what is there now of files that began with a commit and a path, see `origin`."""
        numbers = self.numbered(origins)
        living = self.living(numbers.values())
        return {origin: living[number] for origin, number in numbers.items() if number in living}

    def numbered(self, origins: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the lineages of files that began with a commit and a path, see `origin`."""
        rows = self._db.execute(_BEGUN, {"each": json.dumps(list(origins))})
        return {(row.commit, row.path): row.id for row in rows}

    def last_paths(self, lineages: Iterable[int]) -> dict[int, str]:
        """Return for each lineage the path at which it was touched last."""
        rows = self._db.execute(_LAST_PATHS, {"each": json.dumps([*lineages])}).all()
        return {lineage: path for lineage, path in rows if path is not None}

    def living(self, lineages: Iterable[int]) -> dict[int, Name]:
        """Return what is there now of each lineage that still has a file."""
        wanted = set(lineages)
        found = self._standing(self.last_paths(wanted).items())
        # Where branches met, a file may live on elsewhere than where its lineage was touched last.
        rows = self._db.execute(_RENAMED, {"each": json.dumps([*wanted - found.keys()])}).all()
        elsewhere = {(row.lineage, path) for row in rows for path in (row.path, row.old_path)}
        return found | (self._standing(elsewhere) if elsewhere else {})

    def _standing(self, places: Iterable[Any]) -> dict[int, Name]:
        """Return the names among *places* (lineage and path) where the file is of that lineage."""
        pairs = [(lineage, path) for lineage, path in places]
        names = self.names(path for _, path in pairs)
        now = self.lineages(names)
        return {lineage: names[path] for lineage, path in pairs if path in names and now.get(path) == lineage}

    def names(self, paths: Iterable[str]) -> dict[str, Name]:
        """Return what is at these paths now."""
        found = {}
        for part in chunks(set(paths)):
            for row in self._db.execute(select(name).where(name.c.path.in_(part))):
                found[row.path] = to_name(row)
        return found

    def count(self, lineage: int) -> int:
        """Return how many touches a lineage has."""
        return self._db.execute(select(func.count()).select_from(touch).where(_of(lineage))).scalar_one()

    def history(self, lineage: int, limit: int, offset: int = 0) -> list[Touched]:
        """Return touches of a lineage, newest first."""
        query = select(touch.c.id).where(_of(lineage)).order_by(touch.c.rank.desc(), touch.c.id.desc())
        return self._read(query.limit(limit).offset(offset))

    def newest(self, lineage: int, up_to: int | None = None, *, kept: bool = False) -> Touched | None:
        """Return the last touch of a lineage, up to the commit of a rank; with *kept* the last that left a file."""
        query = select(touch.c.id).where(_of(lineage))
        if up_to is not None:
            query = query.where(touch.c.rank <= up_to)
        if kept:
            query = query.where(touch.c.blob.is_not(None))
        return self._one(query.order_by(touch.c.rank.desc(), touch.c.id.desc()))

    def next(self, lineage: int, after: int) -> Touched | None:
        """Return the first touch of a lineage after the commit of a rank that left a file."""
        query = select(touch.c.id).where(_of(lineage), touch.c.rank > after, touch.c.blob.is_not(None))
        return self._one(query.order_by(touch.c.rank))

    def newest_at(self, path: str, up_to: int | None = None, blob: str | None = None) -> Touched | None:
        """Return the last touch of whatever was at *path*, up to the commit of a rank, and that left *blob* there."""
        query = select(touch.c.id).where(touch.c.path == path, touch.c.rank.is_not(None))
        if up_to is not None:
            query = query.where(touch.c.rank <= up_to)
        if blob is not None:
            query = query.where(touch.c.blob == blob)
        return self._one(query.order_by(touch.c.rank.desc()))

    def moved_from(self, path: str) -> Touched | None:
        """Return the last touch that renamed a file away from *path*."""
        query = select(touch.c.id).where(touch.c.old_path == path, touch.c.rank.is_not(None))
        return self._one(query.order_by(touch.c.rank.desc()))

    def places(self, lineage: int, up_to: int, limit: int) -> list[str]:
        """Return the paths that a lineage had up to the commit of a rank, those touched last first."""
        query = select(touch.c.path).where(_of(lineage), touch.c.rank <= up_to).group_by(touch.c.path)
        return list(self._db.execute(query.order_by(func.max(touch.c.rank).desc()).limit(limit)).scalars())

    def had(self, lineage: int, path: str, blob: str) -> bool:
        """Say whether a commit gave *blob* to a lineage at *path*."""
        found = select(touch.c.id).where(_of(lineage), touch.c.path == path, touch.c.blob == blob)
        return self._db.execute(found.limit(1)).first() is not None

    def with_blob(self, lineage: int, blob: str) -> Touched | None:
        """Return the last touch that gave *blob* to a lineage."""
        query = select(touch.c.id).where(_of(lineage), touch.c.blob == blob)
        return self._one(query.order_by(touch.c.rank.desc()))

    def placed(self, blob: str, limit: int) -> list[Touched]:
        """Return touches that left *blob* somewhere, the last ones first. It looks through all there are."""
        query = select(touch.c.id).where(touch.c.blob == blob, touch.c.rank.is_not(None))
        return self._read(query.order_by(touch.c.rank.desc()).limit(limit))

    # -- recent changes

    def active(self, folder: str, author: str, limit: int, offset: int) -> list[Active]:
        """Return commits that touched something in *folder*, newest first; those of *author*, unless it is empty."""
        asked = {"folder": folder, "author": author, "limit": limit, "offset": offset}
        rows = self._db.execute(_ACTIVE_BY if author else _ACTIVE, asked)
        return [Active(to_revision(row), row.rank, row.files) for row in rows]

    def count_active(self, folder: str, author: str) -> int:
        """Return how many commits `active` would return in all."""
        query = select(func.count()).select_from(activity).where(_activity(folder, author))
        return self._db.execute(query).scalar_one()

    def touched_by(self, rank: int, limit: int, offset: int = 0) -> list[Touched]:
        """Return some of the files that the commit of a rank touched, by path."""
        number = select(arrival.c.commit).where(arrival.c.rank == rank).scalar_subquery()
        query = _TOUCHED.where(touch.c.commit == number).order_by(touch.c.path).limit(limit).offset(offset)
        return [_touched(row) for row in self._db.execute(query)]

    def touched_after(self, rank: int, path: str, limit: int) -> list[Touched]:
        """Return some of the files that the commit of a rank touched, by path, from the one after *path* on."""
        number = select(arrival.c.commit).where(arrival.c.rank == rank).scalar_subquery()
        query = _TOUCHED.where(touch.c.commit == number, touch.c.path > path).order_by(touch.c.path)
        return [_touched(row) for row in self._db.execute(query.limit(limit))]

    def count_touched(self, rank: int) -> int:
        """Return how many files the commit of a rank touched."""
        number = select(arrival.c.commit).where(arrival.c.rank == rank).scalar_subquery()
        query = select(func.count()).select_from(touch).where(touch.c.commit == number)
        return self._db.execute(query).scalar_one()

    def touches_of(self, rank: int, limit: int) -> list[Touched]:
        """Return up to *limit* files that the commit of a rank touched."""
        number = select(arrival.c.commit).where(arrival.c.rank == rank).scalar_subquery()
        return self._read(select(touch.c.id).where(touch.c.commit == number).limit(limit))

    def touches_by_rank(self, ranks: Iterable[int], limit: int) -> dict[int, list[Touched]]:
        """Return by rank up to *limit* files that each of some commits touched, by path."""
        found: dict[int, list[Touched]] = {rank: [] for rank in ranks}
        for row in self._some(_TOUCHED_IN, found, limit, ""):
            found[row.rank].append(_touched(row))
        return found

    def touches(self, commits: Iterable[Active], folder: str, limit: int) -> dict[int, list[Touched]]:
        """Return by rank up to *limit* files that each commit touched in *folder*, by path.

        A rename counts in both its folders; one that leads out of *folder* comes last.
        """
        wanted = {each.rank: min(each.files, limit) for each in commits}
        found: dict[int, list[Touched]] = {rank: [] for rank in wanted}
        for row in self._some(_TOUCHED_IN, wanted, limit, folder):
            found[row.rank].append(_touched(row))
        short = [rank for rank, files in wanted.items() if len(found[rank]) < files]
        for row in self._some(_MOVED_OUT_OF, short, limit, folder):
            found[row.rank].append(_touched(row))
        return {rank: touches[:limit] for rank, touches in found.items()}

    def _some(self, query: Select[Any], ranks: Iterable[int], limit: int, folder: str) -> Iterable[Row[Any]]:
        listed = [*ranks]
        low, high = (f"{folder}/", f"{folder}0") if folder else ("", LAST)  # "0" follows "/"
        asked = {"each": json.dumps(listed), "low": low, "high": high, "limit": limit}
        return self._db.execute(query, asked) if listed else ()

    # -- what is gone

    def gone(self, after: tuple[int, str] | None, limit: int) -> tuple[list[Gone], tuple[int, str] | None]:
        """Look at *limit* deletions, newest first and then by path, from the one after *after* on.

        Args:
            after: A rank and a path.
            limit: How many are looked at.

        Returns:
            Those that are the last of their path where no file is now; and where to go on, ``None`` at the end.
        """
        query = _GONE.limit(limit)
        if after is not None:
            rank, path = after
            query = query.where(touch.c.rank <= rank, or_(touch.c.rank < rank, touch.c.path > path))
        rows = self._db.execute(query).all()
        standing = [row for row in rows if not (row.here or row.again)]
        wanted = {number for row in standing for number in (row.id, row.last) if number is not None}
        query = _TOUCHED.where(touch.c.id.in_(select(_EACH)))
        found = {
            row.touch_id: _touched(row) for row in self._db.execute(query, {"each": json.dumps([*wanted])})
        }
        gone = [Gone(found[row.id], found.get(row.last)) for row in standing]
        return gone, (rows[-1].rank, rows[-1].path) if len(rows) == limit else None

    def _one(self, numbers: Select[Any]) -> Touched | None:
        return next(iter(self._read(numbers.limit(1))), None)

    def _read(self, numbers: Select[Any]) -> list[Touched]:
        """Read the touches of some numbers, newest first."""
        query = _TOUCHED.where(touch.c.id.in_(numbers)).order_by(touch.c.rank.desc(), touch.c.id.desc())
        return [_touched(row) for row in self._db.execute(query)]


def _of(lineage: int) -> ColumnElement[bool]:
    return and_(touch.c.lineage == lineage, touch.c.rank.is_not(None))


def _activity(folder: str, author: str) -> ColumnElement[bool]:
    where = activity.c.folder == folder
    return and_(where, activity.c.author == author) if author else where
