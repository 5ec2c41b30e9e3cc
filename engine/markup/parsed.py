"""What one parse of a page leaves behind, and the notepad that rules write on meanwhile."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it.token import Token

from engine.markup.limits import Limits
from engine.messages import Message
from engine.model import Problem

_DRAFT = "draft"


@dataclass(slots=True)
class Note:
    """A note that the page uses: one number however often."""

    label: str  # as written; for an inline note a digest of its text
    anchor: str
    number: int  # counted from 1, in order of first use
    tokens: Sequence[Token]
    uses: int = 0  # places that link to it


@dataclass(slots=True)
class Draft:
    """What rules find out about one text while it is parsed. It travels in markdown-it's ``env``."""

    limits: Limits = field(default_factory=Limits)
    lang: str = ""
    problems: list[Problem] = field(default_factory=list)  # lines count from 1 in the body
    notes: list[Note] = field(default_factory=list)
    inline_notes: dict[str, list[Token]] = field(default_factory=dict)  # digest -> what it says
    math_left: int | None = None

    def problem(self, code: str, message: Message, line: int) -> None:
        """Note something odd on *line*, counted from 0 as in ``Token.map``."""
        self.problems.append(Problem(code, message, line + 1))


def draft(env: MutableMapping[str, Any]) -> Draft:
    """Return the notepad of the text that is being parsed."""
    found = env.get(_DRAFT)
    if not isinstance(found, Draft):
        found = env[_DRAFT] = Draft()
    return found


def new_env(notepad: Draft) -> dict[str, Any]:
    """Make an ``env`` that carries *notepad*."""
    return {_DRAFT: notepad}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A page after its only parse. Its tokens are shared by scanning and rendering, and never changed."""

    tokens: tuple[Token, ...]
    notes: tuple[Note, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()  # lines count from 1 in the file
    body_line: int = 1
