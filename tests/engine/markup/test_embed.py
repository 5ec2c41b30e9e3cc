"""``![[Page]]``, ``![[image.png|300]]`` and their bounds."""

from collections.abc import Callable

import pytest

from engine.markup import Limits, Markup, Rendered
from engine.model import Facts, Link, LinkKind

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]
PAGE = "# Page\n\nfirst\n\n## Part\n\nsecond ^one\n\n### Below\n\nthird\n\n## Other\n\nfourth\n"


def codes(rendered: Rendered) -> list[str]:
    return [problem.code for problem in rendered.problems]


def test_a_page_is_shown_in_place_without_its_ids(render: Render) -> None:
    rendered = render("![[Page]]\n", {"Page.md": PAGE})
    assert rendered.html.startswith(
        '<div class="embed">\n<p class="embed-title"><a class="wikilink" href="/Page">'
    )
    assert "<h2>Part</h2>\n<p>second</p>" in rendered.html
    assert "id=" not in rendered.html
    assert rendered.problems == ()


@pytest.mark.parametrize("fragment", ["Part", "part", "Page#Part"])
def test_a_section_ends_at_the_next_heading_of_its_level(render: Render, fragment: str) -> None:
    html = render(f"![[Page#{fragment}]]", {"Page.md": PAGE}).html
    assert "second" in html
    assert "third" in html
    assert "first" not in html
    assert "fourth" not in html


def test_a_block_is_shown_alone(render: Render) -> None:
    html = render("![[Page#^one]]", {"Page.md": PAGE}).html
    assert "<p>second</p>\n</div>" in html
    assert "Part</h2>" not in html


def test_a_list_item_is_shown_without_its_list(render: Render) -> None:
    html = render("![[Page#^it]]", {"Page.md": "- a\n- b\n\n  c\n\n  ^it\n- d"}).html
    assert "<p>c</p>" in html
    assert "<li" not in html


def test_a_part_of_the_same_page_can_be_shown(render: Render) -> None:
    rendered = render("# A\n\nwords\n\n# B\n\n![[#A]]")
    assert rendered.html.count("<p>words</p>") == 2
    assert rendered.problems == ()


def test_a_cycle_shows_a_note(render: Render) -> None:
    rendered = render("![[A]]", {"A.md": "in a\n\n![[B]]", "B.md": "in b\n\n![[A]]"})
    assert rendered.html.count("in a") == 1
    assert '<p class="embed-cycle">' in rendered.html
    assert codes(rendered) == ["embed-cycle"]


def test_a_page_does_not_embed_itself(render: Render) -> None:
    rendered = render("x\n\n![[Home]]", {"Home.md": "x\n\n![[Home]]"})
    assert codes(rendered) == ["embed-cycle"]
    rendered = render("# A\n\n![[#A]]")
    assert rendered.html.count("<h1") == 2
    assert codes(rendered) == ["embed-cycle"]


def test_depth_is_bounded(render: Render) -> None:
    files = {f"p{n}.md": f"text {n}\n\n![[p{n + 1}]]" for n in range(9)}
    rendered = render("![[p0]]", files)
    assert "text 3" in rendered.html
    assert "text 4" not in rendered.html
    assert codes(rendered) == ["embed-depth"]


def test_size_is_bounded(render: Render) -> None:
    small = Markup(Limits(embed_bytes=5_000))
    rendered = render("![[A]]\n\n" * 9, {"A.md": "word"}, of=small)
    assert rendered.html.count("<p>word</p>") == 5
    assert codes(rendered) == ["embed-size"] * 4
    files = {
        "A.md": "![[B]]\n\n" * 50,
        "B.md": "![[C]]\n\n" * 50,
        "C.md": "![[D]]\n\n" * 50,
        "D.md": "x" * 1000,
    }
    assert len(render("![[A]]", files).html) < 2_000_000


LONG = "word " * 8_000


@pytest.mark.parametrize(
    "text",
    [
        f"# A\n\n{LONG}\n\n# B\n\n" + "![[#A]]\n\n" * 400,
        "".join(f"# S{n}\n\n" + f"![[#S{n + 1}]]\n\n" * 60 for n in range(5)) + f"# S5\n\n{LONG}\n",
        "# A\n\na[^1]\n\n# B\n\n" + "![[#A]]\n\n" * 400 + f"[^1]: {LONG}\n",
        "# A\n\n" + "![[None]]\n" * 5_000 + "# B\n\n" + "![[#A]]\n\n" * 400,
    ],
    ids=["section", "nested", "note", "missing"],
)
def test_what_parts_of_the_same_page_become_is_bounded(render: Render, text: str) -> None:
    rendered = render(text)
    assert len(rendered.html) < 4_000_000 + 20 * len(text)
    assert "embed-size" in codes(rendered)
    assert "is not shown here." in rendered.html


def test_many_short_parts_of_the_same_page_are_bounded(render: Render) -> None:
    small = Markup(Limits(embed_bytes=5_000))
    rendered = render("# A\n\nword\n\n# B\n\n" + "![[#A]]\n\n" * 9, of=small)
    assert rendered.html.count("<p>word</p>") == 6
    assert codes(rendered) == ["embed-size"] * 4


def test_missing_pages_and_parts_are_reported(render: Render) -> None:
    rendered = render("a\n\n![[None]]\n\n![[Page#None]]\n\n![[no.png]]", {"Page.md": PAGE})
    assert codes(rendered) == ["missing-embed"] * 3
    assert [problem.line for problem in rendered.problems] == [3, 5, 7]
    assert (
        '<p class="missing"><a class="missing" href="/None" title="No page None">None</a></p>'
        in rendered.html
    )


def test_links_in_an_embed_count_from_the_embedded_page(render: Render) -> None:
    files = {"f/A.md": "[[#Here]] [b](b.md) ![i](i.png)", "f/b.md": "", "f/i.png": ""}
    html = render("![[f/A]]", files).html
    assert 'href="/f/A#here"' in html
    assert 'href="/f/b"' in html
    assert 'src="/f/i.png"' in html


def test_notes_in_an_embed_have_anchors_of_their_own(render: Render) -> None:
    files = {"A.md": "# One\n\na[^x]\n\n# Two\n\nb[^y]\n\n[^x]: X\n[^y]: Y"}
    html = render("text[^x]\n\n[^x]: mine\n\n![[A]]\n\n![[A#Two]]", files).html
    ids = [part.partition('"')[0] for part in html.split(' id="')[1:]]
    assert len(ids) == len(set(ids))
    assert 'href="#embed-2-note-y"' in html
    assert '<li id="embed-2-note-y" value="2">' in html
    assert "embed-2-note-x" not in html


def test_a_page_within_a_sentence_is_only_linked(render: Render) -> None:
    assert render("see ![[Page]]", {"Page.md": PAGE}).html == (
        '<p>see <a class="wikilink" href="/Page">Page</a></p>\n'
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![[i.png]]", '<img src="/i.png" alt="i.png" loading="lazy">'),
        ("![[i.png|300]]", '<img src="/i.png" alt="i.png" width="300" loading="lazy">'),
        (
            '![[i.png|a "b"|30x20]]',
            '<img src="/i.png" alt="a &quot;b&quot;" width="30" height="20" loading="lazy">',
        ),
        (
            "![[s.mp3]]",
            '<audio src="/s.mp3" controls="" preload="metadata"><a href="/s.mp3">s.mp3</a></audio>',
        ),
        ("![[d.pdf#page=3]]", '<a class="media" href="/d.pdf#page3">d.pdf &gt; page=3</a>'),
    ],
)
def test_media_are_shown_by_their_kind(render: Render, text: str, shown: str) -> None:
    assert render(text, {"i.png": "", "s.mp3": "", "d.pdf": ""}).html == f"<p>{shown}</p>\n"


def test_lines_of_their_own_become_blocks_between_words(render: Render, scan: Scan) -> None:
    files = {"A.md": "in a", "B.md": "in b"}
    text = "*one*\n![[A]]\ntwo\nthree  \n![[B]] ![[A]]\n![[i.png]] four ^id"
    html = render(text, files | {"i.png": ""}).html
    assert html.startswith('<p><em>one</em></p>\n<div class="embed">')
    assert "</div>\n<p>two\nthree</p>\n<div" in html
    assert html.endswith('</div>\n<p id="^id"><img src="/i.png" alt="i.png" loading="lazy"> four</p>\n')
    assert html.count('<div class="embed">') == 3
    assert scan(text).text == "one\ntwo three\n four\n"
    assert [problem.line for problem in render("a\nb\n![[None]]").problems] == [3]


def test_emphasis_is_not_torn_apart(render: Render) -> None:
    html = render("*one\n![[A]]\ntwo*", {"A.md": "in a"}).html
    assert html == '<p><em>one\n<a class="wikilink" href="/A">A</a>\ntwo</em></p>\n'


def test_facts_name_embeds(scan: Scan) -> None:
    facts = scan("![[Page#Part]]\n\nwith ![[i.png|a label|30]] in it")
    assert facts.links == (
        Link(LinkKind.EMBED, "Page", "Part", ""),
        Link(LinkKind.EMBED, "i.png", "", "with a label in it"),
    )
