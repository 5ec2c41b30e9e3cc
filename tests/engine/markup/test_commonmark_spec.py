"""All examples of CommonMark 0.31.2: with its own rules, and with those of the dialect.

The whole dialect reads a few of them in another way. Each is listed with the rules that make it so, and shown to be
their work: without them the example is as CommonMark says, and no fewer will do.
"""

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest

from engine import frontmatter
from engine.ids import PageId
from engine.markup import Markup
from engine.markup.parser import core, dialect
from engine.markup.sanitize import sanitize
from tests.engine.markup.conftest import Pages
from tests.specs import Example, examples, normalize

DIFFERENT: Mapping[int, tuple[str, ...]] = {
    64: ("tag",),  # #hashtag
    548: ("wikilink",),  # [[[foo]]]
    559: ("wikilink",),  # [[*foo* bar]]
    590: ("embed", "wikilink"),  # ![[foo]]
    602: ("bare_address",),  # <https://foo.bar/baz bim>
    608: ("bare_address",),  # < https://foo.bar >
    611: ("bare_address",),  # https://example.com
    612: ("bare_address",),  # foo@bar.example.com
}
"""Example -> the rules of markdown-it that read it in the dialect's way."""


@pytest.fixture(scope="session")
def spec() -> tuple[Example, ...]:
    return examples("commonmark-0.31.2")


def as_specified(example: Example, html: str) -> bool:
    return normalize(html) == normalize(example.html)


def test_the_specification_is_whole(spec: tuple[Example, ...]) -> None:
    assert len(spec) == 652
    assert len({example.section for example in spec}) == 26


def test_core_rules_are_commonmark(spec: tuple[Example, ...]) -> None:
    md = core()
    assert [e.number for e in spec if not as_specified(e, md.render(e.markdown))] == []


def test_the_dialect_differs_where_it_says(spec: tuple[Example, ...]) -> None:
    md = dialect()
    assert [e.number for e in spec if not as_specified(e, md.render(e.markdown))] == sorted(DIFFERENT)


@pytest.mark.parametrize("number", sorted(DIFFERENT))
def test_a_difference_is_the_work_of_its_rules(spec: tuple[Example, ...], number: int) -> None:
    example, rules = spec[number - 1], DIFFERENT[number]
    assert as_specified(example, dialect().disable(list(rules)).render(example.markdown))
    for count in range(len(rules)):
        for fewer in combinations(rules, count):
            assert not as_specified(example, dialect().disable(list(fewer)).render(example.markdown))


def test_no_example_is_taken_for_front_matter(spec: tuple[Example, ...]) -> None:
    found = [e.number for e in spec if frontmatter.split(e.markdown).raw]
    assert found == [98]


def test_every_example_is_a_page(spec: tuple[Example, ...]) -> None:
    markup = Markup()
    for example in spec:
        parsed = markup.parse(example.markdown)
        markup.scan(parsed)
        html = markup.render(parsed, PageId.take("Home"), Pages({})).html
        assert sanitize(html) == html


def test_the_manual_has_the_figures(spec: tuple[Example, ...]) -> None:
    manual = (Path(__file__).parents[3] / "docs/conformance.md").read_text()
    assert f"CommonMark's own | {len(spec)} of {len(spec)} |" in manual
    assert f"the whole dialect | {len(spec) - len(DIFFERENT)} of {len(spec)} |" in manual
    listed = re.findall(r"^\| (\d+) \|", manual.partition("## GFM")[0], re.MULTILINE)
    assert [int(number) for number in listed] == sorted(DIFFERENT)
