"""Catalogs of given pages, and what a catalog says in a form that two can be compared by."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from engine.catalog import Catalog, Moment
from engine.catalog.schema import activity, arrival, commit, fact, lineage, name, touch
from engine.following import Follower, Parts
from engine.markup import Markup
from engine.model import Form
from engine.store.memory_store import MemoryStore
from tests.indexes import ListIndex


@contextmanager
def moment_of(folder: Path, pages: Mapping[str, str]) -> Iterator[Moment]:
    """Give the catalog of a single commit that has these pages, everything derived; it is kept in *folder*."""
    store = MemoryStore()
    store.set_head(store.commit_tree({path: text.encode() for path, text in pages.items()}))
    catalog = Catalog(folder)
    follower = Follower(Parts(store, catalog, ListIndex(), Markup(), folder), processes=0)
    follower.follow(1)
    follower.catch_up()
    with catalog.reading() as db:
        yield Moment(db)
    catalog.close()


def dump(catalog: Catalog) -> dict[str, Any]:
    """Return everything that describes the head, without the numbers of rows."""
    with catalog.reading() as db:
        moment = Moment(db)
        return {
            "head": moment.head,
            "scanned": moment.scanned,
            "traced": moment.traced,
            "names": db.execute(select(name).order_by(name.c.path)).all(),
            "facts": _facts(db),
            "arrivals": _arrivals(db),
            "activity": db.execute(select(activity).order_by(activity.c.folder, activity.c.rank)).all(),
            "backlinks": {n.path: moment.backlinks(n) for n in moment.names(form=Form.PAGE)},
            "changes": {n.path: moment.last_change(n.path) for n in moment.names()},
        }


def _facts(db: Connection) -> list[Any]:
    query = select(name.c.path, fact.c.title, fact.c.data).join(fact, fact.c.blob == name.c.blob)
    return list(db.execute(query.where(name.c.form == Form.PAGE.value).order_by(name.c.path)).all())


def _arrivals(db: Connection) -> list[Any]:
    columns = (commit.c.hex, touch.c.path, touch.c.old_path, touch.c.blob, touch.c.added)
    query = (
        select(arrival.c.rank, touch.c.rank.label("touch_rank"), *columns)
        .add_columns(lineage.c.commit.label("first"), lineage.c.path.label("first_path"))
        .join(commit, commit.c.id == arrival.c.commit)
        .outerjoin(touch, touch.c.commit == commit.c.id)
        .outerjoin(lineage, lineage.c.id == touch.c.lineage)
    )
    return list(db.execute(query.order_by(arrival.c.rank, touch.c.path)).all())
