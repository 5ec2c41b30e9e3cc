"""The tree of pages opens in place, by pointer and by keyboard, and says what is open."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.measuring import violations


def test_a_folder_opens_and_closes_in_place(visitor: Visitor, axe: Path) -> None:
    page = visitor.visit("/-/pages")
    tree = page.locator("ul.tree")
    button = tree.get_by_role("button", name="Pages in help")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    inside = tree.get_by_role("link", name="Searching")
    expect(inside).to_be_visible()
    assert page.url.endswith("/-/pages")
    assert violations(page, axe) == ""
    page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(inside).to_be_hidden()
    page.keyboard.press("Space")
    expect(inside).to_be_visible()
    page.keyboard.press("Tab")
    expect(tree.get_by_role("link", name="help", exact=True)).to_be_focused()
    inside.click()
    page.wait_for_url("**/help/searching")


def test_what_was_open_at_first_can_be_closed(visitor: Visitor) -> None:
    page = visitor.visit("/-/pages?folder=help")
    button = page.locator("ul.tree").get_by_role("button", name="Pages in help")
    expect(button).to_have_attribute("aria-expanded", "true")
    button.click()
    expect(page.locator("ul.tree").get_by_role("link", name="Searching")).to_be_hidden()


def test_a_long_folder_goes_on_where_it_ended(visitor: Visitor) -> None:
    page = visitor.visit("/-/pages")
    page.route(
        "**/-/pages?folder=help&start=0&part=1",
        lambda route: route.fulfill(
            content_type="text/html",
            body='<ul><li class="more"><a href="/-/pages?folder=help&start=200" data-folder="help" '
            'data-start="0">Show more</a></li></ul>',
        ),
        times=1,
    )
    tree = page.locator("ul.tree")
    tree.get_by_role("button", name="Pages in help").click()
    tree.get_by_role("link", name="Show more").click()
    expect(tree.get_by_role("link", name="Searching")).to_be_visible()
    assert tree.get_by_role("link", name="Show more").count() == 0
    assert page.evaluate("document.activeElement.closest('.tree') !== null")


def test_without_scripts_the_tree_is_made_of_links(visitor: Visitor) -> None:
    page = visitor.visit("/-/pages", java_script_enabled=False)
    page.get_by_role("link", name="Open help").click()
    expect(page.locator("ul.tree").get_by_role("link", name="Searching")).to_be_visible()
    page.get_by_role("link", name="Close help").click()
    assert page.locator("ul.tree").get_by_role("link", name="Searching").count() == 0
