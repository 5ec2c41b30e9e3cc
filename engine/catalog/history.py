"""Reads touches, puts commits in the order in which they arrived, and carries lineages through renames.

The order is a function of the head alone: what the first parent reaches, then what each further parent adds, then the
commit itself. So it has the order of every commit on the first-parent line as its beginning, and a new commit on top
only appends. A page's lineage is the commit and path it began with, carried along that order through renames, and
through deletions: a file that comes to a path goes on with the lineage there, unless that was renamed away.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from sqlalchemy import Connection, Text, bindparam, delete, func, insert, or_, select, update

from engine.catalog.schema import (
    EDGES,
    TRACED,
    activity,
    arrival,
    commit,
    lineage,
    read_state,
    touch,
    write_state,
)
from engine.model import Commit

BATCH = 500  # commits in one transaction, so that other writers wait little

Chain = Sequence[tuple[str, tuple[str, ...]]]
"""Commits with their parents, as `Store.chain` gives them."""


# The lineage of what was touched last at each path; None where nothing was.
# One step down the index for each path, however often it was touched: a grouped maximum would read all its touches.
_PATH = func.json_each(bindparam("paths", type_=Text)).table_valued("value").c.value
LINEAGES = select(
    _PATH,
    select(touch.c.lineage)
    .where(touch.c.path == _PATH, touch.c.rank.is_not(None))
    .order_by(touch.c.rank.desc())
    .limit(1)
    .scalar_subquery(),
)


_away, _came = touch.alias(), touch.alias()
_AWAY = (
    select(func.max(_away.c.rank))
    .where(_away.c.old_path == _PATH, _away.c.rank.is_not(None))
    .correlate(_PATH.table)
    .scalar_subquery()
)
# Of some paths those from which a file was renamed away, and to which none has come since.
LEFT = select(_PATH).where(
    _AWAY.is_not(None),
    ~select(_came.c.id)
    .where(_came.c.path == _PATH, _came.c.rank >= _AWAY, or_(_came.c.added, _came.c.old_path.is_not(None)))
    .correlate(_PATH.table)
    .exists(),
)


def order(chain: Chain, head: str) -> list[str]:
    """Return the commits of *chain* in the order in which they arrived at *head*, oldest first.

    Parents that are not in the chain (beyond a shallow clone's edge, or known before) are left out.

    Source:
        Post-order depth-first search that visits parents in their order.
    """
    parents = dict(chain)
    arrived: dict[str, None] = {}
    stack: list[tuple[str, Iterator[str]]] = [(head, iter(parents.get(head, ())))] if head in parents else []
    entered = {head}
    while stack:
        current, rest = stack[-1]
        for parent in rest:
            if parent in parents and parent not in entered:
                entered.add(parent)
                stack.append((parent, iter(parents[parent])))
                break
        else:
            arrived[current] = None
            stack.pop()
    return list(arrived)


def continues(chain: Chain, head: str, known: str) -> bool:
    """Say whether *known* lies on the first-parent line of *head*; *chain* is what *head* has beyond *known*."""
    parents = dict(chain)
    current = head
    while current != known:
        if not parents.get(current):
            return False
        current = parents[current][0]
    return True


def keep_arrivals(db: Connection, ordered: Sequence[str]) -> int:
    """Drop the arrivals from the first that is not as in *ordered*; return how many are left."""
    query = select(commit.c.hex).join(arrival, arrival.c.commit == commit.c.id).order_by(arrival.c.rank)
    kept = 0
    for hex_id in db.execute(query).scalars():
        if kept == len(ordered) or ordered[kept] != hex_id:
            break
        kept += 1
    _drop_arrivals(db, kept)
    return kept


def _drop_arrivals(db: Connection, first: int) -> None:
    """Drop the arrivals from rank *first* on."""
    if next_rank(db) <= first:
        return
    db.execute(
        update(touch)
        .where(touch.c.commit.in_(select(arrival.c.commit).where(arrival.c.rank >= first)))
        .values(rank=None, lineage=None)
    )
    db.execute(delete(activity).where(activity.c.rank >= first))
    db.execute(delete(arrival).where(arrival.c.rank >= first))


def joined_edges(edges: Iterable[str]) -> str:
    """Return as the catalog keeps it where the history is cut."""
    return " ".join(sorted(edges))


def edges_moved(db: Connection, edges: Collection[str]) -> bool:
    """Say whether the history is cut elsewhere than it was when it was traced: a shallow clone was deepened."""
    return set(edges) != _edges(db)


def move_edges(db: Connection, edges: Collection[str]) -> None:
    """Forget what was read of commits that were cut off, or are now, with all that arrived after them."""
    moved = _edges(db).symmetric_difference(edges)
    ranks = (
        db.execute(
            select(func.min(arrival.c.rank))
            .join(commit, commit.c.id == arrival.c.commit)
            .where(commit.c.hex.in_(part))
        ).scalar()
        for part in _parts(sorted(moved))
    )
    _drop_arrivals(db, min((rank for rank in ranks if rank is not None), default=next_rank(db)))
    for part in _parts(sorted(moved)):
        numbers = select(commit.c.id).where(commit.c.hex.in_(part))
        db.execute(delete(touch).where(touch.c.commit.in_(numbers)))
        db.execute(delete(commit).where(commit.c.hex.in_(part)))
    finish(db, None)
    write_state(db, EDGES, joined_edges(edges) or None)


def _edges(db: Connection) -> set[str]:
    return set((read_state(db, EDGES) or "").split())


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), 5_000):
        yield values[start : start + 5_000]


def next_rank(db: Connection) -> int:
    """Return the rank that the next commit to arrive will have."""
    last = db.execute(select(func.max(arrival.c.rank))).scalar()
    return 0 if last is None else last + 1


def finish(db: Connection, head: str | None) -> None:
    """Note that the arrivals are those of *head*."""
    write_state(db, TRACED, head)


class Tracer:
    """Appends commits to the arrivals, batch by batch, as the only one that does.

    It remembers the lineage of each path it has met, so that a long history asks for each path once.

    Args:
        read: Gives commits with their touches (`Store.commits`).
    """

    def __init__(self, read: Callable[[Sequence[str]], Iterable[Commit]]) -> None:
        self._read = read
        self._current: dict[str, int | None] = {}
        self._left: set[str] = set()  # see `LEFT`

    def append(self, db: Connection, ordered: Sequence[str]) -> None:
        """Put commits at the end of the arrivals, reading the touches of those that are not known yet.

        Args:
            db: A writing transaction.
            ordered: Commit ids, at most a few hundred, in the order of `order`.
        """
        ids = _known(db, ordered)
        if missing := [hex_id for hex_id in ordered if hex_id not in ids]:
            _record(db, self._read(missing))
            ids |= _known(db, missing)
        rank = next_rank(db)
        db.execute(
            insert(arrival), [{"rank": rank + i, "commit": ids[hex_id]} for i, hex_id in enumerate(ordered)]
        )
        self._carry(db, {ids[hex_id]: hex_id for hex_id in ordered}, rank)

    def _carry(self, db: Connection, batch: Mapping[int, str], first: int) -> None:
        """Give each touch of *batch* (commit number to hex id, in order of arrival, from rank *first*) its lineage."""
        columns = (touch.c.id, touch.c.commit, touch.c.path, touch.c.old_path, touch.c.added)
        by_commit: dict[int, list[Any]] = {}
        paths: set[str] = set()
        for row in db.execute(select(*columns).where(touch.c.commit.in_(batch)).order_by(touch.c.id)):
            by_commit.setdefault(row.commit, []).append(row)
            paths.update(path for path in (row.path, row.old_path) if path)
        self._load(db, paths)
        begun = _Begun(db, batch.values())
        given: list[dict[str, int]] = []
        for rank, (number, hex_id) in enumerate(batch.items(), first):
            after: dict[str, int] = {}
            moved = {row.old_path for row in by_commit.get(number, ()) if row.old_path}
            for row in by_commit.get(number, ()):
                is_new = row.added and (row.path in self._left or row.path in moved)
                known = None if is_new else self._current.get(row.old_path or row.path)
                after[row.path] = known if known is not None else begun.lineage(hex_id, row.path)
                given.append({"touch_id": row.id, "rank": rank, "lineage": after[row.path]})
            # Afterwards, so that names can be exchanged within one commit.
            self._current.update(after)
            self._left.update(row.old_path for row in by_commit.get(number, ()) if row.old_path)
            self._left.difference_update(
                row.path for row in by_commit.get(number, ()) if row.added or row.old_path
            )
        begun.write(db)
        if given:
            db.execute(update(touch).where(touch.c.id == bindparam("touch_id")), given)
        _note_activity(db, by_commit, dict(zip(batch, count(first), strict=False)))

    def _load(self, db: Connection, paths: Iterable[str]) -> None:
        """Learn the lineages of *paths* before this batch: each that of the path's last touch so far."""
        new = [path for path in paths if path not in self._current]
        for start in range(0, len(new), 5_000):
            part = new[start : start + 5_000]
            self._current.update(db.execute(LINEAGES, {"paths": json.dumps(part)}).all())
            self._left.update(db.execute(LEFT, {"paths": json.dumps(part)}).scalars())


class _Begun:
    """Numbers the lineages that begin in a batch; one that began there before keeps its number."""

    def __init__(self, db: Connection, hex_ids: Iterable[str]) -> None:
        rows = db.execute(select(lineage).where(lineage.c.commit.in_(list(hex_ids))))
        self._known = {(row.commit, row.path): row.id for row in rows}
        self._next = (db.execute(select(func.max(lineage.c.id))).scalar() or 0) + 1
        self._new: list[dict[str, Any]] = []

    def lineage(self, hex_id: str, path: str) -> int:
        number = self._known.get((hex_id, path))
        if number is None:
            number = self._known[hex_id, path] = self._next
            self._next += 1
            self._new.append({"id": number, "commit": hex_id, "path": path})
        return number

    def write(self, db: Connection) -> None:
        if self._new:
            db.execute(insert(lineage), self._new)


def _note_activity(db: Connection, touches: Mapping[int, Sequence[Any]], ranks: Mapping[int, int]) -> None:
    """Write for each folder which of some commits (by number) touched how many files in it."""
    authors = dict(db.execute(select(commit.c.id, commit.c.author).where(commit.c.id.in_(touches))).all())
    rows = [
        {"folder": folder, "rank": ranks[number], "author": authors[number], "files": files}
        for number, touched in touches.items()
        for folder, files in Counter(folder for row in touched for folder in _folders(row)).items()
    ]
    if rows:
        db.execute(insert(activity), rows)


def _folders(row: Any) -> set[str]:
    """Return the folders that a touch lies in, the root among them."""
    found = {""}
    for path in filter(None, (row.path, row.old_path)):
        while path := path.rpartition("/")[0]:
            found.add(path)
    return found


def _known(db: Connection, hex_ids: Sequence[str]) -> dict[str, int]:
    rows = db.execute(select(commit.c.hex, commit.c.id).where(commit.c.hex.in_(hex_ids)))
    return {row.hex: row.id for row in rows}


def _record(db: Connection, commits: Iterable[Commit]) -> None:
    """Write commits and their touches."""
    start = (db.execute(select(func.max(commit.c.id))).scalar() or 0) + 1
    rows: list[dict[str, Any]] = []
    touches: list[dict[str, Any]] = []
    for number, item in enumerate(commits, start):
        rows.append(
            {
                "id": number,
                "hex": item.id,
                "parents": " ".join(item.parents),
                "author": item.author.name,
                "email": item.author.email,
                "time": int(item.time.timestamp()),
                "summary": item.summary,
                "key": item.key or None,
            }
        )
        touches.extend(
            {"commit": number, "path": t.path, "old_path": t.old_path, "blob": t.blob, "added": t.added}
            for t in item.touches
        )
    if rows:
        db.execute(insert(commit), rows)
    if touches:
        db.execute(insert(touch), touches)
