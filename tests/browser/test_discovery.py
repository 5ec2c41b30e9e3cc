"""Browsers, feed readers and search engines find by themselves what the wiki has for them."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import chromium
from tests.browser.conftest import Visitor
from tests.browser.serving import Served

ENTRY = "/llama-organization"
WAITS = (1, 3, 10, 30)  # seconds that the browser gets for it, one after the other
# Who asks for an address as the page itself would: the same browser, from the same page.
FETCH = """async address => {
  const answer = await fetch(address);
  return [answer.status, (answer.headers.get("Content-Type") ?? "").split(";")[0], await answer.text()];
}"""


def linked(page: Page, kind: str) -> tuple[str, ElementTree.Element]:
    """Follow the link in a page's head that has that type; return where it leads, and what is there, which is XML."""
    link = page.locator(f'head link[type="{kind}"]').first
    assert link.get_attribute("title")
    address = link.evaluate("link => link.href")
    status, answered, text = page.evaluate(FETCH, address)
    assert (status, answered) == (200, kind)
    return address, ElementTree.fromstring(text)


def test_a_browser_adds_the_search(browser: Browser, served: Served, tmp_path: Path) -> None:
    template = (f"{served.url}/-/search?q={{searchTerms}}", f"{served.url}/-/suggest?q={{searchTerms}}")
    for seconds in WAITS:
        # A person's own profile: what is added in a private window is forgotten at once.
        context = browser.browser_type.launch_persistent_context(
            tmp_path / "profile", executable_path=chromium.find(), args=chromium.arguments()
        )
        context.pages[0].goto(served.url)
        context.pages[0].wait_for_timeout(seconds * 1000)
        context.close()
        with closing(sqlite3.connect(tmp_path / "profile" / "Default" / "Web Data")) as kept:
            found = kept.execute(
                "SELECT url, suggest_url FROM keywords WHERE short_name = 'Quire'"
            ).fetchall()
        if found:
            break
    assert found == [template]


def test_the_search_of_the_description_finds(visitor: Visitor) -> None:
    page = visitor.visit(ENTRY)
    _, description = linked(page, "application/opensearchdescription+xml")
    templates = {
        url.get("type"): url.get("template", "") for url in description.iter() if url.get("template")
    }
    page.goto(templates["text/html"].replace("{searchTerms}", quote("mixture of experts")))
    assert "Mixture of experts" in page.inner_text("main")
    _, _, suggested = page.evaluate(
        FETCH, templates["application/x-suggestions+json"].replace("{searchTerms}", "mix")
    )
    assert "Mixture of experts" in suggested


@pytest.mark.parametrize("path", ["/", ENTRY, "/-/recent", "/News/", f"/-/history{ENTRY}"])
def test_a_feed_reader_finds_the_feed(visitor: Visitor, path: str) -> None:
    _, feed = linked(visitor.visit(path), "application/atom+xml")
    entries = feed.findall("{http://www.w3.org/2005/Atom}entry")
    assert len(entries) > 1
    assert all(entry.findtext("{http://www.w3.org/2005/Atom}title") for entry in entries)


def test_search_engines_find_every_page_and_nothing_else(visitor: Visitor) -> None:
    page = visitor.visit("/")
    _, _, robots = page.evaluate(FETCH, "/robots.txt")
    (address,) = re.findall(r"^Sitemap: (\S+)$", robots, re.MULTILINE)
    _, _, text = page.evaluate(FETCH, address)
    listed = [
        element.text or "" for element in ElementTree.fromstring(text).iter() if element.tag.endswith("loc")
    ]
    assert f"{visitor.served.url}{ENTRY}" in listed
    assert not [found for found in listed if "/-/" in found]


def test_a_page_names_its_one_address_and_its_markdown(visitor: Visitor) -> None:
    page = visitor.visit(f"{ENTRY}?rev={{CORRECTED}}")
    page.goto(visitor.served.address("/Llama_Organization"))
    assert page.locator("link[rel=canonical]").get_attribute("href") == f"{visitor.served.url}{ENTRY}"
    markdown = page.locator('link[type="text/markdown"]').evaluate("link => link.href")
    assert page.evaluate(FETCH, markdown)[1] == "text/markdown"
