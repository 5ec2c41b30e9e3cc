"""Two people change the front matter of one page."""

import pytest

from engine.frontmatter import MAX_BYTES, split
from engine.merging import Conflict, Merge, merge

BASE = "---\ntitle: Llamas\n# what it is about\ntags: [animals, wool]\nlang: en\n---\nText.\n"


def page(front: str) -> str:
    return f"---\n{front}---\nText.\n" if front else "Text.\n"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        # keys next to each other
        ("a: 1\nb: 1\n", "a: 2\nb: 1\n", "a: 1\nb: 2\n", "a: 2\nb: 2\n"),
        ("a: 1\nb: 1\n", "b: 1\n", "a: 1\nb: 2\n", "b: 2\n"),
        ("a: 1\n", "a: 1\nb: 1\n", "a: 1\nc: 1\n", "a: 1\nc: 1\nb: 1\n"),
        ("a: 1\n", "b: 1\na: 1\n", "c: 1\na: 1\n", "c: 1\nb: 1\na: 1\n"),
        ("a: 1\n", "a: 1\nb: 1\n", "a: 1\nb: 1\nc: 1\n", "a: 1\nb: 1\nc: 1\n"),
        ("a: 1\nb: 1\n", "a: 1\n", "b: 1\n", ""),
        ("", "a: 1\n", "b: 1\n", "b: 1\na: 1\n"),
        # one side changes the order
        ("a: 1\nb: 1\n", "b: 1\na: 1\n", "a: 2\nb: 1\nc: 1\n", "b: 1\nc: 1\na: 2\n"),
        # comments and quotes
        ("a: 1\n", "# why\na: 1\n", "a: 2\n", "# why\na: 2\n"),
        ("a: 1\nb: 1\n", "a: '1'\nb: 1\n", "a: 1\nb: 1 # why\n", "a: '1'\nb: 1 # why\n"),
        # lists of texts are sets
        ("t: [a, b]\n", "t: [a, b, c]\n", "t: [a, b, d]\n", "t: [a, b, d, c]\n"),
        ("t: [a, b]\n", "t: [b]\n", "t: [a, b, d]\n", "t: [b, d]\n"),
        ("t: [a, b]\n", "t: [b, a]\n", "t: [a, b, d]\n", "t: [b, d, a]\n"),
        ("t: [a, b]\n", "t: [a]\n", "t: [b]\n", "t: []\n"),
        ("t: ['a']\n", "t: ['a', b]\n", "t: ['a', \"c: d\"]\n", "t: ['a', \"c: d\", b]\n"),
        ("t:\n  - a\n", "t:\n  - a\n  - b\n", "t:\n  - a\n  - c\n", "t:\n  - a\n  - c\n  - b\n"),
        ("t: [a]\n", "t:\n- a\n- b\n", "t: [a, c]\n", "t:\n- a\n- c\n- b\n"),
        ("", "t: [a]\n", "t: [b]\n", "t: [b, a]\n"),
        ("t: [a] # why\n", "t: [a, b] # why\n", "t: [a, c] # why\n", "t: [a, c, b] # why\n"),
    ],
)  # fmt: skip
def test_each_key_is_of_the_side_that_changed_it(base: str, ours: str, theirs: str, merged: str) -> None:
    expected = page(merged) if merged else "---\n---\nText.\n"
    assert merge(page(base), page(ours), page(theirs)) == Merge(expected)


def test_front_matter_and_text_are_merged_apart() -> None:
    ours, theirs = BASE.replace("Llamas", "Alpacas"), BASE.replace("Text", "Words")
    assert merge(BASE, ours, theirs) == Merge(ours.replace("Text", "Words"))


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "conflict"),
    [
        ("a: 1\nb: 1\n", "a: 2\nb: 2\n", "a: 3\nb: 1\n", Conflict(1, 2, "a: 1\n", "a: 2\n", "a: 3\n", front=True)),
        ("a: 1\nb: 1\n", "b: 2\n", "a: 3\nb: 1\n", Conflict(1, 1, "a: 1\n", "", "a: 3\n", front=True)),
        ("b: 1\n", "b: 2\na: 2\n", "b: 1\na: 3\n", Conflict(2, 3, "", "a: 2\n", "a: 3\n", front=True)),
        ("t: [a, b]\n", "t: [b, a, c]\n", "t: [d, b, a, a]\n", Conflict(1, 2, "t: [a, b]\n", "t: [b, a, c]\n", "t: [d, b, a, a]\n", front=True)),
        ("t: [a]\n", "t: [a, b] # b\n", "t: [a, c]\n", Conflict(1, 2, "t: [a]\n", "t: [a, b] # b\n", "t: [a, c]\n", front=True)),
        ("t: [1]\n", "t: [1, 2]\n", "t: [1, 3]\n", Conflict(1, 2, "t: [1]\n", "t: [1, 2]\n", "t: [1, 3]\n", front=True)),
        ("t: {a: 1}\n", "t: {a: 2}\n", "t: {a: 1, b: 1}\n", Conflict(1, 2, "t: {a: 1}\n", "t: {a: 2}\n", "t: {a: 1, b: 1}\n", front=True)),
    ],
)  # fmt: skip
def test_a_key_that_both_changed_is_a_conflict(base: str, ours: str, theirs: str, conflict: Conflict) -> None:
    assert merge(page(base), page(ours), page(theirs)).conflicts == (conflict,)


def test_front_matter_that_one_side_removed_is_a_conflict_with_edits() -> None:
    merged = merge(BASE, "Text.\n", BASE.replace("en", "de"))
    assert merged.conflicts == (Conflict(0, 0, BASE[:-6], "", BASE[:-6].replace("en", "de"), front=True),)
    assert merge(BASE, "Text.\n", BASE.replace("Text", "Words")) == Merge("Words.\n")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("{a: 1,\n b: 1,\n c: 1}\n", "{a: 2,\n b: 1,\n c: 1}\n", "{a: 1,\n b: 1,\n c: 2}\n", "{a: 2,\n b: 1,\n c: 2}\n"),
        ("a: '\nb: 1\nc: 1\n", "a: ''\nb: 1\nc: 1\n", "a: '\nb: 1\nc: 2\n", "a: ''\nb: 1\nc: 2\n"),
        ("a: 1\nb: 1\nc: 1\nd: 1\n", "b: 1\na: 1\nc: 1\nd: 1\n", "a: 1\nb: 1\nc: 1\nd: 2\n", "b: 1\na: 1\nc: 1\nd: 2\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_apart_is_merged_by_lines(
    base: str, ours: str, theirs: str, merged: str
) -> None:
    assert merge(page(base), page(ours), page(theirs)) == Merge(page(merged))


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("{a: 1,\n b: 1,\n c: 1}\n", "{a: 1,\n b: 1}\n", "{a: 1,\n b: 1,\n c: 2}\n"),  # meets
        ("{a: 1,\n b: 1,\n c: 1\n}\n", "{a: 1,\n b: 1,\n c: 1\n, d: [\n]}\n", "{a: 1\n}\n"),
        ("a: 1\na: 2\n", "a: 1\na: 3\n", "a: 1\na: 4\n"),
    ],
)
def test_lines_that_do_not_go_together_are_a_conflict(base: str, ours: str, theirs: str) -> None:
    merged = merge(page(base), page(ours), page(theirs))
    assert merged.conflicts
    assert all(conflict.front for conflict in merged.conflicts)


def test_what_would_be_read_otherwise_is_a_conflict() -> None:
    long = "x" * (MAX_BYTES // 2 - 100)
    merged = merge(
        page("a: 1\nb: 1\n"), page(f"a: {long}\nb: 1\nc: {long[:200]}\n"), page(f"a: 1\nb: {long}\n")
    )
    assert [conflict.front for conflict in merged.conflicts] == [True]
    assert split(merged.text).problems == ()
    # By lines, one key would be there twice.
    twice = merge(page("{\na: 1\n}\n"), page("{\na: 1,\nb: 1\n}\n"), page("{\nb: 2,\na: 1\n}\n"))
    assert [conflict.front for conflict in twice.conflicts] == [True]
