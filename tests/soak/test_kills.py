"""100 kills during following heal at the next start."""

from pathlib import Path

from tests.soak.killing import check_kills


def test_kills_during_following_heal_at_the_next_start(tmp_path: Path) -> None:
    print(f"\n{check_kills(tmp_path, seed=1, kills=100, pages=400)}")
