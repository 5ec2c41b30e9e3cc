"""Tables stand in a box of their own that scrolls when they are wide; columns are aligned as GFM says."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from engine.markup.context import context_of
from engine.markup.tags import open_tag


def use(md: MarkdownIt) -> None:
    """Add the way tables are shown; reading them is markdown-it's."""
    md.enable("table")
    md.add_render_rule("table_open", render_open)
    md.add_render_rule("table_close", render_close)
    md.add_render_rule("th_open", render_cell)
    md.add_render_rule("td_open", render_cell)


def render_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open the box and the table."""
    context = context_of(env)
    if context is None:
        return "<table>\n"
    identity = (
        str(tokens[index].attrs["id"]) if "id" in tokens[index].attrs and not context.embedded else None
    )
    return f"{open_tag('div', {'class': 'table', 'id': identity, 'tabindex': '0'})}<table>\n"


def render_close(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Close the table and the box."""
    return "</table>\n" if context_of(env) is None else "</table></div>\n"


def render_cell(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open a cell."""
    style = str(tokens[index].attrs.get("style", ""))
    return open_tag(tokens[index].tag, {"align": style.removeprefix("text-align:") or None})
