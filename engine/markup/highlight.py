"""Fenced code -> spans whose classes name what a piece of code is; `CLASSES` lists them for themes.

Pygments reads the code; its eighty kinds of token come down to the few that are worth a colour.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from itertools import groupby
from operator import itemgetter

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    String,
    Token,
    _TokenType,
)
from pygments.util import ClassNotFound

MAX_CHARACTERS = 16_000
"""Longer code stays plain: some lexers take far longer for it than its length suggests."""

# Lexers try again from each character of a run, so that code with long ones stays plain too.
_LONG_RUN = re.compile(r"(?<!\s)\s{101}|(.)\1{200}", re.DOTALL)

_KINDS: Mapping[_TokenType, str] = {
    Token: "",
    Comment: "comment",
    Comment.Preproc: "meta",
    Comment.PreprocFile: "string",
    Generic.Deleted: "deleted",
    Generic.Emph: "emphasis",
    Generic.EmphStrong: "strong",
    Generic.Error: "deleted",
    Generic.Heading: "heading",
    Generic.Inserted: "inserted",
    Generic.Prompt: "meta",
    Generic.Strong: "strong",
    Generic.Subheading: "heading",
    Keyword: "keyword",
    Keyword.Constant: "constant",
    Keyword.Type: "type",
    Literal: "constant",
    Name.Attribute: "attribute",
    Name.Builtin: "function",
    Name.Builtin.Pseudo: "constant",
    Name.Class: "type",
    Name.Constant: "constant",
    Name.Decorator: "meta",
    Name.Entity: "constant",
    Name.Exception: "type",
    Name.Function: "function",
    Name.Label: "meta",
    Name.Tag: "keyword",
    Name.Variable: "variable",
    Number: "number",
    Operator: "operator",
    Operator.Word: "keyword",
    String: "string",
    String.Escape: "escape",
    String.Interpol: "escape",
    String.Regex: "escape",
    String.Symbol: "constant",
}
_PREFIX = "code-"

CLASSES = tuple(sorted({_PREFIX + kind for kind in _KINDS.values() if kind}))
"""Every class that the spans may have."""


def highlight(code: str, language: str) -> str | None:
    """Return *code* as HTML without a frame around it, ``None`` when it is to be shown plain.

    Args:
        code: The text of a code block.
        language: What its author calls it: a name or alias of a Pygments lexer, in any case.

    Never fails, and never guesses a language.
    """
    if len(code) > MAX_CHARACTERS or (lexer := _lexer(language.lower())) is None or _LONG_RUN.search(code):
        return None
    try:
        # An instance for each call: lexers may keep state, and threads share the cache.
        pieces = [(_class(kind), text) for _, kind, text in lexer().get_tokens_unprocessed(code)]
    except Exception:  # hundreds of lexers, some little used: the code is there to be read in any case
        return None
    if "".join(map(itemgetter(1), pieces)) != code:
        return None
    return "".join(
        _span(name, "".join(text for _, text in group)) for name, group in groupby(pieces, itemgetter(0))
    )


def _span(name: str, text: str) -> str:
    escaped = escape(text, quote=False)
    return f'<span class="{name}">{escaped}</span>' if name and not text.isspace() else escaped


@lru_cache(maxsize=256)
def _lexer(language: str) -> type[Lexer] | None:
    """Find a lexer by name, which takes Pygments a walk through all of them."""
    try:
        return find_lexer_class_by_name(language)
    except ClassNotFound:
        return None


@lru_cache(maxsize=1024)
def _class(kind: _TokenType) -> str:
    """Return the class of a kind of token: its own, else that of the nearest kind above it."""
    while kind not in _KINDS:
        assert kind.parent is not None  # noqa: S101
        kind = kind.parent
    return _PREFIX + _KINDS[kind] if _KINDS[kind] else ""
