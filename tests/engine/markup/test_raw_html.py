"""Raw HTML."""

from collections.abc import Callable

import pytest

from engine.markup import Rendered
from engine.model import Facts

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]
PAGES = {"x.md": "", "i.png": ""}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ('a <a class="k" href="x.md#y">b</a>', '<a class="k" href="/x#y">b</a>'),
        ("<div>\n<A HREF='x.md' title='&quot;'>b</A>\n</div>", '<a href="/x" title="&quot;">b</A>'),
        ("a <a href=no.md>b</a>", '<a href="/no" class="missing" title="No page no.md">b</a>'),
        ("a <img alt=x src=i.png />", '<img alt="x" src="/i.png" />'),
        ("a <img src=no.png>", "<img src=no.png>"),
        ('<b id="x" data-y>', '<b id="x" data-y>'),
        ("a <!-- <a href='x.md'> -->", "<!-- <a href='x.md'> -->"),
        ('`<a href="x.md">`', '<code>&lt;a href="x.md"&gt;</code>'.replace('"', "&quot;")),
    ],
)
def test_addresses_are_resolved_and_the_rest_passes(render: Render, text: str, html: str) -> None:
    assert html in render(text, PAGES).html


def test_comments_hold_no_links(scan: Scan) -> None:
    assert scan("<!-- <a href='x.md'> -->\n\n<!-- <a href='y.md'>").links == ()


def test_only_the_words_of_html_are_text(scan: Scan) -> None:
    facts = scan(
        "<div title='no'>\n<b>yes</b> &amp; yes<!-- no -->\n<script>no</script><STYLE>no</STYLE>\n</div>\n\na <b>c</b>"
    )
    assert facts.text == "yes & yes\na c\n"


def test_embedded_html_loses_its_ids(render: Render) -> None:
    html = render("![[A]]", {"A.md": '<div id="x"><a name=y href="A.md">z</a></div>\n\n<b id=w>v</b>'}).html
    assert "id=" not in html
    assert "name=" not in html
    assert '<a href="/A">z</a>' in html
