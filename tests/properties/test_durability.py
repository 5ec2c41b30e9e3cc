"""A save that was answered survives a power cut, as far as a trace of system calls can tell."""

import re
from pathlib import Path

import pytest

from tests.soak.tracing import check_durable, needs_strace, saves, traced

pytestmark = needs_strace


@pytest.mark.parametrize("bare", [True, False], ids=["bare", "checked out"])
def test_all_of_a_save_is_on_disk_before_it_is_answered(tmp_path: Path, bare: bool) -> None:
    print(f"\n{check_durable(tmp_path, bare=bare)}")


def test_each_fsync_of_a_save_that_were_missing_would_be_found(tmp_path: Path) -> None:
    repository, trace = traced(tmp_path, bare=True)
    lines = trace.splitlines(keepends=True)
    asked = [number for number, line in enumerate(lines) if '"asked' in line]
    answered = [number for number, line in enumerate(lines) if '"answered' in line]
    synced = [
        number
        for number in range(asked[1], answered[1])  # the save of one page
        if re.match(r"\d+ +fsync", lines[number])
    ]
    assert len(synced) >= 9  # a blob, a tree, a commit with their folders, the branch with its own
    for number in synced:
        found = saves(repository.path, "".join(lines[:number] + lines[number + 1 :]))
        assert found[1].problems() != [], lines[number]
