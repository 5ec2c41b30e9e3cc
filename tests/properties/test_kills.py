"""A process that is killed while it follows leaves nothing that the next start does not heal."""

from pathlib import Path

from tests.soak.killing import check_kills


def test_kills_during_following_heal_at_the_next_start(tmp_path: Path) -> None:
    seen = check_kills(tmp_path, seed=3, kills=3, pages=260)
    assert seen.kills == 3
