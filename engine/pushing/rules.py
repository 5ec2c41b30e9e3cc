"""What a push may bring: which reference, which history, which files. Each rule tells all that breaks it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.errors import PageIdError, PushRefusedError
from engine.ids import parse_path
from engine.model import Difference, Form
from engine.store import Incoming, PushedFile

_UNSAFE_FORMS = {
    Form.SYMLINK: "is a symbolic link; put the file itself there",
    Form.SUBMODULE: "is a submodule; put its files there",
}
PATHS = 300_000
"""That one push may change, in all its commits together."""

COMMIT_BYTES = 100_000
"""Of a commit itself: its message, its names, its signature."""

_HEADS = "refs/heads/"
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Update:
    """One reference that a push moves."""

    reference: str  # whole, such as refs/heads/main
    old: str | None  # the commit that it is at; None: it is to be new
    new: str | None  # None: it is to be deleted


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one push may bring."""

    file_bytes: int = 50_000_000
    rewrites: bool = False  # whether admins may leave out commits that were published


def refused_references(updates: Sequence[Update], branch: str) -> Iterator[str]:
    """Say which references are not the wiki's, or would go."""
    for update in updates:
        name = shown(update.reference)
        if update.reference != _HEADS + branch:
            kind = "a branch" if update.reference.startswith(_HEADS) else "a reference"
            yield f"{name} is {kind} that the wiki does not show; push to its own: git push origin HEAD:{branch}"
        elif update.new is None:
            yield f"{name} is what the wiki shows, and cannot be deleted; delete files, and push that"


class Files:
    """Looks at all files that commits change, one after the other: a history may have very many.

    Args:
        incoming: Knows how large they are.
        there: Paths and forms of files that the wiki shows already: an unsafe name of theirs is served as it is.
        root: The folder of the repository that holds the pages; beside it there may be links.
        limit: Bytes that one file may have.
        stop: Says whether nobody waits for the answer any more.
    """

    def __init__(
        self,
        incoming: Incoming,
        there: set[tuple[str, Form]],
        root: str,
        limit: int,
        stop: Callable[[], bool],
    ) -> None:
        self._incoming = incoming
        self._there = there
        self._root = f"{root}/" if root else ""
        self._limit = limit
        self._stop = stop
        self._seen: set[str] = set()  # blobs
        self.paths: dict[str, None] = {}
        """All paths, in order, once `refused` was gone through."""

    def refused(self, files: Iterable[PushedFile]) -> Iterator[tuple[str, str]]:
        """Yield files that have no safe path, are none, or are too large, with what is wrong.

        Raises:
            PushRefusedError: They are too many, or nobody waits any more.
        """
        for file in files:
            if self._stop():
                raise PushRefusedError("the push was taken back")
            if file.form is not Form.FOLDER:
                self.paths[file.path] = None
                if len(self.paths) > PATHS:
                    raise PushRefusedError(
                        f"the push changes more than {PATHS:,} files; push some of them first"
                    )
            if file.form is not None:
                yield from self._wrong_with(file, file.form)

    def _wrong_with(self, file: PushedFile, form: Form) -> Iterator[tuple[str, str]]:
        # Neither may the folder that holds the pages become a link, nor one that it is in.
        below, above = file.path.startswith(self._root), self._root.startswith(f"{file.path}/")
        if form in _UNSAFE_FORMS and (below or above):
            yield file.path, _UNSAFE_FORMS[form]
            return
        known = not file.new if form is Form.FOLDER else (file.path, form) in self._there
        if not known and (wrong := _wrong(file.path)):
            yield file.path, f"{wrong}; rename it"
        if file.blob and form is not Form.SUBMODULE and (size := self._size(file.blob)) > self._limit:
            yield (
                file.path,
                f"has {size / _MEGA:,.1f} MB; at most {self._limit / _MEGA:,.1f} MB may be pushed as one file,"
                " in no commit of the push: leave it out of all of them",
            )

    def _size(self, blob: str) -> int:
        if blob in self._seen:
            return 0
        self._seen.add(blob)
        return self._incoming.size(blob)


@lru_cache(maxsize=10_000)
def _wrong(path: str) -> str:
    try:
        parse_path(path)
    except PageIdError as error:
        return str(error)
    return ""


def refused_commits(commits: Iterable[str], incoming: Incoming) -> Iterator[tuple[str, str]]:
    """Yield commits that say so much that nobody can read it."""
    for commit in commits:
        if (size := incoming.size(commit)) > COMMIT_BYTES:
            yield (
                f"commit {commit[:10]}",
                f"has {size:,} bytes of message and names; at most {COMMIT_BYTES:,} may be pushed: shorten the message",
            )


def refused_clashes(
    incoming: Incoming, old: str | None, differences: Sequence[Difference]
) -> Iterator[tuple[str, str]]:
    """Yield new files with the address of another one."""
    for path, other in incoming.clashes(old, differences):
        yield path, f"has the same address as {shown(other)}; rename one of them"


def shown(text: str) -> str:
    """Return a path or a name as one line that a terminal shows as it is."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text[:500]
    )
