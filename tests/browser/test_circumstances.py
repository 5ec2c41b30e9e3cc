"""Pages suit where they are read: on paper, and by those who do not want things to move."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.kinds import KINDS, Kind

ENTRY = "/llama-organization"
MOVING = """() => {
  const lasts = (times) => times.split(",").some(time => parseFloat(time) > 0.01);
  const found = [document.documentElement, ...document.querySelectorAll("*")].filter(element => {
    const style = getComputedStyle(element);
    return lasts(style.transitionDuration) || style.animationName !== "none" && lasts(style.animationDuration)
      || style.scrollBehavior === "smooth";
  });
  return found.map(element => element.outerHTML.slice(0, 80)).concat(document.getAnimations().map(String));
}"""
AFTER = "(element) => getComputedStyle(element, '::after').content"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.status == 200], ids=lambda kind: kind.name)
def test_nothing_moves_for_who_does_not_want_it(visitor: Visitor, kind: Kind) -> None:
    page = visitor.visit(kind, reduced_motion="reduce")
    assert page.evaluate(MOVING) == []


def printed(visitor: Visitor, path: str) -> Page:
    page = visitor.visit(path)
    page.emulate_media(media="print")
    return page


def test_paper_has_the_text_and_nothing_to_click(visitor: Visitor) -> None:
    page = printed(visitor, ENTRY)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".references, .notes").first).to_be_visible()
    for unwanted in page.locator("nav, header.site, form, button, summary .icon, a.skip, a.back").all():
        expect(unwanted).to_be_hidden()


def test_paper_says_where_links_lead_and_where_the_page_is_from(visitor: Visitor) -> None:
    page = printed(visitor, ENTRY)
    outward = page.locator(".content a.external").first
    assert "https://" in outward.evaluate(AFTER)
    revision = visitor.served.commits["CORRECTED"]
    assert f"{visitor.served.url}{ENTRY}?rev={revision}" in page.inner_text("body")


def test_paper_has_what_was_folded_away_on_the_screen(visitor: Visitor) -> None:
    page = printed(visitor, "/samples/callouts")
    assert "What was folded away." in page.inner_text("main")


def test_paper_is_white_in_dark_as_well(visitor: Visitor) -> None:
    page = visitor.visit(ENTRY, color_scheme="dark")
    page.emulate_media(media="print")
    black = page.evaluate("getComputedStyle(document.querySelector('.content p')).color")
    assert black in {"rgb(0, 0, 0)", "color(srgb 0 0 0)"}


@pytest.mark.parametrize("locale", ["en", "ar"])
def test_a_page_can_be_printed(visitor: Visitor, locale: str) -> None:
    assert visitor.visit(ENTRY, locale=locale).pdf(format="A4").startswith(b"%PDF")
