"""Reading notes: ``[^label]``, its definition ``[^label]: text``, and the inline ``^[text]``."""

import hashlib
import re

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from engine.markup.parsed import draft

_DEFINITION = re.compile(r"\[\^(?P<label>[^\s\[\]]{1,200})\]:[ \t]*")
_USE = re.compile(r"\[\^(?P<label>[^\s\[\]]{1,200})\]")
_DIGEST = 4  # bytes of the digest that names an inline note


def use(md: MarkdownIt) -> None:
    """Add the rules."""
    md.block.ruler.before(
        "reference", "note_definition", parse_definition, {"alt": ["paragraph", "reference"]}
    )
    md.inline.ruler.after("image", "inline_note", parse_inline)
    md.inline.ruler.after("image", "note_use", parse_use)
    # In nested text escaped characters stay tokens of their own; elsewhere markdown-it joins them to the text.
    md.add_render_rule("text_special", RendererHTML.text)


def parse_definition(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Read a definition: the rest of its line, and the lines after it that are indented by four."""
    if state.is_code_block(start_line):
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    match = _DEFINITION.match(state.src, start, state.eMarks[start_line])
    if match is None:
        return False
    if silent:
        return True
    lines = [start_line, start_line]
    token = state.push("note_open", "", 1)
    token.meta = {"label": match["label"]}
    token.map = lines
    before = state.bMarks[start_line], state.tShift[start_line], state.sCount[start_line], state.parentType
    state.blkIndent += 4
    state.bMarks[start_line], state.tShift[start_line] = match.end(), 0
    state.sCount[start_line] = state.blkIndent
    state.parentType = "note"
    state.md.block.tokenize(state, start_line, end_line)
    state.blkIndent -= 4
    state.bMarks[start_line], state.tShift[start_line], state.sCount[start_line], state.parentType = before
    lines[1] = state.line
    state.push("note_close", "", -1)
    return True


def parse_use(state: StateInline, silent: bool) -> bool:
    """Read ``[^label]``; whether such a note exists is seen when the whole page is read."""
    if state.src[state.pos] != "[":
        return False
    match = _USE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("note", "sup", 0)
        token.meta = {"label": match["label"], "link": state.linkLevel > 0}
    state.pos = match.end()
    return True


def parse_inline(state: StateInline, silent: bool) -> bool:
    """Read ``^[text]``. Its anchor comes from what it says, so that it stays when notes are added before it."""
    if not state.src.startswith("^[", state.pos):
        return False
    end = state.md.helpers.parseLinkLabel(state, state.pos + 1)
    if end < 0:
        return False
    text = state.src[state.pos + 2 : end].strip()
    if not text:
        return False
    if not silent:
        digest = hashlib.blake2s(text.encode(), digest_size=_DIGEST).hexdigest()
        token = state.push("note", "sup", 0)
        token.meta = {"label": digest, "inline": True, "link": state.linkLevel > 0}
        said = draft(state.env).inline_notes
        if digest not in said:
            children = said[digest] = []
            state.md.inline.parse(text, state.md, state.env, children)
    state.pos = end + 1
    return True


def paragraph(children: list[Token]) -> list[Token]:
    """Wrap what an inline note says in a paragraph."""
    tokens = [Token("paragraph_open", "p", 1), Token("inline", "", 0), Token("paragraph_close", "p", -1)]
    for token in tokens:
        token.block = True
    tokens[1].level, tokens[1].children = 1, children
    return tokens
