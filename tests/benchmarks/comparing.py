"""How fast two revisions are compared, and how fast each line's writer is told, where the history is long."""

import http.client
import subprocess
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.benchmarks.long_history import HANDBOOK
from tests.benchmarks.rows import Row, Setup, address, get, middle, ms, p95
from tests.repositories import Repository

REVISIONS = 20  # of the page that are compared and blamed, for each round


def compare(setup: Setup) -> Iterator[Row]:
    """Compare and blame the page with the longest history; against git, asked in turn."""
    repository = setup.long_repository
    path = HANDBOOK[-1]
    revisions = _revisions(repository, path, REVISIONS * setup.rounds + 1)
    asked = list(pairwise(revisions))
    far = revisions[len(revisions) // 2 :]
    first = _begin(repository)
    page = address(path)
    with setup.serving(repository.path) as server, server.connection() as connection:
        server.wait_until_indexed()
        get(connection, f"/-/diff{page}")
        near = _pairs(
            connection,
            repository,
            [(f"/-/diff{page}?from={old}&to={new}", ("diff", old, new, "--", path)) for new, old in asked],
        )
        wide = _pairs(
            connection,
            repository,
            [
                (f"/-/diff{page}?from={first}&to={new}", ("diff", f"{first}:{HANDBOOK[0]}", f"{new}:{path}"))
                for new in far
            ],
        )
        blames = [
            (f"/-/blame{page}?rev={new}", ("blame", "--porcelain", new, "--", path)) for new, _ in asked
        ]
        fresh = _pairs(connection, repository, blames[: 2 * setup.rounds])
        again = _pairs(
            connection, repository, [(f"{blame}&page=1", git) for blame, git in blames[: 2 * setup.rounds]]
        )
    count = repository.git("rev-list", "--count", "HEAD")
    yield _row(f"diff, one revision and the next, {int(count):,} commits", "git diff", near)
    yield _row("diff, a revision and the first one", "git diff of both files", wide)
    yield _row("blame, a revision never asked for", "git blame --porcelain", fresh)
    yield _row("blame, asked for again", "git blame --porcelain", again)


def _row(what: str, floor: str, pairs: Sequence[tuple[float, float]]) -> Row:
    ours, theirs = [mine for mine, _ in pairs], [git for _, git in pairs]
    return Row(
        f"{what}, p50 / p95",
        "",
        f"{ms(middle(ours))} / {ms(p95(ours))}",
        f"{ms(middle(theirs))} {floor}",
    )


def _pairs(
    connection: http.client.HTTPConnection, repository: Repository, asked: Sequence[tuple[str, Sequence[str]]]
) -> list[tuple[float, float]]:
    """Ask the server and git in turn; return the seconds of both."""
    pairs = []
    for url, command in asked:
        began = time.perf_counter()
        subprocess.run(["git", *command], cwd=repository.path, capture_output=True, check=True)
        floor = time.perf_counter() - began
        pairs.append((get(connection, url)[0], floor))
    return pairs


def _revisions(repository: Repository, path: str, count: int) -> list[str]:
    return repository.git("log", "--format=%H", f"-{count}", "HEAD", "--", path).split()


def _begin(repository: Repository) -> str:
    return repository.git("rev-list", "--max-parents=0", "HEAD").split()[0]
