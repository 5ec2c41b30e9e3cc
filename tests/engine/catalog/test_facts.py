from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.catalog import Catalog
from engine.catalog import facts as facts_module
from engine.catalog.codec import FactRows
from engine.catalog.facts import add_facts, forget_facts
from engine.catalog.names import replace_names
from engine.catalog.schema import alias, fact, link, tag
from engine.model import Entry, Form


def rows(blob: str) -> FactRows:
    links, pairs = (("target", "tail", "sentence"),), (("text", "key"),)
    return FactRows(blob, "Title", "title", "{}", b"", links=links, aliases=pairs, tags=pairs)


def test_past_facts_are_forgotten_little_by_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_module, "FORGET", 10)
    catalog = Catalog(tmp_path)
    with catalog.writing() as db:
        replace_names(db, "head", [Entry("a.md", "kept", Form.PAGE)])
        add_facts(db, [*(rows(f"{number}") for number in range(12)), rows("kept")])
    for expected in (10, 2, 0):
        with catalog.writing() as db:
            assert forget_facts(db) == expected
    with catalog.reading() as db:
        assert list(db.execute(select(fact.c.blob)).scalars()) == ["kept"]
        for table in (link, alias, tag):
            assert db.execute(select(func.count()).select_from(table)).scalar() == 1
    catalog.close()
