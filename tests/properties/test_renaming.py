"""A page with 300 links to it, of every kind, is renamed in the browser: what the rename makes of each is known."""

from pathlib import Path

from tests.repositories import make
from tests.soak.renaming import check_renaming, vault


def test_a_page_with_300_links_to_it_is_renamed(tmp_path: Path) -> None:
    check_renaming(tmp_path, make(tmp_path / "content.git"), vault(300, 50))
