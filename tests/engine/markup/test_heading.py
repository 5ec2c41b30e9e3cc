"""Headings and their anchors."""

import re
from collections.abc import Callable

import pytest

from engine.markup import Rendered
from engine.markup.slug import Slugger, slug
from engine.model import Facts, Heading

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("Hello, World!", "hello-world"),
        ("A & B", "a--b"),
        ("snake_case and-dash", "snake_case-and-dash"),
        ("首页 标题", "首页-标题"),
        ("हिन्दी में", "हिन्दी-में"),
        ("Überblick", "überblick"),
        ("!?", "section"),
        ("", "section"),
        ("🎉", "section"),
        ("a" * 500, "a" * 200),
    ],
)
def test_anchors_are_made_as_github_does(text: str, anchor: str) -> None:
    assert slug(text) == anchor
    assert slug(anchor) == anchor


def test_anchors_are_given_once() -> None:
    anchors = Slugger()
    assert [anchors.unique(word) for word in ["a", "a-1", "a", "a", "a-1"]] == [
        "a",
        "a-1",
        "a-2",
        "a-3",
        "a-1-1",
    ]


def test_headings_have_anchors_from_their_words(render: Render) -> None:
    html = render("# A *b* `c` [[D|d]] ![e](e.png)^[note] %%no%%\n\nSet\n===\n\n## Set").html
    assert re.findall(r'<h\d id="([^"]*)"', html)[:3] == ["a-b-c-d-e", "set", "set-1"]


def test_notes_do_not_take_the_anchor_of_a_heading(render: Render) -> None:
    html = render("# Note 1\n\n# References\n\nx[^1]\n\n[^1]: y").html
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids)) == 5


def test_facts_say_where_sections_begin(scan: Scan) -> None:
    facts = scan("intro\n\n# One *two*\n\nwords\n\n> ## Quoted\n\n###\n\nend")
    assert facts.headings == (
        Heading(1, "One two", "one-two", 6),
        Heading(2, "Quoted", "quoted", 20),
        Heading(3, "", "section", 27),
    )
    assert facts.text == "intro\nOne two\nwords\nQuoted\n\nend\n"
    assert facts.title == "One two"
