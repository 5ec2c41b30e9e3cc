"""Tables, tasks, definitions, code and marked words."""

import re
from collections.abc import Callable

import pytest

from engine.markup import Limits, Markup, Rendered
from engine.model import Facts

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]


def test_a_table_scrolls_in_a_box(render: Render) -> None:
    html = render("| a | b |\n|:-:|--:|\n| c | d |\n").html
    assert html.startswith(
        '<div class="table" tabindex="0"><table>\n<thead>\n<tr>\n<th align="center">a</th>'
    )
    assert '<td align="right">d</td>' in html
    assert html.endswith("</table></div>\n")


def test_the_text_of_a_table_goes_row_by_row(scan: Scan) -> None:
    assert scan("| a | b |\n|---|---|\n| c | d |\n").text == "a b \nc d \n"


def test_tasks_have_boxes_that_cannot_be_ticked(render: Render) -> None:
    html = render("- [ ] a\n- [x] b\n").html
    assert html.count("<input") == html.count('disabled=""') == 2
    assert html.count('checked=""') == 1


def test_definitions(render: Render) -> None:
    assert render("Term\n: one\n: two\n").html == "<dl>\n<dt>Term</dt>\n<dd>one</dd>\n<dd>two</dd>\n</dl>\n"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("==a==", "<mark>a</mark>"),
        ("中==文==字", "中<mark>文</mark>字"),
        ("**==a== b**", "<strong><mark>a</mark> b</strong>"),
        ("==a **b**==", "<mark>a <strong>b</strong></mark>"),
        ("a == b == c", "a == b == c"),
        ("===a===", "===a==="),
        ("`==a==`", "<code>==a==</code>"),
        ("~~a~~ ~b~", "<del>a</del> <del>b</del>"),
    ],
)
def test_marked_and_struck_words(render: Render, text: str, html: str) -> None:
    assert render(text).html == f"<p>{html}</p>\n"


def test_code_is_coloured(render: Render) -> None:
    html = render("```python title=x\ndef f(): pass\n```\n").html
    assert html.startswith('<pre tabindex="0"><code class="language-python"><span class="')


def test_code_is_never_marked_up(render: Render, scan: Scan) -> None:
    text = "```\n[[a]] ==b== #c $d$ %%e%% ^[f] <i> ^g\n```\n"
    assert (
        render(text).html
        == '<pre tabindex="0"><code>[[a]] ==b== #c $d$ %%e%% ^[f] &lt;i&gt; ^g\n</code></pre>\n'
    )
    facts = scan(text)
    assert (*facts.links, *facts.tags, *facts.notes, *facts.blocks) == ()
    assert scan(text).text == "[[a]] ==b== #c $d$ %%e%% ^[f] <i> ^g\n"


def test_long_code_stays_plain(render: Render) -> None:
    small = Markup(Limits(highlight_bytes=20, highlight_total=30))
    html = render("```python\npass  # one\n```\n" * 4 + f"```python\npass {'#' * 30}\n```", of=small).html
    assert html.count("<span") > 0
    assert html.count("<code") == 5
    assert html.count('<code class="language-python">pass') >= 3


def test_diagrams_are_readable_text(render: Render) -> None:
    assert render("```mermaid\na-->b\n```\n").html == (
        '<pre tabindex="0" class="mermaid-source"><code>a--&gt;b\n</code></pre>\n'
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("```\na\n```\n", []),
        ("```\na\n", [1]),
        ("a\n\n~~~~\na\n~~~\n", [3]),
        ("> ```\n> a\n\nb", [1]),
        ("> ```\n> a\n> ```\n", []),
        ("- ```\n  a\n  ```\n", []),
        ("```", [1]),
        ("---\na: b\n---\n```\n", [4]),
    ],
)
def test_code_that_is_never_closed_is_a_problem(scan: Scan, text: str, lines: list[int]) -> None:
    assert [problem.line for problem in scan(text).problems if problem.code == "unclosed-fence"] == lines


def test_boxes_of_tasks_are_named_by_their_items(render: Render) -> None:
    html = render('- [x] **done** at [[last]] & "over"\n- [ ] > quoted\n- [ ] open\n').html
    assert re.findall(' aria-label="([^"]*)"', html) == ["done at last &amp; &quot;over&quot;", "", "open"]


def test_code_that_scrolls_can_be_reached_by_keyboard(render: Render) -> None:
    assert render("    indented\n").html == '<pre tabindex="0"><code>indented\n</code></pre>\n'
