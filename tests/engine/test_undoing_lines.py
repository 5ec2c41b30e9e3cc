"""The lines of one change in a text that others have changed."""

import pytest

from engine.undoing.lines import joined


@pytest.mark.parametrize(
    ("old", "new", "here", "expected"),
    [
        ("a b c", "a b c", "a x c", "a x c"),
        ("a s b", "a b", "A s B", "A B"),  # its neighbours were written since
        ("a s b", "a b", "x a s y b", "x a y b"),
        ("a b", "a s b", "a b c", "a s b c"),
        ("a b", "a s b", "b", "s b"),  # one of its neighbours is gone
        ("a b", "a s b", "", "s"),
        ("a s b", "a r b", "x a r b", "x a r b"),  # done already
        ("a s b", "a r b", "a q r b", "a q r b"),  # and more
        ("a s b", "a b", "a b", "a b"),
        ("s", "", "s t", "t"),
    ],
)
def test_a_change_goes_through_where_its_lines_are_whole(
    old: str, new: str, here: str, expected: str
) -> None:
    found = joined(text(old), text(new), text(here))
    assert (found.text, found.conflicts) == (text(expected), ())


@pytest.mark.parametrize(
    ("old", "new", "here"),
    [
        ("a s b", "a b", "a S b"),  # what it brought was written since
        ("a s t b", "a b", "a s x t b"),  # and within
        ("a s b", "a r b", "a b"),
        ("a b", "a s b", "a x B"),  # where it stood there is something else
    ],
)
def test_where_they_are_not_there_is_a_conflict(old: str, new: str, here: str) -> None:
    assert joined(text(old), text(new), text(here)).conflicts


def test_a_last_line_without_an_end_is_the_same_line() -> None:
    assert joined("a\ns", "a", "a\ns\nb").text == "a\nb\n"


def test_a_long_text_of_which_nothing_is_left_takes_no_time() -> None:
    old = [f"{number}" for number in range(30_000)]
    new = [part for number in old for part in (number, f"new {number}")]
    assert joined(text(" ".join(old)), "\n".join(new), "other\n").conflicts


def text(words: str) -> str:
    return "".join(f"{word}\n" for word in words.split())
