"""Past: everything that a reader may ask of what was; reached by `Snapshot.past`.

Revisions follow the order in which commits arrived at the branch, never the dates that their authors gave them. A file
is followed through its renames by its lineage.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

from engine.answers import Page
from engine.catalog import Moment, Touched
from engine.errors import NotReadyError, PageNotFoundError, RevisionNotFoundError
from engine.ids import MAX_PATH_BYTES, PAGE_SUFFIXES, page_stem
from engine.messages import Message
from engine.model import Form, Name, Revision
from engine.past_answers import (
    ChangeSet,
    Deleted,
    Deletion,
    Fate,
    FileChange,
    History,
    Recent,
    Step,
    Subject,
    Version,
)
from engine.sight import LOOKED_AT, Reader, Sight, past_name
from engine.store import Store

REVISIONS = 50  # on one page of a list
FILES = 5  # of a commit that are named in a list
SHORTEST = 7  # hex digits that a commit may be named by
PLACED = 100  # touches that left one content somewhere, and are looked at
PLACES = 20  # past paths of a file at which it is looked for in a commit
AT_ONCE = REVISIONS + 14  # deletions in one question
DELETIONS_LOOKED_AT = 3_200  # on the way to one page of them, where there is a way on
_HEX = frozenset("0123456789abcdef")


class Drawer(Reader, Protocol):
    """Whoever may read files, and shows pages: a snapshot."""

    def drawn(self, name: Name) -> Page:
        """Return a page of any text, without what other pages say of it; PageNotFoundError as `Snapshot.page`."""
        ...


class Past:
    """What was, as one actor may see it. Made by `Snapshot.past`.

    Every question but `fate` raises `NotReadyError` while the history is still being read.

    Args:
        moment: The catalog.
        store: Where the trees of commits are read.
        reader: Knows what may be seen, and shows pages.
        sees_all: Whether the actor may see everything, so that nothing has to be looked through.
    """

    def __init__(self, moment: Moment, store: Store, reader: Drawer, *, sees_all: bool) -> None:
        self._moment = moment
        self._arrivals = moment.arrivals
        self._store = store
        self._reader = reader
        self._sight = Sight(moment.arrivals, reader, sees_all=sees_all)

    @property
    def known(self) -> bool:
        """Whether the history has been read."""
        return self._moment.traced

    def _check(self) -> None:
        if not self.known:
            raise NotReadyError(Message("The history is still being read; try again in a moment."))

    # -- one file

    def subject(self, text: str, at: str = "") -> Subject:
        """Find the file that *text* names: a page id or a path, exactly as it is now, or as it was once.

        Args:
            text: The name.
            at: A commit, to find the file that had the name then; empty for the one that has it, or had it last.

        Raises:
            PageNotFoundError: There never was one, or none that the actor may know of.
            RevisionNotFoundError: See `commit`.
        """
        self._check()
        if at:
            was = self._was(text, self._commit(at)[1])
            if was is None:
                raise PageNotFoundError(Message("There never was a page “%(name)s”.", name=text[:60]))
            return was
        if _can_be(text) and (named := self._moment.named(text, self._reader.may_see)):
            lineage = self._arrivals.lineages([named[0].path]).get(named[0].path)
            if lineage is not None:
                return Subject(named[0], lineage, gone=False, title=self._title(named[0]))
        was = self._was(text)
        if was is None:
            raise PageNotFoundError(Message("There never was a page “%(name)s”.", name=text[:60]))
        return was

    def _was(self, text: str, up_to: int | None = None) -> Subject | None:
        """Find what *text* named once, up to the commit of a rank."""
        if not _can_be(text):
            return None
        touches = (self._arrivals.newest_at(path, up_to) for path in _paths(text))
        newest = max(filter(None, touches), key=lambda touched: touched.rank, default=None)
        if newest is None or not self._sight.sees([newest]):
            return None
        living = self._arrivals.living([newest.lineage]).get(newest.lineage)
        if living is not None:
            return Subject(living, newest.lineage, gone=False, title=self._title(living))
        last = self._arrivals.newest(newest.lineage, kept=True)
        name = past_name(newest.path, last.blob if last else None)
        return Subject(name, newest.lineage, gone=True, title=str(name.id))

    def _title(self, name: Name) -> str:
        return self._moment.titles([name])[name.path] if name.form is Form.PAGE else str(name.id)

    def beginning(self, subject: Subject) -> tuple[str, str]:
        """Return the commit and path that a file began with: what stays the same when it is renamed."""
        self._check()
        return self._arrivals.beginnings([subject.lineage])[subject.lineage]

    def history(self, subject: Subject, page: int = 1) -> History:
        """Return one page of the revisions of a file, through its renames; the nearest where there is no such page."""
        self._check()
        total = self._sight.count(subject.lineage)
        pages = max(1, -(-total // REVISIONS))
        page = min(max(page, 1), pages)
        start = (page - 1) * REVISIONS
        touches = self._sight.history(subject.lineage, REVISIONS + 1, start)
        steps = [self._sight.step(touched, total - start - i) for i, touched in enumerate(touches)]
        before = steps[-1].revision if len(steps) > REVISIONS else None
        earlier = self._earlier(touches[-1]) if page == pages and touches else None
        return History(subject, tuple(steps[:REVISIONS]), before, earlier, page, pages, total)

    def _earlier(self, first: Touched) -> Step | None:
        """Return the last revision of another file, which was at a path before the *first* one of this."""
        touched = self._arrivals.newest_at(first.path, first.rank - 1)
        return self._sight.step(touched, 0) if touched is not None and self._sight.sees([touched]) else None

    def commit(self, text: str) -> str:
        """Return the full id of the commit that *text* names: an id, or at least `SHORTEST` first digits of one.

        Raises:
            RevisionNotFoundError: No commit of this branch is named so, or several are.
        """
        return self._commit(text)[0]

    def arrived(self, text: str) -> tuple[str, int]:
        """Return the full id of the commit that *text* names, and its rank among those that arrived.

        Raises:
            RevisionNotFoundError: See `commit`.
        """
        return self._commit(text)

    def _commit(self, text: str) -> tuple[str, int]:
        self._check()
        digits = text[:65].lower()
        found: list[tuple[str, int]] = []
        if SHORTEST <= len(digits) <= 64 and set(digits) <= _HEX:
            found = self._arrivals.commits(digits)
        known = [each for each in found if each[0] == self._moment.head or self._sight.knows(each[1])]
        if not known:
            raise RevisionNotFoundError(Message("This wiki has no revision “%(text)s”.", text=text[:70]))
        if len(known) > 1:
            raise RevisionNotFoundError(
                Message("Several revisions begin with %(digits)s; give more digits.", digits=digits)
            )
        return known[0]

    def name_at(self, subject: Subject, commit: str) -> Name | None:
        """Return what a file was at a commit, ``None`` where it was not, or the actor may not see it there.

        Raises:
            RevisionNotFoundError: See `commit`.
        """
        return self._name_at(subject, *self._commit(commit))

    def _name_at(self, subject: Subject, commit: str, rank: int) -> Name | None:
        found = next(filter(None, self._names_at(subject, commit, rank)), None)
        return found if found is not None and self._reader.may_see(found) else None

    def _names_at(self, subject: Subject, commit: str, rank: int) -> Iterator[Name | None]:
        # The order of arrival is a line, so it only says where to look; the commit's own tree says what was there.
        newest = self._arrivals.newest(subject.lineage, rank)
        if newest is not None:
            there = self._entry(commit, newest.path)
            yield there if there is not None and there.blob == newest.blob else None
            for path in self._arrivals.places(subject.lineage, rank, PLACES):
                there = self._entry(commit, path)
                yield there if there and self._arrivals.had(subject.lineage, path, there.blob) else None
        # What else was there: an earlier file of that path, or one that two branches began.
        there = self._entry(commit, subject.name.path)
        made = self._arrivals.newest_at(there.path, rank, there.blob) if there is not None else None
        yield there if self._sight.sees_all or (made is not None and self._sight.sees([made])) else None

    def _entry(self, commit: str, path: str) -> Name | None:
        entry = self._store.entry(commit, path)
        return Name(entry.path, entry.blob, entry.form) if entry is not None else None

    def version(self, subject: Subject, text: str) -> Version:
        """Return a file as it was at the commit that *text* names, and the revisions around it.

        Raises:
            RevisionNotFoundError: There is no such commit, or the file was not there.
        """
        commit, rank = self._commit(text)
        name = self._name_at(subject, commit, rank)
        if name is None:
            raise RevisionNotFoundError(
                Message(
                    "“%(name)s” was not there at revision %(revision)s.",
                    name=str(subject.name.id),
                    revision=commit[:10],
                )
            )
        made = self._made(subject, name, rank)
        before, after = self._around(subject, made, rank)
        return Version(
            subject=subject,
            commit=commit,
            name=name,
            step=self._sight.step(made, 0) if made is not None else None,
            previous=before.revision if before is not None else None,
            following=after.revision if after is not None else None,
        )

    def _around(
        self, subject: Subject, made: Touched | None, rank: int
    ) -> tuple[Touched | None, Touched | None]:
        """Return the revisions that left a file, around the one that was *made* and was there at the commit of a rank."""
        if made is None or made.lineage == subject.lineage:
            return self._sight.around(subject.lineage, made.rank if made is not None else rank, rank)
        # An earlier file of that path: its own, as far as it was there, and then those of the one that is asked for.
        before, after = self._sight.around(made.lineage, made.rank, rank)
        if after is None or after.path != made.path:
            after = self._sight.around(subject.lineage, rank, rank)[1]
        return before if before is not None and before.path == made.path else None, after

    def _made(self, subject: Subject, name: Name, rank: int) -> Touched | None:
        """Return the touch that left a file as it was at the commit of a rank."""
        made = self._arrivals.newest(subject.lineage, rank)
        if made is None or (made.path, made.blob) != (name.path, name.blob):
            made = self._arrivals.newest_at(name.path, rank, name.blob)
        return made if made is not None and self._sight.sees([made]) else None

    def page_at(self, name: Name) -> Page:
        """Return a page as it was, with the links of today; *name* as `version` gives it.

        Raises:
            PageNotFoundError: The actor may not see it.
        """
        return self._reader.drawn(name)

    def had(self, path: str, blob: str) -> bool:
        """Say whether a file that is, or was, at *path* held *blob* once, as far as the actor may know."""
        if not self.known or not _can_be(path):
            return False
        touched = self._arrivals.newest_at(path, blob=blob)
        if touched is None:  # under an earlier path, or by a rename alone
            lineage = self._arrivals.lineages([path]).get(path)
            touched = self._arrivals.with_blob(lineage, blob) if lineage is not None else None
        return touched is not None and bool(self._sight.sees([touched]))

    def is_known(self, path: str, blob: str) -> bool:
        """Say whether any file held *blob* once that is a page, or none, as one at *path* is, as far as the actor may know."""
        if not self.known:
            return False
        placed = self._sight.sees(self._arrivals.placed(blob, PLACED))
        return any((page_stem(each.path) is None) == (page_stem(path) is None) for each in placed)

    def whereabouts(self, path: str, blob: str) -> str | None:
        """Return where the file is now that held *blob* at *path*; ``None`` where it is gone, or that is not known."""
        self._check()
        touched = self._arrivals.newest_at(path, blob=blob)
        if touched is None or not self._sight.sees([touched]):
            return None
        living = self._arrivals.living([touched.lineage]).get(touched.lineage)
        return living.path if living is not None else None

    def ended(self, path: str, blob: str) -> bool:
        """Say whether the file that held *blob* at *path* is no more, whatever stands there now."""
        self._check()
        touched = self._arrivals.newest_at(path, blob=blob)
        return touched is not None and touched.lineage not in self._arrivals.living([touched.lineage])

    def left(self, path: str) -> str | None:
        """Return where the file is now that was renamed away from *path* last; ``None`` where none was, or it is gone."""
        self._check()
        touched = self._arrivals.moved_from(path)
        if touched is None or not self._sight.sees([touched]):
            return None
        living = self._arrivals.living([touched.lineage]).get(touched.lineage)
        return living.path if living is not None else None

    def keyed(self, name: str) -> tuple[str, str] | None:
        """Return the commit that a call with a key made, and its whole key; *name* is the key's first word."""
        self._check()
        return next(iter(self._arrivals.keyed(name)), None)

    # -- many files

    @property
    def origin(self) -> str:
        """The commit that arrived first; empty where there is none."""
        self._check()
        return self._arrivals.at(0)

    def recent(self, folder: str = "", author: str = "", page: int = 1) -> Recent:
        """Return one page of the commits that touched something in *folder*, newest first.

        Args:
            folder: As git spells it; empty for all.
            author: The name, exactly; empty for everybody.
            page: From 1.
        """
        self._check()
        if not all(_can_be(text) for text in (folder, author) if text):
            return Recent((), max(page, 1), more=False)
        start = (max(page, 1) - 1) * REVISIONS
        found, more = self._sight.active(folder, author, REVISIONS, start, FILES)
        told = iter(self.file_changes(touched for _, touches, _ in found for touched in touches))
        changes = tuple(
            ChangeSet(revision, tuple(islice(told, len(touches))), count)
            for revision, touches, count in found
        )
        return Recent(changes, max(page, 1), more)

    def file_changes(self, touches: Iterable[Touched]) -> list[FileChange]:
        """Return some touches, all of which the actor may see, as they are shown."""
        listed = [*touches]
        found = self._arrivals.names({touched.path for touched in listed})
        names = {path: name for path, name in found.items() if self._reader.may_see(name)}
        titles = self._moment.titles(name for name in names.values() if name.form is Form.PAGE)
        return [self._change(touched, names, titles) for touched in listed]

    def count_recent(self, folder: str = "", author: str = "") -> int | None:
        """Return on how many lines `recent` comes in all, ``None`` where counting would take long."""
        self._check()
        if not all(_can_be(text) for text in (folder, author) if text):
            return 0
        return self._sight.count_active(folder, author)

    def _change(self, touched: Touched, names: Mapping[str, Name], titles: Mapping[str, str]) -> FileChange:
        step = self._sight.step(touched, 0)
        now = names.get(touched.path)
        return FileChange(step.kind, step.name, step.old_path, now, titles.get(touched.path) or touched.path)

    def deleted(self, after: str = "") -> Deleted:
        """Return files that the branch once had and has no more, newest deletion first.

        Args:
            after: As the page before says it; empty for the first page.

        Raises:
            RevisionNotFoundError: *after* is no such thing.
        """
        self._check()
        commit, _, path = after.partition(":")
        if path and not _can_be(path):
            raise RevisionNotFoundError(Message("This wiki has no revision “%(text)s”.", text=after[:70]))
        at = (self._commit(commit)[1], path) if after else None
        found: list[Deletion] = []
        for _ in range(0, DELETIONS_LOOKED_AT if self._sight.sees_all else LOOKED_AT, AT_ONCE):
            gone, at = self._arrivals.gone(at, AT_ONCE)
            living = self._arrivals.living(each.touched.lineage for each in gone)
            last = {each.touched: each.last for each in gone if each.touched.lineage not in living}
            found += [self._deletion(touched, last[touched]) for touched in self._sight.sees(last)]
            if len(found) > REVISIONS or at is None:
                break
        if len(found) > REVISIONS:
            newest = found[:REVISIONS]
            return Deleted(tuple(newest), f"{newest[-1].revision.id}:{newest[-1].name.path}")
        if at is None or not self._sight.sees_all:  # it may be hidden, where they have come to
            return Deleted(tuple(found), "")
        return Deleted(tuple(found), f"{self._arrivals.at(at[0])}:{at[1]}")

    def _deletion(self, touched: Touched, last: Touched | None) -> Deletion:
        left = last.revision if last is not None and self._sight.sees([last]) else None
        return Deletion(past_name(touched.path, last.blob if last else None), touched.revision, left)

    def fate(self, text: str) -> Fate | None:
        """Say what became of the file that *text* named once; ``None`` where there was none, or nobody may know."""
        was = self._was(text) if self.known else None
        if was is None:
            return None
        if not was.gone:
            away = next(filter(None, map(self._arrivals.moved_from, _paths(text))), None)
            by = away.revision if away is not None and away.lineage == was.lineage else None
            return Fate(was.name, moved=True, revision=by, last=None)
        touches = self._sight.history(was.lineage, REVISIONS, 0)
        deletion = next((touched for touched in touches if touched.blob is None), None)
        last = next((touched for touched in touches if touched.blob is not None), None)
        return Fate(was.name, moved=False, revision=_revision(deletion), last=_revision(last))


def _can_be(text: str) -> bool:
    """Say whether *text* can be a path at all."""
    raw = text[: MAX_PATH_BYTES + 1].encode("utf-8", "replace")
    return 0 < len(raw) <= MAX_PATH_BYTES and b"\0" not in raw and raw.decode() == text


def _paths(text: str) -> Sequence[str]:
    """Return the files that a page id or a path may stand for."""
    return (text, *(f"{text}{suffix}" for suffix in PAGE_SUFFIXES))


def _revision(touched: Touched | None) -> Revision | None:
    return touched.revision if touched is not None else None
