"""Throw-away repositories of any size, the same for the same arguments: pages of words that are as frequent as in prose."""

import subprocess
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from random import Random

from tests import repositories

SYLLABLES = "ka lo mi ren ta su vel dor pi na quo ze bra thi gal on er is ul em".split()
WORDS = 12_000  # different ones


def make(folder: Path, pages: int, *, words: int, commits: int = 50, seed: int = 1) -> Path:
    """Make a bare repository of *pages* pages of about *words* words, in folders of some hundred."""
    repository = repositories.make(folder)
    with subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE, bufsize=1_000_000
    ) as git:
        assert git.stdin is not None
        for part in _stream(pages, words, commits, Random(seed)):
            git.stdin.write(part)
        git.stdin.close()
        assert git.wait() == 0
    repository.git("gc", "--quiet")
    return folder


def path_of(page: int) -> str:
    """Return where a page lies."""
    return f"part-{page // 400:03}/Page {page}.md"


def _stream(pages: int, words: int, commits: int, dice: Random) -> Iterator[bytes]:
    texts = _Texts(pages, words, dice)
    yield _commit("All pages", 0)
    for page in range(pages):
        yield _file(page, texts.page(page))
    for number in range(1, commits):
        yield _commit(f"Change {number}", number)
        for page in dice.sample(range(pages), 3):
            yield _file(page, texts.page(page))


def _commit(summary: str, number: int) -> bytes:
    when = 1_767_225_600 + 3_600 * number
    return f"commit refs/heads/main\ncommitter Ada <ada@example.org> {when} +0000\ndata {len(summary)}\n{summary}\n".encode()


def _file(page: int, text: str) -> bytes:
    data = text.encode()
    return f"M 100644 inline {path_of(page)}\ndata {len(data)}\n".encode() + data + b"\n"


class _Texts:
    def __init__(self, pages: int, words: int, dice: Random) -> None:
        self._pages, self._words, self._dice = pages, words, dice
        made: dict[str, None] = {}
        while len(made) < WORDS:
            made["".join(dice.choices(SYLLABLES, k=dice.randint(1, 5)))] = None
        self._vocabulary = list(made)
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))  # Zipf's law

    def _some(self, count: int) -> str:
        return " ".join(self._dice.choices(self._vocabulary, cum_weights=self._weights, k=count))

    def page(self, page: int) -> str:
        """Write a page: front matter, a few sections, links to pages, and to one that is missing now and then."""
        dice = self._dice
        parts = [f"---\ntags: [{self._some(1)}, {self._some(1)}]\n---\n# {self._some(3).title()} {page}\n"]
        for _ in range(3):
            link = f"[[Page {dice.randrange(int(self._pages * 1.01) + 1)}]]"
            parts.append(f"## {self._some(3).capitalize()}\n\n{self._paragraph()} See {link}.\n")
            parts.append(f"{self._paragraph()} **{self._some(2)}** and `{self._some(1)}`.\n")
        parts.append("".join(f"- {self._some(6)}\n" for _ in range(4)))
        return "\n".join(parts)

    def _paragraph(self) -> str:
        return f"{self._some(max(4, self._words // 6)).capitalize()}."
