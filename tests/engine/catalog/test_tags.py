"""Tags and their pages, for who sees everything and for who does not."""

from pathlib import Path

from engine.catalog import Catalog, Moment
from engine.catalog.codec import encode
from engine.catalog.facts import add_facts
from engine.catalog.names import replace_names
from engine.model import Entry, Facts, Form, Name


def test_counting_in_two_ways_comes_to_the_same(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    tags = {"a": ("News", "news", "x"), "b": ("news", "y/z"), "c": ("NEWS",), "d": ()}
    with catalog.writing() as db:
        replace_names(db, "head", [Entry(f"{each}.md", each, Form.PAGE) for each in (*tags, "copy of a")])
        add_facts(db, [encode(blob, Facts(title=blob.upper(), tags=each)) for blob, each in tags.items()])
    with catalog.reading() as db:
        moment = Moment(db)

        def sees_all(name: Name) -> bool:
            return True

        def sees_some(name: Name) -> bool:
            return name.path != "c.md"

        assert moment.tag_counts() == moment.tag_counts(sees_all) == [("NEWS", 3), ("x", 1), ("y/z", 1)]
        assert moment.tag_counts(sees_some) == [("News", 2), ("x", 1), ("y/z", 1)]
        assert [name.path for name, *_ in moment.tagged("new s")] == []
        assert [name.path for name, *_ in moment.tagged("News")] == ["a.md", "b.md", "c.md"]
        assert [name.path for name, *_ in moment.tagged("News", sees_some)] == ["a.md", "b.md"]
    catalog.close()
