"""The past of random histories is what a plain reading of their commits says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.access import ANONYMOUS, RolePolicy
from engine.model import Commit, Touch
from engine.past import Past
from engine.past_answers import Subject
from engine.store.memory_store import MemoryStore
from engine.wiki import Wiki
from tests.histories import History
from tests.indexes import ListIndex


@dataclass
class Plain:
    """All commits of a branch, read one by one: who did what to which file."""

    store: MemoryStore
    order: list[Commit] = field(default_factory=list)
    lives: list[list[tuple[Commit, Touch]]] = field(default_factory=list)  # each file's, through its renames
    at: dict[str, list[tuple[Commit, Touch]]] = field(default_factory=dict)  # which of them a path is
    left: set[str] = field(default_factory=set)  # paths from which a file was renamed away

    def read(self) -> None:
        """Read from the head."""
        head = self.store.head()
        assert head is not None
        self._arrive(head, set())
        for commit in self.order:
            moved = {}
            for touch in commit.touches:
                new = touch.added and touch.path in self.left
                life = None if new else self.at.get(touch.old_path or touch.path)
                if life is None:
                    life = []
                    self.lives.append(life)
                life.append((commit, touch))
                moved[touch.path] = life
            self.at.update(moved)
            self.left |= {touch.old_path for touch in commit.touches if touch.old_path}
            self.left -= {touch.path for touch in commit.touches if touch.added or touch.old_path}

    def _arrive(self, commit: str, met: set[str]) -> None:
        if commit not in met:
            met.add(commit)
            (read,) = self.store.commits([commit])
            for parent in read.parents:
                self._arrive(parent, met)
            self.order.append(read)

    def files(self, commit: str) -> Mapping[str, str]:
        """Return path and blob of every file of a commit."""
        return {entry.path: entry.blob for entry in self.store.tree(commit)}


@contextmanager
def opened(folder: Path, seed: int, steps: int = 25) -> Iterator[tuple[Past, Plain]]:
    store = MemoryStore()
    for _ in History(store, seed).steps(steps):
        pass
    plain = Plain(store)
    plain.read()
    wiki = Wiki.open(store, ListIndex(), folder, RolePolicy(), processes=0)
    assert wiki.catch_up()
    with wiki.at(ANONYMOUS) as snapshot:
        yield snapshot.past, plain
    wiki.close()


def whole(past: Past, subject: Subject) -> list[tuple[int, str, str, str | None, str]]:
    """Return every revision, from all pages of the list, oldest first."""
    first = past.history(subject)
    pages = [first, *(past.history(subject, number) for number in range(2, first.pages + 1))]
    steps = [step for page in pages for step in page.steps]
    assert len(steps) == first.total
    return [
        (step.number, step.revision.id, step.name.path, step.old_path, step.name.blob)
        for step in reversed(steps)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_a_history_is_what_the_commits_did_to_the_file(tmp_path: Path, seed: int) -> None:
    with opened(tmp_path, seed) as (past, plain):
        for path in plain.files(plain.order[-1].id):
            expected = [
                (number, commit.id, touch.path, touch.old_path, touch.blob or "")
                for number, (commit, touch) in enumerate(plain.at[path], 1)
            ]
            assert whole(past, past.subject(path)) == expected


@pytest.mark.parametrize("seed", range(6))
def test_a_file_as_of_a_commit_is_one_that_the_commit_has(tmp_path: Path, seed: int) -> None:
    with opened(tmp_path, seed) as (past, plain):
        for path in plain.files(plain.order[-1].id):
            subject = past.subject(path)
            made = {(commit.id, touch.path, touch.blob) for commit, touch in plain.at[path]}
            had = {(touch.path, touch.blob) for _, touch in plain.at[path]}
            for commit in plain.order:
                found = past.name_at(subject, commit.id)
                files = plain.files(commit.id)
                if found is None:
                    assert not any((commit.id, *file) in made for file in files.items())
                    assert path not in files
                else:
                    assert files[found.path] == found.blob
                    assert (found.path, found.blob) in had or found.path == path


@pytest.mark.parametrize("seed", range(6))
def test_every_revision_that_left_a_file_can_be_read(tmp_path: Path, seed: int) -> None:
    with opened(tmp_path, seed) as (past, plain):
        for path in plain.files(plain.order[-1].id):
            subject = past.subject(path)
            for step in past.history(subject).steps:
                if (
                    step.name.blob
                    and len({n for n, c in enumerate(plain.at[path]) if c[0].id == step.revision.id}) == 1
                ):
                    version = past.version(subject, step.revision.id)
                    assert (version.name.path, version.name.blob) == (step.name.path, step.name.blob)


@pytest.mark.parametrize("seed", range(6))
def test_recent_changes_are_what_each_commit_touched(tmp_path: Path, seed: int) -> None:
    with opened(tmp_path, seed) as (past, plain):
        for folder in ("", "News", "help", "nowhere"):
            expected = {
                commit.id: count
                for commit in reversed(plain.order)
                if (count := sum(inside(touch, folder) for touch in commit.touches))
            }
            found = past.recent(folder)
            assert past.count_recent(folder) == len(expected)
            assert [(each.revision.id, each.count) for each in found.changes] == [*expected.items()][:50]
            for change in found.changes:
                assert len(change.files) == min(change.count, 5)


def inside(touch: Touch, folder: str) -> bool:
    return not folder or any(path and path.startswith(f"{folder}/") for path in (touch.path, touch.old_path))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_deleted_is_not_there_and_was(tmp_path: Path, seed: int) -> None:
    with opened(tmp_path, seed, 40) as (past, plain):
        now = plain.files(plain.order[-1].id)
        expected = {
            path
            for path, life in plain.at.items()
            if path not in now
            and any(touch.path == path and touch.blob is None for _, touch in life)
            and not any(other in now and plain.at[other] is life for other in plain.at)
        }
        found = past.deleted().deletions
        assert {deletion.name.path for deletion in found} == expected
        for deletion in found:
            assert deletion.last is not None
            assert past.version(past.subject(deletion.name.path), deletion.last.id)
            fate = past.fate(deletion.name.path)
            assert fate is not None
            assert (fate.moved, fate.last) == (False, deletion.last)
