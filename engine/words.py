"""What counts as a word, in every script, and one spelling of every letter.

A word is a run of letters and digits, with the marks that stand on them. Scripts that write without spaces (Chinese,
Japanese, Thai, …) are *dense*: in them a word is whatever stands between two other characters, so it is taken apart.
"""

import re
import unicodedata

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
PIECE = re.compile(f"[{DENSE}]+|[^{DENSE}]+")
"""The dense parts of a word, and the others."""

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
