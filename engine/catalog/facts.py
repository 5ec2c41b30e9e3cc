"""Keeps the facts of blobs: which are still unknown, writing them, forgetting those that no page has any more."""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, exists, func, insert, select

from engine.catalog.codec import FactRows
from engine.catalog.labels import Kind, add_labels, known_labels, label_words, number, remove_labels
from engine.catalog.rows import chunks
from engine.catalog.schema import alias, fact, link, name, tag
from engine.model import Form

KEEP = 1_000  # facts of past texts that are kept, beside as many as there are pages
FORGET = 1_000  # facts that go in one transaction, so that other writers wait little


def unknown_blobs(db: Connection) -> list[str]:
    """Return the blobs of pages that were not scanned yet, in the order of their paths."""
    known = exists().where(fact.c.blob == name.c.blob)
    rows = db.execute(select(name.c.blob).where(name.c.form == Form.PAGE.value, ~known).order_by(name.c.path))
    return list(dict.fromkeys(rows.scalars()))


def count_pages(db: Connection) -> int:
    """Return how many pages there are."""
    return db.execute(
        select(func.count()).select_from(name).where(name.c.form == Form.PAGE.value)
    ).scalar_one()


def add_facts(db: Connection, batch: Collection[FactRows]) -> None:
    """Write the facts of several blobs; a blob that is known already is left as it is."""
    blobs = [rows.blob for rows in batch]
    known = set(db.execute(select(fact.c.blob).where(fact.c.blob.in_(blobs))).scalars())
    new = {rows.blob: rows for rows in batch if rows.blob not in known}
    if not new:
        return
    start = (db.execute(select(func.max(fact.c.id))).scalar() or 0) + 1
    numbered = list(enumerate(new.values(), start))
    db.execute(
        insert(fact),
        [
            {
                "id": i,
                "blob": r.blob,
                "title": r.title,
                "title_key": r.title_key,
                "redirects": r.redirects,
                "unlisted": r.unlisted,
                "data": r.data,
                "text": r.text,
            }
            for i, r in numbered
        ],
    )
    links = [
        {"fact": i, "target": target, "tail": tail, "sentence": sentence}
        for i, rows in numbered
        for target, tail, sentence in rows.links
    ]
    first = (db.execute(select(func.max(alias.c.id))).scalar() or 0) + 1
    named = [(i, rows, nth) for i, rows in numbered for nth in range(len(rows.aliases))]
    aliases = [
        {"id": each, "fact": i, "alias": rows.aliases[nth][0], "key": rows.aliases[nth][1]}
        for each, (i, rows, nth) in enumerate(named, first)
    ]
    tags = [{"fact": i, "tag": text, "key": key} for i, rows in numbered for text, key in rows.tags]
    for table, found in ((link, links), (alias, aliases), (tag, tags)):
        if found:
            db.execute(insert(table), found)
    words = [(number(Kind.TITLE, i, rows.title), rows.labels[0]) for i, rows in numbered if rows.labels]
    words += [
        (number(Kind.ALIAS, each, rows.aliases[nth][0]), rows.labels[1 + nth])
        for each, (_, rows, nth) in enumerate(named, first)
        if rows.labels
    ]
    add_labels(db, words)


def relabel(db: Connection, blobs: Iterable[str] | None = None) -> None:
    """Keep the labels of those facts that a page has, and no others, among the facts of *blobs*, or all of them.

    A page that was edited a thousand times would else stand in its own way when pages are suggested.
    """
    used = exists().where(name.c.blob == fact.c.blob, name.c.form == Form.PAGE.value)
    facts = select(fact.c.id, fact.c.title, used.label("used"))
    aliases = select(alias.c.id, alias.c.alias, used.label("used")).join(fact, fact.c.id == alias.c.fact)
    for part in [None] if blobs is None else chunks(blobs):
        for kind, query in ((Kind.TITLE, facts), (Kind.ALIAS, aliases)):
            rows = db.execute(query if part is None else query.where(fact.c.blob.in_(part))).all()
            remove_labels(db, [number(kind, row[0], row[1]) for row in rows if not row.used])
            kept = {number(kind, row[0], row[1]): row[1] for row in rows if row.used}
            known = known_labels(db, kept)
            add_labels(db, ((each, label_words(text)) for each, text in kept.items() if each not in known))


def too_many(db: Connection) -> bool:
    """Say whether the facts of past texts are more than what is worth keeping."""
    total = db.execute(select(func.count()).select_from(fact)).scalar_one()
    return total > 2 * count_pages(db) + KEEP


def forget_facts(db: Connection) -> int:
    """Delete facts that no name has, at most `FORGET` of them; return how many went.

    To forget them all, call it in one short transaction after another, until it returns 0.
    """
    unused = select(fact.c.id).where(~exists().where(name.c.blob == fact.c.blob)).limit(FORGET)
    ids = list(db.execute(unused).scalars())
    titles = db.execute(select(fact.c.id, fact.c.title).where(fact.c.id.in_(ids)))
    aliases = db.execute(select(alias.c.id, alias.c.alias).where(alias.c.fact.in_(ids)))
    remove_labels(
        db,
        [number(kind, *row) for kind, rows in ((Kind.TITLE, titles), (Kind.ALIAS, aliases)) for row in rows],
    )
    for table in (link, alias, tag):
        db.execute(delete(table).where(table.c.fact.in_(ids)))
    db.execute(delete(fact).where(fact.c.id.in_(ids)))
    return len(ids)
