"""Fixtures: one browser and one served wiki for the session, and visits that complain about what a reader would."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tests.browser import chromium
from tests.browser.kinds import Kind
from tests.browser.measuring import DESKTOP
from tests.browser.serving import Served, serving
from tests.browser.writing import BUNDLE, Desk, writing
from tests.fetching import Source, fetched

AXE = Source(
    ("npm", "pack", "--silent", "axe-core@4.14.1"),
    "package/axe.min.js",
    "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
)


expect.set_options(timeout=30_000)  # milliseconds; slow machines are slow


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if chromium.find() is None:
        if os.environ.get("CI"):
            pytest.fail(chromium.MISSING)
        pytest.skip(chromium.MISSING)
    with sync_playwright() as playwright:
        opened = chromium.launch(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as wiki:
        yield wiki


class Site(Protocol):
    """Whatever can be visited."""

    @property
    def url(self) -> str:
        """Where it is."""
        ...

    def address(self, path: str) -> str:
        """Return the whole address of a path."""
        ...


@dataclass(slots=True)
class Visitor:
    """Looks at pages, and notes what goes wrong in the browser."""

    browser: Browser
    served: Site
    contexts: dict[str, BrowserContext]  # by their options, as opening one takes its time
    complaints: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def visit(self, what: Kind | str, **options: Any) -> Page:
        """Open a kind of page, or a path, as somebody who was never there.

        Args:
            what: A kind, whose status must be as it says, or a path of the wiki.
            options: Of the browser's context; otherwise a reader of English at a desk.
        """
        options = {"viewport": DESKTOP, "locale": "en"} | options
        context = self.contexts.get(repr(options))
        if context is None:
            context = self.contexts[repr(options)] = self.browser.new_context(**options)
        page = context.new_page()
        self.pages.append(page)
        self._listen(page)
        path = what.path if isinstance(what, Kind) else what
        answer = page.goto(self.served.address(path))
        assert answer is not None
        if isinstance(what, Kind):
            assert answer.status == what.status, f"{path} answers {answer.status}"
        return page

    def _listen(self, page: Page) -> None:
        def console(message: ConsoleMessage) -> None:
            # That an address answers 404 is said where it matters: by the status of a document, below of all else.
            if message.type in {"error", "warning"} and not message.text.startswith(
                "Failed to load resource"
            ):
                self.complaints.append(f"{page.url} says: {message.text}")

        def failed(request: Request) -> None:
            if request.failure == "net::ERR_ABORTED":
                return  # by leaving the page
            self.complaints.append(f"{page.url} cannot have {request.url}: {request.failure}")

        def answered(response: Response) -> None:
            if response.status >= 400 and not response.request.is_navigation_request():
                self.complaints.append(f"{page.url} asks for {response.url}, which answers {response.status}")

        def asked(request: Request) -> None:
            if not request.url.startswith((self.served.url, "data:")):
                self.complaints.append(f"{page.url} asks another site: {request.url}")

        page.on("console", console)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url} fails: {error}"))
        page.on("requestfailed", failed)
        page.on("response", answered)
        page.on("request", asked)

    def forgive(self, text: str) -> None:
        """Forget complaints that have *text*, of which there must be some."""
        kept = [complaint for complaint in self.complaints if text not in complaint]
        assert len(kept) < len(self.complaints), self.complaints
        self.complaints[:] = kept

    def close(self) -> None:
        """Leave, and forget what scripts kept in the browser."""
        for page in self.pages:
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
            page.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    made: dict[str, BrowserContext] = {}
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def visitor(browser: Browser, served: Served, contexts: dict[str, BrowserContext]) -> Iterator[Visitor]:
    """Somebody who looks at pages; at the end nothing may have gone wrong in the browser."""
    one = Visitor(browser, served, contexts)
    yield one
    one.close()
    assert one.complaints == []


@pytest.fixture(scope="session")
def desks(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    if not BUNDLE.is_file():
        if os.environ.get("CI"):
            pytest.fail("the editor is not built: make editor")
        pytest.skip("the editor is not built: make editor")
    with writing(tmp_path_factory.mktemp("writing")) as desk:
        yield desk


@pytest.fixture
def desk(desks: Desk) -> Desk:
    """The wiki with edit pages, as if nobody had been there."""
    desks.forget()
    return desks


@pytest.fixture
def writer(browser: Browser, desk: Desk) -> Iterator[Visitor]:
    """Somebody who edits pages; at the end nothing may have gone wrong in the browser."""
    one = Visitor(browser, desk, {})
    yield one
    for context in one.contexts.values():  # not kept for the next: a page that closes keeps a draft
        context.close()
    assert one.complaints == []


@pytest.fixture(scope="session")
def axe() -> Path:
    """The script of axe-core, which finds what keeps people from using a page."""
    return fetched("axe-core-4.14.1.js", AXE)
