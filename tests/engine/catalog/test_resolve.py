from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from engine.catalog import Moment
from engine.catalog.rows import everything
from engine.model import Form, Name
from tests.catalogs import moment_of

PAGES = {
    "index.md": "# Welcome",
    "Llama Organization.md": "---\naliases: [Meta Llama team]\n---\n# The Llama Organization",
    "News/index.md": "# All news",
    "News/2026-03-09 Reorganisation.md": "# What was reorganised",
    "help/search.md": "# Searching",
    "help/deep/search.md": "# Searching deeper",
    "guide/search.md": "# Another search",
    "Straße.md": "# Straße",
    "both.md": "# md",
    "both.markdown": "# markdown",
    "media/diagram.svg": "<svg/>",
    "help/diagram.svg": "<svg/>",
    "a/only.md": "only",
    "a b/c.txt": "text",
    "a-b/c.txt": "text",
    "a0/c.txt": "text",
    "a0/d/e.txt": "text",
    "a/deep/f.txt": "text",
    "b0/c.txt": "text",
    "c0.md": "text",
    "empty folder/x/y.txt": "text",
}


@pytest.fixture(scope="module")
def moment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    folder: Path = tmp_path_factory.mktemp("catalog")
    with moment_of(folder, PAGES) as moment:
        yield moment


def path(moment: Moment, target: str, folder: str = "") -> str | None:
    found = moment.resolve([(folder, target)])[folder, target]
    return found.name.path if found else None


@pytest.mark.parametrize(
    ("folder", "target", "expected"),
    [
        ("", "Llama Organization", "Llama Organization.md"),
        ("", "Llama Organization.md", "Llama Organization.md"),
        ("", "llama_organization", "Llama Organization.md"),
        ("help", "search", "help/search.md"),
        ("help/deep", "search", "help/deep/search.md"),
        ("help/deep", "../search", "help/search.md"),
        ("help/deep", "../search.md", "help/search.md"),
        ("guide", "search", "guide/search.md"),
        ("guide", "help/search", "help/search.md"),
        ("guide", "/help/search.md", "help/search.md"),
        ("guide", "HELP/Search", "help/search.md"),
        ("News", "2026-03-09 reorganisation", "News/2026-03-09 Reorganisation.md"),
        ("guide", "2026-03-09 Reorganisation", "News/2026-03-09 Reorganisation.md"),
        ("guide", "deep/search", "help/deep/search.md"),
        ("guide", "STRASSE", "Straße.md"),
        ("", "meta llama team", "Llama Organization.md"),
        ("", "What was reorganised", "News/2026-03-09 Reorganisation.md"),
        ("", "both", "both.md"),
        ("", "both.markdown", "both.markdown"),
        ("help", "diagram.svg", "help/diagram.svg"),
        ("media", "diagram.svg", "media/diagram.svg"),
        ("help/deep", "diagram.svg", "help/diagram.svg"),
        ("", "News/", "News/index.md"),
        ("", "News", "News/index.md"),
        ("help", "./search", "help/search.md"),
        ("News", "..", "index.md"),
        ("", "only", "a/only.md"),
        ("", "guide", "guide"),
        ("", "empty folder", "empty folder"),
        ("", "nowhere", None),
        ("", "../index", None),
        ("help", "../../index", None),
        ("", "/only", None),
        ("", "./only", None),
        ("", "elp/search", None),
    ],
)
def test_targets_are_found_step_by_step(
    moment: Moment, folder: str, target: str, expected: str | None
) -> None:
    assert path(moment, target, folder) == expected


def test_a_folder_without_a_page_of_its_own_is_a_target(moment: Moment) -> None:
    target = moment.resolve([("", "guide/")])["", "guide/"]
    assert target is not None
    assert target.name == Name("guide", "", Form.FOLDER)
    assert target.name.url == "/guide/"


def test_the_best_of_several_is_taken_and_reported(moment: Moment) -> None:
    target = moment.resolve([("", "search")])["", "search"]
    assert target is not None
    assert (target.name.path, target.ambiguous) == (
        "help/search.md",
        True,
    )  # guide/search.md is as near, and longer


def test_what_is_hidden_is_no_target(moment: Moment) -> None:
    def visible(name: Name) -> bool:
        return not name.path.startswith("help/")

    found = moment.resolve([("help", "search"), ("", "help/")], visible)
    assert found["help", "search"] is not None
    assert found["help", "search"].name.path == "guide/search.md"
    assert found["", "help/"] is None


@pytest.mark.parametrize("hidden", [(), ("help/", "a/", "index"), ("",)])
def test_many_targets_mean_what_each_means_alone(moment: Moment, hidden: tuple[str, ...]) -> None:
    def visible(name: Name) -> bool:
        return not name.path.startswith(hidden)

    folders = ["", *(name.folder for name in moment.names()), "nowhere", "a/deep/er"]
    targets = ["", ".", "./", "..", "../", "../..", "/", "./only", "nowhere", "index", *folders, *PAGES]
    targets += [f"{way}{each}" for way in ("/", "../") for each in (*folders, *PAGES)]
    pairs = [(folder, target) for folder in ("", "help/deep") for target in targets]
    seen = visible if hidden else everything
    together = moment.resolve(pairs, seen)
    assert together == {pair: moment.resolve([pair], seen)[pair] for pair in pairs}


def test_broken_links_are_looked_up_together(moment: Moment) -> None:
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    pairs = [("help/deep", f"n{number}N") for number in range(1000)]
    event.listen(moment._db, "before_cursor_execute", note)
    try:
        assert set(moment.resolve(pairs).values()) == {None}
    finally:
        event.remove(moment._db, "before_cursor_execute", note)
    assert len(asked) < 10


def test_a_folder_is_not_taken_for_one_that_begins_like_it(moment: Moment) -> None:
    assert moment.has_folder("b0")
    assert not moment.has_folder("b")
    assert moment.folder_like("b") is None
    assert moment.folder_like("c") is None


def test_urls_are_looked_up_exactly_then_by_key_then_by_alias(moment: Moment) -> None:
    assert [name.path for name in moment.named("both")] == ["both.md", "both.markdown"]
    assert [name.path for name in moment.named("llama-organization")] == []
    assert [name.path for name in moment.keyed("llama-organization")] == ["Llama Organization.md"]
    assert [name.path for name in moment.keyed("meta_LLAMA_team")] == ["Llama Organization.md"]
    assert moment.folder_like("NEWS") == "News"


def test_folders_are_listed(moment: Moment) -> None:
    assert moment.subfolders("") == [
        "News",
        "a",
        "a b",
        "a-b",
        "a0",
        "b0",
        "empty folder",
        "guide",
        "help",
        "media",
    ]
    assert moment.subfolders("help") == ["help/deep"]
    assert moment.subfolders("", 3) == ["News", "a", "a b"]
    assert moment.subfolders("nowhere") == moment.subfolders("empty") == []
    assert moment.pages_below("") == {"News": 2, "a": 1, "guide": 1, "help": 2}
    assert moment.pages_below("help") == {"help/deep": 1}
    assert [name.path for name, _ in moment.files_in("help").part(0, None)] == ["help/search.md"]
    assert [name.path for name, _ in moment.files_in("help", pages=False).part(0, 9)] == ["help/diagram.svg"]
    assert moment.has_folder("empty folder/x")
    assert not moment.has_folder("empty")
