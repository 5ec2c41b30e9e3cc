"""Everybody can use every kind of page: in light, dark, on a phone, magnified, from left to right and from right to left.

A page is opened once for all that is looked at, as opening one takes longer than looking at it.
"""

from pathlib import Path

import pytest

from tests.browser.conftest import Visitor
from tests.browser.kinds import KINDS, Kind
from tests.browser.measuring import COLOURS, PHONE, cut_off, lost, moving, violations


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_everybody_can_use_it(visitor: Visitor, axe: Path, kind: Kind) -> None:
    page = visitor.visit(kind)
    assert kind.shows in page.inner_text("main")
    found = {"in light": violations(page, axe)}
    page.emulate_media(color_scheme="dark")
    found["in dark"] = violations(page, axe, only=COLOURS)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    found["on a phone"] = violations(page, axe)
    assert found == dict.fromkeys(found, "")
    assert lost(page) == {}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_everybody_can_use_it_from_right_to_left_and_where_nothing_moves(
    visitor: Visitor, axe: Path, kind: Kind
) -> None:
    page = visitor.visit(kind, locale="ar", reduced_motion="reduce")
    assert page.evaluate("document.dir") == "rtl"
    assert moving(page) == []
    assert violations(page, axe, without=COLOURS) == ""
    assert cut_off(page, 320, 256) == ""


def test_what_axe_should_find_is_found(visitor: Visitor, axe: Path) -> None:
    page = visitor.visit("/samples/images")
    page.evaluate("document.querySelector('main img').removeAttribute('alt')")
    page.evaluate("document.querySelector('main .content p').style.color = '#ccc'")
    found = violations(page, axe)
    assert "image-alt" in found
    assert "color-contrast" in found
    colours, others = violations(page, axe, only=COLOURS), violations(page, axe, without=COLOURS)
    assert ("image-alt" in colours, "color-contrast" in colours) == (False, True)
    assert ("image-alt" in others, "color-contrast" in others) == (True, False)


def test_what_is_cut_off_is_found(visitor: Visitor) -> None:
    page = visitor.visit("/samples/tables", viewport=PHONE)
    page.evaluate("document.querySelector('div.table').style.overflow = 'visible'")
    page.evaluate("document.querySelector('h1').style.cssText = 'white-space: nowrap; letter-spacing: 5em'")
    page.evaluate("document.querySelector('main .content > p').style.cssText = 'height: 5px; overflow: clip'")
    found = cut_off(page, 320, 256)
    assert "the page scrolls sideways" in found
    assert "outside of the window: Tables" in found
    assert "cut off above or below: A small one" in found


def test_lists_of_changes_keep_to_one_edge_from_right_to_left(visitor: Visitor) -> None:
    page = visitor.visit("/-/recent", locale="ar")
    edges = page.evaluate(
        """[...document.querySelectorAll(".changes .summary")].map((box) => {
            const text = document.createRange();
            text.selectNodeContents(box);
            return Math.abs(box.getBoundingClientRect().right - text.getBoundingClientRect().right);
        })"""
    )
    assert edges
    assert max(edges) < 2
