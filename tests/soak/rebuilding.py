"""What was followed step by step equals what is derived anew: in memory or in git, for any index."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

from engine.catalog import Catalog
from engine.following import Follower, Parts
from engine.markup import SCANNER, Markup
from engine.search import SearchIndex
from engine.search.query import parse
from engine.search.whoosh_index import WhooshIndex
from engine.store import Store
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore
from tests import repositories
from tests.catalogs import dump
from tests.histories import NAMES, WORDS, Commits, Files, History
from tests.indexes import ListIndex

MARKUP = Markup()
MANY = 10_000  # more hits than any of these wikis has
QUERIES = (
    *WORDS,
    *(f"{one} {other}" for one, other in pairwise(WORDS)),
    *(f'"{one} {other}"' for one, other in pairwise(WORDS)),
    *(f"-{word} page" for word in WORDS[:3]),
    *(f"tag:{word}" for word in WORDS),
    *(f'path:"{name}"' for name in NAMES),
    "title:quire",
    "path:News",
)


@dataclass(frozen=True, slots=True)
class World:
    """A store, and how its history is made and kept."""

    store: Store
    commits: Commits
    upkeep: Callable[[Random], None] = lambda dice: None


def in_memory(folder: Path) -> World:
    store = MemoryStore()
    return World(store, store)


def in_git(folder: Path, root: str = "") -> World:
    commits = Pushed(folder, root)
    return World(GitStore.open(commits.served.path, root=root or None), commits, commits.upkeep)


class Pushed:
    """Commits made in a clone of one's own and pushed by force, so that the served repository may forget any of them."""

    UPKEEP = (
        ("gc", "--quiet", "--prune=now"),
        ("gc", "--quiet", "--prune=now"),
        ("repack", "-q", "-a", "-d"),
        ("repack", "-q", "-d"),
        ("prune", "--expire=now"),
        ("pack-refs", "--all"),
        ("commit-graph", "write", "--reachable", "--changed-paths"),
    )

    def __init__(self, folder: Path, root: str = "") -> None:
        self.mine = repositories.make(folder / "mine.git")
        self.served = repositories.make(folder / "served.git")
        self._root = root
        self._count = 0

    def commit_tree(self, files: Files, parents: Sequence[str] = (), *, summary: str = "") -> str:
        self._count += 1
        prefix = f"{self._root}/" if self._root else ""
        tree = {prefix + path: content for path, content in files.items()}
        if self._root:  # what lies beside the pages is nobody's business
            tree |= {"README.md": b"%d" % (self._count // 3), f"src/{self._count % 5}.md": b"[[Home]]"}
        stream = [
            f"commit refs/made/{self._count}\nmark :1\n",
            f"committer Ada <ada@example.org> {1767225600 + 60 * self._count} +0000\n",
            f"data {len(summary.encode())}\n{summary}\n",
            *(f"{'merge' if i else 'from'} {parent}\n" for i, parent in enumerate(parents)),
            "deleteall\n",
        ]
        data = "".join(stream).encode()
        for path, content in tree.items():
            data += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
        return self.mine.git("fast-import", "--quiet", stdin=data + b"\nget-mark :1\n")

    def set_head(self, commit: str | None) -> None:
        assert commit is not None
        self.mine.git("push", "-q", "--force", str(self.served.path), f"{commit}:refs/heads/main")

    def upkeep(self, dice: Random) -> None:
        """Let git tidy the served repository: what no branch reaches is gone at once."""
        self.served.git(*dice.choice(self.UPKEEP))


def list_index(folder: Path) -> SearchIndex:
    return ListIndex()


def whoosh_index(folder: Path) -> SearchIndex:
    return WhooshIndex(folder / "search")


@contextmanager
def following(
    store: Store, index: SearchIndex, folder: Path, processes: int = 0
) -> Iterator[tuple[Follower, Parts]]:
    parts = Parts(store, Catalog(folder, version=str(SCANNER)), index, MARKUP, folder)
    try:
        yield Follower(parts, processes=processes), parts
    finally:
        index.close()
        parts.catalog.close()


def said(parts: Parts) -> dict[str, Any]:
    """Return all that catalog and index say about the head, to be compared."""
    index = parts.index
    found: Any = (
        index.documents
        if isinstance(index, ListIndex)
        else {
            query: {(hit.path, hit.blob) for hit in index.search(parse(query), limit=MANY).hits}
            for query in QUERIES
        }
    )
    return dump(parts.catalog) | {"index": index.commit(), "found": found}


def check_same(parts: Parts, folder: Path, story: object, processes: int = 0) -> None:
    """Check that *parts* say what is derived anew in *folder*."""
    with following(parts.store, type(parts.index)(*_place(parts.index, folder)), folder, processes) as (
        anew,
        fresh,
    ):
        anew.follow(1)
        assert anew.catch_up()
        followed, rebuilt = said(parts), said(fresh)
        assert (rebuilt["scanned"], rebuilt["traced"]) == (True, True)
        assert followed["head"] == followed["index"] == parts.store.head()
        for part, value in rebuilt.items():
            if followed[part] != value:  # no assertion on both: pytest would compare them for minutes
                raise AssertionError(f"{part} differs: {_difference(followed[part], value)}; {story}")


def _difference(one: Any, other: Any) -> str:
    """Say where two values differ first."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))
        return f"{keys[:3]}: {one.get(keys[0])!r} and anew {other.get(keys[0])!r}"
    if isinstance(one, list) and isinstance(other, list):
        at = next(
            (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
        )
        return f"from {at}: {one[at : at + 2]!r} and anew {other[at : at + 2]!r}"
    return f"{one!r} and anew {other!r}"


def _place(index: SearchIndex, folder: Path) -> tuple[Path, ...]:
    return (folder / "search",) if isinstance(index, WhooshIndex) else ()


def check_history(
    folder: Path,
    seed: int,
    steps: int,
    world: Callable[[Path], World] = in_memory,
    index: Callable[[Path], SearchIndex] = list_index,
) -> int:
    """Follow a random history, now and then, and check the end; return how many steps were taken."""
    made = world(folder)
    history, dice = History(made.commits, seed), Random(seed)
    story: list[str] = [f"seed {seed}"]
    with following(made.store, index(folder / "followed"), folder / "followed") as (follower, parts):
        for step in history.steps(steps):
            story.append(step)
            if dice.random() < 0.7:
                follower.follow(1)
                story.append("(follow)")
            if dice.random() < 0.25:
                made.upkeep(dice)
                story.append("(upkeep)")
            if dice.random() < 0.5:
                assert follower.catch_up(), story
                story.append("(catch up)")
        follower.follow(1)
        assert follower.catch_up(), story
        check_same(parts, folder / "anew", story)
    made.store.close()
    return steps
