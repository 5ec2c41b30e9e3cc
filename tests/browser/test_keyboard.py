"""Everything that a pointer can do, the keyboard can: the way to the text, menus, note cards, contents."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.measuring import PHONE

ENTRY = "/llama-organization"
STOPS = 400  # that a way through a page may have
# What has the focus: its words, its place, and whether one sees that it has it.
FOCUSED = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const shows = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && !/, 0\\)$/.test(style.outlineColor);
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  const at = inside && document.elementFromPoint(
    Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
    Math.min(Math.max(box.top + Math.min(box.height / 2, innerHeight / 2), 0), innerHeight - 1));
  const uncovered = inside && (!at || element.contains(at) || at.contains(element)
    || Array.from(element.getClientRects()).some(({left, top, width, height}) =>
      element.contains(document.elementFromPoint(left + width / 2, top + height / 2))));
  const name = (element.ariaLabel ?? element.innerText ?? "").trim() || element.name || element.tagName;
  return {name, tag: element.tagName, shows, seen: uncovered && box.width > 1 && box.height > 1};
}"""


def stops(page: Page) -> list[Any]:
    """Go through a page with Tab, and return what had the focus."""
    found: list[Any] = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            return found
        found.append(stop)
    raise AssertionError(f"the way through {page.url} has no end: {found[-3:]}")


def focused(page: Page) -> Locator:
    return page.locator(":focus")


def test_the_first_stop_leads_past_the_header_to_the_text(visitor: Visitor) -> None:
    page = visitor.visit(ENTRY)
    page.keyboard.press("Tab")
    skip = focused(page)
    expect(skip).to_have_text("Skip to content")
    box = skip.bounding_box()
    assert box is not None
    assert box["width"] > 50
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("viewport", ["desk", "phone"])
@pytest.mark.parametrize("path", [ENTRY, "/samples/code", "/-/search?q=llama"])
def test_each_stop_is_seen(visitor: Visitor, path: str, viewport: str) -> None:
    page = visitor.visit(path, **({"viewport": PHONE} if viewport == "phone" else {}))
    page.emulate_media(reduced_motion="reduce")  # so that a stop is where it is at once
    found = stops(page)
    assert len(found) > 10
    assert [stop for stop in found if not (stop["shows"] and stop["seen"])] == []


def test_the_focus_is_seen_in_forced_colours(visitor: Visitor) -> None:
    page = visitor.visit(ENTRY, forced_colors="active", reduced_motion="reduce")
    assert [stop for stop in stops(page) if not stop["shows"]] == []


@pytest.mark.parametrize("name", ["Menu", "Display", "Cite and share"])
def test_a_menu_opens_and_closes_by_keyboard(visitor: Visitor, name: str) -> None:
    page = visitor.visit(ENTRY)
    menu = page.locator("details.menu", has=page.locator("summary", has_text=name))
    opener, panel = menu.locator("summary"), menu.locator(".panel")
    opener.focus()
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    page.keyboard.press("Tab")
    assert panel.evaluate("panel => panel.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_menu_that_is_left_closes(visitor: Visitor) -> None:
    page = visitor.visit(ENTRY)
    menus = page.locator("details.menu")
    menus.nth(0).locator("summary").focus()
    page.keyboard.press("Space")
    expect(menus.nth(0)).to_have_attribute("open", "")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_colours_are_chosen_and_kept(visitor: Visitor) -> None:
    page = visitor.visit(ENTRY)
    page.locator("summary", has_text="Display").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("As the system")).to_be_focused()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Dark")).to_be_checked()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert dark != light
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_a_note_shows_its_card_on_focus_and_hides_it_on_escape(visitor: Visitor) -> None:
    page = visitor.visit("/samples/notes")
    page.locator("main h1").click()
    note = page.locator("sup.note a").first
    while not note.evaluate("note => note === document.activeElement"):
        page.keyboard.press("Tab")
    card = page.locator(".card")
    expect(card).to_contain_text("The first note")
    expect(note).to_have_accessible_description(card.inner_text().strip())
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    expect(note).to_be_focused()


def test_a_note_card_stays_while_the_pointer_is_in_it(visitor: Visitor) -> None:
    page = visitor.visit("/samples/notes")
    page.locator("sup.note a").first.hover()
    card = page.locator(".card")
    expect(card).to_contain_text("The first note")
    card.hover()
    page.wait_for_timeout(600)  # longer than a card stays behind
    expect(card).to_be_visible()
    page.locator("main h1").hover()
    expect(card).to_have_count(0)


def test_a_note_leads_to_its_entry_and_back(visitor: Visitor) -> None:
    page = visitor.visit("/samples/notes")
    page.locator("sup.note a").nth(1).focus()
    page.keyboard.press("Enter")
    entry = page.locator(":target")
    expect(entry).to_contain_text("The first note")
    entry.locator(".back a").nth(1).press("Enter")
    expect(page.locator(":target")).to_have_text("1)")
    assert page.locator(":target").evaluate("back => back.id") == "ref-first-2"


def test_contents_lead_to_their_heading_and_follow_the_reader(visitor: Visitor) -> None:
    page = visitor.visit(ENTRY)
    link = page.locator("nav.contents a", has_text="Impact on research direction")
    link.press("Enter")
    expect(page.locator("h2", has_text="Impact on research direction")).to_be_in_viewport()
    expect(link).to_have_attribute("aria-current", "location")
    page.keyboard.press("Home")
    expect(link).not_to_have_attribute("aria-current", "location")
    page.keyboard.press("End")
    expect(page.locator("nav.contents a[aria-current]")).to_have_text("References")


def test_contents_open_by_keyboard_on_a_phone(visitor: Visitor) -> None:
    # At once: a picture that loads while the page still scrolls there moves the heading away.
    page = visitor.visit(ENTRY, viewport=PHONE, reduced_motion="reduce")
    fold = page.locator("nav.contents details")
    expect(fold.locator("ul")).to_be_hidden()
    fold.locator("summary").press("Enter")
    expect(fold.locator("ul")).to_be_visible()
    fold.locator("a", has_text="Current status").press("Enter")
    expect(page.locator("h2", has_text="Current status")).to_be_in_viewport()


def test_folded_callouts_open_by_keyboard(visitor: Visitor) -> None:
    page = visitor.visit("/samples/callouts")
    folded = page.locator("details.callout", has_text="What was folded away").first
    folded.locator("summary").press("Enter")
    expect(folded.locator("p", has_text="What was folded away")).to_be_visible()
