"""Wiki and Snapshot: what a reader may ask at one commit, whatever happens meanwhile."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.access import ANONYMOUS, RolePolicy
from engine.errors import MediaNotFoundError, PageNotFoundError, RevisionNotFoundError
from engine.markup import Markup, Parsed, Rendered
from engine.model import Form, Name
from engine.search.whoosh_index import WhooshIndex
from engine.store.memory_store import MemoryStore
from engine.wiki import Page, Snapshot, Wiki
from tests.conftest import Commit


def page(snapshot: Snapshot, text: str) -> Page:
    name = snapshot.find(text).name
    assert name is not None
    return snapshot.page(name)


def html(wiki: Wiki, text: str) -> str:
    with wiki.at(ANONYMOUS) as snapshot:
        return page(snapshot, text).html


# -- one commit


def test_a_snapshot_stays_at_its_commit(commit: Commit, wiki: Wiki) -> None:
    old = commit({"a.md": "Old. See [[b]].\n", "b.md": "# B\n", "m.txt": "old"})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        new = commit({"a.md": "New.\n", "b.md": None, "m.txt": "new", "c.md": "[[a]]\n"})
        with wiki.at(ANONYMOUS) as later:
            assert later.commit == new
            assert "New." in page(later, "a").html
        assert snapshot.commit == old
        shown = page(snapshot, "a")
        assert "Old." in shown.html
        assert 'href="/b"' in shown.html
        assert 'class="missing"' not in shown.html
        assert not shown.backlinks
        assert page(snapshot, "b").title == "B"
        media = snapshot.find("m.txt").name
        assert media is not None
        assert snapshot.source(media) == b"old"
        assert [child.title for child in snapshot.folder("").pages] == ["a", "B"]
        with pytest.raises(PageNotFoundError):
            snapshot.find("c")


def test_a_blob_that_git_has_removed_is_an_error_with_a_name(
    commit: Commit, wiki: Wiki, store: MemoryStore
) -> None:
    commit({"m.txt": "text"})
    with wiki.at(ANONYMOUS) as snapshot:
        name = snapshot.find("m.txt").name
        assert name is not None
        store._blobs.clear()
        with pytest.raises(RevisionNotFoundError):
            snapshot.source(name)


def test_readers_and_commits_do_not_disturb_each_other(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "Version 0 and 0.\n", "b.md": "![[a]]\n"})
    wiki.catch_up()
    wrong: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                with wiki.at(ANONYMOUS) as snapshot:
                    numbers = {
                        word
                        for text in ("a", "b")
                        for word in page(snapshot, text).html.split()
                        if word.isdigit()
                    }
                if len(numbers) > 1:
                    wrong.append(f"mixed {numbers}")
            except Exception as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for version in range(1, 60):
        commit({"a.md": f"Version {version} and {version} .\n"})
        wiki.catch_up()
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong


# -- HTML is kept, and never too long


@pytest.fixture
def renders(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which pages are rendered."""
    seen: list[str] = []
    real = Markup.render

    def spy(self: Markup, parsed: object, page: object, linker: object, lang: str) -> Rendered:
        seen.append(str(page))
        return real(self, parsed, page, linker, lang)  # type: ignore[arg-type]

    monkeypatch.setattr(Markup, "render", spy)
    return seen


def test_html_is_kept_across_commits_that_do_not_matter_to_it(
    commit: Commit, wiki: Wiki, renders: list[str]
) -> None:
    commit({"a.md": "See [[b]] and ![[b]].\n", "b.md": "B\n"})
    html(wiki, "a")
    commit({"unrelated.md": "Text\n"})
    html(wiki, "a")
    assert renders == ["a"]


@pytest.mark.parametrize(
    "change",
    [
        {"a.md": "Another text.\n\n![[b]]\n"},
        {"b.md": "Another text.\n"},
        {"b.md": None},
        {"b.md": "---\ntitle: Another title\n---\nB\n"},
        {"late.md": "Now there.\n"},
        {"c.md": "Embedded within.\n"},
        {"f/picture.png": "x"},
        {"b.md": None, "f/b.md": "Moved.\n"},
        {"aliased.md": "---\naliases: [late]\n---\n"},
    ],
    ids=str,
)
def test_html_is_made_anew_when_what_it_depends_on_changes(
    commit: Commit, wiki: Wiki, tmp_path: Path, change: dict[str, str | bytes | None]
) -> None:
    """What is shown after a change is what a wiki shows that never saw the time before."""
    commit(
        {
            "a.md": "See [[late]], [[b]] and ![](picture.png).\n\n![[b]]\n",
            "b.md": "B\n\n![[c]]\n",
            "c.md": "C\n",
        }
    )
    wiki.catch_up()
    before = html(wiki, "a")
    commit(change)
    wiki.catch_up()
    after = html(wiki, "a")
    assert after != before
    assert after == fresh(wiki, tmp_path, "a")


def fresh(wiki: Wiki, folder: Path, text: str) -> str:
    """Render a page in a wiki that has nothing derived yet."""
    place = folder / "fresh"
    place.mkdir()
    other = Wiki.open(wiki._parts.store, WhooshIndex(place / "search"), place, RolePolicy(), processes=0)
    other.catch_up()
    shown = html(other, text)
    other.close()
    return shown


def test_html_depends_on_links_of_a_page_that_is_embedded_both_near_and_deep(
    commit: Commit, wiki: Wiki, tmp_path: Path
) -> None:
    line = {f"b{i}.md": f"![[b{i + 1}]]\n" for i in range(1, 5)}
    commit({"a.md": "![[b1]]\n\n![[z]]\n", **line, "b5.md": "![[z]]\n", "z.md": "See [[late]].\n"})
    wiki.catch_up()
    assert 'class="missing"' in html(wiki, "a")
    commit({"late.md": "Now there.\n"})
    wiki.catch_up()
    assert 'class="missing"' not in html(wiki, "a")
    assert html(wiki, "a") == fresh(wiki, tmp_path, "a")


def test_a_file_that_becomes_a_folder_changes_the_links_to_it(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "See [[help]].\n", "help": "a file"})
    assert 'href="/help"' in html(wiki, "a")
    commit({"help": None, "help/x.md": "X\n"})
    assert 'href="/help/"' in html(wiki, "a")


def test_embeds_in_circles_end(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "A\n\n![[b]]\n", "b.md": "B\n\n![[a]]\n", "c.md": "![[c]]\n"})
    assert "would embed itself" in html(wiki, "a")
    assert "would embed itself" in html(wiki, "c")


def test_what_is_kept_is_bounded(store: MemoryStore, commit: Commit, tmp_path: Path) -> None:
    wiki = Wiki.open(
        store, WhooshIndex(tmp_path / "search"), tmp_path, RolePolicy(), cache_bytes=50_000, processes=0
    )
    try:
        commit({f"p{i}.md": "Some text. " * 100 for i in range(100)})
        for i in range(100):
            html(wiki, f"p{i}")
        assert 0 < wiki._kept._rendered.size <= 50_000
    finally:
        wiki.close()


# -- before everything is known


def test_pages_are_shown_before_anything_was_scanned(commit: Commit, wiki: Wiki) -> None:
    commit({f"p{i}.md": f"# Page {i}\n\nSee [[p{i + 1}]].\n" for i in range(300)})
    with wiki.at(ANONYMOUS) as snapshot:
        assert not snapshot.complete
        shown = page(snapshot, "p1")
        assert shown.title == "Page 1"
        assert 'href="/p2"' in shown.html
        assert shown.last_change is None
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        assert snapshot.complete
        assert page(snapshot, "p1").last_change is not None


def test_a_small_change_is_complete_at_once(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "Text\n"})
    wiki.catch_up()
    commit({"b.md": "[[a]]\n"})
    with wiki.at(ANONYMOUS) as snapshot:
        assert snapshot.complete
        assert [link.name.path for link in page(snapshot, "a").backlinks] == ["b.md"]


# -- asking for what is not there


@pytest.mark.parametrize("text", ["", "a", "a.md", "folder/", "x" * 2_000, "\0", "\ud800", "a/../b"])
def test_an_empty_wiki_has_a_home_and_nothing_else(wiki: Wiki, text: str) -> None:
    with wiki.at(ANONYMOUS) as snapshot:
        assert snapshot.commit is None
        if text:
            with pytest.raises(PageNotFoundError):
                snapshot.find(text)
        else:
            assert snapshot.find(text).name == Name("", "", Form.FOLDER)
            assert snapshot.folder("").pages == ()
        assert snapshot.search("anything").results == ()


def test_a_medium_is_no_page_and_a_folder_no_file(commit: Commit, wiki: Wiki) -> None:
    commit({"m.txt": "x", "f/a.md": "x\n"})
    with wiki.at(ANONYMOUS) as snapshot:
        media = snapshot.find("m.txt").name
        folder = snapshot.find("f/").name
        assert media is not None
        assert folder is not None
        with pytest.raises(PageNotFoundError):
            snapshot.page(media)
        with pytest.raises(MediaNotFoundError):
            snapshot.source(folder)


# -- searching


def test_pages_of_results_follow_each_other(commit: Commit, wiki: Wiki) -> None:
    commit({f"p{i:02}.md": "Llamas.\n" for i in range(45)})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        pages = [snapshot.search("llamas", page=number) for number in (1, 2, 3)]
        paths = [result.name.path for found in pages for result in found.results]
        assert len(set(paths)) == 45
        assert [found.more for found in pages] == [True, True, False]
        assert snapshot.search("llamas", page=-5).results == pages[0].results


def test_results_are_of_the_commit_that_the_index_names(commit: Commit, wiki: Wiki) -> None:
    old = commit({"a.md": "Llamas.\n", "b.md": "Llamas.\n"})
    wiki.catch_up()
    commit({"a.md": "Foxes.\n", "b.md": None})
    with wiki.at(ANONYMOUS) as snapshot:
        found = snapshot.search("llamas")
        assert found.commit == old
        assert [result.name.path for result in found.results] == ["a.md"]  # the other one is gone


# -- opening again


@pytest.fixture
def again(store: MemoryStore, tmp_path: Path) -> Iterator[Wiki]:
    wiki = Wiki.open(store, WhooshIndex(tmp_path / "search"), tmp_path, RolePolicy(), processes=0)
    yield wiki
    wiki.close()


def test_two_wikis_on_one_folder_agree(commit: Commit, wiki: Wiki, again: Wiki) -> None:
    commit({"a.md": "One.\n"})
    wiki.catch_up()
    assert "One." in html(again, "a")
    assert again.catch_up()
    commit({"a.md": "Two.\n"})
    again.catch_up()
    assert "Two." in html(wiki, "a")
    assert wiki.status().index == wiki.head()


def test_a_rebuild_changes_no_answer(commit: Commit, wiki: Wiki) -> None:
    commit({"a.md": "# A\n\nSee [[b]].\n", "b.md": "# B\n"})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        before = (page(snapshot, "b"), snapshot.search("see").results)
    assert wiki.rebuild()
    with wiki.at(ANONYMOUS) as snapshot:
        assert (page(snapshot, "b"), snapshot.search("see").results) == before


def test_following_in_the_background_ends_with_the_wiki(commit: Commit, again: Wiki) -> None:
    commit({"a.md": "One.\n"})
    again.start()
    wait_for(lambda: again.status().index == again.head())
    commit({"b.md": "Giraffes.\n"})
    wait_for(lambda: again.status().index == again.head())
    with again.at(ANONYMOUS) as snapshot:
        assert [result.name.path for result in snapshot.search("giraffes").results] == ["b.md"]


def wait_for(condition: "object") -> None:
    assert callable(condition)
    waiting = threading.Event()
    for _ in range(1_000):
        if condition():
            return
        waiting.wait(0.02)
    raise AssertionError("it took too long")


def test_a_page_shows_what_it_embeds_as_that_is_now(wiki: Wiki, commit: Commit) -> None:
    def shown() -> str:
        wiki.catch_up()
        with wiki.at(ANONYMOUS) as snapshot:
            name = snapshot.find("a").name
            assert name is not None
            return snapshot.page(name).html

    commit({"a.md": "See [b](b.md).\n\n![[b.md]]\n", "b.md": "first words\n"})
    assert "first words" in shown()
    commit({"b.md": "second words\n"})
    assert "second words" in shown()


def test_the_authors_own_keys_are_shown_and_found(wiki: Wiki, commit: Commit) -> None:
    commit({"a.md": "---\nstatus: draughted\nowners: [Ada, Grace]\ntags: x\n---\nText\n"})
    wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        name = snapshot.find("a").name
        assert name is not None
        assert snapshot.page(name).properties == {"status": "draughted", "owners": "Ada, Grace"}
        assert [result.name.path for result in snapshot.search("draughted grace").results] == ["a.md"]


def test_a_changed_page_is_parsed_once_for_its_facts_and_its_first_reader(
    store: MemoryStore, commit: Commit, wiki: Wiki, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit({"a.md": "# One\n"})
    wiki.catch_up()
    parsed: list[str] = []
    parse = Markup.parse

    def counted(self: Markup, text: str) -> Parsed:
        parsed.append(text)
        return parse(self, text)

    monkeypatch.setattr(Markup, "parse", counted)
    commit({"a.md": "# Two\n"})
    assert "Two" in html(wiki, "a")
    assert parsed == ["# Two\n"]


def test_what_rendering_says_itself_is_in_the_language_of_the_page(wiki: Wiki, commit: Commit) -> None:
    commit({"de/a.md": "> [!note]\n> Text\n", "a.md": "> [!note]\n> Text\n"})
    assert "Anmerkung" in html(wiki, "de/a")
    assert "Note" in html(wiki, "a")
    commit({"quire.toml": 'language = "zh"'})
    assert "注" in html(wiki, "a")
