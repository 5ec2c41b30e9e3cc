"""``[[Page]]`` and its forms."""

from collections.abc import Callable

import pytest

from engine.markup import Rendered
from engine.model import Facts, Link, LinkKind

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]
PAGES = {"Page.md": "", "folder/Page.md": "", "A B.md": ""}


@pytest.mark.parametrize(
    ("text", "href", "label"),
    [
        ("[[Page]]", "/Page", "Page"),
        ("[[A B]]", "/A%20B", "A B"),
        ("[[Page|a label]]", "/Page", "a label"),
        ("[[folder/Page]]", "/folder/Page", "folder/Page"),
        ("[[Page#Some Heading]]", "/Page#some-heading", "Page &gt; Some Heading"),
        ("[[Page#One#Two & Three]]", "/Page#two--three", "Page &gt; One &gt; Two &amp; Three"),
        ("[[#Some Heading]]", "#some-heading", "Some Heading"),
        ("[[Page#^block-1]]", "/Page#%5Eblock-1", "Page &gt; ^block-1"),
        ("[[ Page | label ]]", "/Page", "label"),
        ("[[Page\\|label]]", "/Page", "label"),
    ],
)
def test_a_wikilink_leads_to_its_page(render: Render, text: str, href: str, label: str) -> None:
    assert render(text, PAGES).html == f'<p><a class="wikilink" href="{href}">{label}</a></p>\n'


def test_an_address_in_brackets_leaves_the_wiki(render: Render, scan: Scan) -> None:
    html = render("[[https://e.org/a#b|c]]").html
    assert html == '<p><a href="https://e.org/a#b" class="external" rel="noopener nofollow">c</a></p>\n'
    assert scan("[[https://e.org/a#b|c]]").links == ()


def test_a_missing_page_is_marked(render: Render) -> None:
    html = render('[[new/"Page"#x]]').html
    assert 'class="missing" href="/new/%22Page%22" title="No page new/&quot;Page&quot;"' in html


def test_a_pipe_in_a_table_is_escaped(render: Render) -> None:
    html = render("| a |\n|---|\n| [[Page\\|label]] |\n", PAGES).html
    assert '<td><a class="wikilink" href="/Page">label</a></td>' in html


@pytest.mark.parametrize(
    "text", ["`[[Page]]`", "    [[Page]]", "```\n[[Page]]\n```", "\\[[Page]]", "[[]]", "[[|x]]"]
)
def test_code_and_escapes_hold_no_wikilinks(render: Render, scan: Scan, text: str) -> None:
    assert "href" not in render(text, PAGES).html
    assert scan(text).links == ()


def test_a_link_in_brackets_stays_a_link(render: Render, scan: Scan) -> None:
    assert '<a href="https://example.org" class="external" rel="noopener nofollow">[1]</a>' in (
        render("[[1]](https://example.org)").html
    )
    assert scan("[[1]](https://example.org)").links == ()


def test_a_heading_of_the_page_is_found_by_its_words(render: Render) -> None:
    html = render("# Same\n\n# Same 1\n\n# Same\n\n[[#Same 1]]").html
    assert '<h1 id="same-1">Same 1</h1>' in html
    assert 'href="#same-1"' in html


def test_facts_hold_what_was_written(scan: Scan) -> None:
    facts = scan("See [[folder/Page#A b|label]]. And [[#x]].\n\n- [[Page#^b]]")
    assert facts.links == (
        Link(LinkKind.WIKILINK, "folder/Page", "A b", "See label."),
        Link(LinkKind.WIKILINK, "", "x", "And x."),
        Link(LinkKind.WIKILINK, "Page", "^b", "Page > ^b"),
    )
