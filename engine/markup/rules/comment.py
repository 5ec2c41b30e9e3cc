"""``%%comment%%`` is for authors: it is in the file and nowhere else, neither shown nor searched.

A comment that begins a line may span paragraphs. One that is never closed hides all that follows, as a slip
should not publish what was meant to be hidden; the author is told.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

from engine.markup.parsed import draft
from engine.markup.rules import raw_html
from engine.messages import Message

_MARKER = "%%"
# In raw HTML a comment begins outside of tags and of comments of HTML, wherever the sanitizer sees those end.
_IN_HTML = re.compile(
    r"(?P<kept></?[A-Za-z][^<>]*+>|<!--(?:-?>|.*?--!?>|.*))|%%.*?%%",
    re.DOTALL,
)
_OPEN = re.compile(r"(?:(?<=\s)|(?<![\s\S]))%%")


def use(md: MarkdownIt) -> None:
    """Add the rules: one for lines, one within a paragraph, one for raw HTML."""
    md.block.ruler.before(
        "fence", "comment", parse_lines, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    md.inline.ruler.before("escape", "comment", parse)
    md.core.ruler.push("unclosed_comment", check)


def parse(state: StateInline, silent: bool) -> bool:
    """Skip a comment within a paragraph."""
    if not state.src.startswith(_MARKER, state.pos):
        return False
    end = state.src.find(_MARKER, state.pos + 2, state.posMax)
    if end < 0:
        return False
    state.pos = end + 2
    return True


def parse_lines(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Skip a comment that begins a line; what follows its end on the same line is read on."""
    if state.is_code_block(start_line):
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    if not state.src.startswith(_MARKER, start):
        return False
    end = state.src.find(_MARKER, start + 2, state.eMarks[start_line])
    if end >= 0:
        if state.src[end + 2 : state.eMarks[start_line]].strip():
            return False  # words follow: a paragraph that begins with a comment
        if not silent:
            state.line = start_line + 1
        return True
    if silent:
        return True
    for line in range(start_line + 1, end_line):
        begin = state.bMarks[line] + state.tShift[line]
        end = state.src.find(_MARKER, begin, state.eMarks[line])
        if end >= 0:
            _read_on(state, line, end + 2)
            return True
    draft(state.env).problem(
        "unclosed-comment",
        Message("A comment (two percent signs) is never closed; it hides what follows."),
        start_line,
    )
    state.line = end_line
    return True


def check(state: StateCore) -> None:
    """Drop comments in raw HTML; report what looks like a comment but is shown, as it does not end there."""
    if _MARKER not in state.src:
        return
    for token in state.tokens:
        if token.type == "html_block" and _MARKER in token.content:
            token.content = "".join(token.content[start:end] for start, end in kept_in_html(token.content))
            if _OPEN.search(raw_html.words(token.content)):
                message = Message(
                    "A comment (two percent signs) is not closed in its piece of HTML; it is shown."
                )
                draft(state.env).problem("unclosed-comment", message, token.map[0] if token.map else 0)
        if token.type != "inline" or _MARKER not in token.content:
            continue
        if any(child.type == "text" and _OPEN.search(child.content) for child in token.children or ()):
            line = token.map[0] if token.map else 0
            draft(state.env).problem(
                "unclosed-comment",
                Message("A comment (two percent signs) is not closed in its paragraph; it is shown."),
                line,
            )


def kept_in_html(content: str) -> list[tuple[int, int]]:
    """Return the parts of a piece of HTML that are no comments: where each begins and ends."""
    parts: list[tuple[int, int]] = []
    done = 0
    for match in _IN_HTML.finditer(content):
        if match["kept"] is None:
            parts.append((done, match.start()))
            done = match.end()
    return [*parts, (done, len(content))]


def _read_on(state: StateBlock, line: int, position: int) -> None:
    """Continue after *position* on *line*, as if the line began there."""
    rest = state.src[position : state.eMarks[line]]
    if not rest.strip():
        state.line = line + 1
        return
    state.bMarks[line] = position
    state.tShift[line] = len(rest) - len(rest.lstrip(" \t"))
    state.sCount[line] = state.blkIndent
    state.line = line
