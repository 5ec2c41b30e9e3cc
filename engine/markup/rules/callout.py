"""``> [!type]± Title`` begins a callout of any type: titled, folded (``-`` closed, ``+`` open), nested."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.markup.context import context_of
from engine.markup.slug import slug
from engine.markup.tags import open_tag
from engine.markup.words import callout_name

# The type may be followed by "|" and words for a theme, which are set aside.
_HEAD = re.compile(
    r"\[!(?P<type>[^\[\]|\n]{1,60})(?:\|[^\[\]\n]{0,60})?\](?P<fold>[+-]?)(?P<title>[ \t][^\n]*)?(?:\n|\Z)"
)


def use(md: MarkdownIt) -> None:
    """Add the rule: after blocks are known, before the words within them are read."""
    md.core.ruler.after("block", "callout", mark)
    md.add_render_rule("callout_open", render_open)
    md.add_render_rule("callout_close", render_close)
    md.add_render_rule("callout_title_open", render_title_open)
    md.add_render_rule("callout_title_close", render_title_close)
    md.add_render_rule("callout_name", render_name)


def mark(state: StateCore) -> None:
    """Turn the block quotes that are callouts into such."""
    if "[!" in state.src:
        state.tokens = list(_marked(state.tokens))


def _marked(tokens: Sequence[Token]) -> Iterable[Token]:
    metas: list[dict[str, Any] | None] = []  # of the quotes that are open; None for a plain one
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if token.type == "blockquote_close" and (meta := metas.pop()) is not None:
            token.type, token.tag, token.meta = "callout_close", "div", meta
        if token.type != "blockquote_open":
            yield token
            continue
        head = _head(tokens, position)
        if head is None:
            metas.append(None)
            yield token
            continue
        kind = head["type"].strip().lower()
        meta = {"type": kind, "fold": head["fold"]}
        metas.append(meta)
        token.type, token.tag, token.meta = "callout_open", "div", meta
        yield token
        yield from _title(head, token, meta)
        words = tokens[position + 1]
        words.content = words.content[head.end() :]
        if words.map:
            words.map = [words.map[0] + 1, words.map[1]]
        if not words.content.strip():
            position += 3  # nothing is left of the paragraph


def _head(tokens: Sequence[Token], position: int) -> re.Match[str] | None:
    if position + 1 >= len(tokens) or tokens[position].type != "paragraph_open":
        return None
    return _HEAD.match(tokens[position + 1].content)


def _title(head: re.Match[str], quote: Token, meta: dict[str, Any]) -> Iterable[Token]:
    line = quote.map[0] if quote.map else 0
    for kind, nesting in (("callout_title_open", 1), ("inline", 0), ("callout_title_close", -1)):
        token = Token(kind, "" if kind == "inline" else "p", 1 if nesting == 1 else -1 if nesting else 0)
        token.block, token.level, token.meta = True, quote.level + 1, meta
        if kind == "inline":
            token.content = (head["title"] or "").strip()
            token.children = [] if token.content else [_name(head["type"].strip())]
            token.map = [line, line + 1]
        yield token


def _name(kind: str) -> Token:
    token = Token("callout_name", "", 0)
    token.content = kind
    return token


def render_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open the box, or the fold."""
    token = tokens[index]
    attributes: dict[str, str | None] = {
        "class": "callout",
        "data-callout": slug(token.meta["type"]),
        "id": str(token.attrs["id"]) if "id" in token.attrs else None,
        "open": "" if token.meta["fold"] == "+" else None,
    }
    return open_tag("details" if token.meta["fold"] else "div", attributes) + "\n"


def render_close(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Close the box, or the fold."""
    return "</details>\n" if tokens[index].meta["fold"] else "</div>\n"


def render_title_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open the title."""
    return '<summary class="callout-title">' if tokens[index].meta["fold"] else '<p class="callout-title">'


def render_title_close(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """Close the title."""
    return "</summary>\n" if tokens[index].meta["fold"] else "</p>\n"


def render_name(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Name the type, where the author gave no title."""
    context = context_of(env)
    return escapeHtml(callout_name(tokens[index].content, context.whole.lang if context else ""))
