"""Speed, as pairs: each figure stands beside a floor that was measured in the same run, round by round in turn.

    python tests/benchmarks/bench.py [--repo DIR] [--pages N] [--start-pages N] [--long-commits N] [--rounds N] [--only NAME …]

Without ``--repo`` a repository of ``--pages`` pages is generated; one that is named is only cloned. The start on a
repository that was never indexed is measured on a generated one of ``--start-pages`` pages, what was on one of ``--long-commits`` commits.
"""

import argparse
import os
import platform
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests import repositories  # noqa: E402 - the file is run as a script
from tests.benchmarks import corpus  # noqa: E402
from tests.benchmarks.comparing import compare  # noqa: E402
from tests.benchmarks.lists import lists  # noqa: E402
from tests.benchmarks.long_history import COMMITS  # noqa: E402
from tests.benchmarks.past import past  # noqa: E402
from tests.benchmarks.reading import first_view, memory, search, start, warm_view  # noqa: E402
from tests.benchmarks.rows import Row, Setup  # noqa: E402
from tests.benchmarks.saving import save, save_memory  # noqa: E402
from tests.benchmarks.writing import build, freshness, write  # noqa: E402

MEASURES = {
    "warm": warm_view,
    "first": first_view,
    "start": start,
    "build": build,
    "search": search,
    "fresh": freshness,
    "write": write,
    "save": save,
    "save-memory": save_memory,
    "lists": lists,
    "past": past,
    "compare": compare,
    "memory": memory,
}


def main() -> None:
    """Measure, and print a table."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="quire-bench-") as name:
        folder = Path(name)
        repository = folder / "wiki.git"
        if options.repo:
            repositories.Repository(folder).git(
                "clone",
                "--quiet",
                "--bare",
                "--no-local",
                "--single-branch",
                str(options.repo),
                str(repository),
            )
            what = "a clone of the repository that was named"
        else:
            corpus.make(repository, options.pages, words=400)
            what = "a generated repository"
        setup = Setup(repository, folder, options.rounds, options.start_pages, options.long_commits)
        print(
            f"{what}: {setup.page_count:,} pages; {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"medians of {options.rounds} rounds; {os.getloadavg()[0]:.1f} other processes wanted to run at the start\n",
            flush=True,
        )
        print(f"| {'what':58} | {'target':44} | {'figure':>34} | {'floor':>34} | met |")
        print(f"|{'-' * 60}|{'-' * 46}|{'-' * 35}:|{'-' * 35}:|-----|")
        for measure in options.only or MEASURES:
            for row in MEASURES[measure](setup):
                print(_line(row), flush=True)


def _line(row: Row) -> str:
    met = {True: "yes", False: "no", None: ""}[row.met]
    return f"| {row.what:58} | {row.target:44} | {row.figure:>34} | {row.floor:>34} | {met:3} |"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, help="measure on a clone of this repository")
    parser.add_argument("--pages", type=int, default=10_000, help="pages of the generated repository")
    parser.add_argument("--start-pages", type=int, default=50_000, help="pages of the one never indexed")
    parser.add_argument(
        "--long-commits", type=int, default=COMMITS, help="commits of the one with a long history"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", choices=MEASURES, help="measure only these")
    return parser.parse_args()


if __name__ == "__main__":
    main()
