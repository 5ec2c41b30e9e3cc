"""Links are completed: pages and headings, by the names that are sure to mean them."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.editors import field, opened, put, text

DELIBERATION = 100  # milliseconds; a key that comes sooner was pressed before the suggestions were seen


def typed(writer: Visitor, words: str, page_id: str = "llama-3") -> Page:
    page = opened(writer, page_id)
    put(page, "¦")
    page.keyboard.type(words, delay=20)
    return page


@pytest.mark.parametrize(
    ("page_id", "words", "title", "link"),
    [
        ("llama-3", "[[llama org", "Llama Organization", "[[Llama Organization]]"),  # by its key
        ("llama-3", "[[chris", "Chris Cox", "[[People/Chris Cox|Chris Cox]]"),
        ("People/Yann LeCun", "[[chris", "Chris Cox", "[[Chris Cox]]"),  # beside this page
        ("index", "[[llama 3", "Llama 3: the herd", "[[llama-3|Llama 3: the herd]]"),
        ("llama-3", "| a |\n|---|\n| [[chris", "Chris Cox", "[[People/Chris Cox\\|Chris Cox]]"),
        ("llama-3", "![[chris", "Chris Cox", "![[People/Chris Cox|Chris Cox]]"),
    ],
)
def test_a_page_is_completed(writer: Visitor, page_id: str, words: str, title: str, link: str) -> None:
    page = typed(writer, words, page_id)
    option = page.get_by_role("option", name=title)
    expect(option).to_be_visible()
    expect(option).to_have_attribute("aria-selected", "true")
    expect(text(page)).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "?")
    page.wait_for_timeout(DELIBERATION)
    page.keyboard.press("Enter")
    assert field(page) == words[: words.rindex("[[")].removesuffix("!") + link


def test_brackets_and_a_label_that_are_there_stay(writer: Visitor) -> None:
    page = opened(writer)
    for before, after in (
        ("see [[chri¦]] there", "see [[People/Chris Cox|Chris Cox]] there"),
        ("see [[chri¦s old|him]] there", "see [[People/Chris Cox|him]] there"),
    ):
        put(page, before)
        page.keyboard.press("Control+Space")
        page.get_by_role("option", name="Chris Cox").click()
        assert field(page) == after


def test_headings_of_a_page_are_completed(writer: Visitor) -> None:
    page = typed(writer, "[[llama org")
    page.get_by_role("option", name="Llama Organization").click()
    for _ in "]]":
        page.keyboard.press("ArrowLeft")
    page.keyboard.type("#")
    expect(page.get_by_role("option")).to_have_text(["Llama Organization#", "History##", "Current status##"])
    page.keyboard.type("stat", delay=20)
    expect(page.get_by_role("option")).to_have_text(["Current status##"])
    page.wait_for_timeout(DELIBERATION)
    page.keyboard.press("Enter")
    assert field(page) == "[[Llama Organization#Current status]]"


def test_a_heading_that_brackets_cannot_hold_is_named_by_its_anchor(writer: Visitor) -> None:
    page = typed(writer, "[[People/Yann LeCun#pap")
    page.get_by_role("option", name="Papers | talks").click()
    assert field(page) == "[[People/Yann LeCun#papers--talks]]"


def test_headings_of_this_page_are_completed_as_they_are_now(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "## Not saved yet\n\n[[#¦")
    page.keyboard.type("saved", delay=20)
    page.get_by_role("option", name="Not saved yet").click()
    assert field(page) == "## Not saved yet\n\n[[#Not saved yet]]"


def test_escape_closes_the_suggestions_and_what_was_typed_stays(writer: Visitor) -> None:
    page = typed(writer, "[[llama")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")
    assert field(page) == "[[llama\n"


def test_brackets_in_code_are_no_links(writer: Visitor) -> None:
    page = typed(writer, "```\n[[llama")
    page.wait_for_timeout(500)
    expect(page.get_by_role("listbox")).to_be_hidden()


def test_without_an_answer_nothing_is_suggested_and_typing_goes_on(writer: Visitor) -> None:
    page = opened(writer)
    page.route("**/-/suggest*", lambda route: route.fulfill(status=500, body="broken"))
    put(page, "¦")
    page.keyboard.type("[[llama 3]] is here")
    assert field(page) == "[[llama 3]] is here"
    page.wait_for_timeout(300)  # until the answer is there
    writer.complaints.clear()
