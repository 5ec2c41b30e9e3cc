"""How many pages use a file: told for many at once, by resolving what links mean, and bounded."""

from pathlib import Path

import pytest

from engine.catalog import Uses, uses
from engine.catalog.queries import Moment
from engine.model import Name
from tests.catalogs import moment_of


def counted(moment: Moment, *paths: str) -> list[Uses]:
    names = [name for path in paths if (name := moment.name(path)) is not None]
    assert len(names) == len(paths)
    found = moment.uses(names)
    return [found[path] for path in paths]


def test_each_page_counts_once_however_it_names_a_file(tmp_path: Path) -> None:
    pages = {
        "a.md": "![[leaf.png]] ![[Leaf.PNG|90]] ![](leaf.png) [file](leaf.png)\n",
        "n/b.md": "![[leaf.png]]\n",
        "n/c.md": '<img src="../leaf.png"> `![[leaf.png]]`\n',
        "n/d.md": "`![[leaf.png]]` no link\n",
        "leaf.png": "x",
        "lonely.png": "y",
    }
    with moment_of(tmp_path, pages) as moment:
        assert counted(moment, "leaf.png", "lonely.png") == [Uses(3), Uses(0)]
        assert moment.uses([]) == {}


def test_of_files_with_one_name_the_one_that_is_meant_counts(tmp_path: Path) -> None:
    pages = {
        "a/p.md": "![[image.png]]\n",
        "b/p.md": "![[image.png]] ![[a/image.png]]\n",
        "a/image.png": "x",
        "b/image.png": "y",
        "c/image.png": "z",
    }
    with moment_of(tmp_path, pages) as moment:
        assert counted(moment, "a/image.png", "b/image.png", "c/image.png") == [Uses(2), Uses(1), Uses(0)]


def test_what_may_not_be_seen_does_not_count(tmp_path: Path) -> None:
    pages = {"a.md": "![[leaf.png]]\n", "secret/b.md": "![[leaf.png]]\n", "leaf.png": "x"}

    def visible(name: Name) -> bool:
        return not name.path.startswith("secret/")

    with moment_of(tmp_path, pages) as moment:
        (leaf,) = [name for name in [moment.name("leaf.png")] if name is not None]
        assert moment.uses([leaf], visible) == {"leaf.png": Uses(1)}


def test_of_very_many_links_a_bounded_number_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uses, "LOOKED_AT", 5)
    pages = {f"{number}/p.md": "![[logo.png]]\n" for number in range(9)}
    pages |= {"logo.png": "x", "other.png": "y", "0/p.md": "![[logo.png]] ![[other.png]]\n"}
    with moment_of(tmp_path, pages) as moment:
        assert counted(moment, "logo.png", "other.png") == [Uses(5, more=True), Uses(1)]
