"""Fixtures: a repository that is served for real git."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.wiki import Wiki
from tests.repositories import Repository
from tests.wiki.transport.serving import Allowing, Served, serving


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every push be taken that a test does not refuse; without it the wiki decides."""

    def pushing(wiki: Wiki) -> Allowing:
        found: Allowing = wiki.__dict__["faked"]
        return found

    monkeypatch.setattr(Wiki, "pushing", property(pushing))


@pytest.fixture
def content(repository: Repository) -> Repository:
    """A repository with two commits on the branch, and another branch that is not served."""
    first = repository.commit({"index.md": "# Welcome\n", "a.md": "Some text.\n"})
    repository.commit({"index.md": "# Welcome\n", "a.md": "Some more text.\n", "f/b.md": "# B\n"}, first)
    repository.commit({"secret.md": "Not for readers.\n"}, branch="other")
    return repository


@pytest.fixture
def served(content: Repository, tmp_path: Path) -> Iterator[Served]:
    with serving(content, tmp_path) as found:
        yield found
