"""How fast an index is built, how soon a commit is seen, and what a write costs."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from engine.model import Author
from engine.store import Change
from engine.store.git_store import GitStore
from tests.benchmarks.rows import SLOW, Row, Setup, address, get, middle, ms, p95
from tests.repositories import Repository
from tests.soak.processes import QUIRE, anonymous_memory, started

ADA = Author("Ada", "ada@example.org")


def build(setup: Setup) -> Iterator[Row]:
    """Build catalog and index anew; against scanning alone and a plain Whoosh alone, each in processes of its own."""
    taken: dict[str, list[float]] = {"build": [], "scan": [], "library": []}
    highest = 0
    rounds = max(1, min(setup.rounds, 60_000 // max(setup.page_count, 1), 3))
    for _ in range(rounds):
        cache = setup.folder / "built"
        shutil.rmtree(cache, ignore_errors=True)
        seconds, memory = _watched(setup, *QUIRE, "index", str(setup.repository), "--cache", str(cache))
        taken["build"].append(seconds)
        highest = max(highest, memory)
        for part in ("scan", "library"):
            command = [QUIRE[0], "-m", "tests.benchmarks.floors", part, str(setup.repository)]
            log = setup.folder / f"{part}.log"
            log.unlink(missing_ok=True)
            with started(command, log) as process:
                assert process.process.wait(SLOW) == 0, process.said()
                taken[part].append(float(process.said().split()[-1]))
    whole, scan, library = (middle(taken[name]) for name in ("build", "scan", "library"))
    yield Row(
        f"index build, {setup.page_count:,} pages",
        "at most 1.5 x (scanning + index library)",
        f"{whole:.1f} s, {whole / (scan + library):.2f} x",
        f"{scan:.1f} s + {library:.1f} s Whoosh",
        whole / (scan + library) <= 1.5,
    )
    yield Row(
        "index build, peak anonymous memory, process tree",
        "600 MB",
        f"{highest / 1e6:,.0f} MB",
        "",
        highest <= 600e6,
    )


def _watched(setup: Setup, *command: str) -> tuple[float, int]:
    """Run a command; return its seconds, and the most memory that it and its children held."""
    began, highest = time.perf_counter(), 0
    with started(command, setup.folder / "build.log") as process:
        while process.process.poll() is None:
            highest = max(highest, anonymous_memory(process.id))
            time.sleep(0.05)
        assert process.process.returncode == 0, process.said()
    return time.perf_counter() - began, highest


def freshness(setup: Setup) -> Iterator[Row]:
    """Commit one page from another process, and ask until the page, and then the search, shows it."""
    setup.index()
    commits, shown, found = [], [], []
    with setup.serving() as server, server.connection() as connection:
        get(connection, "/")
        for number, path in enumerate(setup.some_paths(6 * setup.rounds)):
            word = f"xylem{number:05}q"
            changed = setup.text(path) + f"\nThe word {word}.\n".encode()
            began = time.perf_counter()
            setup.commit({path: changed})
            commits.append(time.perf_counter() - began)
            began = time.perf_counter()
            _until(lambda p=path, w=word: w.encode() in get(connection, address(p))[1])  # type: ignore[misc]
            shown.append(time.perf_counter() - began)
            hit = f'"{quote(address(path), safe="/%")}'.encode()
            _until(lambda w=word, h=hit: h in get(connection, f"/-/search?q={w}")[1])  # type: ignore[misc]
            found.append(time.perf_counter() - began)
    floor = f"{ms(middle(commits))} the commit itself"
    yield Row(
        "a one-page commit until the next request shows it, p50 / p95",
        "",
        f"{ms(middle(shown))} / {ms(p95(shown))}",
        floor,
    )
    yield Row(
        f"a one-page commit until search finds it, {setup.page_count:,} pages",
        "250 ms at 10,000 pages",
        f"{ms(middle(found))} / {ms(p95(found))}",
        floor,
        middle(found) <= 0.25,
    )


def _until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.002)


def write(setup: Setup) -> Iterator[Row]:
    """Write one page through the store; against fast-import and update-ref that bring as much to disk."""
    repository = setup.folder / "written.git"
    shutil.copytree(setup.repository, repository, ignore=shutil.ignore_patterns("quire"))
    store = GitStore.open(repository)
    plain = Repository(repository)
    ours, floors = [], []
    try:
        for number, path in enumerate(setup.some_paths(8 * setup.rounds)):
            head = store.head()
            blob = plain.git("rev-parse", f"{head}:{path}")
            content = store.read(blob) + f"\nOne more line {number}.\n".encode()
            began = time.perf_counter()
            store.write([Change(path, content, blob)], author=ADA, summary="A change")
            ours.append(time.perf_counter() - began)
            floors.append(fast_import(repository, path, content + b"\nAnd one more.\n"))
    finally:
        store.close()
    ratio = middle(ours) / middle(floors)
    yield Row(
        "write of one page, bare repository",
        "at most 2 x git fast-import + update-ref",
        f"{ms(middle(ours))}, {ratio:.2f} x",
        f"{ms(middle(floors))} (p95 {ms(p95(floors))})",
        ratio <= 2,
    )


def fast_import(repository: Path, path: str, content: bytes) -> float:
    """Commit as the fastest script would, with the store's own fsync; return the seconds."""
    head = _git(repository, "rev-parse", "HEAD")
    data = (
        f"commit refs/heads/floor\nmark :1\ncommitter Ada <ada@example.org> now\ndata 6\nchange\nfrom {head}\n"
        f"M 100644 inline {path}\ndata {len(content)}\n"
    ).encode()
    options = ("--quiet", "--force", "--date-format=now")
    began = time.perf_counter()
    made = _git(repository, "fast-import", *options, stdin=data + content + b"\nget-mark :1\n")
    _git(repository, "update-ref", "HEAD", made, head)
    return time.perf_counter() - began


def git_commit(repository: Path, path: str, content: bytes) -> float:
    """Commit in a work tree as a person would, with the store's own fsync; return the seconds."""
    began = time.perf_counter()
    (repository / path).write_bytes(content)
    _git(repository, "add", "--", path)
    _git(repository, "commit", "-q", "-m", "change")
    return time.perf_counter() - began


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> str:
    names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
    settings = ("core.fsync=committed,loose-object,reference", "fastimport.unpackLimit=100", "gc.auto=0")
    done = subprocess.run(
        ["git", *(part for setting in settings for part in ("-c", setting)), *arguments],
        cwd=repository,
        input=stdin,
        capture_output=True,
        check=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull} | dict.fromkeys(names, "Ada"),
    )
    return done.stdout.decode().strip()
