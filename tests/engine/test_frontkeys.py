"""Front matter by key: what is set is read, and every other byte stays."""

from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from engine.frontkeys import Parts, is_changeable, parts, set_key
from engine.frontmatter import MAX_BYTES, split

PAGE = """---
# About the title.
title: "Llamas"  # or alpacas

tags:
  # first the animals
  - animals
  - 'wool'   # of any kind
aliases: [ Lama, "Lama glama" ]
note: |
  several

  lines

# The end.
---
# Llamas
"""


def test_keys_come_with_their_lines_comments_and_values() -> None:
    found = parts(split(PAGE).raw)
    assert found is not None
    assert found.preamble == "---\n"
    assert [(entry.key, entry.lead, entry.text) for entry in found.entries] == [
        ("title", "# About the title.\n", 'title: "Llamas"  # or alpacas\n'),
        ("tags", "\n", "tags:\n  # first the animals\n  - animals\n  - 'wool'   # of any kind\n"),
        ("aliases", "", 'aliases: [ Lama, "Lama glama" ]\n'),
        ("note", "", "note: |\n  several\n\n  lines\n\n"),
    ]
    assert [entry.value for entry in found.entries][1:3] == [["animals", "wool"], ["Lama", "Lama glama"]]
    assert found.closing == "# The end.\n---\n"
    assert found.raw == split(PAGE).raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\ufeff",
        "---\n---\n",
        "\ufeff---\r\na: 1\r\n...\r\n",
        "---\na: 1\n---",
        "---\ra:\r- 1\r- 2\rb: 2\r---\r",
        "---\n# only a comment\n{}\n---\n",
        "---\n'a' : 1\n\"b\":\nc: ~\n---\n",
        "---\na: one\n  and two\nb: {c: [d,\n  e]}\n---\n",
        "---\na:\n- b: 1\n  c:\n- \n# no\nd: >-\n  folded\n---\n",
        "---\n2026-03-09: a\nno: b\n猫: 𝒳 # é\n---\n",
    ],
)
def test_the_parts_are_the_whole(raw: str) -> None:
    found = parts(raw)
    assert found is not None
    assert found.raw == raw
    assert {entry.key: entry.value for entry in found.entries} == split(raw).properties


@pytest.mark.parametrize(
    "raw",
    [
        "---\n{a: 1, b: 2}\n---\n",
        "---\n\t\n---\n",
        "---\na: 1\na: 2\n---\n",
        "---\na: 'open\n---\n",
        "---\na: &x 1\nb: *x\n---\n",
        "---\n? a\n: 1\n---\n",
        "---\n? |\n  long\n: 1\n---\n",
        "---\n  a: 1\n  b: 2\n---\n",
        "---\na: 1\u2028b: 2\n---\n",
        "---\na: |\n  1\n\u2028\n---\n",
        "---\na: " + "x" * MAX_BYTES + "\n---\n",
        "---\n" + "a: [" * 30 + "\n---\n",
    ],
)
def test_what_cannot_be_told_surely_is_left_alone(raw: str) -> None:
    assert split(raw).raw == raw
    assert parts(raw) is None
    with pytest.raises(ValueError, match="cannot be changed"):
        set_key(f"{raw}body\n", "title", "New")


def test_one_value_is_set_and_the_rest_stays() -> None:
    assert set_key(PAGE, "title", "Alpacas") == PAGE.replace('"Llamas"', '"Alpacas"')
    assert set_key(PAGE, "note", "short") == PAGE.replace("|\n  several\n\n  lines\n", "short\n")
    assert set_key(PAGE, "lang", "de") == PAGE.replace("\n# The end", "\nlang: de\n# The end")
    assert set_key(PAGE, "title", "Llamas") == PAGE
    assert set_key(PAGE, "gone", None) == PAGE


def test_a_list_keeps_its_style_and_what_stays_in_it() -> None:
    assert set_key(PAGE, "tags", ["wool", "new: one"]) == PAGE.replace(
        "  # first the animals\n  - animals\n  - 'wool'   # of any kind\n",
        "  # first the animals\n  - 'wool'   # of any kind\n  - \"new: one\"\n",
    )
    assert set_key(PAGE, "aliases", ["Lama glama", "Lama", "a, b"]) == PAGE.replace(
        '[ Lama, "Lama glama" ]', '[ "Lama glama", Lama, "a, b" ]'
    )
    assert set_key(PAGE, "tags", []) == PAGE.replace(
        "tags:\n  # first the animals\n  - animals\n  - 'wool'   # of any kind\n",
        "tags: []\n  # first the animals\n",
    )
    assert set_key(PAGE, "tags", "one") == PAGE.replace(
        "tags:\n  # first the animals\n  - animals\n  - 'wool'   # of any kind\n",
        "tags: one\n  # first the animals\n",
    )
    assert set_key(PAGE, "title", ["a", "b"]) == PAGE.replace('"Llamas"', "[a, b]")


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("---\nt: [a,\n  b, # why\n  c]\n---\n", ["a", "b", "c", "d"], "---\nt: [a,\n  b, # why\n  c,\n  d]\n---\n"),
        ("---\nt: [a, # why\n  b]\n---\n", ["b", "c"], "---\nt: [b, c]\n---\n"),
        ("---\nt: []\n---\n", ["b", "c"], "---\nt: [b, c]\n---\n"),
        ("---\nt: [a, a]\n---\n", ["a"], "---\nt: [a]\n---\n"),
        ("---\nt: [a, ]\n---\n", ["a", "b"], "---\nt: [a, b, ]\n---\n"),
        ("---\nt: [1, a]\n---\n", ["1", "a"], '---\nt: ["1", a]\n---\n'),
        ("---\nt: [1, yes, true, {a: b}]\n---\n", [True, 1, "a", {"a": "b"}], "---\nt: [true, 1, a, {a: b}]\n---\n"),
        ("---\nt:\n- x: 1\n  y: 2 # c\n- b\n---\n", ["a", {"x": 1, "y": 2}], "---\nt:\n- a\n- x: 1\n  y: 2 # c\n---\n"),
        ("---\nt:\n- a\n# c\n- b\n---\n", ["a", "c"], "---\nt:\n- a\n- c\n---\n"),
        ("---\nt:\n- a\n-\n  b\n---\n", ["b", "c"], "---\nt:\n-\n  b\n- c\n---\n"),
        ("---\nt:\n- x: 1\n- b\n---\n", ["b"], "---\nt:\n- b\n---\n"),
        ("---\nt:\n  a: 1\n  b: 2\n---\n", ["b"], "---\nt: [b]\n---\n"),
        ("---\nt:\n---\n", ["b"], "---\nt: [b]\n---\n"),
        ("---\nt:\n---\n", "b", "---\nt: b\n---\n"),
        ("---\nt: # c\n---\n", "b", "---\nt: b # c\n---\n"),
        ("---\nt: # c\n- a\n---\n", "b", "---\nt: b # c\n---\n"),
        ("---\nt:\n  a\n  b # c\n---\n", "d", "---\nt:\n  d # c\n---\n"),
        ("---\nt: >\n  a\n\nu: 1\n---\n", "d", "---\nt: d\n\nu: 1\n---\n"),
        ("---\n't' : a\n---\n", "d", "---\n't' : d\n---\n"),
    ],
)  # fmt: skip
def test_values_of_every_style_are_replaced(text: str, value: str | list[Any], expected: str) -> None:
    assert set_key(text, "t", value) == expected


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Llamas", "Llamas"),
        ("Llamas and alpacas, 2nd (ed.)", "Llamas and alpacas, 2nd (ed.)"),
        ('The "best" of it', 'The "best" of it'),
        ("猫 🐈", "猫 🐈"),
        ("2026-03-09 Reorganisation", "2026-03-09 Reorganisation"),
        ("", '""'),
        ("no", '"no"'),
        ("Yes", '"Yes"'),
        ("n", '"n"'),
        ("null", '"null"'),
        ("~", '"~"'),
        ("true", '"true"'),
        ("12", '"12"'),
        ("1.10", '"1.10"'),
        ("1e3", '"1e3"'),
        ("0x1F", '"0x1F"'),
        ("12:30", '"12:30"'),
        (".inf", '".inf"'),
        ("2026-03-09", '"2026-03-09"'),
        ("=", '"="'),
        ("<<", '"<<"'),
        ("a: b", '"a: b"'),
        ("a:", '"a:"'),
        ("a #b", '"a #b"'),
        ("a#b", "a#b"),
        ("#a", '"#a"'),
        ("- a", '"- a"'),
        ("[[Page]]", '"[[Page]]"'),
        ("{a}", '"{a}"'),
        ("*a*", '"*a*"'),
        ("&a", '"&a"'),
        ("!a", '"!a"'),
        ("%a", '"%a"'),
        ("@a", '"@a"'),
        ("`a`", '"`a`"'),
        ("> a", '"> a"'),
        ("| a", '"| a"'),
        ("'a'", "\"'a'\""),
        ('"a"', "'\"a\"'"),
        ("C:\\a: b", "'C:\\a: b'"),
        (" a ", '" a "'),
        ("a\nb", '"a\\nb"'),
        ("a\tb", '"a\\tb"'),
        ("a\r\x85\u2028\ufeff\x07b", '"a\\r\\x85\\u2028\\ufeff\\x07b"'),
    ],
)
def test_texts_are_quoted_only_where_they_must_be(value: str, written: str) -> None:
    made = set_key("Text.\n", "title", value)
    assert made == f"---\ntitle: {written}\n---\nText.\n"
    assert split(made).properties == {"title": value}


def test_quotes_are_kept() -> None:
    assert set_key("---\nt: 'a'\n---\n", "t", "it's") == "---\nt: 'it''s'\n---\n"
    assert set_key("---\nt: 'a'\n---\n", "t", "b\n") == '---\nt: "b\\n"\n---\n'
    assert set_key('---\nt: "a"\n---\n', "t", 'b"') == '---\nt: "b\\""\n---\n'


def test_a_page_gets_a_block_with_its_first_key_and_loses_it_with_the_last() -> None:
    assert set_key("", "tags", ["a", "b"]) == "---\ntags: [a, b]\n---\n"
    assert set_key("\ufeffText\r\n", "title", "A") == "\ufeff---\r\ntitle: A\r\n---\r\nText\r\n"
    assert set_key("---\nA line\n---\n", "a", "b") == "---\na: b\n---\n---\nA line\n---\n"
    assert set_key("\ufeff---\na: 1\n---\nText\n", "a", None) == "\ufeffText\n"
    assert set_key("---\na: 1\n\n---", "a", None) == ""
    assert set_key("---\n# why\na: 1\n---\n", "a", None) == "---\n{}\n# why\n---\n"
    assert set_key("---\n{}\n# why\n---\n", "a", "b") == "---\na: b\n# why\n---\n"
    assert set_key("---\n---\n", "a", "b") == "---\na: b\n---\n"


def test_a_block_stays_where_the_text_behind_it_would_become_one() -> None:
    text = "---\na: 1\n---\n---\nb: 2\n---\n"
    made = set_key(text, "a", None)
    assert (split(made).properties, split(made).body) == ({}, "---\nb: 2\n---\n")


def test_comments_stay_when_their_key_goes() -> None:
    text = "---\n# one\na: 1\n# two\nb: 2 # here\n# three\n---\n"
    assert set_key(text, "a", None) == "---\n# one\n# two\nb: 2 # here\n# three\n---\n"
    assert set_key(text, "b", None) == "---\n# one\na: 1\n# two\n# three\n---\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("Text.\n", True),
        ("---\n---\nText.\n", True),
        ("\ufeff---\na: 1\n---\n", True),
        ("---\na: 1\na: 2\n---\n", False),
        ("---\n- a\n---\n", False),
        ("---\n# c\n---\n", False),
        ("\ufeff---\na: 1\n", False),
        ("----\nText.\n", True),
    ],
)
def test_what_begins_like_front_matter_and_is_none_is_not_changed_by_key(text: str, expected: bool) -> None:
    assert is_changeable(text) is expected


@pytest.mark.parametrize("value", ["a\0b", "\ud800", ["a", "\udfff"]])
def test_what_yaml_cannot_spell_is_refused(value: str | list[str]) -> None:
    with pytest.raises(ValueError, match="may not hold"):
        set_key("", "title", value)


@pytest.mark.parametrize("text", ["", "---\nt: true\n---\n", "---\nt: [1]\n---\n", "---\nt:\n- x\n---\n"])
def test_what_is_no_text_can_only_stay(text: str) -> None:
    with pytest.raises(ValueError, match="only stay"):
        set_key(text, "t", ["a", True])


def test_what_would_become_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        set_key("Text\n", "title", "x" * MAX_BYTES)


keys = st.sampled_from(["title", "tags", "no", "a b", "猫", "a: b", "x"])
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12) | st.sampled_from(
    ["no", "1", "a", "b", "wool", "a, b", "- x", "é"]
)
values = texts | st.lists(texts, max_size=4)
lines = st.sampled_from(
    ["title: A", "title: 'A' # b", "tags: [a, b]", "tags: [a, # c", "  b]", "tags:", "- a", "  - 'b'  # c", "  # d", "x: |", "  text", "",
     "# e", "no: 1", "\"a b\": {c: d}", "猫: >-", "x:", "  y: 1", "  z:", "    - 2", "&a", "{", "? q", "...", "'o'  :  p", "\u2028", "\t"]
)  # fmt: skip


@st.composite
def pages(draw: st.DrawFn) -> str:
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    block = end.join(["---", *draw(st.lists(lines, max_size=8)), "---", "Body."])
    return draw(st.sampled_from(["", "\ufeff"])) + block + draw(st.sampled_from(["", end]))


@given(pages())
def test_parts_join_to_what_they_were(page: str) -> None:
    raw = split(page).raw
    found = parts(raw)
    assert found is None or found.raw == raw
    if found is not None:
        assert {entry.key: entry.value for entry in found.entries} == split(page).properties


@given(pages(), keys, values)
@example("---\ntags:\n- a\n---\n", "tags", ["a", "\x85"])
def test_what_is_set_is_read_and_the_other_keys_keep_their_bytes(
    page: str, key: str, value: str | list[str]
) -> None:
    before = split(page)
    found = parts(before.raw)
    assume(found is not None)
    assert found is not None
    made = split(set_key(page, key, value))
    assert made.properties == {**before.properties, key: value}
    assert (made.body, made.problems) == (before.body, ())
    after = parts(made.raw)
    assert after is not None
    # Blank lines below a text of several lines are its own, until it is one line.
    others = [[(each.key, each.text) for each in side.entries if each.key != key] for side in (found, after)]
    assert others[0] == others[1]
    around = [[each.lead.strip() for each in side.entries] for side in (found, after)]
    assert around[0] == around[1][: len(found.entries)]
    if found.closing:
        assert (after.preamble, after.closing.lstrip()) == (found.preamble, found.closing.lstrip())


@given(pages(), values)
def test_a_new_key_that_is_removed_again_leaves_nothing(page: str, value: str | list[str]) -> None:
    found = parts(split(page).raw)
    assume(found not in (None, Parts("---\n", (), "---\n")))
    assume(found is not None and (found.entries or not found.closing))
    assert set_key(set_key(page, "new", value), "new", None) == page
