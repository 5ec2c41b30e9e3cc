"""What a change has to know of the past it knows also while what is derived is behind, and never more than its actor may."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from engine.access import Actor, Kind, Lineage, Role, RolePolicy, Unprotected
from engine.changes import Append, Change, Delete, Edit, MergeConflictError, Move, Put
from engine.errors import ForbiddenError, InvalidChangeError, NotReadyError, PageNotFoundError
from engine.following import SMALL
from engine.locks import HostLock
from engine.model import Author
from engine.snapshot import Snapshot
from engine.store import Change as Written
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore, blob_id
from engine.wiki import Plan, Wiki
from tests import repositories
from tests.indexes import ListIndex

ADA = Actor(Kind.PERSON, "ada", Role.EDITOR, Author("Ada", "ada@example.org"))
BOB = Actor(Kind.PERSON, "bob", Role.EDITOR, Author("Bob", "bob@example.org"))
BOT = Actor(Kind.PROGRAM, "bot", Role.EDITOR, Author("Bot", ""), ("pub/**",), ("pub/**",))


def opened(path: Path, store: MemoryStore | GitStore, secret: bytes = b"") -> Wiki:
    path.mkdir(exist_ok=True)
    wiki = Wiki.open(store, ListIndex(), path, RolePolicy(), processes=0, secret=secret)
    wiki.catch_up()
    return wiki


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Wiki]:
    """A wiki on git, for what memory cannot tell."""
    wiki = opened(tmp_path / "derived", GitStore.open(repositories.make(tmp_path / "wiki.git").path))
    yield wiki
    wiki.close()


def text(wiki: Wiki, path: str) -> str | None:
    wiki.catch_up(5)
    with wiki.at(ADA) as snapshot:
        try:
            return snapshot.editing.source(path).text if snapshot.find(path).name else None
        except PageNotFoundError:
            return None


def blob(wiki: Wiki, path: str) -> str:
    wiki.catch_up(5)
    with wiki.at(ADA) as snapshot:
        return snapshot.editing.source(path).base or ""


def commit(wiki: Wiki, *changes: Change, actor: Actor = ADA, key: str | None = None) -> str:
    return wiki.commit(changes, actor, "Save", key=key).commit


def test_a_call_made_again_is_known_while_another_process_brings_the_names(
    both: Wiki, tmp_path: Path
) -> None:
    commit(both, Append("log.md", "start\n"))
    both.catch_up()
    with HostLock(tmp_path / "derived" / "names.lock").held(1) as held:
        assert held
        first = both.commit([Append("log.md", "one\n")], ADA, key="k")
        again = both.commit([Append("log.md", "one\n")], ADA, key="k")
        assert again.repeated
        assert again.commit == first.commit
        with pytest.raises(InvalidChangeError, match="used for another change"):
            both.commit([Append("log.md", "two\n")], ADA, key="k")
    assert text(both, "log.md") == "start\none\n"


def test_an_edit_is_merged_and_follows_while_another_process_brings_the_names(
    both: Wiki, tmp_path: Path
) -> None:
    whole = "".join(f"line {n}\n" for n in range(20))
    commit(both, Edit("a.md", whole, None))
    old = blob(both, "a.md")
    with HostLock(tmp_path / "derived" / "names.lock").held(1):
        commit(both, Edit("a.md", whole.replace("line 3", "line three"), old))
        made = both.commit([Edit("a.md", whole.replace("line 9", "line nine"), old)], BOB)
        assert made.merged == ("a.md",)
        new = both._parts.store.entry(made.commit, "a.md")
        assert new is not None
        commit(both, Move("a.md", "b.md", new.blob))
        followed = both.commit([Edit("a.md", whole.replace("line 15", "line fifteen"), old)], BOB)
        assert followed.paths == {"a.md": "b.md"}
        appended = both.commit([Append("a.md", "the end\n")], BOB)
        assert appended.paths == {"a.md": "b.md"}
    for part in ("three", "nine", "fifteen"):
        assert f"line {part}\n" in (text(both, "b.md") or "")
    assert text(both, "a.md") is None


@pytest.mark.parametrize("late", [False, True])
def test_what_is_appended_goes_where_the_page_went(both: Wiki, tmp_path: Path, late: bool) -> None:
    commit(both, Append("log.md", "one\n"), Edit("other.md", "---\nredirect: log\n---\n", None))
    old = blob(both, "log.md")
    leads = b"---\nredirect: journal\n---\n"
    with HostLock(tmp_path / "derived" / "names.lock").held(1) if late else nullcontext():
        commit(both, Move("log.md", "journal.md", old), Put("log.md", leads, None))
        assert both.commit([Append("log.md", "two\n")], BOB).paths == {"log.md": "journal.md"}
    assert text(both, "journal.md") == "one\ntwo\n"
    assert text(both, "log.md") == leads.decode()
    assert both.commit([Append("other.md", "said\n")], BOB).paths == {"other.md": "other.md"}


def test_while_the_history_is_read_nothing_is_guessed(both: Wiki) -> None:
    files = [Put(f"n/{n}.md", f"# Page {n}\n".encode(), None) for n in range(SMALL + 10)]
    commit(both, Append("log.md", "# Log\n\none\n"), *files)
    old = blob(both, "log.md")
    moves = [Move(each.path, each.path.replace("n/", "m/"), blob_id(each.content)) for each in files]
    commit(both, Move("log.md", "journal.md", old), *moves)  # names at once, the history later
    for change in (Append("log.md", "two\n"), Edit("log.md", "# Log\n\none!\n", old), Delete("log.md", old)):
        with pytest.raises(NotReadyError):
            both.commit([change], BOB)
    with pytest.raises(NotReadyError):
        both.commit([Append("log.md", "two\n")], BOB, key="k")
    both.catch_up()
    assert both.commit([Append("log.md", "two\n")], BOB).paths == {"log.md": "journal.md"}
    assert text(both, "journal.md") == "# Log\n\none\ntwo\n"


def test_who_follows_in_the_background_waits_for_the_history(both: Wiki) -> None:
    files = [Put(f"n/{n}.md", f"# Page {n}\n".encode(), None) for n in range(SMALL + 10)]
    commit(both, Append("log.md", "one\n"), *files)
    old = blob(both, "log.md")
    moves = [Move(each.path, each.path.replace("n/", "m/"), blob_id(each.content)) for each in files]
    commit(both, Move("log.md", "journal.md", old), *moves)
    both.start()
    assert both.commit([Append("log.md", "two\n")], BOB).paths == {"log.md": "journal.md"}


@pytest.mark.parametrize("secret", ["password: 1234\n", "no such page\n"])
def test_a_base_tells_nothing_of_other_files(wiki: Wiki, secret: str) -> None:
    commit(wiki, Edit("secret/plan.md", "password: 1234\n", None), Edit("pub/a.md", "# A\n", None), actor=ADA)
    wiki.catch_up()
    base = blob_id(secret.encode())
    for change in (
        Edit("pub/a.md", "mine\n", base),
        Edit("pub/nowhere.md", "mine\n", base),
        Put("pub/a.md", b"mine\n", base),
        Delete("pub/a.md", base),
        Move("pub/a.md", "pub/b.md", base, b"mine\n"),
    ):
        for actor in (BOT, ADA):
            with pytest.raises(InvalidChangeError, match="not in the repository any more"):
                wiki.commit([change], actor)


def test_what_was_at_an_earlier_path_is_a_base_of_its_file(wiki: Wiki) -> None:
    commit(wiki, Edit("pub/a.md", "one\n", None))
    first = blob(wiki, "pub/a.md")
    commit(wiki, Edit("pub/a.md", "two\n", first))
    commit(wiki, Move("pub/a.md", "pub/b.md", blob(wiki, "pub/a.md")))
    for path in ("pub/a.md", "pub/b.md"):
        with pytest.raises(MergeConflictError) as raised:
            wiki.commit([Edit(path, "three\n", first)], BOB)
        (conflict,) = raised.value.conflicts
        assert (conflict.path, conflict.base, conflict.theirs) == ("pub/b.md", "one\n", "two\n")


def test_of_a_file_that_went_where_one_may_not_look_nothing_is_told(wiki: Wiki) -> None:
    commit(wiki, Edit("pub/a.md", "one\n", None))
    base = blob(wiki, "pub/a.md")
    commit(wiki, Move("pub/a.md", "secret/a.md", base))
    wiki.catch_up()
    with pytest.raises(InvalidChangeError, match="not in the repository any more"):
        wiki.commit([Edit("pub/a.md", "two\n", base)], BOT)
    assert wiki.commit([Append("pub/a.md", "anew\n")], BOT).paths == {"pub/a.md": "pub/a.md"}


def test_a_key_is_of_one_actor_of_one_kind(wiki: Wiki) -> None:
    person, program = (
        Actor(kind, "bot", Role.EDITOR, Author("Bot", "")) for kind in (Kind.PERSON, Kind.PROGRAM)
    )
    commit(wiki, Append("log.md", "one\n"), actor=person, key="k")
    wiki.catch_up()
    assert not wiki.commit([Append("log.md", "one\n")], program, key="k").repeated


def test_nobody_else_can_say_that_a_call_was_made(tmp_path: Path) -> None:
    store = MemoryStore()
    forger = opened(tmp_path / "forger", store)
    forged = commit(forger, Append("log.md", "one\n"), key="daily")
    wiki = opened(tmp_path / "wiki", store, secret=b"of this wiki alone")
    made = wiki.commit([Append("log.md", "one\n")], ADA, key="daily")
    assert not made.repeated
    assert made.commit != forged
    wiki.catch_up()
    assert wiki.commit([Append("log.md", "one\n")], ADA, key="daily").repeated
    assert text(wiki, "log.md") == "one\none\n"
    forger.close()
    wiki.close()


def test_a_call_made_again_says_where_its_files_are_now(wiki: Wiki) -> None:
    call: Sequence[Change] = (Edit("a.md", "one\n", None), Append("b.md", "two\n"))
    wiki.commit(call, ADA, key="k")
    commit(wiki, Move("a.md", "c.md", blob(wiki, "a.md")))
    wiki.catch_up()
    again = wiki.commit(call, ADA, key="k")
    assert again.repeated
    assert again.paths == {"a.md": "c.md", "b.md": "b.md"}


def test_what_is_planned_is_planned_at_the_head(both: Wiki) -> None:
    commit(both, Edit("a.md", "# Title\n", None), Edit("b.md", "[[a]]\n", None))
    both.catch_up()
    seen: list[str | None] = []

    def rename(snapshot: Snapshot) -> Sequence[Change]:
        seen.append(snapshot.commit)
        if len(seen) == 1:  # somebody else links to the page at the last moment
            late = Written("late.md", b"[[a]]\n", None)
            both._parts.store.write([late], author=Author("Eve", ""), summary="Late link")
        return snapshot.moving.plan("a.md", "new/page.md").changes

    plan = Plan(("rename", "a.md", "new/page.md"), rename)
    made = both.commit(plan, ADA, key="k")
    both.catch_up()
    assert text(both, "b.md") == "[[page]]\n"
    assert text(both, "late.md") == "[[page]]\n"
    assert len(seen) == 2
    again = both.commit(plan, ADA, key="k")
    assert (again.repeated, again.commit, len(seen)) == (True, made.commit, 2)
    with pytest.raises(InvalidChangeError, match="used for another change"):
        both.commit(Plan(("rename", "b.md", "c.md"), rename), ADA, key="k")


def test_a_plan_holds_nobody_up_while_the_names_lag(both: Wiki, tmp_path: Path) -> None:
    commit(both, Edit("a.md", "# Title\n", None), Edit("b.md", "[[a]]\n", None))
    both.catch_up()
    with HostLock(tmp_path / "derived" / "names.lock").held(1):
        commit(both, Edit("c.md", "late\n", None))
        with pytest.raises(NotReadyError):
            both.commit(Plan(("x",), lambda snapshot: snapshot.moving.plan("a.md", "d.md").changes), ADA)
    both.commit(Plan(("x",), lambda snapshot: snapshot.moving.plan("a.md", "d.md").changes), ADA)


def test_others_are_merged_with_while_the_history_is_read(both: Wiki) -> None:
    whole = "".join(f"line {n}\n" for n in range(20))
    files = [Put(f"n/{n}.md", f"# Page {n}\n".encode(), None) for n in range(SMALL + 10)]
    commit(both, Edit("a.md", whole, None), *files)
    old = blob(both, "a.md")
    moves = [Move(each.path, each.path.replace("n/", "m/"), blob_id(each.content)) for each in files]
    commit(both, *moves)  # names at once, the history later
    commit(both, Edit("a.md", whole.replace("line 3", "line three"), old))
    assert both.commit([Edit("a.md", whole.replace("line 9", "line nine"), old)], BOB).merged == ("a.md",)


def test_many_questions_are_answered_by_one_snapshot(
    both: Wiki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Actor] = []

    def look(actor: Actor) -> AbstractContextManager[Snapshot]:
        opened.append(actor)
        return both.at(actor)

    monkeypatch.setattr(both._writing, "_look", look)
    commit(both, *(Append(f"{n}.md", "one\n") for n in range(30)))
    both.catch_up()
    with HostLock(tmp_path / "derived" / "names.lock").held(1):
        commit(both, Append("late.md", "one\n"))
        opened.clear()
        commit(both, *(Append(f"new-{n}.md", "one\n") for n in range(60)))
    assert len(opened) == 1


class LocksOne(Unprotected):
    """Lets only admins change what began at ``locked.md``."""

    def any(self) -> bool:
        return True

    def highest(self) -> Role:
        return Role.ADMIN

    def level(self, path: str, lineage: Lineage | None) -> Role:
        return Role.ADMIN if lineage is not None and lineage[1] == "locked.md" else Role.CONTRIBUTOR


def test_a_protected_page_stays_so_while_its_new_name_is_not_known(tmp_path: Path) -> None:
    folder = tmp_path / "derived"
    folder.mkdir()
    store = GitStore.open(repositories.make(tmp_path / "wiki.git").path)
    wiki = Wiki.open(store, ListIndex(), folder, RolePolicy(), protections=LocksOne(), processes=0)
    admin = Actor(Kind.PERSON, "root", Role.ADMIN)
    commit(wiki, Edit("locked.md", "one\n", None), Edit("a.md", "a\n", None), actor=admin)
    wiki.catch_up()
    base = store.entry(store.head() or "", "locked.md")
    assert base is not None
    with HostLock(folder / "names.lock").held(1):
        commit(wiki, Move("locked.md", "renamed.md", base.blob), actor=admin)
        for change in (Append("renamed.md", "two\n"), Edit("renamed.md", "two\n", base.blob)):
            with pytest.raises(NotReadyError):
                wiki.commit([change], BOB)
    wiki.catch_up()
    with pytest.raises(ForbiddenError):
        wiki.commit([Append("renamed.md", "two\n")], BOB)
    commit(wiki, Append("a.md", "b\n"), actor=BOB)
    wiki.close()
