"""``[label](target)`` and bare addresses."""

from collections.abc import Callable

import pytest

from engine.markup import Rendered
from engine.markup.parser import dialect
from engine.model import Facts, Link, LinkKind

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]
PAGES = {"folder/b c.md": "", "folder/x.md": "", "top.md": "", "i.png": ""}


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        ("[l](x.md)", 'href="/folder/x"'),
        ("[l](b%20c.md#A-b)", 'href="/folder/b%20c#A-b"'),
        ("[l](<b c.md>)", 'href="/folder/b%20c"'),
        ("[l](x#A%20heading)", 'href="/folder/x#a-heading"'),
        ('[l](x.md "say \\"so\\"")', 'href="/folder/x" title="say &quot;so&quot;"'),
        ("[l](x.md?rev=1#a)", 'href="/folder/x?rev=1#a"'),
        ("[l](#here)", 'href="#here"'),
        ("[l](../gone/away.md)", 'href="/gone/away" class="missing" title="No page ../gone/away.md"'),
        ("[l](/gone)", 'href="/gone" class="missing" title="No page /gone"'),
        ("[l](/-/search?q=a)", 'href="/-/search?q=a"'),
        ("[l](https://e.org/a?b#c)", 'href="https://e.org/a?b#c" class="external" rel="noopener nofollow"'),
        ("[l](//e.org)", 'href="//e.org" class="external" rel="noopener nofollow"'),
        ("[l](mailto:a@e.org)", 'href="mailto:a@e.org" class="external" rel="noopener nofollow"'),
        ("[l][r]\n\n[r]: x.md", 'href="/folder/x"'),
        ("[l]()", 'href=""'),
    ],
)
def test_links_lead_where_a_forge_would(render: Render, text: str, attributes: str) -> None:
    assert render(text, PAGES, "folder/Home").html == f"<p><a {attributes}>l</a></p>\n"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("[l](a%20b.md#c%20d)", Link(LinkKind.LINK, "a b.md", "c d", "l")),
        ("[l](../a.md?x=1)", Link(LinkKind.LINK, "../a.md", "", "l")),
        ("[l](#c)", Link(LinkKind.LINK, "", "c", "l")),
        ("![l|20](a%2Fb.png)", Link(LinkKind.IMAGE, "a/b.png", "", "l")),
        ('<a href="a.md#b">l</a>', Link(LinkKind.LINK, "a.md", "b", "l")),
        ("l <img src='a.png'>", Link(LinkKind.IMAGE, "a.png", "", "l")),
        ("<div>\n<p>l <A class=x HREF=a&amp;b.md>x</A>\n</div>", Link(LinkKind.LINK, "a&b.md", "", "l x")),
    ],
)
def test_facts_hold_links_to_files(scan: Scan, text: str, link: Link) -> None:
    assert scan(text).links == (link,)


@pytest.mark.parametrize(
    "text",
    [
        "[l](https://e.org)",
        "<https://e.org>",
        "https://e.org",
        "![l](//e.org/i.png)",
        "[l](/-/tags)",
        "[l]()",
    ],
)
def test_addresses_elsewhere_are_no_facts(scan: Scan, text: str) -> None:
    assert scan(text).links == ()


@pytest.mark.parametrize(
    ("text", "href", "label"),
    [
        ("see https://e.org/a(b), ok", "https://e.org/a(b)", "https://e.org/a(b)"),
        ("(https://e.org/a)", "https://e.org/a", "https://e.org/a"),
        ("www.e.org.", "http://www.e.org", "www.e.org"),
        ("https://e.org/a&amp;b", "https://e.org/a&amp;b", "https://e.org/a&amp;b"),
        ("*https://e.org/_a_*", "https://e.org/_a", "https://e.org/_a"),
        ("a.b-c_d@e.org!", "mailto:a.b-c_d@e.org", "a.b-c_d@e.org"),
        ("见https://e.org/a。后面", "https://e.org/a", "https://e.org/a"),
        ("http://localhost:8000/a", "http://localhost:8000/a", "http://localhost:8000/a"),
        ("mailto:a@e.org", "mailto:a@e.org", "mailto:a@e.org"),
        ("ftp://e.org/a", "ftp://e.org/a", "ftp://e.org/a"),
    ],
)
def test_bare_addresses_become_links(render: Render, text: str, href: str, label: str) -> None:
    assert f'<a href="{href}" class="external" rel="noopener nofollow">{label}</a>' in render(text).html


@pytest.mark.parametrize(
    "text",
    [
        "`https://e.org`",
        "xhttps://",
        "http://",
        "awww.e.org",
        "a@b",
        "a@b.c-",
        "https://a_b",
        f"http://e.org/{'a' * 3000}",
    ],
)
def test_other_words_stay_words(render: Render, text: str) -> None:
    assert "href" not in render(text).html


def test_a_sentence_goes_with_each_link(scan: Scan) -> None:
    long = "word " * 100 + "[[Page]]" + " word" * 100
    facts = scan(
        f"First one. Then [a](a.md) is\nhere! Last. 中文[[b]]。后面。\n\n| x [[c]] | y |\n|---|---|\n\n{long}"
    )
    assert [link.sentence for link in facts.links[:3]] == ["Then a is here!", "中文b。", "x c"]
    cut = facts.links[3].sentence
    assert len(cut) <= 300
    assert "Page" in cut
    assert cut.startswith("…word ")
    assert cut.endswith(" word…")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ('![a *b*|200](/i.png "t")', '<img src="/i.png" alt="a b" title="t" width="200" loading="lazy">'),
        ("![a|20x30](/i.png)", '<img src="/i.png" alt="a" width="20" height="30" loading="lazy">'),
        ("![250](/i.png)", '<img src="/i.png" alt="" width="250" loading="lazy">'),
        ("![1](/i.png)", '<img src="/i.png" alt="1" loading="lazy">'),
        ("![](https://e.org/i.png)", '<img src="https://e.org/i.png" alt="" loading="lazy">'),
        ('![a<b>"](/no.png)', '<span class="missing" title="No file /no.png">a&quot;</span>'),
    ],
)
def test_images_have_words_and_sizes(render: Render, text: str, html: str) -> None:
    # Words follow: alone in its paragraph, an image with a title is a figure.
    assert render(f"{text} x", PAGES).html == f"<p>{html} x</p>\n"


def test_brackets_nest_less_deep_than_blocks() -> None:
    parser = dialect()
    assert parser.render("> " * 60 + "a").count("<blockquote>") == 60
    assert parser.render("![" * 20 + "a" + "](x)" * 20) == '<p><img src="x" alt="a" /></p>\n'
    assert parser.render("![" * 21 + "a" + "](x)" * 21).startswith("<p>![![")
