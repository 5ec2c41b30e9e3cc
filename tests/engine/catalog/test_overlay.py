"""The names as they would be: on one connection, for a while, and nowhere else."""

from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from engine.catalog import Catalog, Moment
from engine.model import Form, Name
from tests.catalogs import moment_of

PAGES = {
    "a/One.md": "---\naliases: [First]\n---\n# The one\n",
    "a/Two.md": "[[One]]\n",
    "Three.md": "[[One]] [[First]] [[The one]] [x](a/) [[New]]\n",
}
ASKED = [("", target) for target in ("One", "First", "The one", "a", "New", "b", "Nick", "a/One")]


def answers(moment: Moment) -> dict[str, str | None]:
    meant = moment.meant(ASKED)
    return {target: match[0].path if (match := meant["", target]) else None for _, target in ASKED}


def test_questions_are_answered_as_if_files_had_moved(tmp_path: Path) -> None:
    with moment_of(tmp_path, PAGES) as moment:
        before = answers(moment)
        one = moment.name("a/One.md")
        assert one is not None
        new = Name("b/New.md", one.blob, one.form)
        with moment.after(["a/One.md"], [new, Name("a.md", "", Form.PAGE)], {one.blob: ["Nick"]}):
            assert answers(moment) == {
                "One": None,
                "First": "b/New.md",
                "The one": "b/New.md",
                "a": "a.md",
                "New": "b/New.md",
                "b": "b",
                "Nick": "b/New.md",
                "a/One": None,
            }
            assert [name.path for name in moment.names()] == ["Three.md", "a.md", "a/Two.md", "b/New.md"]
            assert moment.folders() == {"", "a", "b"}
            assert moment.keyed("b/new")[0].path == "b/New.md"
        assert answers(moment) == before
        with moment.after(["a/One.md"], []):
            assert answers(moment)["First"] is None


def test_many_links_are_resolved_so_too(tmp_path: Path) -> None:
    with moment_of(tmp_path, PAGES) as moment:
        one = moment.name("a/One.md")
        assert one is not None
        with moment.after(["a/One.md"], [Name("c/d/One.md", one.blob, one.form)]):
            found = moment.meant([("", f"gone {number}") for number in range(600)] + [("", "One")])
        assert [match[0].path for match in found.values() if match] == ["c/d/One.md"]


def test_an_error_ends_it(tmp_path: Path) -> None:
    with moment_of(tmp_path, PAGES) as moment:
        before = answers(moment)
        try:
            with moment.after(list(PAGES), []):
                assert set(answers(moment).values()) == {None}
                raise KeyError
        except KeyError:
            assert answers(moment) == before


def test_other_connections_do_not_notice_and_may_write(tmp_path: Path) -> None:
    with moment_of(tmp_path, PAGES) as moment:
        catalog = Catalog(tmp_path)
        with moment.after(list(PAGES), []):
            with catalog.reading() as db:
                assert answers(Moment(db)) == {
                    "One": "a/One.md",
                    "First": "a/One.md",
                    "The one": "a/One.md",
                    "a": "a",
                    "New": None,
                    "b": None,
                    "Nick": None,
                    "a/One": "a/One.md",
                }
            with catalog.writing(hasty=True) as db:
                db.exec_driver_sql("DELETE FROM name WHERE path = 'Three.md'")
            assert list(moment.names()) == []
        assert [name.path for name in moment.names()] == sorted(PAGES)  # it still sees its moment
        catalog.close()


def test_a_connection_that_cannot_be_cleaned_is_given_to_nobody(tmp_path: Path) -> None:
    with moment_of(tmp_path, PAGES):
        catalog = Catalog(tmp_path)
        with pytest.raises(DatabaseError, match="locked"), catalog.reading() as db:
            read_on_behind(db)
        with catalog.reading() as db:
            assert [name.path for name in Moment(db).names()] == sorted(PAGES)
        catalog.close()


def read_on_behind(db: Connection) -> None:
    """Leave a question of the names as they would be without reading all of its answer."""
    moment = Moment(db)
    with moment.after(["Three.md"], []):
        rows = db.exec_driver_sql("SELECT path FROM temp.name_gone UNION ALL SELECT path FROM main.name")
        assert rows.fetchone() is not None
