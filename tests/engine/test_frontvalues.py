"""Values of front matter: where they stand, and another one in their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import frontmatter
from engine.frontvalues import values, with_value

TEXT = "\ufeff---\r\n# c\r\ntitle: 'It''s'  # so\r\nlist: [a, \"b\\u00e9\", {k: v 😀}]\r\nlong: >\r\n  x\r\n  y\r\nmore: x\r\n  y\r\nn: 3\r\n---\r\nbody: no\r\n"


def test_values_stand_where_they_are_written() -> None:
    found = [(each.keys, each.text, TEXT[each.start : each.end]) for each in values(TEXT)]
    assert found == [
        (("title",), "It's", "'It''s'"),
        (("list", 0), "a", "a"),
        (("list", 1), "bé", '"b\\u00e9"'),
        (("list", 2, "k"), "v 😀", "v 😀"),
        (("n",), "3", "3"),
    ]


@pytest.mark.parametrize(
    "text", ["", "a: b\n", "---\nno\n---\n", "---\n---\n", "---\na: [\n---\n", "---\na: &x b\n---\n"]
)
def test_what_is_not_read_has_no_values(text: str) -> None:
    assert values(text) == ()


@pytest.mark.parametrize(
    ("written", "new", "made"),
    [
        ("old", "new", "new"),
        ("old # so", "new", "new # so"),
        ("'old'", "it's", "'it''s'"),
        ('"old"', 'a "b"', '"a \\"b\\""'),
        ("old", "a: b", '"a: b"'),
        ("old", "007 # x", '"007 # x"'),
        ("old", "12", '"12"'),
        ("old", "true", '"true"'),
        ("old", "- x", '"- x"'),
        ("[a, old]", "b, c", None),
    ],
)
def test_a_value_is_replaced_in_its_style(written: str, new: str, made: str | None) -> None:
    text = f"---\nk: {written}\n---\nbody\n"
    value = values(text)[-1]
    found = with_value(text, value, new)
    assert found == (f"---\nk: {made}\n---\nbody\n" if made else '---\nk: [a, "b, c"]\n---\nbody\n')


@given(st.text(max_size=30), st.sampled_from(["x", "'x'", '"x"', "[x]", "{a: x}"]))
def test_a_page_says_what_was_written_or_is_left(new: str, written: str) -> None:
    text = f"---\nb: y\nk: {written}\n---\nbody\n"
    made = with_value(text, values(text)[-1], new)
    if made is not None:
        front = frontmatter.split(made)
        assert front.body == "body\n"
        assert front.properties["k"] in (new, [new], {"a": new})
        assert front.properties["b"] == "y"
