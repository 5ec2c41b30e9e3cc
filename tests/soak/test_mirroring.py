"""Two servers with one remote come to one commit, and lose nothing."""

from pathlib import Path

from tests.soak.mirroring import check_mirror


def test_two_servers_and_a_remote_converge(tmp_path: Path) -> None:
    print(f"\n{check_mirror(tmp_path, edits=500, kills=20, outages=6)}")
