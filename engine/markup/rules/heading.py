"""Headings get anchors made from their words."""

from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.markup.context import context_of
from engine.markup.parsed import draft
from engine.markup.plain import plain
from engine.markup.slug import Slugger, slug
from engine.markup.tags import open_tag


def use(md: MarkdownIt) -> None:
    """Add the rule, which needs the notes in their place."""
    md.core.ruler.push("heading_anchor", anchor)
    md.add_render_rule("heading_open", render)


def anchor(state: StateCore) -> None:
    """Give each heading its anchor."""
    anchors = Slugger()
    for note in draft(state.env).notes:
        anchors.unique(f"note-{note.anchor}")
    for token, inline in headings(state.tokens):
        words = slug(plain(inline.children))
        token.meta = {"slug": words, "anchor": anchors.unique(words)}
    for token in state.tokens:
        if token.type == "note_list" and token.meta["title"] is not None:
            token.meta["anchor"] = anchors.unique(slug(token.meta["title"]))


def headings(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """Go through the headings in the order in which they are shown, each with its inline token."""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            yield token, tokens[index + 1]
        elif token.type == "note_list":
            for note in token.meta["notes"]:
                yield from headings(note.tokens)


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open a heading; only those of the page itself can be pointed at."""
    token = tokens[index]
    context = context_of(env)
    if context is None or context.embedded:
        return open_tag(token.tag, {})
    return open_tag(token.tag, {"id": token.meta["anchor"]})
