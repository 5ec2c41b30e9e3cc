"""Anchors of headings and notes, as GitHub makes them from text, in every script."""

import re
import unicodedata

_MAX_LENGTH = 200  # characters; longer headings share a prefix and are told apart by number
_DROPPED = re.compile(r"[^\w\s-]")
_SPACE = re.compile(r"\s")


def slug(text: str) -> str:
    """Reduce *text* to an anchor: lower case, spaces ``-``, punctuation dropped; never empty.

    Source:
        github-slugger, with combining marks kept, so that scripts that need them stay readable.
    """
    kept = _DROPPED.sub(_keep_marks, text.strip().lower())
    return _SPACE.sub("-", kept)[:_MAX_LENGTH] or "section"


class Slugger:
    """Gives each anchor of a page once: the second ``a`` becomes ``a-1``. Linear in the number of anchors."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}  # anchor -> number that was last added to it

    def unique(self, anchor: str) -> str:
        """Return *anchor*, with a number where it was given before."""
        candidate = anchor
        while candidate in self._seen:
            self._seen[anchor] += 1
            candidate = f"{anchor}-{self._seen[anchor]}"
        self._seen[candidate] = 0
        return candidate


def _keep_marks(match: re.Match[str]) -> str:
    return match[0] if unicodedata.category(match[0]).startswith("M") else ""
