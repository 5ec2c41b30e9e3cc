"""All of a save is on disk before the branch names it, and the branch before the answer, as strace saw it."""

from pathlib import Path

import pytest

from tests.soak.tracing import check_durable, needs_strace

pytestmark = needs_strace


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "checked out"])
def test_all_of_a_save_is_on_disk_before_it_is_answered(tmp_path: Path, bare: bool) -> None:
    print(f"\n{'bare' if bare else 'checked out'}: {check_durable(tmp_path, bare=bare)}")
