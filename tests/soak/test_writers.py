"""20,000 operations by four processes that are killed 100 times: nothing that was acknowledged is lost.

Half of them in a bare repository, half in one whose branch is checked out.
"""

from pathlib import Path

import pytest

from tests.soak.breaking import BROKEN
from tests.soak.reckoning import LostError
from tests.soak.writing import check_writers

OPERATIONS, KILLS = 20_000, 100


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "checked out"])
def test_writers_that_are_killed_lose_nothing(tmp_path: Path, bare: bool) -> None:
    seen = check_writers(tmp_path, seed=11, operations=OPERATIONS, kills=KILLS, bare=bare)
    print(f"\n{'bare' if bare else 'checked out'}: {seen}")
    assert seen.kills == KILLS


@pytest.mark.parametrize("broken", [name for name in BROKEN if name])
def test_writers_that_are_broken_are_found_out(tmp_path: Path, broken: str) -> None:
    with pytest.raises(LostError) as found:
        check_writers(tmp_path, seed=12, operations=400, kills=0, bare=True, processes=2, broken=broken)
    print(f"\n{broken}: {str(found.value)[:150]}")
