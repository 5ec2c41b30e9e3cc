"""Text: every rule that makes a link is asked, right after it has made one, where its target stands."""

from collections.abc import Callable, Mapping
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from engine.markup.parsed import draft
from engine.markup.parser import text_parser
from engine.markup.rules.wikilink import WIKILINK
from engine.markup.tracing.trace import Spot, Trace, address, note, trace_of, wrap


def use(md: MarkdownIt) -> None:
    """Ask the rules of text, and tell them which block they read."""
    md.options["store_labels"] = True  # tells links by reference from others
    for name, rule in _RULES.items():
        wrap(md.inline.ruler, name, rule)
    within = text_parser(md)
    md.core.ruler.at("inline", lambda state: _inline(state, within))


def _inline(state: StateCore, within: MarkdownIt) -> None:
    trace = trace_of(state.env)
    for token in state.tokens:
        if token.type != "inline":
            continue
        content = token.content
        if trace is not None:
            cut = trace.cuts.get(id(token))
            trace.cut = cut if cut is not None and cut.text == content else None
            content = trace.cut.text if trace.cut else content  # the same text, and the same object
        token.children = token.children or []
        within.inline.parse(content, within, state.env, token.children)


def _link(inner: Any, state: StateInline, silent: bool) -> bool:
    start, before = state.pos, len(state.tokens)
    if not inner(state, silent):
        return False
    trace = trace_of(state.env)
    if trace is not None and not silent:
        token = next(token for token in state.tokens[before:] if token.type == "link_open")
        label_end = state.md.helpers.parseLinkLabel(state, start, True)
        _note_address(trace, state, token, label_end, str(token.attrs["href"]))
    return True


def _image(inner: Any, state: StateInline, silent: bool) -> bool:
    start = state.pos
    trace = trace_of(state.env)
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
    else:
        cut = trace.cut_of(state)
        spot = address(state.md, cut, label_end + 2, href) if cut else None
    note(token, spot)


def _wikilink(inner: Any, state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not inner(state, silent):
        return False
    trace = trace_of(state.env)
    if trace is not None and not silent:
        token, cut = state.tokens[-1], trace.cut_of(state)
        match = WIKILINK.match(state.src, start + (token.type == "embed"))
        if match is None or cut is None:
            note(token, None)
        else:
            note(token, Spot(cut, match.start("target"), max(match.end("target"), match.end("fragment"))))
    return True


def _html(inner: Any, state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not inner(state, silent):
        return False
    trace = trace_of(state.env)
    if trace is not None and not silent:
        cut = trace.cut_of(state)
        note(state.tokens[-1], Spot(cut, start, state.pos) if cut else None)
    return True


def _note(inner: Any, state: StateInline, silent: bool) -> bool:
    trace = trace_of(state.env)
    start = state.pos
    if trace is None or silent or not state.src.startswith("^[", start):
        return bool(inner(state, silent))
    said = draft(state.env).inline_notes
    known = len(said)
    outer, here = trace.cut, trace.cut_of(state)
    end = state.md.helpers.parseLinkLabel(state, start + 1)
    raw = state.src[start + 2 : end]
    first = start + 2 + len(raw) - len(raw.lstrip())
    text = raw.strip()
    trace.cut = here.part(first, first + len(text)) if here else None
    found = bool(inner(state, silent))
    if found and len(said) == known:  # it says what another one says, and was not read again
        again: list[Token] = []
        state.md.inline.parse(text, state.md, state.env, again)
        trace.repeated.append((said[state.tokens[-1].meta["label"]], again))
    trace.cut = outer
    return found


_RULES: Mapping[str, Callable[..., bool]] = {
    "link": _link,
    "image": _image,
    "wikilink": _wikilink,
    "embed": _wikilink,
    "html_inline": _html,
    "inline_note": _note,
}
