"""Whole pages as a browser gets them, held against what was looked at and found right.

Write them anew with ``python -m pytest tests/golden --rewrite-golden``, and read the difference before committing it.
"""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki

HERE = Path(__file__).parent
PAGES = HERE / "pages"
SHOWN = {
    "home": "/",
    "everything": "/everything",
    "news": "/News/2026-03-09%20News",
    "arabic": "/ar/%D8%B5%D9%81%D8%AD%D8%A9",
    "folder": "/News/",
    "search": "/-/search?q=golden+note",
    "missing": "/no/such/page",
}


@pytest.fixture
def golden(store: MemoryStore, wiki: Wiki, client: FlaskClient) -> FlaskClient:
    files = {
        file.relative_to(PAGES).as_posix(): file.read_bytes() for file in PAGES.rglob("*") if file.is_file()
    }
    store.set_head(store.commit_tree(files))
    assert wiki.catch_up(10)
    return client


@pytest.mark.parametrize("name", SHOWN)
def test_pages_look_as_they_did(golden: FlaskClient, name: str, request: pytest.FixtureRequest) -> None:
    text = golden.get(SHOWN[name]).text
    text = re.sub(r"\?v=[0-9a-f]{12}", "?v=DIGEST", text)
    text = re.sub(r"\b[0-9a-f]{40}\b", "COMMIT", text)
    text = re.sub(r"<code>[0-9a-f]{10}</code>", "<code>COMMIT</code>", text)
    file = HERE / "expected" / f"{name}.html"
    if request.config.getoption("--rewrite-golden"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
