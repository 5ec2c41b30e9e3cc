"""Pages that share tags and links are related; what many share tells nothing."""

from pathlib import Path

import pytest

from engine.catalog import Catalog, Moment
from engine.catalog.rows import Visible, everything
from engine.following import Follower, Parts
from engine.markup import Markup
from engine.model import Name
from engine.store.memory_store import MemoryStore
from tests.catalogs import moment_of
from tests.indexes import ListIndex


def related(
    folder: Path, pages: dict[str, str], path: str, visible: Visible = everything, limit: int = 6
) -> list[str]:
    with moment_of(folder, pages) as moment:
        name = moment.name(path)
        assert name is not None
        facts = moment.facts(name.blob)
        assert facts is not None
        return [each.path for each, _ in moment.related(name, facts, limit, visible)]


PAGES = {
    "a.md": "#wool #llama\n\n[[shears]] [[barn]]\n",
    "tag.md": "#wool\n",
    "both.md": "#wool\n\n[[shears]] [[barn]]\n",
    "link.md": "Text with [the shears](../shears.md).\n",
    "other.md": "#rain and [[weather]]\n",
    "plain.md": "Nothing\n",
}


def test_what_shares_more_comes_first(tmp_path: Path) -> None:
    found = related(tmp_path, PAGES, "a.md")
    assert found[0] == "both.md"
    assert set(found) == {"both.md", "tag.md", "link.md"}


def test_a_page_that_shares_nothing_has_no_relations(tmp_path: Path) -> None:
    assert related(tmp_path, PAGES, "plain.md") == []
    assert related(tmp_path, PAGES, "other.md") == []


def test_only_as_many_are_named_as_are_asked_for(tmp_path: Path) -> None:
    assert related(tmp_path, PAGES, "a.md", limit=1) == ["both.md"]


@pytest.mark.parametrize("text", ["#common\n", "[[common]]\n"])
def test_what_many_pages_share_tells_nothing(tmp_path: Path, text: str) -> None:
    pages = {f"p{number}.md": f"{text}\n{number}\n" for number in range(130)}
    assert related(tmp_path, pages, "p1.md") == []


def test_what_is_rare_counts_for_more(tmp_path: Path) -> None:
    pages = {f"p{number}.md": f"#some\n\n{number}\n" for number in range(8)}
    pages |= {"a.md": "#some #rare\n", "b.md": "#rare\n"}
    assert related(tmp_path, pages, "a.md")[0] == "b.md"


def test_a_page_that_links_to_everything_is_not_related_to_everything(tmp_path: Path) -> None:
    pages = {
        "a.md": "[[x]] [[y]]\n",
        "b.md": "[[x]] [[y]]\n\nAnother.\n",
        "all.md": " ".join(["[[x]] [[y]]", *(f"[[z{number}]]" for number in range(100))]),
    }
    assert related(tmp_path, pages, "a.md") == ["b.md", "all.md"]


def test_pages_that_are_hidden_are_not_named(tmp_path: Path) -> None:
    def visible(name: Name) -> bool:
        return name.path != "both.md"

    assert "both.md" not in related(tmp_path, PAGES, "a.md", visible)


def test_past_texts_of_a_page_do_not_count(tmp_path: Path) -> None:
    store, catalog = MemoryStore(), Catalog(tmp_path)
    follower = Follower(Parts(store, catalog, ListIndex(), Markup(), tmp_path), processes=0)
    pages = {"b.md": "#rare [[barn]]\n", "c.md": "#rare\n"}
    for number in range(130):
        files = pages | {"a.md": f"#rare [[barn]]\n\n{number}\n"}
        made = {path: text.encode() for path, text in files.items()}
        head = store.head()
        store.set_head(store.commit_tree(made, [head] if head else []))
        follower.follow(1)
        follower.catch_up()
    with catalog.reading() as db:
        moment = Moment(db)
        for path, expected in (("a.md", {"b.md", "c.md"}), ("c.md", {"a.md", "b.md"})):
            name = moment.name(path)
            assert name is not None
            facts = moment.facts(name.blob)
            assert facts is not None
            found = moment.related(name, facts, 6)
            assert {each.path for each, _ in found} == expected
    catalog.close()
