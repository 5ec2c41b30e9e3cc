"""Who may what: an Actor asks to do an Action, and a Policy answers for the resolved, canonical page."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Protocol

from engine.model import Name


class Action(Enum):
    """The three things one may do."""

    READ = 1
    WRITE = 2
    ADMINISTER = 3


class Role(StrEnum):
    """What an actor is to the whole wiki; each role may do what the one before it may."""

    NOBODY = "nobody"
    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"


class Kind(StrEnum):
    """What sort of being the actor is."""

    ANONYMOUS = "anonymous"
    PERSON = "person"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a person, a program with a token, or somebody unknown."""

    kind: Kind
    name: str
    role: Role


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


class RolePolicy:
    """One role for the whole wiki: readers read, editors write, admins administer."""

    _MAY: Mapping[Role, frozenset[Action]] = {
        Role.NOBODY: frozenset(),
        Role.READER: frozenset({Action.READ}),
        Role.EDITOR: frozenset({Action.READ, Action.WRITE}),
        Role.ADMIN: frozenset(Action),
    }

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        """Say whether the actor's role includes the action; which file it is makes no difference."""
        return action in self._MAY[actor.role]

    def scope(self, actor: Actor) -> str:
        """Everybody who may read sees the same."""
        return "all" if self.is_open(actor) else "none"

    def is_open(self, actor: Actor) -> bool:
        """Every role but nobody's reads everything."""
        return Action.READ in self._MAY[actor.role]
