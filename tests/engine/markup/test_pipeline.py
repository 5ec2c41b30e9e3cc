"""What always holds, whatever is written."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.markup import Markup, Rendered
from engine.markup.parser import core, dialect
from tests.engine.markup.hostile import HOME, HOSTILE, Loop

MARKUP = Markup()

PIECES = (
    "# ", "- ", "> ", "1. ", "[ ] ", "[x] ", "    ", "\n", "\n\n", "a", "b c", "[[", "]]", "![[", "|", "#", "^", "^id",
    "[^1]", "[^1]: ", "^[", "]", "(", ")", "==", "%%", "$", "$$", "```", "~~", "*", "_", "`", "<a href=", ">", "<!--",
    "-->", "|---|", ": ", "[!note]- ", "---\n", "title: x", "https://a.b/", "www.", "@", "\\", "&amp;", "!", "é", "中",
    "\u202e", "\x00", "Home", "x.png", "References", "</div>", "<div id=x>", "\r\n", "\t", "{", "}", "\\frac",
)  # fmt: skip


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


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_to_its_end(name: str) -> None:
    parsed = MARKUP.parse(HOSTILE[name](12_500))
    assert MARKUP.scan(parsed).words >= 0
    assert isinstance(MARKUP.render(parsed, HOME, Loop("a")).html, str)


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
