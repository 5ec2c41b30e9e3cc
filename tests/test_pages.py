"""The shipped pages are whole: every link leads somewhere, and nothing about them is odd."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from engine.access import ANONYMOUS, RolePolicy
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Page, Snapshot, Wiki

PAGES = Path(__file__).parent.parent / "pages"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder = tmp_path_factory.mktemp("pages")
    store = MemoryStore()
    files = {
        file.relative_to(PAGES).as_posix(): file.read_bytes() for file in PAGES.rglob("*") if file.is_file()
    }
    store.set_head(store.commit_tree(files))
    wiki = Wiki.open(store, WhooshIndex(folder / "search"), folder, RolePolicy(), processes=0)
    assert wiki.catch_up(10)
    with wiki.at(ANONYMOUS) as at:
        yield at
    wiki.close()


def ids() -> list[str]:
    return sorted(file.relative_to(PAGES).with_suffix("").as_posix() for file in PAGES.rglob("*.md"))


def page(snapshot: Snapshot, text: str) -> Page:
    name = snapshot.find(text).name
    assert name is not None
    return snapshot.page(name)


@pytest.mark.parametrize("text", ids())
def test_every_link_of_a_page_leads_somewhere(snapshot: Snapshot, text: str) -> None:
    shown = page(snapshot, text)
    assert 'class="missing"' not in shown.html
    assert not shown.problems


@pytest.mark.parametrize("text", ids())
def test_every_fragment_of_a_page_is_an_anchor_there(snapshot: Snapshot, text: str) -> None:
    shown = page(snapshot, text)
    for href in re.findall(r'href="([^"]*#[^"]+)"', shown.html):
        address, fragment = html.unescape(href).split("#")
        if "//" not in address:
            target = page(snapshot, unquote(address).lstrip("/")) if address else shown
            assert f'id="{html.escape(unquote(fragment))}"' in target.html, href


def test_there_is_a_knowledge_base_to_read() -> None:
    assert len([text for text in ids() if not text.startswith("help/")]) >= 18


def test_the_entry_on_the_llama_organization_is_found_as_people_type_it(snapshot: Snapshot) -> None:
    assert snapshot.find("llama_organization").redirect == "/llama-organization"
    assert page(snapshot, "llama-organization").title == "Llama Organization"


@pytest.mark.parametrize(
    "words", ["mixture of experts", '"llama 4" -gpt', "tag:people", "title:fair", "path:News"]
)
def test_the_pages_can_be_searched(snapshot: Snapshot, words: str) -> None:
    assert snapshot.search(words).results
