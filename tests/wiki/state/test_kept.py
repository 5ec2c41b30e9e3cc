"""Drafts, protections, the audit and the server's secret."""

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from engine.access import Protections, Role
from engine.errors import StoreError, TooLargeError
from tests.states import ADMIN, CHEAP, NOW, PASSWORD, Clock, audited
from wiki.state import By, State
from wiki.state.accounts import Account
from wiki.state.drafts import BYTES_OF_ONE, FIELDS_BYTES, OF_ONE, TEXT_BYTES
from wiki.state.errors import RefusedError
from wiki.state.schema import audit

BLOB = "b" * 40
LINEAGE = ("c" * 40, "a.md")
OTHER = ("d" * 40, "a.md")

# -- drafts


def test_a_draft_survives_a_restart(state: State) -> None:
    saved = state.drafts.save(
        "ada",
        "a.md",
        "Text\r\n\0 \U0001f642",
        base=BLOB,
        lineage=LINEAGE,
        summary="Why",
        fields={"tags": "a, \U0001f642", "tags-was": ""},
    )
    state.close()
    again = State(state.database.path.parent, hashing=CHEAP)
    assert again.drafts.get("ada", "a.md", LINEAGE) == saved
    assert (saved.text, saved.base, saved.summary) == ("Text\r\n\0 \U0001f642", BLOB, "Why")
    assert saved.saved.timestamp() == NOW
    again.close()


def test_everybody_has_drafts_of_their_own(state: State) -> None:
    ours = state.drafts.save("ada", "a.md", "hers", base=None)
    state.drafts.save("bob", "a.md", "his", base=None)
    assert state.drafts.get("ada", "a.md") == ours
    assert state.drafts.get("eve", "a.md") is None
    assert [state.drafts.has(name) for name in ("ada", "bob", "eve")] == [True, True, False]
    assert not state.drafts.delete("bob", ours.id)
    assert state.drafts.delete("ada", ours.id)
    assert state.drafts.get("ada", "a.md") is None
    assert not state.drafts.has("ada")
    assert [draft.text for draft in state.drafts.of("bob")] == ["his"]
    with pytest.raises(ValueError):
        state.drafts.save("", "a.md", "of a stranger", base=None)


def test_a_new_draft_takes_the_place_of_the_one_before(state: State, clock: Clock) -> None:
    first = state.drafts.save("ada", "a.md", "one", base=BLOB)
    clock.pass_by(seconds=5)
    second = state.drafts.save("ada", "a.md", "two", base=None)
    assert (second.id, second.text, second.base) == (first.id, "two", None)
    state.drafts.save("ada", "b.md", "three", base=None)
    assert [draft.path for draft in state.drafts.of("ada")] == ["b.md", "a.md"]


def test_a_draft_follows_its_page_to_another_path(state: State) -> None:
    state.drafts.save("ada", "a.md", "of the page", base=BLOB, lineage=LINEAGE)
    moved = state.drafts.get("ada", "moved.md", LINEAGE)
    assert moved is not None
    assert moved.text == "of the page"
    assert state.drafts.get("ada", "a.md", OTHER) is None  # another page, where the first one was
    unknown = state.drafts.get("ada", "a.md")  # whose past is not known yet
    assert unknown is not None
    state.drafts.save("ada", "a.md", "of the other", base=BLOB, lineage=OTHER)
    assert {draft.text for draft in state.drafts.of("ada")} == {"of the page", "of the other"}


def test_a_draft_that_was_begun_before_the_page_was_there_is_found(state: State) -> None:
    state.drafts.save("ada", "a.md", "of a page to be", base=None)
    found = state.drafts.get("ada", "a.md", LINEAGE)
    assert found is not None
    assert found.base is None
    state.drafts.save("ada", "a.md", "of the page", base=BLOB, lineage=LINEAGE)
    assert [draft.text for draft in state.drafts.of("ada")] == ["of the page"]


def test_drafts_of_sections_are_others_and_go_along(state: State) -> None:
    whole = state.drafts.save("ada", "a.md", "all", base=BLOB, lineage=LINEAGE)
    begun = state.drafts.save("ada", "a.md", "one", base=BLOB, section="b")
    part = state.drafts.save("ada", "a.md", "two", base=BLOB, section="b", lineage=LINEAGE)
    assert state.drafts.numbered("ada", begun.id) is None
    assert (part.section, part.lineage, whole.section, whole.lineage) == ("b", LINEAGE, "", LINEAGE)
    assert state.drafts.get("ada", "moved.md", LINEAGE, "b") == part
    assert state.drafts.get("ada", "moved.md", LINEAGE) == whole
    assert state.drafts.get("ada", "a.md", None, "b") == part
    assert state.drafts.get("ada", "a.md", LINEAGE, "c") is None
    assert state.drafts.numbered("ada", part.id) == part
    assert state.drafts.numbered("bob", part.id) is None


def test_drafts_are_bounded_and_none_is_lost_by_it(state: State) -> None:
    with pytest.raises(TooLargeError):
        state.drafts.save("ada", "a.md", "é" * (TEXT_BYTES // 2 + 1), base=None)
    with pytest.raises(TooLargeError):
        state.drafts.save("ada", "a.md", "x", base=None, fields={"tags": "x" * FIELDS_BYTES})
    large = TEXT_BYTES - 1
    for number in range(BYTES_OF_ONE // TEXT_BYTES):
        state.drafts.save("ada", f"{number}.md", "x" * large, base=None)
    with pytest.raises(TooLargeError, match="delete one first"):
        state.drafts.save("ada", "more.md", "x" * large, base=None)
    state.drafts.save("ada", "0.md", "y" * large, base=None)  # one that is there already
    assert len(state.drafts.of("ada")) == BYTES_OF_ONE // TEXT_BYTES
    for number in range(OF_ONE):
        state.drafts.save("bob", f"{number}.md", "x", base=None)
    with pytest.raises(TooLargeError, match="200 drafts"):
        state.drafts.save("bob", "more.md", "x", base=None)


def test_drafts_go_with_their_account(state: State, ada: Account) -> None:
    state.drafts.save("ada", "a.md", "hers", base=None)
    state.drafts.save("bob", "a.md", "his", base=None)
    state.accounts.remove("ada", by=ADMIN)
    assert state.drafts.of("ada") == ()
    assert len(state.drafts.of("bob")) == 1


# -- protections


def test_a_protected_page_is_for_admins_wherever_it_goes(state: State) -> None:
    kept: Protections = state.protections
    assert kept.level("a.md", LINEAGE) is Role.CONTRIBUTOR
    state.protections.set("a.md", LINEAGE, Role.ADMIN, reason=" a\nreason ", by=ADMIN)
    assert kept.level("a.md", LINEAGE) is Role.ADMIN
    assert kept.level("moved.md", LINEAGE) is Role.ADMIN
    assert kept.level("a.md", None) is Role.CONTRIBUTOR  # another page, which is new
    assert kept.level("a.md", OTHER) is Role.CONTRIBUTOR
    assert kept.pages() == (("a.md", LINEAGE, Role.ADMIN),)
    assert kept.level("b.md", None) is Role.CONTRIBUTOR
    found = state.protections.find(LINEAGE)
    assert found is not None
    assert (found.reason, found.by) == ("a reason", "root")


def test_what_has_no_past_is_not_protected(state: State) -> None:
    state.protections.set("a.md", LINEAGE, Role.ADMIN, by=ADMIN)
    assert state.protections.find(None) is None
    assert state.protections.level("a.md", None) is Role.CONTRIBUTOR


def test_protection_that_is_taken_away_is_gone_at_once_everywhere(state: State) -> None:
    other = State(state.database.path.parent, hashing=CHEAP)
    for _ in range(2):
        state.protections.set("a.md", LINEAGE, Role.ADMIN, by=ADMIN)
        assert other.protections.level("a.md", LINEAGE) is Role.ADMIN
        state.protections.set("a.md", LINEAGE, Role.CONTRIBUTOR, by=ADMIN)
        assert other.protections.level("a.md", LINEAGE) is Role.CONTRIBUTOR
    assert not state.protections.any()
    other.close()


@pytest.mark.parametrize("role", [Role.NOBODY, Role.READER])
def test_a_protection_never_opens_a_page(state: State, role: Role) -> None:
    with pytest.raises(RefusedError):
        state.protections.set("a.md", LINEAGE, role, by=ADMIN)


def test_the_highest_protection_says_whom_none_concerns(state: State) -> None:
    assert state.protections.highest() is Role.CONTRIBUTOR
    for path, role, highest in (
        ("a.md", Role.EDITOR, Role.EDITOR),
        ("b.md", Role.ADMIN, Role.ADMIN),
        ("c.md", Role.EDITOR, Role.ADMIN),
        ("b.md", Role.CONTRIBUTOR, Role.EDITOR),
    ):
        state.protections.set(path, ("0" * 40, path), role, by=ADMIN)
        assert state.protections.highest() is highest


# -- audit


def test_what_is_done_is_written_down_with_who_and_from_where(state: State) -> None:
    state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    state.accounts.set_role("ada", Role.EDITOR, by=ADMIN)
    state.logins.attempt("ada", "wrong password", address="192.0.2.7")
    entries, more = state.audit.entries()
    assert not more
    assert [(e.who, e.what, e.target, e.address, e.detail) for e in entries] == [
        ("", "login.failed", "ada", "192.0.2.7", ""),
        ("root", "account.role", "ada", "192.0.2.1", "reader → editor"),
        ("root", "account.add", "ada", "192.0.2.1", "reader"),
    ]
    assert entries[0].time.timestamp() == NOW


def test_no_password_no_token_and_no_link_is_written_down(state: State) -> None:
    ada = state.accounts.add("ada", password=PASSWORD, by=ADMIN)
    _, token = state.tokens.create("sync", by=ADMIN)
    _, invitation = state.invitations.create(Role.READER, by=ADMIN)
    link = state.resets.create(ada, by=ADMIN)
    cookie = state.sessions.begin(ada, ADMIN)
    with state.database.reading() as db:
        written = str(db.execute(select(audit)).all())
    for secret in (PASSWORD, token, invitation, link, cookie):
        assert secret not in written


def test_entries_are_paged_and_chosen(state: State) -> None:
    for number in range(7):
        state.audit.note(By(("ada", "bob")[number % 2]), ("login", "logout")[number % 2], str(number))
    first, more = state.audit.entries(limit=3)
    assert ([entry.target for entry in first], more) == (["6", "5", "4"], True)
    rest, more = state.audit.entries(limit=4, before=first[-1].id)
    assert ([entry.target for entry in rest], more) == (["3", "2", "1", "0"], False)
    assert [entry.target for entry in state.audit.entries(who="bob")[0]] == ["5", "3", "1"]
    assert [entry.target for entry in state.audit.entries(what="login", who="bob")[0]] == []
    assert state.audit.kinds() == ("login", "logout")


def test_what_was_written_down_is_never_changed(state: State) -> None:
    state.audit.note(ADMIN, "login")
    with pytest.raises((IntegrityError, StoreError)), state.database.writing() as db:
        db.exec_driver_sql("UPDATE audit SET who = 'eve'")
    assert state.audit.entries()[0][0].who == "root"


def test_what_is_too_old_is_forgotten(state: State, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wiki.state.audit.SWEEP", 5)
    for _ in range(4):
        state.audit.note(ADMIN, "login")
    clock.pass_by(days=366)
    for _ in range(3):
        state.audit.note(ADMIN, "logout")
    assert state.audit.kinds() == ("logout",)
    monkeypatch.setattr("wiki.state.audit.ROWS", 2)
    for _ in range(3):
        state.audit.note(ADMIN, "login")
    assert audited(state) == 2


def test_long_texts_are_cut(state: State) -> None:
    state.audit.note(By("x" * 1_000), "login", "y" * 1_000, "z" * 1_000)
    assert len(state.audit.entries()[0][0].target) == 300


def test_entries_stay_when_their_account_goes(state: State, ada: Account) -> None:
    state.accounts.remove("ada", by=ADMIN)
    assert [entry.target for entry in state.audit.entries()[0]] == ["ada", "ada"]
    with state.database.writing() as db:
        assert db.execute(delete(audit)).rowcount == 2  # a retention has to be able to


# -- the secret


def test_a_signature_is_good_for_its_text_and_purpose(state: State) -> None:
    signature = state.signing.sign("form", "text")
    assert state.signing.is_signed("form", "text", signature)
    for purpose, text, given in (
        ("form", "other", signature),
        ("cookie", "text", signature),
        ("form", "text", ""),
        ("form", "text", signature[:-1]),
        ("form", "text", "\ud800"),
        ("for", "m\0text", signature),
    ):
        assert not state.signing.is_signed(purpose, text, given)


def test_the_secret_is_made_once(state: State) -> None:
    again = State(state.database.path.parent, hashing=CHEAP)
    assert again.signing.secret == state.signing.secret
    assert len(state.signing.secret) == 32
    again.close()
    assert State.passing(hashing=CHEAP).signing.secret != state.signing.secret
