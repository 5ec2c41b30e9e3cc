"""What is noted while a page is parsed, and how a rule of markdown-it is asked about it."""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.ruler import Ruler
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from engine.markup.cuts import Cut

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
    _state: StateInline | None = None  # that was asked about last,
    _known: Cut | None = None  # and the cut that it reads

    def cut_of(self, state: StateInline) -> Cut | None:
        """Return the cut that *state* reads; ``None`` where that is not known."""
        if self._state is not state:  # or long texts would be compared again and again
            self._state = state
            self._known = self.cut if self.cut is not None and self.cut.text == state.src else None
        return self._known if self._known is self.cut else None


def with_trace(env: MutableMapping[str, Any]) -> Trace:
    """Put a trace into *env*, and return it."""
    made = env[_TRACE] = Trace()
    return made


def trace_of(env: Mapping[str, Any]) -> Trace | None:
    """Return the trace of the page that is being parsed; ``None`` where nobody wants to know."""
    found = env.get(_TRACE)
    return found if isinstance(found, Trace) else None


def spots(token: Token) -> Sequence[Spot | None]:
    """Return where a link is written: several places for what stands in equal notes, ``None`` for an unknown one."""
    found: Sequence[Spot | None] = token.meta.get(_SPOTS, ())
    return found


def note(token: Token, spot: Spot | None) -> None:
    """Note where the link that a token makes is written."""
    token.meta[_SPOTS] = [spot]


def wrap(ruler: Ruler[Any], name: str, around: Callable[..., Any]) -> None:
    """Let *around* be called in the place of a rule, with the rule before its arguments."""
    rule = next(rule for rule in ruler.__rules__ if rule.name == name)
    inner = rule.fn
    ruler.at(name, lambda *arguments: around(inner, *arguments), {"alt": rule.alt})


def address(md: MarkdownIt, cut: Cut, position: int, href: str) -> Spot | None:
    """Return where the address stands that follows *position*, if it is the one that was read as *href*."""
    while position < len(cut.text) and cut.text[position] in " \t\n":
        position += 1
    found = md.helpers.parseLinkDestination(cut.text, position, len(cut.text))
    if not found.ok or md.normalizeLink(found.str) != href:
        return None
    return Spot(cut, position, found.pos)
