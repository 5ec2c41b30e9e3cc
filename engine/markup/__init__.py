"""Markdown -> facts and HTML.

::

    text --parse--> Parsed (tokens) --scan----> Facts            pass 1: what other pages need to know
                                    --render--> HTML --sanitize  pass 2: knows which targets exist
    text --trace--> Traced          the same facts, and where in the text each link is written

One parse serves both. Parsing never fails: any text is a page, and what is odd about it is among ``Facts.problems``.
Sanitizing is last, always.
"""

from engine.markup.limits import Limits
from engine.markup.linker import Linker
from engine.markup.parsed import Parsed
from engine.markup.pipeline import Markup, Rendered, Traced

__all__ = ["RENDERER", "SCANNER", "Limits", "Linker", "Markup", "Parsed", "Rendered", "Traced"]

RENDERER = 4
"""Raise it when the same text would render differently: caches of HTML are keyed by it."""

SCANNER = 2
"""Raise it when the same text would yield other facts: the catalog scans again what an older scanner saw."""
