"""How fast lists of what was are shown where the history is long: any page of them."""

import subprocess
import time
from collections.abc import Iterator

from tests.benchmarks.long_history import FOLDERS, HANDBOOK
from tests.benchmarks.rows import Row, Setup, address, get, middle, ms, p95

LISTED = 50  # lines on one page of a list
ASKED = 10  # times that each page is asked for, in each round
TARGET = 0.015  # seconds
NAMES = "--name-status"


def past(setup: Setup) -> Iterator[Row]:
    """Ask for pages of lists, never twice at the same address; against the same lines from ``git log``, in turn."""
    git = setup.long_repository
    commits = int(git.git("rev-list", "--count", "HEAD"))
    revisions = len(git.git("rev-list", "HEAD", "--", *HANDBOOK).split())
    last = -(-revisions // LISTED)
    far = min(500, commits // (2 * LISTED))  # in a shorter history than the usual one, its middle
    history, folder = f"/-/history{address(HANDBOOK[-1])}?", FOLDERS[-4].rstrip("/")
    some = f"{commits:,} commits"
    with setup.serving(git.path) as server, server.connection() as connection:
        server.wait_until_indexed()
        for what, place, page, log in (
            (f"history of {revisions:,} revisions, page 1", history, 1, ("--", *HANDBOOK)),
            (f"history of {revisions:,} revisions, page {last}", history, last, ("--", *HANDBOOK)),
            (f"recent changes, {some}, page 1", "/-/recent?", 1, (NAMES,)),
            (f"recent changes, {some}, page {far}", "/-/recent?", far, (NAMES,)),
            (
                f"recent changes in {folder}, page {far // 5}",
                f"/-/recent?folder={folder}&",
                far // 5,
                (NAMES, "--", folder),
            ),
            (
                f"changes by one author, page {far // 5}",
                "/-/by/Ada%20Byron?",
                far // 5,
                (NAMES, "--author=^Ada Byron <"),
            ),
        ):
            ours, floors = [], []
            for number in range(setup.rounds * ASKED):
                # The number makes it another address, so that no kept answer is measured.
                ours.append(get(connection, f"{place}page={page}&n={number}")[0])
                if number % ASKED == 0:
                    began = time.perf_counter()
                    command = ["git", "log", f"--skip={(page - 1) * LISTED}", f"-n{LISTED}", *log]
                    subprocess.run(command, cwd=git.path, capture_output=True, check=True)
                    floors.append(time.perf_counter() - began)
            yield Row(
                f"{what}, p50 / p95",
                "15 ms",
                f"{ms(middle(ours))} / {ms(p95(ours))}",
                f"{ms(middle(floors))} git log",
                middle(ours) <= TARGET,
            )
