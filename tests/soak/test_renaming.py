"""A page with some thousands of links to it, of every kind, among many pages, is renamed."""

from pathlib import Path

from tests.repositories import make
from tests.soak.renaming import check_renaming, vault

LINKS, PAGES = 3_000, 5_000


def test_a_page_that_many_link_to_is_renamed(tmp_path: Path) -> None:
    print(f"\n{check_renaming(tmp_path, make(tmp_path / 'content.git'), vault(LINKS, PAGES))}")
