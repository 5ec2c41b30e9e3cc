"""Who may what: an Actor asks to do an Action, and a Policy answers for the resolved, canonical page."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Protocol

from engine.ids import fold, page_stem
from engine.messages import Message
from engine.model import Author, Form, Name


class Action(Enum):
    """The three things one may do."""

    READ = 1
    WRITE = 2
    ADMINISTER = 3


class Role(StrEnum):
    """What an actor is to the whole wiki; each role may do what the one before it may."""

    NOBODY = "nobody"
    READER = "reader"
    CONTRIBUTOR = "contributor"  # whom nobody knows: they change what is not protected
    EDITOR = "editor"
    ADMIN = "admin"

    def covers(self, other: "Role") -> bool:
        """Say whether this role may do all that *other* may."""
        return _ORDER[self] >= _ORDER[other]


_ORDER: Mapping[Role, int] = {role: place for place, role in enumerate(Role)}


def highest(roles: Iterable[Role]) -> Role:
    """Return the one of some roles that covers all of them; `Role.CONTRIBUTOR` of none."""
    return max(roles, key=_ORDER.__getitem__, default=Role.CONTRIBUTOR)


class Kind(StrEnum):
    """What sort of being the actor is."""

    ANONYMOUS = "anonymous"
    PERSON = "person"
    PROGRAM = "program"


EVERYTHING = ("**",)
"""The patterns that every path fits."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person, a program with a token, or somebody unknown."""

    kind: Kind
    name: str  # the login, or what a token is called; empty for somebody unknown
    role: Role
    author: Author | None = None  # whom a commit names; None: they make none
    reads: tuple[str, ...] = (
        EVERYTHING  # patterns of paths, see `fits`; what fits none does not exist for them
    )
    writes: tuple[str, ...] = EVERYTHING  # patterns of what they may change, out of what they may read


ANONYMOUS = Actor(Kind.ANONYMOUS, "", Role.READER)


class Policy(Protocol):
    """Decides; asked with the name as the catalog has it, never with text that somebody typed."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        """Say whether *actor* may do *action* to the file that *name* stands for."""
        ...

    def scope(self, actor: Actor) -> str:
        """Name the set of files that *actor* may read.

        Two actors with one scope see the same wiki, so rendered pages are shared within a scope and never across.
        """
        ...

    def is_open(self, actor: Actor) -> bool:
        """Say that *actor* may read every file, so that nothing has to be filtered."""
        ...


SETTINGS = "quire.toml"


def may_write(policy: Policy, actor: Actor, path: str) -> bool:
    """Say whether *policy* lets an actor write to a path; settings and hidden files are for admins.

    That is so of every spelling of the settings' name, and of a page with their address, which would be in their way.
    """
    name = Name(path, "", Form.MEDIA if page_stem(path) is None else Form.PAGE)
    parts = path.split("/")
    special = fold(page_stem(parts[0]) or parts[0]) == SETTINGS or any(part.startswith(".") for part in parts)
    return policy.allows(actor, Action.WRITE, name) and (
        not special or policy.allows(actor, Action.ADMINISTER, name)
    )


Lineage = tuple[str, str]
"""Where a file began: the commit, and its path in it. It stays the same through renames."""


class Protections(Protocol):
    """Knows the pages that only some may change."""

    def highest(self) -> Role:
        """Return the least role that may change whatever is protected; `Role.CONTRIBUTOR` where nothing is.

        Cheap, as every change asks.
        """
        ...

    def stamp(self) -> str:
        """Return what changes when one of them does; empty where there are none. Cheap, as every answer asks."""
        ...

    def level(self, path: str, lineage: Lineage | None) -> Role:
        """Return the least role that may change a file; `Role.CONTRIBUTOR` where it is not protected.

        Args:
            path: Where it is.
            lineage: Where it began; ``None`` where there is no past of it.
        """
        ...

    def pages(self) -> Sequence[tuple[str, Lineage, Role]]:
        """Return all that is protected: the path at which it was, where it began, and the least role."""
        ...


class Unprotected:
    """Who may write may change every page."""

    def highest(self) -> Role:
        """Return the contributor's role."""
        return Role.CONTRIBUTOR

    def stamp(self) -> str:
        """Return nothing, as nothing changes."""
        return ""

    def level(self, path: str, lineage: Lineage | None) -> Role:
        """Return the contributor's role."""
        return Role.CONTRIBUTOR

    def pages(self) -> Sequence[tuple[str, Lineage, Role]]:
        """Return nothing."""
        return ()


class RolePolicy:
    """One role for the whole wiki: readers read, editors write, admins administer; within an actor's own patterns."""

    _MAY: Mapping[Role, frozenset[Action]] = {
        Role.NOBODY: frozenset(),
        Role.READER: frozenset({Action.READ}),
        Role.CONTRIBUTOR: frozenset({Action.READ, Action.WRITE}),
        Role.EDITOR: frozenset({Action.READ, Action.WRITE}),
        Role.ADMIN: frozenset(Action),
    }

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        """Say whether the actor's role includes the action, and their patterns the file.

        What may not be read may not be changed either: the answer would tell that it is there.
        """
        if action not in self._MAY[actor.role]:
            return False
        if actor.reads != EVERYTHING and not fits(name.path, actor.reads):
            return False
        return action is Action.READ or actor.writes == EVERYTHING or fits(name.path, actor.writes)

    def scope(self, actor: Actor) -> str:
        """Everybody who may read everything sees the same, and so do those with the same patterns."""
        if Action.READ not in self._MAY[actor.role]:
            return "none"
        return "all" if self.is_open(actor) else f"reads {sorted({*actor.reads})}"

    def is_open(self, actor: Actor) -> bool:
        """Every role but nobody's reads everything, if no pattern keeps it from that."""
        return Action.READ in self._MAY[actor.role] and "**" in actor.reads


# -- patterns

PATTERNS = 50  # of one actor
PATTERN_CHARACTERS = 300


def fits(path: str, patterns: tuple[str, ...]) -> bool:
    """Say whether *path* fits one of some patterns.

    In a pattern ``*`` stands for any characters of one part, ``?`` for one of them, and the part ``**`` for any parts:
    ``notes/**`` is all that lies below ``notes``, ``**/todo.md`` is every file of that name, and ``**`` is everything.
    A pattern stands for whole paths, and capitals differ from small letters: what is not named is not given.
    """
    return any(_compiled(pattern).fullmatch(path) is not None for pattern in patterns)


def parse_patterns(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns that somebody typed in the form that `fits` reads, each once.

    A slash at the beginning is left out, and one at the end means all that lies below.

    Raises:
        ValueError: One of them stands for no path; it holds the `Message` that says so.
    """
    found = tuple(dict.fromkeys(_parsed(text.strip()) for text in texts if text.strip()))
    if len(found) > PATTERNS:
        raise ValueError(
            Message.counting(
                "There may be %(num)s pattern, and no more.",
                "There may be %(num)s patterns, and no more.",
                PATTERNS,
            )
        )
    return found


def _parsed(text: str) -> str:
    pattern = text.removeprefix("/")
    if pattern.endswith("/"):
        pattern += "**"
    if len(pattern) > PATTERN_CHARACTERS:
        raise ValueError(
            Message.counting(
                "A pattern has at most %(num)s character.",
                "A pattern has at most %(num)s characters.",
                PATTERN_CHARACTERS,
            )
        )
    for part in pattern.split("/"):
        if part in {"", ".", ".."}:
            raise ValueError(Message("“%(pattern)s” stands for no path.", pattern=text))
        if "**" in part and part != "**":
            raise ValueError(
                Message("“%(pattern)s” has ** inside a name; write * there, or **/ before it.", pattern=text)
            )
        if any(ord(character) < 0x20 or character in "\x7f\\" for character in part):
            raise ValueError(
                Message("“%(pattern)s” stands for no path.", pattern=text.encode("unicode_escape").decode())
            )
    return pattern


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression that takes no more than quadratic time.

    What stands between two wildcards is looked for from the left, and never again further on: where a pattern fits at
    all, it fits so. That is what the atomic groups ``(?>…)`` say.
    """
    first, *runs = _runs(pattern.split("/"))
    if not runs:
        return re.compile("/".join(map(_part, first)))
    *middle, last = runs
    written = "".join(f"{_part(part)}/" for part in first)
    for run in filter(None, middle):
        written += "(?>(?:[^/]+/)*?" + "".join(f"{_part(part)}/" for part in run) + ")"
    return re.compile(written + "(?:[^/]+/)*?" + ("/".join(map(_part, last)) or "[^/]+"))


def _runs(parts: list[str]) -> list[list[str]]:
    """Split the parts of a pattern at each ``**``."""
    runs: list[list[str]] = [[]]
    for part in parts:
        if part == "**":
            runs.append([])
        else:
            runs[-1].append(part)
    return runs


def _part(part: str) -> str:
    """Return one part of a pattern as a regular expression."""
    first, *rest = (re.escape(text).replace(r"\?", "[^/]") for text in part.split("*"))
    if not rest:
        return first
    *middle, last = rest
    return first + "".join(f"(?>[^/]*?{text})" for text in middle) + "[^/]*" + last
