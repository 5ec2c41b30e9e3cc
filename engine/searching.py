"""Searching at one commit: hits of the index, with titles, sections and snippets of the texts that they name."""

from engine.answers import Result, SearchResults
from engine.catalog import Moment
from engine.errors import RevisionNotFoundError
from engine.following import Parts
from engine.ids import url_path
from engine.language import language
from engine.model import Facts, Name
from engine.scanning import decode_page
from engine.search.query import Query, parse
from engine.search.snippet import best_section, snippet
from engine.sight import Reader

RESULTS = 20  # hits on one page of results
RESULT_PAGES = 50


class Searching:
    """Searches as one actor may see it. Made by `Snapshot.search`.

    Args:
        moment: The catalog.
        parts: The index, and what reads texts that the catalog does not know.
        reader: Knows what may be seen.
        lang: The language of pages that say nothing of their own.
        sees_all: Whether the actor may see everything, so that the index need not ask.
    """

    def __init__(self, moment: Moment, parts: Parts, reader: Reader, lang: str, *, sees_all: bool) -> None:
        self._moment = moment
        self._parts = parts
        self._reader = reader
        self._lang = lang
        self._sees_all = sees_all
        self._seen: dict[str, bool] = {}

    def search(self, text: str, page: int = 1) -> SearchResults:
        """Find pages by words; any text is a query.

        Args:
            text: What somebody typed.
            page: Which page of results, from 1 to `RESULT_PAGES`.
        """
        query = parse(text)
        page = min(max(page, 1), RESULT_PAGES)
        allowed = None if self._sees_all else self._allowed
        found = self._parts.index.search(query, limit=RESULTS, offset=(page - 1) * RESULTS, allowed=allowed)
        names = {name.path: name for name in self._moment.names(hit.path for hit in found.hits)}
        facts = dict(self._moment.all_facts(hit.blob for hit in found.hits))
        results = [
            self._result(names[hit.path], facts.get(hit.blob) or self._scanned(hit.blob), query)
            for hit in found.hits
            if hit.path in names and self._reader.may_see(names[hit.path])
        ]
        return SearchResults(query, tuple(results), found.more and page < RESULT_PAGES, found.commit or None)

    def _allowed(self, path: str) -> bool:
        """Say whether the actor may see a path; the index asks for many, the policy is asked once for each."""
        if path not in self._seen:
            name = self._moment.name(path)
            self._seen[path] = name is not None and self._reader.may_see(name)
        return self._seen[path]

    def _scanned(self, blob: str) -> Facts | None:
        """Scan a text that the catalog does not know at this moment: the index may be older or newer than it."""
        try:
            text = decode_page(self._parts.store.read(blob))
        except RevisionNotFoundError:
            return None
        return None if text is None else self._parts.markup.scan(self._parts.markup.parse(text))

    def _result(self, name: Name, facts: Facts | None, query: Query) -> Result:
        if facts is None:
            return Result(name, name.id.last, name.url, "", ())
        cut = snippet(facts.text, query, language(facts.lang, name.id, self._lang))
        section = best_section(facts.headings, cut.offset)
        title = facts.title or name.id.last
        if section is None or section.text == title:
            return Result(name, title, name.url, "", cut.parts)
        return Result(name, title, f"{name.url}#{url_path(section.anchor)[1:]}", section.text, cut.parts)
