"""Text -> terms: what counts as a word, in every script, for pages and for queries alike.

::

    text --fold--> one spelling of every letter --words--> words --positions--> terms, each with where it stands
    word --stem--> without its inflection

A word is a run of letters and digits. Scripts that write without spaces (Chinese, Japanese, Thai, …) are cut into
single characters and pairs of neighbours instead, so that any part of a run can be found.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from whoosh.lang import stemmer_for_language

from engine.words import DENSE, MARKS, MAX_WORD, PIECE, WORD, blank, fold, is_dense, words

__all__ = [
    "DENSE",
    "LANGUAGES",
    "MARKS",
    "MAX_WORD",
    "WORD",
    "blank",
    "fold",
    "is_dense",
    "positions",
    "sequence",
    "stem",
    "stemmer",
    "stems",
    "words",
]


def positions(parts: Iterable[str]) -> dict[str, list[int]]:
    """Return each term of *parts* with its positions, ascending; a gap between parts keeps phrases within one."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    at = 0
    for part in parts:
        for word in words(fold(part)):
            if not is_dense(word):
                found[word[:MAX_WORD]].append(at)
                at += 1
                continue
            for piece in PIECE.findall(word):
                if not is_dense(piece):
                    found[piece[:MAX_WORD]].append(at)
                    at += 1
                    continue
                for index, character in enumerate(piece):
                    found[character].append(at + index)
                    if index:
                        found[piece[index - 1 : index + 1]].append(at + index - 1)
                at += len(piece)
        at += 1
    return dict(found)


def sequence(looked_for: Iterable[str]) -> tuple[str, ...]:
    """Return the terms that stand one after the other wherever these folded words do."""
    terms: list[str] = []
    last = ""
    for word in looked_for:
        for piece in PIECE.findall(word):
            if last:
                terms.append(last)  # a pair says nothing of what follows it: its last character does
            last = ""
            if not is_dense(piece):
                terms.append(piece[:MAX_WORD])
            elif len(piece) == 1:
                terms.append(piece)
            else:
                terms.extend(piece[index : index + 2] for index in range(len(piece) - 1))
                last = piece[-1]
    return tuple(terms)


def stemmer(lang: str) -> str | None:
    """Return the language whose stemmer serves the BCP 47 tag *lang*, ``None`` when there is none."""
    first = lang.replace("_", "-").split("-")[0].lower()
    first = {"nb": "no", "nn": "no"}.get(first, first)
    return first if first in LANGUAGES else None


def stem(word: str, language: str) -> str:
    """Return a folded word without its inflection; *language* is what `stemmer` returned."""
    return _stem(word[:MAX_WORD], language)


_SNOWBALL: dict[str, Callable[[str], str]] = {
    language: stemmer_for_language(language)
    for language in "da de en es fi fr hu it nl no pt ro ru sv".split()
}
LANGUAGES = ("ar", *_SNOWBALL)
"""The languages with a stemmer."""


@lru_cache(maxsize=200_000)
def _stem(word: str, language: str) -> str:
    if language == "ar":
        return _stem_arabic(word)
    return _SNOWBALL[language](word) or word


def _stem_arabic(word: str) -> str:
    """Take the article, its prepositions and the commonest endings off an Arabic word.

    Source:
        Larkey, Ballesteros and Connell, "Light Stemming for Arabic Information Retrieval" (2007), stemmer light10.
    """
    if word.startswith("و") and len(word) > 3:
        word = word[1:]
    for article in ("وال", "بال", "كال", "فال", "ال", "لل"):
        if word.startswith(article) and len(word) >= len(article) + 2:
            word = word[len(article) :]
            break
    for ending in ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي"):
        if word.endswith(ending) and len(word) >= len(ending) + 2:
            word = word[: -len(ending)]
    return word


def stems(terms: Sequence[str], language: str) -> dict[str, str]:
    """Return the stems of *terms*, leaving out words that are their own stem."""
    return {term: short for term in terms if (short := stem(term, language)) != term}
