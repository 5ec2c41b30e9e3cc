import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.frontmatter import MAX_BYTES, MAX_DEPTH, FrontMatter, join, split
from engine.model import Problem


def properties(yaml: str) -> dict[str, object]:
    front = split(f"---\n{yaml}\n---\nbody\n")
    assert front.body == "body\n"
    assert front.problems == ()
    return dict(front.properties)


def only_problem(yaml: str) -> Problem:
    """The one thing that is wrong with a block, which must not be shown as content."""
    front = split(f"---\n{yaml}\n---\nbody\n")
    assert front.body == "body\n"
    assert front.properties == {}
    (problem,) = front.problems
    assert problem.code == "front-matter"
    return problem


def test_a_page_is_split_and_joined() -> None:
    text = "---\ntitle: Llamas\ntags: [animals, wool]\n---\n# Llamas\n"
    front = split(text)
    assert front.properties == {"title": "Llamas", "tags": ["animals", "wool"]}
    assert front.body == "# Llamas\n"
    assert front.body_line == 5
    assert join(front) == text


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("---\na: 1\n---\nx", "x"),
        ("---\na: 1\n---", ""),
        ("---\na: 1\n...\nx", "x"),
        ("---\na: 1\n...", ""),
        ("--- \t\na: 1\n---  \nx", "x"),
        ("---\r\na: 1\r\n---\r\nx\r\n", "x\r\n"),
        ("---\ra: 1\r---\rx\r", "x\r"),
        ("\ufeff---\na: 1\n---\nx", "x"),
        ("---\n{a: 1}\n---\nx", "x"),
        ("---\n# a comment\n\na: 1\n---\nx", "x"),
        ("---\na: 1\n---\n---\nb: 2\n---\n", "---\nb: 2\n---\n"),
    ],
)
def test_front_matter_is_found(text: str, body: str) -> None:
    front = split(text)
    assert front.properties == {"a": 1}
    assert front.body == body
    assert join(front) == text


@pytest.mark.parametrize("text", ["---\n---\nx", "---\n\n---\nx", "---\r\n \r\n...\r\nx"])
def test_an_empty_block_is_front_matter_without_properties(text: str) -> None:
    front = split(text)
    assert (front.properties, front.problems, front.body) == ({}, (), "x")
    assert join(front) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "---\n",
        "---\na: 1\n",
        "---\na: 1\n----\n",
        "---\na: 1\n --- \n",
        "----\na: 1\n----\n",
        " ---\na: 1\n---\n",
        "\n---\na: 1\n---\n",
        "--- a\nb: 1\n---\n",
        "---\nA paragraph between two lines.\n---\n",
        "---\n\nA paragraph.\n\n---\n",
        "---\n- a list\n- of two\n---\n",
        "---\n# A heading\n---\n",
        "---\n**Note**: bold\n---\n",
        "---\n*a* list: of words\n---\n",
        "---\nA paragraph that\nhas: a colon\n---\n",
        "---\n{{template}}\n---\n",
        "---\n> quoted: text\n---\n",
        "---\n[[Page]]: see there\n---\n",
    ],
)
def test_other_text_stays_in_the_body(text: str) -> None:
    assert split(text) == FrontMatter(body=text)


def test_a_byte_order_mark_is_not_part_of_the_body() -> None:
    assert split("\ufeffText") == FrontMatter(raw="\ufeff", body="Text")


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        ("v:", None),
        ("v: ~", None),
        ("v: null", None),
        ("v: true", True),
        ("v: False", False),
        ("v: no", "no"),  # Norwegian
        ("v: on", "on"),
        ("v: 'true'", "true"),
        ("v: |\n  true", "true\n"),
        ("v: 12", 12),
        ("v: -3", -3),
        ("v: '12'", "12"),
        ("v: +3", "+3"),
        ("v: 0.5", 0.5),
        ("v: 1.10", "1.10"),
        ("v: 007", "007"),
        ("v: 0o17", "0o17"),
        ("v: 0x1F", "0x1F"),
        ("v: 1_000", "1_000"),
        ("v: 12:30", "12:30"),  # 750 to a reader of YAML 1.1
        ("v: 1e3", "1e3"),
        ("v: 1" + "0" * 400 + ".5", "1" + "0" * 400 + ".5"),
        ("v: .inf", ".inf"),
        ("v: .nan", ".nan"),
        ("v: 9007199254740991", 9007199254740991),
        ("v: 9007199254740992", "9007199254740992"),
        ("v: " + "9" * 5000, "9" * 5000),
        ("v: ١٢", "١٢"),
        ("v: 2026-03-09", "2026-03-09"),
        ("v: 2026-99-99", "2026-99-99"),
        ("v: 2026-03-09 10:00:00", "2026-03-09 10:00:00"),
        ("v: =", "="),
        ("v: [a, [b, 1], {c: null}]", ["a", ["b", 1], {"c": None}]),
        ('v: "a\\0b"', "a\ufffdb"),
        ("v: 猫 🐈", "猫 🐈"),
    ],
)
def test_values_are_kept_as_written(yaml: str, value: object) -> None:
    assert properties(yaml) == {"v": value}


@pytest.mark.parametrize(
    ("yaml", "key"),
    [("yes: 1", "yes"), ("2026-03-09: 1", "2026-03-09"), ("1: 1", "1"), ("null: 1", "null"), ("<<: 1", "<<")],
)
def test_keys_are_text(yaml: str, key: str) -> None:
    assert properties(yaml) == {key: 1}


def test_a_set_without_a_tag_is_a_mapping() -> None:
    assert properties("? a\n? b") == {"a": None, "b": None}


@pytest.mark.parametrize(
    ("yaml", "line", "words"),
    [
        ("title: 'open", 3, "valid YAML"),
        ("title: a\ntags: [a, b\nlang: de", 4, "valid YAML"),
        ("title: a\n\tb: c", 3, "valid YAML"),
        ("title: a: b", 2, "valid YAML"),
        ("{title: a", 3, "valid YAML"),
        ("title: a\nother: &x b", 3, "anchors"),
        ("title: *x", 2, "anchors"),
        ("a: &a {b: *a}", 2, "anchors"),
        ("title: !!binary aGVsbG8=", 2, "tags"),
        ("title: !!set {a, b}", 2, "tags"),
        ("title: !!python/object/apply:os.system [id]", 2, "tags"),
        ("title: !local x", 2, "tags"),
        ("title: ! x", 2, "tags"),
        ("title: a\n? [b]\n: c", 3, "plain text"),
        ("title: a\n? {b: c}\n: d", 3, "plain text"),
        ("title: a\n--- b", 3, "one YAML document"),
        ("title: a\x07b", 1, "characters"),
        ("title: \ud800", 1, "characters"),
        ('title: "\\uD800"', 2, "valid YAML"),
        ("title: a\nb: " + "x" * MAX_BYTES, 1, "64 kB"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(yaml: str, line: int, words: str) -> None:
    problem = only_problem(yaml)
    assert words in problem.message
    assert problem.line == line


def test_a_key_given_twice_is_told_and_the_last_counts() -> None:
    front = split("---\ntitle: One\ntags:\n  - {a: 1, a: 2}\ntitle: Two\n---\n")
    assert front.properties == {"title": "Two", "tags": [{"a": 2}]}
    assert [problem.line for problem in front.problems] == [4, 5]
    assert "“title” twice" in front.problems[1].message


def test_nesting_is_bounded() -> None:
    deep = "v: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert list(properties(deep)) == ["v"]
    assert "deeper" in only_problem("v: " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)).message


@pytest.mark.parametrize(
    "yaml",
    [
        "v: " + "[" * 30_000,
        "v: " + "[" * 30_000 + "]" * 30_000,
        "v: " + "{a: " * 16_000,
        "\n".join(" " * depth + "k:" for depth in range(300)),
        "v: " + "- " * 30_000,
        "a: &a [x, x]\n"
        + "\n".join(
            f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
    ],
    ids=["open lists", "lists", "mappings", "indented", "dashes", "aliases"],
)
def test_bombs_are_a_problem_and_no_more(yaml: str) -> None:
    assert only_problem(yaml)


def test_many_lines_that_almost_close_are_the_body() -> None:
    text = "---\n" + "---x\n" * 100_000
    assert split(text).body == text


@pytest.mark.parametrize("line", ["\r\n", "#\r", "# a\r\n", " \t\r\n"])
def test_many_lines_without_a_key_are_read_in_no_time(line: str) -> None:
    text = "---\r\n" + line * 5_000 + "[unclosed\r\n---\r\n"
    assert split(text).body == text
    assert split("---\r\n" + line * 5_000 + "a: [unclosed\r\n---\r\n").problems


pieces = st.sampled_from(
    ["---", "...", "\n", "\r\n", "\r", "a: 1", "b: [x, y]", " ", "\t", "- ", "&a", "*a", "!t", "'", '"', "{", "}", "# h", "\ufeff", "\x85", "\u2028", "é", "猫", "\0", ":"]
)  # fmt: skip
texts = st.one_of(
    st.lists(pieces, max_size=30).map("".join),
    st.lists(pieces, max_size=20).map(lambda parts: "---\n" + "".join(parts) + "\n---\nbody"),
    st.text(),
)


@given(texts)
def test_joining_what_was_split_gives_the_same_text(text: str) -> None:
    front = split(text)
    assert join(front) == text
    lines = front.raw.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    assert front.body_line == lines + 1
    json.dumps(front.properties, allow_nan=False).encode()


plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")))


@given(st.dictionaries(plain, plain | st.lists(plain) | st.dictionaries(plain, plain)))
def test_text_written_as_json_comes_back_as_it_was(mapping: dict[str, object]) -> None:
    front = split(f"---\n{json.dumps(mapping, ensure_ascii=False)}\n---\n")
    assert (front.properties, front.problems) == (mapping, ())
