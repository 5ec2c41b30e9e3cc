"""The search box suggests pages, and can be used by keyboard, by pointer and with a screen reader."""

from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.measuring import violations


def typed(visitor: Visitor, text: str, path: str = "/samples/code") -> Page:
    page = visitor.visit(path)
    page.get_by_role("combobox").fill(
        text
    )  # at once, so that the wiki is asked once, on slow machines as well
    expect(page.get_by_role("option").first).to_be_visible()
    return page


def test_pages_are_suggested_and_opened_by_keyboard(visitor: Visitor) -> None:
    page = typed(visitor, "llama org")
    box = page.get_by_role("combobox")
    expect(box).to_have_attribute("aria-expanded", "true")
    assert box.get_attribute("aria-activedescendant") is None
    page.keyboard.press("ArrowDown")
    option = page.get_by_role("option", selected=True)
    expect(option).to_contain_text("Llama Organization")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert box.evaluate("box => box === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url("**/llama-organization")


def test_without_a_choice_enter_searches(visitor: Visitor) -> None:
    page = typed(visitor, "llama")
    page.keyboard.press("Enter")
    page.wait_for_url("**/-/search?q=llama")


def test_arrows_go_around_and_escape_closes(visitor: Visitor) -> None:
    page = typed(visitor, "llama")
    box, options = page.get_by_role("combobox"), page.get_by_role("option")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_have_count(0)  # back at what was typed
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_have_value("llama")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_a_suggestion_can_be_clicked(visitor: Visitor) -> None:
    page = typed(visitor, "llama org")
    page.get_by_role("option").first.click()
    page.wait_for_url("**/llama-organization")


def test_only_the_answer_to_what_is_typed_last_is_shown(visitor: Visitor) -> None:
    page = visitor.visit("/samples/code")

    def slowly(route: Route) -> None:
        page.wait_for_timeout(600)
        route.fulfill(json=["l", ["Too late"], [""], ["/late"]])

    page.route("**/-/suggest?q=l", slowly)
    page.get_by_role("combobox").click()
    page.keyboard.type("l")
    page.wait_for_timeout(200)
    page.keyboard.type("lama 4")
    expect(page.get_by_role("option").first).to_contain_text("Llama 4")
    page.wait_for_timeout(700)
    assert page.get_by_text("Too late").count() == 0


def test_the_list_is_named_and_without_a_finding(visitor: Visitor, axe: Path) -> None:
    page = typed(visitor, "llama")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_have_accessible_name("Suggestions")
    assert violations(page, axe) == ""
    page.emulate_media(color_scheme="dark")
    assert violations(page, axe) == ""


def test_how_many_there_are_is_announced(visitor: Visitor) -> None:
    page = typed(visitor, "llama")
    announced = page.locator("[id='quire:status']")
    expect(announced).to_have_text(f"Suggestions: {page.get_by_role('option').count()}")
    page.keyboard.press("Escape")
    expect(announced).to_have_text("")
