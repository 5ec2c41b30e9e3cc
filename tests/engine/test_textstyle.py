"""Edits keep line ends, byte order mark and final line end of a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diff import lines
from engine.textstyle import plain, styled

TEXTS = st.lists(
    st.tuples(st.text("ab é", max_size=3), st.sampled_from(["\n", "\r\n", "\r"])), max_size=6
).flatmap(
    lambda rows: st.builds(
        lambda mark, last: mark + "".join(text + end for text, end in rows) + last,
        st.sampled_from(["", "\ufeff"]),
        st.sampled_from(["", "z"]),
    )
)


@given(TEXTS)
def test_a_text_that_was_not_changed_stays_as_it_is(before: str) -> None:
    assert styled(plain(before), before) == before


@given(TEXTS)
def test_what_is_not_in_the_text_itself_is_in_its_style(before: str) -> None:
    after = styled("new\n" + plain(before), before)
    assert plain(after).rstrip("\n") == ("new\n" + plain(before)).rstrip("\n")


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("one\ntwo\n", "", "one\ntwo\n"),
        ("one", "", "one\n"),
        ("", "one\n", ""),
        ("one\ntwo\n", "one\r\n", "one\r\ntwo\r\n"),
        ("one\nnew\ntwo\nthree\n", "one\r\ntwo\nthree\r\n", "one\r\nnew\r\ntwo\nthree\r\n"),
        ("one\ntwo", "one\n", "one\ntwo\n"),
        ("one\ntwo\n", "one", "one\ntwo"),
        ("one\ntwo\n", "\ufeffone\n", "\ufeffone\ntwo\n"),
        ("\ufeffone\r\n", "one\n", "one\n"),
    ],
)
def test_an_edit_is_written_in_the_style_of_the_file(text: str, before: str, after: str) -> None:
    assert styled(text, before) == after


def test_lines_that_an_edit_leaves_alone_keep_their_ends() -> None:
    before = "a\r\nb\nc\rd\r\n"
    assert lines(styled("a\nB\nc\nd\n", before)) == ["a\r\n", "B\r\n", "c\r", "d\r\n"]


def test_an_empty_line_does_not_become_a_part_of_the_line_end_before_it() -> None:
    text = "b\nnew\n\nc\nd\ne\n"
    assert plain(styled(text, "b\n\nc\rd\re\r")) == text


def test_line_ends_that_are_changed_do_not_join_the_one_before() -> None:
    text = "a\n\n\n d\n\nb\n d"
    assert plain(styled(text, "a\re\x0b\r\n\n d\rb\r\n d")) == text
