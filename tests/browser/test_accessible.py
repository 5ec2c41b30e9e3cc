"""Every kind of page, in light, dark, on a phone and from right to left: axe-core finds nothing wrong with it."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import PHONE, Visitor
from tests.browser.kinds import KINDS, Kind

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then(found =>
  found.violations.map(one => [one.id, one.help, one.nodes.map(node => [node.html, node.failureSummary])]))"""


def violations(page: Page) -> str:
    """Return what axe-core finds on a page, as text; empty when that is nothing."""
    found: list[Any] = page.evaluate(RUN, TAGS)
    lines = []
    for rule, told, nodes in found:
        lines.append(f"{rule}: {told} ({len(nodes)})")
        lines += [f"  {html[:300]}\n    {summary}" for html, summary in nodes[:5]]
    return "\n".join(lines)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_axe_finds_nothing_in_light_dark_and_on_a_phone(visitor: Visitor, axe: Path, kind: Kind) -> None:
    page = visitor.visit(kind)  # once, as opening pages takes longer than looking at them
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = {"light": violations(page)}
    page.emulate_media(color_scheme="dark")
    found["dark"] = violations(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    found["phone"] = violations(page)
    assert found == dict.fromkeys(found, "")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_axe_finds_nothing_from_right_to_left(visitor: Visitor, axe: Path, kind: Kind) -> None:
    page = visitor.visit(kind, locale="ar")
    assert page.evaluate("document.dir") == "rtl"
    page.evaluate(axe.read_text(encoding="utf-8"))
    assert violations(page) == ""
