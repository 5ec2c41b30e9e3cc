"""Compares what a catalog says with what it was derived from; each difference is told as the path or commit it is about.

Runs on a file that is only read, so that nothing is changed by looking, and beside programs that write.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, NullPool, bindparam, create_engine, event, select, text

from engine.catalog.codec import FactRows, decode_text
from engine.catalog.labels import Kind, number
from engine.catalog.names import to_row
from engine.catalog.schema import activity, alias, arrival, commit, fact, lineage, link, name, tag, touch
from engine.model import Commit, Entry

_LABELS = text("SELECT rowid, words FROM suggestion WHERE rowid IN :numbers").bindparams(
    bindparam("numbers", expanding=True)
)
_WAIT = 30_000  # milliseconds that a busy file is waited for


@contextmanager
def reading_only(path: Path, *, unchanging: bool = False) -> Iterator[Connection]:
    """Give a connection to the catalog at *path* that cannot change it; it sees one moment.

    Args:
        path: The file; it must exist.
        unchanging: Nobody writes it: for a folder in which SQLite cannot keep its own files beside it.
    """
    how = {"mode": "ro", "uri": "true"} | ({"immutable": "1"} if unchanging else {})
    engine = create_engine(
        URL.create("sqlite", database=f"file:{quote(str(path))}", query=how), poolclass=NullPool
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_WAIT}")

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    try:
        with engine.connect() as db, db.begin():
            yield db
    finally:
        engine.dispose()


def is_whole(db: Connection, *, full: bool) -> str:
    """Return what SQLite finds wrong with the file, in its words; empty when nothing is."""
    said = db.exec_driver_sql("PRAGMA integrity_check(1)" if full else "PRAGMA quick_check(1)").scalar()
    return "" if said == "ok" else str(said)


def wrong_names(db: Connection, entries: Iterable[Entry]) -> list[str]:
    """Return the paths of which the catalog says something else than *entries*, the files of its commit."""
    columns = [column for column in name.c if column.name != "path"]
    known = {row.path: tuple(row)[1:] for row in db.execute(select(name.c.path, *columns))}
    wrong = []
    for entry in entries:
        row = to_row(entry)
        if known.pop(entry.path, None) != tuple(row[column.name] for column in columns):
            wrong.append(entry.path)
    return [*wrong, *known]


def wrong_facts(db: Connection, scanned: Sequence[FactRows]) -> list[str]:
    """Return the blobs of which the catalog says something else than *scanned*, what a scan says now."""
    blobs = [rows.blob for rows in scanned]
    known = {row.id: row for row in db.execute(select(fact).where(fact.c.blob.in_(blobs)))}
    by_blob = {row.blob: row.id for row in known.values()}
    links = _by_fact(db, known, link, link.c.target, link.c.tail, link.c.sentence)
    aliases = _by_fact(db, known, alias, alias.c.alias, alias.c.key)
    tags = _by_fact(db, known, tag, tag.c.tag, tag.c.key)
    wrong = []
    for rows in scanned:
        fact_id = by_blob.get(rows.blob)
        if fact_id is None:
            wrong.append(rows.blob)
            continue
        row = known[fact_id]
        kept = (row.title, row.title_key, row.redirects, row.unlisted, row.data, _text(row.text))
        now = (rows.title, rows.title_key, rows.redirects, rows.unlisted, rows.data, _text(rows.text))
        lists = (links.get(fact_id, ()), aliases.get(fact_id, ()), tags.get(fact_id, ()))
        if kept != now or lists != (rows.links, rows.aliases, rows.tags):
            wrong.append(rows.blob)
    return list(dict.fromkeys([*wrong, *_wrong_labels(db, by_blob, scanned)]))


def _wrong_labels(db: Connection, by_blob: Mapping[str, int], scanned: Iterable[FactRows]) -> Iterator[str]:
    """Yield the blobs of pages that would not be suggested by their title and aliases."""
    ids: dict[int, list[int]] = {}
    for row in db.execute(
        select(alias.c.fact, alias.c.id).where(alias.c.fact.in_(by_blob.values())).order_by(alias.c.id)
    ):
        ids.setdefault(row.fact, []).append(row.id)
    wanted: dict[int, tuple[str, str]] = {}
    for rows in scanned:
        if (fact_id := by_blob.get(rows.blob)) is None:
            continue
        kept = [(Kind.TITLE, fact_id, rows.title)]
        kept += [
            (Kind.ALIAS, *each)
            for each in zip(ids.get(fact_id, ()), (a for a, _ in rows.aliases), strict=False)
        ]
        numbers = [number(*each) for each in kept]
        wanted |= {
            each: (words, rows.blob) for each, words in zip(numbers, rows.labels, strict=False) if words
        }
    words = {row.rowid: row.words for row in db.execute(_LABELS, {"numbers": list(wanted)})}
    yield from (blob for each, (label, blob) in wanted.items() if words.get(each) != label)


def _by_fact(
    db: Connection, numbers: Iterable[int], table: Any, *columns: Any
) -> dict[int, tuple[tuple[str, ...], ...]]:
    query = select(table.c.fact, *columns).where(table.c.fact.in_(list(numbers))).order_by(table.c.id)
    found: dict[int, tuple[tuple[str, ...], ...]] = {}
    for fact_id, *values in db.execute(query):
        found[fact_id] = (*found.get(fact_id, ()), tuple(values))
    return found


def _text(stored: bytes) -> str | None:
    try:
        return decode_text(stored)
    except Exception:  # whatever is wrong with it, it is not what was stored
        return None


def arrivals(db: Connection) -> list[str]:
    """Return the commits in the order in which the catalog says that they arrived."""
    query = select(commit.c.hex).join(arrival, arrival.c.commit == commit.c.id).order_by(arrival.c.rank)
    return list(db.execute(query).scalars())


def wrong_commits(db: Connection, commits: Iterable[Commit]) -> list[str]:
    """Return those of *commits*, as git tells them now, of which the catalog says something else."""
    wrong = []
    for item in commits:
        row = db.execute(select(commit).where(commit.c.hex == item.id)).first()
        if row is None:
            wrong.append(item.id)
            continue
        query = select(touch.c.path, touch.c.old_path, touch.c.blob, touch.c.added).where(
            touch.c.commit == row.id
        )
        touched = sorted(tuple(each) for each in db.execute(query))
        known = (row.parents, row.author, row.email, row.time, row.summary, touched)
        now = sorted((each.path, each.old_path, each.blob, each.added) for each in item.touches)
        person = (item.author.name, item.author.email, int(item.time.timestamp()))
        if known != (" ".join(item.parents), *person, item.summary, now):
            wrong.append(item.id)
    return wrong


def same_history(db: Connection, anew: Connection) -> bool:
    """Say whether two catalogs tell the same history: arrivals, touches, lineages, activity."""
    touches = (
        select(arrival.c.rank, commit.c.hex, touch.c.path, touch.c.old_path, touch.c.blob, touch.c.added)
        .add_columns(
            touch.c.rank.label("touched"), lineage.c.commit.label("first"), lineage.c.path.label("began")
        )
        .join(commit, commit.c.id == arrival.c.commit)
        .outerjoin(touch, touch.c.commit == commit.c.id)
        .outerjoin(lineage, lineage.c.id == touch.c.lineage)
        .order_by(arrival.c.rank, touch.c.path)
    )
    activities = select(activity).order_by(activity.c.folder, activity.c.rank)
    return all(
        one == other
        for query in (touches, activities)
        for one, other in zip_longest(db.execute(query), anew.execute(query))
    )
