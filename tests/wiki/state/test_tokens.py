"""Tokens and invitations: shown once, kept as digests, bounded in what they may and for how long."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.access import EVERYTHING, Kind, Role
from tests.states import ADMIN, CHEAP, NOW, PASSWORD, Clock
from wiki.state import State
from wiki.state.accounts import Account
from wiki.state.errors import RefusedError, UnknownError
from wiki.state.tokens import USED_SECONDS


def test_a_token_names_the_program(state: State) -> None:
    token, text = state.tokens.create("sync", by=ADMIN)
    assert re.fullmatch(r"quire_[\w-]{43}", text)
    assert state.tokens.find(text) == token
    actor = token.actor
    assert (actor.kind, actor.name, actor.role, actor.reads) == (
        Kind.PROGRAM,
        "sync",
        Role.READER,
        EVERYTHING,
    )
    assert actor.author is not None
    assert actor.author.name == "sync"
    assert (token.start, token.login) == (text[:11], "")


def test_a_token_is_kept_as_a_digest(state: State) -> None:
    _, text = state.tokens.create("sync", by=ADMIN)
    kept = state.database.path.read_bytes() + state.database.path.with_name("state.db-wal").read_bytes()
    assert text.encode() not in kept
    assert text[12:].encode() not in kept


@pytest.mark.parametrize(
    "text", ["", "quire_", "quire_x", "x", "quire_" + "x" * 100_000, "quire_\ud800"], ids=ascii
)
def test_other_texts_are_no_tokens(state: State, text: str) -> None:
    _, real = state.tokens.create("sync", by=ADMIN)
    assert state.tokens.find(text) is None
    assert state.tokens.find(real.removeprefix("quire_")) is None
    assert state.tokens.find(real.upper()) is None


def test_a_token_ends_at_its_day(state: State, clock: Clock) -> None:
    _, text = state.tokens.create("sync", days=2, by=ADMIN)
    _, endless = state.tokens.create("other", by=ADMIN)
    clock.pass_by(days=1.9)
    assert state.tokens.find(text)
    clock.pass_by(days=0.1)
    assert state.tokens.find(text) is None
    clock.pass_by(days=5_000)
    assert state.tokens.find(endless)


def test_a_token_that_is_revoked_opens_nothing_at_once(state: State) -> None:
    other = State(state.database.path.parent, hashing=CHEAP, clock=Clock())
    token, text = state.tokens.create("sync", by=ADMIN)
    assert other.tokens.find(text)
    state.tokens.revoke(token.id, by=ADMIN)
    assert other.tokens.find(text) is None
    assert state.tokens.all() == ()
    with pytest.raises(UnknownError):
        state.tokens.revoke(token.id, by=ADMIN)
    again, _ = state.tokens.create("sync", by=ADMIN)  # its name is free again
    assert again.id > token.id
    other.close()


def test_a_token_may_never_do_more_than_its_account(state: State, ada: Account) -> None:
    state.accounts.add("root", role=Role.ADMIN, by=ADMIN)
    state.accounts.set_role("ada", Role.EDITOR, by=ADMIN)
    _, text = state.tokens.create("robot", role=Role.EDITOR, owner=ada, by=ADMIN)
    for role, expected in ((Role.ADMIN, Role.EDITOR), (Role.READER, Role.READER), (Role.EDITOR, Role.EDITOR)):
        state.accounts.set_role("ada", role, by=ADMIN)
        found = state.tokens.find(text)
        assert found is not None
        assert found.actor.role is expected
    state.accounts.remove("ada", by=ADMIN)
    assert state.tokens.find(text) is None


def test_a_token_keeps_to_its_patterns(state: State) -> None:
    token, text = state.tokens.create(
        "sync", role=Role.EDITOR, reads=["/notes/"], writes=["notes/*.md"], by=ADMIN
    )
    found = state.tokens.find(text)
    assert found == token
    assert found.actor.reads == ("notes/**",)
    assert found.actor.writes == ("notes/*.md",)
    reader, _ = state.tokens.create("reader", by=ADMIN)
    assert reader.actor.writes == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": Role.ADMIN},
        {"role": Role.NOBODY},
        {"days": 0},
        {"days": 10_000},
        {"reads": [""]},
        {"reads": ["../x"]},
        {"role": Role.EDITOR, "writes": []},
        {"reads": ["x"] * 51 + [f"x{n}" for n in range(51)]},
    ],
    ids=str,
)
def test_what_no_token_may_be_is_refused(state: State, wrong: dict[str, object]) -> None:
    with pytest.raises(RefusedError):
        state.tokens.create("sync", by=ADMIN, **wrong)  # type: ignore[arg-type]
    assert state.tokens.all() == ()


def test_nobody_can_be_taken_for_a_program_nor_a_program_for_somebody(state: State, ada: Account) -> None:
    state.tokens.create("sync", by=ADMIN)
    for name in ("ada", "Ada", "аԁа", "sync", "SYNC", "local", "a b", ""):
        with pytest.raises(RefusedError):
            state.tokens.create(name, by=ADMIN)
    for name in ("sync", "Sync"):
        with pytest.raises(RefusedError):
            state.accounts.add(name, by=ADMIN)
    with pytest.raises(RefusedError):
        state.accounts.set_profile("ada", name="sync", email="", language="", by=ADMIN)


def test_one_revokes_their_own_tokens_only(state: State, ada: Account) -> None:
    bob = state.accounts.add("bob", by=ADMIN)
    token, text = state.tokens.create("robot", owner=ada, by=ADMIN)
    state.tokens.create("sync", by=ADMIN)
    assert state.tokens.all(ada) == (token,)
    assert len(state.tokens.all()) == 2
    with pytest.raises(UnknownError):
        state.tokens.revoke(token.id, owner=bob, by=ADMIN)
    assert state.tokens.find(text)
    state.tokens.revoke(token.id, owner=ada, by=ADMIN)
    assert state.tokens.find(text) is None


def test_a_token_is_found_by_its_name(state: State) -> None:
    token, _ = state.tokens.create("sync", by=ADMIN)
    assert state.tokens.named("SYNC") == token
    with pytest.raises(UnknownError, match="no token “other”"):
        state.tokens.named("other")


def test_when_a_token_was_used_is_written_down_now_and_then(state: State, clock: Clock) -> None:
    _, text = state.tokens.create("sync", by=ADMIN)
    state.tokens.find(text)
    used = state.tokens.named("sync").used
    assert used is not None
    assert used.timestamp() == NOW
    clock.pass_by(seconds=USED_SECONDS - 1)
    state.tokens.find(text)
    assert state.tokens.named("sync").used == used
    clock.pass_by(seconds=1)
    state.tokens.find(text)
    assert state.tokens.named("sync").used != used


# -- invitations


def test_an_invitation_becomes_one_account(state: State) -> None:
    invitation, text = state.invitations.create(Role.EDITOR, note="For  Ada\n", by=ADMIN)
    assert (invitation.role, invitation.note, invitation.by) == (Role.EDITOR, "For Ada", "root")
    assert state.invitations.find(text) == invitation
    assert state.invitations.open() == (invitation,)
    ada = state.invitations.use(text, "ada", PASSWORD, address="192.0.2.1", name="Ada King")
    assert (ada.role, ada.name) == (Role.EDITOR, "Ada King")
    assert state.accounts.check("ada", PASSWORD) == ada
    assert state.invitations.open() == ()
    for again in (text, "", "x", text.swapcase()):
        with pytest.raises(UnknownError):
            state.invitations.use(again, "bob", PASSWORD, address="")
    assert len(state.accounts.all()) == 1


def test_of_many_who_use_one_invitation_one_succeeds(state: State) -> None:
    _, text = state.invitations.create(Role.READER, by=ADMIN)

    def use(number: int) -> bool:
        try:
            state.invitations.use(text, f"user{number}x", PASSWORD, address="")
        except UnknownError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(12))).count(True) == 1
    assert len(state.accounts.all()) == 1


def test_an_invitation_can_be_used_after_a_name_that_was_refused(state: State, ada: Account) -> None:
    _, text = state.invitations.create(Role.READER, by=ADMIN)
    for login, password in (("ada", PASSWORD), ("a b", PASSWORD), ("bob", "short")):
        with pytest.raises(RefusedError):
            state.invitations.use(text, login, password, address="")
    assert state.invitations.use(text, "bob", PASSWORD, address="").login == "bob"


def test_an_invitation_ends(state: State, clock: Clock) -> None:
    _, text = state.invitations.create(Role.READER, days=2, by=ADMIN)
    other, taken_back = state.invitations.create(Role.READER, by=ADMIN)
    state.invitations.revoke(other.id, by=ADMIN)
    with pytest.raises(UnknownError):
        state.invitations.find(taken_back)
    with pytest.raises(UnknownError):
        state.invitations.revoke(other.id, by=ADMIN)
    clock.pass_by(days=2)
    with pytest.raises(UnknownError):
        state.invitations.use(text, "bob", PASSWORD, address="")
    assert state.invitations.open() == ()
    for days in (0, 91):
        with pytest.raises(RefusedError):
            state.invitations.create(Role.READER, days=days, by=ADMIN)
    with pytest.raises(RefusedError):
        state.invitations.create(Role.NOBODY, by=ADMIN)
