"""``%%comment%%`` is never published."""

from collections.abc import Callable

import pytest

from engine.markup import Rendered
from engine.model import Facts

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]


@pytest.mark.parametrize(
    "text",
    [
        "seen %%hidden%% seen",
        "%%hidden%% seen\n\nseen",
        "%%hidden%%\n\nseen, seen",
        "seen\n%%\nhidden\n%%\nseen",
        "seen\n\n%%\nhidden\n\n# hidden\n\n```\nhidden\n```\n%%\n\nseen",
        "seen\n\n%% hidden\nhidden %% seen",
        "- seen\n  %%\n  hidden\n\n  hidden\n  %%\n- seen",
        "- seen\n\n  %%\nhidden\n  %%\n- seen",
        "> seen\n> %%\n> hidden\n> %%\n> seen",
        "seen %%hidden\nhidden%% seen",
        "seen, seen\n\n%%\nhidden",
        "| seen |\n|---|\n| seen %%hidden%% |",
        "seen\n\n%%\n[[hidden]] #hidden ![[hidden]] ^hidden\n[^1]: hidden\n%%\nseen",
        "seen %%[[hidden]] #hidden%% seen",
        "<div>seen %%hidden%% seen</div>",
        "<div>\nseen %%hidden\n<a href='hidden'>hidden</a>%%\n<p>seen</p>\n</div>",
        "<div>%%hidden%%</div>\n\nseen <b>%%hidden%%seen</b>",
        "- <div>seen<!-->%%hidden%%</div>\n\n[^1]: <p>%%hidden%%seen</p>\n\n[^1]",
        "<pre>\nseen\n\n%%hidden%%\nseen</pre>",
    ],
)
def test_comments_are_in_neither_html_nor_facts(render: Render, scan: Scan, text: str) -> None:
    html, facts = render(text).html, scan(text)
    assert "hidden" not in html
    assert html.count("seen") == 2
    assert "hidden" not in repr(facts)


@pytest.mark.parametrize("text", ["`%%seen%%`", "```\n%%\nseen\n%%\n```", "    %%seen%%", "100%% seen"])
def test_code_and_percentages_are_no_comments(render: Render, text: str) -> None:
    assert "%%" in render(text).html
    assert "seen" in render(text).html


def test_addresses_in_html_hold_no_comments(render: Render) -> None:
    html = render("<div><a href='https://e.org/?a=%%b'>a</a> <a href='https://e.org/?c=%%d'>b</a></div>").html
    assert "?a=%%b" in html
    assert "?c=%%d" in html


def test_a_comment_that_its_html_does_not_close_is_a_problem(scan: Scan) -> None:
    facts = scan("a\n\n<div>\n%% shown\n\nb\n\n</div>")
    assert [(problem.code, problem.line) for problem in facts.problems] == [("unclosed-comment", 3)]


def test_an_unclosed_comment_is_a_problem(scan: Scan) -> None:
    (problem,) = scan("a\n\n%% b\n\nc").problems
    assert (problem.code, problem.line) == ("unclosed-comment", 3)


def test_a_comment_that_its_paragraph_does_not_close_is_a_problem(scan: Scan) -> None:
    facts = scan("a %%shown\n\nshown%% b\n\n100%% `a %%`")
    assert [(problem.code, problem.line) for problem in facts.problems] == [("unclosed-comment", 1)]
