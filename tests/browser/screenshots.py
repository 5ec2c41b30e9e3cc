"""Takes pictures of a wiki: those of the documents, or a sheet of all kinds of pages to look at.

Run it as ``python -m tests.browser.screenshots`` to write ``docs/images`` anew, or with ``--sheet FOLDER`` for the
sheet and each of its pictures. The pages are always the same (`content`), so a picture changes when its page looks
otherwise, or when it was taken with other fonts.
"""

import argparse
import base64
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser import chromium
from tests.browser.kinds import KINDS
from tests.browser.measuring import PHONE
from tests.browser.serving import Served, serving

IMAGES = Path(__file__).parents[2] / "docs" / "images"
IMAGE_BYTES = 100_000  # of one picture in the documents
ALL_BYTES = 600_000  # of all of them
QUALITY = 82  # of WebP, from 100
WINDOW = ViewportSize(width=1280, height=800)
PAPER = ViewportSize(width=794, height=1123)  # A4 at 96 dots an inch
TILE, COLUMNS = 420, 6  # of the sheet: the width of a picture in pixels, and how many stand in a row

# Images are fetched when they come into sight.
_LOADED = """() => Promise.all(Array.from(document.images)
  .filter(image => image.getBoundingClientRect().top < innerHeight).map(image => image.decode()))"""
_ADDRESSES = {kind.name: kind.path for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: of which kind of page, and how it is looked at."""

    name: str
    kind: str  # by its name in `KINDS`
    window: ViewportSize = field(default_factory=lambda: WINDOW)
    language: str = "en"
    dark: bool = False
    paper: bool = False
    at: str = ""  # what is scrolled to
    press: str = ""  # what is clicked first


DOCUMENTS = (
    Picture("home", "home"),
    Picture("entry", "entry"),
    Picture("entry-dark", "entry", dark=True),
    Picture("history", "history"),
    Picture("side-by-side", "side by side", at="section.change"),
    Picture("search", "search"),
    Picture("phone", "news", PHONE),
)
"""The pictures of README and docs."""

_TALL = ViewportSize(width=1280, height=1600)
_WIDE = ViewportSize(width=1920, height=1080)
SHEET = (
    Picture("home", "home", _TALL),
    Picture("entry", "entry", _TALL),
    Picture("news", "news", _TALL),
    Picture("search", "search", _TALL),
    Picture("history", "history", _TALL),
    Picture("side by side", "side by side", _TALL),
    Picture("one below the other", "diff", _TALL),
    Picture("blame", "blame", _TALL),
    Picture("recent", "recent changes", _TALL),
    Picture("tree", "tree", _TALL),
    Picture("folder", "folder with a page", _TALL),
    Picture("404", "missing", _TALL),
    Picture("deleted", "deleted", _TALL),
    Picture("old revision", "old revision", _TALL),
    Picture("callouts", "callouts", _TALL),
    Picture("tables", "tables", _TALL),
    Picture("Arabic page, Arabic interface", "arabic", _TALL, "ar"),
    Picture("Chinese page, Chinese interface", "chinese", _TALL, "zh"),
    Picture("entry, German interface", "entry", _TALL, "de"),
    Picture("entry, Arabic interface", "entry", _TALL, "ar"),
    Picture("dark", "entry", _TALL, dark=True),
    Picture("dark side by side", "side by side", _TALL, dark=True),
    Picture("dark callouts", "callouts", _TALL, dark=True),
    Picture("phone", "entry", PHONE),
    Picture("phone, menu", "entry", PHONE, press="details.menu > summary"),
    Picture("phone, side by side", "side by side", PHONE, at="section.change"),
    Picture("phone, Arabic", "arabic", PHONE, "ar"),
    Picture("wide", "entry", _WIDE),
    Picture("cite and share", "entry", press=".page-tools details.menu > summary"),
    Picture("print", "entry", PAPER, paper=True),
    Picture("print, end", "entry", PAPER, paper=True, at=".on-paper"),
)
"""The pictures of the sheet."""


def take(browser: Browser, served: Served, picture: Picture) -> bytes:
    """Take a picture, as WebP."""
    options: dict[str, Any] = {"viewport": picture.window, "locale": picture.language}
    context = browser.new_context(**options, color_scheme="dark" if picture.dark else "light")
    try:
        page = context.new_page()
        page.goto(served.address(_ADDRESSES[picture.kind]))
        if picture.paper:
            page.emulate_media(media="print")
        if picture.press:
            page.locator(picture.press).first.click()
        if picture.at:
            page.locator(picture.at).first.evaluate("place => place.scrollIntoView({behavior: 'instant'})")
        page.evaluate(_LOADED)
        return _captured(page)
    finally:
        context.close()


def _captured(page: Page) -> bytes:
    session = page.context.new_cdp_session(page)
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    return base64.b64decode(taken["data"])


def sheet(browser: Browser, pictures: Sequence[tuple[str, bytes]]) -> bytes:
    """Put pictures on one sheet, as PNG."""
    tiles = "".join(
        f"<figure><img src='data:image/webp;base64,{base64.b64encode(image).decode()}'>"
        f"<figcaption>{escape(name)}</figcaption></figure>"
        for name, image in pictures
    )
    style = (
        "body { margin: 16px; font: 15px sans-serif; background: #888; display: grid; gap: 16px; align-items: start;"
        f" grid-template-columns: repeat({COLUMNS}, {TILE}px) }} figure {{ margin: 0 }} img {{ width: {TILE}px; display: block }}"
    )
    page = browser.new_page(viewport={"width": COLUMNS * (TILE + 16) + 16, "height": 1000})
    try:
        page.set_content(f"<!doctype html><style>{style}</style>{tiles}")
        return page.screenshot(full_page=True)
    finally:
        page.close()


def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sheet", type=Path, metavar="FOLDER", help="write a sheet of all kinds of pages")
    wanted: Path | None = parser.parse_args().sheet
    folder = wanted or IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [picture for picture in (SHEET if wanted else DOCUMENTS) if picture.kind in _ADDRESSES]
    taken: list[tuple[str, bytes]] = []
    with (
        tempfile.TemporaryDirectory() as place,
        serving(Path(place)) as served,
        sync_playwright() as playwright,
    ):
        browser = chromium.launch(playwright)
        for picture in pictures:
            taken.append((picture.name, take(browser, served, picture)))
            (folder / f"{picture.name}.webp").write_bytes(taken[-1][1])
            print(f"{picture.name}.webp: {len(taken[-1][1]):,} bytes")
        if wanted:
            (folder / "sheet.png").write_bytes(sheet(browser, taken))
        browser.close()
    print(f"{len(taken)} pictures in {folder}: {sum(len(image) for _, image in taken):,} bytes")


if __name__ == "__main__":
    main()
