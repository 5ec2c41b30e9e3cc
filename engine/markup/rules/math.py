"""``$formula$`` and ``$$formula$$`` become MathML.

A dollar sign opens a formula when no space follows it, and closes it when no space stands before it and no digit
behind it, so ``$5 and $10`` is money.

Source:
    Pandoc's Manual, extension ``tex_math_dollars``.
"""

import html
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from engine.markup.parsed import Draft, draft
from engine.messages import Message

_DISPLAY = re.compile(r"\$\$(?P<formula>(?:[^$\\]|\\[\s\S])+)\$\$")
_INLINE = re.compile(r"\$(?P<formula>(?![\s$])(?:[^$\\]|\\[\s\S])*(?<!\s))\$(?!\d)")
# Macros can be written that grow without end, so none are defined.
_MACRO = re.compile(r"\\(?:newcommand|renewcommand|providecommand|def|let|gdef|edef|xdef)(?![A-Za-z])")


def use(md: MarkdownIt) -> None:
    """Add the rules: display formulas on lines of their own, and formulas within text."""
    md.block.ruler.before(
        "fence", "math_block", parse_lines, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    md.inline.ruler.before("escape", "math", parse)
    md.core.ruler.push("math", convert)
    md.add_render_rule("math_inline", render)
    md.add_render_rule("math_block", render)


def parse(state: StateInline, silent: bool) -> bool:
    """Read a formula within text."""
    if state.src[state.pos] != "$":
        return False
    display = _DISPLAY.match(state.src, state.pos, state.posMax)
    match = display or _INLINE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content = match["formula"].strip()
        token.markup = "$$" if display else "$"
    state.pos = match.end()
    return True


def parse_lines(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Read a display formula that begins a line, up to the ``$$`` that ends the same or a later line."""
    if state.is_code_block(start_line):
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    if not state.src.startswith("$$", start):
        return False
    first = state.src[start + 2 : state.eMarks[start_line]].rstrip()
    if "$$" in first:
        if first.index("$$") != len(first) - 2 or not first[:-2].strip():
            return False
        last_line, formula = start_line, first[:-2]
    else:
        closing = _closing(state, start_line + 1, end_line)
        if closing is None:
            return False
        last_line = closing
        last = state.getLines(last_line, last_line + 1, state.blkIndent, False).rstrip()[:-2]
        middle = state.getLines(start_line + 1, last_line, state.blkIndent, True)
        formula = f"{first}\n{middle}{last}"
    if not silent:
        token = state.push("math_block", "math", 0)
        token.content = formula.strip()
        token.markup = "$$"
        token.map = [start_line, last_line + 1]
        state.line = last_line + 1
    return True


def _closing(state: StateBlock, first_line: int, end_line: int) -> int | None:
    """Find the next line with ``$$``; it closes the formula if it ends so."""
    for line in range(first_line, end_line):
        begin = state.bMarks[line] + state.tShift[line]
        end = state.eMarks[line]
        if begin < end and state.sCount[line] < state.blkIndent:
            return None
        found = state.src.find("$$", begin, end)
        if found >= 0:
            return line if not state.src[found + 2 : end].strip() else None
    return None


def convert(state: StateCore) -> None:
    """Work the formulas out once; both scanning and rendering need to know which are odd."""
    notepad = draft(state.env)
    for token in state.tokens:
        if token.type == "math_block":
            _convert(token, notepad, token.map[0] if token.map else 0)
        elif token.type == "inline" and "$" in token.content:
            for child in token.children or ():
                if child.type == "math_inline":
                    _convert(child, notepad, token.map[0] if token.map else 0)
    for children in notepad.inline_notes.values():
        for child in children:
            if child.type == "math_inline":
                _convert(child, notepad, 0)


def _convert(token: Token, notepad: Draft, line: int) -> None:
    if notepad.math_left is None:
        notepad.math_left = notepad.limits.math_total
    notepad.math_left -= len(token.content)
    if len(token.content) > notepad.limits.math_characters or notepad.math_left < 0:
        notepad.problem(
            "large-math", Message("A formula is too long to be drawn; it is shown as code."), line
        )
        return
    mathml = to_mathml(token.content, display=token.markup == "$$")
    if mathml is None:
        notepad.problem(
            "bad-math", Message("This formula cannot be read: %(formula)s", formula=token.content[:80]), line
        )
    else:
        token.meta = {"mathml": mathml}


def to_mathml(formula: str, *, display: bool) -> str | None:
    """Convert LaTeX to MathML; ``None`` when it cannot be read."""
    if _MACRO.search(formula):
        return None
    try:
        element = convert_to_element(formula, display="block" if display else "inline")
        for node in element.iter():
            node.text = html.unescape(node.text) if node.text else node.text
        return ElementTree.tostring(element, encoding="unicode")
    except Exception:  # the converter raises whatever its parts raise, also on plain typing errors
        return None


def render(self: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Show a formula, or its source where it could not be read."""
    token = tokens[index]
    shown = token.meta.get("mathml") or f'<code class="bad-math">{escapeHtml(token.content)}</code>'
    if token.type == "math_block":
        return f'<div class="math" tabindex="0"{self.renderAttrs(token)}>{shown}</div>\n'
    return f'<span class="math">{shown}</span>'
