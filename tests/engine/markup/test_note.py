"""``[^label]``, ``^[text]`` and their list under References."""

import re
from collections.abc import Callable

import pytest

from engine.markup import Rendered
from engine.model import Facts

Render = Callable[..., Rendered]
Scan = Callable[[str], Facts]


def codes(facts: Facts) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in facts.problems]


def test_notes_are_numbered_in_order_of_first_use(render: Render, scan: Scan) -> None:
    text = "One[^b], two^[in *line*], again[^b], three[^a].\n\n[^a]: A\n[^b]: B\n"
    html = render(text).html
    assert re.findall(r">(\d+)\)</a></sup>", html) == ["1", "2", "1", "3"]
    assert scan(text).notes[0] == "b"
    assert scan(text).notes[2] == "a"
    assert html.index("<p>B ") < html.index("<p>in <em>line</em>") < html.index("<p>A ")
    assert '<section class="references">\n<h2 id="references">References</h2>\n<ol class="notes">' in html


def test_one_number_per_label_and_all_back_links(render: Render) -> None:
    html = render("a[^x] b[^X] c[^x]\n\n[^x]: said").html
    assert '<sup class="note"><a href="#note-x" id="ref-x">1)</a></sup>' in html
    assert '<sup class="note"><a href="#note-x" id="ref-x-3">1)</a></sup>' in html
    assert (
        '<p>said <span class="back">↑ <a href="#ref-x">a</a> <a href="#ref-x-2">b</a> <a href="#ref-x-3">c</a>'
    ) in html


def test_anchors_come_from_labels_and_words(render: Render) -> None:
    before = set(re.findall(r'id="(note-[^"]+)"', render("^[said] [^Long-Label]\n\n[^Long-Label]: x").html))
    after = set(
        re.findall(
            r'id="(note-[^"]+)"',
            render("^[new] ^[said] [^1] [^Long-Label]\n\n[^Long-Label]: x\n[^1]: y").html,
        )
    )
    assert "note-long-label" in before
    assert before < after


@pytest.mark.parametrize(
    "heading", ["## References", "# Footnotes", "Références\n---", "## 参考文献", "### Einzelnachweise:"]
)
def test_the_list_stands_where_the_author_left_room(render: Render, heading: str) -> None:
    html = render(f"a[^1]\n\n{heading}\n\n[^1]: said\n\n## After\n\nend").html
    assert "<section" not in html
    assert html.index("<ol") < html.index("After")


def test_a_section_with_words_is_no_room(render: Render) -> None:
    html = render("a[^1]\n\n## References\n\nwords\n\n[^1]: said").html
    assert html.index("words") < html.index('<section class="references">\n<h2 id="references-1">')


def test_the_heading_follows_the_language(render: Render) -> None:
    assert ">Einzelnachweise</h2>" in render("---\nlang: de-AT\n---\na^[b]").html


def test_notes_in_notes_do_not_loop(render: Render, scan: Scan) -> None:
    text = "a[^1]\n\n[^1]: see [^2]\n[^2]: see [^1] and [^2]\n"
    assert scan(text).notes == ("1", "2")
    assert render(text).html.count("<li") == 2


def test_odd_notes_are_problems(render: Render, scan: Scan) -> None:
    text = "a[^no]\nb[^x]\n\n[^x]: one\n\n[^x]: two\n\n[^y]: three\n"
    assert codes(scan(text)) == [("undefined-note", 1), ("duplicate-note", 6), ("unused-note", 8)]
    html = render(text).html
    assert "a[^no]" in html
    assert "two" not in html
    assert "three" not in html


def test_a_note_may_hold_blocks(render: Render) -> None:
    html = render("a[^1]\n\n[^1]: one\n\n    two\n\n    ```\n    code\n    ```\n\nafter").html
    assert '<p>one</p>\n<p>two</p>\n<pre tabindex="0"><code>code\n</code></pre>\n<span' in html
    assert html.index("after") < html.index("one")


def test_links_and_code_are_no_notes(render: Render, scan: Scan) -> None:
    assert '<a href="https://example.org"' in render("[^x](https://example.org)").html
    assert scan("`[^x]` and [^x](https://example.org)").problems == ()


def test_a_note_within_a_link_is_not_a_link(render: Render) -> None:
    html = render("[label ^[said]](https://example.org)").html
    assert '<sup class="note">1)</sup></a>' in html


def test_inline_notes_hold_links_images_and_escapes(render: Render, scan: Scan) -> None:
    text = r"a^[see [[Page]] \* ![i](i.png) $x$ and ^[more]]"
    html = render(text, {"Page.md": "", "i.png": ""}).html
    assert '<a class="wikilink" href="/Page">Page</a> * <img' in html
    assert "<math" in html
    assert len(scan(text).links) == 2
    assert len(scan(text).notes) == 2


def test_text_and_headings_of_notes_are_facts(scan: Scan) -> None:
    facts = scan("# A\n\na[^1]\n\n[^1]: said [[Page]]\n\n    # In it\n\n# B\n")
    assert facts.text == "A\na\nB\nsaid Page\nIn it\n"
    assert [heading.text for heading in facts.headings] == ["A", "B", "In it"]
    assert [link.target for link in facts.links] == ["Page"]
