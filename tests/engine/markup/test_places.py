"""Where links are written: what a reader of the text would point at, and what the parser says when it is replaced."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.markup import Limits, Markup, Traced
from engine.markup.places import Style
from engine.model import LinkKind
from tests.engine.markup.hostile import HOSTILE

MARKUP = Markup()


def written(text: str) -> list[list[tuple[str, str]]]:
    """Return for each link what is written for its target and its fragment, in each of its places."""
    return [
        [
            (
                text[slice(*place.target)] if place.target else "",
                text[slice(*place.fragment)] if place.fragment else "",
            )
            for place in link.places
        ]
        for link in MARKUP.trace(text).links
    ]


def targets(text: str) -> list[str]:
    """Return what is written for the targets of links that have one place each."""
    found = []
    for places in written(text):
        assert len(places) == 1
        found.append(places[0][0])
    return found


def probed(page: Traced) -> tuple[str, list[tuple[LinkKind, str, str]]]:
    """Write another target and fragment into every place; return the text, and what its links should be then."""
    edits: dict[tuple[int, int], str] = {}
    wanted = []
    for number, placed in enumerate(page.links):
        link = placed.link
        target, fragment = link.target, link.fragment
        media = re.search(r"\.(?:png|svg|jpg|pdf)\Z", target)
        for place in placed.places:
            if place.target:
                target = edits.setdefault(
                    place.target, f"z{_blank(page.text, place.target)}q{number}{media[0] if media else ''}"
                )
            if place.fragment:
                fragment = edits.setdefault(place.fragment, f"f{_blank(page.text, place.fragment)}r{number}")
        wanted.append((link.kind, target, fragment))
    text = page.text
    for (start, end), new in sorted(edits.items(), reverse=True):
        text = text[:start] + new + text[end:]
    return text, wanted


def _blank(text: str, span: tuple[int, int]) -> str:
    """Keep a blank where there is one: without it ``[a]: [[b c]]`` becomes a definition."""
    return " " if " " in text[slice(*span)] else ""


def check(text: str) -> Traced:
    """Hold the places of a page against what the parser says when something else stands there."""
    page = MARKUP.trace(text)
    assert page.facts == MARKUP.scan(MARKUP.parse(text))
    assert [placed.link for placed in page.links] == list(page.facts.links)
    for placed in page.links:
        for place in placed.places:
            assert (place.target is None) == (placed.link.target == "")
            assert (place.fragment is None) == (placed.link.fragment == "")
    made, wanted = probed(page)
    assert [
        (link.kind, link.target, link.fragment) for link in MARKUP.scan(MARKUP.parse(made)).links
    ] == wanted
    return page


# -- what is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See [[Page]].", ["Page"]),
        ("[[ Page ]] and [[A/B|label]]", ["Page", "A/B"]),
        ("![[Page]] ![[i.png|300]]", ["Page", "i.png"]),
        ("[x](a.md) ![y](i.png 'title')", ["a.md", "i.png"]),
        ("[x](  <a b.md>  'title') [x](a%20b.md)", ["a b.md", "a%20b.md"]),
        ("[x](a.md?raw=1#y)", ["a.md"]),
        (r"[x](a\&b.md) [x](a&amp;b.md)", [r"a\&b.md", "a&amp;b.md"]),
        ("[a][x] [x] [x][]\n\n[X]: a.md", ["a.md", "a.md", "a.md"]),
        ("![a][x]\n\n[x]:\n  <i.png>\n  'title'", ["i.png"]),
        ('<a href="a.md#b">x</a> <img src=\'i.png\'> <a href=c.md>', ["a.md", "i.png", "c.md"]),
        ('<div>\n<img alt="x" src="i.png">\n</div>', ["i.png"]),
        ("# On [[A]]\n\nOn [[B]]\n===", ["A", "B"]),
        ("> [[A]]\n[[B]]\n>\n> - [[C]]\n>   [[D]]", ["A", "B", "C", "D"]),
        ("1. x\n\n\t[[A]]\n\n   - y [[B]]", ["A", "B"]),
        ("| a | b |\n|---|---|\n| [[A\\|x]] | `\\|` [[B]] |\n> [[C]]", ["A", "B", "C"]),
        ("> | [[A]] |\n> |---|\n> | x \\| y [[B\\|z]] |", ["A", "B"]),
        ("> [!note] On [[A]]\n> [[B]]", ["A", "B"]),
        ("> [!note]- [[A]]  \n> > [!tip]\n> > [[B]]", ["A", "B"]),
        ("Term [[A]]\n: [[B]]\n\n  [[C]]", ["A", "B", "C"]),
        ("x[^1]\n\n[^1]: [[A]]\n    [[B]]\n\n    - [[C]]", ["A", "B", "C"]),
        ("x^[on [[A]]] y^[ [b](b.md) ]", ["A", "b.md"]),
        ("*[[A]]* **[[B]]** ~~[[C]]~~ ==[[D]]==", ["A", "B", "C", "D"]),
        ("[*[x](a.md)*](b.md) [![i](i.png)](b.md)", ["a.md", "b.md", "i.png"]),
        ("%%x%% [[A]] %%[[no]]%%", ["A"]),
        ("%%\nx\n%% [[A]]", ["A"]),
        ("<div>\n%%<img src='no.png'>%%<img src='i.png'>\n</div>", ["i.png"]),
        ("`[[no]]` $[[no]]$ \\[[no]] <!-- [[no]] -->\n\n    [[no]]\n\n```\n[[no]]\n```\n\n[[A]]", ["A"]),
        ("[[http://x]] [x](http://x) <mailto:a@b.c> www.x.org [[A]]", ["A"]),
        ("[[A]] ^block\n\n![[B]]\n^other", ["A", "B"]),
        ("\ufeff[[A]]", ["A"]),
        ("---\ntitle: '[[no]]'\n---\n[[A]]", ["A"]),
        ("\ufeff---\r\ntitle: x\r\n---\r\n> [[A]]\r\n[[B]]\r\n", ["A", "B"]),
        ("a\r[[A]]\r\n\n\r[[B]]\n", ["A", "B"]),
        ("\u3000\n[[A]]\u3000\n", ["A"]),
    ],
)  # fmt: skip
def test_targets_are_found_as_they_are_written(text: str, found: list[str]) -> None:
    assert targets(text) == found
    check(text)


def test_fragments_are_found_too() -> None:
    assert written("[[A#B c]] [[#D]] [x](a.md#e) [y](#f) [[G#^h|i]] [j](k?l#m%20n)") == [
        [("A", "B c")],
        [("", "D")],
        [("a.md", "e")],
        [("", "f")],
        [("G", "^h")],
        [("k", "m%20n")],
    ]


def test_a_sign_that_is_an_entity_parts_target_and_fragment() -> None:
    assert written("[x](a&num;b) [y](a&#35;c) <a href='d&num;e'>z</a>") == [
        [("a", "b")],
        [("a", "c")],
        [("d", "e")],
    ]


def test_notes_that_say_the_same_have_places_each() -> None:
    text = "x^[on [[A]] and ^[in [b](b.md)]] y^[on [[A]] and ^[in [b](b.md)]] z^[in [b](b.md)]"
    assert written(text) == [[("A", ""), ("A", "")], [("b.md", "")] * 3]
    check(text)


def test_links_by_one_definition_have_one_place() -> None:
    places = [link.places for link in MARKUP.trace("[x] [y][x]\n\n> [x]:\n> a.md\n\n[x]: b.md").links]
    assert places[0] == places[1]
    assert len(places[0]) == 1


def test_places_tell_how_they_are_written() -> None:
    page = MARKUP.trace(
        "# [[A]] [[B|c]]\n\n| x |\n|---|\n| [[D\\|e]] |\n\n[f](<g>) [h](i) <a href='j'>k</a> <a href=l>m</a>"
    )
    places = [place for link in page.links for place in link.places]
    wiki, html = Style.WIKI, Style.HTML
    assert [each.style for each in places] == [wiki, wiki, wiki, Style.ANGLED, Style.ADDRESS, html, html]
    assert [each.heading for each in places] == [True, True, False, False, False, False, False]
    assert [each.labelled for each in places][:3] == [False, True, True]
    assert [each.piped for each in places][:4] == [False, False, True, False]
    assert [each.quote for each in places][5:] == ["'", ""]


@pytest.mark.parametrize(
    "text",
    [
        '<a title="x"\nhref="a\n.md">y</a>',  # an address over two lines
        "<div>\n<a href='a&notit;.md'>x</a>\n</div>",  # an entity that stands for two characters
    ],
)
def test_an_odd_link_is_found_or_not_but_never_wrongly(text: str) -> None:
    check(text)


def test_links_that_nobody_sees_are_none() -> None:
    assert targets("x\n\n[^1]: [[A]]\n\n[y]: a.md") == []


def test_what_is_cut_has_no_links() -> None:
    markup = Markup(Limits(page_bytes=20))
    assert [link.link.target for link in markup.trace("[[A]]\n" + "x" * 20 + "\n[[B]]\n").links] == ["A"]


# -- pages made at random

LINKS = [
    "[[a b]]", "[[a#Frag one|label]]", "[[ x/y.md ]]", "[[#Here]]", "![[a]]", "![[p.png|300]]", "![[a#^b]]",
    "[x](a.md)", "[x](<a b.md>)", "[x](a%20b.md#f 't')", "[x](a(b).md)", r"[x](a\_b.md)", "[x](a&amp;b?q#f)",
    "![i](p.png)", "[![[a]]](b.md)", "[![i](p.png)](b.md)", "[l][ref]", "[ref]", "![ref][]", "[q]",
    "<a href='a.md#x'>y</a>", '<img src="p.png">', "<a href=b>y</a>", "^[n [[a]]]", "^[n [x](a.md) ^[m [[b]]]]",
    "*[[a]]*", "==[x](b.md)==", "x[^1]", "y[^2]",
]  # fmt: skip
OTHERS = [
    "`[[c]]`", "%%[[c]]%%", "$[[c]]$", r"\[[a]]", "[[", "]]", "|", r"\|", "$", "`", "%%", "words", "[", "](", "<",
    "<!-- [[c]] -->", "[[http://x]]", "https://x.org/a", "^id", "#tag", "  ", "\\", "&amp;", "\u3000", "~", "[[]]",
]  # fmt: skip
PREFIXES = ["", "> ", "> > ", ">", "- ", "  ", "1. ", "   ", "    ", "\t", ": ", "# ", "## ", "[^1]: ", "[^2]: ",
    "> [!note] ", "> [!tip]- ", "| ", "|---|---|", "|--|", "[ref]: ", "[q]: <", "```", "$$", "%%", "<div>", "===", "---",
    "~ ", "- [ ] ", "</div>", "[ref]:"]  # fmt: skip

line = st.builds(
    lambda prefix, parts, end: prefix + " ".join(parts) + end,
    st.builds("".join, st.lists(st.sampled_from(PREFIXES), max_size=3)),
    st.lists(st.sampled_from([*LINKS, *LINKS, *OTHERS]), max_size=4),
    st.sampled_from(["", "", " |", "  ", ">", "\\"]),
)
text = st.builds(
    lambda start, lines, end: start.replace("\n", end) + end.join(lines),
    st.sampled_from(["", "", "\ufeff", "---\ntitle: x\n---\n", "\ufeff---\n[[c]]: x\n---\n", "---\n"]),
    st.lists(st.one_of(line, line, st.just("")), max_size=12),
    st.sampled_from(["\n", "\n", "\r\n", "\r"]),
)


@given(text)
@example("| [[a]] |\n|---|\n|| [[b]] |\n| \\\\| [[c]] |")
def test_places_are_those_where_the_parser_reads_links(text: str) -> None:
    check(text)


KNOWN: Mapping[str, str] = {
    "paragraph": "{}",
    "quote": "> {}\nlazy",
    "list": "- x\n\n  1. {}",
    "tabs": "-\tx\n\n\t-\t{}",
    "heading": "## {} ##",
    "underlined": "{}\n---",
    "cell": "| x | {} |\n|---|---|\n| {} | y |",
    "callout": "> [!note]+ {}\n> {}",
    "definition": "{}\n: {}\n",
    "note": "x[^1]\n\n[^1]: {}",
}


@pytest.mark.parametrize("block", KNOWN.values(), ids=KNOWN.keys())
@pytest.mark.parametrize("link", LINKS[:-2])
def test_every_link_has_a_place_in_every_block(block: str, link: str) -> None:
    if "|" in link and "|" in block:
        link = link.replace("|", "\\|")
    page = check(block.replace("{}", f"a {link} b") + "\n\n[ref]: r.md\n[q]: <s t.md>\n\n[^2]: x\n")
    assert page.links
    assert all(placed.places for placed in page.links)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_are_traced_as_they_are_parsed(name: str) -> None:
    check(HOSTILE[name](2_000))
