"""Boxes of task lists bear the words of their item, for who cannot see that they stand beside them."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from engine.markup.context import context_of
from engine.markup.plain import plain

_BOX = '<input class="task-list-item-checkbox"'
_LABEL = 200  # characters


def use(md: MarkdownIt) -> None:
    """Add the way items are shown; reading the boxes is markdown-it's."""
    md.add_render_rule("list_item_open", render)


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open an item, with its box where it has one."""
    html = self.list_item_open(tokens, index, options, env)
    if context_of(env) is None or "checked" not in tokens[index].meta:
        return html
    return html.replace(_BOX, f'{_BOX} aria-label="{escapeHtml(_words(tokens, index))}"', 1)


def _words(tokens: Sequence[Token], index: int) -> str:
    """Return the first words of an item, none where it begins with something else than text."""
    first = tokens[index + 2] if len(tokens) > index + 2 else None
    return " ".join(plain(first.children).split())[:_LABEL] if first and first.type == "inline" else ""
