"""``#tag`` within text."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

# Letters and digits of every script, "_", "-" and "/"; beyond ASCII also marks and symbols such as emoji.
_TAG = re.compile(r"#(?P<name>(?:[\w/-]|[^\x00-\x7f\s])+)")


def use(md: MarkdownIt) -> None:
    """Add the rule."""
    md.inline.ruler.before("emphasis", "tag", parse)
    md.add_render_rule("tag", render)


def parse(state: StateInline, silent: bool) -> bool:
    """Read a tag after a space or at the start; ``#12`` is a number, not a tag."""
    pos = state.pos
    if state.src[pos] != "#" or state.linkLevel or (pos and not state.src[pos - 1].isspace()):
        return False
    match = _TAG.match(state.src, pos, state.posMax)
    name = tag_name(match["name"]) if match else ""
    if not name:
        return False
    if not silent:
        token = state.push("tag", "span", 0)
        token.content = f"#{name}"
        token.meta = {"name": name}
    state.pos = pos + 1 + len(name)
    return True


def tag_name(text: str) -> str:
    """Return the tag that *text* begins with, empty when it does not name one; a slash stands between two parts only."""
    for position, character in enumerate(text):
        if character not in "_-/" and unicodedata.category(character)[0] in "PZC":
            text = text[:position]
            break
    text = text.rstrip("/")
    return "" if text.startswith("/") or not text.strip("0123456789/_-") else text


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Show a tag as typed."""
    return f'<span class="tag">{escapeHtml(tokens[index].content)}</span>'
