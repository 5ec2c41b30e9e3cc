"""New objects on disk: what git itself would have written, or nothing."""

import os
import stat
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.model import Author
from engine.store import Change, git_disk
from engine.store.git_store import GitStore
from tests import repositories
from tests.repositories import Repository

ADA = Author("Ada", "ada@example.org")


def save(repository: Repository, text: bytes, path: str = "a.md") -> str:
    store = GitStore.open(repository.path)
    head = store.head()
    entry = store.entry(head, path) if head else None
    try:
        return store.write([Change(path, text, entry.blob if entry else None)], author=ADA, summary="Save")
    finally:
        store.close()


def objects(repository: Repository) -> dict[str, Path]:
    folder = repository.path / "objects"
    return {file.parent.name + file.name: file for file in folder.glob("??/*")}


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_few_objects_become_a_file_each(tmp_path: Path, algorithm: str) -> None:
    repository = repositories.make(tmp_path / "wiki.git", f"--object-format={algorithm}")
    texts = [b"", b"a\n", "首页\n".encode() * 10_000, os.urandom(100_000)]
    for number, text in enumerate(texts):
        save(repository, text, f"{number}.md")
    repository.check()
    found = objects(repository)
    assert set(found) == set(repository.git("rev-list", "--objects", "--no-object-names", "main").split())
    assert {stat.S_IMODE(file.stat().st_mode) for file in found.values()} == {0o444}
    for number, text in enumerate(texts):
        assert repository.git("hash-object", "--stdin", stdin=text) == repository.git(
            "rev-parse", f"main:{number}.md"
        )


def test_an_object_that_is_used_again_looks_new_to_git(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    save(repository, b"once\n")
    once = repository.git("rev-parse", "main:a.md")
    save(repository, b"twice\n")
    os.utime(objects(repository)[once], (0, 0))
    save(repository, b"once\n")
    repository.git("reflog", "expire", "--expire=all", "--all")
    assert objects(repository)[once].stat().st_mtime > 0
    repository.check()


def test_a_repository_that_a_group_shares_stays_so(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git", "--shared=0666")
    before = os.umask(0o077)
    try:
        save(repository, b"a\n")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(file.stat().st_mode) for file in objects(repository).values()} == {0o444}
    assert {stat.S_IMODE(file.parent.stat().st_mode) & 0o777 for file in objects(repository).values()} == {
        0o777
    }
    repository.check()


def test_a_disk_that_cannot_be_written_to_is_named_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    first = save(repository, b"a\n")
    before = objects(repository)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device", "the disk")

    with monkeypatch.context() as patch:
        patch.setattr("engine.store.git_disk.os.fsync", full)
        with pytest.raises(StoreError, match="No space left on device"):
            save(repository, b"b\n")
    assert objects(repository) == before
    assert repository.git("rev-parse", "main") == first
    save(repository, b"b\n")
    repository.check()


def test_a_folder_that_another_process_has_just_made_is_brought_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    folder = repository.path / "objects"
    for number in range(256):
        (folder / f"{number:02x}").mkdir()
    store = GitStore.open(repository.path)
    blob = repository.git("hash-object", "--stdin", stdin=b"new\n")
    synced: list[Path] = []
    monkeypatch.setattr(git_disk, "sync", synced.append)

    def syncs(path: str, content: bytes) -> bool:
        synced.clear()
        store.write([Change(path, content, None)], author=ADA, summary="Save")
        assert folder / repository.git("rev-parse", f"main:{path}")[:2] in synced
        return folder in synced

    assert syncs("a.md", b"a\n")
    assert not syncs("b.md", b"b\n")
    (folder / blob[:2]).rename(tmp_path / "old")
    (folder / blob[:2]).mkdir()
    for file in (tmp_path / "old").iterdir():
        file.rename(folder / blob[:2] / file.name)
    assert syncs("c.md", b"new\n")
