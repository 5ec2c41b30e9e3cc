"""`` ^id`` at the end of a block, or alone on the line after one, lets other pages point at that block."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.markup.parsed import Draft, draft
from engine.messages import Message

_ID = re.compile(r"(?:(?<=\s)|(?<![\s\S]))\^(?P<id>[A-Za-z0-9-]+)\Z")
# What an id may follow without a space between.
_MAY_PRECEDE = frozenset({"softbreak", "hardbreak", "embed", "image"})
_LONGEST = 200  # characters of an id


def use(md: MarkdownIt) -> None:
    """Add the rule, which looks at the last words of paragraphs."""
    md.core.ruler.push("block_id", mark)


def mark(state: StateCore) -> None:
    """Take ids off the text and put them on the blocks that they name."""
    if "^" not in state.src:
        return
    notepad = draft(state.env)
    seen: set[str] = set()
    kept: list[Token] = []
    opened: list[int] = []  # positions in `kept` of blocks that are open
    closed: dict[int, int] = {}  # level -> position in `kept` of the block that was last closed there
    for token in state.tokens:
        if token.nesting == 1:
            opened.append(len(kept))
        kept.append(token)
        if token.nesting == 0 and token.type != "inline":
            closed[token.level] = len(kept) - 1
        if token.nesting != -1:
            continue
        start = opened.pop()
        if token.type == "paragraph_close" and (found := _take(kept[start + 1])) is not None:
            owner = _owner(kept, start, closed)
            if not kept[start + 1].children and owner is not kept[start]:
                del kept[start:]
            if owner is not None:
                _name(owner, found, seen, notepad)
        if start < len(kept):
            closed[token.level] = start
            closed.pop(token.level + 1, None)
    state.tokens = kept


def _take(inline: Token) -> str | None:
    """Remove the id that ends a paragraph, and return it."""
    children = inline.children
    if not children or children[-1].type != "text":
        return None
    last = children[-1]
    match = _ID.search(last.content, max(0, len(last.content) - _LONGEST))
    if match is None:
        return None
    if match.start() == 0 and len(children) > 1 and children[-2].type not in _MAY_PRECEDE:
        return None
    last.content = last.content[: match.start()].rstrip()
    if not last.content:
        children.pop()
    while children and children[-1].type in {"softbreak", "hardbreak"}:
        children.pop()
    return match["id"]


def _owner(kept: Sequence[Token], start: int, closed: dict[int, int]) -> Token | None:
    """Return the token that bears the id of the paragraph which starts at *start*."""
    paragraph = kept[start]
    if not kept[start + 1].children:  # alone on its line: it names the block before
        before = closed.get(paragraph.level)
        return kept[before] if before is not None else None
    if start and kept[start - 1].type == "list_item_open":
        return kept[start - 1]
    return paragraph


def _name(owner: Token, name: str, seen: set[str], notepad: Draft) -> None:
    line = owner.map[0] if owner.map else 0
    if name in seen:
        notepad.problem("duplicate-block", Message("The block id ^%(name)s is used twice.", name=name), line)
        return
    seen.add(name)
    owner.attrs["id"] = f"^{name}"
