"""What a save costs, from the call to the answer that the next reader sees, on wikis of several sizes.

    python -m tests.benchmarks.saving REPO SAVES

saves one page after another, and says after every hundred how many it has saved, for whoever watches its memory.
"""

import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

from engine.access import Actor, Kind, Role, RolePolicy
from engine.changes import Edit, Saved
from engine.search import SearchIndex
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.wiki import Wiki
from tests.benchmarks import corpus
from tests.benchmarks.rows import SLOW, Row, Setup, middle, ms, p95
from tests.benchmarks.writing import fast_import, git_commit
from tests.indexes import ListIndex
from tests.repositories import Repository
from tests.soak.processes import QUIRE, anonymous_memory, started

SIZES = (1_000, 38_000, 100_000)  # files
WORDS = 60  # in each page, so that the larger ones are made and scanned in minutes
SAVES = 8  # in each round
MEMORY_SAVES = 5_000
WARM = 500  # saves after which memory is as it stays
ADA = Actor(Kind.PERSON, "Ada", Role.EDITOR)


class _NoIndex(ListIndex):
    """Finds nothing: the index follows behind, and is no part of a save."""

    def update(self, documents: object, removed: object, commit: str, **more: object) -> None:
        self.at = commit

    def rebuild(self, documents: object, commit: str, **more: object) -> None:
        self.at = commit


class Bench:
    """A wiki to save to, and a copy of its repository for git alone."""

    def __init__(self, folder: Path, files: int, *, bare: bool = True) -> None:
        self.floor = Repository(corpus.make(folder / "floor.git", files, words=WORDS))
        self.path = folder / "wiki"
        if bare:
            shutil.copytree(self.floor.path, self.path)
        else:
            self.floor.git("clone", "-q", "--no-local", str(self.floor.path), str(self.path))
            work = folder / "floor"
            self.floor.git("clone", "-q", "--no-local", str(self.floor.path), str(work))
            self.floor = Repository(work)
        self.dice = Random(1)
        self.files = files

    def page(self) -> str:
        return corpus.path_of(self.dice.randrange(self.files))


@contextmanager
def _opened(bench: Bench) -> Iterator[tuple[Wiki, GitStore]]:
    with _wiki(bench.path, lambda folder: _NoIndex()) as opened:
        yield opened


@contextmanager
def _wiki(repository: Path, index: Callable[[Path], SearchIndex]) -> Iterator[tuple[Wiki, GitStore]]:
    store = GitStore.open(repository)
    folder = store.cache_folder
    folder.mkdir(parents=True, exist_ok=True)
    wiki = Wiki.open(store, index(folder), folder, RolePolicy(), processes=2)
    assert wiki.catch_up(SLOW)
    try:
        yield wiki, store
    finally:
        wiki.close()


def _text(store: GitStore, path: str) -> tuple[str, str]:
    entry = store.entry(store.head() or "", path)
    assert entry is not None
    return store.read(entry.blob).decode(), entry.blob


def _save(wiki: Wiki, path: str, text: str, base: str) -> tuple[float, Saved]:
    began = time.perf_counter()
    saved = wiki.commit([Edit(path, text, base)], ADA, "A change")
    return time.perf_counter() - began, saved


def save(setup: Setup) -> Iterator[Row]:
    """Save on wikis of all sizes in turn; against git alone in copies of their repositories, in turn as well."""
    git = "git fast-import + update-ref"
    benches = [Bench(setup.folder / f"save-{files}", files) for files in SIZES]
    with ExitStack() as stack:
        opened = [stack.enter_context(_opened(bench)) for bench in benches]
        times = _measured(benches, opened, setup.rounds)
        for files, (ours, floors) in zip(SIZES, times, strict=True):
            yield _row(f"save, bare, {files:,} files, p50 / p95", ours, floors, git, 2)
        growth = middle(times[-1][0]) / middle(times[0][0])
        what = f"save, growth from {SIZES[0]:,} to {SIZES[-1]:,} files"
        yield Row(what, "at most 1.3 x", f"{growth:.2f} x", "", growth <= 1.3)
        ours, floors = _merging(benches[0], *opened[0], setup.rounds)
        yield _row(f"save that is merged, bare, {SIZES[0]:,} files", ours, floors, git)
    bench = Bench(setup.folder / "save-work", SIZES[0], bare=False)
    with _opened(bench) as work:
        ((ours, floors),) = _measured([bench], [work], setup.rounds, git_commit)
    yield _row(f"save, checked out, {SIZES[0]:,} files, p50 / p95", ours, floors, "git add + git commit")


def _measured(
    benches: Sequence[Bench],
    opened: Sequence[tuple[Wiki, GitStore]],
    rounds: int,
    floor: Callable[[Path, str, bytes], float] = fast_import,
) -> list[tuple[list[float], list[float]]]:
    times: list[tuple[list[float], list[float]]] = [([], []) for _ in benches]
    for number in range(SAVES * rounds + 1):
        for bench, (wiki, store), (ours, floors) in zip(benches, opened, times, strict=True):
            path = bench.page()
            text, base = _text(store, path)
            text += f"\nOne more line {number}.\n"
            taken, _ = _save(wiki, path, text, base)
            taken_by_git = floor(bench.floor.path, path, text.encode())
            if number:  # the first starts the children that stay
                ours.append(taken)
                floors.append(taken_by_git)
    return times


def _merging(bench: Bench, wiki: Wiki, store: GitStore, rounds: int) -> tuple[list[float], list[float]]:
    """Save what began from what others have changed since, in another paragraph."""
    ours, floors = [], []
    for number in range(SAVES * rounds):
        path = bench.page()
        text, base = _text(store, path)
        _save(wiki, path, f"{text}\nAt the end {number}.\n", base)
        title, _, rest = text.partition("\n\n")
        edited = f"{title}\n\nAt the beginning {number}.\n\n{rest}"
        taken, saved = _save(wiki, path, edited, base)
        assert saved.merged == (path,)
        ours.append(taken)
        floors.append(fast_import(bench.floor.path, path, edited.encode()))
    return ours, floors


def _row(what: str, ours: list[float], floors: list[float], floor: str, most: float | None = None) -> Row:
    ratio = middle(ours) / middle(floors)
    return Row(
        what,
        f"at most {most:g} x {floor}" if most else "",
        f"{ms(middle(ours))} / {ms(p95(ours))}, {ratio:.2f} x",
        f"{ms(middle(floors))}" + ("" if most else f" {floor}"),
        ratio <= most if most else None,
    )


def save_memory(setup: Setup) -> Iterator[Row]:
    """Save 5,000 times in one process that also follows, and look at the memory of its tree."""
    repository = corpus.make(setup.folder / "save-memory.git", SIZES[0], words=400)
    command = [QUIRE[0], "-m", "tests.benchmarks.saving", str(repository), str(MEMORY_SAVES)]
    seen: dict[int, int] = {}
    with started(command, setup.folder / "saving.log") as process:
        while process.process.poll() is None:
            words = [word for word in process.said().split() if word.isdecimal()]
            if words:
                seen[int(words[-1])] = anonymous_memory(process.id) or seen.get(int(words[-1]), 0)
            time.sleep(0.05)
        assert process.process.returncode == 0, process.said()
    early = middle([bytes_ for done, bytes_ in seen.items() if WARM <= done < 2 * WARM])
    late = middle([bytes_ for done, bytes_ in seen.items() if done > MEMORY_SAVES - WARM])
    yield Row(
        f"memory, {MEMORY_SAVES:,} saves, process tree",
        "flat",
        f"{late / 1e6:,.0f} MB, {(late - early) / 1e6:+,.1f} MB",
        f"{early / 1e6:,.0f} MB after {WARM} to {2 * WARM}",
        late - early < 10e6,
    )


def main() -> None:
    """Save."""
    dice = Random(1)
    with _wiki(Path(sys.argv[1]), lambda folder: WhooshIndex(folder / "search")) as (wiki, store):
        wiki.start()
        for number in range(1, int(sys.argv[2]) + 1):
            path = corpus.path_of(dice.randrange(SIZES[0]))
            text, base = _text(store, path)
            text = re.sub(r"\nNumber [0-9]+\.\n$", "", text)  # of one length, however often it is saved
            _save(wiki, path, f"{text}\nNumber {number}.\n", base)
            if number % 100 == 0:
                print(number, flush=True)


if __name__ == "__main__":
    main()
