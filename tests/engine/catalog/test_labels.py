"""Suggestions for what somebody has typed so far: by beginnings of words, in every script, best first."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.catalog import Catalog, Moment, Visible, everything, labels
from engine.catalog.facts import add_facts, forget_facts
from engine.catalog.labels import forget_paths, label_words
from engine.catalog.names import replace_names
from engine.following import Follower, Parts
from engine.markup import Markup
from engine.store.memory_store import MemoryStore
from tests.indexes import ListIndex

PAGES = {
    "llama-organization.md": "---\naliases: [Meta's AI lab]\n---\n# Llama Organization",
    "llama-4.md": "# Llama 4",
    "llama-3.md": "# Llama 3.1 and what came before it",
    "open.md": "# The open Llama",
    "llama.md": "---\naliases: [Lla]\n---\n# Llama",
    "No Title Here.md": "Text",
    "deep/untitled.md": "Text",
    "resume.md": "# Résumé of Ångström",
    "zh.md": "# 新闻中心",
    "zh/重组.md": "文字",
    "th.md": "# สวัสดีชาวโลก",
    "ar.md": "# إعادة التنظيم",
    "slash.md": "# TCP/IP & friends",
    "secret/llama.md": "# Llamas in secret",
    "picture.png": "x",
}


class Wiki:
    """Files that change, and a catalog that follows."""

    def __init__(self, folder: Path) -> None:
        self.store = MemoryStore()
        self.catalog = Catalog(folder)
        self.follower = Follower(Parts(self.store, self.catalog, ListIndex(), Markup(), folder), processes=0)
        self.files: dict[str, str] = {}

    def commit(self, changes: Mapping[str, str | None]) -> None:
        for path, content in changes.items():
            self.files.pop(path, None)
            if content is not None:
                self.files[path] = content
        head = self.store.head()
        made = {path: content.encode() for path, content in self.files.items()}
        self.store.set_head(self.store.commit_tree(made, [head] if head else []))
        self.follower.follow(1)

    def suggest(self, typed: str, visible: Visible = everything) -> list[str]:
        with self.catalog.reading() as db:
            return [each.name.path for each in Moment(db).suggest(typed, visible)]


@pytest.fixture
def wiki(tmp_path: Path) -> Iterator[Wiki]:
    made = Wiki(tmp_path)
    made.commit(dict(PAGES))
    made.follower.catch_up()
    yield made
    made.catalog.close()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            "llama",  # exact, then those that begin so, then those with the word; the shorter first
            ["llama.md", "llama-4.md", "secret/llama.md", "llama-organization.md", "llama-3.md", "open.md"],
        ),
        ("LLAMA o", ["llama-organization.md", "open.md"]),
        ("lla org", ["llama-organization.md"]),
        ("org lla", ["llama-organization.md"]),
        ("organizations", []),
        ("the open llama", ["open.md"]),
        ("open", ["open.md"]),
        ("meta", ["llama-organization.md"]),
        ("lab", ["llama-organization.md"]),
        ("no title", ["No Title Here.md"]),
        ("here", ["No Title Here.md"]),
        ("untit", ["deep/untitled.md"]),
        ("resume", ["resume.md"]),
        ("résu", ["resume.md"]),
        ("RÉSUMÉ OF A", ["resume.md"]),
        ("angst", ["resume.md"]),
        ("新", ["zh.md"]),
        ("闻中", ["zh.md"]),
        ("新中", []),
        ("组", ["zh/重组.md"]),
        ("ชาว", ["th.md"]),
        ("اعادة", ["ar.md"]),
        ("التن", ["ar.md"]),
        ("tcp", ["slash.md"]),
        ("ip fr", ["slash.md"]),
        ("llama-4", ["llama-4.md"]),
        ("llama_4", ["llama-4.md"]),
        ("picture", []),
        ("", []),
        ("  ", []),
        ("-", []),
        ('"', []),
        ('llama" OR "x', []),
        (
            "llama*",
            ["llama.md", "llama-4.md", "secret/llama.md", "llama-organization.md", "llama-3.md", "open.md"],
        ),
        ("\0", []),
        ("\ue000", []),
        ("nowhere", []),
    ],
)
def test_pages_are_suggested_by_beginnings_of_words(wiki: Wiki, typed: str, expected: list[str]) -> None:
    assert wiki.suggest(typed) == expected


def test_every_beginning_of_a_title_suggests_its_page(wiki: Wiki) -> None:
    for title, path in (("Llama Organization", "llama-organization.md"), ("Résumé of Ångström", "resume.md")):
        for length in range(1, len(title) + 1):
            assert path in wiki.suggest(title[:length]), title[:length]


def test_an_alias_is_told(wiki: Wiki) -> None:
    with wiki.catalog.reading() as db:
        (found,) = Moment(db).suggest("Meta")
        assert (found.title, found.alias) == ("Llama Organization", "Meta's AI lab")
        first, *_ = Moment(db).suggest("lla")
        assert (first.title, first.alias) == ("Llama", "")
        (found,) = Moment(db).suggest("untitled")
        assert (found.title, found.alias) == ("untitled", "")


def test_what_is_hidden_is_never_suggested(wiki: Wiki) -> None:
    found = wiki.suggest("llama", lambda name: not name.path.startswith("secret/"))
    assert found == ["llama.md", "llama-4.md", "llama-organization.md", "llama-3.md", "open.md"]


def test_hidden_pages_leave_room_for_others(wiki: Wiki) -> None:
    wiki.commit({f"secret/{number:03}.md": "# Giraffe" for number in range(150)} | {"x.md": "# Giraffe park"})
    assert wiki.suggest("gir", lambda name: not name.path.startswith("secret/")) == ["x.md"]


def test_ten_are_suggested_at_most_and_the_shortest(wiki: Wiki) -> None:
    wiki.commit({f"{number:02}.md": f"# Zebra {'z' * number}" for number in range(30, 0, -1)})
    assert wiki.suggest("z") == [f"{number:02}.md" for number in range(1, 11)]
    assert wiki.suggest("zebra z") == [f"{number:02}.md" for number in range(1, 11)]


def test_suggestions_follow_every_change(wiki: Wiki) -> None:
    wiki.commit({"llama-4.md": "# Behemoth"})
    assert wiki.suggest("behe") == ["llama-4.md"]
    assert wiki.suggest("llama 4") == []
    wiki.commit({"deep/untitled.md": None, "deep/renamed file.md": "Text"})
    assert wiki.suggest("untitled") == []
    assert wiki.suggest("file") == ["deep/renamed file.md"]
    wiki.commit({"llama-4.md": None})
    assert wiki.suggest("behe") == []


def test_a_large_change_is_followed_behind(wiki: Wiki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.following.LABELS", 7)
    wiki.commit({f"many/quokka {number}.md": "Text" for number in range(300)})
    wiki.follower.catch_up()
    assert len(wiki.suggest("quok")) == 10
    assert wiki.suggest("quokka 299") == ["many/quokka 299.md"]


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    def limit(count: int) -> None:
        monkeypatch.setattr(labels, "TRIED", count)

    return limit


def test_long_words_are_found_among_many_that_begin_alike(
    wiki: Wiki, few_at_once: Callable[[int], None]
) -> None:
    few_at_once(50)
    wiki.commit({f"{number:03}.md": "# Documents" for number in range(190)})
    wiki.commit(
        {"rare.md": "# Long ago: the documentarian", "first.md": "# Documentarian long ago, a film of it"}
    )
    assert wiki.suggest("documentarian") == ["first.md", "rare.md"]


def test_a_page_that_was_edited_often_is_still_suggested(
    wiki: Wiki, few_at_once: Callable[[int], None]
) -> None:
    few_at_once(20)
    for number in range(60):
        wiki.commit(
            {"news.md": f"---\naliases: [Wire]\n---\n# News of today\n\n{number}", f"{number}.md": "# News"}
        )
        wiki.commit({f"{number}.md": None})
    for typed in ("news", "news of", "today", "news of today", "wire", "wir"):
        assert wiki.suggest(typed) == ["news.md"], typed


def test_a_text_that_comes_back_is_suggested_again(wiki: Wiki) -> None:
    text = "---\naliases: [Wire]\n---\n# News"
    for content in (text, "# Olds", text, None, text):
        wiki.commit({"news.md": content})
    assert wiki.suggest("new") == wiki.suggest("wir") == ["news.md"]
    wiki.commit({"news.md": None, "copy.md": text, "again.md": text})
    wiki.commit({"again.md": None})
    assert wiki.suggest("new") == wiki.suggest("wir") == ["copy.md"]


def test_labels_of_past_texts_are_forgotten(wiki: Wiki) -> None:
    with wiki.catalog.writing() as db:
        replace_names(db, "head", ())
        while forget_facts(db):
            pass
        while forget_paths(db):
            pass
        for table in ("suggestion", "label", "fact", "alias"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
        assert db.execute(text("INSERT INTO suggestion (suggestion) VALUES ('integrity-check')"))


def test_labels_are_bounded() -> None:
    assert len(label_words("word " * 10_000).split()) < 2 * labels.LABEL_WORDS
    assert len(label_words("é" * 100_000)) < 1_000
    assert label_words("") == label_words("…") == ""


def test_facts_without_words_are_no_labels(wiki: Wiki) -> None:
    with wiki.catalog.writing() as db:
        add_facts(db, ())
    assert wiki.suggest("x") == []
