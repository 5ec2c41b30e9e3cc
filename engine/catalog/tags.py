"""Tags: which there are, how many pages have each, and which pages these are."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection, case, func, select, text

from engine.catalog.rows import Visible, everything, to_name
from engine.catalog.schema import fact, name, tag
from engine.ids import fold_path
from engine.model import Form, Name

BATCH = 5_000  # rows that are read together

# By the names, and from each along indexes: the other way round takes five times as long.
_FROM = "FROM name CROSS JOIN fact ON fact.blob = name.blob CROSS JOIN tag ON tag.fact = fact.id WHERE name.form = 'page'"
_COUNTS = text(
    f"SELECT min(tag.tag) AS tag, count(DISTINCT name.path) AS pages {_FROM} GROUP BY tag.key ORDER BY pages DESC, tag.key"
)
_ALL = text(f"SELECT name.path, name.blob, name.form, tag.key, tag.tag {_FROM} ORDER BY name.path")


def tag_counts(db: Connection, visible: Visible = everything) -> list[tuple[str, int]]:
    """Return all tags, in one spelling of each, with the number of pages that have them; most used first."""
    if visible is everything:
        return [(row.tag, row.pages) for row in db.execute(_COUNTS)]
    spelled: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for _, rows in groupby(db.execute(_ALL), key=lambda row: row.path):
        of_page = list(rows)
        if visible(to_name(of_page[0])):
            counts.update({row.key for row in of_page})  # it may spell one tag in two ways
            for row in of_page:
                spelled[row.key] = min(row.tag, spelled.get(row.key, row.tag))
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return [(spelled[key], count) for key, count in ordered]


def tagged(db: Connection, wanted: str, visible: Visible = everything) -> Iterator[tuple[Name, str, str]]:
    """Yield the pages with a tag, ordered by title: each with its title, and the tag as the page has it."""
    query = (
        select(name, fact.c.title, func.min(tag.c.tag).label("tag"))
        .join_from(tag, fact, fact.c.id == tag.c.fact)
        .join(name, name.c.blob == fact.c.blob)
        .where(tag.c.key == fold_path(wanted), name.c.form == Form.PAGE.value)
        .group_by(name.c.path)
        .order_by(case((fact.c.title == "", name.c.last), else_=fact.c.title_key), name.c.path)
    )
    for part in db.execute(query).partitions(BATCH):
        for row in part:
            if visible(page := to_name(row)):
                yield page, row.title or page.id.last, row.tag
