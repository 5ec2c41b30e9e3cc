"""The best window of a page's text around what a query found, and the section that it is in.

Words are compared as the index compares them: folded, exact or by their stem, or as a part of a run in scripts
without spaces. Only the words that begin like a word of the query are compared, and each spelling once.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from itertools import pairwise

from engine.model import Heading
from engine.search import analysis
from engine.search.query import Field, Phrase, Query, Word

LENGTH = 240
"""About how many characters a snippet has."""

LEAD = 60  # how many of them stand before the first match
MAX_SCANNED = 200_000  # how far into a text matches are looked for, in characters
MAX_MATCHES = 500  # after so many, or
ENOUGH = 20_000  # after so many characters, in which every part of the query was found, the search for a place ends
MAX_KNOWN = 5_000  # spellings that a query remembers
ELLIPSIS = "…"

_BLANKS = re.compile(r"\s+")
_LETTER = rf"[^\W{analysis.DENSE}]"
_WORD = re.compile(rf"(?<!{_LETTER})(?<![{analysis.MARKS}]){_LETTER}(?:{_LETTER}|[{analysis.MARKS}])*")
# These may fold to any letter, or be changed by a stem.
_BEYOND_ASCII = re.compile(rf"(?![{analysis.DENSE}])[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text, ready to be shown."""

    parts: tuple[tuple[str, bool], ...]  # text, and whether it matches
    offset: int  # where its first match begins in the text; 0 when there is none

    def __str__(self) -> str:
        return "".join(text for text, _ in self.parts)


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    part: int  # which part of the query it is


def snippet(text: str, query: Query, lang: str) -> Snippet:
    """Return the window of *text* with the most of *query*, close together; its beginning when it has nothing of it.

    Args:
        text: Plain text, as it was indexed.
        query: Its words and phrases are marked.
        lang: The language of the text, a BCP 47 tag.
    """
    sought = _sought(query, analysis.stemmer(lang))
    matches = sought.matches(analysis.blank(text[:MAX_SCANNED]))
    start, end = _window(text, *_densest(matches))
    inside = [match for match in matches if start <= match.start and match.end <= end]
    return Snippet(_parts(text, start, end, inside), inside[0].start if inside else 0)


def best_section(headings: Sequence[Heading], offset: int) -> Heading | None:
    """Return the heading whose section holds *offset*, ``None`` before the first."""
    at = bisect_right([heading.start for heading in headings], offset)
    return headings[at - 1] if at else None


class _Sought:
    """The words and phrases of a query, as they may be spelled in a text of one language."""

    def __init__(self, query: Query, language: str | None) -> None:
        self._language = language
        self._exact: dict[str, set[tuple[int, int]]] = {}  # word: parts of the query, and its place in each
        self._stems: dict[str, set[tuple[int, int]]] = {}
        self._lengths: dict[int, int] = {}
        self._known: dict[str, frozenset[tuple[int, int]]] = {}  # spelling: what it matches
        for number, (words, inflected) in enumerate(_texts(query)):
            self._lengths[number] = len(words)
            for place, word in enumerate(words):
                self._exact.setdefault(word, set()).add((number, place))
                if inflected and language is not None:
                    self._stems.setdefault(analysis.stem(word, language), set()).add((number, place))
        # Both patterns are small: they are compiled for each query.
        self._begins = _begins((*self._exact, *self._stems))
        runs = sorted(filter(analysis.is_dense, self._exact), key=len, reverse=True)
        self._runs = re.compile("|".join(map(re.escape, runs))) if runs else None

    def matches(self, text: str) -> list[_Match]:
        """Return where each word stands, and each phrase, in order of their beginnings."""
        found: list[_Match] = []
        begun: dict[tuple[int, int], _Match] = {}  # part and place: the phrase up to there, ending at `last`
        last = 0
        missing = set(self._lengths)
        for word in self._candidates(text):
            meanings = self._meanings(word[0])
            if not meanings:
                continue
            # Another word in between ends every phrase.
            if begun and analysis.WORD.search(text, last, word.start()):
                begun = {}
            going: dict[tuple[int, int], _Match] = {}
            for part, place in meanings:
                before = begun.get((part, place - 1))
                if place and before is None:
                    continue
                match = _Match(before.start if before else word.start(), word.end(), part)
                if place + 1 == self._lengths[part]:
                    found.append(match)
                    missing.discard(part)
                else:
                    going[part, place] = match
            begun, last = going, word.end()
            if len(found) >= MAX_MATCHES or (not missing and last > ENOUGH):
                break
        return sorted(found, key=lambda match: match.start)

    def _candidates(self, text: str) -> Iterator[re.Match[str]]:
        """Yield what may be a word of the query, in order."""
        patterns = [pattern for pattern in (self._begins, self._runs) if pattern]
        if self._exact and not text.isascii():
            patterns.append(_BEYOND_ASCII)
        every = [pattern.finditer(text) for pattern in patterns]
        for found in every[0] if len(every) == 1 else merge(*every, key=re.Match.start):
            word = found if found.re is self._runs else _WORD.match(text, found.start())
            if word:
                yield word

    def _meanings(self, spelling: str) -> frozenset[tuple[int, int]]:
        """Return which words of the query *spelling* is, as (part, place)."""
        if (known := self._known.get(spelling)) is None:
            if len(self._known) > MAX_KNOWN:
                self._known.clear()
            word = analysis.fold(spelling)
            meanings = self._exact.get(word, set())
            if self._stems and self._language is not None:
                meanings = meanings | self._stems.get(analysis.stem(word, self._language), set())
            known = self._known[spelling] = frozenset(meanings)
        return known


def _begins(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern for how the forms of *words* begin: with two letters, the second perhaps with an accent.

    It starts with a set of characters, for which `re` searches ten times as fast as for alternatives.
    """
    seconds: dict[str, set[str]] = {}
    for word in words:
        if word[0].isascii():
            seconds.setdefault(word[0], set()).update({word[1], word[1].upper()} if word[1:] else ())
    if not seconds:
        return None
    firsts = "".join(first + first.upper() for first in seconds)
    rest = "|".join(
        rf"(?<=[{first}{first.upper()}])" + (rf"[{''.join(second)}\x80-\U0010ffff]" if second else "")
        for first, second in seconds.items()
    )
    return re.compile(rf"[{firsts}](?<![0-9A-Za-z].)(?:{rest})", re.DOTALL)


@lru_cache(maxsize=16)
def _sought(query: Query, language: str | None) -> _Sought:
    return _Sought(query, language)


def _texts(query: Query) -> list[tuple[tuple[str, ...], bool]]:
    """Return what to mark: the words of each part, and whether another inflection counts."""
    texts: list[tuple[tuple[str, ...], bool]] = []
    for part in query.parts:
        if isinstance(part, Word):
            texts.append(((part.text,), True))
        elif isinstance(part, Phrase):
            texts.append((part.words, False))
        elif isinstance(part, Field) and part.name == "title":
            words = tuple(part.value.split(" "))
            texts.append((words, len(words) == 1))
    return texts


def _densest(matches: Sequence[_Match]) -> tuple[int, int]:
    """Return the span with the most different parts of the query, then with the most matches, that fits a window."""
    best = (0, 0)
    span = (0, 0)
    counts: dict[int, int] = {}
    first = 0
    for last, match in enumerate(matches):
        counts[match.part] = counts.get(match.part, 0) + 1
        while match.end - matches[first].start > LENGTH - LEAD and first < last:
            part = matches[first].part
            counts[part] -= 1
            if not counts[part]:
                del counts[part]
            first += 1
        if (len(counts), last - first) > best:
            best = (len(counts), last - first)
            span = (matches[first].start, match.end)
    return span


def _window(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span to a window that begins with a block or a word, and ends with a word."""
    begin = max(0, start - LEAD)
    if begin and (block := text.rfind("\n", begin, start)) >= 0:
        begin = block + 1
    elif begin and (blank := _BLANKS.search(text, begin, start)):
        begin = blank.end()
    while begin < start and text[begin].isspace():
        begin += 1
    stop = min(len(text), max(begin + LENGTH, end))
    if stop < len(text) and not text[stop].isspace():
        blank_at = max(text.rfind(" ", end, stop), text.rfind("\n", end, stop))
        # Without a blank in the last third, as in scripts that have none, the cut is where it is.
        stop = blank_at if blank_at > begin + LENGTH * 2 // 3 else stop
    return begin, stop


def _parts(text: str, start: int, end: int, matches: Sequence[_Match]) -> tuple[tuple[str, bool], ...]:
    """Cut the window at its matches, with runs of blanks made one."""
    edges = [start]
    for match in matches:
        if match.start >= edges[-1]:  # of two that overlap the first is marked
            edges += [match.start, match.end]
    edges.append(end)
    pieces = [
        (_BLANKS.sub(" ", text[left:right]), bool(number % 2))
        for number, (left, right) in enumerate(pairwise(edges))
    ]
    pieces[-1] = (pieces[-1][0].rstrip(), False)
    if start and text[:start].strip():
        pieces[0] = (ELLIPSIS + pieces[0][0], False)
    if text[end:].strip():
        pieces[-1] = (pieces[-1][0] + ELLIPSIS, False)
    return tuple(piece for piece in pieces if piece[0])
