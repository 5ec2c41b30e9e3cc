"""All links at once mean what each of them means by itself."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from engine.catalog import Catalog, Moment, resolve
from engine.catalog.rows import Visible, everything
from engine.following import Follower, Parts
from engine.markup import Markup
from engine.model import Name
from engine.store.memory_store import MemoryStore
from tests.catalogs import moment_of
from tests.indexes import ListIndex

TARGETS = [
    "search",
    "Search.md",
    "help/search",
    "deep/search",
    "/help/search",
    "./search",
    "../search",
    "../../search",
    "only",
    "a/only",
    "b/only",
    "/only",
    "./only.md",
    "only/",
    "ONLY",
    "another name",
    "a/slashed alias",
    "TCP/IP",
    "What it is about",
    "help",
    "help/",
    "help/deep",
    "empty",
    "x/empty",
    ".",
    "..",
    "a/..",
    "a/./only",
    "diagram.svg",
    "media/diagram.svg",
    "page.md.md",
    "page.md/",
    ".md",
    "README",
    "nowhere",
    "nowhere/at/all",
    "../nowhere",
    "/",
]
PAGES = {
    "help/search.md": "# Searching",
    "guide/search.md": "# Another",
    "help/deep/er.md": "Deeper",
    "help/deep/README.md": "# About the deep",
    "a/README.md": "# About a",
    "a/only.md": "---\naliases: [another name, a/slashed alias]\n---\n# What it is about",
    "tcp.md": "# TCP/IP",
    "x/empty/only.txt.zip": "z",
    "diagram.svg": "<svg/>",
    "page.md.md": "x",
    "secret/only-here.md": "---\naliases: [nowhere]\n---\n# Nowhere",
    "secret/help.md": "x",
}
FOLDERS = ["", "a", "help", "help/deep", "secret"]


def hides(name: Name) -> bool:
    return not name.path.startswith("secret/")


@pytest.fixture(scope="module")
def moment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    folder: Path = tmp_path_factory.mktemp("catalog")
    links = "".join(f"- [x](<{target}>)\n" for target in TARGETS)
    pages = PAGES | {f"{each}/links.md".lstrip("/"): links for each in FOLDERS}
    with moment_of(folder, pages) as moment:
        yield moment


@pytest.mark.parametrize("visible", [everything, hides])
def test_many_links_mean_what_each_means_alone(
    moment: Moment, monkeypatch: pytest.MonkeyPatch, visible: Visible
) -> None:
    pairs = [*product(FOLDERS, TARGETS)]
    alone = {pair: moment.resolve([pair], visible)[pair] for pair in pairs}
    monkeypatch.setattr(resolve, "MANY", 0)
    assert moment.resolve(pairs, visible) == alone
    assert sum(each is None for each in alone.values()) > 20


@pytest.mark.parametrize("visible", [everything, hides])
def test_all_links_of_the_wiki_are_found_with_what_they_mean(moment: Moment, visible: Visible) -> None:
    links = [link for batch in moment.all_links(visible) for link in batch]
    sources = [
        f"{each}/links.md".lstrip("/") for each in FOLDERS if visible is everything or each != "secret"
    ]
    assert {link.source for link in links} == set(sources)
    assert sorted({link.source for link in links}) == list(dict.fromkeys(link.source for link in links))
    for link in links:
        pair = (link.source.rpartition("/")[0], link.target)
        target = moment.resolve([pair], visible)[pair]
        assert link.to == (target.name.path if target else None), link
    assert {link.target for link in links} == set(TARGETS)


def test_batches_are_bounded(moment: Moment, monkeypatch: pytest.MonkeyPatch) -> None:
    everything_at_once = [link for batch in moment.all_links() for link in batch]
    monkeypatch.setattr("engine.catalog.links.BATCH", 7)
    batches = list(moment.all_links())
    assert max(map(len, batches)) == 7
    assert [link for batch in batches for link in batch] == everything_at_once


def test_a_page_speaks_for_a_folder_only_where_the_folder_is_seen(tmp_path: Path) -> None:
    def hides_what_is_planned(name: Name) -> bool:
        return not name.path.startswith("plan/")

    store = MemoryStore()
    store.set_head(store.commit_tree(dict.fromkeys(("plan.md", "plan/secret.md", "other.md"), b"Text")))
    catalog = Catalog(tmp_path)
    follower = Follower(Parts(store, catalog, ListIndex(), Markup(), tmp_path), processes=0)
    follower.follow(1)
    follower.catch_up()
    with catalog.reading() as db:
        moment = Moment(db)
        assert [page.path for page in moment.orphans(())] == ["other.md", "plan/secret.md"]
        seen = moment.orphans((), hides_what_is_planned)
        assert [page.path for page in seen] == ["other.md", "plan.md"]
    catalog.close()
