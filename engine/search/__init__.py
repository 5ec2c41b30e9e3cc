"""Finding pages by words.

::

    what people type --query.py--> Query (a small tree) --whoosh_index.py--> Hits --snippet.py--> text around the matches
                                                           |
    text --analysis.py--> terms --whoosh_segment.py--> postings --ranking.py--> scores

`SearchIndex` is the promise; `whoosh_index` keeps it. An index is derived from the store: safe to delete and rebuild.
"""

from collections.abc import Callable, Iterable, Iterator
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


class IndexLostError(Exception):
    """An update met an index that names no commit: only a rebuild knows all pages."""


class SearchIndex(Protocol):
    """Finds pages by words. One writer at a time (the follower); readers in any thread and process.

    An index that is absent, damaged or of another version is no error: it names no commit and has no hits.
    """

    def commit(self) -> str | None:
        """Return the commit that the index describes, ``None`` when there is nothing to read: then build it anew."""
        ...

    def worn(self) -> bool:
        """Say whether a rebuild would pay, because many updates have left their traces. Nothing is wrong till then."""
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

        All of it shows at once to readers, or nothing after a crash. Of two documents with one path the later counts,
        and a path in *removed* may be among them. *progress* is told how many are in.

        Raises:
            IndexLostError: There is no commit to go on from; the index must be built anew.
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
        """Return hits *offset* to *offset + limit*, best first; a path for which *allowed* is false is no hit.

        A query without parts has no hits; one that only takes away has all other pages, in no promised order.
        """
        ...

    def contents(self) -> Iterator[tuple[str, str]]:
        """Yield path and blob of all documents, in any order, as of one commit; none while nothing can be read."""
        ...

    def close(self) -> None:
        """Release files."""
        ...
