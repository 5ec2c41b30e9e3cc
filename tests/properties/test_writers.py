"""Processes that write to one repository, and are killed, lose nothing that was acknowledged; and whoever loses is found."""

from pathlib import Path

import pytest

from tests.soak.reckoning import LostError
from tests.soak.writing import check_writers


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "checked out"])
def test_writers_that_are_killed_lose_nothing(tmp_path: Path, bare: bool) -> None:
    seen = check_writers(tmp_path, seed=3, operations=60, kills=2, bare=bare, processes=3)
    assert seen.kills == 2
    assert seen.reckoned.ends["saved"] > 30
    print(f"\n{seen}")


def test_a_writer_that_lets_the_last_one_win_is_found_out(tmp_path: Path) -> None:
    with pytest.raises(LostError):
        check_writers(
            tmp_path, seed=4, operations=80, kills=0, bare=True, processes=2, broken="last write wins"
        )
