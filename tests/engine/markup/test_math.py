"""``$formula$``."""

from collections.abc import Callable

import pytest

from engine.markup import Limits, Markup, Rendered
from engine.model import Facts

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]


@pytest.mark.parametrize("text", ["$x$", "costs $x^2$, no", r"$\$5$", "**$x$**", "$a$b", "- $x$"])
def test_formulas_become_mathml(render: Render, text: str) -> None:
    html = render(text).html
    assert html.count("<math ") == 1
    assert "$" not in html.replace("\\$", "").replace("<mi>$</mi>", "").replace("<mo>$</mo>", "").replace(
        "<mn>$5", ""
    )


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "$ x$",
        "$x $",
        "$20,000 and US$30",
        "\\$x$",
        "`$x$`",
        "$$",
        "$x",
        "a $5, b $6, c",
        "$x$5",
    ],
)
def test_money_is_no_math(render: Render, text: str) -> None:
    assert "<math" not in render(text).html


@pytest.mark.parametrize(
    "text",
    ["$$x$$", "$$\nx\n$$", "$$ x\n+ y $$", "> $$\n> x\n> $$", "- a\n\n  $$\n  x\n  $$", "a\n$$\nx\n$$\nb"],
)
def test_display_formulas_stand_alone(render: Render, text: str) -> None:
    html = render(text).html
    assert '<div class="math" tabindex="0"><math ' in html
    assert 'display="block"' in html


def test_what_cannot_be_read_is_code_and_a_problem(render: Render, scan: Scan) -> None:
    text = "a\n\n$\\left(<b>$\n\n$$\n\\begin{\n$$"
    assert [(problem.code, problem.line) for problem in scan(text).problems] == [
        ("bad-math", 3),
        ("bad-math", 5),
    ]
    assert '<code class="bad-math">\\left(&lt;b&gt;</code>' in render(text).html


def test_formulas_cannot_smuggle_html(render: Render) -> None:
    assert "<b>" not in render(r"$\text{<b>x</b> & y}$").html


def test_macros_that_grow_are_refused(scan: Scan) -> None:
    grow = "".join(rf"\newcommand{{\{chr(98 + n)}}}{{\{chr(97 + n)}\{chr(97 + n)}}}" for n in range(20))
    assert [problem.code for problem in scan(rf"$\newcommand{{\a}}{{x}}{grow}\u$").problems] == ["bad-math"]


def test_length_is_bounded(render: Render) -> None:
    small = Markup(Limits(math_characters=10, math_total=15))
    html = render("$aaaaaaaaaaaa$ $aaaaaaaaa$", of=small).html
    assert html.count("<code") == 2
    facts = small.scan(small.parse("$aaaaa$ $aaaaaaa$"))
    assert facts.problems == ()


def test_the_source_is_searched(scan: Scan) -> None:
    assert scan("a $x^2$ b\n\n$$\ny\n$$").text == "a x^2 b\ny\n"
