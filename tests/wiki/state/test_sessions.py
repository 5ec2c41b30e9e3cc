"""Sessions and signing in: nobody can tell a cookie from what is kept, and every end holds at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select, update

from engine.access import Role
from engine.errors import StoreError
from tests.states import ADMIN, CHEAP, NOW, PASSWORD, Clock, end_sessions
from wiki.state import By, State
from wiki.state.accounts import Account
from wiki.state.limits import network
from wiki.state.logins import SECONDS
from wiki.state.schema import rate, session
from wiki.state.sessions import OF_ONE, SEEN_SECONDS


def test_a_cookie_stands_for_its_account(state: State, ada: Account) -> None:
    cookie = state.sessions.begin(ada, By("ada", "192.0.2.1"), "A browser" * 100)
    visit = state.sessions.find(cookie)
    assert visit is not None
    assert visit.account == ada
    assert (visit.session.address, len(visit.session.agent)) == ("192.0.2.1", 200)
    assert len(cookie) >= 43


@pytest.mark.parametrize("cookie", ["", "x", "\0", "x" * 100_000, "\ud800", "' OR 1=1 --"], ids=ascii)
def test_other_cookies_stand_for_nobody(state: State, ada: Account, cookie: str) -> None:
    state.sessions.begin(ada, ADMIN)
    assert state.sessions.find(cookie) is None


def test_cookies_are_kept_as_digests(state: State, ada: Account) -> None:
    cookies = {state.sessions.begin(ada, ADMIN) for _ in range(3)}
    assert len(cookies) == 3
    kept = state.database.path.read_bytes() + state.database.path.with_name("state.db-wal").read_bytes()
    assert not any(cookie.encode() in kept for cookie in cookies)


def test_a_session_ends_with_time(state: State, ada: Account, clock: Clock) -> None:
    cookie = state.sessions.begin(ada, ADMIN)
    for _ in range(29):
        clock.pass_by(days=1)
        assert state.sessions.find(cookie)
    clock.pass_by(days=1)
    assert state.sessions.find(cookie) is None


def test_a_session_that_is_not_used_ends_sooner(state: State, ada: Account, clock: Clock) -> None:
    cookie = state.sessions.begin(ada, ADMIN)
    clock.pass_by(days=6.9)
    assert state.sessions.find(cookie)
    clock.pass_by(days=6.9)
    assert state.sessions.find(cookie)
    clock.pass_by(days=7)
    assert state.sessions.find(cookie) is None
    assert state.sessions.of(ada) == ()


def test_how_long_sessions_last_is_set(state: State, ada: Account, clock: Clock) -> None:
    short = State(state.database.path.parent, hashing=CHEAP, clock=clock, session_days=2, idle_days=1)
    cookie = short.sessions.begin(ada, ADMIN)
    clock.pass_by(days=0.9)
    assert short.sessions.find(cookie)
    clock.pass_by(days=1)
    assert short.sessions.find(cookie) is None
    short.close()


def test_a_session_ends_at_once_in_every_process(state: State, ada: Account) -> None:
    other = State(state.database.path.parent, hashing=CHEAP, clock=Clock())
    cookie = state.sessions.begin(ada, ADMIN)
    for _ in range(3):
        assert state.sessions.find(cookie)
        assert other.sessions.find(cookie)
    other.sessions.end(cookie, ADMIN)
    assert state.sessions.find(cookie) is None
    other.close()


def test_finding_a_session_reads_once_and_then_not_at_all(state: State, ada: Account) -> None:
    cookie = state.sessions.begin(ada, ADMIN)
    asked: list[str] = []
    engines = {state.database._engine("BEGIN", "FULL"), state.database._engine("BEGIN IMMEDIATE", "NORMAL")}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for _ in range(3):
        assert state.sessions.find(cookie)
    assert len([query for query in asked if query.startswith("SELECT")]) == 1
    assert not [query for query in asked if query.startswith(("UPDATE", "INSERT"))]
    with state.database.reading() as db:
        plan = db.exec_driver_sql(
            "EXPLAIN QUERY PLAN " + next(q for q in asked if q.startswith("SELECT")), (b"x",)
        )
        assert all("USING" in row[3] for row in plan)


def test_use_is_written_down_now_and_then(state: State, ada: Account, clock: Clock) -> None:
    cookie = state.sessions.begin(ada, ADMIN)
    clock.pass_by(seconds=SEEN_SECONDS - 1)
    state.sessions.find(cookie)
    assert state.sessions.of(ada)[0].seen.timestamp() == NOW
    clock.pass_by(seconds=1)
    visit = state.sessions.find(cookie)
    assert visit is not None
    assert visit.session.seen.timestamp() == NOW + SEEN_SECONDS
    assert state.sessions.of(ada)[0].seen.timestamp() == NOW + SEEN_SECONDS


def test_reading_goes_on_where_use_cannot_be_written_down(
    state: State, ada: Account, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**given: bool) -> None:
        raise StoreError("the disk is full")

    cookie = state.sessions.begin(ada, ADMIN)
    clock.pass_by(seconds=SEEN_SECONDS)
    monkeypatch.setattr(state.database, "writing", fail)
    assert state.sessions.find(cookie)


def test_one_may_end_their_own_sessions_only(state: State, ada: Account) -> None:
    bob = state.accounts.add("bob", by=ADMIN)
    cookie, other = state.sessions.begin(ada, ADMIN), state.sessions.begin(bob, ADMIN)
    visit = state.sessions.find(cookie)
    assert visit is not None
    assert not state.sessions.revoke(bob, visit.session.id, ADMIN)
    assert state.sessions.find(cookie)
    assert state.sessions.revoke(ada, visit.session.id, ADMIN)
    assert state.sessions.find(cookie) is None
    assert state.sessions.find(other)
    end_sessions(state, "bob")
    assert state.sessions.find(other) is None


def test_of_too_many_sessions_the_oldest_make_room(state: State, ada: Account) -> None:
    cookies = [state.sessions.begin(ada, ADMIN) for _ in range(OF_ONE + 3)]
    assert [bool(state.sessions.find(cookie)) for cookie in cookies] == [False] * 3 + [True] * OF_ONE


def test_sessions_that_have_ended_are_removed(state: State, ada: Account, clock: Clock) -> None:
    state.sessions.begin(ada, ADMIN)
    clock.pass_by(days=31)
    state.sessions.begin(ada, ADMIN)
    with state.database.reading() as db:
        assert len(db.execute(select(session)).all()) == 1


def test_a_clock_that_went_back_ends_nothing(state: State, ada: Account, clock: Clock) -> None:
    cookie = state.sessions.begin(ada, ADMIN)
    clock.pass_by(days=-1)
    assert state.sessions.find(cookie)


# -- signing in


def attempt(state: State, login: str, password: str, address: str = "192.0.2.1") -> tuple[bool, bool]:
    """Say whether one is in, and whether one has to wait."""
    done = state.logins.attempt(login, password, address=address)
    return bool(done.cookie), done.wait > 0


def test_signing_in_begins_a_session(state: State, ada: Account) -> None:
    done = state.logins.attempt("ADA", PASSWORD, address="192.0.2.1", agent="A browser")
    assert done.account == ada
    visit = state.sessions.find(done.cookie)
    assert visit is not None
    assert visit.session.agent == "A browser"
    assert [entry.what for entry in state.audit.entries()[0]] == ["login", "account.add"]


def test_who_fails_from_elsewhere_keeps_nobody_out(state: State, ada: Account) -> None:
    for number in range(20):
        assert attempt(state, "ada", "wrong password", "198.51.100.7")[1] is (number >= 10)
    assert attempt(state, "ada", PASSWORD, "198.51.100.99") == (False, True)  # of the same network
    for address in ("192.0.2.1", "198.51.101.7", "2001:db8::1"):
        assert attempt(state, "ada", PASSWORD, address) == (True, False)


def test_an_account_is_not_guessed_from_everywhere(state: State, ada: Account) -> None:
    for number in range(100):
        assert attempt(state, "ada", "wrong password", f"10.0.{number}.1") == (False, False)
    assert attempt(state, "ada", PASSWORD) == (False, True)
    state.accounts.add("bob", password=PASSWORD, by=ADMIN)
    assert attempt(state, "bob", PASSWORD) == (True, False)


@pytest.mark.parametrize("login", ["ada", "eve", "Ada", "sam"])
def test_an_account_is_tried_so_often_whether_there_is_one_or_not(
    state: State, ada: Account, clock: Clock, login: str
) -> None:
    state.accounts.add("sam", password=PASSWORD, by=ADMIN)
    state.accounts.disable("sam", by=ADMIN)
    for number in range(10):
        assert attempt(state, login, "wrong password", f"192.0.2.{number}") == (False, False)
    waits = {
        state.logins.attempt(login, PASSWORD, address=f"192.0.2.{number}").wait for number in range(20, 23)
    }
    assert waits == {SECONDS // 10 + 1}
    clock.pass_by(seconds=SECONDS // 10 + 1)
    assert attempt(state, login, "wrong password", "192.0.2.99") == (False, False)
    assert attempt(state, login, "wrong password", "192.0.2.99") == (False, True)
    clock.pass_by(seconds=SECONDS)
    assert attempt(state, login, PASSWORD)[0] is (login in {"ada", "Ada"})


def test_one_address_tries_so_many_accounts(state: State, ada: Account) -> None:
    for number in range(50):
        assert attempt(state, f"user{number}", "wrong password") == (False, False)
    assert attempt(state, "ada", PASSWORD) == (False, True)
    assert attempt(state, "ada", PASSWORD, "192.0.2.2") == (True, False)


def test_all_addresses_of_one_network_count_together(state: State, ada: Account) -> None:
    assert network("2001:db8:1:2:3::4") == network("2001:db8:1:2::") == "2001:db8:1:2::/64"
    assert network("::ffff:192.0.2.1") == network("192.0.2.1")
    assert network("fe80::1%eth0") == "fe80::/64"
    assert network("") == network("", 24) == ""
    assert network("::ffff:192.0.2.1", 24) == network("192.0.2.200", 24) == "192.0.2.0/24"
    assert network("2001:db8:1:2:3::4", 24) == "2001:db8:1:2::/64"
    for number in range(50):
        attempt(state, f"user{number}", "wrong password", f"2001:db8::{number:x}")
    assert attempt(state, "ada", PASSWORD, "2001:db8::ffff") == (False, True)


def test_signing_in_rightly_does_not_count(state: State, ada: Account) -> None:
    for _ in range(70):
        assert attempt(state, "ada", PASSWORD) == (True, False)


def test_all_workers_count_together(state: State, ada: Account, clock: Clock) -> None:
    other = State(state.database.path.parent, hashing=CHEAP, clock=clock)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: attempt((state, other)[n % 2], "ada", "wrong password"), range(40)))
    assert results.count((False, False)) == 10
    other.close()


def test_the_rate_is_set(state: State, ada: Account, clock: Clock) -> None:
    strict = State(state.database.path.parent, hashing=CHEAP, clock=clock, login_rate=2)
    assert [attempt(strict, "ada", "wrong password")[1] for _ in range(3)] == [False, False, True]
    strict.close()


def test_what_was_typed_is_not_kept_of_whom_nobody_is(state: State, clock: Clock) -> None:
    attempt(state, "a password in the wrong field", "x")
    with state.database.reading() as db:
        assert "password" not in str(db.execute(select(rate)).all())
    clock.pass_by(days=1)
    attempt(state, "eve", "x")
    with state.database.reading() as db:
        assert len(db.execute(select(rate)).all()) == 3  # the others have no effect any more


def test_the_audit_names_whom_a_failure_concerns_and_nothing_else_that_was_typed(
    state: State, ada: Account
) -> None:
    state.accounts.add("sam", password=PASSWORD, by=ADMIN)
    state.accounts.disable("sam", by=ADMIN)
    state.accounts.add("Eve", password=PASSWORD, by=ADMIN)
    for login in ("ADA", "sam", "eve", "a password in the wrong field", PASSWORD, "", "x" * 500, "\0"):
        attempt(state, login, "wrong password")
    failed, _ = state.audit.entries(what="login.failed")
    assert [each.target for each in reversed(failed)] == ["ada", "sam", "Eve", "", "", "", "", ""]
    assert {(each.who, each.address, each.detail) for each in failed} == {("", "192.0.2.1", "")}


def test_confirming_a_password_is_bounded_alike(state: State, ada: Account) -> None:
    assert state.logins.confirm(ada, PASSWORD, address="").account == ada
    for _ in range(10):
        assert state.logins.confirm(ada, "wrong password", address="").account is None
    assert state.logins.confirm(ada, PASSWORD, address="").wait > 0
    assert state.sessions.of(ada) == ()


def test_a_role_that_is_changed_underneath_counts(state: State, ada: Account) -> None:
    cookie = state.sessions.begin(ada, ADMIN)
    assert state.sessions.find(cookie)
    with state.database.writing() as db:
        db.execute(update(session).values(expires=0))
    assert state.sessions.find(cookie) is None
    assert ada.role is Role.READER
