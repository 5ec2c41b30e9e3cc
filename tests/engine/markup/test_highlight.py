import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import get_all_lexers

from engine.markup.highlight import CLASSES, MAX_CHARACTERS, highlight
from engine.markup.sanitize import sanitize

ROOT = Path(__file__).parents[3]
CSS = (ROOT / "themes/default/static/css/code.css").read_text()


def text_of(html: str) -> str:
    return unescape(re.sub(r'</?span(?: class="[a-z-]+")?>', "", html))


def test_code_becomes_spans() -> None:
    assert highlight('def f(x):\n    return "a<b"  # &c\n', "python") == (
        '<span class="code-keyword">def</span> <span class="code-function">f</span>(x):\n'
        '    <span class="code-keyword">return</span> <span class="code-string">"a&lt;b"</span>'
        '  <span class="code-comment"># &amp;c</span>\n'
    )


def test_differences_show_what_went_and_what_came() -> None:
    assert highlight("-a\n+b\n", "diff") == (
        '<span class="code-deleted">-a</span>\n<span class="code-inserted">+b</span>\n'
    )


def test_names_of_languages_may_be_written_in_any_case() -> None:
    html = highlight("x = 1", "python")
    assert html is not None
    assert html == highlight("x = 1", "Python") == highlight("x = 1", "PY")


@pytest.mark.parametrize(
    "language", ["", "no-such-language", "mermaid", "../python", "python ", "\0", "x" * 10_000, "ﬁ"]
)
def test_unknown_languages_stay_plain(language: str) -> None:
    assert highlight("x = 1\n", language) is None


def test_long_code_stays_plain() -> None:
    longest = "x " * (MAX_CHARACTERS // 2)
    assert highlight(longest, "python") is not None
    assert highlight(longest + "x", "python") is None


@pytest.mark.parametrize(
    ("run", "longest"), [("\n", 100), (" \t", 50), ("\r\n", 50), ("=", 200), ("猫", 200)]
)
def test_code_with_long_runs_stays_plain(run: str, longest: int) -> None:
    assert highlight(f"x{run * longest}y", "c") is not None
    assert highlight(f"x{run * (longest + 1)}y", "c") is None


SAMPLE = "\n\n\tdef f(a): # é\r\n  <b class='x'>&amp;</b> \"$x ${y}\" -- 'q /* \\n */ {% if %} @x [1] 猫\n\n"


@pytest.mark.parametrize(
    "aliases", [lexer[1] for lexer in get_all_lexers() if lexer[1]], ids=lambda names: names[0]
)
def test_no_lexer_loses_text(aliases: tuple[str, ...]) -> None:
    html = highlight(SAMPLE, aliases[0])
    assert html is None or (
        text_of(html) == SAMPLE and set(re.findall(r'class="([^"]+)"', html)) <= set(CLASSES)
    )


@given(
    st.text(), st.sampled_from(["python", "html", "js", "c", "bash", "yaml", "rust", "md", "json", "diff"])
)
def test_text_is_kept(code: str, language: str) -> None:
    html = highlight(code, language)
    assert html is None or text_of(html) == code


def test_threads_may_share_it() -> None:
    code = "class A:\n    '''doc'''\n    def f(self): return [1, 'x']\n" * 20
    expected = highlight(code, "python")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(highlight, [code] * 64, ["python"] * 64)) == {expected}


def test_spans_pass_the_allow_list() -> None:
    html = "<pre><code>" + "".join(f'<span class="{name}">x</span>' for name in CLASSES) + "</code></pre>"
    assert sanitize(html) == html


COLOURS = dict(re.findall(r"--(code-[a-z]+): light-dark\((#[0-9a-f]{6}, #[0-9a-f]{6})\)", CSS))


def test_the_default_theme_knows_every_class() -> None:
    for name in CLASSES:
        assert f".{name}" in CSS


@pytest.mark.parametrize("name", sorted(COLOURS.keys() - {"code-background"}))
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_read(name: str, scheme: int) -> None:
    colour, background = (COLOURS[key].split(", ")[scheme] for key in (name, "code-background"))
    assert contrast(colour, background) >= 4.5  # WCAG 2.2, success criterion 1.4.3


def contrast(first: str, second: str) -> float:
    """The ratio of two colours, 1 to 21, as WCAG defines it."""
    low, high = sorted(luminance(colour) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
