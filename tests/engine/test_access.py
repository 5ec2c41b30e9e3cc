"""Who may what."""

import pytest

from engine.access import ANONYMOUS, Action, Actor, Kind, Role, RolePolicy
from engine.model import Form, Name

NAME = Name("a.md", "0" * 40, Form.PAGE)
MAY = {
    Role.NOBODY: set(),
    Role.READER: {Action.READ},
    Role.EDITOR: {Action.READ, Action.WRITE},
    Role.ADMIN: set(Action),
}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_what_is_its_own(role: Role, kind: Kind) -> None:
    actor = Actor(kind, "ada", role)
    assert {action for action in Action if RolePolicy().allows(actor, action, NAME)} == MAY[role]
    assert RolePolicy().is_open(actor) == (Action.READ in MAY[role])


def test_readers_share_a_scope_that_nobody_has() -> None:
    scopes = {role: RolePolicy().scope(Actor(Kind.PERSON, "ada", role)) for role in Role}
    assert scopes[Role.READER] == scopes[Role.EDITOR] == scopes[Role.ADMIN]
    assert scopes[Role.NOBODY] != scopes[Role.READER]


def test_the_unknown_only_read() -> None:
    assert ANONYMOUS.role is Role.READER
    assert not RolePolicy().allows(ANONYMOUS, Action.WRITE, NAME)
