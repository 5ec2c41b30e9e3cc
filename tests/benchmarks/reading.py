"""How fast pages and hits are shown, how soon a server answers at all, and what memory it takes."""

import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

from engine.ids import PageId, page_stem
from engine.markup import Markup
from engine.model import Target
from engine.scanning import decode_page
from tests.benchmarks import corpus
from tests.benchmarks.rows import Row, Setup, address, get, middle, ms, p95
from tests.soak.processes import QUIRE, anonymous_memory, started
from wiki.identity import Door
from wiki.settings import Settings
from wiki.state import By, State

CONNECTIONS, SECONDS = 8, 2.0


def warm_view(setup: Setup) -> Iterator[Row]:
    """Ask for one page over and over: the wiki, and a bare view with the same bytes, in turn."""
    setup.index()
    path = _typical(setup)
    rates: dict[str, list[float]] = {"kept": [], "signed in": [], "bare": []}
    cookie = _signed_in(setup)
    with setup.serving() as server, server.connection() as connection:
        body = get(connection, address(path))[1]
        file = setup.folder / "page.html"
        file.write_bytes(body)
        bare = [QUIRE[0], "-m", "tests.benchmarks.bare_view", str(file), str(Settings().threads)]
        with started(bare, setup.folder / "bare.log") as process:
            floor = type(server)(process, process.url())
            for number in range(setup.rounds + 1):  # the first warms up
                for name, asked, sent in (
                    ("bare", floor, ""),
                    ("kept", server, ""),
                    ("signed in", server, cookie),
                ):
                    count = len(
                        asked.load([address(path)], connections=CONNECTIONS, seconds=SECONDS, cookie=sent)
                    )
                    if number:
                        rates[name].append(count / SECONDS)
    kept, signed_in, bare_rate = (middle(rates[name]) for name in ("kept", "signed in", "bare"))
    floor_said = f"{bare_rate:,.0f}/s bare view, {len(body) / 1000:.0f} kB"
    yield Row(
        "warm page view, anonymous, kept answer",
        "at least 0.8 of a bare view",
        f"{kept:,.0f}/s, {kept / bare_rate:.2f} of it",
        floor_said,
        kept / bare_rate >= 0.8,
    )
    yield Row(
        "warm page view, signed in",
        "at least 0.25 of a bare view",
        f"{signed_in:,.0f}/s, {signed_in / bare_rate:.2f} of it",
        floor_said,
        signed_in / bare_rate >= 0.25,
    )


def _signed_in(setup: Setup) -> str:
    """Return the cookie of somebody who has signed in."""
    with closing(State(setup.data)) as state:
        by = By("benchmark")
        account = state.accounts.add("reader", by=by)
        return f"{Door(Settings(), state).cookie_name('session', {})}={state.sessions.begin(account, by)}"


def first_view(setup: Setup) -> Iterator[Row]:
    """Ask for pages that have just changed, and that are followed; against rendering them alone."""
    setup.index()
    markup, linker = Markup(), _NoLinks()
    views, renders = [], []
    with setup.serving() as server, server.connection() as connection:
        for number, path in enumerate(setup.some_paths(8 * setup.rounds)):
            changed = setup.text(path) + f"\nAnother line {number}.\n".encode()
            setup.commit({path: changed})
            server.wait_until_indexed()
            views.append(get(connection, address(path))[0])
            began = time.perf_counter()
            text = decode_page(changed) or ""
            markup.render(markup.parse(text), PageId.take(page_stem(path) or path), linker)
            renders.append(time.perf_counter() - began)
    extra = middle([view - render for view, render in zip(views, renders, strict=True)])
    yield Row(
        "first view of a page after a change",
        "its render + 10 ms",
        f"{ms(middle(views))}, render + {ms(extra)}",
        f"{ms(middle(renders))} render alone",
        extra <= 0.010,
    )


class _NoLinks:
    """Resolves nothing."""

    def target(self, source: PageId, link: str) -> Target | None:
        return None

    def text(self, target: Target) -> str | None:
        return None


def start(setup: Setup) -> Iterator[Row]:
    """Start on a repository that was never indexed, and ask for a page at once."""
    repository = corpus.make(setup.folder / "start.git", setup.start_pages, words=200, commits=20)
    times = []
    for _ in range(min(setup.rounds, 3)):
        subprocess.run(["rm", "-rf", str(repository / "quire")], check=True)
        began = time.perf_counter()
        with setup.serving(repository) as server, server.connection() as connection:
            body = get(connection, address(corpus.path_of(setup.start_pages // 2)))[1]
            times.append(time.perf_counter() - began)
            resolved = re.findall(rb'href="/part-[0-9]+/Page%20[0-9]+"', body)
            assert resolved, "no link is resolved"
    bare = []
    for _ in range(min(setup.rounds, 3)):
        began = time.perf_counter()
        with started([*QUIRE, "--help"], setup.folder / "help.log") as process:
            process.process.wait()
        bare.append(time.perf_counter() - began)
    yield Row(
        f"start on {setup.start_pages:,} pages never indexed: first page",
        "2 s, with links resolved",
        f"{middle(times):.2f} s",
        f"{middle(bare):.2f} s quire --help",
        middle(times) <= 2,
    )


def search(setup: Setup) -> Iterator[Row]:
    """Search for words of the repository's own, by kind, each query once a round; against git grep."""
    setup.index()
    kinds = _queries(setup)
    everything: list[float] = []
    with setup.serving() as server, server.connection() as connection:
        for kind, queries in kinds.items():
            times, greps = [], []
            for number in range(setup.rounds):
                for query in queries:
                    # The number makes it another address, so that no kept answer is measured.
                    taken, _ = get(connection, "/-/search?" + _encoded(q=query, n=str(number)))
                    times.append(taken)
            for query in queries[:5]:
                began = time.perf_counter()
                words = [part for word in query.strip('"').split() for part in ("--and", "-e", word)][1:]
                pattern = ["-e", query.strip('"')] if '"' in query else words
                subprocess.run(
                    ["git", "grep", "--threads=1", "-l", "-i", "-w", "-F", "--all-match", *pattern, "HEAD"],
                    cwd=setup.repository,
                    capture_output=True,
                    check=False,
                )
                greps.append(time.perf_counter() - began)
            everything += times
            yield Row(
                f"search, {kind}: the page with snippets, p50 / p95",
                "",
                f"{ms(middle(times))} / {ms(p95(times))}",
                f"{ms(middle(greps))} git grep -l",
            )
    yield Row(
        f"search, all kinds, {setup.page_count:,} pages, p50 / p95",
        "p95 25 ms at 10,000 pages",
        f"{ms(middle(everything))} / {ms(p95(everything))}",
        "",
        p95(everything) <= 0.025,
    )


def _queries(setup: Setup) -> dict[str, list[str]]:
    """Draw queries from the pages' own words."""
    texts = [setup.text(path).decode(errors="replace").casefold() for path in setup.some_paths(300)]
    words = [re.findall(r"[a-z]{4,}", text) for text in texts]
    counts = Counter(word for each in words for word in set(each))
    common = [word for word, count in counts.most_common(400) if count < len(texts) * 0.9][:60]
    rare = [word for word, count in counts.items() if count == 1]
    dice = setup.dice
    long = [each for each in words if len(each) > 10]
    starts = [(each, dice.randrange(len(each) - 2)) for each in dice.choices(long, k=20)]
    sentences = [line for text in texts for line in re.findall(r"[a-z]+ [a-z]+ [a-z]+", text)]
    return {
        "a common word": dice.sample(common, min(20, len(common))),
        "a rare word": dice.sample(rare, min(20, len(rare))),
        "two words": [f"{each[at]} {dice.choice(each)}" for each, at in starts],
        "a phrase": [f'"{line}"' for line in dice.sample(sentences, min(20, len(sentences)))],
    }


def _encoded(**values: str) -> str:
    return urlencode(values)


def memory(setup: Setup) -> Iterator[Row]:
    """Read every page once, up to 10,000, with a few searches between; then look at the process tree."""
    setup.index()
    asked = setup.paths[:10_000]
    with setup.serving() as server:
        at_start = anonymous_memory(server.process.id)
        highest = 0
        for first in range(0, len(asked), 500):
            part = [address(path) for path in asked[first : first + 500]]
            with server.connection() as connection:
                for each in part:
                    get(connection, each)
                get(connection, "/-/search?" + _encoded(q=Path(asked[first]).stem))
            highest = max(highest, anonymous_memory(server.process.id))
        server.load(
            [address(path) for path in asked[:200]], connections=CONNECTIONS, seconds=SECONDS, cookie="a=b"
        )
        highest = max(highest, anonymous_memory(server.process.id))
    yield Row(
        f"memory, serving, after reading {len(asked):,} pages, process tree",
        "150 MB at 10,000 pages",
        f"{highest / 1e6:,.0f} MB",
        f"{at_start / 1e6:,.0f} MB before the first page",
        highest <= 150e6,
    )


def _typical(setup: Setup) -> str:
    """Return a page of median size."""
    sizes = sorted((len(setup.text(path)), path) for path in setup.some_paths(99))
    return sizes[len(sizes) // 2][1]
