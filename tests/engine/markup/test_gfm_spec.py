"""All examples of the GitHub Flavored Markdown specification 0.29, with GFM's rules alone.

Those that come out in another way are listed, and it is checked that they do so for the reason that is given.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from engine.markup.parser import core, dialect
from engine.markup.rules import autolink, strikethrough, table
from engine.markup.sanitize import sanitize
from tests.specs import Example, examples, normalize

DIFFERENT: Mapping[int, str] = {
    # The item and its box have classes, for themes.
    279: "classes",
    280: "classes",
    # GFM 0.29 flattens strong in strong; CommonMark 0.31.2 has the same examples, and nests.
    **dict.fromkeys((398, 426, 434, 435, 436, 473, 474, 475, 477), "newer CommonMark"),
    # Examples of CommonMark's own autolinks, written as if GFM's were off.
    610: "autolink",
    616: "autolink",
    619: "autolink",
    620: "autolink",
    # Sanitizing drops such elements after rendering, and more of them.
    652: "sanitizing",
}
"""Example -> why it differs."""


def gfm() -> MarkdownIt:
    """CommonMark with the rules that GFM adds, and no others."""
    md = MarkdownIt("commonmark", {"tasklists": True})
    for rule in (table, strikethrough, autolink):
        md.use(rule.use)
    return md


@pytest.fixture(scope="session")
def spec() -> tuple[Example, ...]:
    return examples("gfm-0.29")


def as_specified(example: Example, html: str) -> bool:
    return normalize(html) == normalize(example.html)


def test_the_specification_is_whole(spec: tuple[Example, ...]) -> None:
    assert len(spec) == 672
    kinds = [example.extension for example in spec]
    counted = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counted == {"": 648, "table": 8, "strikethrough": 2, "autolink": 11, "disabled": 2, "tagfilter": 1}


def test_gfm_differs_where_it_says(spec: tuple[Example, ...]) -> None:
    md = gfm()
    assert [e.number for e in spec if not as_specified(e, md.render(e.markdown))] == sorted(DIFFERENT)


@pytest.mark.parametrize("number", sorted(DIFFERENT))
def test_a_difference_has_the_reason_given(spec: tuple[Example, ...], number: int) -> None:
    example = spec[number - 1]
    html = gfm().render(example.markdown)
    match DIFFERENT[number]:
        case "classes":
            assert as_specified(example, re.sub(r' class="[a-z-]*task-list[a-z-]*"', "", html))
        case "newer CommonMark":
            (same,) = (e for e in examples("commonmark-0.31.2") if e.markdown == example.markdown)
            assert as_specified(same, html)
        case "autolink":
            assert as_specified(example, gfm().disable("bare_address").render(example.markdown))
        case "sanitizing":
            assert html == core().render(example.markdown)
            assert not re.search("<(title|style|xmp)", sanitize(html), re.IGNORECASE)


def test_the_dialect_differs_further_only_where_a_rule_of_its_own_reads(spec: tuple[Example, ...]) -> None:
    own = ["embed", "tag", "wikilink"]
    whole, without = dialect(), dialect().disable(own)
    further = {e.number for e in spec if not as_specified(e, whole.render(e.markdown))} - set(DIFFERENT)
    assert sorted(further) == [34, 556, 567, 598]
    for number in further:
        assert as_specified(spec[number - 1], without.render(spec[number - 1].markdown))


def test_the_manual_has_the_figures(spec: tuple[Example, ...]) -> None:
    manual = (Path(__file__).parents[3] / "docs/conformance.md").read_text()
    assert f"| {len(spec) - len(DIFFERENT)} of {len(spec)} |" in manual
    extended = [example for example in spec if example.extension]
    same = [example for example in extended if example.number not in DIFFERENT]
    assert f"| {len(same)} of {len(extended)} |" in manual
    listed = re.findall(r"^\| ([\d, ]+) \|", manual.partition("## GFM")[2], re.MULTILINE)
    assert sorted(int(number) for cell in listed for number in cell.split(",")) == sorted(DIFFERENT)
