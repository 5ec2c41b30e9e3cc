"""Facts of a page as a whole."""

from collections.abc import Callable

import pytest

from engine.markup import Limits, Markup
from engine.markup.scan import count_words
from engine.model import Facts

Scan = Callable[[str], Facts]


def test_front_matter_fills_the_facts(scan: Scan) -> None:
    facts = scan(
        "---\ntitle: T\ndescription: D\nlang: de\nredirect: other\naliases: [a, b]\nother: [1, {x: y}]\n---\n# H\n"
    )
    assert (facts.title, facts.description, facts.lang, facts.redirect) == ("T", "D", "de", "other")
    assert facts.aliases == ("a", "b")
    assert facts.properties["other"] == [1, {"x": "y"}]
    assert facts.text == "H\n"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# One\n# Two", "One"),
        ("## Two\n\n# One", "One"),
        ("## Two", ""),
        ("---\ntitle: [a]\n---\n# One", "One"),
        ("", ""),
    ],
)
def test_a_page_without_a_title_takes_its_first_heading(scan: Scan, text: str, title: str) -> None:
    assert scan(text).title == title


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("two words", 2),
        ("it's well-known, - ok", 3),
        ("中文 words", 3),
        ("ひらがな", 4),
        ("한국어 단어", 2),
        ("हिन्दी में", 2),
        ("", 0),
        ("— …", 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, count: int) -> None:
    assert count_words(text) == count


def test_bad_front_matter_is_a_problem(scan: Scan) -> None:
    facts = scan("---\na: [\n---\ntext[^1]\n")
    assert [problem.code for problem in facts.problems] == ["front-matter", "undefined-note"]


def test_a_page_beyond_the_limit_is_cut_at_a_line() -> None:
    small = Markup(Limits(page_bytes=100))
    facts = small.scan(small.parse("é line\n" * 50))
    assert facts.text == "é line\n" * 12 or facts.text.replace(" ", "\n").count("line") == 12
    assert [(problem.code, problem.line) for problem in facts.problems] == [("large-page", 12)]
    assert small.scan(small.parse("x" * 100)).problems == ()
    assert len(small.scan(small.parse("x" * 101)).text) == 101


def test_nesting_beyond_the_limit_is_a_problem(scan: Scan) -> None:
    assert [problem.code for problem in scan(f"{'> ' * 120}deep").problems] == ["deep-nesting"]
    assert scan(f"{'> ' * 15}deep").problems == ()


def test_lone_surrogates_and_nulls_are_replaced(scan: Scan) -> None:
    assert scan("a\ud800b\x00c\ud83d\ude00").text == "a\ufffdb\ufffdc\U0001f600\n"


def test_lines_of_problems_count_in_the_file(scan: Scan) -> None:
    assert [problem.line for problem in scan("---\na: b\n---\n\none\ntwo[^x]\n").problems] == [6]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("[[a]]\nand [[b]]\n\n- [[c]]\n  [[d]]", [1, 2, 4, 5]),
        ("---\ntitle: T\n---\n\n[[a]] `co\nde` [[b]]", [5, 6]),
        ("| a | b |\n|---|---|\n| [[a]] | [b](b.md) |\n| ![c](c.png) | |", [3, 3, 4]),
        ("> one\n> [two](a%20b.md) <b\n> id=x>[three](<c d.md>)", [2, 3]),
        ("words\n![[Page]]\nwords\n![[i.png]] [[#here]]", [2, 4, 4]),
        ('<div>\n<a href="a.md">x</a>\n\n<p>\n<img src="b.png">\n</p></div>', [2, 5]),
        ("[one][ref] and\n[two][ref]\n\n[ref]: a.md", [1, 2]),
        ("Use[^1].\n\n[^1]: See\n    [[a]].", [4]),
        ("a [[b]] [[a]]\nb [[a]]", [1, 1, 2]),
        ("# [[a]]\n\nTwo\n[[b]]\n===", [1, 4]),
    ],
)
def test_a_link_knows_its_line(scan: Scan, text: str, lines: list[int]) -> None:
    assert [link.line for link in scan(text).links] == lines
