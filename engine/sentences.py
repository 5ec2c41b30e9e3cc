"""Where sentences end, in scripts with and without spaces.

`SENTENCE_END` finds whatever looks like an end, which will do to show the words around a link. `gaps` is for those who
take texts apart at sentences: in doubt it finds no end, so that what it calls a sentence may be several, but never a
part of one.
"""

import re
from collections.abc import Iterable, Iterator

SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’»)\]]*+\s++|[。！？]++[」』”’）]*+\s*+")
"""The signs that end a sentence, what closes behind them, and the spaces up to the next one."""

_DENSE_SIGNS = "。！？"
_CLOSERS = "」』”’）"
# Words that a period shortens, and that the sentence goes on behind, in languages that write with capitals; what is
# followed by a small letter, single letters, short numbers and words with a period inside need not be listed.
_SHORTENED = frozenset(
    "dr mr mrs ms mx st prof rev gen sen rep col lt sgt capt hon messrs jr sr no nos nr art abs para fig figs abb tab eq"
    " sec sect ch chap vol vols bd ed eds hrsg pp ff cf vgl viz vs etc usw approx ca est inc ltd co corp dept univ ave"
    " blvd mt hr fr hl bzw evtl ggf inkl exkl sog str tel jan feb mar apr jun jul aug sep sept oct okt nov dec dez mme"
    " mlle sra srta núm pág".split()
)
_LAST_WORD = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*\Z")
_LONGEST_WORD = 24  # characters before a period that are looked at
_LETTER = re.compile(r"[^\W_]")
_NEAR = 8  # characters after an end, within which a small letter says that the sentence goes on
# What opens must have closed before a sentence can end; of signs that open and close alike, there must be two.
_CLOSED_BY = dict(zip(")]}」』）】》", "([{「『（【《", strict=True))
_QUOTES = {'"': '"', "`": "`", "“": "“”", "”": "“”", "„": "“”", "«": "«»", "»": "«»"}
_SIGN = re.compile(f"[{re.escape(''.join([*_CLOSED_BY, *_CLOSED_BY.values(), *_QUOTES]))}]")


def gaps(text: str) -> Iterator[tuple[int, int]]:
    """Find where one sentence of *text* ends and the next begins, and what spaces are between the two.

    Args:
        text: A paragraph. The time is linear.
    """
    start = 0  # of what has not been looked at yet
    unclosed = _Unclosed()
    for match in SENTENCE_END.finditer(text):
        if match.end() == len(text):
            return
        end = match.start() + len(match[0].rstrip())
        unclosed.read(_SIGN.findall(text, start, end))
        start = end
        if not unclosed and _ends(text, match):
            yield end, match.end()


class _Unclosed:
    """What has been opened and not closed."""

    def __init__(self) -> None:
        self._brackets: dict[str, int] = {}
        self._quotes: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._quotes) or any(self._brackets.values())

    def read(self, signs: Iterable[str]) -> None:
        for sign in signs:
            if sign in _QUOTES:
                self._quotes ^= {_QUOTES[sign]}
            elif sign in _CLOSED_BY:
                opening = _CLOSED_BY[sign]
                self._brackets[opening] = max(0, self._brackets.get(opening, 0) - 1)
            else:
                self._brackets[sign] = self._brackets.get(sign, 0) + 1


def _ends(text: str, match: re.Match[str]) -> bool:
    """Say whether a sentence surely ends there."""
    first = text[match.start()]
    if first in _DENSE_SIGNS:
        # 「好。」他说。 is one sentence.
        return match[0][-1] not in _CLOSERS
    following = _LETTER.search(text, match.end(), match.end() + _NEAR)
    if following and following[0].islower():
        return False
    return first != "." or not _is_shortened(text[max(0, match.start() - _LONGEST_WORD) : match.start()])


def _is_shortened(before: str) -> bool:
    """Whether a period behind these words may be no end: "e.g.", "J. Smith", "Dr. Smith", "am 3. Mai"."""
    found = _LAST_WORD.search(before)
    if found is None:
        return False
    word = found[0]
    return (
        len(word) == 1 or "." in word or (word.isdigit() and len(word) == 2) or word.casefold() in _SHORTENED
    )
