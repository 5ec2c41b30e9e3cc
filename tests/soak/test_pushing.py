"""Pushes are shown by the first answer, and stay; also by many at once, large ones, and for long."""

from pathlib import Path

import pytest

from tests.soak.pushing import check_crowd, check_flat, check_large, check_shown

KINDS = pytest.mark.parametrize("bare", [True, False], ids=["bare", "checked out"])


@KINDS
def test_a_hundred_pushes_are_shown_by_the_first_answers(tmp_path: Path, bare: bool) -> None:
    print(f"\n{'bare' if bare else 'checked out'}: {check_shown(tmp_path, times=100, bare=bare)}")


@KINDS
def test_forty_push_and_save_at_once(tmp_path: Path, bare: bool) -> None:
    print(
        f"\n{'bare' if bare else 'checked out'}: {check_crowd(tmp_path, seconds=120, clients=40, bare=bare)}"
    )


def test_a_push_of_450_megabytes_takes_little_memory(tmp_path: Path) -> None:
    print(f"\n{check_large(tmp_path, files=10, megabytes=45)}")


def test_5000_requests_leave_nothing_behind(tmp_path: Path) -> None:
    print(f"\n{check_flat(tmp_path, requests=5_000)}")
