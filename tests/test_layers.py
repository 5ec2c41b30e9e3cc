"""Reads the imports and keeps the drawing of the layers true."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# The first name that fits a module tells its layer; imports point to the same part or to a lower number.
LAYERS: list[tuple[str, float]] = [
    ("wiki.state", -2),
    ("wiki", -3),
    ("engine.wiki", -1),
    ("engine.writing", 0),
    ("engine.mirroring", -0.5),
    ("engine.pushing", 0),
    ("engine.lookback", 0.5),
    ("engine.turns", 5),
    ("engine.settling", 3),
    ("engine.changes", 4),
    ("engine.textstyle", 7),
    ("engine.snapshot", 1),
    ("engine.blaming", 2),
    ("engine.searching", 2),
    ("engine.finding", 3),
    ("engine.change_feed", 2),
    ("engine.commits", 1.5),
    ("engine.comparing", 2),
    ("engine.editing", 2),
    ("engine.media", 2),
    ("engine.previewing", 9),
    ("engine.previews", 10),
    ("engine.naming", 9),
    ("engine.undoing", 2),
    ("engine.frontlinks", 4.5),
    ("engine.frontvalues", 6),
    ("engine.moving", 2),
    ("engine.following", 3),
    ("engine.frame", 4),
    ("engine.kept", 3),
    ("engine.lists", 3),
    ("engine.checking", 3),
    ("engine.doctor", 3),
    ("engine.past", 3),
    ("engine.linking", 4),
    ("engine.sight", 4),
    ("engine.past_answers", 8),
    ("engine.answers", 4),
    ("engine.links", 4),
    ("engine.scanning", 4),
    ("engine.store", 5),
    ("engine.markup", 5),
    ("engine.catalog", 5),
    ("engine.search", 5),
    ("engine.access", 6),
    ("engine.merging", 5),
    ("engine.frontkeys", 6),
    ("engine.frontmatter", 7),
    ("engine.site", 7),
    ("engine.language", 8),
    ("engine.contents", 5),
    ("engine.alignment", 6),
    ("engine.marking", 7),
    ("engine.diff", 8),
    ("engine.model", 9),
    ("engine.ids", 10),
    ("engine.diagnosis", 11),
    ("engine.errors", 11),
    ("engine.cache", 11),
    ("engine.words", 11),
    ("engine.leftovers", 9),
    ("engine.gathering", 11),
    ("engine.scheduling", 11),
    ("engine.locks", 11),
    ("engine.sentences", 11),
    ("engine.messages", 11),
    ("engine", 11),
]
# Where everything is put together: the only modules of the shell that may name a store or an index.
OPENING = {"wiki", "wiki.starting"}
HIDDEN = (
    "engine.store",
    "engine.catalog",
    "engine.search.whoosh_index",
    "engine.markup",
    "engine.following",
    "engine.kept",
    "engine.linking",
    "engine.links",
)
SHELL = ("flask", "werkzeug", "jinja2", "waitress", "click")


def modules() -> Iterator[tuple[str, Path]]:
    for package in ("engine", "wiki"):
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports name the package in full"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def part(module: str) -> tuple[str, float]:
    return next((name, level) for name, level in LAYERS if module == name or module.startswith(f"{name}."))


MODULES = [pytest.param(name, file, id=name) for name, file in modules()]


@pytest.mark.parametrize(("module", "file"), MODULES)
def test_imports_point_one_way(module: str, file: Path) -> None:
    own, level = part(module)
    for imported in imports(file):
        if imported.split(".")[0] not in {"engine", "wiki"}:
            continue
        other, its_level = part(imported)
        assert its_level > level or other == own, f"{module} imports {imported}, which points the wrong way"


@pytest.mark.parametrize(("module", "file"), [p for p in MODULES if str(p.id).startswith("wiki.state")])
def test_the_state_has_never_heard_of_the_web(module: str, file: Path) -> None:
    for imported in imports(file):
        assert imported.split(".")[0] not in SHELL, f"{module} imports {imported}"


@pytest.mark.parametrize(("module", "file"), [p for p in MODULES if str(p.id).startswith("engine")])
def test_the_engine_has_never_heard_of_the_web(module: str, file: Path) -> None:
    for imported in imports(file):
        assert imported.split(".")[0] not in SHELL, f"{module} imports {imported}"
    source = file.read_text(encoding="utf-8")
    assert "os.environ" not in source or module.startswith("engine.store"), f"{module} reads the environment"


@pytest.mark.parametrize(("module", "file"), [p for p in MODULES if str(p.id).startswith("wiki")])
def test_views_and_commands_hold_a_snapshot_and_never_what_it_is_made_of(module: str, file: Path) -> None:
    if module in OPENING:
        return
    for imported in imports(file):
        assert not imported.startswith(HIDDEN), f"{module} imports {imported}"


def test_every_module_says_what_it_is_for() -> None:
    for name, file in modules():
        assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), f"{name} has no docstring"
