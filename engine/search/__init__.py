"""Finding pages by words.

::

    what people type --query.py--> Query (a small tree) --whoosh_index.py--> Hits --snippet.py--> text around the matches

`SearchIndex` is the promise; `whoosh_index` keeps it. An index is derived from the store: safe to delete and rebuild.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from engine.search.query import Query


@dataclass(frozen=True, slots=True)
class Document:
    """What the index learns of one page."""

    path: str  # the page's identity in the index
    blob: str
    title: str
    aliases: tuple[str, ...]
    headings: tuple[str, ...]
    tags: tuple[str, ...]
    text: str
    lang: str  # a BCP 47 tag; its first part chooses the stemmer


@dataclass(frozen=True, slots=True)
class Hit:
    """One page that matches; ``blob`` is the text that was indexed, from which snippets are cut."""

    path: str
    blob: str
    score: float


@dataclass(frozen=True, slots=True)
class Results:
    """The best hits of a query, at the commit that the index describes."""

    commit: str | None
    hits: tuple[Hit, ...]
    more: bool  # there are further hits beyond these


class SearchIndex(Protocol):
    """Finds pages by words. One writer at a time (the follower); readers in any thread and process."""

    def commit(self) -> str | None:
        """Return the commit that the index describes, ``None`` while it is empty or was unreadable."""
        ...

    def update(
        self,
        documents: Iterable[Document],
        removed: Iterable[str],
        commit: str,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        """Put *documents* in (replacing those of the same path), take *removed* paths out, and name *commit*.

        All of it shows at once to readers, or nothing after a crash. *progress* is told how many are in.
        """
        ...

    def rebuild(
        self,
        documents: Iterable[Document],
        commit: str,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        """Build the index anew from *documents*, beside the old one, which answers until the new one is swapped in."""
        ...

    def search(
        self, query: Query, *, limit: int, offset: int = 0, allowed: Callable[[str], bool] | None = None
    ) -> Results:
        """Return hits *offset* to *offset + limit*, best first; a path for which *allowed* is false is no hit."""
        ...

    def close(self) -> None:
        """Release files."""
        ...
