"""A parser of the dialect that also notes where links are written. Slower than the other, and else the same.

Tokens of text carry no positions. So blocks are cut out of the source with the place of each of their characters (see
`engine.markup.cuts`), and every rule that makes a link is asked, right after it has made one, where its target stands.

::

    block     paragraphs, headings, cells, HTML ── Cut ──┐        definitions ── Spot
    callout   cuts its head off ── Cut ──────────────────┤
    inline    link  image  wikilink  embed  html  note <─┘──> Spot, in the ``meta`` of the link's token
"""

from markdown_it import MarkdownIt

from engine.markup.limits import Limits
from engine.markup.parser import dialect
from engine.markup.tracing import blocks, text
from engine.markup.tracing.trace import Spot, Trace, spots, with_trace

__all__ = ["Spot", "Trace", "spots", "tracing", "with_trace"]


def tracing(limits: Limits) -> MarkdownIt:
    """Make a parser that notes where links are written, in a `Trace`."""
    md = dialect(limits)
    blocks.use(md)
    text.use(md)
    md.render("*a*")  # builds its chains of rules, so that threads may share it from here on
    return md
