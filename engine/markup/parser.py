"""The ordered table of rules: what the dialect adds to CommonMark.

::

    core rules, in order:  normalize  block  callout  inline  text_join
                           unclosed_comment  math  block_id  embed  notes  heading_anchor  unclosed_fence
"""

from copy import copy, deepcopy

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore, inline
from mdit_py_plugins.deflist import deflist_plugin

from engine.markup.limits import Limits
from engine.markup.rules import (
    autolink,
    block_id,
    callout,
    comment,
    embed,
    fence,
    figure,
    heading,
    image,
    link,
    mark,
    math,
    note,
    note_list,
    notes,
    raw_html,
    strikethrough,
    table,
    tag,
    task,
    wikilink,
)

_INLINE_NESTING = 20  # brackets within brackets, as in the preset of CommonMark

RULES = (
    table,
    strikethrough,
    comment,
    math,
    note,
    wikilink,
    callout,
    block_id,
    embed,
    notes,
    note_list,
    heading,
    autolink,
    tag,
    mark,
    task,
    fence,
    figure,
    image,
    link,
    raw_html,
)
"""The dialect, rule by rule. Where rules meet at the same place in a chain, the order here decides."""


def core() -> MarkdownIt:
    """Make a parser of CommonMark 0.31.2 and nothing else."""
    return _ready(MarkdownIt("commonmark"))


def dialect(limits: Limits = Limits()) -> MarkdownIt:  # noqa: B008 - it is frozen
    """Make a parser of the whole dialect.

    Its ``render`` shows a text by itself: links are not resolved, and nothing is sanitized. Pages of a wiki are
    rendered by `engine.markup.Markup`.
    """
    options = {"maxNesting": limits.nesting, "tasklists": True}
    md = MarkdownIt("commonmark", options).use(deflist_plugin)
    for rule in RULES:
        md.use(rule.use)
    _limit_inline_nesting(md)
    return _ready(md)


def text_parser(md: MarkdownIt) -> MarkdownIt:
    """Return the parser that rules of text see: it has all in common with *md* but how deep text may nest.

    That is less deep than blocks: each level of brackets that never close is looked through again.
    """
    within = copy(md)
    within.options = deepcopy(md.options)
    within.options.maxNesting = _INLINE_NESTING
    return within


def _limit_inline_nesting(md: MarkdownIt) -> None:
    within = text_parser(md)

    def parse_inline(state: StateCore) -> None:
        state.md = within
        inline(state)
        state.md = md

    md.core.ruler.at("inline", parse_inline)


def _ready(md: MarkdownIt) -> MarkdownIt:
    """Let the parser build its chains of rules now, so that threads may share it from here on."""
    md.render("*a*")
    return md
