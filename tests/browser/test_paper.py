"""Pages are good on paper: the text, its notes, and where links lead."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor

ENTRY = "/llama-organization"
AFTER = "(element) => getComputedStyle(element, '::after').content"


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
    assert visitor.served.address(ENTRY + "?rev={CORRECTED}") in page.inner_text("body")


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
