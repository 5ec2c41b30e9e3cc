"""Files are dropped, pasted and picked: they go to the wiki, and a link to each into the text."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor
from tests.browser.editors import field, opened, put, text
from tests.browser.writing import AT, Desk

# Gives files to the text as the browser would; from and to are where the pointer is.
GIVE = """(place, [kind, files, words, at]) => {
  const data = new DataTransfer();
  for (const [name, type, content] of files) data.items.add(new File([content], name, { type }));
  if (words) data.setData("text/plain", words);
  const common = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...common, clipboardData: data })
    : new DragEvent(kind, { ...common, dataTransfer: data, clientX: at?.x, clientY: at?.y });
  return place.dispatchEvent(event);
}"""
LEAF = ("leaf.png", "image/png", "picture")


def give(page: Page, kind: str, files: list[tuple[str, str, str]], words: str = "", at: Any = None) -> bool:
    """Paste or drop files; return whether the browser would go on with them itself."""
    unhandled: bool = text(page).evaluate(GIVE, [kind, files, words, at])
    return unhandled


def say(page: Page, words: str) -> None:
    expect(page.locator("[data-editor-status]")).to_have_text(words)


def test_a_pasted_picture_is_uploaded_and_embedded(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    put(page, "Before ¦ after")
    assert not give(page, "paste", [LEAF])
    say(page, "leaf.png is uploaded.")
    assert field(page) == "Before ![[leaf.png]] after"
    expect(text(page)).to_be_focused()
    page.keyboard.type("!")
    assert field(page) == "Before ![[leaf.png]]! after"
    assert desk.uploads == [
        {"name": "leaf.png", "content": "picture", "page": "llama-3", "csrf": "token"},
    ]


def test_a_screenshot_gets_a_name_of_its_own(writer: Visitor, desk: Desk) -> None:
    page = opened(writer, "People/Chris Cox")
    put(page, "¦")
    give(page, "paste", [("image.png", "image/png", "picture")])
    expect(page.locator("[data-editor-status]")).to_contain_text("is uploaded")
    (upload,) = desk.uploads
    assert upload["name"].startswith("Chris Cox-2")
    assert field(page) == f"![[{upload['name']}]]"


def test_words_that_come_with_a_picture_of_them_are_words(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    put(page, "¦")
    give(page, "paste", [LEAF], words="A1\tB1")
    assert field(page) == "A1\tB1"
    assert desk.uploads == []


def test_files_are_dropped_where_the_pointer_is(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    put(page, "one\n\ntwo\n\nthree")
    line = page.locator(".cm-line").nth(2)
    box = line.bounding_box()
    assert box is not None
    at = {"x": box["x"] + 300, "y": box["y"] + 5}  # behind the words
    assert not give(page, "dragover", [LEAF], at=at)
    assert not give(page, "drop", [LEAF, ("prices.pdf", "application/pdf", "paper")], at=at)
    say(page, "prices.pdf is uploaded.")
    assert field(page) == "one\n\ntwo![[leaf.png]]\n[[prices.pdf]]\n\nthree"
    assert [upload["name"] for upload in desk.uploads] == ["leaf.png", "prices.pdf"]


def test_a_file_beside_the_text_does_not_open_in_place_of_the_page(writer: Visitor) -> None:
    page = opened(writer)
    handled = page.locator("h1").evaluate(GIVE, ["drop", [LEAF], "", None])
    assert handled is False


def test_files_are_picked(writer: Visitor, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Notes.")
    page = opened(writer)
    put(page, "See ¦")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Image or file").click()
    chooser.value.set_files(tmp_path / "notes.txt")
    say(page, "notes.txt is uploaded.")
    assert field(page) == "See [[notes.txt]]"


def test_a_link_goes_where_the_file_was_put_though_one_types_on(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    put(page, "Here: ¦")
    held: list[Route] = []
    page.route(f"**{AT}/media", lambda route: held.append(route))
    give(page, "paste", [LEAF])
    expect(page.locator(".editor-waiting")).to_have_text("Uploading leaf.png")
    assert field(page) == "Here: "  # what waits is not part of the text
    page.keyboard.press("Control+Home")
    page.keyboard.type("Look. ")
    held[0].continue_()
    say(page, "leaf.png is uploaded.")
    assert field(page) == "Look. Here: ![[leaf.png]]"
    expect(page.locator(".editor-waiting")).to_have_count(0)
    page.keyboard.type("Well. ")
    assert field(page) == "Look. Well. Here: ![[leaf.png]]"


def test_saving_waits_for_a_file_that_is_on_its_way(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    put(page, "Here: ¦")
    held: list[Route] = []
    page.route(f"**{AT}/media", lambda route: held.append(route))
    give(page, "paste", [LEAF])
    expect(page.locator(".editor-waiting")).to_be_visible()
    page.keyboard.press("Control+s")
    say(page, "It is saved as soon as the file is there.")
    held[0].continue_()
    page.wait_for_url(desk.address("/llama-3"))
    assert desk.saved["llama-3"]["text"] == "Here: ![[leaf.png]]"


@pytest.mark.parametrize(
    ("button", "names", "link"),
    [
        ("Upload under this name", ["leaf.png", "leaf-2.png"], "![[leaf-2.png]]"),
        ("Replace the file", ["leaf.png", "leaf.png"], "![[leaf.png]]"),
        ("Cancel", ["leaf.png"], ""),
    ],
)
def test_a_name_that_is_taken_is_asked_about(
    writer: Visitor, desk: Desk, button: str, names: list[str], link: str
) -> None:
    page = opened(writer)
    desk.uploads.append({"name": "leaf.png"})
    put(page, "¦")
    give(page, "paste", [LEAF])
    dialog = page.get_by_role("dialog", name="There is a file leaf.png already")
    expect(dialog.get_by_label("Another name")).to_have_value("leaf-2.png")
    expect(dialog.get_by_label("Another name")).to_be_focused()
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0)
    expect(page.locator("[data-editor-status]")).to_contain_text("uploaded.")
    assert [upload["name"] for upload in desk.uploads] == names
    assert field(page) == link
    if button == "Replace the file":
        assert desk.uploads[-1].items() >= {"replace": "1", "base": "blob1"}.items()
    writer.forgive("409")


def test_a_file_that_is_refused_says_why(writer: Visitor, desk: Desk) -> None:
    page = opened(writer)
    put(page, "Text.¦")
    give(page, "paste", [("run.exe", "application/octet-stream", "MZ")])
    say(page, "run.exe could not be uploaded: Programs are not taken.")
    assert field(page) == "Text."
    writer.forgive("415")


def test_a_wiki_that_does_not_answer_is_told_of(writer: Visitor) -> None:
    page = opened(writer)
    page.route(f"**{AT}/media", lambda route: route.abort())
    put(page, "Text.¦")
    give(page, "paste", [LEAF])
    say(page, "leaf.png could not be uploaded: The wiki does not answer.")
    writer.forgive("cannot have")
