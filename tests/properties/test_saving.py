"""Many who save at the same moment are all acknowledged, and all that they wrote is there."""

from pathlib import Path

import pytest

from tests.soak.saving import check_engine, check_http


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "checked out"])
def test_processes_that_save_at_once_all_succeed(tmp_path: Path, bare: bool) -> None:
    print(f"\n{check_engine(tmp_path, bare=bare, pages=12, paragraphs=12)}")


def test_people_who_save_at_once_all_succeed(tmp_path: Path) -> None:
    print(f"\n{check_http(tmp_path, bare=False, pages=12, paragraphs=12)}")
