"""An image alone in its paragraph that has a title, ``![alt](target "title")``, is a figure with a caption."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from engine.markup.context import context_of
from engine.markup.tags import open_tag


def use(md: MarkdownIt) -> None:
    """Add the way such paragraphs are shown; reading them is CommonMark's."""
    md.add_render_rule("paragraph_open", render_open)
    md.add_render_rule("paragraph_close", render_close)


def render_open(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open a paragraph, or the figure that it is."""
    token = tokens[index]
    if token.hidden or not _caption(tokens, index + 1) or context_of(env) is None:
        return self.renderToken(tokens, index, options, env)
    return f"{open_tag('figure', {key: str(value) for key, value in token.attrs.items()})}\n"


def render_close(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Close a paragraph, or the figure with its caption."""
    caption = _caption(tokens, index - 1)
    if tokens[index].hidden or not caption or context_of(env) is None:
        return self.renderToken(tokens, index, options, env)
    return f"\n<figcaption>{escapeHtml(caption)}</figcaption>\n</figure>\n"


def _caption(tokens: Sequence[Token], index: int) -> str:
    """Return the title of the image that an inline token is, empty when it is something else or has none."""
    children = tokens[index].children if 0 <= index < len(tokens) else None
    if not children or len(children) != 1 or children[0].type != "image":
        return ""
    return str(children[0].attrs.get("title", "")).strip()
