"""Wiki.commit: one commit, all or nothing, and nothing that anybody wrote is lost."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import settling, writing
from engine.access import ANONYMOUS, Action, Actor, Kind, Lineage, Role, RolePolicy, Unprotected
from engine.changes import Append, Change, Delete, Edit, MergeConflictError, Move, Put, Saved
from engine.errors import (
    ForbiddenError,
    InvalidChangeError,
    NotReadyError,
    PageExistsError,
    PageIdError,
    PageNotFoundError,
    TooLargeError,
)
from engine.model import Author, Name
from engine.search.whoosh_index import WhooshIndex
from engine.settling import Limits
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore
from engine.store.trailers import moved
from engine.wiki import Wiki
from tests import repositories
from tests.conftest import Commit

ADA = Actor(Kind.PERSON, "ada", Role.EDITOR, Author("Ada", "ada@example.org"))
BOB = Actor(Kind.PERSON, "bob", Role.EDITOR, Author("Bob", "bob@example.org"))
ADMIN = Actor(Kind.PERSON, "root", Role.ADMIN)
READER = Actor(Kind.PERSON, "rea", Role.READER)


def save(wiki: Wiki, *changes: Change, actor: Actor = ADA, key: str | None = None) -> Saved:
    saved = wiki.commit(changes, actor, "Save", key=key)
    wiki.catch_up()
    return saved


def blob(wiki: Wiki, path: str) -> str:
    found = content_name(wiki, path)
    assert found is not None
    return found.blob


def content_name(wiki: Wiki, path: str) -> Name | None:
    wiki.catch_up()
    with wiki.at(ADMIN) as snapshot:
        try:
            return snapshot.past.subject(path).name if not snapshot.past.subject(path).gone else None
        except PageNotFoundError:
            return None


def content(wiki: Wiki, path: str) -> bytes | None:
    name = content_name(wiki, path)
    if name is None or name.path != path:
        return None
    with wiki.at(ADMIN) as snapshot:
        return snapshot.source(name)


@pytest.fixture(params=["memory", "git"])
def any_wiki(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wiki]:
    if request.param == "memory":
        store: MemoryStore | GitStore = MemoryStore()
    else:
        store = GitStore.open(repositories.make(tmp_path / "wiki.git").path)
    opened = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, RolePolicy(), processes=0)
    opened.catch_up()
    yield opened
    opened.close()


def test_a_new_page_is_on_the_next_snapshot(any_wiki: Wiki) -> None:
    saved = save(any_wiki, Edit("a.md", "# A\n", None))
    assert saved.changed
    with any_wiki.at(ADA) as snapshot:
        assert snapshot.commit == saved.commit
        name = snapshot.find("a").name
        assert name is not None
        assert snapshot.page(name).title == "A"
        revision = snapshot.past.history(snapshot.past.subject("a")).steps[0].revision
    assert (revision.author, revision.summary) == (Author("Ada", "ada@example.org"), "Save")


def test_several_changes_are_one_commit(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "a\n", None), Put("m.bin", b"\0", None), Edit("b.md", "b\n", None))
    first = any_wiki.head()
    save(
        any_wiki,
        Edit("a.md", "A\n", blob(any_wiki, "a.md")),
        Delete("m.bin", blob(any_wiki, "m.bin")),
        Move("b.md", "c/b.md", blob(any_wiki, "b.md")),
        Append("log.md", "one\n"),
    )
    with any_wiki.at(ADA) as snapshot:
        assert snapshot.past.recent().changes[0].files
        assert [change.revision.id for change in snapshot.past.recent().changes][1:] == [first]
    assert [content(any_wiki, path) for path in ("a.md", "c/b.md", "log.md", "m.bin", "b.md")] == [
        b"A\n",
        b"b\n",
        b"one\n",
        None,
        None,
    ]


def test_of_several_changes_all_are_made_or_none(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "a\n", None))
    head = any_wiki.head()
    with pytest.raises(PageExistsError):
        save(any_wiki, Edit("b.md", "b\n", None), Put("a.md", b"other\n", None))
    with pytest.raises(PageNotFoundError):
        save(any_wiki, Edit("b.md", "b\n", None), Delete("gone.md", "0" * 40))
    assert any_wiki.head() == head


def test_a_save_that_changes_nothing_makes_no_commit(any_wiki: Wiki) -> None:
    first = save(any_wiki, Put("a.md", b"\xef\xbb\xbfone\r\ntwo", None))
    again = save(any_wiki, Edit("a.md", "one\ntwo\n", blob(any_wiki, "a.md")))
    assert (again.commit, again.changed) == (first.commit, False)


def test_edits_of_different_lines_are_merged(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "one\n\ntwo\n\nthree\n", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Edit("a.md", "ONE\n\ntwo\n\nthree\n", base))
    merged = save(any_wiki, Edit("a.md", "one\n\ntwo\n\nTHREE\n", base), actor=BOB)
    assert merged.merged == ("a.md",)
    assert content(any_wiki, "a.md") == b"ONE\n\ntwo\n\nTHREE\n"


def test_a_merge_keeps_the_style_that_the_file_has_now(any_wiki: Wiki) -> None:
    save(any_wiki, Put("a.md", b"one\n\ntwo\n\nthree\n", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Put("a.md", b"\xef\xbb\xbfONE\r\n\r\ntwo\r\n\r\nthree\r\n", base))
    save(any_wiki, Edit("a.md", "one\n\ntwo\n\nTHREE\n", base), actor=BOB)
    assert content(any_wiki, "a.md") == b"\xef\xbb\xbfONE\r\n\r\ntwo\r\n\r\nTHREE\r\n"


def test_a_save_that_changes_nothing_is_not_told_a_commit_that_somebody_else_makes(
    any_wiki: Wiki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "TURN", 0.1)  # after which whoever comes meanwhile goes on
    saved = save(any_wiki, Edit("a.md", "one\n", None))
    settle = settling.Settler.settle

    def settled(self: settling.Settler, changes: Sequence[Change]) -> settling.Settled:
        found = settle(self, changes)
        monkeypatch.setattr(settling.Settler, "settle", settle)
        any_wiki.commit([Edit("b.md", "two\n", None)], BOB, "Save")
        return found

    monkeypatch.setattr(settling.Settler, "settle", settled)
    same = any_wiki.commit([Edit("a.md", "one\n", blob(any_wiki, "a.md"))], ADA, "Save")
    assert not same.changed
    assert same.commit == saved.commit


def test_edits_of_one_line_come_back_with_all_texts_and_nothing_is_written(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "one\n", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Edit("a.md", "theirs\n", base))
    head = any_wiki.head()
    with pytest.raises(MergeConflictError) as caught:
        save(any_wiki, Edit("a.md", "ours\n", base), Edit("b.md", "b\n", None), actor=BOB)
    (conflict,) = caught.value.conflicts
    assert (conflict.path, conflict.base, conflict.ours, conflict.theirs) == (
        "a.md",
        "one\n",
        "ours\n",
        "theirs\n",
    )
    assert conflict.theirs_blob == blob(any_wiki, "a.md")
    assert conflict.merged is not None
    assert conflict.merged.conflicts
    assert "<<<<" not in conflict.merged.text
    assert any_wiki.head() == head


def test_a_page_that_two_begin_is_a_conflict_for_the_second(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "first\n", None))
    with pytest.raises(MergeConflictError) as caught:
        save(any_wiki, Edit("a.md", "second\n", None), actor=BOB)
    assert caught.value.conflicts[0].base == ""
    assert save(any_wiki, Edit("a.md", "first\n", None), actor=BOB).changed is False


def test_an_edit_follows_a_page_that_was_renamed(any_wiki: Wiki) -> None:
    text = "a line that stays\n" * 9
    save(any_wiki, Edit("a.md", f"{text}one\n", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Move("a.md", "new/b.md", base))
    saved = save(any_wiki, Edit("a.md", f"{text}two\n", base), actor=BOB)
    assert saved.paths == {"a.md": "new/b.md"}
    assert content(any_wiki, "new/b.md") == f"{text}two\n".encode()
    save(any_wiki, Append("a.md", "three\n"))
    assert content(any_wiki, "new/b.md") == f"{text}two\nthree\n".encode()


def test_an_edit_follows_a_page_that_was_renamed_and_has_left_another_behind(any_wiki: Wiki) -> None:
    text = "---\ntags: [a]\n---\n" + "a line that stays\n" * 9
    save(any_wiki, Edit("a.md", text, None))
    base = blob(any_wiki, "a.md")
    redirect = b"---\nredirect: b\n---\n"
    save(any_wiki, Move("a.md", "b.md", base), Put("a.md", redirect, None))
    # Its front matter alone could be merged with that of the page which is there now.
    edited = text.replace("[a]", "[a]\nlang: de")
    saved = save(any_wiki, Edit("a.md", edited, base), actor=BOB)
    assert saved.paths == {"a.md": "b.md"}
    assert content(any_wiki, "b.md") == edited.encode()
    assert content(any_wiki, "a.md") == redirect
    with pytest.raises(PageNotFoundError):
        save(any_wiki, Move("a.md", "c.md", base), actor=BOB)
    with pytest.raises(MergeConflictError):
        save(any_wiki, Delete("a.md", base), actor=BOB)
    save(any_wiki, Delete("a.md", blob(any_wiki, "a.md")), actor=BOB)
    assert content(any_wiki, "b.md") == edited.encode()


def test_an_edit_is_never_merged_with_another_page_that_has_taken_the_place_of_its_own(
    any_wiki: Wiki,
) -> None:
    lines = "".join(f"line {n}\n\n" for n in range(9))
    save(any_wiki, Edit("a.md", lines, None), Edit("b.md", f"# B\n\n{lines}", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Delete("a.md", base))
    save(any_wiki, Move("b.md", "a.md", blob(any_wiki, "b.md")))
    with pytest.raises(MergeConflictError) as raised:
        save(any_wiki, Edit("a.md", f"{lines}mine\n", base), actor=BOB)
    (conflict,) = raised.value.conflicts
    assert (conflict.ours, conflict.theirs) == (f"{lines}mine\n", f"# B\n\n{lines}")
    assert conflict.merged is not None
    assert len(conflict.merged.conflicts) == 1
    with pytest.raises(PageNotFoundError):
        save(any_wiki, Move("a.md", "c.md", base), actor=BOB)
    with pytest.raises(MergeConflictError):
        save(any_wiki, Delete("a.md", base), actor=BOB)
    assert content(any_wiki, "a.md") == f"# B\n\n{lines}".encode()


def test_an_edit_of_a_page_that_was_made_again_is_merged(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "one\n\ntwo\n\nthree\n", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Delete("a.md", base))
    save(any_wiki, Edit("a.md", "one\n\ntwo\n\nthree changed\n", None))
    saved = save(any_wiki, Edit("a.md", "one changed\n\ntwo\n\nthree\n", base), actor=BOB)
    assert saved.merged == ("a.md",)
    assert content(any_wiki, "a.md") == b"one changed\n\ntwo\n\nthree changed\n"


def test_an_edit_of_a_page_that_was_deleted_comes_back(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "one\n", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Delete("a.md", base))
    with pytest.raises(MergeConflictError) as caught:
        save(any_wiki, Edit("a.md", "two\n", base), actor=BOB)
    (conflict,) = caught.value.conflicts
    assert (conflict.ours, conflict.theirs, conflict.theirs_blob, conflict.merged) == (
        "two\n",
        None,
        None,
        None,
    )


def test_what_has_changed_is_not_deleted_unseen(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "one\n", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Edit("a.md", "two\n", base))
    with pytest.raises(MergeConflictError) as caught:
        save(any_wiki, Delete("a.md", base), actor=BOB)
    assert (caught.value.conflicts[0].ours, caught.value.conflicts[0].theirs) == (None, "two\n")
    assert content(any_wiki, "a.md") == b"two\n"


def test_a_page_that_changed_while_it_was_moved_keeps_both(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "see [[x]]\n\nmiddle\n\nend\n", None))
    base = blob(any_wiki, "a.md")
    save(any_wiki, Edit("a.md", "see [[x]]\n\nmiddle\n\nEND\n", base))
    save(any_wiki, Move("a.md", "c/a.md", base, b"see [[../x]]\n\nmiddle\n\nend\n"), actor=BOB)
    assert content(any_wiki, "c/a.md") == b"see [[../x]]\n\nmiddle\n\nEND\n"


def test_media_that_two_replace_are_never_merged(any_wiki: Wiki) -> None:
    save(any_wiki, Put("m.txt", b"one\n\ntwo\n", None))
    base = blob(any_wiki, "m.txt")
    save(any_wiki, Put("m.txt", b"ONE\n\ntwo\n", base))
    with pytest.raises(MergeConflictError) as caught:
        save(any_wiki, Put("m.txt", b"one\n\nTWO\n", base), actor=BOB)
    assert caught.value.conflicts[0].merged is None


def test_appends_need_no_base_and_keep_their_order(any_wiki: Wiki) -> None:
    for number in range(3):
        save(any_wiki, Append("log.md", f"- {number}\n"), Append("log.md", f"  - and {number}"))
    assert content(any_wiki, "log.md") == b"- 0\n  - and 0\n- 1\n  - and 1\n- 2\n  - and 2\n"


def test_an_append_ends_a_line_that_was_left_open(any_wiki: Wiki) -> None:
    save(any_wiki, Put("log.md", b"one\r\ntwo", None))
    save(any_wiki, Append("log.md", "three\n"))
    assert content(any_wiki, "log.md") == b"one\r\ntwo\r\nthree"


def test_the_same_call_made_again_changes_nothing(any_wiki: Wiki) -> None:
    first = save(any_wiki, Append("log.md", "one\n"), key="k")
    save(any_wiki, Append("log.md", "two\n"), key="l")
    again = save(any_wiki, Append("log.md", "one\n"), key="k")
    assert (again.commit, again.repeated) == (first.commit, True)
    assert save(any_wiki, Append("log.md", "one\n"), actor=BOB, key="k").repeated is False
    assert content(any_wiki, "log.md") == b"one\ntwo\none\n"


def test_a_key_is_for_one_call(any_wiki: Wiki) -> None:
    save(any_wiki, Append("log.md", "one\n"), key="k")
    with pytest.raises(InvalidChangeError, match="key"):
        save(any_wiki, Append("log.md", "two\n"), key="k")


def test_a_key_outlives_all_that_is_derived(wiki: Wiki) -> None:
    first = save(wiki, Append("log.md", "one\n"), key="k")
    wiki.rebuild()
    assert save(wiki, Append("log.md", "one\n"), key="k").commit == first.commit


@pytest.mark.parametrize("path", ["../a.md", ".git/a.md", "a/.GIT/config", "a\\b.md", "a.md ", "-\n.md", ""])
def test_unsafe_paths_are_refused(wiki: Wiki, path: str) -> None:
    for change in (
        Edit(path, "x", None),
        Append(path, "x"),
        Delete(path, "0" * 40),
        Move("a.md", path, "0" * 40),
    ):
        with pytest.raises(PageIdError):
            save(wiki, change)
    assert wiki.head() is None


def test_readers_write_nothing(commit: Commit, wiki: Wiki) -> None:
    head = commit({"a.md": "one\n"})
    changes: list[Change] = [
        Edit("a.md", "two\n", blob(wiki, "a.md")),
        Append("a.md", "x"),
        Delete("a.md", blob(wiki, "a.md")),
        Move("a.md", "b.md", blob(wiki, "a.md")),
        Put("new.md", b"", None),
    ]
    for change in changes:
        with pytest.raises(ForbiddenError):
            save(wiki, change, actor=READER)
    assert wiki.head() == head


@pytest.mark.parametrize("path", ["quire.toml", ".gitattributes", "a/.hidden.md"])
def test_settings_and_hidden_files_are_for_admins(wiki: Wiki, path: str) -> None:
    with pytest.raises(ForbiddenError):
        save(wiki, Put(path, b"", None))
    assert save(wiki, Put(path, b"", None), actor=ADMIN).changed


class Odd(RolePolicy):
    """Lets nobody write to what begins with an a."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        return super().allows(actor, action, name) and not name.path.startswith("a")


def test_the_policy_is_asked_for_every_path(store: MemoryStore, commit: Commit, tmp_path: Path) -> None:
    commit({"a.md": "one\n", "b.md": "two\n"})
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, Odd(), processes=0)
    try:
        for change in (Move("b.md", "a2.md", blob(wiki, "b.md")), Edit("a.md", "x\n", None)):
            with pytest.raises(ForbiddenError):
                save(wiki, Append("c.md", "x\n"), change)
    finally:
        wiki.close()


class OneIsProtected(Unprotected):
    """Protects one lineage."""

    def __init__(self) -> None:
        self.lineage: Lineage | None = None

    def any(self) -> bool:
        return self.lineage is not None

    def highest(self) -> Role:
        return Role.ADMIN if self.any() else Role.CONTRIBUTOR

    def stamp(self) -> str:
        return repr(self.lineage)

    def level(self, path: str, lineage: Lineage | None) -> Role:
        return Role.ADMIN if lineage == self.lineage else Role.EDITOR

    def pages(self) -> Sequence[tuple[str, Lineage, Role]]:
        return [(self.lineage[1], self.lineage, Role.ADMIN)] if self.lineage is not None else ()


def test_a_protected_page_stays_so_where_it_is_moved(
    store: MemoryStore, commit: Commit, tmp_path: Path
) -> None:
    first = commit({"a.md": "one\n", "b.md": "two\n"})
    protections = OneIsProtected()
    wiki = Wiki.open(
        store,
        WhooshIndex(tmp_path / "search"),
        tmp_path,
        RolePolicy(),
        protections=protections,
        processes=0,
    )
    try:
        wiki.catch_up()
        protections.lineage = (first, "a.md")
        save(wiki, Move("a.md", "c.md", blob(wiki, "a.md")), actor=ADMIN)
        with pytest.raises(ForbiddenError, match="protected"):
            save(wiki, Append("c.md", "x\n"))
        with pytest.raises(ForbiddenError, match="protected"):
            save(wiki, Append("a.md", "follows it\n"))
        assert save(wiki, Append("b.md", "x\n")).changed
        assert save(wiki, Append("c.md", "x\n"), actor=ADMIN).changed
        assert save(wiki, Put("a.md", b"Another page.\n", None)).changed  # the place is free
        assert save(wiki, Append("a.md", "x\n")).changed
        save(wiki, Delete("c.md", blob(wiki, "c.md")), actor=ADMIN)
        with pytest.raises(ForbiddenError, match="protected"):
            save(wiki, Put("c.md", b"In the place of what was deleted.\n", None))
        with pytest.raises(ForbiddenError, match="protected"):
            save(wiki, Put("new.md", b"new\n", None), Put("c.md", b"In its place.\n", None))
    finally:
        wiki.close()


def test_while_the_history_is_being_read_nobody_writes_what_may_be_protected(
    store: MemoryStore, commit: Commit, tmp_path: Path
) -> None:
    first = commit({"a.md": "one\n"})
    commit({"a.md": None, "b.md": "one\n", "c.md": "three\n"})
    protections = OneIsProtected()
    protections.lineage = (first, "a.md")
    index = WhooshIndex(tmp_path / "search")
    wiki = Wiki.open(store, index, tmp_path, RolePolicy(), protections=protections, processes=0)
    try:
        for path in ("a.md", "b.md", "c.md", "new.md"):
            with pytest.raises(NotReadyError):
                save(wiki, Append(path, "x\n"))
            with wiki.at(ADA) as snapshot:
                assert not snapshot.offers_change(path)
                with pytest.raises(NotReadyError):
                    snapshot.may_write(path)
        with wiki.at(ANONYMOUS) as snapshot:
            assert not snapshot.may_write("c.md")  # whatever is protected
        assert save(wiki, Append("b.md", "x\n"), actor=ADMIN).changed
        wiki.catch_up()
        with pytest.raises(ForbiddenError, match="protected"):
            save(wiki, Append("b.md", "x\n"))
        assert save(wiki, Append("c.md", "x\n")).changed
        protections.lineage = None
    finally:
        wiki.close()


def test_what_is_too_large_is_refused_unless_it_shrinks(
    store: MemoryStore, commit: Commit, tmp_path: Path
) -> None:
    commit({"large.md": "x" * 200 + "\n"})
    limits = Limits(page=100, file=150, changes=2)
    wiki = Wiki.open(
        store, WhooshIndex(tmp_path / "search"), tmp_path, RolePolicy(), limits=limits, processes=0
    )
    try:
        for change in (
            Edit("a.md", "x" * 100, None),
            Put("m.bin", b"x" * 151, None),
            Append("large.md", "x"),
        ):
            with pytest.raises(TooLargeError):
                save(wiki, change)
        with pytest.raises(TooLargeError, match="2 files"):
            save(wiki, *(Append(f"{n}.md", "x") for n in range(3)))
        assert save(wiki, Edit("large.md", "x" * 150, blob(wiki, "large.md"))).changed
        assert save(wiki, Put("m.bin", b"x" * 150, None)).changed
    finally:
        wiki.close()


def test_what_is_too_large_comes_back_as_it_was(store: MemoryStore, commit: Commit, tmp_path: Path) -> None:
    text = "x" * 200 + "\n"
    commit({"large.md": text, "large.bin": b"y" * 200, "small.md": "x\n"})
    commit({"large.md": None})
    wiki = Wiki.open(
        store,
        WhooshIndex(tmp_path / "search"),
        tmp_path,
        RolePolicy(),
        limits=Limits(page=100, file=150, changes=2),
        processes=0,
    )
    try:
        with pytest.raises(TooLargeError):  # the history is not read yet
            save(wiki, Put("large.md", text.encode(), None))
        wiki.catch_up()
        for change in (
            Put("large.md", f"{text}more\n".encode(), None),  # which never was so
            Put("page.md", b"y" * 200, None),  # which was no page
            Put("file.bin", text.encode(), None),  # which was nothing but a page
        ):
            with pytest.raises(TooLargeError):
                save(wiki, change)
        assert save(wiki, Put("large.md", text.encode(), None)).changed
        assert save(wiki, Put("elsewhere.md", text.encode(), None)).changed
        assert save(wiki, Put("small.md", text.encode(), blob(wiki, "small.md"))).changed
    finally:
        wiki.close()


def test_text_cannot_be_edited_where_there_is_none(any_wiki: Wiki) -> None:
    save(any_wiki, Put("latin.md", b"caf\xe9\n", None))
    for change in (Edit("latin.md", "x", blob(any_wiki, "latin.md")), Append("latin.md", "x")):
        with pytest.raises(InvalidChangeError, match="UTF-8"):
            save(any_wiki, change)


def test_what_began_from_nothing_known_is_refused(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("a.md", "one\n", None))
    for base in ("0" * 40, "HEAD", "--output=x", ""):
        with pytest.raises(InvalidChangeError):
            save(any_wiki, Edit("a.md", "two\n", base))


def test_many_at_once_lose_nothing(any_wiki: Wiki) -> None:
    paragraphs = "\n\n".join(f"paragraph {n}" for n in range(12)) + "\n"
    save(any_wiki, Edit("a.md", paragraphs, None))
    base = blob(any_wiki, "a.md")

    def edit(number: int) -> Saved:
        text = paragraphs.replace(f"paragraph {number}\n", f"paragraph {number}, edited\n")
        return save(any_wiki, Edit("a.md", text, base))

    def append(number: int) -> Saved:
        return save(any_wiki, Append("log.md", f"{number}\n"), Append(f"own/{number}.md", "x\n"))

    jobs: list[tuple[Callable[[int], Saved], int]] = [(job, n) for n in range(12) for job in (edit, append)]
    with ThreadPoolExecutor(8) as pool:
        saved = list(pool.map(lambda job: job[0](job[1]), jobs))
    assert all(each.changed for each in saved)
    assert len({each.commit for each in saved}) == 24
    text = (content(any_wiki, "a.md") or b"").decode()
    assert all(f"paragraph {n}, edited\n" in text for n in range(12))
    assert sorted((content(any_wiki, "log.md") or b"").split()) == sorted(str(n).encode() for n in range(12))


def test_commits_say_who_asked_and_what_was_merged(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    store = GitStore.open(repository.path, committer=Author("Quire", "quire@localhost"))
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, RolePolicy(), processes=0)
    try:
        save(wiki, Edit("a.md", "one\n\ntwo\n\nthree\n", None))
        base = blob(wiki, "a.md")
        save(wiki, Edit("a.md", "ONE\n\ntwo\n\nthree\n", base))
        wiki.commit([Edit("a.md", "one\n\ntwo\n\nTHREE\n", base)], BOB, "", trailers={"Quire-Via": "browser"})
    finally:
        wiki.close()
    said = repository.git("log", "-1", "--format=%an|%cn|%s|%(trailers:unfold,separator=|)", "main")
    assert said == "Bob|Quire|Change a|Quire-Via: browser|Quire-Actor: bob|Quire-Merged: a.md"


def test_a_page_that_leaves_another_at_its_path_keeps_its_history(any_wiki: Wiki) -> None:
    first = save(any_wiki, Edit("a.md", "one\n", None))
    save(any_wiki, Move("a.md", "n/b.md", blob(any_wiki, "a.md")), Put("a.md", b"leads on\n", None))
    assert (content(any_wiki, "a.md"), content(any_wiki, "n/b.md")) == (b"leads on\n", b"one\n")
    with any_wiki.at(ADA) as snapshot:
        past = snapshot.past
        steps = past.history(past.subject("n/b.md")).steps
        assert [(step.name.path, step.revision.id == first.commit) for step in steps] == [
            ("n/b.md", False),
            ("a.md", True),
        ]
        assert len(past.history(past.subject("a.md")).steps) == 1
    any_wiki.rebuild()
    with any_wiki.at(ADA) as snapshot:
        assert len(snapshot.past.history(snapshot.past.subject("n/b.md")).steps) == 2
        assert len(snapshot.past.history(snapshot.past.subject("a.md")).steps) == 1


def test_pages_that_change_while_they_move_keep_their_history(any_wiki: Wiki) -> None:
    """Git would see nothing alike in some, and something alike in the wrong ones."""
    names = [f"{n}  x" for n in range(3)]
    save(any_wiki, *(Edit(f"f/{name}.md", f"[{name}](../a.md) words\n", None) for name in names))
    save(
        any_wiki,
        Edit("f/deep/same.md", "x\n", None),
        Edit("f/same.md", "x\n", None),
        Edit("s.md", "s\n", None),
    )
    moves = [
        Move(f"f/{name}.md", f"g/h/{name}.md", blob(any_wiki, f"f/{name}.md"), f"[{new}](x/y)\n".encode())
        for name, new in zip(names, reversed(names), strict=True)
    ]
    moves += [
        Move(f"f/{name}.md", f"g/h/{name}.md", blob(any_wiki, f"f/{name}.md"))
        for name in ("deep/same", "same")
    ]
    made = save(any_wiki, *moves, Move("s.md", "g/other.md", blob(any_wiki, "s.md"), b"nothing like it\n"))
    for _ in range(2):
        with any_wiki.at(ADA) as snapshot:
            past = snapshot.past
            for old, new in [(move.path, move.to) for move in moves] + [("s.md", "g/other.md")]:
                steps = past.history(past.subject(new)).steps
                assert [step.name.path for step in steps] == [new, old]
                assert steps[0].revision.id == made.commit
        any_wiki.rebuild()


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        ([("a.md", "b.md")], '[["a.md", "b.md"]]'),
        ([("f/a.md", "g/a.md")], '[["f/a.md", "g/a.md"]]'),
        ([("f/a.md", "g/a.md"), ("f/x/b.md", "g/x/b.md")], '[["f/", "g/"]]'),
        ([("a.md", "g/a.md"), ("b.md", "g/b.md"), ("c.md", "d.md")], '[["", "g/"], ["c.md", "d.md"]]'),
        ([("f/x/a.md", "a.md"), ("f/x/b.md", "b.md")], '[["f/x/", ""]]'),
        ([("xa.md", "ya.md"), ("xb.md", "yb.md")], '[["xa.md", "ya.md"], ["xb.md", "yb.md"]]'),
        ([("two  spaces", "three   spaces")], '[["two \\u0020spaces", "three \\u0020 spaces"]]'),
        ([], ""),
    ],
)
def test_moves_are_told_in_short(pairs: list[tuple[str, str]], value: str) -> None:
    assert moved(pairs) == value


@pytest.mark.parametrize(
    "value",
    [
        "[",
        "{}",
        '[["", ""]]',
        '[["x/", ""]]',
        '[["a.md/", "b.md/"]]',
        "[1]",
        '[["a.md"]]',
        '[["a.md", 1]]',
        '[["x.md", "b.md"]]',
        '[["a.md", "a.md"]]',
        "[" * 9_000,
    ],
)
def test_moves_that_a_message_makes_up_count_for_nothing(any_wiki: Wiki, value: str) -> None:
    save(any_wiki, Edit("a.md", "one\n", None))
    changes: list[Change] = [Append("a.md", "two\n"), Edit("b.md", "b\n", None)]
    any_wiki.commit(changes, ADA, "Forge", trailers={"Quire-Moved": value})
    any_wiki.catch_up()
    with any_wiki.at(ADA) as snapshot:
        assert len(snapshot.past.history(snapshot.past.subject("a.md")).steps) == 2
        assert len(snapshot.past.history(snapshot.past.subject("b.md")).steps) == 1


@pytest.mark.parametrize("text", ["x \ud800\n", "\udc80"])
def test_half_a_character_is_refused(any_wiki: Wiki, text: str) -> None:
    save(any_wiki, Edit("a.md", "one\n", None))
    for change in (Edit("b.md", text, None), Append("a.md", text), Append("new.md", text)):
        with pytest.raises(InvalidChangeError, match="half a character"):
            any_wiki.commit([change], ADA)
    any_wiki.commit([Append("a.md", "two\n")], ADA, "Half \ud800 said")
    assert content(any_wiki, "a.md") == b"one\ntwo\n"


def test_what_is_no_ordinary_file_is_left_alone(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    repository.commit({"a.md": "one\n"})
    head = repository.git("rev-parse", "main")
    linked = repository.git("hash-object", "-w", "--stdin", stdin=b"a.md")
    listed = repository.git("ls-tree", "main")
    rows = f"{listed}\n160000 commit {head}\tsub\n120000 blob {linked}\tlink.md\n"
    tree = repository.git("mktree", "--missing", stdin=rows.encode())
    made = repository.git("commit-tree", tree, "-p", head, "-m", "Odd")
    repository.git("update-ref", "refs/heads/main", made)
    wiki = Wiki.open(
        GitStore.open(repository.path), WhooshIndex(tmp_path / "search"), tmp_path, RolePolicy(), processes=0
    )
    wiki.catch_up()
    for path, base in (("sub", head), ("link.md", linked)):
        for change in (
            Put(path, b"x", base),
            Edit(path, "x", base),
            Append(path, "x\n"),
            Move(path, f"moved-{path}", base),
        ):
            with pytest.raises(InvalidChangeError, match="no ordinary file"):
                wiki.commit([change], ADMIN)
    wiki.close()


def test_conflicts_of_media_hold_no_texts(any_wiki: Wiki) -> None:
    save(any_wiki, Put("a.bin", b"\x00one", None))
    base = blob(any_wiki, "a.bin")
    save(any_wiki, Put("a.bin", b"\x00two", base))
    with pytest.raises(MergeConflictError) as raised:
        any_wiki.commit([Put("a.bin", b"\x00three", base)], BOB)
    (conflict,) = raised.value.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs, conflict.merged) == ("", "", "", None)


def test_a_page_that_is_made_of_a_large_file_is_too_large_as_well(tmp_path: Path) -> None:
    wiki = Wiki.open(
        MemoryStore(),
        WhooshIndex(tmp_path / "s"),
        tmp_path,
        RolePolicy(),
        processes=0,
        limits=Limits(page=10),
    )
    save(wiki, Put("a.txt", b"eleven bytes", None))
    with pytest.raises(TooLargeError):
        wiki.commit([Move("a.txt", "a.md", blob(wiki, "a.txt"))], ADA)
    wiki.close()


def test_nothing_appended_adds_no_line(any_wiki: Wiki) -> None:
    save(any_wiki, Append("a.md", ""), Append("a.md", "x\n"))
    assert content(any_wiki, "a.md") == b"x\n"


OUT_OF_REACH = [
    "-/login.md",
    "-/a/b.png",
    "wiki.git",
    "wiki.git.md",
    "wiki.git/info/refs",
    "wiki.git/a.md",
    "robots.txt",
    "robots.txt.md",
    "sitemap.xml.markdown",
    "favicon.ico",
    "llms.txt",
]


@pytest.mark.parametrize("path", OUT_OF_REACH)
def test_nothing_new_is_put_where_nobody_could_reach_it(any_wiki: Wiki, path: str) -> None:
    save(any_wiki, Put("a.md", b"one\n", None), Put("m.png", b"\x89PNG", None))
    head = any_wiki.head()
    changes: list[Change] = [Put(path, b"x\n", None), Move("m.png", path, blob(any_wiki, "m.png"))]
    if path.endswith((".md", ".markdown")):
        changes = [
            changes[0],
            Edit(path, "x\n", None),
            Append(path, "x\n"),
            Move("a.md", path, blob(any_wiki, "a.md")),
        ]
    for change in changes:
        for actor in (ADA, ADMIN):
            with pytest.raises(InvalidChangeError, match="belongs to the wiki itself"):
                save(any_wiki, change, actor=actor)
    assert any_wiki.head() == head


@pytest.mark.parametrize("path", ["-.md", "-x.md", "x/-/a.md", "x/robots.txt", "wiki.gitx.md", "Wiki.git.md"])
def test_what_only_looks_so_can_be_reached(any_wiki: Wiki, path: str) -> None:
    assert save(any_wiki, Put(path, b"x\n", None)).changed


def test_what_a_repository_has_where_nobody_reaches_it_is_changed_and_moved_as_ever(
    commit: Commit, wiki: Wiki
) -> None:
    commit({"-/a.md": "one\n", "robots.txt": "two\n", "wiki.git/c.md": "three\n"})
    wiki.catch_up()
    save(
        wiki,
        Edit("-/a.md", "changed\n", blob(wiki, "-/a.md")),
        Put("robots.txt", b"x\n", blob(wiki, "robots.txt")),
    )
    save(wiki, Append("-/a.md", "more\n"))
    assert content(wiki, "-/a.md") == b"changed\nmore\n"
    save(
        wiki,
        Move("-/a.md", "a.md", blob(wiki, "-/a.md")),
        Delete("wiki.git/c.md", blob(wiki, "wiki.git/c.md")),
    )
    assert content(wiki, "a.md") == b"changed\nmore\n"
    with pytest.raises(InvalidChangeError, match="belongs"):
        save(wiki, Move("a.md", "-/a.md", blob(wiki, "a.md")))


def test_the_name_of_a_hidden_page_is_not_told_where_it_has_the_address(any_wiki: Wiki) -> None:
    save(any_wiki, Edit("pub/Secret Name.md", "x\n", None))
    program = Actor(Kind.PROGRAM, "bot", Role.EDITOR, reads=("pub/secret*",), writes=("pub/secret*",))
    for actor, told in (
        (program, "Another file has the address of “pub/secret-name.md”"),
        (ADA, "Secret Name"),
    ):
        with pytest.raises(InvalidChangeError, match=told) as caught:
            save(any_wiki, Edit("pub/secret-name.md", "y\n", None), actor=actor)
        assert ("Secret Name" in str(caught.value)) == (actor is ADA)
    with pytest.raises(InvalidChangeError, match="pub/secret_one"):
        save(
            any_wiki,
            Edit("pub/secret-one.md", "y\n", None),
            Edit("pub/secret_one.md", "y\n", None),
            actor=program,
        )


@pytest.mark.parametrize("path", ["a b.md", "a  b.md", "  a   b.md"])
def test_a_page_that_leaves_another_behind_keeps_its_history(any_wiki: Wiki, path: str) -> None:
    save(any_wiki, Edit(path, "# One\n\nA text to be followed by.\n", None))
    save(any_wiki, Move(path, "new.md", blob(any_wiki, path)), Put(path, b"---\nredirect: new\n---\n", None))
    with any_wiki.at(ADA) as snapshot:
        steps = snapshot.past.history(snapshot.past.subject("new.md")).steps
    assert len(steps) == 2
