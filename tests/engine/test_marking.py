"""Marks within lines: nothing of a line is lost, and what is not marked is the same on both sides."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import marking
from engine.marking import LINE_CHARACTERS, Piece, marked, paired, shortened, whole

LINES = st.text(alphabet="ab c.你\u0301\U0001f600", max_size=30)
Pieces = tuple[Piece, ...]


@pytest.fixture(params=[0, 8, marking.MARKED_CHARACTERS], ids=["whole", "long", "short"])
def bound(request: pytest.FixtureRequest) -> Iterator[int]:
    """Lines that are too long to be compared whole, and lines that are not."""
    before = marking.MARKED_CHARACTERS
    marking.MARKED_CHARACTERS = request.param
    yield request.param
    marking.MARKED_CHARACTERS = before


def text(pieces: Pieces) -> str:
    return "".join(piece.text for piece in pieces)


def unmarked(pieces: Pieces) -> str:
    return "".join(piece.text for piece in pieces if not piece.marked)


@pytest.mark.usefixtures("bound")
@given(LINES, LINES)
def test_nothing_of_a_line_is_lost_and_what_is_not_marked_is_common(old: str, new: str) -> None:
    before, after = marked(old, new)
    assert (text(before), text(after)) == (old, new)
    if any(piece.marked for piece in (*before, *after)):
        assert "".join(unmarked(before).split()) == "".join(unmarked(after).split())


@given(st.lists(LINES, max_size=8), st.lists(LINES, max_size=8))
def test_pairs_are_in_order_and_each_line_is_in_one(old: list[str], new: list[str]) -> None:
    pairs = list(paired(old, new))
    for first, second in pairwise(pairs):
        assert first[0] < second[0]
        assert first[1] < second[1]
    assert all(old[one] and new[other] for one, other in pairs)


def test_equal_lines_of_a_very_large_change_are_still_paired_in_their_order() -> None:
    old = [f"This is line number {number}" for number in range(500)]
    assert list(paired(old, [f"{line}!" for line in old])) == [(number, number) for number in range(500)]


def test_between_equal_ends_of_very_long_lines_words_are_marked() -> None:
    start, end = "first " * 60_000, " last" * 60_000
    before, after = marked(f"{start}the brown fox here{end}", f"{start}the red fox here{end}")
    assert [piece.text for piece in before if piece.marked] == ["brown"]
    assert [piece.text for piece in after if piece.marked] == ["red"]
    assert text(before) == f"{start}the brown fox here{end}"


def test_what_is_too_long_between_equal_ends_is_marked_as_a_whole() -> None:
    start = "first " * 60_000
    before, after = marked(f"{start}{'one two ' * 20_000}", f"{start}{'two three ' * 20_000}")
    assert [len(piece.text) for piece in before if piece.marked] == [159_999]
    assert len([piece for piece in after if piece.marked]) == 1


def test_very_long_lines_without_much_in_common_are_not_marked() -> None:
    old, new = "one " * 60_000, "two " * 60_000
    assert marked(old, new) == (whole(old), whole(new))


@given(st.lists(st.tuples(st.integers(0, 3_000), st.booleans()), max_size=12))
def test_a_long_line_is_shortened_and_tells_how_much(parts: list[tuple[int, bool]]) -> None:
    pieces = tuple(Piece("x" * length, mark) for length, mark in parts if length)
    shown = shortened(pieces)
    assert sum(len(piece.text) + piece.left_out for piece in shown) == len(text(pieces))
    assert len(text(shown)) <= 2 * LINE_CHARACTERS
    if len(text(pieces)) <= LINE_CHARACTERS:
        assert shown == pieces
