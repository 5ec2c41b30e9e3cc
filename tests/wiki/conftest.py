"""A wiki on a real git repository, for what only git knows: symlinks, submodules, names that are not UTF-8."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.repositories import Repository, make
from wiki import create_app, open_wiki
from wiki.settings import Settings


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return make(tmp_path / "content.git")


@pytest.fixture
def git_client(repository: Repository) -> Iterator[FlaskClient]:
    settings = Settings(repository=str(repository.path), processes=1)
    wiki = open_wiki(settings)
    yield create_app(settings, wiki).test_client()
    wiki.close()
