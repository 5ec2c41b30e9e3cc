"""``==mark==`` highlights words."""

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_MARKER = "="


def use(md: MarkdownIt) -> None:
    """Add the rule. It pairs its markers as emphasis does."""
    md.inline.ruler.before("emphasis", "mark", parse)
    md.inline.ruler2.before("emphasis", "mark", pair)


def parse(state: StateInline, silent: bool) -> bool:
    """Collect a run of exactly two equals signs as a marker."""
    if silent or state.src[state.pos] != _MARKER:
        return False
    run = state.scanDelims(state.pos, True)
    if run.length != 2:
        state.append_pending(_MARKER * run.length)
        state.pos += run.length
        return True
    token = state.push("text", "", 0)
    token.content = _MARKER * 2
    state.delimiters.append(
        Delimiter(
            marker=ord(_MARKER),
            length=0,  # the rule of three is for emphasis only
            token=len(state.tokens) - 1,
            end=-1,
            open=run.can_open,
            close=run.can_close,
        )
    )
    state.pos += 2
    return True


def pair(state: StateInline) -> None:
    """Turn paired markers into tags."""
    _pair(state, state.delimiters)
    for meta in state.tokens_meta:
        if meta and "delimiters" in meta:
            _pair(state, meta["delimiters"])


def _pair(state: StateInline, delimiters: list[Delimiter]) -> None:
    for opener in delimiters:
        if opener.marker != ord(_MARKER) or opener.end == -1:
            continue
        for delimiter, kind, nesting in (
            (opener, "mark_open", 1),
            (delimiters[opener.end], "mark_close", -1),
        ):
            token = state.tokens[delimiter.token]
            token.type, token.tag, token.markup, token.content = kind, "mark", "==", ""
            token.nesting = 1 if nesting == 1 else -1
