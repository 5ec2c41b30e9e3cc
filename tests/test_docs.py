"""The documents are true: their links lead somewhere, and what they should name they name."""

import re
from pathlib import Path

import pytest

from wiki.cli import quire

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^(`{3,}).*?^\1", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in LINK.findall(re.sub(r"`[^`]*`", "", text)):
        if "://" not in target and not target.startswith("#"):
            assert (document.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("command", sorted(quire.commands))
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"quire {command}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_module_is_drawn_in_the_architecture() -> None:
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for file in (ROOT / "engine").glob("*.py"):
        assert file.stem == "__init__" or re.search(rf"\b{file.stem}\b", drawing), file.stem


def test_make_words_are_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets is not None
    for target in targets[1].split():
        assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE), target
