"""Finds pages that are about the same: they share tags and links, and what few pages share counts for more.

All is bounded: a page's first tags and links, and of each of them only those that are not too common to tell anything.
"""

from collections.abc import Iterable
from math import log2, sqrt

from sqlalchemy import Connection, bindparam, func, select, text

from engine.catalog.codec import tail
from engine.catalog.rows import Visible, to_name
from engine.catalog.schema import fact, link, name
from engine.ids import fold_path
from engine.model import Facts, Form, Name

TAGS = 12  # of a page that count
LINKS = 40
COMMON = {"tag": 120, "link": 60}  # what this many pages have tells nothing
READ = 2_000  # pages, and past texts, with one tag or link that are looked at
ENOUGH = 0.5  # one thing that two other pages have as well, or several that more have
USUAL_LINKS = 10  # on a page; one with many more shares some by chance
CANDIDATES = 20  # pages of the highest score that are looked at

_USED = "EXISTS (SELECT 1 FROM fact AS f JOIN name AS n ON n.blob = f.blob WHERE f.id = fact)"
_PAGES = (
    select(name, fact.c.id.label("fact"), fact.c.title)
    .join(fact, fact.c.blob == name.c.blob)
    .where(fact.c.id.in_(bindparam("facts", expanding=True)), name.c.form == Form.PAGE.value)
)
_LINKS = (
    select(link.c.fact, func.count())
    .where(link.c.fact.in_(bindparam("facts", expanding=True)))
    .group_by(link.c.fact)
)


def related(db: Connection, page: Name, facts: Facts, limit: int, visible: Visible) -> list[tuple[Name, str]]:
    """Return the pages that share most with *page*, best first, each with its title (empty: it has none).

    Source:
        Shared links: Kessler, "Bibliographic coupling between scientific papers" (American Documentation 14, 1963);
        the weight: Adamic and Adar, "Friends and neighbors on the Web" (Social Networks 25, 2003).
    """
    scores: dict[int, float] = {}
    tags = [fold_path(each) for each in facts.tags[:TAGS]]
    tails = [tail(each.target) for each in facts.links if each.target]
    _count(db, "tag", "key", tags, scores)
    _count(db, "link", "tail", list(dict.fromkeys(filter(None, tails)))[:LINKS], scores)
    best = sorted(scores, key=lambda each: (-scores[each], each))[:CANDIDATES]
    best = [each for each in best if scores[each] >= ENOUGH]
    if not best:
        return []
    links: dict[int, int] = dict(db.execute(_LINKS, {"facts": best}).all())
    best.sort(
        key=lambda each: -scores[each] / sqrt(USUAL_LINKS + links.get(each, 0))
    )  # a list of all shares with all
    rows = db.execute(_PAGES, {"facts": best}).all()
    order = {each: position for position, each in enumerate(best)}
    found = [
        (found, row.title)
        for row in sorted(rows, key=lambda row: (order[row.fact], row.path))
        if row.blob != page.blob and visible(found := to_name(row))
    ]
    return found[:limit]


def _count(db: Connection, table: str, column: str, keys: Iterable[str], scores: dict[int, float]) -> None:
    """Add to the *scores* of facts what they share: those rows of *table* whose *column* is one of *keys*.

    Facts of past texts are kept for a while; they do not count.
    """
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        return
    common = COMMON[table]
    parts = (
        f"SELECT {position} AS at, fact FROM (SELECT fact FROM"  # noqa: S608 - names of our own tables and columns; values are bound
        f" (SELECT fact FROM {table} WHERE {column} = :k{position} LIMIT {READ}) WHERE {_USED} LIMIT {common})"
        for position in range(len(wanted))
    )
    rows = db.execute(
        text(" UNION ALL ".join(parts)), {f"k{position}": key for position, key in enumerate(wanted)}
    )
    sharing: dict[int, set[int]] = {}
    for at, each in rows:
        sharing.setdefault(at, set()).add(each)
    for those in sharing.values():
        if 1 < len(those) < common:
            weight = 1 / log2(len(those))
            for each in those:
                scores[each] = scores.get(each, 0) + weight
