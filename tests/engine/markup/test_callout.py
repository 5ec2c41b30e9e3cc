"""``> [!type]± Title``."""

from collections.abc import Callable

import pytest

from engine.ids import PageId
from engine.markup import Markup, Rendered
from engine.model import Facts
from tests.engine.markup.hostile import Loop

Render = Callable[..., Rendered]


def test_a_callout_has_a_title_and_a_body(render: Render) -> None:
    assert render("> [!Note] A *title*\n> body\n").html == (
        '<div class="callout" data-callout="note">\n<p class="callout-title">A <em>title</em></p>\n'
        "<p>body</p>\n</div>\n"
    )


def test_without_a_title_the_type_serves(render: Render) -> None:
    assert render("> [!my own]\n> - a\n").html == (
        '<div class="callout" data-callout="my-own">\n<p class="callout-title">My own</p>\n'
        "<ul>\n<li>a</li>\n</ul>\n</div>\n"
    )


@pytest.mark.parametrize(("sign", "opening"), [("-", ""), ("+", ' open=""')])
def test_callouts_fold(render: Render, sign: str, opening: str) -> None:
    assert render(f"> [!tip]{sign} Title\n> body\n").html == (
        f'<details class="callout" data-callout="tip"{opening}>\n<summary class="callout-title">Title</summary>\n'
        "<p>body</p>\n</details>\n"
    )


def test_callouts_nest(render: Render) -> None:
    html = render("> [!a]\n> > [!b]- in\n> > x\n>\n> > quote\n\n> plain\n").html
    assert html.count("<details") == html.count("</details>") == 1
    assert html.count("<div") == html.count("</div>") == 1
    assert html.count("<blockquote>") == html.count("</blockquote>") == 2


@pytest.mark.parametrize("text", ["> [!]", "> [note] x", "> x [!note]", "[!note] x", "> `[!note]`"])
def test_other_quotes_stay_quotes(render: Render, text: str) -> None:
    assert "callout" not in render(text).html


def test_types_are_escaped(render: Render) -> None:
    html = render('> [!"<b>x] \n> y').html
    assert 'data-callout="bx"' in html
    assert "&quot;&lt;b&gt;x</p>" in html


def test_the_words_are_facts(scan: Callable[[str], Facts]) -> None:
    facts = scan("> [!note]- See [[A]]\n> and [[B]]\n")
    assert facts.text == "See A\nand B\n"
    assert [link.target for link in facts.links] == ["A", "B"]


@pytest.mark.parametrize(
    ("lang", "title"), [("de-AT", "Warnung"), ("zh", "警告"), ("ar", "تحذير"), ("fr", "Warning")]
)
def test_a_callout_without_a_title_is_named_in_the_language_of_the_page(lang: str, title: str) -> None:
    markup = Markup()
    html = markup.render(markup.parse("> [!WARNING]\n> Text\n"), PageId.take("a"), Loop(""), lang).html
    assert f'<p class="callout-title">{title}</p>' in html
