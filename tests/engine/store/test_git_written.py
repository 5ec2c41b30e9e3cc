"""What a store says of the commit that it has just made is what git says."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.errors import WikiError
from engine.model import Author
from engine.store import Change
from engine.store.git_store import GitStore
from engine.store.trailers import KEY, with_trailers
from tests import repositories
from tests.repositories import EXECUTABLE, SYMLINK, File, Repository

ADA = Author("Ada", "ada@example.org")
PATHS = ["a.md", "b.md", "c.png", "d", "d/a.md", "d/e/f.md", "z-.md", "z.md", "é.md", "link.md"]
TEXTS = [b"".join(b"%d %d\n" % (kind, line) for line in range(9)) for kind in range(3)] + [b""]

texts = st.text(st.sampled_from("aé :\t\n\r\u2028\x85\x0b-<>Q"), max_size=30) | st.sampled_from(
    [
        f"S\n\n{KEY}: one",
        f"S\n\n{KEY.lower()}: one",
        f"{KEY}: one",
        f"S\n\n{KEY}: a\n{KEY}: b",
        f"S\n\nfree text\n{KEY}: a\nOther: b",
        f"S\n\n{KEY}: one\n\nmore",
        f"S\n---\n\n{KEY}: one",
    ]
)
trailers = st.dictionaries(st.sampled_from([KEY, "Quire-Actor"]), st.sampled_from(["", "x", "a b"]))
wanted = st.dictionaries(st.sampled_from(PATHS), st.sampled_from([*TEXTS, None]), min_size=1, max_size=4)
times = st.none() | st.integers(-10, 4_000_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, timezone(timedelta(minutes=-150)))
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(wanted, texts, texts, trailers, times), min_size=1, max_size=6),
    st.sampled_from(["", "r/s"]),
)
@example([({"a.md": TEXTS[0]}, "Ada", f"S\n\n{KEY}: one", {"Quire-Actor": "x"}, None)], "")
def test_it_is_what_git_says(
    steps: Sequence[tuple[Mapping[str, bytes | None], str, str, Mapping[str, str], datetime | None]],
    root: str,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = repositories.make(Path(folder) / "wiki.git")
        store = GitStore.open(repository.path, root=root)
        git = GitStore.open(repository.path, root=root, read_only=True)
        try:
            for changes, name, summary, more, time in steps:
                _write(
                    store, changes, Author(name, f"{name}@example.org"), with_trailers(summary, more), time
                )
                _compare(store, git)
        finally:
            store.close()
            git.close()


def _write(
    store: GitStore,
    wanted: Mapping[str, bytes | None],
    author: Author,
    summary: str,
    time: datetime | None,
) -> None:
    head = store.head()
    bases = {path: store.entry(head, path) if head else None for path in wanted}
    changes = [
        Change(path, content, entry.blob if (entry := bases[path]) else None)
        for path, content in wanted.items()
        if content is not None or bases[path] is not None
    ]
    with suppress(WikiError):  # a file in the way of a folder, or nothing to change
        store.write(changes, author=author, summary=summary, time=time)


def _compare(store: GitStore, git: GitStore) -> None:
    head = store.head()
    if head is None:
        return
    said = list(git.commits([head]))
    assert list(store.commits([head])) == said
    parent = said[0].parents[0] if said[0].parents else None
    assert store.difference(parent, head) == git.difference(parent, head)


def test_files_of_every_form_are_told(tmp_path: Path) -> None:
    repository = repositories.make(tmp_path / "wiki.git")
    files = {"a.md": File(b"a"), "link.md": File(b"a.md", SYMLINK), "run.sh": File(b"#!", EXECUTABLE)}
    repository.commit(files)
    store, git = GitStore.open(repository.path), GitStore.open(repository.path, read_only=True)
    _write(store, {"link.md": None, "run.sh": b"#!/bin/sh"}, ADA, "Change", None)
    _compare(store, git)


def test_no_child_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository: Repository = repositories.make(tmp_path / "wiki.git")
    store = GitStore.open(repository.path)
    _write(store, {"a.md": b"a"}, ADA, with_trailers("Start", {KEY: "one"}), None)
    first = store.head()
    _write(store, {"a.md": b"b", "b.md": b"b"}, ADA, with_trailers("Change", {KEY: "two"}), None)

    def never(*arguments: object, **options: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr("engine.store.git_process.subprocess.run", never)
    monkeypatch.setattr("engine.store.git_process.subprocess.Popen", never)
    head = store.head()
    assert [d.path for d in store.difference(first, head or "")] == ["a.md", "b.md"]
    (commit,) = store.commits([head or ""])
    assert (commit.parents, commit.key, len(commit.touches)) == ((first,), "two", 2)
    assert commit.time <= datetime.now(UTC)
