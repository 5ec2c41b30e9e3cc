"""The small form for title, tags and other names: what was typed is done to what stands there, and nothing else."""

import time

import pytest

from engine.errors import InvalidChangeError
from engine.frontmatter import MAX_BYTES
from wiki.properties import NEW_WORDS, Properties


def typed(text: str, now: str = "", **values: str) -> str:
    """Return what the form of *text* makes of it, or of what it has become *now*, when it is sent with these values."""
    form = Properties.of(text)
    return Properties({**form.values, **values}, form.was).applied(now or text)


MANY = [f"a-long-tag-{number}" for number in range(60)]


def test_a_long_list_is_read_whole() -> None:
    text = f"---\ntags: [{', '.join(MANY)}]\n---\nx\n"
    shown = Properties.of(text).values["tags"]
    assert shown == ", ".join(MANY)
    assert typed(text, tags=f"first, {shown}") == text.replace("[", "[first, ")
    assert typed(text, tags=f"{shown}, last") == text.replace("]", ", last]")


@pytest.mark.parametrize(
    ("before", "tags", "after"),
    [
        ("tags: [2024-01-01, true, foo] # c", "2024-01-01, foo, new", "tags: [2024-01-01, true, foo, new] # c"),
        ("tags: [2024-01-01, true, foo]", "foo", "tags: [true, foo]"),
        ("tags: [true, foo]", "", "tags: [true]"),
        ("tags: [7, 1.5, foo]", "foo, 1.5, 7", "tags: [foo, 1.5, 7]"),
        ("tags: [a, true, b, c]", "c, a, b", "tags: [c, true, a, b]"),
        ("tags: [true, a]", "new, a", "tags: [true, new, a]"),
        ("tags: [a, b]", "a, new, b", "tags: [a, new, b]"),
        ("tags: [a, b]", "b, a", "tags: [b, a]"),
        ("tags: [a, a, b]", "a, b, c", "tags: [a, a, b, c]"),
        ("tags: [a, a, b]", "b, a", "tags: [a, a, b]"),
        ("tags: one two", "one, two, three", "tags: [one, two, three]"),
        ("tags: one", "", ""),
        ("tags: []", "a", "tags: [a]"),
        ("tags:", "a", "tags: [a]"),
        ("tags: 7", "7, a", 'tags: ["7", a]'),
        ("tags:\n# why\n- a # c\n- x: 1\n- b", "b, c", "tags:\n# why\n- x: 1\n- b\n- c"),
        ("tags:\n- a # c\n# of b\n- 'b'", "new, b, a", "tags:\n- new\n# of b\n- 'b'\n- a # c"),
    ],
)  # fmt: skip
def test_what_was_typed_is_done_to_what_stands_there(before: str, tags: str, after: str) -> None:
    text, made = f"---\nk: 1\n{before}\n---\nx\n", f"---\nk: 1\n{after}\n---\nx\n"
    assert typed(text, tags=tags) == made.replace("\n\n", "\n")


@pytest.mark.parametrize(
    ("before", "aliases", "after"),
    [
        ("aliases: ['Smith, John', J]", "J, K", "aliases: ['Smith, John', J, K]"),
        ("aliases: Smith, John", "K", 'aliases: ["Smith, John", K]'),
        ("aliases: [two  spaces, ' x']", "K", "aliases: [two  spaces, ' x', K]"),
    ],
)
def test_names_that_the_form_cannot_show_stay(before: str, aliases: str, after: str) -> None:
    assert typed(f"---\n{before}\n---\nx\n", aliases=aliases) == f"---\n{after}\n---\nx\n"


def test_a_title_of_several_lines_stays_where_nobody_changed_it() -> None:
    text = "---\ntitle: |\n  One\n  two\n---\nx\n"
    assert Properties.of(text).values["title"] == "One two"
    assert typed(text, title="One two", tags="a") == text.replace("  two\n", "  two\ntags: [a]\n")
    assert typed(text, title="Three") == "---\ntitle: Three\n---\nx\n"


def test_both_ways_to_edit_the_list_come_together() -> None:
    text = "---\ntags: [a, b, c]\n---\n"
    assert (
        typed(text, "---\ntags: [a, c, d]\n---\n", tags="a, b, new, c") == "---\ntags: [a, c, d, new]\n---\n"
    )
    assert typed(text, "---\ntags: [a, d, c]\n---\n", tags="c, b, a") == "---\ntags: [a, d, c]\n---\n"


@pytest.mark.parametrize(
    ("text", "tags", "reason"),
    [
        ("x\n", "y" * (MAX_BYTES + 1), "too large"),
        ("x\n", "y" * MAX_BYTES, "cannot be put"),
        ("---\ntags: true\n---\n", "a", "cannot be put"),
        ("---\ntags: {a: b}\n---\n", "a", "cannot be put"),
        ("x\n", "\ud800", "cannot be put"),
    ],
)
def test_what_cannot_be_written_is_refused(text: str, tags: str, reason: str) -> None:
    with pytest.raises(InvalidChangeError, match=reason):
        typed(text, tags=tags)


def test_as_many_words_as_the_form_may_send_are_answered_at_once() -> None:
    words = [f"w{number}" for number in range(13_000)]
    began = time.process_time()
    with pytest.raises(InvalidChangeError, match="too large"):
        typed("---\ntags: [a]\n---\nx\n", tags=", ".join(words))
    assert time.process_time() - began < 5  # what was quadratic took half a minute


def test_a_long_list_is_changed_at_once_and_whole() -> None:
    words = [f"w{number}" for number in range(8_000)]
    text = f"---\ntags: [{', '.join(words)}]\n---\nx\n"
    new = [f"n{number}" for number in range(NEW_WORDS)]
    began = time.process_time()
    assert typed(text, tags=", ".join([*words[:-1], *new])) == text.replace("w7999", ", ".join(new))
    assert time.process_time() - began < 10
    with pytest.raises(InvalidChangeError, match="too large"):
        typed(text, tags=", ".join([*words, *new, "more"]))


@pytest.mark.parametrize(
    ("before", "now", "tags", "after"),
    [
        ("a, b, c", "b, c", "new, a, two, b, three", "new, b, three, two"),
        ("a, b", "x", "one, a, two, b, three", "x, one, two, three"),
        ("a, b, c", "c, b", "one, b, two, c, three", "c, three, one, b, two"),
    ],
)
def test_new_words_find_their_places_beside_what_others_changed(
    before: str, now: str, tags: str, after: str
) -> None:
    text, *others = (f"---\ntags: [{each}]\n---\nx\n" for each in (before, now, after))
    assert typed(text, others[0], tags=tags) == others[1]
