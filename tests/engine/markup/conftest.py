import itertools
from collections.abc import Callable, Mapping

import pytest

from engine.ids import PageId, page_stem
from engine.markup import Markup, Rendered, pipeline
from engine.model import Facts, Form, Name, Target


class Pages:
    """A wiki in a dict: path -> text; it resolves targets by path, as simply as can be."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = dict(files)

    def target(self, source: PageId, link: str) -> Target | None:
        folder = f"{source.folder}/" if source.folder and not link.startswith("/") else ""
        for start, suffix in itertools.product((folder, ""), ("", ".md")):
            path = f"{start}{link.removeprefix('/')}{suffix}"
            if path in self.files:
                stem = page_stem(path)
                return Target(Name(path, "0" * 40, Form.PAGE if stem else Form.MEDIA), stem or path)
        return None

    def text(self, target: Target) -> str | None:
        return self.files.get(target.name.path)


@pytest.fixture(scope="session")
def markup() -> Markup:
    return Markup()


@pytest.fixture
def scan(markup: Markup) -> Callable[[str], Facts]:
    return lambda text: markup.scan(markup.parse(text))


@pytest.fixture
def render(markup: Markup, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Rendered]:
    """Render Markdown on page ``Home`` among the files that are given, before it is sanitized."""
    monkeypatch.setattr(pipeline, "sanitize", lambda html: html)

    def rendered(
        text: str, files: Mapping[str, str] | None = None, page: str = "Home", of: Markup = markup
    ) -> Rendered:
        return of.render(of.parse(text), PageId.take(page), Pages(files or {}))

    return rendered
