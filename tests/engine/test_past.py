"""The past: revisions through renames, versions, recent changes, deletions; and nothing of it that is hidden."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.access import ANONYMOUS, Action, Actor, Policy, RolePolicy
from engine.errors import NotReadyError, PageNotFoundError, RevisionNotFoundError
from engine.model import Author, Name, TouchKind
from engine.past import AT_ONCE, REVISIONS, Past
from engine.past_answers import Deleted
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.indexes import ListIndex

ADA, BOT = Author("Ada", "ada@example.org"), Author("sync-bot", "sync@example.org")


class HidesBoard(RolePolicy):
    """Nobody sees the folder ``board``."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        return not name.path.startswith("board/")

    def is_open(self, actor: Actor) -> bool:
        return False

    def scope(self, actor: Actor) -> str:
        return "no board"


class Sees(RolePolicy):
    """Everybody sees everything, and yet is asked each time."""

    def is_open(self, actor: Actor) -> bool:
        return False


class Story:
    """A store to tell a history in, and the wiki on it."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self._folder = folder

    def commit(self, files: Mapping[str, str], *parents: str, author: Author = ADA, summary: str = "") -> str:
        """Commit exactly these files on top of the parents, or else of the head."""
        head = self.store.head()
        above = parents or ([head] if head else [])
        tree = {path: text.encode() for path, text in files.items()}
        made = self.store.commit_tree(tree, above, author=author, summary=summary)
        self.store.set_head(made)
        return made

    @contextmanager
    def past(self, policy: Policy | None = None) -> Iterator[Past]:
        """Give what was, as somebody sees it."""
        wiki = Wiki.open(self.store, ListIndex(), self._folder, policy or RolePolicy(), processes=0)
        assert wiki.catch_up()
        with wiki.at(ANONYMOUS) as snapshot:
            yield snapshot.past
        wiki.close()


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def kinds(past: Past, text: str) -> list[tuple[TouchKind, str, str | None]]:
    steps = past.history(past.subject(text)).steps
    return [(step.kind, step.name.path, step.old_path) for step in steps]


# -- revisions


@pytest.mark.parametrize("policy", [RolePolicy(), Sees()], ids=["open", "asked"])
def test_a_history_goes_on_through_renames(story: Story, policy: Policy) -> None:
    first = story.commit({"a.md": "one", "x.md": "x"})
    story.commit({"a.md": "two", "x.md": "x"})
    story.commit({"b/c.md": "two", "x.md": "x"})
    last = story.commit({"b/c.md": "three", "x.md": "x"}, author=BOT, summary="Third")
    with story.past(policy) as past:
        history = past.history(past.subject("b/c"))
        assert kinds(past, "b/c") == [
            (TouchKind.CHANGED, "b/c.md", None),
            (TouchKind.RENAMED, "b/c.md", "a.md"),
            (TouchKind.CHANGED, "a.md", None),
            (TouchKind.ADDED, "a.md", None),
        ]
        assert [step.number for step in history.steps] == [4, 3, 2, 1]
        newest = history.steps[0].revision
        assert (newest.id, newest.author, newest.summary) == (last, BOT, "Third")
        assert history.steps[-1].revision.id == first
        assert (history.total, history.pages) == (4, 1)


@pytest.mark.parametrize("policy", [RolePolicy(), Sees()], ids=["open", "asked"])
def test_a_long_history_comes_in_pages(story: Story, policy: Policy) -> None:
    for number in range(2 * REVISIONS + 3):
        story.commit({"a.md": f"{number}"})
    with story.past(policy) as past:
        subject = past.subject("a")
        pages = [past.history(subject, number) for number in (1, 2, 3)]
        assert [page.steps[0].number for page in pages] == [103, 53, 3]
        assert [page.steps[-1].number for page in pages] == [54, 4, 1]
        for beyond in (4, 10**9):
            assert past.history(subject, beyond).page == 3
        for below in (0, -5):
            assert past.history(subject, below).page == 1


def test_a_merge_counts_where_it_differs_from_every_parent(story: Story) -> None:
    base = story.commit({"a.md": "a", "b.md": "b"})
    ours = story.commit({"a.md": "ours", "b.md": "b"}, base)
    theirs = story.commit({"a.md": "theirs", "b.md": "theirs"}, base)
    story.commit({"a.md": "both", "b.md": "theirs"}, ours, theirs)
    with story.past() as past:
        assert [kind for kind, _, _ in kinds(past, "a")] == [
            TouchKind.MERGED,
            TouchKind.CHANGED,
            TouchKind.CHANGED,
            TouchKind.ADDED,
        ]
        assert [kind for kind, _, _ in kinds(past, "b")] == [TouchKind.CHANGED, TouchKind.ADDED]


def test_a_deleted_page_and_a_file_have_a_history(story: Story) -> None:
    story.commit({"a.md": "one", "m.png": "1", "x.md": "x"})
    story.commit({"a.md": "two", "m.png": "2", "x.md": "x"})
    story.commit({"x.md": "x"})
    with story.past() as past:
        for text in ("a", "a.md", "m.png"):
            subject = past.subject(text)
            assert subject.gone
            assert [kind for kind, _, _ in kinds(past, text)] == [
                TouchKind.DELETED,
                TouchKind.CHANGED,
                TouchKind.ADDED,
            ]


def test_a_page_that_was_made_again_goes_on_with_its_history(story: Story) -> None:
    first = story.commit({"a.md": "one", "x.md": "x"})
    story.commit({"x.md": "x"})
    story.commit({"a.md": "another", "x.md": "x"})
    with story.past() as past:
        assert [kind for kind, _, _ in kinds(past, "a")] == [
            TouchKind.ADDED,
            TouchKind.DELETED,
            TouchKind.ADDED,
        ]
        version = past.version(past.subject("a"), first)
        assert past.page_at(version.name).html == "<p>one</p>\n"
        assert past.deleted().deletions == ()


def test_a_page_that_two_branches_began_has_the_history_of_both(story: Story) -> None:
    base = story.commit({"x.md": "x"})
    ours = story.commit({"x.md": "x", "a.md": "one"}, base)
    edited = story.commit({"x.md": "x", "a.md": "two"}, ours)
    theirs = story.commit({"x.md": "x", "a.md": "other"}, base)
    merge = story.commit({"x.md": "x", "a.md": "both"}, edited, theirs)
    with story.past() as past:
        steps = past.history(past.subject("a")).steps
        assert [step.revision.id for step in steps] == [merge, theirs, edited, ours]


def test_what_comes_to_a_path_that_was_left_is_another_page(story: Story) -> None:
    """Also where a branch that knew nothing of the rename went on at the old path."""
    base = story.commit({"a.md": "one\ntwo\nthree\n", "x.md": "x"})
    moved = story.commit({"b.md": "one\ntwo\nthree\n", "x.md": "x"}, base)
    edited = story.commit({"a.md": "one\ntwo\nthree\nfour\n", "x.md": "x"}, base)
    story.commit({"b.md": "one\ntwo\nthree\nfour\n", "x.md": "x"}, moved, edited)
    story.commit({"b.md": "one\ntwo\nthree\nfour\n", "a.md": "new", "x.md": "x"})
    with story.past() as past:
        assert [kind for kind, _, _ in kinds(past, "a")] == [TouchKind.ADDED]
        assert len(kinds(past, "b")) == 4


def test_what_never_was_has_no_history(story: Story) -> None:
    story.commit({"a.md": "one"})
    with story.past() as past:
        for text in ("b", "", "\0", "a\0", "a/", "x" * 10_000, "--help", "../a", "\ud800"):
            with pytest.raises(PageNotFoundError):
                past.subject(text)
            assert past.fate(text) is None


def test_while_the_history_is_being_read_there_is_no_answer(story: Story, tmp_path: Path) -> None:
    for number in range(300):
        story.commit({f"{number}.md": "x"})
    wiki = Wiki.open(story.store, ListIndex(), tmp_path, RolePolicy(), processes=0)
    with wiki.at(ANONYMOUS) as snapshot:
        past = snapshot.past
        assert not past.known
        assert past.fate("0") is None
        for ask in (past.recent, past.deleted, lambda: past.subject("0"), lambda: past.commit("0" * 40)):
            with pytest.raises(NotReadyError):
                ask()
    wiki.close()


# -- commits


def test_a_commit_is_named_by_its_id_or_its_beginning(story: Story) -> None:
    first = story.commit({"a.md": "one"})
    with story.past() as past:
        for text in (first, first[:7], first[:39], first.upper()):
            assert past.commit(text) == first


HOSTILE = ["", "--help", "HEAD", "HEAD~1", "main", "refs/heads/main", "@", "a" * 10_000, "\0", "^", "0" * 40]
HOSTILE += [":/one", "\n", "１２３４５６７", "0000000..", "%", "_______", "'", "ġġġġġġġ", "\ud800" * 7]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_nothing_else_names_a_commit(story: Story, text: str) -> None:
    first = story.commit({"a.md": "one"})
    with story.past() as past:
        subject = past.subject("a")
        for wrong in {text, first + text, first[:6], f" {first}"} - {first}:
            with pytest.raises(RevisionNotFoundError):
                past.commit(wrong)
            with pytest.raises(RevisionNotFoundError):
                past.version(subject, wrong)
            with pytest.raises(RevisionNotFoundError):
                past.deleted(wrong.replace(":", "") or ":")
        with pytest.raises(RevisionNotFoundError):
            past.deleted(f"{first}:\ud800")


def test_a_commit_of_another_branch_is_not_known(story: Story) -> None:
    story.commit({"a.md": "one"})
    base = story.store.head()
    assert base is not None
    aside = story.commit({"a.md": "aside"}, base)
    with story.past() as past:
        assert past.commit(aside) == aside
    story.store.set_head(base)  # its touches stay known, as it may come back
    story.commit({"a.md": "two"}, base)
    with story.past() as past:
        with pytest.raises(RevisionNotFoundError):
            past.commit(aside)
        with pytest.raises(RevisionNotFoundError):
            past.version(past.subject("a"), aside)


# -- versions


def test_a_version_is_of_its_commit_also_where_the_path_differed(story: Story) -> None:
    first = story.commit({"a.md": "one", "x.md": "x"})
    between = story.commit({"a.md": "one", "x.md": "y"})
    moved = story.commit({"b.md": "one", "x.md": "y"})
    last = story.commit({"b.md": "two", "x.md": "y"})
    with story.past() as past:
        subject = past.subject("b")
        told = {
            asked: (version.name.path, version.step and version.step.revision.id, *around(version))
            for asked in (first, between, moved, last)
            for version in [past.version(subject, asked)]
        }
        assert told == {
            first: ("a.md", first, None, moved),
            between: ("a.md", first, None, moved),
            moved: ("b.md", moved, first, last),
            last: ("b.md", last, moved, None),
        }


def around(version: object) -> tuple[str | None, str | None]:
    before, after = version.previous, version.following  # type: ignore[attr-defined]
    return (before.id if before else None, after.id if after else None)


def test_the_tree_of_a_commit_is_believed_rather_than_the_order(story: Story) -> None:
    """The branch that arrives second is older than what stands before it in the order."""
    base = story.commit({"a.md": "text of a"})
    renamed = story.commit({"b.md": "text of a"}, base)
    aside = story.commit({"a.md": "text of a", "x.md": "x"}, base)
    story.commit({"b.md": "text of a", "x.md": "x"}, renamed, aside)
    with story.past() as past:
        subject = past.subject("b")
        assert past.version(subject, renamed).name.path == "b.md"
        assert past.version(subject, aside).name.path == "a.md"


def test_a_version_before_a_page_was_or_after_it_went_is_not_found(story: Story) -> None:
    before = story.commit({"x.md": "x"})
    made = story.commit({"a.md": "one", "x.md": "x"})
    gone = story.commit({"x.md": "x"})
    with story.past() as past:
        subject = past.subject("a")
        assert past.name_at(subject, made) is not None
        for commit in (before, gone):
            assert past.name_at(subject, commit) is None
            with pytest.raises(RevisionNotFoundError, match="was not there at revision"):
                past.version(subject, commit)


# -- recent changes


@pytest.mark.parametrize("policy", [RolePolicy(), Sees()], ids=["open", "asked"])
def test_recent_changes_are_of_all_a_folder_or_an_author(story: Story, policy: Policy) -> None:
    tree = {"a.md": "a", "f/b.md": "b", "f/g/c.md": "c"}
    one = story.commit(tree)
    two = story.commit(tree | {"f/b.md": "b2"}, author=BOT)
    three = story.commit({"a.md": "a", "f/b.md": "b2", "d.md": "c"})  # f/g/c moved out of the folder
    story.commit({"a.md": "a", "f/b.md": "b2", "d.md": "c"})  # nothing
    with story.past(policy) as past:
        assert ids(past) == [three, two, one]
        assert ids(past, "f") == [three, two, one]
        assert ids(past, "f/g") == [three, one]
        assert ids(past, author="sync-bot") == [two]
        assert ids(past, "f/g", "sync-bot") == []
        assert ids(past, "nowhere") == ids(past, "f/b.md") == ids(past, author="Nobody") == []
        (first,) = past.recent("f/g").changes[-1:]
        assert [(file.name.path, file.title) for file in first.files] == [("f/g/c.md", "f/g/c.md")]
        assert first.count == 1
        moved = past.recent("f/g").changes[0].files[0]
        assert (moved.kind, moved.name.path, moved.old_path) == (TouchKind.RENAMED, "d.md", "f/g/c.md")


def ids(past: Past, folder: str = "", author: str = "") -> list[str]:
    return [change.revision.id for change in past.recent(folder, author).changes]


@pytest.mark.parametrize("policy", [RolePolicy(), Sees()], ids=["open", "asked"])
def test_a_large_commit_names_some_files_and_counts_all(story: Story, policy: Policy) -> None:
    story.commit({f"f/{number:03}.md": "x" for number in range(300)} | {"f0.md": "y"})
    with story.past(policy) as past:
        (change,) = past.recent("f").changes
        assert [file.name.path for file in change.files] == [f"f/{number:03}.md" for number in range(5)]
        assert change.count == 300
        assert past.recent().changes[0].count == 301


@pytest.mark.parametrize("policy", [RolePolicy(), Sees()], ids=["open", "asked"])
def test_recent_changes_come_in_pages(story: Story, policy: Policy) -> None:
    made = [story.commit({"a.md": f"{number}"}) for number in range(REVISIONS + 1)]
    with story.past(policy) as past:
        one, two, three = (past.recent(page=number) for number in (1, 2, 3))
        assert [change.revision.id for change in (*one.changes, *two.changes)] == made[::-1]
        assert (one.more, two.more, three.more) == (True, False, False)
        assert three.changes == ()


def test_the_order_is_that_of_arrival_whatever_dates_say(story: Story) -> None:
    base = story.commit({"a.md": "a"})
    ours = story.commit({"a.md": "ours"}, base)
    theirs = story.commit({"a.md": "a", "b.md": "b"}, base)
    story.commit({"a.md": "ours", "b.md": "b"}, ours, theirs)
    with story.past() as past:
        assert ids(past) == [theirs, ours, base]


# -- what is gone


@pytest.mark.parametrize("policy", [RolePolicy(), Sees()], ids=["open", "asked"])
def test_deletions_come_in_pages_that_each_begin_where_the_last_ended(story: Story, policy: Policy) -> None:
    many = {f"p{number:03}.md": f"{number}" for number in range(2 * REVISIONS)}
    story.commit({"a.md": "a", "b.md": "b"} | many)
    one = story.commit({"a.md": "a"} | many)
    story.commit({"a.md": "a", **{path: many[path] for path in [*many][:10]}}, author=BOT)
    with story.past(policy) as past:
        pages = [past.deleted()]
        while pages[-1].after:
            pages.append(past.deleted(pages[-1].after))
        found = [deletion.name.path for page in pages for deletion in page.deletions]
        assert found == [*[*many][10:], "b.md"]
        assert [len(page.deletions) for page in pages] == [50, 41]
        last = pages[-1].deletions[-1]
        assert last.revision.id == one
        assert last.last is not None
        assert past.page_at(past.version(past.subject("b"), last.last.id).name).html == "<p>b</p>\n"


def test_what_was_renamed_or_made_again_is_not_deleted(story: Story) -> None:
    story.commit({"a.md": "a", "b.md": "b", "c.md": "c"})
    story.commit({"moved.md": "a", "c.md": "c"})
    story.commit({"moved.md": "a", "c.md": "c", "b.md": "again"})
    gone = story.commit({"moved.md": "a", "b.md": "again"})
    with story.past() as past:
        assert [(d.name.path, d.revision.id) for d in past.deleted().deletions] == [("c.md", gone)]


def test_a_file_that_lives_on_where_branches_met_is_not_deleted(story: Story) -> None:
    base = story.commit({"a.md": "a", "x.md": "x"})
    renamed = story.commit({"b.md": "a", "x.md": "x"}, base)
    deleted = story.commit({"x.md": "x"}, base)
    story.commit({"b.md": "a", "x.md": "x"}, renamed, deleted)
    with story.past() as past:
        assert past.deleted().deletions == ()
        fate = past.fate("a")
        assert fate is not None
        assert (fate.moved, fate.name.path) == (True, "b.md")


def test_a_fate_tells_who_and_when_and_the_last_revision(story: Story) -> None:
    story.commit({"a.md": "a", "b.md": "b"})
    last = story.commit({"a.md": "a2", "b.md": "b"})
    moved = story.commit({"a.md": "a2", "c.md": "b"}, author=BOT)
    gone = story.commit({"c.md": "b"}, author=BOT)
    with story.past() as past:
        fate = past.fate("a")
        assert fate is not None
        assert fate.revision is not None
        assert fate.last is not None
        assert (fate.moved, fate.revision.id, fate.last.id) == (False, gone, last)
        assert fate.revision.author.is_bot
        away = past.fate("b.md")
        assert away is not None
        assert away.revision is not None
        assert (away.moved, away.name.path, away.revision.id) == (True, "c.md", moved)


# -- what is hidden


def hidden(story: Story) -> dict[str, str]:
    made = {
        "one": story.commit({"open.md": "open", "board/plan.md": "plan", "later.md": "later"}),
        "two": story.commit({"open.md": "open", "board/plan.md": "plan 2", "later.md": "later"}, author=BOT),
        "three": story.commit({"open.md": "open", "board/plan.md": "plan 2", "board/later.md": "later"}),
        "four": story.commit({"open.md": "open", "out.md": "plan 2", "board/later.md": "later", "x.md": "x"}),
    }
    made["five"] = story.commit({"open.md": "open", "out.md": "plan 2", "x.md": "x"})
    made["six"] = story.commit({"open.md": "open", "out.md": "plan 2"})
    return made


def test_what_is_hidden_has_no_past(story: Story) -> None:
    made = hidden(story)
    with story.past(HidesBoard()) as past:
        for text in ("board/plan", "board/later", "later", "board/plan.md"):
            with pytest.raises(PageNotFoundError):
                past.subject(text)
            assert past.fate(text) is None
        for name in ("two", "five"):  # they touched nothing else
            with pytest.raises(RevisionNotFoundError):
                past.commit(made[name])
        assert ids(past) == [made["six"], made["four"], made["one"]]
        assert ids(past, "board") == ids(past, author="sync-bot") == []
        assert past.count_recent() is None
        first = past.recent().changes[-1]
        assert [file.name.path for file in first.files] == ["open.md"]
        assert first.count == 1
        assert [deletion.name.path for deletion in past.deleted().deletions] == ["x.md"]


def test_what_came_out_of_hiding_began_there_as_far_as_can_be_seen(story: Story) -> None:
    made = hidden(story)
    with story.past(HidesBoard()) as past:
        subject = past.subject("out")
        history = past.history(subject)
        assert [(s.number, s.revision.id, s.kind, s.old_path) for s in history.steps] == [
            (1, made["four"], TouchKind.ADDED, None)
        ]
        for name in ("one", "three"):
            assert past.name_at(subject, made[name] if name == "one" else made["one"]) is None
        version = past.version(subject, made["six"])
        assert around(version) == (None, None)
        change = past.recent().changes[1]
        assert {(file.name.path, file.kind, file.old_path) for file in change.files} == {
            ("out.md", TouchKind.ADDED, None),
            ("x.md", TouchKind.ADDED, None),
        }


def test_the_way_on_from_deletions_does_not_tell_of_hidden_ones(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.past.DELETIONS_LOOKED_AT", AT_ONCE)
    story.commit({"open.md": "1", "gone.md": "x", **{f"board/{n}.md": "x" for n in range(AT_ONCE)}})
    story.commit({"open.md": "1", **{f"board/{n}.md": "x" for n in range(AT_ONCE)}})
    story.commit({"open.md": "1"})
    with story.past() as past:
        first = past.deleted()
        assert len(first.deletions) == REVISIONS
        assert [deletion.name.path for deletion in past.deleted(first.after).deletions][-1] == "gone.md"
    with story.past(HidesBoard()) as past:
        found = past.deleted()
        assert [deletion.name.path for deletion in found.deletions] == ["gone.md"]
        assert found.after == ""
        monkeypatch.setattr("engine.past.LOOKED_AT", AT_ONCE)
        assert past.deleted() == Deleted((), "")


def test_what_went_into_hiding_is_no_earlier_page_of_its_place(story: Story) -> None:
    first = story.commit({"a.md": "secret", "x.md": "x"})
    story.commit({"board/a.md": "secret", "x.md": "x"})
    story.commit({"board/a.md": "secret", "x.md": "x", "a.md": "open"})
    for policy, seen in ((HidesBoard(), False), (Sees(), True), (RolePolicy(), True)):
        with story.past(policy) as past:
            subject = past.subject("a")
            assert (past.name_at(subject, first) is not None) is seen
            assert (past.history(subject).earlier is not None) is seen


def test_who_sees_all_sees_it(story: Story) -> None:
    hidden(story)
    with story.past(Sees()) as past:
        assert [kind for kind, _, _ in kinds(past, "out")] == [
            TouchKind.RENAMED,
            TouchKind.CHANGED,
            TouchKind.ADDED,
        ]
        assert len(past.recent().changes) == 6


# -- authors


@pytest.mark.parametrize(
    ("author", "bot"),
    [
        (Author("renovate[bot]", "x@example.org"), True),
        (Author("Sync Bot", "x@example.org"), True),
        (Author("sync-bot ", "x@example.org"), True),
        (Author("Renovate", "29139614+renovate[bot]@users.example.org"), True),
        (Author("Ada", "import-bot@example.org"), True),
        (Author("bot", ""), True),
        (Author("Ada Talbot", "ada@bot"), False),
        (Author("Abbot", "abbot@example.org"), False),
        (Author("Botany", "bot-any@example.org"), False),
        (Author("", ""), False),
    ],
    ids=str,
)
def test_a_bot_is_told_by_its_name(author: Author, bot: bool) -> None:
    assert author.is_bot is bot
