"""Every page is whole without JavaScript: it shows its words, its links lead somewhere, and its forms work."""

from functools import cache
from http.client import HTTPConnection
from urllib.parse import urldefrag, urlsplit

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visitor
from tests.browser.kinds import KINDS, Kind
from tests.wiki.processes import SECONDS

LINKS = """() => Array.from(document.querySelectorAll("a[href], link[href]"))
  .filter(link => !link.closest(".missing")).map(link => link.href)"""
LOST = """() => Array.from(document.querySelectorAll("a[href^='#']"))
  .map(link => decodeURIComponent(link.hash.slice(1))).filter(id => !document.getElementById(id))"""
FORMS = """() => Array.from(document.forms, form => [form.method, form.getAttribute("action") ?? location.pathname,
  ...Array.from(form.elements, field => field.name)].join(" "))"""


@cache
def status(address: str) -> int:
    parts = urlsplit(address)
    connection = HTTPConnection(parts.netloc, timeout=SECONDS)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
        return connection.getresponse().status
    finally:
        connection.close()


def wrong_links(page: Page, visitor: Visitor) -> list[str]:
    """Return the links of a page to the wiki itself that lead nowhere.

    A tool that cannot do what it is for, as where nothing is left to revert, answers 422 and says why.
    """
    found: list[str] = page.evaluate(LINKS)
    own = {urldefrag(link)[0] for link in found if link.startswith(visitor.served.url)}
    wrong = [link for link in sorted(own) if link != page.url and status(link) >= 400 and status(link) != 422]
    return wrong + [f"#{anchor}" for anchor in page.evaluate(LOST)]


@pytest.fixture(scope="module")
def tried() -> set[str]:
    """Forms that were tried, as most are on every page."""
    return set()


def try_forms(page: Page, tried: set[str]) -> None:
    """Fill in and send each form that is new."""
    address = page.url
    for number, form in enumerate(page.evaluate(FORMS)):
        if form in tried or form.startswith("post "):  # what changes something has tests of its own
            continue
        tried.add(form)
        shown = page.locator("form").nth(number)
        button = shown.locator("button").first
        if not button.is_visible():
            continue  # boxes to choose from, where there is nothing to choose; and what is folded
        if shown.get_attribute("method") == "post":
            continue  # what changes pages has tests of its own, in wikis of their own
        for field in shown.locator("input[type=search], input[type=text]").all():
            if field.is_visible():
                field.fill("llama")
        with page.expect_navigation() as navigation:
            button.click()
        assert navigation.value.status == 200, form
        page.goto(address)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_page_is_whole_without_scripts(visitor: Visitor, tried: set[str], kind: Kind) -> None:
    page = visitor.visit(kind, java_script_enabled=False)
    assert kind.shows in page.inner_text("main")
    assert wrong_links(page, visitor) == []
    try_forms(page, tried)
