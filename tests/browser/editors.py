"""What tests of the editor do and ask, whichever part of it they look at."""

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.writing import AT

MARK = "¦"
"""Where the cursor is to be, or both ends of the selection, in texts that tests give."""


def opened(writer: Visitor, page_id: str = "llama-3", query: str = "", **options: Any) -> Page:
    """Open a page for editing, and wait for the editor."""
    page = writer.visit(f"{AT}/edit/{page_id}{query}", **options)
    expect(text(page)).to_be_visible()
    return page


def text(page: Page) -> Locator:
    """Return where one types."""
    return page.locator(".cm-content")


def field(page: Page) -> str:
    """Return what the form would send."""
    return page.locator("textarea[name=text]").input_value()


def put(page: Page, given: str) -> None:
    """Put a text into the editor, with the cursor or the selection at the marks in it."""
    parts = given.split(MARK)
    page.locator("textarea[name=text]").evaluate(
        """(field, text) => { field.value = text; field.dispatchEvent(new Event("input", { bubbles: true })); }""",
        "".join(parts),
    )
    text(page).focus()
    page.keyboard.press("Control+Home")
    for count, key in (
        (len(parts[0]), "ArrowRight"),
        *((len(part), "Shift+ArrowRight") for part in parts[1:-1]),
    ):
        for _ in range(count):
            page.keyboard.press(key)


def selected(page: Page) -> str:
    """Return the text that is selected."""
    chosen: str = page.evaluate("getSelection().toString()")
    return chosen


def press(page: Page, name: str) -> None:
    """Use a tool of the toolbar."""
    page.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()
