"""Bare addresses become links: ``https://…``, ``www.…``, ``name@example.org``.

Where addresses may begin is worked out once for a paragraph, and their length is bounded, so no text takes more than
linear time.

Source:
    GitHub Flavored Markdown Spec, 6.9 "Autolinks (extension)".
"""

import html
import re
from bisect import bisect_left
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

_LONGEST = 2000  # characters of one address
# What ends a sentence in Chinese and Japanese, where no space follows it.
_WIDE_PUNCTUATION = "、。《》「」『』【】！（），：；？"

_LOCAL = r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,63}@"
_START = (
    r"(?<![A-Za-z])(?:https?|ftp)://"
    r"|(?:(?<=[\s*_~(])|(?<![\s\S]))www\."
    rf"|(?<![A-Za-z0-9.+:/-])(?<![A-Za-z0-9]_)(?:mailto:|xmpp:)?{_LOCAL}[A-Za-z0-9]"
)
_BEGINS = re.compile(f"(?={_START})")
_ADDRESSES = "addresses"  # in `env`: text -> where addresses may begin
_SIGNS = ("://", "www.", "@")  # no address is without one of them
_URL = re.compile(
    r"(?P<scheme>(?:https?|ftp)://)?"
    rf"(?P<host>[\w.-]{{1,255}})[^\s<{_WIDE_PUNCTUATION}]{{0,{_LONGEST}}}(?P<more>[^\s<{_WIDE_PUNCTUATION}])?"
)
_MAIL = re.compile(
    rf"(?:(?P<mailto>mailto:)|(?P<xmpp>xmpp:))?{_LOCAL}"
    r"(?P<host>[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){1,9})(?(xmpp)(?:/[A-Za-z0-9@.]{1,64})?)"
)
_ENTITY = re.compile(r"&[A-Za-z0-9]{1,32};\Z")
_ENTITY_LENGTH = 34
_CHARACTER = re.compile(r"&(?:#[0-9]{1,7}|#[Xx][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def use(md: MarkdownIt) -> None:
    """Add the rule, and make plain text stop where an address begins."""
    md.inline.ruler.at("text", parse_text)
    md.inline.ruler.after("text", "bare_address", parse)


def parse_text(state: StateInline, silent: bool) -> bool:
    """Read plain text up to the next character that may mean something, or the next address."""
    end = state.posMax
    if (starts := _starts(state)) and (following := bisect_left(starts, state.pos)) < len(starts):
        end = min(end, starts[following])
    found = state.md.inline.terminator_re.search(state.src, state.pos, end)
    end = found.start() if found else end
    if end == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def _starts(state: StateInline) -> Sequence[int]:
    """Return the positions where addresses may begin; worked out once for each piece of text."""
    known: dict[str, Sequence[int]] | None = state.env.get(_ADDRESSES)
    if known is None:
        known = state.env[_ADDRESSES] = {}
    starts = known.get(state.src)
    if starts is None:
        starts = known[state.src] = _find_starts(state.src)
    return starts


def _find_starts(text: str) -> Sequence[int]:
    if not any(sign in text for sign in _SIGNS):
        return ()
    return [match.start() for match in _BEGINS.finditer(text)]


def parse(state: StateInline, silent: bool) -> bool:
    """Turn the address that begins here into a link."""
    # Within the label of a link there are no links, and none need be looked for while its end is sought.
    if silent or state.linkLevel or not state.src[state.pos].isalnum():
        return False
    starts = _starts(state)
    index = bisect_left(starts, state.pos)
    if index == len(starts) or starts[index] != state.pos:
        return False
    found = _mail(state) or _url(state)
    if found is None:
        return False
    text, href = found
    href = state.md.normalizeLink(_CHARACTER.sub(_unescape, href))
    if not state.md.validateLink(href):
        return False
    link = state.push("link_open", "a", 1)
    link.attrs = {"href": href}
    link.markup, link.info = "autolink", "auto"
    state.push("text", "", 0).content = state.md.normalizeLinkText(_CHARACTER.sub(_unescape, text))
    link = state.push("link_close", "a", -1)
    link.markup, link.info = "autolink", "auto"
    state.pos += len(text)
    return True


def _mail(state: StateInline) -> tuple[str, str] | None:
    match = _MAIL.match(state.src, state.pos, state.posMax)
    if match is None or match["host"][-1] in "-_":
        return None
    has_scheme = match["mailto"] or match["xmpp"]
    text = match[0].rstrip(".") if match["xmpp"] else match[0]
    return text, text if has_scheme else f"mailto:{text}"


def _url(state: StateInline) -> tuple[str, str] | None:
    match = _URL.match(state.src, state.pos, state.posMax)
    if match is None or match["more"] or not (match["scheme"] or match["host"].startswith("www.")):
        return None
    if any("_" in label for label in match["host"].split(".")[-2:]):
        return None
    text = _trim(match[0])
    if len(text) <= len(match["scheme"] or "www."):
        return None
    return text, text if match["scheme"] else f"http://{text}"


def _unescape(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _trim(url: str) -> str:
    """Cut off what closes the sentence around an address rather than the address."""
    opened = url.count("(")
    closed = url.count(")")
    end = len(url)
    while end:
        last = url[end - 1]
        if last in "?!.,:*_~'\"[]":
            end -= 1
        elif last == ";":
            entity = _ENTITY.search(url, max(0, end - _ENTITY_LENGTH), end)
            end = entity.start() if entity else end - 1
        elif last == ")" and closed > opened:
            closed -= 1
            end -= 1
        else:
            break
    return url[:end]
