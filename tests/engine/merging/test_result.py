"""A person decides what is to stand in the place of each conflict."""

import pytest

from engine.merging import Choice, Merge, merge

BASE = "First.\n\nmiddle\n\nlast"
OURS = "My first.\n\nmiddle\n\nmy last"
THEIRS = "Their first.\n\nmiddle, too\n\ntheir last\n"


@pytest.fixture
def merged() -> Merge:
    return merge(BASE, OURS, THEIRS)


def test_the_parts_are_the_page(merged: Merge) -> None:
    first, middle, last = merged.parts()
    assert (first, last) == merged.conflicts
    assert middle == "\nmiddle, too\n\n"
    assert merged.text == "My first.\n\nmiddle, too\n\nmy last"


@pytest.mark.parametrize(
    ("choices", "page"),
    [
        ((Choice.OURS, Choice.OURS), "My first.\n\nmiddle, too\n\nmy last"),
        ((Choice.THEIRS, Choice.THEIRS), "Their first.\n\nmiddle, too\n\ntheir last\n"),
        ((Choice.BASE, Choice.BASE), "First.\n\nmiddle, too\n\nlast"),
        ((Choice.BOTH, Choice.BOTH), "Their first.\n\nMy first.\n\nmiddle, too\n\ntheir last\n\nmy last"),
        (("Free", ""), "Free\n\nmiddle, too\n\n"),
        (("", "a\nb\n"), "\nmiddle, too\n\na\nb\n"),
        (("ours", "base\n"), "ours\n\nmiddle, too\n\nbase\n"),
    ],
)
def test_each_conflict_is_decided(merged: Merge, choices: tuple[Choice | str, ...], page: str) -> None:
    assert merged.resolved(choices) == page


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        ("- mine\n", "- theirs\n", "- theirs\n- mine\n"),
        ("| mine |\n", "| theirs |\n", "| theirs |\n| mine |\n"),
        ("mine\n", "theirs\n\n", "theirs\n\nmine\n"),
        ("mine\n", "", "mine\n"),
        ("", "theirs\n", "theirs\n"),
        ("## Mine\n", "theirs\n", "theirs\n\n## Mine\n"),
    ],
)
def test_both_stand_one_behind_the_other(ours: str, theirs: str, both: str) -> None:
    found = merge("a\n\nold\n\nb\n", f"a\n\n{ours}\nb\n", f"a\n\n{theirs}\nb\n")
    assert both in found.resolved([Choice.BOTH])


def test_every_conflict_must_be_decided(merged: Merge) -> None:
    with pytest.raises(ValueError, match="2 conflicts cannot be decided by 1"):
        merged.resolved([Choice.OURS])


def test_two_values_of_one_key_cannot_both_be_chosen() -> None:
    found = merge("---\na: 1\n---\n", "---\na: 2\n---\n", "---\na: 3\n---\n")
    assert found.resolved([Choice.THEIRS]) == "---\na: 3\n---\n"
    with pytest.raises(ValueError, match="one must be chosen"):
        found.resolved([Choice.BOTH])


def test_a_page_without_conflicts_is_its_text() -> None:
    found = merge("a\n\nb\n", "A\n\nb\n", "a\n\nB\n")
    assert found.resolved([]) == found.text == "A\n\nB\n"
    assert list(found.parts()) == [found.text]
    assert list(Merge("").parts()) == []
