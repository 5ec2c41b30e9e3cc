"""Who wrote each line of a file, as it was at one revision; reached by `Snapshot.blaming`."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.catalog import Moment
from engine.errors import RevisionNotFoundError
from engine.ids import page_stem
from engine.kept import Kept
from engine.marking import Piece, shortened, whole
from engine.messages import Message
from engine.model import Form, Name, Origin, Revision
from engine.past import Past
from engine.past_answers import Subject, Version
from engine.store import Store

LINES = 2_000  # on one page of a blame
CHARACTERS = 600_000  # on one page; what is more is left out


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown."""

    number: int  # counted from 1
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive lines that one commit brought."""

    revision: Revision | None  # None where the file lay in a place that the actor may not see
    path: str  # the file's path then, where it was another one; else empty
    before: str  # the commit before this change that has the file; empty when there is none
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Blame:
    """One page of the lines of a file."""

    version: Version
    groups: tuple[Group, ...]
    page: int
    pages: int
    total: int  # lines


class Blaming:
    """Tells who wrote what, as one actor may see it. Made by `Snapshot.blaming`."""

    def __init__(
        self,
        past: Past,
        moment: Moment,
        store: Store,
        kept: Kept,
        *,
        may_see: Callable[[Name], bool],
        sees_all: bool,
    ) -> None:
        self._past = past
        self._moment = moment
        self._store = store
        self._kept = kept
        self._may_see = may_see
        self._sees_all = sees_all

    def lines(self, subject: Subject, commit: str = "", page: int = 1) -> Blame | None:
        """Return one page of the lines of a file, ``None`` when it is no text.

        Args:
            subject: The file.
            commit: What names a commit; empty for the newest revision that has the file.
            page: From 1; the last one where there are not so many.

        Raises:
            RevisionNotFoundError: There is no such commit, or it does not have the file.
            TooLargeError: The file is too large, or its history takes too long to read.
            NotReadyError: The history is still being read.
        """
        version = self._past.version(subject, commit or self._newest(subject))
        origins = self._origins(version)
        texts = _lines(self._store.read(version.name.blob))
        if texts is None:
            return None
        pages = max(1, -(-len(texts) // LINES))
        page = min(max(page, 1), pages)
        first, last = (page - 1) * LINES + 1, min(page * LINES, len(texts))
        shown = [origin for origin in origins if origin.start <= last and first < origin.start + origin.count]
        revisions = self._moment.arrivals.revisions({origin.commit for origin in shown})
        room = _Room()
        groups = tuple(
            self._group(version, origin, revisions, room.lines(texts, origin, first, last))
            for origin in shown
        )
        return Blame(version, groups, page, pages, len(texts))

    def _newest(self, subject: Subject) -> str:
        steps = self._past.history(subject).steps
        found = next((step.revision.id for step in steps if step.name.blob), None)
        if found is None:
            raise RevisionNotFoundError(
                Message("“%(name)s” has no revision that can be shown.", name=str(subject.name.id))
            )
        return found

    def _origins(self, version: Version) -> tuple[Origin, ...]:
        """Ask of the revision that left the file as it was, which later commits that do not touch it share."""
        name, commit = version.name, version.commit
        if name.form is Form.SUBMODULE:
            raise RevisionNotFoundError(
                Message("%(path)s is another repository, and has no lines.", path=name.path)
            )
        if version.step is not None and self._is_there(version.step.revision.id, name):
            commit = version.step.revision.id
        found = self._kept.origins(commit, name)
        if found is None:
            found = tuple(self._store.blame(commit, name.path))
            self._kept.keep_origins(commit, name, found)
        return found

    def _is_there(self, commit: str, name: Name) -> bool:
        entry = self._store.entry(commit, name.path)
        return entry is not None and entry.blob == name.blob

    def _group(
        self, version: Version, origin: Origin, revisions: dict[str, Revision], lines: tuple[Line, ...]
    ) -> Group:
        if not self._is_seen(version, origin.path):
            return Group(None, "", "", lines)
        before, path = origin.previous or ("", None)
        return Group(
            revisions.get(origin.commit),
            origin.path if origin.path and origin.path != version.name.path else "",
            before if before and self._is_seen(version, path) and self._knows(before) else "",
            lines,
        )

    def _is_seen(self, version: Version, path: str | None) -> bool:
        """Say whether the actor may see the file where it was; outside of the wiki nobody does."""
        if path is None or path == version.name.path:
            return path is not None
        form = Form.MEDIA if page_stem(path) is None else Form.PAGE
        return self._may_see(Name(path, version.name.blob, form))

    def _knows(self, commit: str) -> bool:
        if self._sees_all:
            return True
        try:
            return bool(self._past.commit(commit))
        except RevisionNotFoundError:
            return False


class _Room:
    """What may still be shown."""

    def __init__(self) -> None:
        self._left = CHARACTERS

    def lines(self, texts: list[str], origin: Origin, first: int, last: int) -> tuple[Line, ...]:
        """Return the lines of *origin* between two others."""
        start, end = max(origin.start, first), min(origin.start + origin.count - 1, last)
        return tuple(Line(number, self._pieces(texts[number - 1])) for number in range(start, end + 1))

    def _pieces(self, text: str) -> tuple[Piece, ...]:
        if self._left <= 0 and text:
            return (Piece("", left_out=len(text)),)
        pieces = shortened(whole(text))
        self._left -= sum(len(piece.text) for piece in pieces)
        return pieces


def _lines(content: bytes) -> list[str] | None:
    r"""Split text as git counts its lines: each ends in ``\n``."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    lines = text.removesuffix("\n").split("\n") if text else []
    return [line.removesuffix("\r") for line in lines]
