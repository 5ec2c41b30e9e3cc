"""What lines are, and the units that are taken whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.diff import lines
from engine.merging.blocks import Kind, kinds, starts, units

PAGE = """# Heading. One
A sentence. Another
one.

- An item. More
  of it.
  - within
    goes on
1. first
| a | b |
|---|---|

    code. Code.
```
fence

```
> quote
End.
"""


def test_units_are_sentences_items_headings_and_whole_blocks() -> None:
    assert [(unit.gap, unit.text, unit.fresh) for unit in units(lines(PAGE))] == [
        ("", "# Heading. One", True),
        ("\n", "A sentence.", True),
        (" ", "Another\none.", False),
        ("\n\n", "- An item.", True),
        (" ", "More\n  of it.", False),
        ("\n  ", "- within\n    goes on", True),
        ("\n", "1. first", True),
        ("\n", "| a | b |\n|---|---|", True),
        ("\n\n", "    code. Code.\n```\nfence\n\n```\n> quote", True),
        ("\n", "End.", True),
        ("\n", "", True),
    ]


def test_where_lines_break_matters_only_where_it_shows() -> None:
    page = "one\ntwo  \nthree\\\nfour\n\n    code\nmore | code\n"
    assert [unit.words for unit in units(lines(page))] == [
        "one two  \nthree\\\nfour",
        "    code\nmore | code",
        "",
    ]


def test_lines_that_begin_with_a_unit_are_known() -> None:
    begins = list(starts(kinds(lines(PAGE))))
    assert [number for number, begin in enumerate(begins) if not begin] == [2, 5, 7, 10, 13, 14, 15, 16, 17]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", Kind.BLANK),
        (" \t", Kind.BLANK),
        ("words", Kind.PROSE),
        ("[[Page|words]] here", Kind.PROSE),
        ("**bold** and *so*", Kind.PROSE),
        ("#tag", Kind.PROSE),
        ("1.5 of it", Kind.PROSE),
        ("`code`", Kind.PROSE),
        ("![[embed]]", Kind.PROSE),
        ("- item", Kind.ITEM),
        ("* item", Kind.ITEM),
        ("12) item", Kind.ITEM),
        ("- [ ] task", Kind.ITEM),
        ("### heading", Kind.HEADING),
        ("| a | b |", Kind.ROW),
        ("a | b", Kind.VERBATIM),
        ("- a | b", Kind.VERBATIM),
        ("> quote", Kind.VERBATIM),
        ("<div>", Kind.VERBATIM),
        ("    code", Kind.VERBATIM),
        ("\tcode", Kind.VERBATIM),
        ("    - code", Kind.VERBATIM),
        ("---", Kind.VERBATIM),
        ("* * *", Kind.VERBATIM),
        ("===", Kind.VERBATIM),
        ("-", Kind.VERBATIM),
        ("[a]: https://example.org", Kind.VERBATIM),
        ("[^1]: note", Kind.VERBATIM),
        (": definition", Kind.VERBATIM),
        ("$$ x $$", Kind.VERBATIM),
        ("%% x %%", Kind.VERBATIM),
        ("<!-- x -->", Kind.VERBATIM),
        ("```", Kind.VERBATIM),
        ("- ~~~ python", Kind.VERBATIM),
        ("``` ` ```", Kind.PROSE),
    ],
)
def test_a_line_is_prose_only_where_it_surely_is(text: str, kind: Kind) -> None:
    assert kinds([f"{text}\n"]) == [kind]
    assert kinds([text]) == [kind]


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("```", "```"), ("```` md", "`````"), ("  ~~~", "~~~"), ("- ```", "  ```"), ("> ```", "> ```"), ("$$", "x $$"), ("%%", "%%"), ("<!--", "-->"), ("<PRE>", "</pre>")],
)  # fmt: skip
def test_a_block_ends_where_it_is_closed(opening: str, closing: str) -> None:
    page = [opening, "words", "", "# words", closing, "words"]
    assert kinds([f"{line}\n" for line in page]) == [Kind.VERBATIM] * 5 + [Kind.PROSE]
    assert kinds([f"{line}\n" for line in page[:4]]) == [Kind.VERBATIM] * 4


@given(
    st.lists(
        st.sampled_from(["One. Two", "", "  ", "- a. B", "    c", "```", "# d", "| e |", "> f", "你。好"]),
        max_size=12,
    )
)
def test_units_are_the_whole_and_read_again_the_same(page: list[str]) -> None:
    text = "".join(f"{line}\n" for line in page)
    found = units(lines(text))
    assert "".join(unit.gap + unit.text for unit in found) == text
    assert all(unit.text and not unit.gap.strip() for unit in found[:-1])
    assert found[-1].text == ""
