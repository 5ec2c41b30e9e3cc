"""Two people edit one page: what becomes of it, and where they are asked."""

import pytest

from engine.diff import diff_lines, lines
from engine.merging import Conflict, Merge, by_line, by_sentence, merge

PARAGRAPHS = "# Llamas\n\nFirst one. Second one. Third one.\n\nAnother paragraph.\n\nThe last one.\n"


def only_conflict(base: str, ours: str, theirs: str) -> Conflict:
    merged = merge(base, ours, theirs)
    (conflict,) = merged.conflicts
    shown = lines(merged.text)[conflict.start : conflict.end]
    assert "".join(shown) == conflict.ours
    return conflict


def test_edits_of_two_paragraphs_are_both_taken() -> None:
    ours, theirs = PARAGRAPHS.replace("Another", "One other"), PARAGRAPHS.replace("last", "very last")
    assert merge(PARAGRAPHS, ours, theirs) == Merge(ours.replace("last", "very last"))


@pytest.mark.parametrize("other", ["base", "ours"])
def test_what_one_side_did_is_taken_as_it_is(other: str) -> None:
    base, edited = PARAGRAPHS, "\ufeff---\n{\n```\n\n\nodd"
    assert merge(base, edited, edited if other == "ours" else base) == Merge(edited)
    assert merge(base, edited if other == "ours" else base, edited) == Merge(edited)


def test_the_same_edit_by_both_is_one() -> None:
    both = PARAGRAPHS.replace("Another", "One other")
    merged = merge(PARAGRAPHS, both.replace("First", "1st"), both.replace("last", "very last"))
    assert merged == Merge(both.replace("First", "1st").replace("last", "very last"))


def test_two_edits_of_one_line_are_a_conflict() -> None:
    conflict = only_conflict(
        PARAGRAPHS, PARAGRAPHS.replace("Another", "My"), PARAGRAPHS.replace("Another", "Their")
    )
    assert conflict == Conflict(4, 5, "Another paragraph.\n", "My paragraph.\n", "Their paragraph.\n")


def test_lines_that_meet_go_together_only_where_they_are_prose() -> None:
    assert merge("one\ntwo\n", "1\ntwo\n", "one\n2\n").conflicts
    assert merge("One.\nTwo.\n", "1.\nTwo.\n", "One.\n2!\n").conflicts  # "1." may be the beginning of a list
    assert merge("One.\nTwo.\n", "First.\nTwo.\n", "One.\nSecond.\n") == Merge("First.\nSecond.\n")
    code = "```\na = 1.\nb = 2.\n```\n"
    assert merge(code, code.replace("a =", "A ="), code.replace("b =", "B =")).conflicts


def test_an_edit_of_what_the_other_deleted_is_a_conflict() -> None:
    gone = PARAGRAPHS.replace("Another paragraph.\n\n", "")
    edited = PARAGRAPHS.replace("Another", "One more")
    assert only_conflict(PARAGRAPHS, gone, edited) == Conflict(
        4, 4, "Another paragraph.\n\n", "", "One more paragraph.\n\n"
    )
    assert only_conflict(PARAGRAPHS, edited, gone).theirs == ""


def test_two_insertions_at_one_place_are_a_conflict_unless_they_are_equal() -> None:
    ours, theirs = (PARAGRAPHS.replace("Another", f"{new}\n\nAnother") for new in ("Mine.", "Theirs."))
    assert only_conflict(PARAGRAPHS, ours, theirs) == Conflict(4, 6, "", "Mine.\n\n", "Theirs.\n\n")
    assert merge(PARAGRAPHS, ours, ours.replace("last", "very last")).text == ours.replace(
        "last", "very last"
    )


def test_a_moved_paragraph_keeps_its_new_place() -> None:
    moved = "# Llamas\n\nAnother paragraph.\n\nFirst one. Second one. Third one.\n\nThe last one.\n"
    merged = merge(PARAGRAPHS, moved, PARAGRAPHS.replace("last", "very last"))
    assert merged == Merge(moved.replace("last", "very last"))


def test_an_edit_of_a_paragraph_that_was_moved_is_a_conflict_that_shows_it() -> None:
    moved = "# Llamas\n\nAnother paragraph.\n\nThe last one.\n\nFirst one. Second one. Third one.\n"
    conflict = only_conflict(PARAGRAPHS, moved, PARAGRAPHS.replace("Second", "2nd"))
    assert conflict.theirs == "First one. 2nd one. Third one.\n\n"
    assert conflict.ours == ""


def test_headings_and_the_text_below_them_are_edited_apart() -> None:
    base = "## Old\nText of it.\n"
    assert merge(base, "## New\nText of it.\n", "## Old\nMore text of it.\n") == Merge(
        "## New\nMore text of it.\n"
    )
    assert merge(base, "## New\nText of it.\n", "## Newer\nText of it.\n").conflicts


def test_tasks_of_a_list_are_ticked_by_two_people() -> None:
    base = "- [ ] one\n- [ ] two\n- [ ] three\n"
    assert merge(base, base.replace("[ ] one", "[x] one"), base.replace("[ ] two", "[x] two")) == Merge(
        "- [x] one\n- [x] two\n- [ ] three\n"
    )


def test_rows_of_a_table_are_merged_by_lines() -> None:
    base = "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n| 5 | 6 |\n\nEnd.\n"
    assert merge(base, base.replace("1", "one"), base.replace("5", "five")) == Merge(
        base.replace("1", "one").replace("5", "five")
    )
    assert only_conflict(base, base.replace("1", "one"), base.replace("3", "three")).ours.startswith(
        "| one |"
    )


def test_code_is_merged_by_lines_and_taken_whole() -> None:
    base = "```\na. One. Two.\nb\nc\n```\n\nText.\n"
    assert merge(base, base.replace("One", "1"), base.replace("c\n", "C\n")) == Merge(
        "```\na. 1. Two.\nb\nC\n```\n\nText.\n"
    )
    assert merge(base, base.replace("One", "1"), base.replace("Two", "2")).conflicts
    inside = "```\n\nOne. Two.\n\n```\n"
    assert merge(inside, inside.replace("One", "First"), inside.replace("Two", "Second")).conflicts


@pytest.mark.parametrize(
    "block",
    [
        "| One. | Two. |",
        "> One. Two.",
        "    One. Two.",
        "<p>One. Two.</p>",
        "[^1]: One. Two.",
        ": One. Two.",
        "$$ One. Two.",
        "%% One. Two.",
        "One. | Two.",
        "$$\nOne. Two.\n$$",
        "%%\n\nOne. Two.\n%%",
        "<!--\n\nOne. Two.\n-->",
        "~~~\n\nOne. Two.\n~~~",
        "<pre>\n\nOne. Two.\n</pre>",
    ],
)
def test_what_is_not_surely_prose_is_not_merged_by_sentence(block: str) -> None:
    base = f"Text.\n\n{block}\n"
    assert merge(base, base.replace("One", "First"), base.replace("Two", "Second")).conflicts


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        (("", "", ""), "first\n\nb\n\nlast"),
        (("\n", "\n", "\n"), "first\n\nb\n\nlast\n"),
        (("", "\n", ""), "first\n\nb\n\nlast\n"),
        (("", "", "\n"), "first\n\nb\n\nlast\n"),
        (("\n", "", "\n"), "first\n\nb\n\nlast"),
    ],
)
def test_a_newline_at_the_end_is_one_more_thing_to_merge(ends: tuple[str, str, str], text: str) -> None:
    texts = (
        f"{text}{end}"
        for text, end in zip(("a\n\nb\n\nc", "first\n\nb\n\nc", "a\n\nb\n\nlast"), ends, strict=True)
    )
    assert merge(*texts) == Merge(text)


def test_a_conflict_at_the_end_shows_the_ends_of_each_side() -> None:
    assert only_conflict("a\n\nb", "a\n\nmine", "a\n\ntheirs\n") == Conflict(2, 3, "b", "mine", "theirs\n")
    assert merge("a\n\nb", "a\n\nmine", "a\n\ntheirs\n").text == "a\n\nmine"


def test_a_byte_order_mark_is_one_more_thing_to_merge() -> None:
    assert merge("a\n\nb\n", "\ufeffa\n\nb\n", "a\n\nB\n") == Merge("\ufeffa\n\nB\n")
    assert merge("\ufeffa\n\nb\n", "a\n\nb\n", "\ufeffa\n\nB\n") == Merge("a\n\nB\n")


def test_two_texts_of_a_page_that_was_empty_are_a_conflict() -> None:
    assert only_conflict("", "Mine.", "Theirs.\n") == Conflict(0, 1, "", "Mine.", "Theirs.\n")
    assert only_conflict("\n\n", "Mine.\n", "Theirs.\n").ours == "Mine.\n"


def test_a_page_that_was_emptied_is_a_conflict_with_edits() -> None:
    assert only_conflict("a\n\nb\n", "", "a\n\nB\n").ours == ""


def test_lines_end_in_newlines_alone() -> None:
    with pytest.raises(ValueError, match="newline alone"):
        merge("a\r\n", "b\n", "c\n")


def test_what_is_too_large_to_compare_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    many = 20_000
    base, ours, theirs = ("".join(pair) * many for pair in (("a\n", "b\n"), ("b\n", "c\n"), ("c\n", "a\n")))
    assert not diff_lines(lines(base), lines(ours)).exact
    assert only_conflict(base, ours, theirs) == Conflict(0, 2 * many, base, ours, theirs)
    monkeypatch.setattr(by_sentence, "CELLS", 0)
    texts = ("X. A. B. A. B. Y.\n", "X. B. A. B. B. Y.\n", "X. A. B. A. B. Y.\n\nZ.\n")
    base, ours, theirs = (text.replace(".", "oo.") for text in texts)
    assert merge(base, ours, theirs).conflicts


def test_pages_beyond_a_size_are_merged_by_their_lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    base, ours, theirs = "One. Two.\n", "First. Two.\n", "One. Second.\n"
    monkeypatch.setattr(by_line, "CHARACTERS", by_line.LEAST)
    assert not merge(base, ours, theirs).conflicts
    monkeypatch.setattr(by_line, "CHARACTERS", by_line.LEAST - 1)
    assert merge(base, ours, theirs).conflicts


def test_the_work_is_bounded_however_many_conflicts_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []
    monkeypatch.setattr(by_line, "joined", lambda *sides: tried.append(sides))
    many = 3 * by_line.CHARACTERS // by_line.LEAST
    base, ours, theirs = (
        "".join(f"- {n} old\n- {n} {word}\n" for n in range(many)) for word in ("old", "my", "your")
    )
    assert len(merge(base, ours, theirs).conflicts) == many
    assert len(tried) == by_line.CHARACTERS // by_line.LEAST
