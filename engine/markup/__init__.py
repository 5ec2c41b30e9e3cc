"""Markdown -> facts and HTML.

::

    text --parse--> Parsed (tokens) --scan----> Facts            pass 1: what other pages need to know
                                    --render--> HTML --sanitize  pass 2: knows which targets exist

One parse serves both. Parsing never fails: any text is a page, and what is odd about it is among ``Facts.problems``.
Sanitizing is last, always.
"""

from typing import Protocol

from engine.ids import PageId
from engine.model import Target

RENDERER = 1
"""Raise it when the same text would render differently: caches of HTML are keyed by it."""

SCANNER = 1
"""Raise it when the same text would yield other facts: the catalog scans again what an older scanner saw."""


class Linker(Protocol):
    """What rendering must know about the rest of the wiki, as the reader may see it at one commit."""

    def target(self, source: PageId, link: str) -> Target | None:
        """Resolve a link's target as written on page *source*; ``None`` when nothing fits."""
        ...

    def text(self, target: Target) -> str | None:
        """Return the Markdown of a page that is embedded; ``None`` when it cannot be shown."""
        ...
