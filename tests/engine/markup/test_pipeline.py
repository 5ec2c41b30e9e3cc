"""What always holds, whatever is written."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ids import PageId
from engine.markup import Markup, Rendered
from engine.markup.parser import core, dialect
from engine.model import Form, Name, Target

MARKUP = Markup()
HOME = PageId.take("Home")

PIECES = (
    "# ", "- ", "> ", "1. ", "[ ] ", "[x] ", "    ", "\n", "\n\n", "a", "b c", "[[", "]]", "![[", "|", "#", "^", "^id",
    "[^1]", "[^1]: ", "^[", "]", "(", ")", "==", "%%", "$", "$$", "```", "~~", "*", "_", "`", "<a href=", ">", "<!--",
    "-->", "|---|", ": ", "[!note]- ", "---\n", "title: x", "https://a.b/", "www.", "@", "\\", "&amp;", "!", "é", "中",
    "\u202e", "\x00", "Home", "x.png", "References", "</div>", "<div id=x>", "\r\n", "\t", "{", "}", "\\frac",
)  # fmt: skip


class Loop:
    """Every link leads back to the same text."""

    def __init__(self, text: str) -> None:
        self._text = text

    def target(self, source: PageId, link: str) -> Target | None:
        return Target(Name(f"{link}.md", "0" * 40, Form.PAGE), link) if len(link) % 2 else None

    def text(self, target: Target) -> str | None:
        return self._text


def render(text: str) -> Rendered:
    return MARKUP.render(MARKUP.parse(text), HOME, Loop(text))


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)))
def test_any_text_is_a_page(text: str) -> None:
    facts = MARKUP.scan(MARKUP.parse(text))
    starts = [heading.start for heading in facts.headings]
    assert starts == sorted(set(starts))
    assert all(0 <= start < len(facts.text) for start in starts)
    assert all(
        facts.text.startswith(heading.text, heading.start)
        for heading in facts.headings
        if "\n" not in heading.text
    )
    assert len({heading.anchor for heading in facts.headings}) == len(facts.headings)
    assert all(heading.anchor for heading in facts.headings)
    assert all(len(link.sentence) <= 300 for link in facts.links)
    lines = text.count("\n") + text.count("\r") + 1
    assert all(0 <= problem.line <= lines for problem in facts.problems)
    render(text)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_rendering_does_not_change_what_was_parsed(text: str) -> None:
    parsed = MARKUP.parse(text)
    first = MARKUP.render(parsed, HOME, Loop(text)).html
    facts = MARKUP.scan(parsed)
    assert MARKUP.render(parsed, HOME, Loop(text)).html == first
    assert MARKUP.scan(parsed) == facts == MARKUP.scan(MARKUP.parse(text))


def test_threads_share_one_pipeline() -> None:
    shared = Markup()
    texts = [
        f"# T{n}\n\n[[P{n}]] x[^n] ^[in {n}] #t{n}\n\n![[P{n}]]\n\n[^n]: {n} ^b{n}\n\n> [!k{n}]\n> $x_{{{n}}}$ ==m==\n"
        for n in range(60)
    ]

    def work(text: str) -> tuple[object, ...]:
        parsed = shared.parse(text)
        return shared.scan(parsed), shared.render(parsed, HOME, Loop(text))

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, texts * 3))
    assert together == [work(text) for text in texts] * 3


HOSTILE: Mapping[str, Callable[[int], str]] = {
    "colons": lambda n: "a:" * (n // 2),
    "mailto": lambda n: "mailto:" * (n // 7),
    "closing parentheses": lambda n: "http://a.b/" + ")" * n,
    "addresses within addresses": lambda n: "~www." * (n // 5) + "_!",
    "at signs": lambda n: "a@b." * (n // 4),
    "tasks": lambda n: "- [ ] a\n" * (n // 8),
    "same headings": lambda n: "# a\n" * (n // 4),
    "note openings": lambda n: "[^" * (n // 2),
    "brackets": lambda n: "[" * n,
    "images": lambda n: "![" * (n // 2),
    "inline notes": lambda n: "^[" * (n // 3) + "a" + "]" * (n // 3),
    "wide table": lambda n: "|" + "a|" * (n // 4) + "\n|" + "-|" * (n // 4) + "\n|a\n",
    "wikilink openings": lambda n: "[[a " * (n // 4),
    "wikilinks": lambda n: "[[a]] " * (n // 6),
    "embeds": lambda n: "![[a]]\n\n" * (n // 8),
    "dollars": lambda n: "$a " * (n // 3),
    "display dollars": lambda n: "$$a\n" * (n // 4),
    "equals": lambda n: "a==" * (n // 3),
    "percents": lambda n: "x %%a " * (n // 6),
    "carets": lambda n: "a ^id\n\n" * (n // 7),
    "callouts": lambda n: "> [!note]\n\n" * (n // 11),
    "chain of notes": lambda n: "".join(f"[^{i}]: a[^{i + 1}]\n" for i in range(n // 16)) + "\n[^0]",
    "uses of one note": lambda n: "[^1] " * (n // 5) + "\n\n[^1]: x",
    "open tags": lambda n: "<a '" * (n // 4),
    "comments": lambda n: "<!--" * (n // 4),
    "style": lambda n: "<div>\n" + "<style " * (n // 7),
    "ellipsis": lambda n: "[[b]]" + "." * n,
    "definitions": lambda n: "a\n" + ": b\n" * (n // 4),
    "sentences": lambda n: "a. [[b]] " * (n // 9),
    "one sentence": lambda n: "a, [[b]] " * (n // 9),
    "emphasis": lambda n: "**a *b" * (n // 6),
    "quotes": lambda n: "> a\n" + "b\n" * (n // 2),
    "tags": lambda n: "#é" * (n // 2) + " #t" * (n // 3),
    "front matter": lambda n: "---\n" + "a: [\n" * (n // 5) + "---\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_length_and_no_faster(name: str) -> None:
    def seconds(length: int) -> float:
        text = HOSTILE[name](length)
        start = time.thread_time()
        parsed = MARKUP.parse(text)
        MARKUP.scan(parsed)
        MARKUP.render(parsed, HOME, Loop("a"))
        return time.thread_time() - start

    bound = max(
        12 * min(seconds(12_500), seconds(12_500)), 1.0
    )  # a quadratic one takes sixteen times as long
    assert any(seconds(50_000) < bound for _ in range(3))


def test_the_core_is_commonmark_alone() -> None:
    text = "[[a]] ==b== $c$ ~~d~~ #e [^f] %%g%% https://h.i\n\n| j |\n|---|\n\n- [ ] k\n\nl\n: m\n"
    html = core().render(text)
    assert "<p>[[a]] ==b== $c$ ~~d~~ #e [^f] %%g%% https://h.i</p>\n<p>| j |\n|---|</p>" in html
    assert "<li>[ ] k</li>" in html


def test_the_dialect_renders_by_itself() -> None:
    html = dialect().render("# A\n\n[b](c.md) [[d#e|f]] ![[g]] ![h|20](i.png) x[^1]\n\n[^1]: y\n")
    assert "<h1>A</h1>" in html
    assert '<a href="c.md">b</a> <a href="d#e">f</a>' in html
    assert '<img src="i.png" alt="h|20" />' in html


def test_what_is_rendered_is_sanitized() -> None:
    text = "<script>alert(1)</script><img src=x onerror=alert(1)> <a href='javascript:alert(1)'>a</a>"
    html = render(f"{text}\n\n<div onclick=alert(1)>\n\n![[a]]\n\n[^1]\n\n[^1]: {text}").html
    assert "note-1" in html
    assert "alert" not in html
