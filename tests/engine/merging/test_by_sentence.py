"""Two people edit one paragraph: sentences of both, each of them whole."""

import pytest

from engine.merging import Merge, merge

WRAPPED = """Alpha is a long sentence that
wraps here. Beta is the second one
and wraps, too. Gamma ends
the paragraph.
"""


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        # two sentences, with one between them and without
        ("One here. Two here. Three here.\n", "One there. Two here. Three here.\n", "One here. Two here. Three there.\n", "One there. Two here. Three there.\n"),
        ("One here. Two here. Three here.\n", "One there. Two here. Three here.\n", "One here. Two there. Three here.\n", "One there. Two there. Three here.\n"),
        # an addition beside a change
        ("One here. Two here.\n", "One here. Two here. New one.\n", "One here. Two there.\n", "One here. Two there. New one.\n"),
        ("One here. Two here.\n", "New one. One here. Two here.\n", "One there. Two here.\n", "New one. One there. Two here.\n"),
        # a deletion beside a change
        ("One here. Two here. Three here.\n", "One here. Three here.\n", "One here. Two here. Three there.\n", "One here. Three there.\n"),
        # the same by both, and more
        ("One here. Two here.\n", "One there. Two here.\n", "One there. Two there.\n", "One there. Two there.\n"),
        # a paragraph is split, or two are joined, and one sentence changed
        ("One here. Two here. Three here.\n", "One here. Two here.\n\nThree here.\n", "One here. Two here. Three there.\n", "One here. Two here.\n\nThree there.\n"),
        ("One here.\n\nTwo here.\n", "One here. Two here.\n", "One here.\n\nTwo there.\n", "One here. Two there.\n"),
        # one goes on with a paragraph, the other adds a new one
        ("One here.\n\nLast.\n", "One here. Two here.\n\nLast.\n", "One here.\n\nNew.\n\nLast.\n", "One here. Two here.\n\nNew.\n\nLast.\n"),
        ("One here.\n\nLast.\n", "One here.\n\nTwo here. Last.\n", "One here.\n\nNew.\n\nLast.\n", "One here.\n\nNew.\n\nTwo here. Last.\n"),
        ("- one.\n- two.\n", "- one. More.\n- two.\n", "- one.\n- new.\n- two.\n", "- one. More.\n- new.\n- two.\n"),
        # the last paragraph, and a section behind it
        ("One here. Two here.\n", "One there. Two here.\n", "One here. Two here.\n\n## New\n\n```\ncode. Code\n```\n", "One there. Two here.\n\n## New\n\n```\ncode. Code\n```\n"),
        # scripts without spaces
        ("你好。世界。再见。\n", "你好！世界。再见。\n", "你好。世间。再见。\n", "你好！世间。再见。\n"),
        ("こんにちは。元気？はい。\n", "こんにちは。元気ですか？はい。\n", "こんにちは。元気？はい。ありがとう。\n", "こんにちは。元気ですか？はい。ありがとう。\n"),
        # an item that one side moves inwards and the other edits
        ("- one\n- two\n- three\n", "- one\n  - two\n- three\n", "- one\n- two there\n- three\n", "- one\n  - two there\n- three\n"),
    ],
)  # fmt: skip
def test_sentences_of_both_are_taken(base: str, ours: str, theirs: str, merged: str) -> None:
    assert merge(base, ours, theirs) == Merge(merged)
    assert merge(base, theirs, ours) == Merge(merged)


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("One here. Two here.\n", "One there. Two here.\n", "One elsewhere. Two here.\n"),  # both changed one
        ("One here. Two here.\n", "Two here.\n", "One there. Two here.\n"),  # one is gone
        ("One here. Two here.\n", "One here. New there. Two here.\n", "One here. New elsewhere. Two here.\n"),  # both added one there
        ("One here. Two here.\n", "One here. Two here. New there.\n", "One here.\n"),  # it was said of what is gone
        ("One here. Two here.\n", "One here, two here.\n", "One here. Two there.\n"),  # two became one
        ("One here. Two here.\n", "One there. New there. Two here.\n", "One here. New elsewhere. Two elsewhere.\n"),  # which is first?
        ("One here. Two here.\n", "One here.\n\nTwo here.\n", "One here.  \nTwo here.\n"),  # a new paragraph, or a new line
        ("Dr. Smith left. He slept.\n", "Prof. Smith left. He slept.\n", "Dr. Smith stayed. He slept.\n"),
        ("(One here. Two here.)\n", "(One there. Two here.)\n", "(One here. Two there.)\n"),
        ("One here\n", "One there\n", "One here two\n"),
        ("One here.\n\nTwo here.\n", "One here.\n", "One here.\n\nTwo here.\n\nNew.\n"),  # was it said of what is gone?
    ],
)  # fmt: skip
def test_what_both_changed_is_a_conflict(base: str, ours: str, theirs: str) -> None:
    for one, other in ((ours, theirs), (theirs, ours)):
        (conflict,) = merge(base, one, other).conflicts
        assert conflict.ours in one
        assert conflict.theirs in other


def test_breaks_of_lines_within_a_paragraph_make_no_difference() -> None:
    theirs = WRAPPED.replace("Gamma ends", "Gamma closes")
    one_line = f"{' '.join(WRAPPED.split())}\n"
    rewrapped = "Alpha is a longer sentence\nthat wraps here. Beta is the\nsecond one and wraps, too. Gamma\nends the paragraph.\n"
    assert merge(WRAPPED, one_line, theirs).text == one_line.replace("Gamma ends", "Gamma closes").replace(
        "closes the", "closes\nthe"
    )
    assert " ".join(merge(WRAPPED, rewrapped, theirs).text.split()) == " ".join(
        rewrapped.replace("ends", "closes").split()
    )
    assert merge(WRAPPED, rewrapped, theirs) == merge(WRAPPED, theirs, rewrapped)


def test_what_cannot_be_merged_by_sentence_stays_small() -> None:
    base = "- one.\n- two.\n- three.\n- four.\n- five.\n"
    merged = merge(
        base,
        base.replace("one", "1st").replace("five", "5th"),
        base.replace("two", "2nd").replace("five", "V"),
    )
    assert merged.text == "- 1st.\n- 2nd.\n- three.\n- four.\n- 5th.\n"
    assert [(each.start, each.end) for each in merged.conflicts] == [(4, 5)]


def test_a_sentence_is_never_put_together_from_two() -> None:
    base = "The house is red, and large. It has a door.\n"
    merged = merge(base, base.replace("red", "blue"), base.replace("large", "small"))
    assert len(merged.conflicts) == 1
    assert merged.text == base.replace("red", "blue")


def test_units_that_would_be_read_otherwise_where_they_meet_are_a_conflict() -> None:
    # Behind "So.", small letters go on with the sentence.
    base, ours, theirs = "So it is. Then more. End.\n", "So. Then more. End.\n", "So it is. then what? End.\n"
    assert merge(base, ours, theirs).conflicts
