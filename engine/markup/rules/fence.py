"""Code between fences is coloured; diagrams stay readable text."""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.markup.context import Context, context_of
from engine.markup.highlight import highlight
from engine.markup.parsed import draft
from engine.markup.tags import open_tag
from engine.messages import Message

_CONTAINER = re.compile(r"[ \t>]*")


def use(md: MarkdownIt) -> None:
    """Add the way code is shown, and a look at fences that nobody closed."""
    md.core.ruler.push("unclosed_fence", check)
    md.add_render_rule("fence", render)
    md.add_render_rule("code_block", render)


def check(state: StateCore) -> None:
    """Report fences that end only because the page, or what they stand in, does."""
    lines: list[str] | None = None
    for token in state.tokens:
        if token.type != "fence" or token.map is None:
            continue
        lines = state.src.split("\n") if lines is None else lines
        first, end = token.map
        last = lines[end - 1] if end <= len(lines) else ""
        mark = _CONTAINER.sub("", last, count=1).rstrip()
        closed = end - first > 1 and len(mark) >= len(token.markup) and not mark.strip(token.markup[0])
        if not closed:
            draft(state.env).problem(
                "unclosed-fence",
                Message("The code that begins with %(mark)s is never closed.", mark=token.markup),
                first,
            )


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Show code."""
    token = tokens[index]
    words = unescapeAll(token.info).split(maxsplit=1)
    language = words[0] if words else ""
    context = context_of(env)
    outer = (
        {key: str(value) for key, value in token.attrs.items()} if context and not context.embedded else {}
    )
    if context:
        outer["tabindex"] = "0"  # what may scroll can be reached by keyboard
    if language.lower() == "mermaid" and context:
        return f"{open_tag('pre', {**outer, 'class': 'mermaid-source'})}<code>{escapeHtml(token.content)}</code></pre>\n"
    coloured = _coloured(token.content, language, context) if context and language else None
    code = coloured if coloured is not None else escapeHtml(token.content)
    inner = open_tag("code", {"class": f"language-{language}" if language else None})
    return f"{open_tag('pre', outer)}{inner}{code}</code></pre>\n"


def _coloured(code: str, language: str, context: Context) -> str | None:
    whole = context.whole
    if len(code) > min(whole.limits.highlight_bytes, whole.highlight_left):
        return None
    whole.highlight_left -= len(code)
    return highlight(code, language)
