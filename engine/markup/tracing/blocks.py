"""Blocks: where their texts stand, and where the addresses of definitions do."""

from collections.abc import Callable
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from engine.markup.cuts import BLANKS, Cut, Lines, Piece
from engine.markup.rules import comment
from engine.markup.tracing.trace import Spot, address, trace_of, wrap


def use(md: MarkdownIt) -> None:
    """Ask the rules of blocks, and those that change blocks before their words are read, or after."""
    for name, rule in (("reference", _reference), ("table", _table), ("heading", _heading)):
        wrap(md.block.ruler, name, rule)
    for name, core in (("block", _blocks), ("callout", _callouts), ("unclosed_comment", _comments)):
        wrap(md.core.ruler, name, core)


def _blocks(inner: Callable[[StateCore], None], state: StateCore) -> None:
    """Find out where the texts of blocks stand, but for those that rules of blocks have noted themselves."""
    inner(state)
    trace = trace_of(state.env)
    if trace is None:
        return
    lines = Lines(state.src)
    for token in state.tokens:
        if token.type in {"inline", "html_block"} and token.map and id(token) not in trace.cuts:
            first, end = token.map
            cut = lines.cut(token.content, first, max(end, first + 1))
            if cut is not None:
                trace.cuts[id(token)] = cut


def _heading(inner: Any, state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    before = len(state.tokens)
    if not inner(state, line, end_line, silent):
        return False
    trace = trace_of(state.env)
    if trace is not None and not silent:
        opening, words = state.tokens[before : before + 2]
        start = state.bMarks[line] + state.tShift[line] + len(opening.markup)
        rest = state.src[start : state.eMarks[line]]
        start += len(rest) - len(rest.lstrip(BLANKS))
        if words.content and state.src.startswith(words.content, start):
            pieces = (Piece(0, start, len(words.content)),)
            trace.cuts[id(words)] = Cut(state.src, words.content, pieces)
    return True


def _table(inner: Any, state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    before = len(state.tokens)
    if not inner(state, line, end_line, silent):
        return False
    trace = trace_of(state.env)
    if trace is None or silent:
        return True
    cells: list[Cut] = []
    column = 0
    for token in state.tokens[before:]:
        if token.type == "tr_open" and token.map:
            row = token.map[0]
            start = state.bMarks[row] + state.tShift[row]
            cells, column = _cells(state.src, start, state.eMarks[row]), 0
        elif token.type == "inline":
            if column < len(cells) and cells[column].text == token.content:
                trace.cuts[id(token)] = cells[column]
            column += 1
    return True


def _cells(source: str, start: int, end: int) -> list[Cut]:
    r"""Split a row into cells as markdown-it does, but for ``\|``, which is left to `_cell`."""
    row = source[start:end]
    start += len(row) - len(row.lstrip(BLANKS))
    end = start + len(row.strip(BLANKS))
    bounds = [start]
    escaped = False
    for position in range(start, end):
        if source[position] == "|" and not escaped:
            bounds += (position, position + 1)
        escaped = source[position] == "\\"
    bounds.append(end)
    spans = list(zip(bounds[::2], bounds[1::2], strict=True))
    if spans[0][0] == spans[0][1]:
        spans.pop(0)
    if spans and spans[-1][0] == spans[-1][1]:
        spans.pop()
    return [_cell(source, *span) for span in spans]


def _cell(source: str, start: int, end: int) -> Cut:
    raw = source[start:end]
    start += len(raw) - len(raw.lstrip(BLANKS))
    parts = raw.strip(BLANKS).split("\\|")
    pieces: list[Piece] = []
    at = 0
    for number, part in enumerate(parts):
        # All but the first begin with a "|" that lost its backslash.
        text = part if number == 0 else f"|{part}"
        start += 1 if number else 0
        if text:
            pieces.append(Piece(at, start, len(text)))
        at += len(text)
        start += len(text)
    return Cut(source, "|".join(parts), tuple(pieces), piped=True)


def _reference(inner: Any, state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    known = len(state.env.get("references", ()))
    if not inner(state, line, end_line, silent):
        return False
    trace = trace_of(state.env)
    if trace is not None and not silent and len(state.env["references"]) > known:
        label, definition = next(reversed(state.env["references"].items()))
        trace.definitions[label] = _destination(state, line, definition["href"])
    return True


def _destination(state: StateBlock, line: int, href: str) -> Spot | None:
    """Return where the address of a definition stands that begins on *line* and ended before ``state.line``."""
    text = ""
    pieces: list[Piece] = []
    for each in range(line, state.line):
        start = state.bMarks[each] + state.tShift[each]
        part = state.src[start : state.eMarks[each] + 1]
        pieces.append(Piece(len(text), start, len(part)))
        text += part
    position = 1
    while position < len(text) and text[position] != "]":
        position += 2 if text[position] == "\\" else 1
    return address(state.md, Cut(state.src, text, tuple(pieces)), position + 2, href)


def _callouts(inner: Callable[[StateCore], None], state: StateCore) -> None:
    trace = trace_of(state.env)
    first: dict[int, Token] = {}  # by the identity of a quote's token: the words that it begins with
    for position, token in enumerate(state.tokens):
        if token.type == "blockquote_open" and position + 2 < len(state.tokens):
            first[id(token)] = state.tokens[position + 2]
    inner(state)
    if trace is None:
        return
    for position, token in enumerate(state.tokens):
        if token.type != "callout_open" or (words := first.get(id(token))) is None:
            continue
        cut = trace.cuts.pop(id(words), None)
        title = state.tokens[position + 2]
        if cut is None:
            continue
        end = len(cut.text.partition("\n")[0].rstrip())
        trace.cuts[id(title)] = cut.part(end - len(title.content), end)
        trace.cuts[id(words)] = cut.part(len(cut.text) - len(words.content), len(cut.text))


def _comments(inner: Callable[[StateCore], None], state: StateCore) -> None:
    trace = trace_of(state.env)
    before = {id(token): token.content for token in state.tokens if token.type == "html_block"}
    inner(state)
    for token in state.tokens if trace is not None else ():
        if token.type == "html_block" and token.content != before[id(token)]:
            cut = trace.cuts.get(id(token)) if trace else None
            if trace is not None and cut is not None:
                trace.cuts[id(token)] = cut.joined(comment.kept_in_html(cut.text))
