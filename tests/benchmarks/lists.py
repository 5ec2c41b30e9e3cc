"""How fast the lists of all pages are, and suggestions while one types; run it with ``--pages 100000``."""

import re
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from tests.benchmarks.rows import Row, Setup, get, middle, ms, p95

SUGGESTING = 0.010  # seconds
TYPED = 40  # titles that are typed, letter by letter


def lists(setup: Setup) -> Iterator[Row]:
    """Ask for lists, never twice at the same address; against listing the files of the commit."""
    setup.index()
    pages = f"{setup.page_count:,} pages"
    typed = _typed(setup)
    began = time.perf_counter()
    setup.git.git("ls-tree", "-r", "-z", "--name-only", "HEAD")
    floor = f"{ms(time.perf_counter() - began)} git ls-tree -r"
    with setup.serving() as server, server.connection() as connection:
        server.wait_until_indexed()
        for kind, texts in typed.items():
            times = [get(connection, "/-/suggest?" + urlencode({"q": text}))[0] for text in texts]
            yield Row(
                f"suggestions, {kind}, {pages}, p50 / p95",
                "10 ms at 100,000 pages",
                f"{ms(middle(times))} / {ms(p95(times))}",
                floor,
                p95(times) <= SUGGESTING,
            )
        began = time.perf_counter()
        while b"being worked out" in get(connection, "/-/orphans")[1]:
            time.sleep(0.05)
        yield Row(
            f"all links of {pages} resolved, at first asked for",
            "",
            ms(time.perf_counter() - began),
            floor,
        )
        folder = setup.paths[len(setup.paths) // 2].rpartition("/")[0]
        for what, address in (
            ("tree of pages, the root", "/-/pages?"),
            ("tree of pages, a part", f"/-/pages?part=1&{urlencode({'folder': folder})}&"),
            ("tags", "/-/tags?"),
            ("missing pages", "/-/missing?"),
            ("orphans", "/-/orphans?"),
            ("site map, a part", "/sitemap.xml?part=1&"),
        ):
            # The number makes it another address, so that no kept answer is measured.
            times = [get(connection, f"{address}n={number}")[0] for number in range(5 * setup.rounds)]
            yield Row(f"{what}, {pages}, p50 / p95", "", f"{ms(middle(times))} / {ms(p95(times))}", floor)


def _typed(setup: Setup) -> dict[str, list[str]]:
    """Return what somebody types who looks for some titles: each once, as an answer is kept."""
    titles = [
        re.search(r"^# (.*)$", setup.text(path).decode(), re.MULTILINE) for path in setup.some_paths(TYPED)
    ]
    known = [found[1] for found in titles if found]
    kinds = {
        "one letter": [title[:1] for title in known] + list("abcdefghijklmnopqrstuvwxyz0123456789"),
        "letter by letter": [title[:end] for title in known for end in range(2, len(title) + 1)],
        "two words": [
            f"{first} {last[:end]}" for first, *_, last in map(str.split, known) for end in (1, 2, 3)
        ],
    }
    return {kind: list(dict.fromkeys(texts)) for kind, texts in kinds.items()}
