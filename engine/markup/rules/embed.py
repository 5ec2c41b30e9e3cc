"""``![[Page]]``, ``![[Page#Section]]``, ``![[Page#^block]]`` and ``![[image.png|300]]`` show another file in place.

How deep and how much is bounded; a page that would embed itself shows a note instead.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from engine.markup.context import Context, Reference, Whole, context_of, env_for, is_page
from engine.markup.media import is_media, render_media
from engine.markup.parsed import Parsed
from engine.markup.rules import note_list
from engine.markup.rules.wikilink import attributes, clean, match_target, shown
from engine.markup.sections import select
from engine.markup.tags import open_tag
from engine.markup.words import why_not_embedded
from engine.messages import Message
from engine.model import LinkKind, Target

_COST = 1000  # characters that an embed counts at least, so that many small ones are bounded too
_GROWTH = 4  # HTML that embeds may become, as a multiple of the text that they may bring in
_SIZE = re.compile(r"(?P<width>\d{1,5})(?:x(?P<height>\d{1,5}))?")


def use(md: MarkdownIt) -> None:
    """Add the rules: embeds within text, and those alone in their paragraph, which are blocks."""
    md.inline.ruler.after("image", "embed", parse)
    md.core.ruler.push("embed", lift)
    md.add_render_rule("embed", render)


def parse(state: StateInline, silent: bool) -> bool:
    """Read an embed."""
    if not state.src.startswith("![[", state.pos):
        return False
    match = match_target(state, state.pos + 1)
    if match is None:
        return False
    if not silent:
        target, fragment = clean(match["target"]), clean(match["fragment"])
        *words, last = (match["label"] or "").split("|")
        size = _SIZE.fullmatch(last.strip())
        label = "|".join(words if size else (*words, last)).strip()
        token = state.push("embed", "", 0)
        token.content = label or shown(target, fragment)
        token.meta = {"target": target, "fragment": fragment, "label": label, "line": 0}
        token.meta |= {"width": size["width"], "height": size["height"]} if size else {}
    state.pos = match.end()
    return True


def lift(state: StateCore) -> None:
    """Turn embedded pages that stand on lines of their own into blocks, between what is left of their paragraph."""
    if "![[" not in state.src:
        return
    lifted: list[Token] = []
    for token in state.tokens:
        lifted.append(token)
        if token.type != "paragraph_close" or len(lifted) < 3:
            continue
        children = lifted[-2].children or ()
        if any(child.type == "embed" for child in children):
            lifted[-3:] = _split(*lifted[-3:])
    state.tokens = lifted


def _split(opening: Token, inline: Token, closing: Token) -> list[Token]:
    """Split a paragraph into shorter ones and blocks; return it as it was where it holds no embed to lift."""
    tokens: list[Token] = []
    words: list[Token] = []  # of a paragraph between embeds

    def end_paragraph() -> None:
        while words and "break" in words[-1].type:
            words.pop()
        if words:
            part = replace(inline, children=list(words))
            tokens.extend((replace(opening, attrs={}), part, closing))
            words.clear()

    first = inline.map[0] if inline.map else 0
    for number, line in enumerate(_lines(inline.children or ())):
        embeds = [child for child in line if child.type == "embed"]
        for embed in embeds:
            embed.meta["line"] = first + number
        if embeds and all(map(_is_lone, line)):
            end_paragraph()
            for embed in embeds:
                embed.block, embed.level, embed.map = True, opening.level, opening.map
            tokens += embeds
        else:
            words += line
    if not any(token.type == "embed" for token in tokens):
        return [opening, inline, closing]
    end_paragraph()
    # A block's id is written at its end, and stands for its last part.
    tokens[-3 if tokens[-1] is closing else -1].attrs |= opening.attrs
    return tokens


def _lines(children: Sequence[Token]) -> list[list[Token]]:
    """Split inline tokens into lines, each with the break that ends it, but not within emphasis or links."""
    lines: list[list[Token]] = [[]]
    depth = 0
    for child in children:
        depth += child.nesting
        lines[-1].append(child)
        if depth == 0 and child.type in {"softbreak", "hardbreak"}:
            lines.append([])
    return lines


def _is_lone(child: Token) -> bool:
    if child.type == "embed":
        return not is_media(child.meta["target"])
    return child.type in {"softbreak", "hardbreak"} or (child.type == "text" and not child.content.strip())


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Show the file, or say why it cannot be shown."""
    token = tokens[index]
    target, fragment = token.meta["target"], token.meta["fragment"]
    context = context_of(env)
    if context is None:
        return f"{open_tag('a', {'href': target})}{escapeHtml(token.content)}</a>"
    reference = context.reference(LinkKind.EMBED, target, fragment)
    if reference.missing:
        context.problem(
            "missing-embed", Message("There is no %(page)s to embed.", page=target), token.meta["line"]
        )
        return _note(token, reference, "missing")
    if reference.target is not None and not is_page(reference.target):
        return render_media(token, reference.href, reference.target.name.path)
    if not token.block:
        return _link(token, reference)
    return _page(self, token, reference, context, options)


def _page(self: RendererHTML, token: Token, reference: Reference, context: Context, options: Any) -> str:
    """Show a page, or a part of it, as a block."""
    fragment: str = token.meta["fragment"]
    line: int = token.meta["line"]
    page = reference.target.name.id if reference.target else context.page
    if (str(page), fragment) in context.chain:
        context.problem("embed-cycle", Message("%(page)s would embed itself here.", page=str(page)), line)
        return _note(token, reference, "embed-cycle", why_not_embedded("embed-cycle", context.whole.lang))
    if len(context.chain) > context.whole.limits.embed_depth:
        context.problem(
            "embed-depth", Message("%(page)s is embedded too deep to be shown.", page=str(page)), line
        )
        return _note(token, reference, "embed-cut", why_not_embedded("embed-depth", context.whole.lang))
    whole = context.whole
    parsed = _parsed(reference.target, context) if reference.target else _itself(context)
    chosen = select(parsed.tokens, fragment) if parsed is not None else None
    if parsed is not None and chosen is None:
        context.problem(
            "missing-embed",
            Message("%(page)s has no %(part)s to embed.", page=str(page), part=fragment),
            line,
        )
        return _note(token, reference, "missing")
    if parsed is None or chosen is None or (reference.target is None and not _take(whole, _length(chosen))):
        return _too_much(token, reference, context, str(page))
    written = whole.embeds_written
    inner = context.within(page, parsed, fragment)
    chosen = note_list.without_ids(chosen)
    body = self.render(chosen, options, env_for(inner))
    if fragment:
        body += note_list.render_used(self, chosen, options, env_for(inner))
    part = "" if fragment.startswith("^") else fragment
    name = reference.target.title or str(page) if reference.target else ""
    title = token.meta["label"] or shown(name, part) or str(page)
    link = open_tag("a", {"class": "wikilink", "href": reference.href})
    heading = f'<p class="embed-title">{link}{escapeHtml(title)}</a></p>'
    identity = str(token.attrs["id"]) if "id" in token.attrs and not context.embedded else None
    html = f"{open_tag('div', {'class': 'embed', 'id': identity})}\n{heading}\n{body}</div>\n"
    whole.embeds_written = written + len(html)  # the embeds within it are part of it
    if whole.embeds_written > _GROWTH * whole.limits.embed_bytes:
        whole.embed_left = -1  # what was written in vain was work too: no more of it
        return _too_much(token, reference, context, str(page))
    return html


def _parsed(target: Target, context: Context) -> Parsed | None:
    """Return the page to embed; ``None`` when it cannot be read or the bound is reached."""
    whole = context.whole
    path = target.name.path
    if whole.embed_left < 0:
        return None
    if path in whole.parsed and (known := whole.parsed[path]) is None:
        return None
    if path not in whole.parsed:
        text = whole.linker.text(target)
        known = whole.parsed[path] = (
            None if text is None or len(text) > whole.embed_left else whole.parse(text)
        )
        if text is None or known is None:
            return None
        whole.sizes[path] = len(text)
    return known if _take(whole, max(_COST, whole.sizes[path])) else None


def _itself(context: Context) -> Parsed | None:
    """Return the page whose text this is; ``None`` when the bound is reached."""
    return context.parsed if _take(context.whole, _COST) else None


def _take(whole: Whole, size: int) -> bool:
    """Count what an embed brings in; return whether it is within the bound."""
    whole.embed_left -= size
    return whole.embed_left >= 0


def _length(tokens: Sequence[Token]) -> int:
    """Return about how many characters a part of a page is written with, beyond what every embed counts."""
    return max(0, sum(len(token.content) + 1 for token in tokens) - _COST)


def _too_much(token: Token, reference: Reference, context: Context, page: str) -> str:
    context.problem(
        "embed-size",
        Message("%(page)s cannot be shown here, or would be too much.", page=page),
        token.meta["line"],
    )
    return _note(token, reference, "embed-cut", why_not_embedded("embed-size", context.whole.lang))


def _note(token: Token, reference: Reference, name: str, said: str = "") -> str:
    """Say in place of an embed why it is not shown."""
    link = _link(token, reference)
    return f'<p class="{name}">{link}{" " if said else ""}{said}</p>\n' if token.block else link


def _link(token: Token, reference: Reference) -> str:
    name = attributes(reference, token.meta["target"], "wikilink")
    return f"{open_tag('a', name)}{escapeHtml(token.content)}</a>"
