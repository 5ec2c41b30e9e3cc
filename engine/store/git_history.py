"""Commits and what they touched, read from ``git diff-tree --stdin``.

Plumbing is asked, not ``git log``: its answer depends on the commit and on these options, and on no setting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from engine.errors import RevisionNotFoundError
from engine.model import Author
from engine.store import Commit, Touch
from engine.store.git_listing import ABSENT, spell, tokens
from engine.store.git_process import GitProcess, is_object_id
from engine.store.trailers import KEY, MOVED, with_moves

_AT_ONCE = 2_000  # commits held in memory, while the merges among them are looked at again
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)

_COMPARE = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--no-abbrev", "--root", "--always")
# Every deleted file is compared with every added one. Beyond this many of each only identical files are paired,
# so that a commit that moves 50,000 files takes seconds; 500 x 500 comparisons take about one.
_ORDINARY = (*_COMPARE, "--find-renames=50%", "-l500", "--encoding=UTF-8")
_ORDINARY_FORMAT = (
    "--format=tformat:%H%x00%P%x00%an%x00%ae%x00%at%x00%s"
    f"%x00%(trailers:key={KEY},valueonly,separator=%x20)"
    f"%x00%(trailers:key={MOVED},valueonly,separator=%x20)"
)
_MERGE = (*_COMPARE, "--no-renames", "-c")
_MERGE_FORMAT = "--format=tformat:%H"


def commits(process: GitProcess, root: str, ids: Sequence[str]) -> Iterator[Commit]:
    """Yield these commits with what they touched under *root*.

    Raises:
        RevisionNotFoundError: One of them is not there.
    """
    for name in ids:
        if not is_object_id(name):
            raise RevisionNotFoundError(f"{name!r} is no commit")
    where = ("--", f"{root}/") if root else ()
    prefix = f"{root}/".encode() if root else b""
    with process.stream(*_ORDINARY, _ORDINARY_FORMAT, *where, lines=ids) as stream:
        words = Words(tokens(stream))
        for start in range(0, len(ids), _AT_ONCE):
            chunk = [_commit(words, name, prefix) for name in ids[start : start + _AT_ONCE]]
            merged = _merges(
                process, where, prefix, [commit.id for commit in chunk if len(commit.parents) > 1]
            )
            for commit in chunk:
                yield replace(commit, touches=merged[commit.id]) if commit.id in merged else commit


class Words:
    """The pieces of an answer, with a look at the next one."""

    def __init__(self, words: Iterator[bytes]) -> None:
        self._words = words
        self._next: bytes | None = None

    def take(self) -> bytes:
        """Return the next piece, empty at the end."""
        if self._next is not None:
            word, self._next = self._next, None
            return word
        return next(self._words, b"")

    def begins(self, start: bytes) -> bool:
        """Say whether the next piece that holds anything begins with *start*."""
        while self._next is None or not (self._next.strip(b"\n")):
            self._next = next(self._words, None)
            if self._next is None:
                return False
        self._next = self._next.lstrip(b"\n")
        return self._next.startswith(start)


def expect(words: Words, name: str) -> None:
    """Go past the name of a commit; RevisionNotFoundError where git says something else."""
    if not words.begins(name.encode("ascii")):
        raise RevisionNotFoundError(f"{name} is not in the repository, or no commit")
    words.take()


def _commit(words: Words, name: str, prefix: bytes) -> Commit:
    expect(words, name)
    parents, author, email, time, summary, key, moves = (words.take() for _ in range(7))
    return Commit(
        name,
        tuple(parents.decode("ascii").split()),
        Author(_text(author), _text(email)),
        _time(time),
        _text(summary),
        with_moves(sorted(_touches(words, prefix), key=_path), _text(moves).strip()),
        _text(key).strip(),
    )


def _touches(words: Words, prefix: bytes) -> Iterator[Touch]:
    while words.begins(b":"):
        old_mode, new_mode, _, blob, status = words.take().decode("ascii")[1:].split(" ")
        old_path = words.take() if status[0] == "R" else None
        path = words.take()
        if path.startswith(prefix):  # a root that was a submodule once has its own name, without a slash
            yield Touch(
                spell(path[len(prefix) :]),
                spell(old_path[len(prefix) :]) if old_path is not None else None,
                None if new_mode == ABSENT else blob,
                old_mode == ABSENT,
            )


def _merges(
    process: GitProcess, where: tuple[str, ...], prefix: bytes, ids: Sequence[str]
) -> dict[str, tuple[Touch, ...]]:
    """Say for each merge which paths differ from every parent."""
    if not ids:
        return {}
    found = {}
    with process.stream(*_MERGE, _MERGE_FORMAT, *where, lines=ids) as stream:
        words = Words(tokens(stream))
        for name in ids:
            expect(words, name)
            found[name] = tuple(sorted(_merge_touches(words, prefix), key=_path))
    return found


def changed(words: Words) -> Iterator[tuple[list[str], str, str, bytes]]:
    """Read what a commit changes: the mode for each parent, that of the result, its blob, and the path.

    The pieces are a colon and a mode for each parent, one mode for the result; likewise ids; letters; then the path.
    """
    while words.begins(b":"):
        head = words.take().decode("ascii")
        parents = len(head) - len(head.lstrip(":"))
        fields = head[parents:].split(" ")
        yield fields[:parents], fields[parents], fields[-2], words.take()


def _merge_touches(words: Words, prefix: bytes) -> Iterator[Touch]:
    for old_modes, new_mode, blob, path in changed(words):
        if path.startswith(prefix):
            added = all(mode == ABSENT for mode in old_modes)
            yield Touch(spell(path[len(prefix) :]), None, None if new_mode == ABSENT else blob, added)


def _text(raw: bytes) -> str:
    # Git has converted what says its encoding. The rest was mostly written by programs that meant Latin-1.
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _time(raw: bytes) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=int(raw))
    except ValueError:
        return _EPOCH
    except OverflowError:
        return _LAST


def _path(touch: Touch) -> str:
    return touch.path
