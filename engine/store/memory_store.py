"""The store's promises kept in dicts: for tests, and for previews of what was not saved."""

import hashlib
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from engine.diagnosis import Diagnosis
from engine.errors import RevisionNotFoundError
from engine.ids import page_stem
from engine.model import Author, Form
from engine.store import (
    Change,
    Commit,
    CommitText,
    Difference,
    Entry,
    Origin,
    Touch,
    memory_blame,
    rules,
)
from engine.store.origins import check_blamed
from engine.store.signature import Signature
from engine.store.trailers import KEY, MOVED, trailer, with_moves

NOBODY = Author("Nobody", "nobody@example.org")
_START = datetime(2026, 1, 1, tzinfo=UTC)


def blob_id(content: bytes) -> str:
    """Return the id that git gives to these bytes."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class _Version:
    """One commit: all its files by path, ordered, and who made it."""

    files: Mapping[str, Entry]
    parents: tuple[str, ...]
    author: Author
    time: datetime
    summary: str
    key: str
    moves: str
    message: str


class MemoryStore:
    """Keeps every version of every file in memory; it is gone with the process.

    Differs from git in one thing: only files with identical bytes count as renamed.
    """

    root = ""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._head: str | None = None
        self._blobs: dict[str, bytes] = {}
        self._versions: dict[str, _Version] = {}

    def head(self) -> str | None:
        """Return the branch's commit, ``None`` while there is none."""
        return self._head

    def set_head(self, commit: str | None) -> None:
        """Move the branch to any commit, as a push by force does."""
        if commit is not None:
            self._version(commit)
        self._head = commit

    def commit_tree(
        self,
        files: Mapping[str, bytes],
        parents: Sequence[str] = (),
        *,
        author: Author = NOBODY,
        summary: str = "",
        time: datetime | None = None,
    ) -> str:
        """Make a commit of exactly these *files* on top of any *parents*, unchecked, and leave the branch alone."""
        entries = {}
        for path, content in sorted(files.items()):
            blob = blob_id(content)
            self._blobs[blob] = content
            entries[path] = Entry(path, blob, _form(path))
        signature = Signature.make(author, summary, time or _START)
        when = signature.time.astimezone(UTC)
        key, moves = (trailer(signature.message, name) for name in (KEY, MOVED))
        said = (signature.summary, key, moves, signature.message)
        return self._add(_Version(entries, tuple(parents), author, when, *said))

    def tree(self, commit: str) -> Iterator[Entry]:
        """List all files of *commit*, ordered by path."""
        return iter(self._version(commit).files.values())

    def entry(self, commit: str, path: str) -> Entry | None:
        """Return the file at *path* in *commit*, ``None`` where there is none."""
        return self._version(commit).files.get(path)

    def entries(self, commit: str, paths: Collection[str]) -> Mapping[str, Entry]:
        """Return the files at *paths* in *commit*, by path."""
        files = self._version(commit).files
        return {path: files[path] for path in paths if path in files}

    def difference(self, old: str | None, new: str) -> list[Difference]:
        """List the paths that differ between two commits, ordered by path; ``old=None`` is the empty tree."""
        before = self._version(old).files if old is not None else {}
        return _differences(before, self._version(new).files)

    def read(self, blob: str) -> bytes:
        """Return the bytes of a blob."""
        try:
            return self._blobs[blob]
        except KeyError:
            raise RevisionNotFoundError(f"{blob} is not in the store") from None

    def read_many(self, blobs: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each blob with its bytes, in the order asked for; blobs that are not there are left out."""
        return ((blob, self._blobs[blob]) for blob in blobs if blob in self._blobs)

    def size(self, blob: str) -> int:
        """Return a blob's length in bytes."""
        return len(self.read(blob))

    def blob_id(self, content: bytes) -> str:
        """Return the id that a blob of this content has, whether or not it is there."""
        return blob_id(content)

    def chain(
        self, head: str, since: str | None = None, *, most: int | None = None
    ) -> list[tuple[str, tuple[str, ...]]]:
        """Return every commit reachable from *head*, and not from *since*, with its parents; children come first."""
        known = dict(self.chain(since)) if since is not None else {}
        return [item for item in self._ancestry(head) if item[0] not in known][:most]

    def line(self, head: str, most: int) -> list[str]:
        """Return commits of the first-parent line of *head*, newest first: so many at most."""
        found = [head]
        while len(found) < most and (parents := self._version(found[-1]).parents):
            found.append(parents[0])
        return found

    def health(self, *, full: bool) -> Iterator[Diagnosis]:
        """Say nothing: a dict is always well."""
        return iter(())

    def edges(self) -> frozenset[str]:
        """Return no commits: here every history is whole."""
        return frozenset()

    def _ancestry(self, head: str) -> list[tuple[str, tuple[str, ...]]]:
        done: dict[str, tuple[str, ...]] = {}  # parents before children
        waiting = [(head, False)]
        while waiting:
            name, parents_done = waiting.pop()
            if parents_done:
                done[name] = self._version(name).parents
            elif name not in done:
                waiting.append((name, True))
                waiting.extend(
                    (parent, False) for parent in self._version(name).parents if parent not in done
                )
        return list(reversed(done.items()))

    def commits(self, ids: Sequence[str]) -> Iterator[Commit]:
        """Yield these commits with their touches, in the order asked for."""
        for name in ids:
            version = self._version(name)
            yield Commit(
                name,
                version.parents,
                version.author,
                version.time,
                version.summary,
                self._touches(version),
                version.key,
            )

    def commit_text(self, commit: str) -> CommitText:
        """Return who made a commit, when, and its whole message; here nobody else commits it."""
        version = self._version(commit)
        return CommitText(version.author, version.time, version.author, version.time, version.message)

    def blame(self, commit: str, path: str) -> list[Origin]:
        """Say which commit brought each line of a file."""
        check_blamed(self, commit, path)
        return memory_blame.blame(self, commit, path)

    def parents_with(self, version: memory_blame.Version) -> list[memory_blame.Version]:
        """Return the parents of a commit that have one of its files, each with the file's path there."""
        commit, path = version
        files = self._version(commit).files
        found = []
        for parent in self._version(commit).parents:
            before = self._version(parent).files
            old_path = path
            if path not in before:
                touched = _touched(_differences(before, files))
                old_path = next((touch.old_path for touch in touched if touch.path == path), None) or ""
            if old_path in before:
                found.append((parent, old_path))
        return found

    def content(self, version: memory_blame.Version) -> bytes:
        """Return the bytes of a file of a commit."""
        commit, path = version
        return self.read(self._version(commit).files[path].blob)

    def write(
        self,
        changes: Collection[Change],
        *,
        author: Author,
        summary: str,
        time: datetime | None = None,
        onto: str | None = None,
    ) -> str:
        """Make one commit of all *changes* on top of the head; see `engine.store.Store.write`."""
        with self._lock:
            head = self._head
            rules.check_head(head, onto)
            files = dict(self._version(head).files) if head is not None else {}
            made = rules.effective(changes, _folders(files), blob_id)
            if not made and head is not None:
                return head
            for change in made:
                if change.deletes:
                    del files[change.path]
                else:
                    content = self.read(change.blob) if change.blob is not None else change.content or b""
                    blob = blob_id(content)
                    self._blobs[blob] = content
                    files[change.path] = Entry(change.path, blob, _form(change.path))
            parents = (head,) if head is not None else ()
            signature = Signature.make(author, summary, time)
            who, when = signature.author, signature.time.astimezone(UTC)
            self._head = self._add(
                _Version(
                    dict(sorted(files.items())),
                    parents,
                    who,
                    when,
                    signature.summary,
                    trailer(signature.message, KEY),
                    trailer(signature.message, MOVED),
                    signature.message,
                )
            )
            return self._head

    def close(self) -> None:
        """Nothing to release."""

    def _version(self, commit: str) -> _Version:
        try:
            return self._versions[commit]
        except KeyError:
            raise RevisionNotFoundError(f"{commit} is not in the store") from None

    def _add(self, version: _Version) -> str:
        lines = [f"{entry.blob} {path}" for path, entry in version.files.items()]
        lines += [
            *version.parents,
            repr(version.author),
            version.time.isoformat(),
            version.summary,
            version.key,
        ]
        name = hashlib.sha1("\0".join(lines).encode(), usedforsecurity=False).hexdigest()
        self._versions[name] = version
        return name

    def _touches(self, version: _Version) -> tuple[Touch, ...]:
        parents = [self._version(parent).files for parent in version.parents]
        if len(parents) < 2:
            differences = _differences(parents[0] if parents else {}, version.files)
            return with_moves(_touched(differences), version.moves)
        found = [
            {difference.path for difference in _differences(parent, version.files)} for parent in parents
        ]
        return tuple(
            Touch(
                path,
                None,
                version.files[path].blob if path in version.files else None,
                not any(path in parent for parent in parents),
            )
            for path in sorted(set.intersection(*found))
        )


def _form(path: str) -> Form:
    return Form.MEDIA if page_stem(path) is None else Form.PAGE


def _differences(before: Mapping[str, Entry], after: Mapping[str, Entry]) -> list[Difference]:
    return [
        Difference(path, before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _touched(differences: Sequence[Difference]) -> tuple[Touch, ...]:
    gone = [difference.old for difference in differences if difference.old and not difference.new]
    source = {}
    for new in (difference.new for difference in differences if difference.new and not difference.old):
        alike = [old for old in gone if old.blob == new.blob]
        if alike:
            last = new.path.rpartition("/")[2]
            old = next((old for old in alike if old.path.rpartition("/")[2] == last), alike[0])
            gone.remove(old)
            source[new.path] = old.path
    moved = set(source.values())
    return tuple(
        Touch(
            difference.path,
            source.get(difference.path),
            difference.new.blob if difference.new else None,
            difference.old is None and difference.path not in source,
        )
        for difference in differences
        if difference.path not in moved
    )


class _Folder:
    """One folder, for the rules."""

    def __init__(self) -> None:
        self.items: dict[str, rules.Item] = {}

    def get(self, name: str) -> rules.Item | None:
        return self.items.get(name)

    def names(self) -> Collection[str]:
        return self.items

    def alike(self, key: str) -> Collection[str]:
        return self._keys.get(key, ())

    @cached_property
    def _keys(self) -> Mapping[str, Sequence[str]]:
        return rules.keys(self.items)


def _folders(files: Mapping[str, Entry]) -> rules.Folders:
    found: dict[str, _Folder] = {"": _Folder()}
    for path, entry in files.items():
        parts = path.split("/")
        for depth in range(1, len(parts)):
            above, folder = "/".join(parts[: depth - 1]), "/".join(parts[:depth])
            found[above].items[parts[depth - 1]] = rules.Item(None)
            found.setdefault(folder, _Folder())
        found["/".join(parts[:-1])].items[parts[-1]] = rules.Item(entry.form, entry.blob)
    return lambda path: found.get(path) or _Folder()
