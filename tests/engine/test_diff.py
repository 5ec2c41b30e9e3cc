"""Hunks: they turn the old into the new, read well, and cost no more than they say."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from engine.diff import CELLS, CELLS_AT_ONCE, Hunk, apply, diff, diff_lines, lines, words

FEW = st.lists(st.sampled_from(["a\n", "b\n", "\n", "# c\n", "d"]), max_size=40)
TEXTS = st.text(alphabet="ab \n\r\u2028\0你", max_size=60)


@given(FEW, FEW)
def test_the_hunks_turn_the_old_lines_into_the_new(old: list[str], new: list[str]) -> None:
    for found in (diff(old, new), diff_lines(old, new)):
        assert apply(old, found.hunks, new) == new
        assert found.exact


@given(FEW, FEW)
def test_the_other_direction_is_the_mirror_image(old: list[str], new: list[str]) -> None:
    for compare in (diff, diff_lines):
        there, back = compare(old, new), compare(new, old)
        assert tuple(hunk.mirrored for hunk in there.hunks) == back.hunks


@given(FEW, FEW)
def test_hunks_are_in_order_never_empty_and_never_meet(old: list[str], new: list[str]) -> None:
    before = Hunk(-1, -1, -1, -1)
    for hunk in diff_lines(old, new).hunks:
        assert hunk.removed or hunk.added
        assert hunk.old_start > before.old_end
        assert hunk.old_start - before.old_end == hunk.new_start - before.new_end
        before = hunk
    assert before.old_end <= len(old)
    assert before.new_end <= len(new)


@given(TEXTS, TEXTS)
def test_splitting_loses_nothing(one: str, other: str) -> None:
    for split in (lines, words):
        assert "".join(split(one)) == one
        assert "".join(apply(split(one), diff(split(one), split(other)).hunks, split(other))) == other


@given(st.lists(st.integers(0, 1000).map(str), unique=True, max_size=60), st.randoms())
def test_lines_that_stand_once_are_matched_as_often_as_can_be(
    items: list[str], source: random.Random
) -> None:
    kept = [item for item in items if source.random() < 0.7]
    found = diff(items, kept)
    assert sum(hunk.removed for hunk in found.hunks) == len(items) - len(kept)
    assert not any(hunk.added for hunk in found.hunks)


def test_lines_end_where_an_editor_ends_them() -> None:
    text = "one\r\ntwo\rthree\nfour\u2028still\x0bfour\x85\n\r\nlast"
    assert lines(text) == ["one\r\n", "two\r", "three\n", "four\u2028still\x0bfour\x85\n", "\r\n", "last"]
    assert lines("") == []
    assert lines("\ufeff\0\n") == ["\ufeff\0\n"]


def test_words_are_those_of_their_script() -> None:
    assert words("Hello, Welt!") == ["Hello", ",", " ", "Welt", "!"]
    assert words("你好 wiki。") == ["你", "好", " ", "wiki", "。"]
    assert words("हिन्दी — العربية") == ["हिन्दी", " ", "—", " ", "العربية"]
    assert words("👨\u200d👩\u200d👧") == ["👨\u200d👩\u200d👧"]
    assert words("葛\U000e0100城") == ["葛\U000e0100", "城"]


def split(text: str) -> list[str]:
    return lines(text)


@pytest.mark.parametrize(
    ("old", "new", "added"),
    [
        ("A\n\nB\n", "A\n\nX\n\nB\n", "X\n\n"),
        ("# a\n\nx\n\n# b\n\nx\n", "# a\n\nx\n\n# c\n\nx\n\n# b\n\nx\n", "# c\n\nx\n\n"),
        ("f\n\ng\nend\n", "f\n\nh\nend\n\ng\nend\n", "h\nend\n\n"),
        ("a\na\n", "a\na\na\n", "a\n"),
    ],
)
def test_a_hunk_is_a_whole_paragraph_or_section_where_it_can_be(old: str, new: str, added: str) -> None:
    (hunk,) = diff_lines(split(old), split(new)).hunks
    assert "".join(split(new)[hunk.new_start : hunk.new_end]) == added
    (hunk,) = diff_lines(split(new), split(old)).hunks
    assert "".join(split(new)[hunk.old_start : hunk.old_end]) == added


def test_a_line_that_stands_once_holds_its_paragraph_together() -> None:
    old = split("{\n}\n\none\n{\n}\n")
    new = split("{\n}\n\nnew\n{\n}\n\none\n{\n}\n")
    (hunk,) = diff_lines(old, new).hunks
    assert new[hunk.new_start : hunk.new_end] == ["new\n", "{\n", "}\n", "\n"]


def test_numbers_with_one_hash_are_not_taken_for_equal() -> None:
    assert diff(["-1"], ["-2"]).hunks == (Hunk(0, 1, 0, 1),)
    # RapidFuzz compares hashes: were lines given to it as they are, two with one hash would be one line.
    assert len(Indel.opcodes([-1], [-2])) == 2


ADVERSARIES: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "two lines again and again": (["a\n", "b\n"] * 100_000, ["b\n", "c\n"] * 100_000),
    "all lines differ": ([f"a{i}" for i in range(100_000)], [f"b{i}" for i in range(100_000)]),
    "all lines stand elsewhere": ([f"{i}" for i in range(100_000)], [f"{i}" for i in range(99_999, -1, -1)]),
    "one line of a megabyte": (words("one thing, " * 90_000), words("thing one; " * 90_000)),
    "many gaps that are just small enough": (
        [f"{i}" if i % 9_000 == 0 else "ab"[i % 2] for i in range(180_000)],
        [f"{i}" if i % 9_000 == 0 else "bc"[i % 7 == 0] for i in range(180_000)],
    ),
}


@pytest.mark.parametrize("name", ADVERSARIES)
def test_the_work_is_bounded_whatever_is_compared(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    real = Indel.opcodes

    def counting(first: list[int], second: list[int]) -> object:
        compared.append(len(first) * len(second))
        return real(first, second)

    monkeypatch.setattr(Indel, "opcodes", counting)
    old, new = ADVERSARIES[name]
    found = diff_lines(old, new)
    assert apply(old, found.hunks, new) == list(new)
    assert sum(compared) <= CELLS
    assert max(compared, default=0) <= CELLS_AT_ONCE


def test_what_was_too_large_to_compare_is_replaced_and_says_so() -> None:
    old, new = ADVERSARIES["two lines again and again"]
    found = diff(old, new)
    assert not found.exact
    assert len(found.hunks) == 1
    assert diff(list(old)[:1000], list(new)[:1000]).exact
