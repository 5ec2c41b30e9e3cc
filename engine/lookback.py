"""What writing asks of the past: also of the commits that are newer than what has been derived of it.

A snapshot may be of an earlier commit than the head, while another process brings the names. So what it knows is
completed from the store, for up to `NEWER` commits; beyond, who writes is asked to try again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import cached_property
from typing import Self

from engine.access import Actor
from engine.errors import NotReadyError, PageNotFoundError
from engine.ids import page_stem
from engine.messages import Message
from engine.model import Commit, Touch
from engine.sight import past_name
from engine.snapshot import Snapshot
from engine.store import Store

NEWER = 200
"""Commits that are looked through beyond what has been derived."""

Look = Callable[[Actor], AbstractContextManager[Snapshot]]


class Lookback:
    """Answers for one head and one actor, from one snapshot, which is opened by the first question until `close`.

    Every question but `has_seen` raises `NotReadyError` while the history is still being read; of `knows` there is an
    answer all the same where git has it among the newest commits.

    Args:
        store: Where newer commits are read.
        look: Gives a snapshot, of the head or of a commit before.
        head: The commit up to which is asked; ``None`` while there is none.
        actor: Who asks; of what they may not see nothing is told.
    """

    def __init__(self, store: Store, look: Look, head: str | None, actor: Actor) -> None:
        self._store = store
        self._look = look
        self._head = head
        self._actor = actor
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()

    def keyed(self, name: str) -> tuple[str, str] | None:
        """Return the commit that a call with a key made, and its whole key; *name* is the key's first word.

        The first one: somebody may have pushed a copy of it since.
        """
        found = self._known().past.keyed(name)
        newer = ((each.id, each.key) for each in self._newer if each.key.partition(" ")[0] == name)
        return found or next(newer, None)

    def moved(self, path: str, base: str | None) -> str | None:
        """Return where the file has been renamed to that was at *path*, ``None`` where it was not.

        Args:
            path: Where it was.
            base: The blob that it held then: there may be another file at the path by now. ``None``: any.
        """
        snapshot = self._known()
        now = _followed(_was_at(snapshot, path, base), path, base, self._newer)
        if now is None or now == path:
            return None
        return now if snapshot.may_see(past_name(now, None)) else None

    def ended(self, path: str, base: str) -> bool:
        """Say whether the file that held *base* at *path* is no more, so that one which stands there is another."""
        snapshot = self._known()
        ended = snapshot.past.ended(path, base)
        for touch in (touch for commit in self._newer for touch in commit.touches if touch.path == path):
            if touch.blob == base:
                ended = False
            elif touch.blob is None or touch.old_path is not None:
                ended = True
        return ended

    def led(self, path: str) -> str | None:
        """Return where the file is that was renamed away from *path*, where another one stands now; ``None`` for none."""
        snapshot = self._known()
        now = snapshot.past.left(path)
        for commit in self._newer:
            renamed = {touch.old_path: touch.path for touch in commit.touches if touch.old_path is not None}
            if path in renamed:
                now = renamed[path]
            elif now is not None:
                now = renamed.get(now, now)
        return now if now is not None and snapshot.may_see(past_name(now, None)) else None

    def knows(self, path: str, blob: str) -> bool:
        """Say whether the file that is, or was, at *path* held *blob* once, as far as the actor may know."""
        snapshot = self._snapshot
        if any((touch.path, touch.blob) == (path, blob) for touch in _touches(self._newer)):
            return True
        if not snapshot.past.known:
            return snapshot.editing.knows(path, blob)
        if snapshot.past.had(path, blob):
            return True
        now = _was_at(snapshot, path, None)
        return now is not None and now != path and snapshot.past.had(now, blob)

    def has_seen(self, path: str, blob: str) -> bool:
        """Say whether any file held *blob* once that is a page, or none, as one at *path* is; as far as the actor may know.

        While the history is still being read, nothing was seen.
        """
        with suppress(NotReadyError):
            snapshot, is_page = self._known(), page_stem(path) is not None
            return snapshot.past.is_known(path, blob) or any(
                touch.blob == blob
                and (page_stem(touch.path) is not None) == is_page
                and snapshot.may_see(past_name(touch.path, None))
                for touch in _touches(self._newer)
            )
        return False

    def _known(self) -> Snapshot:
        if not self._snapshot.past.known:
            raise NotReadyError(Message("The history is still being read; try again in a moment."))
        return self._snapshot

    @cached_property
    def _snapshot(self) -> Snapshot:
        return self._opened.enter_context(self._look(self._actor))

    @cached_property
    def _newer(self) -> Sequence[Commit]:
        """The commits that the snapshot does not know, in the order in which they were made."""
        if self._head is None or self._snapshot.commit == self._head:
            return ()
        missing = [each for each, _ in self._store.chain(self._head, since=self._snapshot.commit)]
        if len(missing) > NEWER:
            raise NotReadyError(Message("What others pushed is still being read; try again in a moment."))
        return list(self._store.commits(missing[::-1]))


def _was_at(snapshot: Snapshot, path: str, base: str | None) -> str | None:
    """Return where the file is, at the snapshot, that was at *path*; ``None`` where it is gone, or never was there."""
    if base is not None and (now := snapshot.past.whereabouts(path, base)) is not None:
        return now
    try:
        subject = snapshot.past.subject(path)
    except PageNotFoundError:
        return None
    return None if subject.gone else subject.name.path


def _touches(commits: Iterable[Commit]) -> Iterator[Touch]:
    return (touch for commit in commits for touch in commit.touches)


def _followed(place: str | None, path: str, base: str | None, newer: Sequence[Commit]) -> str | None:
    """Follow the file at *place* through newer commits, or the one that came to hold *base* at *path* in one of them."""
    for commit in newer:
        renamed = {touch.old_path: touch.path for touch in commit.touches if touch.old_path is not None}
        if place in renamed:
            place = renamed[place]
            continue
        for touch in commit.touches:
            if base is not None and (touch.path, touch.blob) == (path, base):
                place = path
            elif touch.path == place and touch.blob is None:
                place = None
    return place
