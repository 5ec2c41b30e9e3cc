"""What every view of a page asks of the catalog takes no longer in a large folder, or where many pages link."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection

from engine.catalog import Catalog, Moment, everything, queries
from engine.catalog.codec import encode
from engine.catalog.facts import add_facts
from engine.catalog.names import replace_names
from engine.frame import tree
from engine.model import Entry, Facts, Form, Link, LinkKind, Name

PAGES = 6_000
STEPS = 60_000  # of SQLite's machine; to read or sort all takes several times as many


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    catalog = Catalog(tmp_path_factory.mktemp("catalog"))
    paths = ["hub.md", *(f"flat/{number:04}.md" for number in range(PAGES))]
    with catalog.writing() as writing:
        entries = [Entry(path, f"{number:040x}", Form.PAGE) for number, path in enumerate(paths)]
        replace_names(writing, "head", entries)
        link = Link(LinkKind.WIKILINK, "hub", sentence="To the hub.")
        add_facts(writing, [encode(entry.blob, Facts(links=(link,))) for entry in entries])
    with catalog.reading() as reading:
        yield reading
    catalog.close()


def steps(db: Connection, ask: Callable[[], object]) -> int:
    """Count the steps of SQLite's machine that a question takes, in hundreds."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 100
        return 0

    sqlite = db.connection.driver_connection
    assert sqlite is not None
    sqlite.set_progress_handler(count, 100)
    try:
        ask()
    finally:
        sqlite.set_progress_handler(None, 0)
    return counted


def test_the_tree_at_the_side_of_a_large_folder(db: Connection) -> None:
    assert steps(db, lambda: tree(Moment(db), "flat", everything, "flat/3000.md")) < 10_000


def test_backlinks_of_a_page_that_all_link_to(db: Connection) -> None:
    hub = Name("hub.md", f"{0:040x}", Form.PAGE)
    assert steps(db, lambda: Moment(db).backlinks(hub, limit=13)) < STEPS
    found = [each.name.path for each in Moment(db).backlinks(hub, limit=3, start=10)]
    assert found == ["flat/0010.md", "flat/0011.md", "flat/0012.md"]


def test_backlinks_are_the_same_however_they_are_looked_for(
    db: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Name("hub.md", f"{0:040x}", Form.PAGE)
    along = Moment(db).backlinks(hub, limit=200, start=100)
    monkeypatch.setattr(queries, "SORTED", 2 * PAGES)
    assert Moment(db).backlinks(hub, limit=200, start=100) == along
    assert along[0].sentence == "To the hub."
