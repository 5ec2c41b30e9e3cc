"""Where everybody may edit, a visitor's text is kept by their browser until it is saved, also when they log in meanwhile."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.measuring import DESKTOP, PHONE, cut_off, violations
from tests.browser.serving import Served, serving
from tests.browser.test_signed_in import PASSWORD, ROOT

PATH = "samples/links"


@pytest.fixture(scope="module")
def wild(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A wiki that everybody may edit; it has an account, so who is at the machine is a visitor."""
    folder = tmp_path_factory.mktemp("wild")
    with serving(folder, QUIRE_ANONYMOUS="editor") as wiki:
        command = [sys.executable, "-m", "wiki", "user", "add", "ada", "--role", "editor", "--password-stdin"]
        place = ["--repo", str(wiki.repository.path), "--data", str(folder)]
        subprocess.run([*command, *place], input=PASSWORD, text=True, check=True, cwd=ROOT)
        yield wiki


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport=DESKTOP, locale="en")
    yield context.new_page()
    context.close()


def drafts(page: Page) -> list[str]:
    found = page.evaluate("key => localStorage.getItem(`quire:draft:${key}`)", f"{PATH}.md")
    return [draft["text"] for draft in json.loads(found or "[]")]


def write(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Text").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)
    expect(page.locator(".editor-kept")).to_contain_text("Draft kept")


def leave(page: Page, wiki: Served) -> None:
    page.once("dialog", lambda dialog: dialog.accept())
    page.goto(wiki.address("/"))


def test_a_visitors_draft_is_kept_by_their_browser_until_it_is_saved(page: Page, wild: Served) -> None:
    page.goto(wild.address(f"/-/edit/{PATH}"))
    write(page, "Words of nobody.")
    (kept,) = drafts(page)
    assert kept.endswith("Words of nobody.")
    leave(page, wild)
    page.goto(wild.address(f"/-/edit/{PATH}"))
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("textarea[name=text]")).to_have_value(kept)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/{PATH}")
    expect(page.locator("main")).to_contain_text("Words of nobody.")
    page.goto(wild.address(f"/-/edit/{PATH}"))
    expect(page.locator("textarea[name=text]")).to_have_value(f"{kept}\n")
    assert drafts(page) == []
    assert wild.repository.git("log", "-1", "--format=%an <%ae>") == "Anonymous <anonymous@localhost>"


def test_who_logs_in_meanwhile_finds_their_text_again(page: Page, wild: Served) -> None:
    page.goto(wild.address(f"/-/edit/{PATH}"))
    write(page, "Words of Ada.")
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("main .notice").get_by_role("link", name="Log in").click()
    page.locator("input[name=login]").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/-/edit/{PATH}")
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(f"**/{PATH}")
    expect(page.locator("main")).to_contain_text("Words of Ada.")
    assert wild.repository.git("log", "-1", "--format=%an") == "ada"


def test_everybody_can_use_the_form_of_visitors(page: Page, wild: Served, axe: Path) -> None:
    page.goto(wild.address(f"/-/edit/{PATH}"))
    found = {"in light": violations(page, axe)}
    page.emulate_media(color_scheme="dark")
    found["in dark"] = violations(page, axe)
    page.set_viewport_size(PHONE)
    found["on a phone"] = violations(page, axe)
    assert found == dict.fromkeys(found, "")
    assert cut_off(page, 320, 256) == ""


def test_visitors_save_without_scripts(browser: Browser, wild: Served) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(wild.address(f"/-/edit/{PATH}"))
    page.locator("textarea[name=text]").fill("# Links\n\nWithout scripts.\n")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main")).to_contain_text("Without scripts.")
    context.close()
