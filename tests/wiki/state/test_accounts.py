"""Accounts: what they may be called, how passwords are kept, and what ends when they change."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select, update

from engine.access import Kind, Role
from engine.model import Author
from tests.states import ADMIN, CHEAP, PASSWORD, Clock
from wiki.state import Hashing, State
from wiki.state.accounts import Account
from wiki.state.errors import RefusedError, UnknownError
from wiki.state.names import look, parse_email, parse_login, parse_name
from wiki.state.passwords import Passwords
from wiki.state.schema import account

# -- names


@pytest.mark.parametrize(
    "login",
    ["ada", "Ada.Lovelace", "x-1", "a", "用户", "Ольга", "محمد", "ひらがなカタカナ漢字", "x" * 40, "naïve_1"],
)
def test_logins_are_words_of_any_script(login: str) -> None:
    assert parse_login(f" {login}\n") == login


@pytest.mark.parametrize(
    "login",
    [
        *("", " ", "a b", "a/b", "a\\b", "../x", ".hidden", "-rf", "--output=x", "_x", "x.", "x-", "x" * 41),
        *(
            "a@b",
            "a:b",
            "<b>",
            'a"b',
            "a\0b",
            "a\nb",
            "a\r\nb",
            "a\u202eb",
            "a\u200bb",
            "a\u00a0b",
            "%61",
            "a\ufeff",
        ),
        *(
            "аdmin",
            "pаypal",
            "οmega",
            "local",
            "Local",
            "ＬＯＣＡＬ",
            "nobody",
            "anonymous",
            "l0cal",
            "🙂",
            "\u0301a",
        ),
    ],
    ids=ascii,
)
def test_other_logins_are_refused(login: str) -> None:
    with pytest.raises(RefusedError):
        parse_login(login)


@pytest.mark.parametrize("taken", ["ada", "ADA", "ａｄａ", "аԁа", "A.D.A"])
def test_nobody_looks_like_somebody_else(state: State, ada: Account, taken: str) -> None:
    if taken == "A.D.A":
        assert look(taken) != look("ada")
        return
    assert look(taken) == look("ada")
    with pytest.raises(RefusedError, match="taken, or looks like one"):
        state.accounts.add(taken, by=ADMIN)
    with pytest.raises(RefusedError, match="Somebody has that name"):
        state.accounts.add("bob", name=taken, by=ADMIN)
    state.accounts.add("bob", by=ADMIN)
    with pytest.raises(RefusedError, match="Somebody has that name"):
        state.accounts.set_profile("bob", name=taken, email="", language="", by=ADMIN)
    assert state.accounts.get("bob").name == "bob"


def test_a_login_is_found_however_it_is_spelled(state: State) -> None:
    made = state.accounts.add("Ångström", password=PASSWORD, by=ADMIN)
    assert made.login == "Ångström"
    for spelled in ("ångström", "A\u030angstro\u0308m", "ÅNGSTRÖM"):
        assert state.accounts.get(spelled) == made
        assert state.accounts.check(spelled, PASSWORD) == made
    with pytest.raises(UnknownError, match="There is no account “eve”"):
        state.accounts.get("eve")


@pytest.mark.parametrize("name", ["Ada <x@y>", "a\0b", "a\u202eb", "x" * 81, "local", "a\u200bb"], ids=ascii)
def test_names_that_would_break_a_commit_are_refused(name: str) -> None:
    with pytest.raises(RefusedError):
        parse_name(name)


def test_a_name_is_one_line() -> None:
    assert parse_name("  Ada\r\n King\t ") == "Ada King"
    assert parse_name(" ") == ""


@pytest.mark.parametrize(
    "email", ["ada", "a@b@c", "a b@c", "<a@b>", "a@b\nX: y", "a@" + "b" * 260, "a\0@b"], ids=ascii
)
def test_other_addresses_are_refused(email: str) -> None:
    with pytest.raises(RefusedError):
        parse_email(email)
    assert parse_email(" ada@example.org ") == "ada@example.org"


# -- passwords


def test_passwords_are_kept_as_argon2id_at_a_cost_that_is_worth_it(state: State, ada: Account) -> None:
    kept = Passwords().hash(PASSWORD)
    parameters = extract_parameters(kept)
    assert kept.startswith("$argon2id$")
    assert (parameters.time_cost, parameters.memory_cost >= 19_456, parameters.salt_len) == (2, True, 16)
    with state.database.reading() as db:
        assert PASSWORD not in str(db.execute(select(account)).all())


def test_a_login_hashes_anew_when_the_cost_has_changed(state: State, ada: Account) -> None:
    def kept() -> str:
        with state.database.reading() as db:
            return str(db.scalar(select(account.c.password)))

    before = kept()
    assert state.accounts.check("ada", PASSWORD)
    assert kept() == before
    dearer = State(state.database.path.parent, hashing=Hashing(2, 16, 1))
    assert dearer.accounts.check("ada", "wrong password") is None
    assert kept() == before
    assert dearer.accounts.check("ada", PASSWORD)
    assert extract_parameters(kept()).time_cost == 2
    assert state.accounts.check("ada", PASSWORD)
    dearer.close()


def test_a_password_is_the_same_however_the_keyboard_composes_it(state: State) -> None:
    state.accounts.add("bob", password="Gr\u00fc\u00dfe aus \u00c5bo", by=ADMIN)
    assert state.accounts.check("bob", "Gru\u0308\u00dfe aus A\u030abo")
    assert not state.accounts.check("bob", "Grüsse aus Åbo")


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 9, "x" * 1_001, "aaaaaaaaaaaa", "Password123", "ada.lovelace"]
)
def test_passwords_that_are_tried_first_are_refused(state: State, password: str) -> None:
    with pytest.raises(RefusedError):
        state.accounts.add("Ada-Lovelace", password=password, by=ADMIN)
    with pytest.raises(UnknownError):
        state.accounts.get("Ada-Lovelace")


def test_an_account_without_a_password_lets_nobody_in(state: State) -> None:
    state.accounts.add("bob", by=ADMIN)
    for password in ("", "\0", "None", PASSWORD):
        assert state.accounts.check("bob", password) is None


@pytest.mark.parametrize("login", ["eve", "", "\0", "x" * 100_000, "ada", "' OR 1=1 --", "sam"])
def test_a_wrong_answer_costs_one_hash_whoever_it_is(
    state: State, ada: Account, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    state.accounts.add("sam", password=PASSWORD, by=ADMIN)
    state.accounts.disable("sam", by=ADMIN)
    state.accounts.check("nobody at all", "x")  # makes what others are compared with
    hashed: list[str] = []
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, kept: str, given: bytes) -> bool:
        hashed.append(kept)
        return verify(self, kept, given)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    assert state.accounts.check(login, PASSWORD if login == "sam" else "wrong password") is None
    assert len(hashed) == 1


# -- what they may, and what ends


def test_an_account_is_an_actor_with_an_author(state: State) -> None:
    state.accounts.add("ada", name="Ada King", email="ada@example.org", role=Role.EDITOR, by=ADMIN)
    actor = state.accounts.get("ada").actor
    assert (actor.kind, actor.name, actor.role) == (Kind.PERSON, "ada", Role.EDITOR)
    assert actor.author == Author("Ada King", "ada@example.org")
    assert state.accounts.add("bob", by=ADMIN).author == Author("bob", "bob@localhost")


@pytest.mark.parametrize("role", [Role.NOBODY, "owner", ""])
def test_an_account_is_a_reader_an_editor_or_an_admin(state: State, ada: Account, role: Role) -> None:
    with pytest.raises(RefusedError):
        state.accounts.add("bob", role=role, by=ADMIN)
    with pytest.raises(RefusedError):
        state.accounts.set_role("ada", role, by=ADMIN)


def test_whether_there_is_an_account_is_known_at_once(state: State) -> None:
    assert not state.accounts.any()
    other = State(state.database.path.parent, hashing=CHEAP)
    other.accounts.add("ada", by=ADMIN)
    assert state.accounts.any()
    other.accounts.disable("ada", by=ADMIN)
    assert state.accounts.any()
    other.accounts.remove("ada", by=ADMIN)
    assert not state.accounts.any()
    other.close()


def test_the_last_admin_stays_while_there_are_others(state: State, ada: Account) -> None:
    state.accounts.add("root", role=Role.ADMIN, by=ADMIN)
    with pytest.raises(RefusedError, match="the last admin"):
        state.accounts.set_role("root", Role.EDITOR, by=ADMIN)
    with pytest.raises(RefusedError, match="the last admin"):
        state.accounts.disable("root", by=ADMIN)
    with pytest.raises(RefusedError, match="the last admin"):
        state.accounts.remove("root", by=ADMIN)
    state.accounts.add("sam", role=Role.ADMIN, by=ADMIN)
    state.accounts.disable("sam", by=ADMIN)  # who cannot sign in is no admin
    with pytest.raises(RefusedError, match="the last admin"):
        state.accounts.remove("root", by=ADMIN)
    state.accounts.set_role("ada", Role.ADMIN, by=ADMIN)
    state.accounts.remove("root", by=ADMIN)
    state.accounts.remove("sam", by=ADMIN)
    state.accounts.remove("ada", by=ADMIN)  # with whom all accounts are gone
    assert not state.accounts.any()


@pytest.mark.parametrize("how", ["password", "disable", "remove", "reset"])
def test_sessions_end_at_once_when_an_account_changes(state: State, ada: Account, how: str) -> None:
    cookie = state.sessions.begin(ada, ADMIN)
    assert state.sessions.find(cookie)
    if how == "password":
        state.accounts.set_password("ada", "another good password", by=ADMIN)
    elif how == "reset":
        state.resets.use(state.resets.create(ada, by=ADMIN), "another good password", address="")
    else:
        getattr(state.accounts, how)("ada", by=ADMIN)
    assert state.sessions.find(cookie) is None
    if how in {"password", "reset"}:
        assert state.accounts.check("ada", PASSWORD) is None
        assert state.accounts.check("ada", "another good password")


def test_a_disabled_account_opens_nothing_until_it_is_enabled(state: State, ada: Account) -> None:
    _, token = state.tokens.create("robot", owner=ada, by=ADMIN)
    link = state.resets.create(ada, by=ADMIN)
    state.accounts.disable("ada", by=ADMIN)
    assert state.accounts.get("ada").actor.role is Role.NOBODY
    assert state.accounts.check("ada", PASSWORD) is None
    assert state.tokens.find(token) is None
    with pytest.raises(UnknownError):
        state.resets.use(link, "another good password", address="")
    with pytest.raises(RefusedError, match="enable the account first"):
        state.resets.create(state.accounts.get("ada"), by=ADMIN)
    state.accounts.set_password("ada", "another good password", by=ADMIN)
    assert state.accounts.get("ada").disabled
    state.accounts.enable("ada", by=ADMIN)
    assert state.accounts.check("ada", "another good password")
    assert state.tokens.find(token)


def test_a_session_is_told_of_a_new_role_at_once(state: State, ada: Account) -> None:
    cookie = state.sessions.begin(ada, ADMIN)
    for role in (Role.EDITOR, Role.ADMIN):
        state.accounts.set_role("ada", role, by=ADMIN)
        visit = state.sessions.find(cookie)
        assert visit is not None
        assert visit.account.role is role


def test_what_somebody_says_of_themselves_can_be_changed(state: State, ada: Account) -> None:
    state.accounts.set_profile("ada", name="Ada King", email="a@example.org", language="de", by=ADMIN)
    changed = state.accounts.get("ada")
    assert (changed.name, changed.email, changed.language) == ("Ada King", "a@example.org", "de")
    state.accounts.set_profile("ada", name="", email="", language="", by=ADMIN)
    assert state.accounts.get("ada").name == "ada"


# -- links to set a password


def test_a_link_sets_a_password_once(state: State, ada: Account) -> None:
    link = state.resets.create(ada, by=ADMIN)
    assert state.resets.find(link) == ada
    with pytest.raises(RefusedError):
        state.resets.use(link, "short", address="")
    state.resets.use(link, "another good password", address="")
    assert state.accounts.check("ada", "another good password")
    for text in (link, "", "x", link.upper()):
        with pytest.raises(UnknownError):
            state.resets.use(text, "a third good password", address="")
    assert state.accounts.check("ada", "another good password")


def test_a_link_ends_with_time_and_with_a_newer_one(state: State, ada: Account, clock: Clock) -> None:
    first = state.resets.create(ada, by=ADMIN)
    second = state.resets.create(ada, by=ADMIN)
    with pytest.raises(UnknownError):
        state.resets.find(first)
    clock.pass_by(days=2)
    with pytest.raises(UnknownError):
        state.resets.find(second)


def test_a_link_ends_when_the_password_is_changed_otherwise(state: State, ada: Account) -> None:
    link = state.resets.create(ada, by=ADMIN)
    state.accounts.set_password("ada", "another good password", by=ADMIN)
    with pytest.raises(UnknownError):
        state.resets.find(link)


def test_a_new_account_never_has_the_number_of_one_that_was_removed(state: State, ada: Account) -> None:
    state.accounts.remove("ada", by=ADMIN)
    assert state.accounts.add("bob", by=ADMIN).id > ada.id


def test_numbers_that_the_database_was_given_otherwise_are_not_believed(state: State, ada: Account) -> None:
    with state.database.writing() as db:
        db.execute(update(account).values(role="owner"))
    with pytest.raises(ValueError):
        state.accounts.get("ada")
