"""A throw-away repository with a long history, the same for the same arguments: edits, renames, merges, bots.

One page, the handbook, is touched by every twelfth commit, and is renamed twice on the way.
"""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests import repositories

COMMITS = 65_000
PAGES = 900  # in the first commit
HANDBOOK = ("handbook.md", "guides/handbook.md", "guides/the-handbook.md")
"""Where the page with the longest history was, and is."""
HANDBOOK_LINES = 250

AUTHORS = (
    *(
        f"{name} <{name.split()[0].lower()}@example.org>"
        for name in ("Ada Byron", "Grace Hopper", "Alan Turing")
    ),
    "Zoë Ångström <zoe@example.org>",
    "王小明 <wang@example.org>",
    "sync-bot <sync@example.org>",
    "renovate[bot] <29139614+renovate[bot]@users.noreply.example.org>",
)
WEIGHTS = (30, 20, 15, 10, 10, 10, 5)
FOLDERS = (
    "",
    "guides/",
    "guides/setup/",
    "reference/",
    "reference/api/",
    "reference/api/v2/",
    "news/",
    "people/",
)
WORDS = "leaf fold sheet ink press bind stitch board spine quire page margin letter line word thread glue cloth".split()


def make(folder: Path, commits: int = COMMITS, *, seed: int = 1) -> Path:
    """Make a bare repository with *commits* commits on its branch, or one more; packed and with a commit graph, as git likes it."""
    repository = repositories.make(folder)
    with subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE, bufsize=1_000_000
    ) as git:
        assert git.stdin is not None
        for part in _History(Random(seed)).stream(commits):
            git.stdin.write(part)
        git.stdin.close()
        assert git.wait() == 0
    repository.git("gc", "--quiet")
    repository.git("commit-graph", "write", "--reachable", "--changed-paths")
    return folder


@dataclass
class _Page:
    mark: int
    lines: list[str]


@dataclass
class _Branch:
    """Work aside: where it is, what it changed, and when it is merged."""

    tip: int
    base: frozenset[str]  # the paths where it began
    pages: dict[str, _Page]
    until: int


class _History:
    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._marks = 0
        self._commits = 0
        self._pages: dict[str, _Page] = {}
        self._listed: list[str] = []  # the same paths, to draw from
        self._tip = 0
        self._aside: _Branch | None = None
        self._handbook = HANDBOOK[0]

    def stream(self, commits: int) -> Iterator[bytes]:
        """Yield what fast-import reads."""
        yield from self._first()
        moves = [commits // 3, commits * 2 // 3]
        while self._commits < commits:
            if moves and self._commits >= moves[0]:
                del moves[0]
                yield from self._move(self._handbook, HANDBOOK[2 - len(moves)])
                self._handbook = HANDBOOK[2 - len(moves)]
            elif self._aside is not None and self._commits >= self._aside.until:
                yield from self._merge(self._aside)
            elif self._aside is None and self._dice.random() < 0.02:
                self._aside = _Branch(
                    self._tip, frozenset(self._pages), {}, self._commits + self._dice.randint(2, 12)
                )
            elif self._aside is not None and self._dice.random() < 0.4:
                yield from self._work_aside(self._aside)
            else:
                yield from self._change()
        if self._aside is not None:
            yield from self._merge(self._aside)

    # -- commits

    def _first(self) -> Iterator[bytes]:
        paths = [HANDBOOK[0], *(self._new_path() for _ in range(PAGES))]
        made = {}
        for path in paths:
            made[path] = page = self._page([self._line() for _ in range(self._dice.randint(10, 40))])
            if path == HANDBOOK[0]:
                page.lines += [self._line() for _ in range(HANDBOOK_LINES)]
            yield self._blob(page)
        self._listed = [*made]
        self._pages = made
        yield self._commit("main", "Begin", {path: page.mark for path, page in made.items()})
        self._tip = self._marks

    def _change(self) -> Iterator[bytes]:
        kind = self._dice.random()
        if kind < 0.012:
            yield from self._move(self._some(), self._new_path())
        elif kind < 0.024:
            path = self._some()
            self._forget(path)
            yield self._commit("main", f"Remove {path}", {path: 0}, self._tip)
            self._tip = self._marks
        elif kind < 0.05:
            path, page = self._new_path(), self._page([self._line() for _ in range(20)])
            yield self._blob(page)
            self._remember(path, page)
            yield self._commit("main", f"Add {path}", {path: page.mark}, self._tip)
            self._tip = self._marks
        else:
            paths = {self._handbook if kind > 0.917 else self._some()}
            paths |= {self._some() for _ in range(self._dice.choice((0, 0, 0, 1, 2)))}
            yield from self._edit(sorted(paths))

    def _edit(self, paths: list[str]) -> Iterator[bytes]:
        for path in paths:
            self._pages[path] = page = self._edited(self._pages[path])
            yield self._blob(page)
        files = {path: self._pages[path].mark for path in paths}
        yield self._commit("main", f"Change {paths[0]}", files, self._tip)
        self._tip = self._marks

    def _move(self, old: str, new: str) -> Iterator[bytes]:
        page = self._pages[old]
        self._forget(old)
        if self._dice.random() < 0.5:
            page = self._edited(page)
            yield self._blob(page)
        self._remember(new, page)
        yield self._commit("main", f"Move {old}", {old: 0, new: page.mark}, self._tip)
        self._tip = self._marks

    def _work_aside(self, branch: _Branch) -> Iterator[bytes]:
        path = self._some()
        while path not in branch.base:
            path = self._some()
        branch.pages[path] = page = self._edited(branch.pages.get(path) or self._pages[path])
        yield self._blob(page)
        yield self._commit("side", f"Work on {path}", {path: page.mark}, branch.tip)
        branch.tip = self._marks

    def _merge(self, branch: _Branch) -> Iterator[bytes]:
        """Take over what is still there; now and then, with one more change of what both have."""
        self._aside = None
        files = {}
        for path, page in branch.pages.items():
            if path in self._pages:
                if self._dice.random() < 0.2:
                    page = self._edited(page)
                    yield self._blob(page)
                self._pages[path] = page
                files[path] = page.mark
        if branch.pages:
            yield self._commit("main", "Merge branch side", files, self._tip, branch.tip)
            self._tip = self._marks

    # -- pages

    def _some(self) -> str:
        """Draw a page other than the handbook; those made first are drawn more often."""
        while True:
            path = self._listed[int(len(self._listed) * self._dice.random() ** 2)]
            if path != self._handbook:
                return path

    def _new_path(self) -> str:
        return f"{self._dice.choice(FOLDERS)}{self._dice.choice(WORDS)}-{self._dice.randrange(10**6):06}.md"

    def _forget(self, path: str) -> None:
        del self._pages[path]
        self._listed.remove(path)
        if self._aside is not None:
            self._aside.pages.pop(path, None)

    def _remember(self, path: str, page: _Page) -> None:
        self._pages[path] = page
        self._listed.append(path)

    def _edited(self, page: _Page) -> _Page:
        lines = [*page.lines]
        for _ in range(self._dice.choice((1, 1, 2, 3, 6))):
            at = self._dice.randrange(len(lines))
            change = self._dice.random()
            if change < 0.6 or len(lines) < 8:
                lines[at] = self._line()
            elif change < 0.8:
                lines.insert(at, self._line())
            else:
                del lines[at]
        return self._page(lines)

    def _page(self, lines: list[str]) -> _Page:
        self._marks += 1
        return _Page(self._marks, lines)

    def _line(self) -> str:
        return " ".join(self._dice.choices(WORDS, k=8)).capitalize() + "."

    # -- the stream

    def _blob(self, page: _Page) -> bytes:
        data = ("\n".join(page.lines) + "\n").encode()
        return f"blob\nmark :{page.mark}\ndata {len(data)}\n".encode() + data + b"\n"

    def _commit(self, branch: str, summary: str, files: Mapping[str, int], *parents: int) -> bytes:
        """Write a commit; a file's mark 0 removes it."""
        self._marks += 1
        self._commits += 1
        (author,) = self._dice.choices(AUTHORS, WEIGHTS)
        when = 1_420_070_400 + 5_000 * self._commits
        lines = [f"commit refs/heads/{branch}", f"mark :{self._marks}", f"committer {author} {when} +0000"]
        lines += [f"data {len(summary.encode())}", summary]
        lines += [f"{'merge' if i else 'from'} :{parent}" for i, parent in enumerate(parents)]
        lines += [f"M 100644 :{mark} {path}" if mark else f"D {path}" for path, mark in files.items()]
        return ("\n".join(lines) + "\n\n").encode()
