"""What is pushed is shown by the first answer after it, and many who push and save at once lose nothing."""

from pathlib import Path

import pytest

from tests.soak.pushing import check_crowd, check_shown


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "checked out"])
def test_pushes_are_shown_by_the_first_answers(tmp_path: Path, bare: bool) -> None:
    print(f"\n{check_shown(tmp_path, times=2, bare=bare, pages=30)}")


def test_some_push_and_save_at_once(tmp_path: Path) -> None:
    print(f"\n{check_crowd(tmp_path, seconds=5, clients=6, bare=True)}")
