"""``[[Page]]``, ``[[Page|label]]``, ``[[Page#Heading]]``, ``[[#Heading]]``, ``[[Page#^block]]``."""

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from engine.markup.context import Reference, context_of
from engine.markup.links import is_external
from engine.markup.media import is_media
from engine.markup.tags import open_tag
from engine.model import LinkKind

EXTERNAL = {"class": "external", "rel": "noopener nofollow"}
"""Attributes of links that leave the site."""

WIKILINK = re.compile(
    r"\[\[(?P<target>[^\[\]|#\n]*)(?:#(?P<fragment>[^\[\]|\n]*))?(?:\|(?P<label>[^\[\]\n]*))?\]\]"
)


def use(md: MarkdownIt) -> None:
    """Add the rule. It comes after plain links, so that ``[[1]](address)`` stays one."""
    md.inline.ruler.after("link", "wikilink", parse)
    md.add_render_rule("wikilink", render)


def match_target(state: StateInline, position: int) -> re.Match[str] | None:
    """Match a wikilink that names something."""
    match = WIKILINK.match(state.src, position, state.posMax)
    if match is None or not (clean(match["target"]) or clean(match["fragment"])):
        return None
    return match


def clean(part: str | None) -> str:
    """Trim a part of a wikilink; before ``|`` a backslash may stand that kept a table from splitting there."""
    return (part or "").strip().removesuffix("\\").rstrip()


def parse(state: StateInline, silent: bool) -> bool:
    """Read a wikilink."""
    if state.src[state.pos] != "[" or state.linkLevel:
        return False
    match = match_target(state, state.pos)
    if match is None:
        return False
    if not silent:
        target, fragment = clean(match["target"]), clean(match["fragment"])
        token = state.push("wikilink", "a", 0)
        token.meta = {"target": target, "fragment": fragment}
        token.content = (match["label"] or "").strip() or shown(target, fragment)
    state.pos = match.end()
    return True


def shown(target: str, fragment: str) -> str:
    """Return what a link without a label shows: ``Page > Heading``."""
    return " > ".join(part for part in (target, *fragment.split("#")) if part)


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Link to the page, or to where it would be made."""
    token = tokens[index]
    target: str = token.meta["target"]
    context = context_of(env)
    if context is None or "://" in target:
        href = target + (f"#{token.meta['fragment']}" if token.meta["fragment"] else "")
        written = {"href": href, **(EXTERNAL if is_external(href) else {})}
        return f"{open_tag('a', written)}{escapeHtml(token.content)}</a>"
    reference = context.reference(LinkKind.WIKILINK, target, token.meta["fragment"])
    return f"{open_tag('a', attributes(reference, target, 'wikilink'))}{escapeHtml(token.content)}</a>"


def attributes(reference: Reference, target: str, name: str | None = None) -> dict[str, str | None]:
    """Return the attributes of a link after resolution; *name* is the class of one that leads somewhere."""
    if reference.missing:
        kind = "file" if is_media(target) else "page"
        return {"class": "missing", "href": reference.href, "title": f"No {kind} {target}"}
    return {"class": name, "href": reference.href}
