"""Which documents match a query, and how well: BM25 over blocks of postings, for any index that has these.

::

    Query --compile--> clauses --scores, rarest first, each within what the ones before left--> score by document

Source:
    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), sections 3.4 and 3.6.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Protocol

from engine.search import analysis
from engine.search.query import Field, Not, Phrase, Query, Word

K1 = 1.2  # how soon a further mention of a word counts for less
B = 0.75  # how much the length of a text is held against it
WEIGHTS = {"body": 1.0, "headings": 2.0, "title": 4.0}
STEM = 0.4  # what another inflection of a word is worth

ANYWHERE = ("body", "headings", "title")
"""Fields in the order in which they are read: the first decides what matches, the others only add to the score."""

Block = tuple[Sequence[int], Sequence[int], bytes]


class Segment(Protocol):
    """A part of an index; its documents are numbered from 0, deleted ones included."""

    @property
    def documents(self) -> int:
        """How many documents it has."""
        ...

    @property
    def deleted(self) -> Collection[int]:
        """Documents that are no hits any more."""
        ...

    def frequency(self, field: str, term: str) -> int:
        """Return in how many documents *term* stands."""
        ...

    def lengths(self, field: str) -> Sequence[int]:
        """Return how many words each document has in *field*."""
        ...

    def blocks(self, field: str, term: str, within: Sequence[int] | None = None) -> Iterator[Block]:
        """Yield documents, counts, and packed positions; *within*, ascending, may pass over whole blocks."""
        ...

    def having(self, field: str, term: str, within: Collection[int] | None = None) -> set[int]:
        """Return the documents with *term*, or those of *within*."""
        ...

    def positions(
        self, field: str, term: str, within: Collection[int] | None = None
    ) -> dict[int, tuple[int, ...]]:
        """Return where *term* stands in each document with it, or in those of *within*."""
        ...


class Ranking:
    """Ranks the documents of some segments; not for two threads at once."""

    def __init__(self, segments: Sequence[Segment], pages: int, languages: Collection[str]) -> None:
        self.segments = segments
        self.pages = pages  # live documents
        self.languages = sorted(languages)  # stemmers of the pages
        self._norms: dict[str, list[list[float]]] = {}

    def matches(self, query: Query) -> list[tuple[float, int, int]]:
        """Return every match as (-score, segment, document), in no order: a heap gives the best without sorting all."""
        wanted = [self._clause(part) for part in query.parts if not isinstance(part, Not)]
        unwanted = [self._clause(part.part) for part in query.parts if isinstance(part, Not)]
        if not query.parts:
            return []
        if not wanted:
            wanted = [Filter((("kind", ("page",)),))]
        return [
            (-score, number, document)
            for number in range(len(self.segments))
            for document, score in self._scores(number, wanted, unwanted).items()
        ]

    def _scores(
        self, number: int, wanted: Sequence["Clause"], unwanted: Sequence["Clause"]
    ) -> dict[int, float]:
        segment = self.segments[number]
        scores: dict[int, float] | None = None
        for clause in sorted(wanted, key=lambda clause: clause.frequency(segment)):
            found = clause.scores(self, number, None if scores is None else scores.keys())
            if scores is not None:
                for document in found:
                    found[document] += scores[document]
            scores = found
            if not scores:
                return {}
        scores = scores or {}
        for document in segment.deleted:
            scores.pop(document, None)
        for clause in unwanted:
            for document in clause.scores(self, number, scores.keys()):
                del scores[document]
        return scores

    def _clause(self, part: Word | Phrase | Field) -> "Clause":
        """Compile one part of a query to the terms of this index."""
        if isinstance(part, Word):
            return self._words((part.text,), ANYWHERE, exact=False)
        if isinstance(part, Phrase):
            return self._words(part.words, ANYWHERE, exact=True)
        if part.name == "title":
            words = tuple(part.value.split(" "))
            return self._words(words, ("title",), exact=len(words) > 1)
        if part.name == "tag":
            return Filter((("tag", (part.value,)),))
        folders = ("path", (f"/{part.value.strip('/')}",))
        terms = analysis.sequence(analysis.words(analysis.fold(part.value)))
        return Filter((folders, ("path", terms)) if terms and "/" not in part.value else (folders,))

    def _words(self, words: Sequence[str], fields: tuple[str, ...], *, exact: bool) -> "Clause":
        terms = analysis.sequence(words)
        if len(terms) != 1:
            return Adjacent(fields, terms, max(self._rarity(fields[0], (term,)) for term in terms))
        forms = {terms[0]: 1.0}
        for language in () if exact else self.languages:
            short = analysis.stem(terms[0], language)
            forms.setdefault(f"{language}:{short}", STEM)
            if analysis.stem(short, language) == short:
                forms.setdefault(short, STEM)
        return Forms(fields, tuple(forms.items()), self._rarity(fields[0], forms))

    def _rarity(self, field: str, terms: Iterable[str]) -> float:
        """Return what a match of any of *terms* is worth: the more, the fewer pages have one."""
        having = min(self.pages, sum(s.frequency(field, term) for term in terms for s in self.segments))
        return log(1 + (self.pages - having + 0.5) / (having + 0.5))

    def norms(self, number: int, field: str) -> list[float]:
        """Return for each document of a segment how many mentions of a word give half of its worth."""
        if field not in self._norms:
            lengths = [segment.lengths(field) for segment in self.segments]
            average = sum(map(sum, lengths)) / max(1, sum(map(len, lengths))) or 1.0
            self._norms[field] = [
                [K1 * (1 - B + B * length / average) for length in part] for part in lengths
            ]
        return self._norms[field][number]


class Clause(Protocol):
    """One condition of a query."""

    def frequency(self, segment: Segment) -> int:
        """Return about how many documents meet it."""
        ...

    def scores(self, ranking: Ranking, number: int, within: Collection[int] | None) -> dict[int, float]:
        """Return the documents of a segment, or of *within*, that meet it, each with its score."""
        ...


@dataclass(frozen=True, slots=True)
class Filter:
    """One of several sets of terms; it does not count for the score."""

    either: tuple[tuple[str, tuple[str, ...]], ...]  # field, and terms that all stand in it

    def frequency(self, segment: Segment) -> int:
        """Filters come first: they are read fastest."""
        return -1

    def scores(self, ranking: Ranking, number: int, within: Collection[int] | None) -> dict[int, float]:
        """Return the documents that meet it, with 0."""
        segment = ranking.segments[number]
        found: set[int] = set()
        for field, terms in self.either:
            found |= set.intersection(*(segment.having(field, term) for term in terms))
        return dict.fromkeys(found if within is None else found.intersection(within), 0.0)


@dataclass(frozen=True, slots=True)
class Forms:
    """Any form of one word, each with its worth."""

    fields: tuple[str, ...]
    forms: tuple[tuple[str, float], ...]
    rarity: float

    def frequency(self, segment: Segment) -> int:
        """Return about how many documents have one of the forms."""
        return sum(segment.frequency(self.fields[0], term) for term, _ in self.forms)

    def scores(self, ranking: Ranking, number: int, within: Collection[int] | None) -> dict[int, float]:
        """Score the first field, then let the others add to what was found."""
        found: dict[int, float] = {}
        for field in self.fields:
            if field is not self.fields[0]:
                within = found.keys()
            ordered = None if within is None else sorted(within)
            norms = ranking.norms(number, field)
            for term, worth in self.forms:
                worth *= self.rarity * WEIGHTS[field]
                for documents, counts, _ in ranking.segments[number].blocks(field, term, ordered):
                    pairs = zip(documents, counts, strict=False)
                    if within is None:
                        for document, count in pairs:
                            found[document] = found.get(document, 0.0) + worth * count / (
                                count + norms[document]
                            )
                    else:
                        for document, count in pairs:
                            if document in within:
                                found[document] = found.get(document, 0.0) + worth * count / (
                                    count + norms[document]
                                )
        return found


@dataclass(frozen=True, slots=True)
class Adjacent:
    """Terms one after the other."""

    fields: tuple[str, ...]
    terms: tuple[str, ...]
    rarity: float

    def frequency(self, segment: Segment) -> int:
        """Return in how many documents the rarest of the terms stands."""
        return min(segment.frequency(self.fields[0], term) for term in self.terms)

    def scores(self, ranking: Ranking, number: int, within: Collection[int] | None) -> dict[int, float]:
        """Score the first field, then let the others add to what was found."""
        found: dict[int, float] = {}
        for field in self.fields:
            if field is not self.fields[0]:
                within = found.keys()
            norms = ranking.norms(number, field)
            for document, count in self._counts(ranking.segments[number], field, within).items():
                gain = self.rarity * WEIGHTS[field] * count / (count + norms[document])
                found[document] = found.get(document, 0.0) + gain
        return found

    def _counts(self, segment: Segment, field: str, within: Collection[int] | None) -> dict[int, int]:
        """Return how often the terms stand together in each document, looking for the rarest first."""
        order = sorted(range(len(self.terms)), key=lambda at: segment.frequency(field, self.terms[at]))
        for at in order:
            within = segment.having(field, self.terms[at], within)
            if not within:
                return {}
        starts: dict[int, set[int]] = {}
        for at in order:
            found = segment.positions(field, self.terms[at], within)
            if at == order[0]:
                starts = {document: {place - at for place in places} for document, places in found.items()}
            else:
                shared = (
                    (document, starts[document].intersection([place - at for place in places]))
                    for document, places in found.items()
                )
                starts = {document: places for document, places in shared if places}
            within = starts
        return {document: len(places) for document, places in starts.items()}
