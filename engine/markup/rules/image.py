"""``![alt](target)``, also with a size as in ``![alt|200](target)``."""

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from engine.markup.context import Context, context_of
from engine.markup.links import split_address
from engine.markup.plain import plain
from engine.markup.tags import open_tag
from engine.model import LinkKind

# Words that are nothing but a size count as one too, from two digits on.
_SIZE = re.compile(r"(?:\||\A(?=\d\d))(?P<width>\d{1,5})(?:x(?P<height>\d{1,5}))?\Z")


def use(md: MarkdownIt) -> None:
    """Add the way images are shown; reading them is CommonMark's."""
    md.add_render_rule("image", render)


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Show an image, or its words where there is none."""
    token = tokens[index]
    alt = alt_text(token)
    title = str(token.attrs["title"]) if "title" in token.attrs else None
    source = str(token.attrs["src"])
    context = context_of(env)
    if context is None:
        return (
            open_tag(
                "img",
                {"src": source, "alt": self.renderInlineAsText(token.children, options, env), "title": title},
            )[:-1]
            + " />"
        )
    found = resolved(source, context)
    if found is None:
        name = unquote(source)
        lost = {"class": "missing", "title": f"No file {name}"}
        return f"{open_tag('span', lost)}{escapeHtml(alt or name)}</span>"
    size = _SIZE.search(plain(token.children))
    attributes = {"src": found, "alt": alt, "title": title}
    attributes |= {"width": size["width"], "height": size["height"]} if size else {}
    return open_tag("img", attributes | {"loading": "lazy"})


def alt_text(token: Token) -> str:
    """Return the words for an image, without its size."""
    return _SIZE.sub("", plain(token.children))


def resolved(source: str, context: Context) -> str | None:
    """Return the address of an image; ``None`` when the wiki has none of that name."""
    address = split_address(source)
    if address is None or not address.target:
        return source
    reference = context.reference(LinkKind.IMAGE, address.target, address.fragment, address.query)
    return None if reference.missing else reference.href
