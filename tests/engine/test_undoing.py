"""Taking back: one file as it was, what one commit did, all that one author did; and nothing that others did."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from engine.access import Action, Actor, Kind, Lineage, Role, RolePolicy, Unprotected
from engine.changes import Append, Change, Delete, Move, Put, Saved
from engine.errors import (
    ForbiddenError,
    InvalidChangeError,
    NotReadyError,
    PageExistsError,
    PageIdError,
    PageNotFoundError,
    RevisionNotFoundError,
    TooLargeError,
)
from engine.model import Author, Name, TouchKind
from engine.store import Store
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore
from engine.undoing import Reason, Undoing, UndoPlan, effects
from engine.wiki import Wiki
from tests import repositories
from tests.indexes import ListIndex

ADA = Actor(Kind.PERSON, "ada", Role.EDITOR, Author("Ada", "ada@example.org"))
BOB = Actor(Kind.PERSON, "bob", Role.EDITOR, Author("Bob", "bob@example.org"))
MOD = Actor(Kind.PERSON, "mod", Role.EDITOR, Author("Mod", "mod@example.org"))
ADMIN = Actor(Kind.PERSON, "root", Role.ADMIN, Author("Root", "root@example.org"))
READER = Actor(Kind.PERSON, "rea", Role.READER)
TEN = "".join(f"line {number}\n" for number in range(10))


class HidesBoard(RolePolicy):
    """Only admins see the folder ``board``."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        return super().allows(actor, action, name) and (
            actor.role is Role.ADMIN or not name.path.startswith("board/")
        )

    def is_open(self, actor: Actor) -> bool:
        return actor.role is Role.ADMIN

    def scope(self, actor: Actor) -> str:
        return actor.role


@dataclass
class Protected(Unprotected):
    """Protects some paths, for admins."""

    paths: set[str] = field(default_factory=set)

    def any(self) -> bool:
        return bool(self.paths)

    def highest(self) -> Role:
        return Role.ADMIN if self.paths else Role.CONTRIBUTOR

    def stamp(self) -> str:
        return repr(sorted(self.paths))

    def level(self, path: str, lineage: Lineage | None) -> Role:
        return Role.ADMIN if path in self.paths else Role.EDITOR


class Book:
    """A wiki, and the words to tell a story with."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.protected = Protected()
        self.wiki = Wiki.open(
            store, ListIndex(), folder, HidesBoard(), protections=self.protected, processes=0
        )
        self.wiki.catch_up()

    def save(self, *changes: Change, by: Actor = ADA, summary: str = "Save") -> str:
        saved = self.wiki.commit(changes, by, summary)
        assert self.wiki.catch_up()
        return saved.commit

    def write(self, path: str, text: str | bytes, by: Actor = ADA) -> str:
        content = text.encode() if isinstance(text, str) else text
        return self.save(Put(path, content, self.blob(path)), by=by)

    def move(self, path: str, to: str, by: Actor = ADA, text: str | None = None) -> str:
        content = text.encode() if text is not None else None
        return self.save(Move(path, to, self.blob(path) or "", content), by=by)

    def delete(self, path: str, by: Actor = ADA) -> str:
        return self.save(Delete(path, self.blob(path) or ""), by=by)

    def blob(self, path: str) -> str | None:
        head = self.store.head()
        entry = self.store.entry(head, path) if head is not None else None
        return entry.blob if entry is not None else None

    def files(self, commit: str = "") -> dict[str, str]:
        """Return the text of every file."""
        at = commit or self.store.head()
        assert at is not None
        return {entry.path: self.store.read(entry.blob).decode("latin-1") for entry in self.store.tree(at)}

    @contextmanager
    def undoing(self, actor: Actor = MOD) -> Iterator[Undoing]:
        with self.wiki.at(actor) as snapshot:
            yield snapshot.undoing

    def restore(self, name: str, commit: str, to: str = "", by: Actor = MOD) -> UndoPlan:
        with self.wiki.at(by) as snapshot:
            plan = snapshot.undoing.restore(snapshot.past.subject(name), commit, to)
        return self.make(plan, by)

    def revert(self, commit: str, path: str = "", by: Actor = MOD) -> UndoPlan:
        with self.undoing(by) as undoing:
            plan = undoing.revert(commit, path)
        return self.make(plan, by)

    def undo(self, author: Actor, since: datetime | str = "", by: Actor = MOD) -> UndoPlan:
        assert author.author is not None
        with self.undoing(by) as undoing:
            plan = undoing.undo(author.author, since)
        return self.make(plan, by)

    def make(self, plan: UndoPlan, by: Actor) -> UndoPlan:
        """Commit what a plan says, and see that this is what it said."""
        before = self.files()
        if plan.changes:
            saved = self.wiki.commit(plan.changes, by, plan.summary, trailers=plan.trailers)
            assert saved.changed
            assert saved.merged == ()
            assert self.wiki.catch_up()
        after = self.files()
        touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        assert touched == {path for file in plan.files for path in (file.path, file.to)}
        return plan


@pytest.fixture(params=["memory", "git"])
def book(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Book]:
    store: MemoryStore | GitStore = (
        MemoryStore()
        if request.param == "memory"
        else GitStore.open(repositories.make(tmp_path / "wiki.git").path)
    )
    made = Book(store, tmp_path / "derived")
    yield made
    made.wiki.close()


@pytest.fixture
def git(tmp_path: Path) -> Iterator[Book]:
    """Git finds that a file was renamed although it was changed as well."""
    made = Book(GitStore.open(repositories.make(tmp_path / "wiki.git").path), tmp_path / "derived")
    yield made
    made.wiki.close()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Book]:
    made = Book(MemoryStore(), tmp_path)
    yield made
    made.wiki.close()


def left(plan: UndoPlan) -> dict[str, Reason]:
    return {each.path: each.reason for each in plan.left}


def told(plan: UndoPlan) -> list[tuple[str, str, TouchKind]]:
    return [(file.path, file.to, file.kind) for file in plan.files]


# -- restore


def test_a_deleted_page_comes_back_byte_for_byte(book: Book) -> None:
    text = b"\xef\xbb\xbfone\r\ntwo"
    first = book.write("a.md", text)
    book.delete("a.md")
    plan = book.restore("a", first)
    assert book.files() == {"a.md": text.decode("latin-1")}
    assert told(plan) == [("a.md", "a.md", TouchKind.ADDED)]
    assert (plan.files[0].added, plan.files[0].removed) == (2, 0)
    with book.wiki.at(ADA) as snapshot:
        history = snapshot.past.history(snapshot.past.subject("a"))
        assert len(history.steps) == 3


def test_an_old_revision_of_a_page_comes_back_where_the_page_is_now(book: Book) -> None:
    first = book.write("a.md", TEN)
    book.write("a.md", f"{TEN}more\n", by=BOB)
    book.move("a.md", "b/c.md", by=BOB)
    plan = book.restore("b/c", first)
    assert book.files() == {"b/c.md": TEN}
    assert told(plan) == [("b/c.md", "b/c.md", TouchKind.CHANGED)]
    assert (plan.files[0].added, plan.files[0].removed) == (0, 1)


def test_media_come_back_as_they_were(book: Book) -> None:
    first = book.write("m.png", b"\x89PNG\0\1")
    book.write("m.png", b"\x89PNG\0\2")
    plan = book.restore("m.png", first)
    assert (plan.files[0].added, plan.files[0].removed) == (None, None)
    book.delete("m.png")
    book.restore("m.png", first)
    assert book.files() == {"m.png": "\x89PNG\0\1"}


def test_what_is_restored_says_from_where(book: Book, tmp_path: Path) -> None:
    first = book.write("a.md", "one\n")
    book.write("a.md", "two\n")
    plan = book.restore("a", first)
    assert plan.trailers == {"Quire-Restores": first}
    assert plan.summary == f"Restore a as of {first[:10]}"


def test_a_page_comes_back_elsewhere_where_its_place_is_taken(book: Book) -> None:
    first = book.write("a.md", "old\n")
    book.delete("a.md")
    book.write("x.md", TEN)
    book.move("x.md", "A.markdown")
    with pytest.raises(PageExistsError):
        book.restore("a.md", first)
    book.restore("a.md", first, to="a (old).md")
    assert book.files() == {"A.markdown": TEN, "a (old).md": "old\n"}


@pytest.mark.parametrize("to", ["../a.md", ".git/a.md", "/etc/passwd", "a//b.md", "a\0.md", "x\\y.md"])
def test_a_page_comes_back_to_no_unsafe_place(memory: Book, to: str) -> None:
    first = memory.write("a.md", "old\n")
    memory.delete("a.md")
    with pytest.raises(PageIdError):
        memory.restore("a.md", first, to=to)
    assert memory.files() == {}


def test_nothing_is_restored_that_is_so_already_or_never_was(memory: Book) -> None:
    memory.write("b.md", "b\n")
    first = memory.write("a.md", "one\n")
    before = memory.store.chain(first)[-1][0]
    with pytest.raises(InvalidChangeError):
        memory.restore("a", first)
    with pytest.raises(RevisionNotFoundError):
        memory.restore("a", before)
    for unknown in ("--all", "0" * 40, "HEAD", ""):
        with pytest.raises(RevisionNotFoundError):
            memory.restore("a", unknown)


def test_only_who_may_write_a_page_may_restore_it(memory: Book) -> None:
    first = memory.write("a.md", "one\n")
    memory.delete("a.md")
    with pytest.raises(ForbiddenError):
        memory.restore("a", first, by=READER)
    memory.protected.paths.add("a.md")
    with pytest.raises(ForbiddenError):
        memory.restore("a", first)
    memory.restore("a", first, by=ADMIN)
    assert memory.files() == {"a.md": "one\n"}


def test_a_restored_page_goes_nowhere_that_is_protected(memory: Book) -> None:
    first = memory.write("a.md", "one\n")
    memory.delete("a.md")
    memory.protected.paths.add("b.md")
    for to in ("b.md", "board/a.md", "quire.toml", ".hidden.md"):
        with pytest.raises(ForbiddenError):
            memory.restore("a", first, to=to)


# -- revert


def test_a_change_is_taken_back_byte_for_byte(book: Book) -> None:
    book.write("a.md", b"\xef\xbb\xbfone\r\ntwo")
    changed = book.write("a.md", b"ONE\ntwo\nthree\n")
    plan = book.revert(changed)
    assert book.files() == {"a.md": b"\xef\xbb\xbfone\r\ntwo".decode("latin-1")}
    assert told(plan) == [("a.md", "a.md", TouchKind.CHANGED)]
    assert plan.trailers == {"Quire-Reverts": changed}
    assert plan.summary == "Revert “Save”"


def test_a_change_is_taken_out_of_what_others_wrote_since(book: Book) -> None:
    book.write("a.md", TEN)
    changed = book.write("a.md", TEN.replace("line 2\n", "spam\n"))
    book.write("a.md", TEN.replace("line 2\n", "spam\n").replace("line 8", "line eight"), by=BOB)
    plan = book.revert(changed)
    assert book.files() == {"a.md": TEN.replace("line 8", "line eight")}
    assert (plan.files[0].added, plan.files[0].removed) == (1, 1)


def test_a_line_is_taken_out_although_its_neighbours_were_written_since(book: Book) -> None:
    book.write("a.md", "- one\n- two\n")
    spam = book.write("a.md", "- one\n- spam\n- two\n")
    book.write("a.md", "- ONE\n- spam\n- more\n- two\n", by=BOB)
    book.revert(spam)
    assert book.files() == {"a.md": "- ONE\n- more\n- two\n"}


def test_a_deleted_line_comes_back_between_lines_that_were_written_since(book: Book) -> None:
    book.write("a.md", "- one\n- two\n- three\n")
    gone = book.write("a.md", "- one\n- three\n")
    book.write("a.md", "- one\n- THREE\n", by=BOB)
    book.revert(gone)
    assert book.files() == {"a.md": "- one\n- two\n- THREE\n"}


def test_what_somebody_has_put_back_with_more_is_left(book: Book) -> None:
    book.write("a.md", TEN)
    blanked = book.write("a.md", "spam\n")
    book.write("a.md", f"{TEN}more\n", by=BOB)
    with pytest.raises(InvalidChangeError):
        book.revert(blanked)


def test_what_was_appended_is_taken_out_before_what_others_appended_behind_it(book: Book) -> None:
    book.write("log.md", "one\n")
    spam = book.save(Append("log.md", "\nspam\n"))
    book.save(Append("log.md", "\ntwo\n"), by=BOB)
    book.revert(spam)
    assert book.files() == {"log.md": "one\n\ntwo\n"}


def test_line_ends_stay_as_the_file_has_them_now(book: Book) -> None:
    book.write("a.md", TEN)
    changed = book.write("a.md", TEN.replace("line 2", "spam"))
    book.write("a.md", TEN.replace("line 2", "spam").replace("\n", "\r\n").removesuffix("\r\n"), by=BOB)
    book.revert(changed)
    assert book.files() == {"a.md": TEN.replace("\n", "\r\n").removesuffix("\r\n")}


def test_an_addition_is_taken_back_by_a_deletion(book: Book) -> None:
    book.write("b.md", "b\n")
    added = book.write("a.md", TEN)
    plan = book.revert(added)
    assert book.files() == {"b.md": "b\n"}
    assert told(plan) == [("a.md", "a.md", TouchKind.DELETED)]
    assert (plan.files[0].added, plan.files[0].removed) == (0, 10)


def test_an_addition_that_others_went_on_from_is_a_conflict(book: Book) -> None:
    added = book.write("a.md", TEN)
    book.write("a.md", f"{TEN}more\n", by=BOB)
    with book.undoing() as undoing:
        plan = undoing.revert(added)
    assert (plan.changes, left(plan)) == ((), {"a.md": Reason.CONFLICT})
    (conflict,) = plan.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == (TEN, None, f"{TEN}more\n")
    assert conflict.theirs_blob == book.blob("a.md")


def test_a_deletion_is_taken_back(book: Book) -> None:
    book.save(Put("a.md", b"one\r\n", None), Put("m.bin", b"\0", None))
    gone = book.save(Delete("a.md", book.blob("a.md") or ""), Delete("m.bin", book.blob("m.bin") or ""))
    plan = book.revert(gone)
    assert book.files() == {"a.md": "one\r\n", "m.bin": "\0"}
    assert told(plan) == [("a.md", "a.md", TouchKind.ADDED), ("m.bin", "m.bin", TouchKind.ADDED)]


def test_a_deletion_after_which_others_began_anew_is_a_conflict(book: Book) -> None:
    book.write("a.md", TEN)
    gone = book.delete("a.md")
    book.write("a.md", "anew\n", by=BOB)
    with book.undoing() as undoing:
        plan = undoing.revert(gone)
    (conflict,) = plan.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs) == ("", TEN, "anew\n")


def test_a_page_whose_place_is_taken_does_not_come_back(book: Book) -> None:
    book.save(Put("a.md", b"one\n", None), Put("b.md", b"b\n", None), Put("x.md", TEN.encode(), None))
    gone = book.save(Delete("a.md", book.blob("a.md") or ""), Delete("b.md", book.blob("b.md") or ""))
    book.move("x.md", "A.md", by=BOB)
    plan = book.revert(gone)
    assert left(plan) == {"a.md": Reason.TAKEN}
    assert book.files() == {"A.md": TEN, "b.md": "b\n"}


def test_a_page_does_not_come_back_below_a_file_or_in_place_of_a_folder(book: Book) -> None:
    book.save(Put("d/a.md", b"one\n", None), Put("e", b"two\n", None))
    gone = book.save(Delete("d/a.md", book.blob("d/a.md") or ""), Delete("e", book.blob("e") or ""))
    book.save(Put("d", b"file\n", None), Put("e/f.md", b"in folder\n", None), by=BOB)
    with book.undoing() as undoing:
        assert left(undoing.revert(gone)) == {"d/a.md": Reason.TAKEN, "e": Reason.TAKEN}


def test_a_renaming_is_taken_back_with_what_was_changed_by_it(git: Book) -> None:
    git.write("a.md", TEN)
    text = TEN.replace("line 1\n", "line one\n")
    renamed = git.move("a.md", "b.md", text=text)
    git.write("b.md", f"{text}more\n", by=BOB)
    plan = git.revert(renamed)
    assert git.files() == {"a.md": f"{TEN}more\n"}
    assert told(plan) == [("b.md", "a.md", TouchKind.RENAMED)]
    with git.wiki.at(ADA) as snapshot:
        assert len(snapshot.past.history(snapshot.past.subject("a")).steps) == 4


def test_a_page_that_was_moved_on_stays_there_and_loses_what_was_changed(git: Book) -> None:
    git.write("a.md", TEN)
    renamed = git.move("a.md", "b.md", text=TEN.replace("line 1\n", "spam\n"))
    git.move("b.md", "c.md", by=BOB)
    plan = git.revert(renamed)
    assert git.files() == {"c.md": TEN}
    assert told(plan) == [("c.md", "c.md", TouchKind.CHANGED)]


def test_names_that_were_passed_on_are_passed_back(memory: Book) -> None:
    other = TEN.replace("line", "row")
    memory.save(Put("a.md", TEN.encode(), None), Put("b.md", other.encode(), None))
    before = memory.files()
    moved = memory.store
    assert isinstance(moved, MemoryStore)
    made = moved.commit_tree({"b.md": TEN.encode(), "c.md": other.encode()}, [moved.head() or ""])
    moved.set_head(made)
    memory.wiki.catch_up()
    plan = memory.revert(made)
    assert memory.files() == before
    assert {file.kind for file in plan.files} <= {
        TouchKind.RENAMED,
        TouchKind.CHANGED,
        TouchKind.ADDED,
        TouchKind.DELETED,
    }


def test_one_page_of_a_commit_can_be_taken_back(book: Book) -> None:
    book.save(Put("a.md", b"a\n", None), Put("b.md", b"b\n", None))
    changed = book.save(Put("a.md", b"A\n", book.blob("a.md")), Move("b.md", "c.md", book.blob("b.md") or ""))
    assert book.revert(changed, "a").summary == "Revert “Save” in a"
    assert book.files() == {"a.md": "a\n", "c.md": "b\n"}
    book.revert(changed, "b.md")
    assert book.files() == {"a.md": "a\n", "b.md": "b\n"}
    for text in ("x", "-x", "../a", "a\0"):
        with pytest.raises(PageNotFoundError):
            book.revert(changed, text)


def test_edits_of_the_same_lines_are_a_conflict_and_the_rest_goes_through(book: Book) -> None:
    book.save(Put("a.md", TEN.encode(), None), Put("b.md", TEN.encode(), None))
    spam = TEN.replace("line 2", "spam")
    changed = book.save(
        Put("a.md", spam.encode(), book.blob("a.md")), Put("b.md", spam.encode(), book.blob("b.md"))
    )
    book.write("a.md", spam.replace("spam", "spam and eggs"), by=BOB)
    plan = book.revert(changed)
    assert left(plan) == {"a.md": Reason.CONFLICT}
    assert book.files() == {"a.md": spam.replace("spam", "spam and eggs"), "b.md": TEN}
    (conflict,) = plan.conflicts
    assert (conflict.path, conflict.ours, conflict.base) == ("a.md", TEN, spam)
    assert conflict.merged is not None
    assert conflict.merged.conflicts


def test_media_that_were_changed_since_are_a_conflict_without_texts(book: Book) -> None:
    book.write("m.bin", b"\0one")
    changed = book.write("m.bin", b"\0two")
    book.write("m.bin", b"\0three", by=BOB)
    with book.undoing() as undoing:
        plan = undoing.revert(changed)
    (conflict,) = plan.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs, conflict.merged) == ("", "", "", None)


def test_nothing_is_reverted_that_is_undone_already(book: Book) -> None:
    book.write("a.md", TEN)
    changed = book.write("a.md", TEN.replace("line 2", "spam"))
    book.revert(changed)
    with pytest.raises(InvalidChangeError, match=f"Nothing of revision {changed[:10]} is left"):
        book.revert(changed)
    added = book.write("b.md", "b\n")
    book.delete("b.md")
    with pytest.raises(InvalidChangeError):
        book.revert(added)
    assert left_after(book, changed) == "nothing"


def left_after(book: Book, commit: str) -> str:
    """A change to a page that is gone since is gone with it."""
    book.delete("a.md", by=BOB)
    try:
        book.revert(commit)
    except InvalidChangeError:
        return "nothing"
    return "something"


def test_a_revert_can_be_reverted(book: Book) -> None:
    book.save(Put("a.md", TEN.encode(), None), Put("b.md", b"b\n", None))
    changed = book.save(
        Put("a.md", b"A\n", book.blob("a.md")),
        Delete("b.md", book.blob("b.md") or ""),
        Put("c.md", b"c", None),
    )
    files = book.files()
    book.revert(changed)
    head = book.store.head()
    assert head is not None
    book.revert(head)
    assert book.files() == files


def test_a_merge_is_not_reverted(memory: Book) -> None:
    store = memory.store
    assert isinstance(store, MemoryStore)
    base = memory.write("a.md", "base\n")
    ours = store.commit_tree({"a.md": b"ours\n"}, [base])
    theirs = store.commit_tree({"a.md": b"theirs\n"}, [base])
    merged = store.commit_tree({"a.md": b"both\n"}, [ours, theirs])
    store.set_head(merged)
    memory.wiki.catch_up()
    with pytest.raises(InvalidChangeError, match="joins two lines of work"):
        memory.revert(merged)


def test_what_a_shallow_clone_was_cut_at_is_not_reverted(tmp_path: Path) -> None:
    origin = repositories.make(tmp_path / "origin.git")
    repositories.chain(origin, {"a.md": "1"}, {"a.md": "2"}, {"a.md": "3"})
    shallow = repositories.Repository(tmp_path / "wiki.git")
    origin.git("clone", "-q", "--bare", "--depth=2", f"file://{origin.path}", str(shallow.path))
    book = Book(GitStore.open(shallow.path), tmp_path / "derived")
    head, edge = [commit for commit, _ in book.store.chain(book.store.head() or "")]
    with pytest.raises(InvalidChangeError, match="not in this copy"):
        book.revert(edge)
    book.revert(head)
    assert book.files() == {"a.md": "2"}
    with pytest.raises(InvalidChangeError):  # what the edge seems to have added was there before
        book.undo(Actor(Kind.PERSON, "", Role.EDITOR, Author("Ada", "ada@example.org")))
    book.wiki.close()


def test_links_and_submodules_stay_as_they_are(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    first = repository.commit({"a.md": "a"})
    link = repositories.File(b"a.md", repositories.SYMLINK)
    files: dict[str, repositories.Content] = {"a.md": "b", "l": link}
    made = repository.commit(files, first)
    book = Book(GitStore.open(repository.path), tmp_path / "derived")
    plan = book.revert(made)
    assert left(plan) == {"l": Reason.SPECIAL}
    assert book.files()["a.md"] == "a"
    book.wiki.close()


@pytest.mark.parametrize("text", ["--all", "-n", "HEAD", "main", "", "0" * 40, "..", "a" * 5_000, "\0"])
def test_only_what_names_a_commit_is_reverted(memory: Book, text: str) -> None:
    memory.write("a.md", "a\n")
    with pytest.raises(RevisionNotFoundError):
        memory.revert(text)


def test_a_commit_of_many_files_is_left_to_git(memory: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.undoing.asking.FILES", 2)
    made = memory.save(*(Put(f"{n}.md", b"x", None) for n in "abc"))
    with pytest.raises(TooLargeError):
        memory.revert(made)
    with pytest.raises(TooLargeError):
        memory.undo(ADA)


def test_more_than_a_plan_may_write_is_refused(memory: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.undoing.assembling.BYTES", 10)
    memory.write("a.md", TEN)
    gone = memory.delete("a.md")
    with pytest.raises(TooLargeError):
        memory.revert(gone)


def test_while_the_history_is_being_read_nothing_is_planned(memory: Book) -> None:
    made = memory.write("a.md", "a\n")
    store = memory.store
    assert isinstance(store, MemoryStore)
    store.set_head(store.commit_tree({f"{n}.md": b"x" for n in range(300)}, [made]))
    with memory.undoing() as undoing, pytest.raises(NotReadyError):
        undoing.revert(made)
    with memory.undoing() as undoing, pytest.raises(NotReadyError):
        undoing.undo(Author("Ada", "ada@example.org"))


# -- rights


def test_a_revert_changes_nothing_that_its_actor_may_not_edit(book: Book) -> None:
    """As CVE-2016-10026 of ikiwiki: whoever may revert a commit could change any page that it touched."""
    book.save(
        Put("a.md", b"a\n", None),
        Put("locked.md", b"l\n", None),
        Put("quire.toml", b'title = "T"\n', None),
        by=ADMIN,
    )
    changed = book.save(
        Put("a.md", b"A\n", book.blob("a.md")),
        Put("locked.md", b"L\n", book.blob("locked.md")),
        Put("quire.toml", b'title = "U"\n', book.blob("quire.toml")),
        by=ADMIN,
    )
    book.protected.paths.add("locked.md")
    plan = book.revert(changed)
    assert plan.denied == ("locked.md", "quire.toml")
    assert book.files() == {"a.md": "a\n", "locked.md": "L\n", "quire.toml": 'title = "U"\n'}
    plan = book.revert(changed, by=ADMIN)
    assert left(plan) == {"a.md": Reason.DONE}
    assert book.files() == {"a.md": "a\n", "locked.md": "l\n", "quire.toml": 'title = "T"\n'}


def test_what_is_protected_after_the_plan_is_not_changed(memory: Book) -> None:
    memory.write("a.md", "a\n")
    changed = memory.write("a.md", "b\n")
    with memory.undoing() as undoing:
        plan = undoing.revert(changed)
    memory.protected.paths.add("a.md")
    with pytest.raises(ForbiddenError):
        memory.make(plan, MOD)
    assert memory.files() == {"a.md": "b\n"}


def test_a_page_is_not_moved_back_to_where_its_actor_may_not_write(memory: Book) -> None:
    memory.write("locked.md", TEN)
    moved = memory.move("locked.md", "a.md")
    memory.protected.paths.add("locked.md")
    plan = memory.revert(moved)
    assert (plan.changes, plan.denied) == ((), ("a.md",))


def test_readers_may_look_at_a_plan_that_changes_nothing(memory: Book) -> None:
    memory.write("a.md", "a\n")
    changed = memory.write("a.md", "b\n")
    plan = memory.revert(changed, by=READER)
    assert (plan.changes, plan.denied) == ((), ("a.md",))


def test_nothing_is_told_of_what_is_hidden(memory: Book) -> None:
    memory.save(Put("a.md", b"a\n", None), Put("board/x.md", b"x\n", None), by=ADMIN)
    both = memory.save(
        Put("a.md", b"A\n", memory.blob("a.md")),
        Put("board/x.md", b"X\n", memory.blob("board/x.md")),
        by=ADMIN,
    )
    secret = memory.write("board/x.md", "XX\n", by=ADMIN)
    memory.write("c.md", "c\n")
    with memory.undoing() as undoing, pytest.raises(RevisionNotFoundError):
        undoing.revert(secret)
    with memory.undoing() as undoing, pytest.raises(PageNotFoundError):
        undoing.revert(both, "board/x")
    plan = memory.revert(both)
    assert ([file.path for file in plan.files], plan.left, plan.conflicts) == (["a.md"], (), ())
    assert memory.files()["board/x.md"] == "XX\n"
    plan = memory.undo(ADMIN, by=MOD)
    assert [file.path for file in plan.files] == ["a.md"]
    assert memory.files() == {"board/x.md": "XX\n", "c.md": "c\n"}


def test_a_page_that_came_from_a_hidden_place_is_not_deleted_for_it(book: Book) -> None:
    book.write("board/x.md", TEN, by=ADMIN)
    moved = book.move("board/x.md", "x.md", by=ADMIN)
    for plan in (book.revert(moved), book.undo(ADMIN)):
        assert (plan.changes, plan.denied) == ((), ("x.md",))
    book.write("x.md", TEN + "more\n")
    assert book.revert(moved).denied == ("x.md",)
    assert book.undo(ADA).denied == ()
    assert told(book.revert(moved, by=ADMIN)) == [("x.md", "board/x.md", TouchKind.RENAMED)]
    assert book.files() == {"board/x.md": TEN}


# -- one author


def test_all_edits_of_an_author_are_taken_back_in_one_commit(book: Book) -> None:
    book.save(Put("a.md", TEN.encode(), None), Put("b.md", TEN.encode(), None), by=BOB)
    for number in range(5):
        book.write("a.md", TEN + "spam\n" * (number + 1))
    book.write("b.md", "nothing but spam\n")
    book.write("c.md", "spam\n")
    commits = len(book.store.chain(book.store.head() or ""))
    plan = book.undo(ADA)
    assert book.files() == {"a.md": TEN, "b.md": TEN}
    assert len(book.store.chain(book.store.head() or "")) == commits + 1
    assert [(file.path, file.kind, file.edits) for file in plan.files] == [
        ("a.md", TouchKind.CHANGED, 5),
        ("b.md", TouchKind.CHANGED, 1),
        ("c.md", TouchKind.DELETED, 1),
    ]
    assert (plan.commits, plan.more) == (7, False)
    assert plan.trailers == {"Quire-Undoes": "Ada <ada@example.org>"}
    with pytest.raises(InvalidChangeError, match="Nothing that Ada did is left"):
        book.undo(ADA)


def test_what_others_wrote_between_stays(book: Book) -> None:
    book.write("a.md", TEN, by=BOB)
    book.write("a.md", TEN.replace("line 1\n", "spam\n"))
    book.write("a.md", TEN.replace("line 1\n", "spam\n").replace("line 5", "line five"), by=BOB)
    book.write("a.md", TEN.replace("line 1\n", "spam\nspam\n").replace("line 5", "line five"))
    book.write(
        "a.md", TEN.replace("line 1\n", "spam\nspam\n").replace("line 5", "line five") + "end\n", by=BOB
    )
    plan = book.undo(ADA)
    assert book.files() == {"a.md": TEN.replace("line 5", "line five") + "end\n"}
    assert plan.files[0].edits == 2


def test_what_an_author_wrote_and_deleted_bars_no_way(book: Book) -> None:
    book.write("a.md", "- one\n- two\n", by=BOB)
    book.write("a.md", "- spam\n- one\n- two\n")
    book.write("a.md", "- spam\n- one\n- two\n- three\n", by=BOB)
    book.write("a.md", "- one\n- spam\n- two\n- three\n")
    book.write("a.md", "- ONE\n- spam\n- two\n- three\n", by=BOB)
    book.undo(ADA)
    assert book.files() == {"a.md": "- ONE\n- two\n- three\n"}


def test_what_is_gone_through_for_one_plan_is_bounded(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "DEEDS_OF_ALL", 6)
    for path in ("a.md", "b.md"):
        book.write(path, "- one\n- two\n", by=BOB)
        book.write(path, "- spam\n- one\n- two\n")
        book.write(path, "- spam\n- one\n- two\n- three\n", by=BOB)
        book.write(path, "- one\n- spam\n- two\n- three\n")
        book.write(path, "- ONE\n- spam\n- two\n- three\n", by=BOB)
    assert ADA.author is not None
    with book.undoing() as undoing:
        plans = [undoing.undo(ADA.author) for _ in range(2)]
    assert plans[0] == plans[1]
    assert [*left(plans[0]).values()] == [Reason.CONFLICT]
    book.undo(ADA)
    assert sorted(book.files().values()) == ["- ONE\n- spam\n- two\n- three\n", "- ONE\n- two\n- three\n"]


def test_a_page_of_which_one_edit_was_taken_back_already_goes_with_the_others(book: Book) -> None:
    book.write("a.md", "one\n")
    spam = book.write("a.md", "spam\n")
    book.write("b.md", "b\n", by=BOB)
    book.revert(spam)
    book.undo(ADA)
    assert book.files() == {"b.md": "b\n"}


def test_a_page_that_an_author_emptied_moved_and_deleted_comes_back(book: Book) -> None:
    book.write("a.md", TEN, by=BOB)
    book.move("a.md", "spam/b.md")
    book.write("spam/b.md", f"{TEN}spam\n")
    book.delete("spam/b.md")
    plan = book.undo(ADA)
    assert book.files() == {"a.md": TEN}
    assert told(plan) == [("a.md", "a.md", TouchKind.ADDED)]


def test_a_page_that_an_author_deleted_and_began_anew_is_as_before(book: Book) -> None:
    book.write("a.md", TEN, by=BOB)
    book.delete("a.md")
    book.write("a.md", "mine\n")
    book.undo(ADA)
    assert book.files() == {"a.md": TEN}


def test_what_others_took_back_already_is_left(book: Book) -> None:
    book.write("a.md", TEN, by=BOB)
    book.write("a.md", "spam\n")
    book.write("a.md", f"{TEN}more\n", by=BOB)
    book.write("b.md", "spam\n")
    book.write("c.md", "spam\n")
    book.delete("c.md", by=BOB)
    plan = book.undo(ADA)
    assert left(plan) == {"a.md": Reason.DONE, "c.md": Reason.GONE}
    assert book.files() == {"a.md": f"{TEN}more\n"}


def test_a_page_with_a_conflict_is_left_whole(book: Book) -> None:
    book.write("a.md", TEN, by=BOB)
    book.write("a.md", TEN.replace("line 1\n", "spam\n"))
    book.write("a.md", TEN.replace("line 1\n", "spam and eggs\n"), by=BOB)
    book.write("a.md", TEN.replace("line 1\n", "spam and eggs\n") + "spam\n")
    book.write("b.md", "spam\n")
    files = book.files()
    plan = book.undo(ADA)
    assert left(plan) == {"a.md": Reason.CONFLICT}
    assert [conflict.path for conflict in plan.conflicts] == ["a.md"]
    assert book.files() == {"a.md": files["a.md"]}


def test_an_author_is_undone_since_a_commit_or_a_time(memory: Book) -> None:
    store = memory.store
    assert isinstance(store, MemoryStore)
    author = Author("Ada", "ada@example.org")
    made: list[str] = []
    files: dict[str, bytes] = {}
    for day in range(1, 5):
        files = {**files, f"{day}.md": b"x"}
        time = datetime(2026, 3, day, tzinfo=UTC)
        made.append(store.commit_tree(files, made[-1:], author=author, summary="x", time=time))
    store.set_head(made[-1])
    memory.wiki.catch_up()
    with memory.undoing() as undoing:
        since = undoing.undo(author, made[2])
        assert [file.path for file in since.files] == ["3.md", "4.md"]
        assert since.trailers == {"Quire-Undoes": f"Ada <ada@example.org> since {made[2]}"}
        timed = undoing.undo(author, datetime(2026, 3, 2, tzinfo=UTC))
        assert [file.path for file in timed.files] == ["2.md", "3.md", "4.md"]
        assert timed.trailers == {"Quire-Undoes": "Ada <ada@example.org> since 2026-03-02 00:00 UTC"}
        assert len(undoing.undo(author).files) == 4
        with pytest.raises(InvalidChangeError):
            undoing.undo(author, datetime(2026, 4, 1, tzinfo=UTC))
        for unknown in ("0" * 40, "--since", "yesterday"):
            with pytest.raises(RevisionNotFoundError):
                undoing.undo(author, unknown)


@pytest.mark.parametrize(
    "author",
    [
        Author("Ada", "other@example.org"),
        Author("ada", "ada@example.org"),
        Author("", ""),
        Author("", "ada@example.org"),
        Author("--all", ""),
        Author("%", "%"),
        Author("Ada\0", "ada@example.org"),
        Author("A" * 10_000, ""),
    ],
    ids=lambda author: repr(author)[:40],
)
def test_an_author_is_told_by_name_and_address_exactly(memory: Book, author: Author) -> None:
    memory.write("a.md", "a\n")
    with memory.undoing() as undoing, pytest.raises(InvalidChangeError):
        undoing.undo(author)


def test_more_than_one_plan_takes_is_said(memory: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        memory.write("a.md", f"{number}\n")
    monkeypatch.setattr("engine.undoing.asking.COMMITS", 4)
    plan = memory.undo(ADA)
    assert (plan.commits, plan.more) == (4, True)
    assert memory.files() == {"a.md": "1\n"}
    monkeypatch.setattr("engine.undoing.asking.FILES", 1)
    assert memory.undo(ADA).commits == 1


def test_a_page_that_a_merge_of_an_author_changed_is_left(memory: Book) -> None:
    store = memory.store
    assert isinstance(store, MemoryStore)
    author = Author("Ada", "ada@example.org")
    base = memory.write("a.md", "base\n", by=BOB)
    ours = store.commit_tree({"a.md": b"ours\n"}, [base])
    theirs = store.commit_tree({"a.md": b"theirs\n"}, [base])
    merged = store.commit_tree({"a.md": b"both\n", "b.md": b"b\n"}, [ours, theirs], author=author)
    store.set_head(
        store.commit_tree({"a.md": b"both\n", "b.md": b"b\n", "c.md": b"c\n"}, [merged], author=author)
    )
    memory.wiki.catch_up()
    plan = memory.undo(ADA)
    assert left(plan) == {"a.md": Reason.MERGED, "b.md": Reason.MERGED}
    assert memory.files() == {"a.md": "both\n", "b.md": "b\n"}


# -- what always holds


class Scribble:
    """Random changes to a book, by random people."""

    def __init__(self, book: Book, seed: int) -> None:
        self.book = book
        self.random = Random(seed)
        self.count = 0

    def word(self) -> str:
        self.count += 1
        return f"{self.random.choice(('quire', 'leaf', 'fold', 'ink'))} {self.count}\n"

    def step(self) -> str:
        files = self.book.files() if self.book.store.head() else {}
        changes: list[Change] = []
        for path in self.random.sample(sorted(files), min(len(files), self.random.choice((0, 1, 2)))):
            blob, text = self.book.blob(path) or "", files[path]
            changes.append(
                self.random.choice(
                    (
                        Delete(path, blob),
                        Put(path, self.edited(text).encode(), blob),
                        Put(path, self.edited(text).encode(), blob),
                        Move(path, f"d{self.random.randrange(3)}/{self.count}.md", blob),
                        Move(path, f"m{self.count}.md", blob, self.edited(text).encode()),
                    )
                )
            )
            self.count += 1
        if not changes or self.random.random() < 0.3:
            text = "".join(self.word() for _ in range(12))
            changes.append(Put(f"n{self.count}.md", text.encode(), None))
        return self.book.save(*changes, by=self.random.choice((ADA, BOB)))

    def edited(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        at = self.random.randrange(len(lines) + 1)
        lines[at : at + self.random.randrange(3)] = [self.word() for _ in range(self.random.randrange(1, 3))]
        return "".join(lines)


@pytest.mark.parametrize("seed", range(8))
def test_reverting_the_newest_commit_gives_the_files_before_it(memory: Book, seed: int) -> None:
    scribble = Scribble(memory, seed)
    scribble.step()
    for _ in range(12):
        before = memory.files()
        made = scribble.step()
        memory.revert(made)
        assert memory.files() == before
        scribble.step()


@pytest.mark.parametrize("seed", range(3))
def test_reverting_the_newest_commit_of_a_git_repository_gives_the_files_before_it(
    tmp_path: Path, seed: int
) -> None:
    book = Book(GitStore.open(repositories.make(tmp_path / "wiki.git").path), tmp_path / "derived")
    scribble = Scribble(book, seed)
    scribble.step()
    for _ in range(8):
        before = book.files()
        book.revert(scribble.step())
        assert book.files() == before
        scribble.step()
    book.wiki.close()


@pytest.mark.parametrize("seed", range(8))
def test_undoing_whoever_wrote_everything_since_gives_the_files_before(memory: Book, seed: int) -> None:
    scribble = Scribble(memory, seed)
    for _ in range(5):
        scribble.step()
    before, head = memory.files(), memory.store.head()
    for _ in range(10):
        files = memory.files()
        path = scribble.random.choice(sorted(files)) if files else ""
        blob = memory.blob(path) or ""
        made: Sequence[Change] = (
            [Put(f"x{scribble.count}.md", scribble.word().encode(), None)]
            if not files or scribble.random.random() < 0.2
            else [
                scribble.random.choice(
                    (
                        Delete(path, blob),
                        Put(path, scribble.edited(files[path]).encode(), blob),
                        Move(path, f"y{scribble.count}.md", blob),
                    )
                )
            ]
        )
        scribble.count += 1
        memory.save(*made, by=MOD)
    assert memory.store.head() != head
    if memory.files() == before:
        return
    plan = memory.undo(MOD, by=ADMIN)
    assert {each.reason for each in plan.left} <= {Reason.GONE, Reason.DONE}  # what came and went since
    assert memory.files() == before


@pytest.mark.parametrize("seed", range(12))
def test_undoing_an_author_of_own_lines_leaves_exactly_what_others_wrote(memory: Book, seed: int) -> None:
    """Two write the same pages, each only lines of their own, side by side, in any order."""
    random = Random(seed)
    lines: dict[str, list[tuple[Actor, str]]] = {
        path: [(BOB, f"{path} {number}\n") for number in range(6)] for path in ("a.md", "b.md", "c.md")
    }
    memory.save(*(Put(path, _text(content), None) for path, content in lines.items()), by=BOB)
    for count in range(20):
        path, who = random.choice(sorted(lines)), random.choice((ADA, BOB))
        content = lines[path]
        own = [at for at, (whose, _) in enumerate(content) if whose is who]
        new = (who, f"{who.name} {count}\n")
        if not own or random.random() < 0.5:
            content.insert(random.randrange(len(content) + 1), new)
        elif random.random() < 0.5 and len(own) > 1:
            del content[random.choice(own)]
        else:
            content[random.choice(own)] = new
        memory.save(Put(path, _text(content), memory.blob(path)), by=who)
    if not any(whose is ADA for content in lines.values() for whose, _ in content):
        return
    plan = memory.undo(ADA)
    done = {file.path for file in plan.files}
    for path, content in lines.items():
        only = [(whose, line) for whose, line in content if whose is BOB]
        if path in done:
            assert memory.files()[path].encode() == _text(only)
        else:
            assert memory.files()[path].encode() == _text(content)
    assert not plan.conflicts


def _text(content: Sequence[tuple[Actor, str]]) -> bytes:
    return "".join(line for _, line in content).encode()


def test_a_plan_is_merged_with_what_others_do_before_it_is_committed(book: Book) -> None:
    book.write("a.md", TEN)
    changed = book.write("a.md", TEN.replace("line 2", "spam"))
    with book.undoing() as undoing:
        plan = undoing.revert(changed)
    book.write("a.md", TEN.replace("line 2", "spam").replace("line 8", "line eight"), by=BOB)
    saved: Saved = book.wiki.commit(plan.changes, MOD, plan.summary, trailers=plan.trailers)
    assert saved.merged == ("a.md",)
    assert book.files() == {"a.md": TEN.replace("line 8", "line eight")}


def test_the_message_of_a_commit_says_what_it_takes_back(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    book = Book(GitStore.open(repository.path), tmp_path / "derived")
    first = book.write("a.md", "a\n")
    changed = book.write("a.md", "b\n")
    book.revert(changed)
    assert trailers(repository) == {"Quire-Reverts": changed, "Quire-Actor": "mod"}
    book.write("a.md", "c\n")
    book.restore("a", first)
    assert trailers(repository) == {"Quire-Restores": first, "Quire-Actor": "mod"}
    book.write("a.md", "d\n", by=BOB)
    book.undo(BOB, first)
    assert trailers(repository) == {
        "Quire-Undoes": f"Bob <bob@example.org> since {first}",
        "Quire-Actor": "mod",
    }
    book.wiki.close()


def trailers(repository: repositories.Repository) -> Mapping[str, str]:
    lines = repository.git("log", "-1", "--format=%(trailers:only)", "main").splitlines()
    return dict(line.split(": ", 1) for line in lines)
