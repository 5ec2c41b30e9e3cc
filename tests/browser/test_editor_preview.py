"""The preview stands beside the text, keeps in step with it, and is no way into the page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.browser.editors import field, opened, press, put, text
from tests.browser.measuring import PHONE
from tests.browser.writing import AT, Desk

# How far below the upper edge of the preview a heading is.
BELOW = """([pane, words]) => {
  const heading = [...pane.querySelectorAll("h2")].find(each => each.textContent === words);
  return heading.getBoundingClientRect().top - pane.getBoundingClientRect().top;
}"""


def shown(page: Page) -> None:
    press(page, "Preview")
    expect(page.locator("[data-editor-preview] .content")).to_be_visible()


def below(page: Page, heading: str) -> float:
    page.wait_for_timeout(100)  # two frames and more
    pane = page.locator("[data-editor-preview]").element_handle()
    found: float = page.evaluate(BELOW, [pane, heading])
    return found


def test_it_follows_what_is_typed_and_leaves_the_focus(writer: Visitor) -> None:
    page = opened(writer)
    shown(page)
    expect(page.get_by_role("button", name="Preview")).to_have_attribute("aria-pressed", "true")
    put(page, "# Fresh¦")
    page.keyboard.type(" *words*")
    expect(page.locator("[data-editor-preview] h1 em")).to_have_text("words")
    expect(text(page)).to_be_focused()
    page.keyboard.type("!")
    expect(page.locator("[data-editor-preview] h1")).to_have_text("Fresh words!")


def test_it_stands_beside_and_on_a_phone_below(writer: Visitor) -> None:
    page = opened(writer, "long")
    shown(page)
    places = "() => ['.cm-editor', '[data-editor-preview]'].map(one => document.querySelector(one).getBoundingClientRect().toJSON())"
    editor, pane = page.evaluate(places)
    assert pane["left"] >= editor["right"]
    assert pane["top"] == editor["top"]
    page.set_viewport_size(PHONE)
    editor, pane = page.evaluate(places)
    assert pane["top"] >= editor["bottom"]
    assert pane["left"] == editor["left"]


def test_on_a_phone_it_comes_into_sight(writer: Visitor) -> None:
    page = opened(writer, "long", viewport=PHONE)
    shown(page)
    page.wait_for_function(
        "() => document.querySelector('[data-editor-preview]').getBoundingClientRect().bottom <= innerHeight + 1"
    )


def test_it_keeps_its_place_beside_the_cursor(writer: Visitor) -> None:
    page = opened(writer, "long")
    shown(page)
    expect(page.locator("[data-editor-preview] h2")).to_have_count(30)
    text(page).focus()
    page.keyboard.press("Control+End")
    pane = page.locator("[data-editor-preview]")
    height = pane.evaluate("pane => pane.clientHeight")
    assert 0 <= below(page, "Section 30") < height
    page.keyboard.type("More.")
    expect(pane).to_contain_text("More.")
    assert 0 <= below(page, "Section 30") < height  # where it was, though it was drawn again
    page.keyboard.press("Control+Home")
    assert 0 <= below(page, "Section 1") < height
    page.locator(".cm-scroller").evaluate("scroller => { scroller.scrollTop = scroller.scrollHeight / 2; }")
    assert any(0 <= below(page, f"Section {number}") < height for number in range(13, 19))


def test_what_stays_the_same_is_not_drawn_again(writer: Visitor) -> None:
    page = opened(writer, "long")
    shown(page)
    first = page.locator("[data-editor-preview] h2").first
    first.evaluate("heading => { heading.marked = true; }")
    text(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("More.")
    expect(page.locator("[data-editor-preview]")).to_contain_text("More.")
    assert first.evaluate("heading => heading.marked") is True


def test_hostile_text_runs_nothing_and_takes_nothing_over(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    shown(page)
    hostile = (
        "<img src=/favicon.ico onerror=\"document.title='gone'\" onload=\"document.title='gone'\">"
        "<script>document.title='gone'</script>"
        "<img src=/favicon.ico id=requestSubmit name=dataset><input id=csrf name=csrf value=theirs>"
        "<form action=/index><button>Save</button></form>\n\nSafe."
    )
    put(page, hostile)
    expect(page.locator("[data-editor-preview]")).to_contain_text("Safe.")
    assert page.title() != "gone"
    page.keyboard.press("Control+s")
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"].items() >= {"text": hostile, "csrf": "token"}.items()


def test_links_of_it_do_not_lead_away_from_what_is_typed(writer: Visitor) -> None:
    page = opened(writer)
    shown(page)
    put(page, "[[#Far]] and [[llama-organization]]\n\n" + "x\n\n" * 60 + "## Far\n")
    page.locator("[data-editor-preview] a", has_text="Far").click()
    expect(page.locator("[data-editor-preview] h2")).to_be_in_viewport()
    assert page.url.endswith(AT + "/edit/llama-3")
    expect(page.locator("[data-editor-preview] a", has_text="llama-organization")).to_have_attribute(
        "target", "_blank"
    )


def test_it_is_open_again_the_next_time(writer: Visitor) -> None:
    page = opened(writer)
    shown(page)
    page.reload()
    expect(page.locator("[data-editor-preview]")).to_contain_text("Llama 3")
    press(page, "Preview")
    expect(page.locator("[data-editor-preview]")).to_be_hidden()
    page.reload()
    expect(text(page)).to_be_visible()
    expect(page.locator("[data-editor-preview]")).to_be_hidden()


def test_who_is_signed_out_is_told_and_sees_no_other_page(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    desk.signed_out = True
    press(page, "Preview")
    expect(page.get_by_role("status").filter(has_text="logged out")).to_be_visible()
    assert page.locator("[data-editor-preview]").inner_html() == ""
    desk.signed_out = False
    page.keyboard.press("Tab")
    put(page, "Back again.")
    expect(page.locator("[data-editor-preview]")).to_contain_text("Back again.")
    expect(page.locator("[data-editor-status]")).to_be_empty()


@pytest.mark.parametrize("scripts", [True, False])
def test_without_the_editor_a_button_shows_it(writer: Visitor, scripts: bool) -> None:
    page = writer.visit(AT + "/edit/llama-3?plain", java_script_enabled=scripts)
    page.get_by_label("Text").fill("Plain *words*.")
    button = page.get_by_role("button", name="Preview")
    if not scripts:
        assert button.get_attribute("name") == "action"  # it sends the form
        return
    button.click()
    expect(page.locator("[data-editor-preview] em")).to_have_text("words")
    page.get_by_label("Text").press("End")
    page.keyboard.type(" More.")
    expect(page.locator("[data-editor-preview]")).to_contain_text("More.")
    assert field(page) == "Plain *words*. More."
    button.click()
    expect(page.locator("[data-editor-preview]")).to_be_hidden()
