"""The state of a repository that is served: where it is, and that settings reach it."""

import os
from pathlib import Path

import pytest

from tests.repositories import make
from tests.states import ADMIN
from wiki import open_state
from wiki.settings import Settings
from wiki.state import data_folder


def test_a_repository_has_a_folder_of_its_own_for_all_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    repository = make(tmp_path / "notes", bare=False)
    (repository.path / "docs").mkdir()
    state = open_state(Settings(repository=str(repository.path)))
    state.accounts.add("ada", by=ADMIN)
    state.close()
    folder = data_folder(repository.path / ".git", os.environ)
    assert state.database.path.parent == folder
    assert folder.parent == tmp_path / "share" / "quire"
    for part in (repository.path / "docs", repository.path / ".git"):
        same = open_state(Settings(repository=str(part)))
        assert same.accounts.any()
        same.close()
    other = open_state(Settings(repository=str(make(tmp_path / "other.git").path)))
    assert not other.accounts.any()
    other.close()


def test_the_folder_is_set_without_asking_git(tmp_path: Path) -> None:
    settings = Settings(
        repository="/no/such/folder", data=str(tmp_path / "data"), session_days=3, login_rate=4
    )
    state = open_state(settings)
    assert state.database.path == tmp_path / "data" / "state.db"
    assert state.sessions.seconds == 3 * 86_400
    state.close()
