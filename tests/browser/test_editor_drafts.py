"""Nothing that was typed is lost: drafts are kept and offered, never put in place by themselves, and leaving is asked about."""

import json

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Visitor
from tests.browser.editors import field, opened, put, text
from tests.browser.writing import AT, PAGES, Desk

PLAIN = pytest.mark.parametrize("query", ["", "?plain"], ids=["editor", "plain"])


def begun(writer: Visitor, query: str = "", page_id: str = "llama-3") -> Page:
    page = writer.visit(f"{AT}/edit/{page_id}{query}")
    expect(page.get_by_role("textbox", name="Text")).to_be_visible()
    return page


def write(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="Text").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def kept(page: Page) -> None:
    """Wait until what was typed is kept as a draft."""
    expect(page.locator(".editor-kept")).to_contain_text("Draft kept")


def drafts(page: Page, key: str = "llama-3") -> list[str]:
    """Return what the browser keeps; the draft of somebody with an account has their owner before its key."""
    found: str | None = page.evaluate("key => localStorage.getItem(`quire:draft:${key}`)", key)
    return [draft["text"] for draft in json.loads(found or "[]")]


def leave(page: Page, *, stay: bool = False) -> list[str]:
    """Try to go elsewhere; return what the browser asked."""
    asked = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss() if stay else dialog.accept()

    page.once("dialog", answer)
    page.evaluate("() => { setTimeout(() => location.assign('/index')); }")
    if stay:
        page.wait_for_timeout(300)
    else:
        page.wait_for_url("**/index")
    return asked


@PLAIN
def test_a_draft_is_offered_and_restored(writer: Visitor, query: str) -> None:
    page = begun(writer, query)
    write(page, "Not saved.")
    kept(page)
    assert leave(page) == ["beforeunload"]
    page = begun(writer, query)
    assert field(page) == PAGES["llama-3.md"]  # never put in place by itself
    offer = page.get_by_role("region", name="Draft")
    expect(offer).to_contain_text("that was not saved")
    offer.get_by_role("button", name="Restore the draft").click()
    expect(offer).to_be_hidden()
    assert field(page) == PAGES["llama-3.md"] + "Not saved."
    expect(page.get_by_role("textbox", name="Text")).to_be_focused()
    if not query:
        expect(text(page)).to_contain_text("Not saved.")
        page.keyboard.press("Control+z")
        assert field(page) == PAGES["llama-3.md"]


@PLAIN
def test_a_draft_is_discarded_only_when_one_says_so(writer: Visitor, query: str) -> None:
    page = begun(writer, query)
    write(page, "Not saved.")
    kept(page)
    leave(page)
    page = begun(writer, query)
    expect(page.get_by_role("button", name="Discard the draft")).to_be_visible()
    write(page, "Something else.")  # without an answer
    kept(page)
    assert sorted(drafts(page)) == sorted(
        PAGES["llama-3.md"] + words for words in ("Not saved.", "Something else.")
    )
    page.get_by_role("button", name="Discard the draft").click()
    assert drafts(page) == [PAGES["llama-3.md"] + "Something else."]
    assert field(page) == PAGES["llama-3.md"] + "Something else."


def test_two_windows_keep_a_draft_each(writer: Visitor) -> None:
    one, other = begun(writer), begun(writer)
    for page, words in ((one, "One."), (other, "Other.")):
        write(page, words)
        kept(page)
    assert sorted(drafts(one)) == sorted(PAGES["llama-3.md"] + words for words in ("One.", "Other."))


def test_a_restored_draft_goes_on_from_where_it_began(writer: Visitor, desk: Desk) -> None:
    page = begun(writer)
    page.locator("[name=base]").evaluate("base => { base.value = 'older'; }")
    write(page, "Not saved.")
    kept(page)
    leave(page)
    page = begun(writer)
    expect(page.get_by_role("region", name="Draft")).to_contain_text("The page has changed since.")
    page.get_by_role("button", name="Restore the draft").click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"]["base"] == "older"  # so that what changed since is merged


@PLAIN
def test_saving_clears_the_draft(writer: Visitor, desk: Desk, query: str) -> None:
    page = begun(writer, query)
    write(page, "Saved.")
    kept(page)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(desk.address("/llama-3"))
    assert drafts(page) == []
    assert "quire_saved" not in page.evaluate("document.cookie")
    page = begun(writer, query)
    expect(page.get_by_role("region", name="Draft")).to_have_count(0)
    assert field(page).endswith("Saved.")


@PLAIN
def test_a_save_that_fails_keeps_text_and_draft(writer: Visitor, desk: Desk, query: str) -> None:
    desk.refuses = True
    page = begun(writer, query)
    write(page, "Refused.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    expect(page.locator("form[data-unsaved]")).to_be_visible()
    assert field(page).endswith("Refused.")
    kept(page)
    assert [draft[-8:] for draft in drafts(page)] == ["Refused."]
    assert leave(page, stay=True) == ["beforeunload"]  # though nothing was typed since
    expect(page.get_by_role("region", name="Draft")).to_have_count(0)  # it is there already


@PLAIN
def test_what_was_kept_under_two_keys_goes_when_both_are_saved(
    writer: Visitor, desk: Desk, query: str
) -> None:
    desk.refuses, desk.also = True, "llama-3"
    page = begun(writer, query)
    write(page, "In conflict.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state()
    kept(page)
    leave(page)
    assert len(drafts(page)) == 1
    desk.refuses = False
    page.goto(desk.address(f"{AT}/edit/sample{query}"))  # in the same window
    expect(page.locator(".editor-kept")).to_have_count(1)
    write(page, "Resolved.")
    kept(page)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(desk.address("/sample"))
    assert drafts(page, "sample") == []
    assert drafts(page) == []


def test_who_is_signed_in_keeps_drafts_with_the_wiki(writer: Visitor, desk: Desk) -> None:
    desk.signed_in = True
    page = begun(writer)
    write(page, "For later.")
    kept(page)
    assert desk.drafts["llama-3"]["text"] == PAGES["llama-3.md"] + "For later."
    assert drafts(page) == []
    leave(page)
    page = begun(writer)
    page.get_by_role("button", name="Restore the draft").click()
    assert field(page) == PAGES["llama-3.md"] + "For later."
    with page.expect_response(f"**{AT}/drafts"):
        page.keyboard.press("Control+z")  # back to what is saved: there is nothing to keep
    assert desk.drafts == {}


def test_a_draft_outlives_the_end_of_the_session(writer: Visitor, desk: Desk) -> None:
    desk.signed_in = True
    page = begun(writer)
    desk.signed_out = True
    write(page, "After that.")
    kept(page)
    assert drafts(page) == [PAGES["llama-3.md"] + "After that."]
    writer.forgive("401")


@PLAIN
def test_of_several_people_at_one_browser_each_is_offered_their_own(
    writer: Visitor, desk: Desk, query: str
) -> None:
    desk.owner = "ada-and-more"
    page = begun(writer, query)
    write(page, "Hers.")
    kept(page)
    leave(page)
    for owner in ("", "bob-and-more"):
        desk.owner = owner
        page = begun(writer, query)
        expect(page.locator(".editor-kept")).to_have_count(1)  # it has been looked for drafts
        expect(page.get_by_role("region", name="Draft")).to_have_count(0)
    write(page, "His.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(desk.address("/llama-3"))
    assert drafts(page, "bob-and-more:llama-3") == []  # saved
    assert drafts(page, "ada-and-more:llama-3") == [PAGES["llama-3.md"] + "Hers."]
    desk.owner = "ada-and-more"
    page = begun(writer, query)
    page.get_by_role("button", name="Restore the draft").click()
    assert field(page).endswith("Hers.")


def test_nothing_is_asked_of_who_changed_nothing(writer: Visitor) -> None:
    page = begun(writer)
    write(page, "x")
    page.keyboard.press("Backspace")
    assert leave(page) == []


@PLAIN
def test_leaving_is_asked_about_and_staying_keeps_the_text(writer: Visitor, query: str) -> None:
    page = begun(writer, query)
    write(page, "Not saved.")
    assert leave(page, stay=True) == ["beforeunload"]
    assert field(page).endswith("Not saved.")


@PLAIN
def test_what_the_browser_puts_back_is_shown(writer: Visitor, query: str) -> None:
    page = begun(writer, query)
    write(page, "Typed.")
    leave(page)
    page.go_back()
    expect(page.get_by_role("textbox", name="Text")).to_be_visible()
    page.wait_for_timeout(300)
    seen = page.get_by_role("textbox", name="Text")
    shown = seen.input_value() if query else seen.inner_text()
    assert ("Typed." in shown) == ("Typed." in field(page))


def test_a_changed_summary_counts(writer: Visitor) -> None:
    page = begun(writer)
    page.get_by_label("Summary").fill("Say more")
    assert leave(page) == ["beforeunload"]


def test_a_browser_without_storage_edits_all_the_same(writer: Visitor, desk: Desk) -> None:
    page = writer.visit(AT + "/edit/llama-3")
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('denied', 'SecurityError'); } });"
    )
    page.reload()
    put(page, "Typed.¦")
    expect(page.locator(".editor-kept")).to_have_text("The browser keeps no draft.")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"]["text"] == "Typed."


def test_what_others_kept_in_its_place_is_not_in_the_way(writer: Visitor) -> None:
    page = opened(writer)
    page.evaluate("localStorage.setItem('quire:draft:llama-3', 'no JSON')")
    page.reload()
    put(page, "Typed.¦")
    kept(page)
    assert drafts(page) == ["Typed."]


@PLAIN
@pytest.mark.parametrize("signed_in", [False, True], ids=["browser", "wiki"])
def test_a_draft_holds_what_was_typed_beside_the_text(
    writer: Visitor, desk: Desk, query: str, signed_in: bool
) -> None:
    desk.signed_in = signed_in
    page = begun(writer, query)
    page.get_by_label("Title").fill("New")
    kept(page)
    assert leave(page) == ["beforeunload"]
    page = begun(writer, query)
    assert page.get_by_label("Title").input_value() == "Old"
    page.get_by_role("button", name="Restore the draft").click()
    assert page.get_by_label("Title").input_value() == "New"
    assert field(page) == PAGES["llama-3.md"]
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"].items() >= {"title": "New", "title-was": "Old"}.items()


def test_a_draft_of_an_older_version_is_restored(writer: Visitor) -> None:
    page = begun(writer)
    old = '[{"id": "x", "text": "Old words.", "summary": "Why", "base": "b1", "time": 1}]'
    page.evaluate("old => localStorage.setItem('quire:draft:llama-3', old)", old)
    page = begun(writer)
    page.get_by_role("button", name="Restore the draft").click()
    assert field(page) == "Old words."
    assert page.get_by_label("Title").input_value() == "Old"
    assert page.get_by_label("Summary").input_value() == "Why"


def test_a_draft_of_a_section_that_is_gone_is_shown(writer: Visitor) -> None:
    page = begun(writer)
    old = '[{"id": "x", "text": "Of the section.", "summary": "", "base": "b1", "time": 1}]'
    page.evaluate("old => localStorage.setItem('quire:draft:llama-3#old', old)", old)
    page = begun(writer, "?lost=llama-3%23old")
    shown = page.get_by_role("region", name="Draft")
    expect(shown).to_contain_text("of a section that the page does not have any more")
    assert shown.get_by_role("textbox").input_value() == "Of the section."
    assert field(page) == PAGES["llama-3.md"]
    shown.get_by_role("button", name="Discard the draft").click()
    expect(shown).to_have_count(0)
    assert drafts(page, "llama-3#old") == []
