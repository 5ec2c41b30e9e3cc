"""Files that wait for a decision: found by who sent them, for an hour, and never too many."""

import os
import time
from pathlib import Path

import pytest

from wiki.pending import SECONDS, Pending


@pytest.fixture
def pending(tmp_path: Path) -> Pending:
    return Pending(tmp_path / "pending", 1_000)


def test_only_who_sent_a_file_finds_it(pending: Pending) -> None:
    identity = pending.keep("person:ada", b"x")
    assert len(identity) >= 32
    assert pending.get("person:ada", identity) == b"x"
    assert pending.get("person:bob", identity) is None
    assert pending.get("person:ada", "other") is None
    pending.drop("person:bob", identity)
    assert pending.get("person:ada", identity) == b"x"
    pending.drop("person:ada", identity)
    assert pending.get("person:ada", identity) is None


@pytest.mark.parametrize(
    "identity", ["", "..", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 10_000, "\udcff"]
)
def test_an_id_is_never_a_path(pending: Pending, identity: str) -> None:
    pending.keep("person:ada", b"x")
    assert pending.get("person:ada", identity) is None
    pending.drop("person:ada", identity)


def test_a_file_is_kept_for_an_hour(pending: Pending, tmp_path: Path) -> None:
    identity = pending.keep("person:ada", b"x")
    (place,) = (tmp_path / "pending").iterdir()
    old = time.time() - SECONDS - 1
    os.utime(place, (old, old))
    assert pending.get("person:ada", identity) is None
    pending.keep("person:ada", b"y")
    assert not place.exists()


def test_of_too_many_the_oldest_go(pending: Pending, tmp_path: Path) -> None:
    kept = []
    for number in range(5):
        kept.append(pending.keep("person:ada", bytes([number]) * 300))
        _age(tmp_path / "pending")
    assert [pending.get("person:ada", each) is not None for each in kept] == [False, False, True, True, True]


def test_one_owner_pushes_out_nobody_elses(tmp_path: Path) -> None:
    pending = Pending(tmp_path / "pending", 1_000, 500)
    hers = pending.keep("person:ada", b"a" * 300)
    his = []
    for number in range(6):
        his.append(pending.keep("person:bob", bytes([number]) * 200))
        _age(tmp_path / "pending")
    assert pending.get("person:ada", hers) == b"a" * 300
    assert [pending.get("person:bob", each) is not None for each in his] == [False] * 4 + [True] * 2
    large = pending.keep("person:bob", b"x" * 700)  # larger than what one may have together
    assert pending.get("person:bob", large) is not None
    assert pending.get("person:bob", his[-1]) is None


def _age(folder: Path) -> None:
    for place in folder.iterdir():
        status = place.stat()
        os.utime(place, (status.st_atime - 10, status.st_mtime - 10))


def test_what_is_too_old_goes_with_a_sweep_and_without_a_folder_there_is_nothing(
    pending: Pending, tmp_path: Path
) -> None:
    pending.sweep()
    assert not (tmp_path / "pending").exists()
    pending.keep("person:ada", b"x")
    (place,) = (tmp_path / "pending").iterdir()
    old = time.time() - SECONDS - 1
    os.utime(place, (old, old))
    pending.sweep()
    assert not place.exists()


def test_nobody_else_on_the_machine_can_read_them(pending: Pending, tmp_path: Path) -> None:
    pending.keep("person:ada", b"x")
    for path in (tmp_path / "pending", *(tmp_path / "pending").iterdir()):
        assert path.stat().st_mode & 0o077 == 0
