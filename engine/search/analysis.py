"""Text -> terms: what counts as a word, in every script, for pages and for queries alike.

::

    text --fold--> one spelling of every letter --words--> words --positions--> terms, each with where it stands
    word --stem--> without its inflection

A word is a run of letters and digits. Scripts that write without spaces (Chinese, Japanese, Thai, …) are cut into
single characters and pairs of neighbours instead, so that any part of a run can be found.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from whoosh.lang import stemmer_for_language

MAX_WORD = 64
"""Longer words (hashes, encoded data) are indexed, and looked for, by their beginning."""

# Vowel signs, accents and points that stand on a letter: part of a word, although no letters to `re`.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0\u0900-\u0963\u0966-\u096f\u0971-\u0dff"
    "\u0e31-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u0f86-\u0fbc\u102b-\u103e\u1056-\u109d"
    "\u17b4-\u17d3\u3099\u309a"
)
# What makes no difference to a word: soft hyphens, joiners, the stretching stroke, Hebrew and Arabic vowel points.
_SILENT = "\u00ad\u0640\u2060\ufeff\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed"
DENSE = (
    "\u0e01-\u0e5b\u0e81-\u0edf\u1000-\u109f\u1100-\u11ff\u1780-\u17d3\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""Scripts without spaces between words, and Korean, whose particles stick to the word before; for a character class."""

MARKS = _MARKS + _SILENT
"""What may follow the first letter of a word although it is no letter to `re`; goes into a character class."""

WORD = re.compile(rf"\w[\w{MARKS}]*")
"""One word, in text whose ``_`` are blanks; folded or not, it ends at the same places."""

_SILENT_RUN = re.compile(f"[{_SILENT}]+")
_DENSE = re.compile(f"[{DENSE}]")
_PIECE = re.compile(f"[{DENSE}]+|[^{DENSE}]+")
# An apostrophe with a lone letter behind it ("Ada's") or before it ("l'homme"): nobody looks for such a letter.
_ELISION = re.compile(r"['’](?:(?<=\w\w.)\w(?!\w)|(?<=(?<!\w)\w.)(?=\w\w))")
# One letter for each family that Arabic writers use in place of one another.
_ARABIC = str.maketrans("أإآٱىة", "اااايه")


def fold(text: str) -> str:
    """Reduce *text* to one spelling: NFKC, case-folded, without silent marks. Folding twice changes nothing."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = _SILENT_RUN.sub("", folded).translate(_ARABIC)
    return folded if folded == text else fold(folded)


def blank(text: str) -> str:
    """Blank out what joins words or is no word: ``_``, elided letters. The length stays."""
    if "'" in text or "’" in text:
        kept, last = [], 0
        for mark in _ELISION.finditer(text):
            start = mark.start() - (mark.end() - mark.start() == 1)
            kept += [text[last:start], "  "]
            last = start + 2
        text = "".join([*kept, text[last:]])
    return text.replace("_", " ")


def words(text: str) -> list[str]:
    """Return the words of folded *text*, in order."""
    return WORD.findall(blank(text))


def is_dense(word: str) -> bool:
    """Say whether *word* holds characters of a script without spaces."""
    return not word.isascii() and _DENSE.search(word) is not None


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
            for piece in _PIECE.findall(word):
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
        for piece in _PIECE.findall(word):
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
