"""400 parallel saves to different pages and 200 to one page: every save acknowledged, every edit in the head."""

from pathlib import Path

import pytest

from tests.soak.saving import check_engine, check_http

KINDS = pytest.mark.parametrize("bare", [True, False], ids=["bare", "checked out"])


@KINDS
def test_four_workers_save_all_that_people_send_at_once(tmp_path: Path, bare: bool) -> None:
    print(f"\n{'bare' if bare else 'checked out'}: {check_http(tmp_path, bare=bare)}")


@KINDS
def test_four_processes_save_all_at_once(tmp_path: Path, bare: bool) -> None:
    print(f"\n{'bare' if bare else 'checked out'}: {check_engine(tmp_path, bare=bare)}")
