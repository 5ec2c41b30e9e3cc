"""``^id``."""

from collections.abc import Callable

import pytest

from engine.markup import Rendered
from engine.model import Facts

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("words ^id", '<p id="^id">words</p>'),
        ("*words* ^id", '<p id="^id"><em>words</em></p>'),
        ("words\n^id", '<p id="^id">words</p>'),
        ("- a ^id\n- b", '<li id="^id">a</li>'),
        ("- a\n- b\n\n^id", '<ul id="^id">'),
        ("> a\n\n^id", '<blockquote id="^id">'),
        ("> [!note]\n> a\n\n^id", '<div class="callout" data-callout="note" id="^id">'),
        ("```\nx\n```\n\n^id", '<pre id="^id" tabindex="0">'),
        ("|a|\n|-|\n\n^id", '<div class="table" id="^id" tabindex="0">'),
        ("$$\nx\n$$\n\n^id", '<div class="math" tabindex="0" id="^id">'),
        ("![[i.png]]^id", '<p id="^id">'),
        ("para\n\n^id", '<p id="^id">para</p>'),
    ],
)
def test_a_block_takes_its_id(render: Render, scan: Scan, text: str, html: str) -> None:
    shown = render(text).html
    assert html in shown
    assert shown.count("^id") == 1
    assert scan(text).blocks == ("id",)
    assert "^" not in scan(text).text


@pytest.mark.parametrize("text", ["2^3", "a^id", "^id words", "`a ^id`", "a ^i_d", "a *^id*"])
def test_other_carets_are_text(scan: Scan, text: str) -> None:
    assert scan(text).blocks == ()
    assert "^" in scan(text).text


def test_an_id_is_given_once(scan: Scan) -> None:
    facts = scan("a ^id\n\nb ^id")
    assert facts.blocks == ("id",)
    assert [(problem.code, problem.line) for problem in facts.problems] == [("duplicate-block", 3)]
