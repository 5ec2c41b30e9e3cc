"""Moves that are refused, and what planning one leaves alone."""

from collections.abc import Mapping

import pytest

from engine.errors import (
    ForbiddenError,
    InvalidChangeError,
    NotReadyError,
    PageExistsError,
    PageIdError,
    PageNotFoundError,
    TooLargeError,
    WikiError,
)
from engine.moving import Leave
from engine.moving import plan as moving
from engine.wiki import Wiki
from tests.conftest import Commit
from tests.engine.moving.conftest import EDITOR, Plan

FILES: Mapping[str, str | bytes] = {
    "a/One.md": "",
    "a/i.png": b"",
    "b/Two.md": "",
    "file": b"",
    "locked/x.md": "",
    "quire.toml": "",
    "secret/x.md": "",
}


@pytest.mark.parametrize(
    ("path", "to", "error", "message"),
    [
        ("a/One.md", "a/One.md", InvalidChangeError, "is there already"),
        ("gone.md", "x.md", PageNotFoundError, "There is no file “gone.md”."),
        ("", "x", PageNotFoundError, "There is no file"),
        ("a/One.md", "../x.md", PageIdError, "cannot be a path"),
        ("a/One.md", ".git/x.md", PageIdError, "cannot be a path"),
        ("a/One.md", "b//x.md", PageIdError, "a part is empty"),
        ("a/One.md", "b/x .md", PageIdError, "ends in a dot or a space"),
        ("a/One.md", "b/Two.md", PageExistsError, "exists already"),
        ("a/One.md", "b/two.markdown", PageExistsError, "same address as “b/Two.md”"),
        ("a/One.md", "b/One.png", InvalidChangeError, "let it end in .md"),
        ("a/One.md", "b/One", InvalidChangeError, "let it end in .md"),
        ("a/i.png", "b/i.md", InvalidChangeError, "would make a page of a file that is none"),
        ("a/One.md", "file/One.md", InvalidChangeError, "“file” is a file"),
        ("file", "a", InvalidChangeError, "is a folder with other files in it"),
        ("a", "a/b", InvalidChangeError, "cannot be moved into itself"),
        ("a", "b", PageExistsError, "choose another name, or a place in it"),
        ("a/One.md", "B/One.md", PageExistsError, "There is a folder “b”, which reads the same"),
        ("a", "B/c/d", PageExistsError, "There is a folder “b”, which reads the same"),
        ("a", "file/x", InvalidChangeError, "“file” is a file"),
        ("quire.toml", "x.toml", InvalidChangeError, "is found by its name"),
        ("locked/x.md", "x.md", ForbiddenError, "You may not change “locked/x.md”."),
        ("a/One.md", "locked/One.md", ForbiddenError, "You may not change “locked/One.md”."),
        ("a", "locked/a", ForbiddenError, "You may not change"),
        ("a", "secret", ForbiddenError, "You may not change “secret/One.md”."),  # whether there is one or not
        ("a", "secrets", ForbiddenError, "You may not change “secrets/One.md”."),
    ],
)
def test_what_cannot_be_moved_is_refused(
    plan: Plan, path: str, to: str, error: type[WikiError], message: str
) -> None:
    with pytest.raises(error, match=message):
        plan(FILES, path, to)


def test_nothing_is_planned_before_all_pages_are_read(wiki: Wiki, commit: Commit) -> None:
    commit({f"{number}.md": "" for number in range(300)})
    wiki.follow()
    with wiki.at(EDITOR) as snapshot, pytest.raises(NotReadyError):
        snapshot.moving.plan("1.md", "x.md")


def test_a_move_that_would_change_too_much_is_refused(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "FILES", 3)
    files = {"Old.md": "", **{f"{number}.md": "[[Old]]\n" for number in range(3)}}
    with pytest.raises(TooLargeError, match="That would change 4 files, and one move may change 3"):
        plan(files, "Old.md", "New.md")
    assert plan({"2.md": None}, "Old.md", "New.md").links == 2


def test_planning_changes_nothing(wiki: Wiki, commit: Commit) -> None:
    commit({"x.md": "[[Old]]\n", "Old.md": "", "b/Old.md": ""})
    assert wiki.catch_up(10)
    with wiki.at(EDITOR) as snapshot:
        before = [list(snapshot._moment.names()), snapshot._moment.meant([("", "Old"), ("", "New")])]
        snapshot.moving.plan("Old.md", "New.md", Leave.ALIAS)
        with pytest.raises(InvalidChangeError):
            snapshot.moving.plan("Old.md", "Old.md")
        commit({"Old.md": None, "c.md": ""})  # others go on meanwhile
        assert wiki.catch_up(10)
        assert before == [list(snapshot._moment.names()), snapshot._moment.meant([("", "Old"), ("", "New")])]
    with wiki.at(EDITOR) as snapshot:
        assert [name.path for name in snapshot._moment.names()] == ["b/Old.md", "c.md", "x.md"]
