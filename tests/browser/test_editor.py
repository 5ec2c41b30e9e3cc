"""The editor: what is typed is what is sent, by keyboard alone as well, and the plain form is there when it fails."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visitor
from tests.browser.editors import field, opened, press, put, selected, text
from tests.browser.measuring import PHONE, cut_off, lost, moving, violations
from tests.browser.writing import AT, BUNDLE, PAGES, Desk

TOOLS = [
    ("Bold", "some ¦words¦ here", "some **words** here"),
    ("Bold", "some **¦words¦** here", "some words here"),
    ("Italic", "some wo¦rds", "some *words*"),
    ("Italic", "¦ words ¦", " *words* "),
    ("Code", "a ¦name¦ of", "a `name` of"),
    ("Code", "¦one\ntwo¦", "```\none\ntwo\n```"),
    ("Link", "see ¦this¦ page", "see [this]() page"),
    ("Link", "see ¦https://example.org/¦", "see [](https://example.org/)"),
    ("Link to a page", "see ¦Chris Cox¦", "see [[Chris Cox]]"),
    ("Heading", "Words¦", "## Words"),
    ("Heading", "## Words¦", "### Words"),
    ("Heading", "#### Words¦", "Words"),
    ("List", "¦one\n\ntwo¦", "- one\n\n- two"),
    ("List", "¦- one\n- two¦", "one\ntwo"),
    ("Numbered list", "¦- one\n- two¦", "1. one\n2. two"),
    ("Task list", "  - one¦", "  - [ ] one"),
    ("Quote", "¦one\ntwo¦", "> one\n> two"),
    ("Quote", "¦> one\n> two¦", "one\ntwo"),
]
"""What each tool makes of a text."""


def test_what_is_typed_is_in_the_field_and_is_saved(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    assert field(page) == PAGES["llama-3.md"]
    text(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("More.")
    assert field(page) == PAGES["llama-3.md"] + "More."
    page.get_by_label("Summary").fill("Say more")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"]["text"] == PAGES["llama-3.md"] + "More."
    assert desk.saved["llama-3"].items() >= {"summary": "Say more", "base": "b1", "csrf": "token"}.items()


def test_whatever_a_page_holds_comes_back_unchanged(writer: Visitor, desk: Desk) -> None:
    odd = "\n\n---\ntext\ttabs  \n\n\n```\nunclosed [[ ** <b>\n\u2028 \u00a0 ŀ 🦙 \u0627\u0644 \n\n"
    page = opened(writer)
    put(page, odd)
    page.keyboard.press("Control+s")
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"]["text"] == odd


@pytest.mark.parametrize("keys", ["Control+s", "Control+Enter"])
def test_a_page_is_edited_by_keyboard_alone(writer: Visitor, desk: Desk, keys: str) -> None:
    page = opened(writer)
    page.get_by_role("toolbar").get_by_role("button").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Italic")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")  # around
    expect(page.get_by_role("button", name="Bold")).to_be_focused()
    page.keyboard.press("Tab")
    expect(text(page)).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+b")
    page.keyboard.type("llamas")
    page.keyboard.press("Tab")
    expect(page.locator("input[name=title]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Summary")).to_be_focused()
    page.keyboard.type("Name them")
    page.keyboard.press(keys)
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"]["text"].endswith("**llamas**")
    assert desk.saved["llama-3"]["summary"] == "Name them"


def test_escape_then_tab_leaves_a_list(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "- one\n- two¦")
    page.keyboard.press("Tab")
    assert field(page) == "- one\n  - two"
    page.keyboard.press("Shift+Tab")
    assert field(page) == "- one\n- two"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(text(page)).not_to_be_focused()
    assert field(page) == "- one\n- two"
    described = text(page).get_attribute("aria-describedby")
    expect(page.locator(f"[id='{described}']")).to_contain_text("Escape, then Tab")


def test_a_tool_changes_what_is_selected(writer: Visitor) -> None:
    page = opened(writer)
    found = []
    for tool, before, _ in TOOLS:
        put(page, before)
        press(page, tool)
        found.append((tool, before, field(page)))
        expect(text(page)).to_be_focused()
    assert found == TOOLS


def test_a_tool_shows_whether_it_holds(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "**wo¦rds**")
    expect(page.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Control+End")
    page.keyboard.type(" and")
    expect(page.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "false")


def test_a_note_has_its_words_at_the_end(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "Llamas hum¦ much.\n\n[^1]: Quietly.\n")
    press(page, "Note")
    page.keyboard.type("Softly.")
    assert field(page) == "Llamas hum[^2] much.\n\n[^1]: Quietly.\n[^2]: Softly.\n"


def test_lists_go_on_and_end(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "- [ ] one¦")
    for keys in ("Enter", "t", "w", "o", "Enter", "Enter", "e"):
        page.keyboard.press(keys)
    assert field(page) == "- [ ] one\n- [ ] two\ne"


def test_undo_takes_back_what_a_tool_did(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "¦words¦")
    press(page, "Bold")
    press(page, "Undo")
    assert field(page) == "words"
    press(page, "Redo")
    assert field(page) == "**words**"


def test_a_table_is_put_in_filled_and_aligned(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "Prices:¦")
    press(page, "Table")
    assert selected(page) == "Column 1"
    for word in ("Kind", "Micrometres", "羊驼", "20"):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    page.keyboard.type("Suri")  # in a row that the last Tab added
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert selected(page) == "Suri"
    press(page, "Align the table")
    assert field(page) == (
        "Prices:\n\n| Kind | Micrometres |\n| ---- | ----------- |\n| 羊驼 | 20          |\n| Suri |             |\n"
    )
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(text(page)).not_to_be_focused()


def test_alignment_and_escaped_bars_are_kept(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "| a | b¦ | c |\n|:-|-:|:-:|\n| [[Llama\\|llamas]] | 1 | x |")
    page.keyboard.press("Control+Shift+A")
    assert field(page).split("\n") == [
        "| a                 |   b |  c  |",
        "| :---------------- | --: | :-: |",
        "| [[Llama\\|llamas]] |   1 |  x  |",
    ]


def test_a_pasted_address_makes_the_selected_words_a_link(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "see ¦this¦")
    text(page).evaluate(
        """(place, address) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", address);
          place.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        "https://example.org/",
    )
    assert field(page) == "see [this](https://example.org/)"


def test_words_of_the_dialect_are_told_apart(writer: Visitor) -> None:
    page = opened(writer, "sample")
    found = {
        kind: page.locator(f".md-{kind}:not(.md-sign)").first.inner_text()
        for kind in ("key", "link", "marked", "note", "topic", "code", "comment")
    }
    assert found == {
        "key": "title",
        "link": "llama-organization|the entry",
        "marked": "marked",
        "note": "[^1]",
        "topic": "#topic/part",
        "code": "code",
        "comment": "%%hidden%%",
    }
    expect(page.locator(".md-line-front")).to_have_count(4)
    expect(page.locator(".md-line-table")).to_have_count(4)


def test_its_styles_pass_the_policy(writer: Visitor) -> None:
    page = opened(writer)
    assert page.locator(".cm-scroller").evaluate("scroller => getComputedStyle(scroller).display") == "flex"
    assert page.locator("style").count() == 0
    answer = page.request.get(page.url)
    assert "style-src 'self'; script-src 'self';" in answer.headers["content-security-policy"]


def test_properties_are_told_apart_while_one_types_them(writer: Visitor) -> None:
    page = opened(writer)
    put(page, "¦")
    page.keyboard.type("---\ntitle: Leaf\n")
    expect(page.locator(".md-key")).to_have_text(["title"])
    page.keyboard.type("---\nname: no key\n")
    expect(page.locator(".md-key")).to_have_text(["title"])
    expect(page.locator(".md-line-front")).to_have_count(3)


def test_everybody_can_use_it(writer: Visitor, axe: Path) -> None:
    page = opened(writer, "sample")
    press(page, "Preview")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("A callout")
    found = {"in light": violations(page, axe)}
    page.emulate_media(color_scheme="dark")
    found["in dark"] = violations(page, axe)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    found["on a phone"] = violations(page, axe)
    assert found == dict.fromkeys(found, "")
    assert lost(page) == {}


def test_everybody_can_use_it_from_right_to_left(writer: Visitor, axe: Path) -> None:
    page = opened(writer, "right-to-left", locale="ar", reduced_motion="reduce")
    assert page.evaluate("document.dir") == "rtl"
    assert violations(page, axe) == ""
    assert moving(page) == []
    assert cut_off(page, 320, 256) == ""
    line = page.locator(".cm-line").last
    assert line.evaluate("line => getComputedStyle(line).unicodeBidi") == "plaintext"
    page.get_by_role("toolbar").get_by_role("button").nth(0).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("toolbar").get_by_role("button").nth(1)).to_be_focused()


def test_focus_and_state_are_seen_in_forced_colours(writer: Visitor) -> None:
    page = opened(writer, "sample", forced_colors="active")
    tool = page.get_by_role("button", name="Heading")
    tool.focus()
    style = "tool => [getComputedStyle(tool).outlineStyle, getComputedStyle(tool.firstChild).backgroundColor]"
    outline, icon = tool.evaluate(style)
    assert outline == "auto" or outline == "solid"
    assert icon != "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("how", ["missing", "broken", "failing"])
def test_the_plain_field_is_there_when_the_editor_is_not(writer: Visitor, desk: Desk, how: str) -> None:
    def answer(route: Route) -> None:
        if how == "missing":
            route.abort()
        elif how == "broken":
            route.fulfill(content_type="text/javascript", body="this is no script")
        else:  # the browser lacks what the editor needs
            script = BUNDLE.read_text(encoding="utf-8")
            route.fulfill(
                content_type="text/javascript", body="window.MutationObserver = undefined;" + script
            )

    page = writer.visit("/healthz-of-nothing")
    writer.complaints.clear()
    page.route("**/js/editor.js*", answer)
    page.goto(desk.address(AT + "/edit/llama-3"))
    area = page.get_by_label("Text")
    expect(area).to_be_visible()
    area.fill("Plain.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"]["text"] == "Plain."
    writer.forgive("" if how == "missing" else "fails")


def test_an_editor_that_fails_gives_the_text_back(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    put(page, "Typed.¦")
    page.evaluate(
        """() => {
          const field = document.querySelector("textarea[name=text]");
          const { dispatchEvent } = field;
          field.dispatchEvent = () => { field.dispatchEvent = dispatchEvent; throw new Error("out of order"); };
        }"""
    )
    page.keyboard.type(" And more.")
    area = page.get_by_label("Text")
    expect(area).to_be_visible()
    expect(page.locator("[data-editor-status]")).to_have_text("The editor failed; here is the plain text.")
    expect(area).to_be_focused()
    assert area.input_value() == "Typed. And more."
    writer.forgive("out of order")


def test_the_form_works_without_scripts(writer: Visitor, desk: Desk) -> None:
    page = writer.visit(AT + "/edit/llama-3", java_script_enabled=False)
    page.get_by_label("Text").fill("Without scripts.")
    page.get_by_role("button", name="Save").click()
    assert desk.saved["llama-3"]["text"] == "Without scripts."


def test_every_text_of_the_editor_is_given(writer: Visitor) -> None:
    page = opened(writer)
    given = json.loads(page.locator("script[data-editor-words]").text_content() or "{}")
    root = BUNDLE.parents[2]
    used = {
        key
        for folder in (root / "editor" / "src", root / "static" / "js" / "editing")
        for file in folder.rglob("*.js")
        for keys in re.findall(r'\bword\("(\w+)"|\bname: "([a-z]+)"', file.read_text(encoding="utf-8"))
        for key in keys
        if key
    }
    assert used == given.keys()
