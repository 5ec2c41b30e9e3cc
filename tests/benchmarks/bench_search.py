"""How fast the search is, in pairs with what bare Whoosh needs for the same pages in the same run.

::

    python -m tests.benchmarks.bench_search --pages DIR [--pages DIR …] [--count 10000] [--cpu]

Without ``--pages`` the pages are made up. Each DIR is read for its .md files; titles and headings are their headings.
With ``--cpu`` the time of the processor is measured, for a machine that has other work; waiting for the disk is not in it.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from whoosh.analysis import StemmingAnalyzer
from whoosh.fields import ID, TEXT, Schema
from whoosh.index import create_in
from whoosh.qparser import MultifieldParser

from engine.search import Document, SearchIndex, analysis
from engine.search.query import parse
from engine.search.snippet import snippet
from engine.search.whoosh_index import WhooshIndex


def read(folders: Sequence[Path], count: int) -> list[Document]:
    """Return the pages of *folders*, again under other paths when they are fewer than *count*."""
    files = [(folder, path) for folder in folders for path in sorted(folder.rglob("*.md")) if path.is_file()]
    documents = []
    for number, (folder, path) in enumerate(islice(cycle(files), count)):
        text = path.read_text(encoding="utf-8", errors="replace")
        headings = tuple(line.strip("# ") for line in text.splitlines() if line.startswith("#"))
        name = f"{number // len(files)}/{folder.name}/{path.relative_to(folder)}"
        title = headings[0] if headings else path.stem
        documents.append(
            Document(name, str(number), title, (), headings, tuple(name.split("/")[2:-1]), text, "en")
        )
    return documents


def made_up(count: int, seed: int = 7) -> list[Document]:
    """Return *count* pages of about 3.6 kB, with words as frequent as in a language."""
    draw = random.Random(seed)
    vocabulary = [
        "".join(draw.choices("abcdefghijklmnoprstuvw", k=draw.randint(2, 10))) for _ in range(40_000)
    ]
    weights = [1 / rank for rank in range(1, len(vocabulary) + 1)]
    documents = []
    for number in range(count):
        words = draw.choices(vocabulary, weights, k=draw.randint(100, 1000))
        title = " ".join(draw.choices(vocabulary[200:], k=3))
        documents.append(Document(f"{number}.md", "", title, (), (), ("some",), " ".join(words), "en"))
    return documents


def build(folder: Path, documents: Iterable[Document]) -> SearchIndex:
    """Return an index of *documents* in *folder*."""
    index = WhooshIndex(folder)
    index.rebuild(documents, "first")
    return index


def queries(documents: Sequence[Document], each: int = 40, seed: int = 7) -> dict[str, list[str]]:
    """Return queries of each kind, with words as they are drawn from the texts."""
    draw = random.Random(seed)
    texts = [
        analysis.words(document.text.lower()) for document in draw.sample(documents, min(500, len(documents)))
    ]
    texts = [text for text in texts if len(text) > 20]
    frequency = Counter(word for text in texts for word in set(text))
    common = [word for word, _ in frequency.most_common(100)]
    rare = [word for word, count in frequency.items() if count <= 2 and len(word) > 3]

    def some(number: int) -> list[str]:
        return draw.sample(draw.choice(texts), number)

    def run(number: int) -> str:
        text = draw.choice(texts)
        start = draw.randrange(len(text) - number)
        return f'"{" ".join(text[start : start + number])}"'

    kinds: dict[str, Callable[[], str]] = {
        "1 common word": lambda: draw.choice(common),
        "1 rare word": lambda: draw.choice(rare),
        "2 words": lambda: " ".join(some(2)),
        "3 words": lambda: " ".join(some(3)),
        "3 common words": lambda: " ".join(draw.sample(common, 3)),
        "phrase of 2": lambda: run(2),
        "phrase of 3": lambda: run(3),
        "word, not word": lambda: "{} -{}".format(*some(2)),
        "title": lambda: f"title:{some(1)[0]}",
    }
    return {kind: [make() for _ in range(each)] for kind, make in kinds.items()}


def bare(folder: Path, documents: Iterable[Document]) -> Any:
    """Return what Whoosh makes of the same texts by itself: the floor."""
    folder.mkdir()
    words = TEXT(analyzer=StemmingAnalyzer())
    index = create_in(str(folder), Schema(path=ID(stored=True, unique=True), title=words, body=words))
    writer = index.writer(limitmb=512)
    for document in documents:
        writer.add_document(path=document.path, title=document.title, body=document.text)
    writer.commit()
    return index


@contextmanager
def memory() -> Iterator[list[int]]:
    """Measure the most anonymous memory that the process has within, in MB."""
    most = [0]
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            most[0] = max(most[0], int(status.split("RssAnon:")[1].split()[0]) // 1024)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def times(
    ask: Callable[[str], object], asked: Sequence[str], clock: Callable[[], float]
) -> tuple[float, float]:
    """Return p50 and p95 in ms; nothing is asked twice, but all of it was read from disk before."""
    taken = []
    for typed in asked:
        start = clock()
        ask(typed)
        taken.append((clock() - start) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pages", type=Path, action="append", default=[])
    arguments.add_argument("--count", type=int, default=10_000)
    arguments.add_argument("--cpu", action="store_true")
    given = arguments.parse_args()
    clock = time.process_time if given.cpu else time.perf_counter
    documents = read(given.pages, given.count) if given.pages else made_up(given.count)
    by_path = {document.path: document for document in documents}
    size = sum(len(document.text.encode()) for document in documents)
    print(f"{len(documents)} pages, {size / len(documents) / 1000:.1f} kB on average")

    with tempfile.TemporaryDirectory() as name:
        with memory() as idle:
            time.sleep(0.2)
        with memory() as used:
            before = clock()
            index = build(Path(name, "ours"), documents)
            ours = clock() - before
        before = clock()
        floor = bare(Path(name, "bare"), documents)
        theirs = clock() - before
        disk = sum(path.stat().st_size for path in Path(name, "ours").rglob("*") if path.is_file())
        print(f"build     {ours:6.1f} s   bare Whoosh {theirs:6.1f} s   ratio {ours / theirs:.2f}")
        print(f"memory    {used[0] - idle[0]} MB anonymous beside the pages; on disk {disk / 1e6:.0f} MB")

        def ask(typed: str) -> object:
            query = parse(typed)
            hits = index.search(query, limit=20).hits
            return [snippet(by_path[hit.path].text, query, "en") for hit in hits]

        def search(typed: str) -> object:
            return index.search(parse(typed), limit=20)

        searcher = floor.searcher()
        parser = MultifieldParser(["title", "body"], floor.schema, {"title": 4.0})

        def ask_bare(typed: str) -> object:
            return [hit["path"] for hit in searcher.search(parser.parse(typed), limit=20)]

        print(f"{'ms, p50/p95':18}{'hits':>14}{'with snippets':>16}{'bare Whoosh hits':>18}")
        every: list[str] = []
        for kind, asked in queries(documents).items():
            every += asked
            rows = [times(how, asked, clock) for how in (search, ask, ask_bare)]
            print(f"{kind:18}" + "".join(f"{p50:9.1f}/{p95:6.1f}" for p50, p95 in rows))
        p50, p95 = times(ask, every, clock)
        print(f"{'all':18}{'':16}{p50:9.1f}/{p95:6.1f}")

        draw = random.Random(7)
        ranks = []
        for document in draw.sample(documents, min(200, len(documents))):
            hits = index.search(parse(document.title), limit=10).hits
            found = [by_path[hit.path].title.lower() for hit in hits]
            title = document.title.lower()
            ranks.append(1 / (found.index(title) + 1) if title in found else 0)
        print(f"known titles: MRR@10 {statistics.mean(ranks):.3f}")

        updates, seen = [], []
        for number in range(100):
            page = draw.choice(documents)
            start = clock()
            index.update([page], (), f"update {number}")
            updates.append((clock() - start) * 1000)
            start = clock()
            search("something")
            seen.append((clock() - start) * 1000)
        p95 = statistics.quantiles(updates, n=20)[-1]
        print(
            f"update of a page: p50 {statistics.median(updates):.0f} ms, p95 {p95:.0f}, most {max(updates):.0f}"
        )
        print(f"first search after it: p50 {statistics.median(seen):.1f} ms, most {max(seen):.1f}")
        searcher.close()
        index.close()


if __name__ == "__main__":
    main()
