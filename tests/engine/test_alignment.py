"""What readers see of a comparison: whole and in order, marked where it differs, and never more than fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import alignment
from engine.alignment import CHARACTERS_SHOWN, CONTEXT, LINES_SHOWN, Alignment, Row, align

LINES = st.lists(st.sampled_from(["a", "b b b", "", "# c", "d d d d", "d d d e"]), max_size=40)


def text(row: Row, side: str) -> str | None:
    cell = row.old if side == "old" else row.new
    return None if cell is None else "".join(piece.text for piece in cell.pieces)


def signs(found: Alignment) -> list[str]:
    """Return what a unified view shows."""
    shown = []
    for section in found.sections:
        if section.lines:
            shown.append(f"@{section.lines}")
            continue
        for row in section.unified():
            sign = " " if row.same else "-" if row.old else "+"
            shown.append(sign + (text(row, "old" if row.old else "new") or ""))
    return shown


def marks(row: Row) -> tuple[list[str], list[str]]:
    both = []
    for cell in (row.old, row.new):
        assert cell is not None
        both.append([piece.text for piece in cell.pieces if piece.marked])
    return both[0], both[1]


def changed(found: Alignment) -> list[Row]:
    return [row for section in found.sections if section.number for row in section.rows if not row.same]


@given(LINES, LINES)
def test_both_sides_are_shown_whole_and_in_order(old: list[str], new: list[str]) -> None:
    found = align(old, new)
    rows = [row for section in found.sections for row in section.rows]
    for side, lines in (("old", old), ("new", new)):
        cells = [row.old if side == "old" else row.new for row in rows]
        numbers = [cell.line for cell in cells if cell is not None]
        assert [text(row, side) for row in rows if text(row, side) is not None] == lines
        assert numbers == list(range(1, len(lines) + 1))
    assert not found.cut
    assert found.same == (old == new)
    assert found.changes == len([section for section in found.sections if section.number])
    assert sum(section.lines for section in found.sections) + sum(row.same for row in rows) >= min(
        len(old) - found.removed, 1
    )


@given(LINES, LINES)
def test_the_unified_view_shows_the_same_lines(old: list[str], new: list[str]) -> None:
    found = align(old, new)
    rows = [row for section in found.sections for row in section.unified()]
    assert [text(row, "old") for row in rows if row.old] == old
    assert [text(row, "new") for row in rows if row.new] == new
    assert all(row.same or not (row.old and row.new) for row in rows)


def test_a_change_is_shown_with_its_context_and_the_rest_is_folded() -> None:
    old = [f"line {number}" for number in range(1, 31)]
    new = [*old[:14], "another", *old[15:]]
    found = align(old, new)
    assert signs(found) == [
        "@11",
        *(f" line {number}" for number in range(12, 15)),
        "-line 15",
        "+another",
        *(f" line {number}" for number in range(16, 19)),
        "@12",
    ]
    assert [section.number for section in found.sections] == [0, 1, 0]
    assert len(found.sections[0].rows) == 11


def test_changes_near_each_other_share_their_context() -> None:
    old = [f"{number}" for number in range(40)]
    near = align(old, [*old[:10], "x", *old[11 : 11 + 2 * CONTEXT + 1], "y", *old[12 + 2 * CONTEXT + 1 :]])
    far = align(old, [*old[:10], "x", *old[11 : 11 + 2 * CONTEXT + 2], "y", *old[12 + 2 * CONTEXT + 2 :]])
    assert near.changes == 1
    assert far.changes == 2
    assert "@2" in signs(far)


def test_words_that_differ_are_marked() -> None:
    (row,) = changed(align(["The quick brown fox jumps."], ["The quick red fox leaps."]))
    assert marks(row) == (["brown", "jumps"], ["red", "leaps"])
    (row,) = changed(align(["我喜欢吃苹果。"], ["我喜欢吃香蕉。"]))
    assert marks(row) == (["苹果"], ["香蕉"])
    (row,) = changed(align(["one two three four five"], ["one 2 3 four five"]))
    assert marks(row) == (["two three"], ["2 3"])


def test_lines_with_little_in_common_are_not_marked() -> None:
    rows = changed(align(["Nothing here is alike."], ["Wholly other words stand there!"]))
    assert all(
        not piece.marked for row in rows for cell in (row.old, row.new) if cell for piece in cell.pieces
    )


def test_similar_lines_stand_side_by_side_wherever_they_are_in_a_change() -> None:
    old = ["Alpha has four words.", "Beta has five words here."]
    new = ["Something else entirely!", "Wholly different, that.", "Beta has six words here."]
    rows = changed(align(old, new))
    assert [(text(row, "old"), text(row, "new")) for row in rows][-1] == (old[1], new[2])
    assert marks(rows[-1]) == (["five"], ["six"])


def test_a_block_that_has_moved_is_told_on_both_sides() -> None:
    block = ["## Moved", "", "A paragraph that goes elsewhere."]
    rest = [f"Line {number} stays where it has always been." for number in range(6)]
    found = align([*block, "", *rest], [*rest, "", *block])
    assert found.moved >= 2
    cells = [(row.old, row.new) for row in changed(found)]
    gone = [old for old, _ in cells if old and old.move]
    come = [new for _, new in cells if new and new.move]
    assert [cell.move.line for cell in gone if cell.move and cell.move.first] == [come[0].line]
    assert [cell.move.line for cell in come if cell.move and cell.move.first] == [gone[0].line]
    assert len(gone) == len(come)


@pytest.mark.parametrize("block", [["short"], [""], ["", ""], ["- a", ""]])
def test_a_short_line_elsewhere_is_no_move(block: list[str]) -> None:
    rest = ["one of a kind", "two of a kind", "three of a kind"]
    assert align([*block, *rest], [*rest, *block]).moved == 0


def test_what_stands_twice_is_no_move() -> None:
    block = ["A paragraph that is quite long enough to be one.", "And a second line."]
    assert align([*block, "x"], ["x", *block, "y", *block]).moved == 0


def test_lines_are_called_as_the_caller_says() -> None:
    (row,) = align(["a"], ["b"], first_old=5, first_new=9).sections[0].rows
    assert row.old is not None
    assert row.new is not None
    assert (row.old.line, row.new.line) == (5, 9)


def test_nothing_against_something_is_all_added() -> None:
    found = align([], ["a", "b"])
    assert (found.added, found.removed, signs(found)) == (2, 0, ["+a", "+b"])
    assert align([], []).sections == ()


def test_more_changed_lines_than_are_shown_are_counted() -> None:
    found = align([f"old {number}" for number in range(9_000)], [f"new {number}" for number in range(5_000)])
    assert (found.removed, found.added) == (9_000, 5_000)
    shown = sum((row.old is not None) + (row.new is not None) for row in changed(found))
    assert LINES_SHOWN <= shown <= LINES_SHOWN + 1
    assert found.cut == 14_000 - shown


def test_more_unchanged_lines_than_are_shown_stay_folded() -> None:
    old = [f"{number}" for number in range(10_000)]
    found = align(old, [*old, "more"])
    assert [section.lines for section in found.sections if section.lines] == [10_000 - CONTEXT]
    assert not found.sections[0].rows


def test_a_line_of_a_megabyte_is_shown_around_what_changed() -> None:
    sentence = "All work and no play makes Jack a dull boy. " * 12_000
    found = align([f"{sentence}Here is one. {sentence}"], [f"{sentence}Here is two. {sentence}"])
    (row,) = changed(found)
    assert marks(row) == (["one"], ["two"])
    assert row.old is not None
    assert sum(len(piece.text) for piece in row.old.pieces) < 1_000
    whole = sum(len(piece.text) + piece.left_out for piece in row.old.pieces)
    assert whole == 2 * len(sentence) + len("Here is one. ")


def test_many_long_lines_are_not_shown_for_ever() -> None:
    old = [f"{'word ' * 300}{number}" for number in range(2_000)]
    new = [f"{'word ' * 300}{number} more" for number in range(2_000)]
    found = align(old, new)
    characters = sum(
        len(piece.text)
        for section in found.sections
        for row in section.rows
        for cell in (row.old, row.new)
        if cell
        for piece in cell.pieces
    )
    assert characters < CHARACTERS_SHOWN + 10_000
    assert found.cut > 0


def test_what_is_not_shown_is_not_put_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []

    def paired(old: list[str], new: list[str]) -> list[tuple[int, int]]:
        looked_at.append(len(old) + len(new))
        return []

    monkeypatch.setattr(alignment, "paired", paired)
    blocks = [[f"{side} {number}" for number in range(20_000)] for side in ("old", "new")]
    for block in blocks:
        block[::10] = [f"same {number}" for number in range(2_000)]
    assert align(*blocks).cut > 30_000
    assert sum(looked_at) < LINES_SHOWN + 20


def test_a_rewrite_too_large_to_compare_says_so() -> None:
    found = align(["a", "b"] * 100_000, ["b", "c"] * 100_000)
    assert not found.exact
    assert found.cut > 0


def test_moves_are_not_looked_for_in_very_large_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MOVED_AMONG", 3)
    block = ["A paragraph that is quite long enough to be one.", "And a second line."]
    assert align([*block, "x y z", "y"], ["x y z", "y", *block]).moved == 0
