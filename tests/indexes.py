"""A search index that only remembers what it was told: for tests of following."""

from collections.abc import Callable, Iterable, Iterator

from engine.search import Document, Results
from engine.search.query import Query


class ListIndex:
    """Keeps the promises of a SearchIndex except finding anything."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.at: str | None = None
        self.rebuilds = 0

    def commit(self) -> str | None:
        return self.at

    def worn(self) -> bool:
        return False

    def update(
        self,
        documents: Iterable[Document],
        removed: Iterable[str],
        commit: str,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        for path in removed:
            self.documents.pop(path, None)
        self.documents |= {document.path: document for document in documents}
        self.at = commit

    def rebuild(
        self,
        documents: Iterable[Document],
        commit: str,
        *,
        progress: Callable[[int], None] = lambda done: None,
    ) -> None:
        self.documents = {document.path: document for document in documents}
        self.at = commit
        self.rebuilds += 1

    def search(
        self, query: Query, *, limit: int, offset: int = 0, allowed: Callable[[str], bool] | None = None
    ) -> Results:
        return Results(self.at, (), more=False)

    def contents(self) -> Iterator[tuple[str, str]]:
        return ((document.path, document.blob) for document in self.documents.values())

    def close(self) -> None:
        pass
