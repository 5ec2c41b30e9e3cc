"""Links are found from their other end, however they are written."""

from pathlib import Path

import pytest

from tests.catalogs import moment_of


def backlinks(folder: Path, pages: dict[str, str], path: str) -> list[str]:
    with moment_of(folder, pages) as moment:
        name = moment.name(path)
        assert name is not None
        return [backlink.name.path for backlink in moment.backlinks(name)]


@pytest.mark.parametrize(
    "index", ["a/index.md", "a/README.md", "a/Index.markdown", "a.md", "A.md", "a/readme.md"]
)
@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("a/b/page.md", "[up](../)"),
        ("a/b/page.md", "[up](..)"),
        ("a/b/page.md", "[[..]]"),
        ("a/page.md", "[here](./)"),
        ("a/page.md", "[here](.)"),
        ("page.md", "[down](a/)"),
        ("page.md", "[down](a/b/..)"),
    ],
)
def test_a_link_to_a_folder_is_one_to_the_page_that_speaks_for_it(
    tmp_path: Path, index: str, source: str, link: str
) -> None:
    pages = {index: "# Index", source: f"See {link}.", "a/other.md": "Nothing.", "z/page.md": "[here](./)"}
    assert backlinks(tmp_path, pages, index) == [source]


@pytest.mark.parametrize("index", ["index.md", "README.md", "readme.markdown"])
def test_a_link_to_the_root_is_one_to_its_index(tmp_path: Path, index: str) -> None:
    pages = {index: "# Home", "a/b.md": "[home](../)", "c.md": "[home](/)", "a/index.md": "# A"}
    assert backlinks(tmp_path, pages, index) == ["a/b.md", "c.md"]
