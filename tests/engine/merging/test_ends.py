"""Two people add to the end of one page."""

import pytest

from engine.merging import Merge, merge


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "added"),
    [
        # paragraphs, however they are set off
        ("Text.\n", "\nOurs.\n", "\nTheirs.\n", "\nTheirs.\n\nOurs.\n"),
        ("Text.\n\n", "Ours.\n", "Theirs.\n", "Theirs.\n\nOurs.\n"),
        ("Text.\n", "\n\nOurs.\n", "\nTheirs.\n", "\nTheirs.\n\n\nOurs.\n"),
        ("Text.\n", "\nOurs.\n", "\nTheirs.\n\n", "\nTheirs.\n\nOurs.\n"),
        # lines that go on with what stands there
        ("- one\n", "- ours\n", "- theirs\n", "- theirs\n- ours\n"),
        ("1. one\n", "2. ours\n", "2. theirs\n   goes on\n", "2. theirs\n   goes on\n2. ours\n"),
        ("| a |\n|---|\n| 1 |\n", "| ours |\n", "| theirs |\n", "| theirs |\n| ours |\n"),
        ("A sentence.\n", "Ours.\n", "Theirs.\n", "Theirs.\nOurs.\n"),
        # sections
        ("Text.\n", "\n## Ours\n\nText.\n", "\n## Theirs\n\nText.\n", "\n## Theirs\n\nText.\n\n## Ours\n\nText.\n"),
        # what belongs to the end as it was comes first
        ("Text.\n", "\nOurs.\n", "\n## Theirs\n", "\nOurs.\n\n## Theirs\n"),
        ("Text.\n", "\n### Ours\n", "\n## Theirs\n", "\n### Ours\n\n## Theirs\n"),
        ("- one\n", "- ours\n", "\nTheirs.\n", "- ours\n\nTheirs.\n"),
        ("- one\n", "- ours\n", "- theirs\n\nMore.\n", "- ours\n- theirs\n\nMore.\n"),
        ("Text.\n", "\n```\n# Ours\n```\n", "\n```\n# Theirs\n```\n", "\n```\n# Theirs\n```\n\n```\n# Ours\n```\n"),
        ("- one\n", "- ours\n", "goes on\n", "goes on\n- ours\n"),
        # one has all that the other has
        ("- one\n", "- ours\n", "- theirs\n- ours\n", "- theirs\n- ours\n"),
        ("Text.\n", "\nOurs.\n\nMore.\n", "\nOurs.\n", "\nOurs.\n\nMore.\n"),
        ("Text.\n", "\n\n\n", "\nTheirs.\n", "\nTheirs.\n"),
    ],
)  # fmt: skip
def test_both_are_kept(base: str, ours: str, theirs: str, added: str) -> None:
    assert merge(base, base + ours, base + theirs) == Merge(base + added)


def test_what_is_published_already_comes_first() -> None:
    base, ours, theirs = "Text.\n", "Text.\n\nOurs.\n", "Text.\n\nTheirs.\n"
    assert merge(base, ours, theirs).text == "Text.\n\nTheirs.\n\nOurs.\n"
    assert merge(base, theirs, ours).text == "Text.\n\nOurs.\n\nTheirs.\n"


@pytest.mark.parametrize(
    ("ends", "end"),
    [(("", "", ""), ""), (("", "\n", "\n"), "\n"), (("", "", "\n"), "\n"), (("\n", "\n", "\n"), "\n")],
)
def test_a_page_may_end_without_a_newline(ends: tuple[str, str, str], end: str) -> None:
    texts = (f"{text}{last}" for text, last in zip(("- a", "- a\n- b", "- a\n- c"), ends, strict=True))
    assert merge(*texts) == Merge(f"- a\n- c\n- b{end}")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("- ours\n\nMore.\n", "- theirs\n\nMore of it.\n"),  # which of the paragraphs is below which item?
        ("## Ours\n", "- theirs\n"),
        ("\nOurs.\n\n## Ours\n", "\nTheirs.\n\n## Theirs\n"),  # in which section?
    ],
)
def test_where_no_order_is_right_it_is_a_conflict(ours: str, theirs: str) -> None:
    base = "- one\n"
    for one, other in ((ours, theirs), (theirs, ours)):
        (conflict,) = merge(base, base + one, base + other).conflicts
        assert (conflict.base, conflict.ours, conflict.theirs) == ("", one, other)


def test_an_addition_beside_an_edit_of_the_last_line_is_no_conflict_where_it_is_prose() -> None:
    assert merge("- one\n- two\n", "- one\n- 2nd\n", "- one\n- two\n- new\n") == Merge(
        "- one\n- 2nd\n- new\n"
    )
    assert merge("a | b\n", "a | c\n", "a | b\nd | e\n").conflicts


def test_twenty_people_add_a_paragraph_one_after_the_other() -> None:
    base = page = "# Log\n\nFirst.\n"
    for number in range(20):
        merged = merge(base, f"{base}\nEntry {number} of it.\n", page)
        assert not merged.conflicts
        page = merged.text
    assert page == base + "".join(f"\nEntry {number} of it.\n" for number in range(20))
