"""``~~struck~~`` and ``~struck~`` as GFM says."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token


def use(md: MarkdownIt) -> None:
    """Switch the rule on, with GFM's element."""
    md.enable("strikethrough")
    md.options["strikethrough_single_tilde"] = True
    md.add_render_rule("s_open", render_open)
    md.add_render_rule("s_close", render_close)


def render_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open what is struck."""
    return "<del>"


def render_close(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Close what is struck."""
    return "</del>"
