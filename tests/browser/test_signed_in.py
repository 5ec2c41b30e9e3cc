"""Pages for people with an account, in a wiki of their own: account, administration, and two who edit at once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import repositories
from tests.browser.measuring import COLOURS, DESKTOP, PHONE, cut_off, violations
from tests.browser.serving import Served, serving
from tests.repositories import Repository

ROOT = Path(__file__).parents[2]
PASSWORD = "a long enough password"
PAGES = (
    "/-/account",
    "/-/admin",
    "/-/admin/invitations",
    "/-/admin/tokens",
    "/-/admin/settings",
    "/-/admin/status",
    "/-/admin/audit",
    "/-/mirror",
    "/-/protect/fair",
    "/-/edit/fair",
    "/llama-organization",
)


@pytest.fixture(scope="module")
def closed(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A wiki with two accounts, a webhook, and a mirror."""
    folder = tmp_path_factory.mktemp("closed")
    (folder / "secret").write_text("a secret for webhooks", encoding="ascii")
    told = {"QUIRE_WEBHOOKS": "http://127.0.0.1:9/", "QUIRE_WEBHOOK_SECRET_FILE": str(folder / "secret")}
    remote = repositories.make(folder / "remote.git")
    mirrored = {"QUIRE_REMOTE": str(remote.path), "QUIRE_REMOTE_LOCAL": "true", "QUIRE_REMOTE_DELAY": "0"}
    with serving(folder, **told, **mirrored) as wiki:
        for login, role in (("ada", "admin"), ("bob", "editor")):
            run(wiki, "add", login, "--role", role)
        yield wiki


def run(wiki: Served, *arguments: str) -> None:
    """Run ``quire user``, with the password that everybody has here."""
    folder = wiki.repository.path
    place = ["--password-stdin", "--repo", str(folder), "--data", str(folder.parent)]
    subprocess.run(
        [sys.executable, "-m", "wiki", "user", *arguments, *place],
        input=PASSWORD,
        text=True,
        check=True,
        cwd=ROOT,
    )


def signed_in(browser: Browser, wiki: Served, login: str) -> Page:
    page = browser.new_context(viewport=DESKTOP, locale="en").new_page()
    page.goto(wiki.address("/-/login"))
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("input[name=login]").fill(login)
    page.keyboard.press("Enter")
    expect(page.locator("header.site")).to_contain_text(login)
    return page


@pytest.fixture(scope="module")
def ada(browser: Browser, closed: Served) -> Iterator[Page]:
    page = signed_in(browser, closed, "ada")
    yield page
    page.context.close()


@pytest.mark.parametrize("address", PAGES)
def test_everybody_can_use_what_is_for_those_who_signed_in(
    ada: Page, closed: Served, axe: Path, address: str
) -> None:
    ada.set_viewport_size(DESKTOP)
    answer = ada.goto(closed.address(address))
    assert answer is not None
    assert answer.status == 200
    check_usable(ada, axe)


def check_usable(page: Page, axe: Path) -> None:
    found = {"in light": violations(page, axe)}
    page.emulate_media(color_scheme="dark")
    found["in dark"] = violations(page, axe, only=COLOURS)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    found["on a phone"] = violations(page, axe)
    assert found == dict.fromkeys(found, "")
    assert cut_off(page, 320, 256) == ""


def append_to_the_last_line(page: Page, words: str) -> None:
    text = page.input_value("textarea[name=text]")
    last = text.splitlines()[-1]
    page.evaluate(
        "([text]) => { document.querySelector('textarea[name=text]').value = text; }",
        [text.replace(last, f"{last} {words}")],
    )


def submit(page: Page) -> None:
    page.evaluate("document.querySelector('form[data-editor]').submit()")


def take_both(bob: Page, closed: Served, page: str) -> None:
    """See both texts where they touch each other, and save the page with both."""
    main = bob.inner_text("main")
    assert "Adas words" in main
    assert "Bobs words" in main
    bob.get_by_label("Both: theirs first, then yours").check()
    bob.get_by_role("button", name="Save with these choices").click()
    bob.wait_for_url(closed.address(f"/{page}") + "*")
    saved = closed.repository.git("show", f"main:{page}.md")
    assert "Adas words" in saved
    assert "Bobs words" in saved
    bob.context.close()


def test_two_people_one_line_both_texts_survive(
    browser: Browser, ada: Page, closed: Served, axe: Path
) -> None:
    bob = signed_in(browser, closed, "bob")
    ada.set_viewport_size(DESKTOP)
    for page in (ada, bob):
        page.goto(closed.address("/-/edit/samples/links"))
    for page, word in ((ada, "Adas words"), (bob, "Bobs words")):
        append_to_the_last_line(page, word)
    submit(ada)
    ada.wait_for_url(closed.address("/samples/links") + "*")
    submit(bob)
    expect(bob.locator("h1")).to_contain_text("touch each other")
    assert violations(bob, axe) == ""
    take_both(bob, closed, "samples/links")


def test_two_people_one_line_both_texts_survive_the_end_of_a_session(
    browser: Browser, ada: Page, closed: Served
) -> None:
    bob = signed_in(browser, closed, "bob")
    for page in (ada, bob):
        page.goto(closed.address("/-/edit/fair"))
    for page, word in ((ada, "Adas words"), (bob, "Bobs words")):
        append_to_the_last_line(page, word)
    run(closed, "password", "bob")  # ends all sessions
    submit(ada)
    ada.wait_for_url(closed.address("/fair") + "*")
    submit(bob)
    notice = bob.get_by_role("alert").filter(has_text="Nothing is saved yet")
    expect(notice).to_contain_text("Nothing of it is lost")
    assert "Bobs words" in bob.input_value("textarea[name=text]")
    with bob.expect_popup() as opened:
        notice.get_by_role("link").click()
    door = opened.value
    door.get_by_label("Password").fill(PASSWORD)
    door.locator("input[name=login]").fill("bob")
    door.keyboard.press("Enter")
    expect(door.locator("header.site")).to_contain_text("bob")
    submit(bob)  # the form is of the session before
    expect(bob.get_by_role("alert").filter(has_text="Press save again")).to_be_visible()
    submit(bob)
    expect(bob.locator("h1")).to_contain_text("touch each other")
    take_both(bob, closed, "fair")


def test_two_repositories_one_line_both_texts_survive(ada: Page, closed: Served, axe: Path) -> None:
    """What was changed here and in the mirror is decided by somebody, and then it is the same in both."""
    here = closed.repository
    remote = Repository(here.path.parent / "remote.git")
    ada.set_viewport_size(DESKTOP)
    ada.goto(closed.address("/-/edit/samples/code"))
    append_to_the_last_line(ada, "Adas words")
    base = remote.git("rev-parse", "main")
    clone = here.path.parent / "clone"
    remote.git("clone", "-q", str(remote.path), str(clone))
    page = clone / "samples" / "code.md"
    page.write_text(page.read_text().rstrip("\n") + " Their words\n")
    away = remote.path.rename(remote.path.with_name("away.git"))  # so that it is not sent at once
    submit(ada)
    ada.wait_for_url(closed.address("/samples/code") + "*")
    theirs = Repository(clone)
    theirs.git("commit", "-qam", "Say it otherwise")
    assert theirs.git("rev-parse", "HEAD^") == base
    theirs.git("push", "-q", str(away), "main")
    away.rename(remote.path)
    for _ in range(120):
        ada.goto(closed.address("/-/mirror"))
        if ada.get_by_role("link", name="samples/code.md").count():
            break
        ada.get_by_role("button", name="Look now what is new there").click()
        ada.wait_for_timeout(500)
    check_usable(ada, axe)
    ada.set_viewport_size(DESKTOP)
    ada.get_by_role("link", name="samples/code.md").click()
    check_usable(ada, axe)
    ada.get_by_label("Both: what is there first, then what is here").check()
    ada.get_by_role("button", name="Keep these choices").click()
    expect(ada.get_by_role("status").first).to_contain_text("That is kept")
    for _ in range(120):
        if here.git("rev-parse", "main") == remote.git("rev-parse", "main"):
            break
        ada.wait_for_timeout(250)
    for repository in (here, remote):
        text = repository.git("show", "main:samples/code.md")
        assert "Adas words" in text
        assert "Their words" in text


def test_a_whole_edit_by_keyboard_alone(browser: Browser, closed: Served) -> None:
    page = signed_in(browser, closed, "bob")
    page.goto(closed.address("/-/new"))
    expect(page.locator("input[name=title]")).to_be_focused()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("By keyboard")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.cm-content, textarea[name=text]')"):
            break
    page.keyboard.press("Control+End")
    page.keyboard.type("Typed, not clicked.")
    page.keyboard.press("Control+s")
    page.wait_for_url("**/by-keyboard*")
    assert "Typed, not clicked." in page.inner_text("main")
    page.context.close()


def test_a_whole_edit_without_scripts(browser: Browser, closed: Served) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE, locale="en")
    page = context.new_page()
    page.goto(closed.address("/-/login?next=/-/edit/fair"))
    page.locator("input[name=login]").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.locator("textarea[name=text]").fill("# FAIR\n\nWithout scripts.\n")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("section.preview")).to_contain_text("Without scripts.")
    page.get_by_role("button", name="Show changes").click()
    expect(page.locator("main")).to_contain_text("Your changes")
    page.locator("button[value=save]").click()
    expect(page.locator("main .content")).to_contain_text("Without scripts.")
    context.close()
