"""A parser of the dialect that also notes where links are written. Slower than the other, and else the same.

Tokens of text carry no positions. So blocks are cut out of the source with the place of each of their characters (see
`engine.markup.cuts`), and every rule that makes a link is asked, right after it has made one, where its target stands.

::

    block     paragraphs, headings, cells, HTML ── Cut ──┐        definitions ── Spot
    callout   cuts its head off ── Cut ──────────────────┤
    inline    link  image  wikilink  embed  html  note <─┘──> Spot, in the ``meta`` of the link's token
"""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.ruler import Ruler
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from engine.markup.cuts import BLANKS, Cut, Lines, Piece
from engine.markup.limits import Limits
from engine.markup.parsed import draft
from engine.markup.parser import dialect, text_parser
from engine.markup.rules import comment
from engine.markup.rules.wikilink import WIKILINK

_TRACE = "trace"
_SPOTS = "spots"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the address of a link, or what stands between the brackets of a wikilink, is written."""

    cut: Cut
    start: int  # in the cut
    end: int


@dataclass(slots=True)
class Trace:
    """What is noted while one page is parsed. It travels in markdown-it's ``env``."""

    cut: Cut | None = None  # of the text that is being parsed; None where nothing is to be noted
    cuts: dict[int, Cut] = field(default_factory=dict)  # by the identity of a block's token
    definitions: dict[str, Spot | None] = field(default_factory=dict)  # by label, as markdown-it has it
    repeated: list[tuple[list[Token], list[Token]]] = field(default_factory=list)
    """Inline notes that say the same: the tokens of the first, which are shown, and those of another one."""


def tracing(limits: Limits) -> MarkdownIt:
    """Make a parser that notes where links are written, in a `Trace`."""
    md = dialect(limits)
    md.options["store_labels"] = True  # tells links by reference from others
    _wrap(md.block.ruler, "reference", _reference)
    _wrap(md.block.ruler, "table", _table)
    _wrap(md.block.ruler, "heading", _heading)
    for name, rule in _INLINE.items():
        _wrap(md.inline.ruler, name, rule)
    _wrap(md.core.ruler, "block", _blocks)
    _wrap(md.core.ruler, "callout", _callouts)
    _wrap(md.core.ruler, "unclosed_comment", _comments)
    within = text_parser(md)
    md.core.ruler.at("inline", lambda state: _inline(state, within))
    md.render("*a*")  # builds its chains of rules, so that threads may share it from here on
    return md


def with_trace(env: MutableMapping[str, Any]) -> Trace:
    """Put a trace into *env*, and return it."""
    made = env[_TRACE] = Trace()
    return made


def spots(token: Token) -> Sequence[Spot | None]:
    """Return where a link is written: several places for what stands in equal notes, ``None`` for an unknown one."""
    found: Sequence[Spot | None] = token.meta.get(_SPOTS, ())
    return found


def _wrap(ruler: Ruler[Any], name: str, around: Callable[..., Any]) -> None:
    """Let *around* be called in the place of a rule, with the rule before its arguments."""
    rule = next(rule for rule in ruler.__rules__ if rule.name == name)
    inner = rule.fn
    ruler.at(name, lambda *arguments: around(inner, *arguments), {"alt": rule.alt})


# -- blocks


def _blocks(inner: Callable[[StateCore], None], state: StateCore) -> None:
    """Find out where the texts of blocks stand, but for those that rules of blocks have noted themselves."""
    inner(state)
    trace: Trace | None = state.env.get(_TRACE)
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
    trace: Trace | None = state.env.get(_TRACE)
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
    trace: Trace | None = state.env.get(_TRACE)
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
    trace: Trace | None = state.env.get(_TRACE)
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
    return _address(state, Cut(state.src, text, tuple(pieces)), position + 2, href)


def _address(state: StateBlock | StateInline, cut: Cut, position: int, href: str) -> Spot | None:
    """Return where the address stands that follows *position*, if it is the one that was read as *href*."""
    while position < len(cut.text) and cut.text[position] in " \t\n":
        position += 1
    found = state.md.helpers.parseLinkDestination(cut.text, position, len(cut.text))
    if not found.ok or state.md.normalizeLink(found.str) != href:
        return None
    return Spot(cut, position, found.pos)


# -- what changes blocks before their words are read, or after


def _callouts(inner: Callable[[StateCore], None], state: StateCore) -> None:
    trace: Trace | None = state.env.get(_TRACE)
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
    trace: Trace | None = state.env.get(_TRACE)
    before = {id(token): token.content for token in state.tokens if token.type == "html_block"}
    inner(state)
    for token in state.tokens if trace is not None else ():
        if token.type == "html_block" and token.content != before[id(token)]:
            cut = trace.cuts.get(id(token)) if trace else None
            if trace is not None and cut is not None:
                trace.cuts[id(token)] = cut.joined(comment.kept_in_html(cut.text))


# -- text


def _inline(state: StateCore, within: MarkdownIt) -> None:
    trace: Trace | None = state.env.get(_TRACE)
    for token in state.tokens:
        if token.type != "inline":
            continue
        if trace is not None:
            cut = trace.cuts.get(id(token))
            trace.cut = cut if cut is not None and cut.text == token.content else None
        token.children = token.children or []
        within.inline.parse(token.content, within, state.env, token.children)


def _link(inner: Any, state: StateInline, silent: bool) -> bool:
    start, before = state.pos, len(state.tokens)
    if not inner(state, silent):
        return False
    trace: Trace | None = state.env.get(_TRACE)
    if trace is not None and not silent:
        token = next(token for token in state.tokens[before:] if token.type == "link_open")
        label_end = state.md.helpers.parseLinkLabel(state, start, True)
        _note_address(trace, state, token, label_end, str(token.attrs["href"]))
    return True


def _image(inner: Any, state: StateInline, silent: bool) -> bool:
    start = state.pos
    trace: Trace | None = state.env.get(_TRACE)
    if trace is None or silent:
        return bool(inner(state, silent))
    cut, trace.cut = trace.cut, None  # there are no links among the words for an image
    found = inner(state, silent)
    trace.cut = cut
    if found:
        token = state.tokens[-1]
        label_end = state.md.helpers.parseLinkLabel(state, start + 1, False)
        _note_address(trace, state, token, label_end, str(token.attrs["src"]))
    return bool(found)


def _note_address(trace: Trace, state: StateInline, token: Token, label_end: int, href: str) -> None:
    if "label" in token.meta:
        spot = trace.definitions.get(token.meta["label"])
    elif trace.cut is None or state.src != trace.cut.text:
        spot = None
    else:
        spot = _address(state, trace.cut, label_end + 2, href)
    token.meta[_SPOTS] = [spot]


def _wikilink(inner: Any, state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not inner(state, silent):
        return False
    trace: Trace | None = state.env.get(_TRACE)
    if trace is not None and not silent:
        token = state.tokens[-1]
        match = WIKILINK.match(state.src, start + (token.type == "embed"))
        known = match is not None and trace.cut is not None and trace.cut.text == state.src
        token.meta[_SPOTS] = [
            Spot(trace.cut, match.start("target"), max(match.end("target"), match.end("fragment")))
            if known and match and trace.cut
            else None
        ]
    return True


def _html(inner: Any, state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not inner(state, silent):
        return False
    trace: Trace | None = state.env.get(_TRACE)
    if trace is not None and not silent:
        token = state.tokens[-1]
        known = trace.cut if trace.cut is not None and trace.cut.text == state.src else None
        token.meta[_SPOTS] = [Spot(known, start, state.pos) if known else None]
    return True


def _note(inner: Any, state: StateInline, silent: bool) -> bool:
    trace: Trace | None = state.env.get(_TRACE)
    start = state.pos
    if trace is None or silent or not state.src.startswith("^[", start):
        return bool(inner(state, silent))
    said = draft(state.env).inline_notes
    known = set(said)
    outer = trace.cut
    end = state.md.helpers.parseLinkLabel(state, start + 1)
    raw = state.src[start + 2 : end]
    first = start + 2 + len(raw) - len(raw.lstrip())
    text = raw.strip()
    trace.cut = outer.part(first, first + len(text)) if outer and outer.text == state.src else None
    found = bool(inner(state, silent))
    digest = state.tokens[-1].meta["label"] if found else ""
    if found and digest in known:  # it was not read again
        again: list[Token] = []
        state.md.inline.parse(text, state.md, state.env, again)
        trace.repeated.append((said[digest], again))
    trace.cut = outer
    return found


_INLINE: dict[str, Callable[..., bool]] = {
    "link": _link,
    "image": _image,
    "wikilink": _wikilink,
    "embed": _wikilink,
    "html_inline": _html,
    "inline_note": _note,
}
