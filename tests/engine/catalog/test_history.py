from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select

from engine.catalog import Catalog, Moment
from engine.catalog.history import LINEAGES, continues, order
from engine.catalog.queries import _LAST_CHANGE
from engine.catalog.schema import SCANNED, TRACED, write_state
from engine.following import Follower, Parts
from engine.markup import Markup
from engine.store.memory_store import MemoryStore
from tests.indexes import ListIndex


class Wiki:
    """A store with a catalog behind it."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.catalog = Catalog(folder)
        self.follower = Follower(Parts(self.store, self.catalog, ListIndex(), Markup(), folder), processes=0)

    def commit(self, files: dict[str, str], *parents: str) -> str:
        made = self.store.commit_tree({path: text.encode() for path, text in files.items()}, parents)
        self.store.set_head(made)
        return made

    def lineage(self, path: str) -> str | None:
        self.follower.follow(1)
        self.follower.catch_up()
        with self.catalog.reading() as db:
            change = Moment(db).last_change(path)
        return change.lineage if change else None

    def changed(self, path: str) -> str | None:
        self.follower.follow(1)
        self.follower.catch_up()
        with self.catalog.reading() as db:
            change = Moment(db).last_change(path)
        return change.revision.id if change else None


@pytest.fixture
def wiki(tmp_path: Path) -> Iterator[Wiki]:
    made = Wiki(tmp_path)
    yield made
    made.catalog.close()


def test_commits_arrive_first_parent_first() -> None:
    chain = [("m", ("b", "y")), ("y", ("x",)), ("x", ("a",)), ("b", ("a",)), ("a", ())]
    assert order(chain, "m") == ["a", "b", "x", "y", "m"]


def test_the_order_of_a_first_parent_is_the_beginning_of_its_childs() -> None:
    chain = [("m", ("b", "y")), ("y", ("x",)), ("x", ("a",)), ("b", ("a",)), ("a", ())]
    assert order(chain, "m")[:2] == order([("b", ("a",)), ("a", ())], "b")


def test_a_merge_into_another_branch_does_not_continue_the_line() -> None:
    assert continues([("m", ("b", "y")), ("y", ("x",))], "m", "b")
    assert not continues([("m", ("y", "b")), ("y", ())], "m", "b")


def test_a_lineage_is_carried_through_renames(wiki: Wiki) -> None:
    first = wiki.commit({"a.md": "one"})
    second = wiki.commit({"b.md": "one"}, first)
    assert wiki.lineage("b.md") == f"{first}:a.md"
    third = wiki.commit({"B.md": "one"}, second)
    assert wiki.lineage("B.md") == f"{first}:a.md"
    wiki.commit({"B.md": "two"}, third)
    assert wiki.lineage("B.md") == f"{first}:a.md"


def test_a_new_page_under_an_old_name_is_another_page(wiki: Wiki) -> None:
    first = wiki.commit({"a.md": "one", "x.md": "x"})
    second = wiki.commit({"b.md": "one", "x.md": "x"}, first)
    third = wiki.commit({"b.md": "one", "a.md": "new", "x.md": "x"}, second)
    assert wiki.lineage("b.md") == f"{first}:a.md"
    assert wiki.lineage("a.md") == f"{third}:a.md"


def test_a_rename_on_one_side_of_a_merge_is_kept(wiki: Wiki) -> None:
    first = wiki.commit({"a.md": "one"})
    renamed = wiki.commit({"b.md": "one"}, first)
    edited = wiki.commit({"a.md": "one, edited"}, first)
    merged = wiki.commit({"b.md": "one, edited"}, renamed, edited)
    assert wiki.lineage("b.md") == f"{first}:a.md"
    assert wiki.changed("b.md") == merged


def test_a_clean_merge_is_no_change_of_a_page(wiki: Wiki) -> None:
    first = wiki.commit({"a.md": "one", "b.md": "one"})
    ours = wiki.commit({"a.md": "two", "b.md": "one"}, first)
    theirs = wiki.commit({"a.md": "one", "b.md": "two"}, first)
    wiki.commit({"a.md": "two", "b.md": "two"}, ours, theirs)
    assert wiki.changed("a.md") == ours
    assert wiki.changed("b.md") == theirs


def test_going_back_by_force_forgets_what_came_after(wiki: Wiki) -> None:
    first = wiki.commit({"a.md": "one"})
    second = wiki.commit({"a.md": "two"}, first)
    assert wiki.changed("a.md") == second
    wiki.store.set_head(first)
    assert wiki.changed("a.md") == first
    wiki.store.set_head(second)
    assert wiki.changed("a.md") == second


@pytest.mark.parametrize("query", [_LAST_CHANGE.params(path="a.md"), LINEAGES.params(paths='["a.md"]')])
def test_the_newest_touch_of_a_path_is_found_without_the_others(wiki: Wiki, query: Select[Any]) -> None:
    with wiki.catalog.reading() as db:
        literal = query.compile(db, compile_kwargs={"literal_binds": True})
        steps = [row.detail for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {literal}")]
    assert "SEARCH touch USING INDEX touch_path_rank (path=? AND rank>?)" in steps
    assert not any("B-TREE" in step for step in steps)


def test_an_empty_branch_has_no_names(wiki: Wiki) -> None:
    wiki.commit({"a.md": "one"})
    assert wiki.lineage("a.md") is not None
    wiki.store.set_head(None)
    assert wiki.lineage("a.md") is None


def test_the_history_is_known_before_the_pages_are_scanned(wiki: Wiki) -> None:
    wiki.commit({f"{number}.md": f"{number}" for number in range(3)})
    known: dict[str, tuple[bool, bool]] = {}

    def told(stage: str, done: int, total: int) -> None:
        with wiki.catalog.reading() as db:
            moment = Moment(db)
            known.setdefault(stage, (moment.traced, moment.scanned))

    wiki.follower.follow(1)
    with wiki.catalog.writing() as db:
        for key in (SCANNED, TRACED):  # as after a change of many files
            write_state(db, key, None)
    wiki.follower.catch_up(progress=told)
    assert list(known)[:2] == ["history", "pages"]
    assert known["pages"] == (True, False)
