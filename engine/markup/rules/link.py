"""``[label](target)``: to pages of the wiki as on a git forge, or out into the world."""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from engine.markup.context import Context, context_of
from engine.markup.links import is_external, split_address
from engine.markup.rules.wikilink import EXTERNAL, attributes
from engine.markup.tags import open_tag
from engine.model import LinkKind


def use(md: MarkdownIt) -> None:
    """Add the way links are shown; reading them is CommonMark's."""
    md.add_render_rule("link_open", render)


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Open a link."""
    written = {key: str(value) for key, value in tokens[index].attrs.items()}
    context = context_of(env)
    return open_tag("a", {**written, **(resolved(written.get("href", ""), context) if context else {})})


def resolved(href: str, context: Context) -> dict[str, str | None]:
    """Return the attributes that a link with this address needs."""
    if is_external(href):
        return {"href": href, **EXTERNAL}
    address = split_address(href)
    if address is None:
        return {"href": href}
    reference = context.reference(LinkKind.LINK, address.target, address.fragment, address.query)
    found = attributes(reference, address.target)
    return {key: value for key, value in found.items() if value is not None}
