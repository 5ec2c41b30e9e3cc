"""Texts for those who edit them: whole pages, sections, what a text would look like."""

from pathlib import Path

import pytest

from engine import editing
from engine.access import ANONYMOUS, Action, Actor, Kind, Role, RolePolicy
from engine.changes import Delete, Edit, MergeConflictError, Move, Put
from engine.editing import Editing
from engine.errors import InvalidChangeError, NotReadyError, PageExistsError, PageIdError, PageNotFoundError
from engine.model import Name
from engine.search.whoosh_index import WhooshIndex
from engine.store.git_store import GitStore
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.repositories import make

ADA = Actor(Kind.PERSON, "ada", Role.EDITOR)

SECTIONS = """---
title: T
---
# One

first

## Two

second

```
# no heading
```

### Three

> ## quoted

third

## Two

again
"""


@pytest.mark.parametrize(
    ("anchor", "start", "end"),
    [
        ("one", "# One", "again\n"),
        ("two", "## Two\n\nsecond", "third\n\n"),
        ("three", "### Three", "third\n\n"),
        ("two-1", "## Two\n\nagain", "again\n"),
    ],
)
def test_a_section_goes_to_the_next_heading_of_its_level(
    commit: Commit, wiki: Wiki, anchor: str, start: str, end: str
) -> None:
    commit({"a.md": SECTIONS})
    with wiki.at(ANONYMOUS) as snapshot:
        source = snapshot.editing.source("a", anchor)
        assert source.text.startswith(start)
        assert source.text.endswith(end)
        assert snapshot.editing.whole(source.base, "a.md", anchor, source.text) == SECTIONS
        changed = snapshot.editing.whole(source.base, "a.md", anchor, "## New")
        assert changed == SECTIONS.replace(source.text, "## New\n" if "again" not in end else "## New")


def test_headings_in_quotes_and_those_that_are_not_there_have_no_section(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": SECTIONS})
    with wiki.at(ANONYMOUS) as snapshot:
        for anchor in ("quoted", "no-heading", "gone"):
            with pytest.raises(PageNotFoundError):
                snapshot.editing.source("a", anchor)


def test_a_text_is_given_with_plain_line_ends(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": b"\xef\xbb\xbfone\r\ntwo\r\n"})
    with wiki.at(ANONYMOUS) as snapshot:
        assert snapshot.editing.source("a").text == "one\ntwo\n"


def test_what_a_text_is_for_is_found_without_reading_what_stands_there(commit: Commit, wiki: Wiki) -> None:
    commit({"m.png": b"\x89PNG", "latin.md": b"caf\xe9"})
    with wiki.at(ANONYMOUS) as snapshot:
        target = snapshot.editing.target("latin")
        assert (target.path, target.text, target.base, target.title) == ("latin.md", "", None, "latin")
        assert target.name is not None
        assert snapshot.editing.target("x") == snapshot.editing.source("x")
        with pytest.raises(InvalidChangeError):
            snapshot.editing.target("m.png")


def test_a_page_that_is_not_there_can_be_made(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "one\n", "m.png": b"\x89PNG", "latin.md": b"caf\xe9"})
    with wiki.at(ANONYMOUS) as snapshot:
        source = snapshot.editing.source("Notes/New Page")
        assert (source.path, source.text, source.base, source.title) == (
            "Notes/New Page.md",
            "",
            None,
            "New Page",
        )
        with pytest.raises(PageIdError):
            snapshot.editing.source("../x")
        for odd in ("m.png", "latin"):
            with pytest.raises(InvalidChangeError):
                snapshot.editing.source(odd)


class Hidden(RolePolicy):
    """Hides what lies in one folder."""

    def allows(self, actor: Actor, action: Action, name: Name) -> bool:
        return super().allows(actor, action, name) and not name.path.startswith("hidden/")

    def is_open(self, actor: Actor) -> bool:
        return False


def test_a_base_tells_nothing_of_what_is_hidden(store: MemoryStore, commit: Commit, tmp_path: Path) -> None:
    commit({"a.md": "one\n", "hidden/b.md": "secret\n"})
    commit({"a.md": "two\n"})
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, Hidden(), processes=0)
    try:
        wiki.catch_up()
        head = store.head()
        assert head is not None
        blobs = {entry.path: entry.blob for entry in store.tree(head)}
        with wiki.at(ANONYMOUS) as snapshot:
            editing: Editing = snapshot.editing
            assert editing.text(blobs["a.md"], "a.md") == "two\n"
            for path in ("a.md", "hidden/b.md", "x.md"):
                with pytest.raises(InvalidChangeError):
                    editing.text(blobs["hidden/b.md"], path)
            assert editing.source("hidden/b").base is None
    finally:
        wiki.close()


def test_a_base_is_a_text_of_its_page_also_for_those_who_see_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = make(tmp_path / "content.git")
    others = {"wiki/b.md": "two\n", "key.md": "outside\n"}
    start = repository.commit({"wiki/a.md": "one\n", **others})
    first = repository.git("rev-parse", "main:wiki/a.md")
    blobs = [repository.git("rev-parse", f"main:{path}") for path in others]
    repository.commit({"wiki/a.md": "three\n", **others}, start)
    store = GitStore.open(repository.path, root="wiki")
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, RolePolicy(), processes=0)
    try:
        with wiki.at(ADA) as snapshot:
            assert snapshot.editing.text(snapshot.editing.source("a").base or "", "a.md") == "three\n"
            # The history has not been read: git is asked what was there lately.
            assert snapshot.editing.text(first, "a.md") == "one\n"
            for blob in blobs:
                with pytest.raises(InvalidChangeError):
                    snapshot.editing.text(blob, "a.md")
                monkeypatch.setattr(editing, "LATELY", 1)
                with pytest.raises(NotReadyError):
                    snapshot.editing.text(first, "a.md")
                monkeypatch.undo()
        wiki.catch_up()
        with wiki.at(ADA) as snapshot:
            assert snapshot.editing.text(first, "a.md") == "one\n"
            for blob in (*blobs, "HEAD", "main:key.md", "--all", ""):
                for path in ("a.md", "key.md", "../key.md", "nowhere.md"):
                    with pytest.raises(InvalidChangeError, match="not in the repository"):
                        snapshot.editing.text(blob, path)
                with pytest.raises(InvalidChangeError):
                    snapshot.editing.merged("a.md", first, "mine\n", blob)
        for blob in blobs:  # nor does a conflict tell it
            for change in (
                Edit("a.md", "mine\n", blob),
                Edit("gone.md", "mine\n", blob),
                Put("a.md", b"mine\n", blob),
                Delete("a.md", blob),
                Move("a.md", "c.md", blob, b"mine\n"),
            ):
                with pytest.raises(InvalidChangeError, match="not in the repository"):
                    wiki.commit([change], ADA)
        with pytest.raises(MergeConflictError) as caught:
            wiki.commit([Edit("a.md", "mine\n", first)], ADA)
        assert caught.value.conflicts[0].base == "one\n"
    finally:
        wiki.close()


def test_an_earlier_text_of_a_page_can_be_a_base_also_where_it_was_renamed(
    commit: Commit, wiki: Wiki
) -> None:
    text = "a line that stays\n" * 9
    commit({"a.md": text})
    with wiki.at(ANONYMOUS) as snapshot:
        first = snapshot.editing.source("a").base
    commit({"a.md": None, "b.md": text})
    commit({"b.md": f"{text}two\n"})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        assert first is not None
        assert snapshot.editing.text(first, "b.md") == text
        assert snapshot.editing.text(first, "a.md") == text
        with pytest.raises(InvalidChangeError):
            snapshot.editing.text("--output=x", "b.md")


def test_a_preview_resolves_links_from_where_the_page_will_be(commit: Commit, wiki: Wiki) -> None:
    commit({"n/a.md": "# A\n"})
    with wiki.at(ANONYMOUS) as snapshot:
        page = snapshot.editing.preview(
            "n/new.md", "# New\n\n[[a]] [there](a.md) <script>alert(1)</script> [^x]\n"
        )
        assert page.html.count('href="/n/a"') == 2
        assert "<script" not in page.html
        assert page.title == "New"
        assert [problem.code for problem in page.problems] == ["undefined-note"]


def test_new_pages_are_named_after_their_titles(commit: Commit, wiki: Wiki) -> None:
    commit({"llama-organization.md": "x\n", "quire.toml": 'naming = "title"\n'})
    with wiki.at(ANONYMOUS) as snapshot:
        assert snapshot.editing.new_path("Big Idea", "notes/") == "notes/Big Idea.md"
        for title in ("", "..", "???"):
            with pytest.raises(InvalidChangeError):
                snapshot.editing.new_path(title)
        with pytest.raises(PageIdError):
            snapshot.editing.new_path("x", "../y")
        with pytest.raises(PageExistsError):
            snapshot.editing.new_path("llama-organization")


def test_templates_are_the_pages_of_their_folder(commit: Commit, wiki: Wiki) -> None:
    commit({"templates/meeting.md": "# Meeting\n", "a.md": "x\n"})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        assert [(each.name.path, each.title) for each in snapshot.editing.templates()] == [
            ("templates/meeting.md", "Meeting")
        ]
