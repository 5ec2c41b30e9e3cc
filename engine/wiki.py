"""Wiki: follows its store, and gives each request a snapshot, which is all that a request may hold."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from logging import getLogger
from pathlib import Path

from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from engine.access import Actor, Policy, Protections, Unprotected
from engine.answers import Child, Folder, Found, Page, Result, SearchResults
from engine.catalog import Catalog, Moment
from engine.catalog.history import joined_edges
from engine.changes import Saved
from engine.errors import AddressTakenError, InvalidChangeError, StoreError, WikiError
from engine.following import Follower, Parts, Progress, Work, version
from engine.kept import Kept
from engine.markup import SCANNER, Markup
from engine.messages import Message
from engine.mirroring import Exchange
from engine.mirroring.exchange import Mirrored
from engine.model import Author
from engine.previews import CAPACITY, Previews
from engine.pushing import Limits as PushLimits
from engine.pushing import Pushing
from engine.search import SearchIndex
from engine.searching import RESULT_PAGES, RESULTS
from engine.settling import Limits
from engine.sight import past_name
from engine.snapshot import Snapshot
from engine.store import Pushable, Remote, Store
from engine.turns import SAVERS, Turns
from engine.writing import Changes, Plan, Writing

__all__ = [
    "RESULTS",
    "RESULT_PAGES",
    "Child",
    "Folder",
    "Found",
    "Page",
    "Plan",
    "Result",
    "SearchResults",
    "Snapshot",
    "Status",
    "Wiki",
]

log = getLogger(__name__)

WAIT = 0.1  # seconds that a reader waits for another process to follow, before the older commit is served


@dataclass(frozen=True, slots=True)
class Status:
    """How fresh everything is."""

    commit: str | None  # the branch
    catalog: str | None
    scanned: str | None
    traced: str | None
    index: str | None
    pages: int
    unknown: int  # pages not scanned yet
    work: Work


class Wiki:
    """One wiki: follows its store, and gives snapshots of it.

    Args:
        parts: The store and what is derived from it.
        policy: Who may what.
        protections: The pages that only some may change.
        limits: How much one change may write.
        push_limits: How much one push may bring.
        cache_bytes: How much rendered HTML is kept in memory.
        preview_bytes: How much of small pictures of images is kept on the disk.
        processes: Children that scan pages; ``None`` for one a core.
        savers: That wait at once while somebody who pushes has a turn; see `Turns`.
    """

    def __init__(
        self,
        parts: Parts,
        policy: Policy,
        *,
        protections: Protections | None = None,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        push_limits: PushLimits = PushLimits(),  # noqa: B008 - it is frozen
        cache_bytes: int = 32_000_000,
        preview_bytes: int = CAPACITY,
        processes: int | None = None,
        savers: int = SAVERS,
        secret: bytes = b"",
    ) -> None:
        self.policy = policy
        self.protections = protections or Unprotected()
        self._parts = parts
        self._kept = Kept(parts.store, cache_bytes, Previews(parts.folder, preview_bytes))
        self._follower = Follower(parts, processes=processes)
        self.turns = Turns(parts.folder, savers)
        """Who moves the branch next."""
        self._look = partial(self.at, patient=True)  # of those who write
        self._writing = Writing(
            parts, self._follower, self.turns, policy, self.protections, self._look, limits, secret
        )
        self._push_limits = push_limits

    @classmethod
    def open(
        cls,
        store: Store,
        index: SearchIndex,
        folder: Path,
        policy: Policy,
        *,
        markup: Markup | None = None,
        protections: Protections | None = None,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        push_limits: PushLimits = PushLimits(),  # noqa: B008 - it is frozen
        cache_bytes: int = 32_000_000,
        preview_bytes: int = CAPACITY,
        processes: int | None = None,
        savers: int = SAVERS,
        secret: bytes = b"",
    ) -> "Wiki":
        """Put a wiki together; derived data other than the index lives in *folder*.

        The *secret* signs the keys of calls, so that only a wiki that has it can say that one was made.
        """
        catalog = Catalog(folder, version=str(SCANNER))
        parts = Parts(store, catalog, index, markup or Markup(), folder)
        return cls(
            parts,
            policy,
            protections=protections,
            limits=limits,
            push_limits=push_limits,
            cache_bytes=cache_bytes,
            preview_bytes=preview_bytes,
            processes=processes,
            savers=savers,
            secret=secret,
        )

    def commit(
        self,
        changes: Changes,
        actor: Actor,
        summary: str = "",
        *,
        key: str | None = None,
        trailers: Mapping[str, str] | None = None,
    ) -> Saved:
        """Make one commit of all *changes*, or none of them.

        Files that others have changed meanwhile are merged; files that were renamed are found where they are now. What
        is returned is on disk, and the next answer shows it.

        Args:
            changes: Each file once. Or a plan, for what concerns many files: it is made at the branch's head, and
                anew where that moves, so that nothing that came meanwhile is left out.
            actor: Who asks.
            summary: Why, in a line; more may follow behind an empty one. Empty says what was done.
            key: A name for this call of this actor: made again with the same key, it changes nothing, and returns
                the commit of the first time. A call that had nothing to change is not remembered.
            trailers: More for the last paragraph of the message.

        Raises:
            ForbiddenError: The actor may not write one of the files.
            MergeConflictError: A change touches what others did meanwhile; it has all texts.
            PageExistsError: A file was to be new, and there is one.
            PageNotFoundError: A file that is to be moved or deleted is not there.
            PageIdError: A path is unsafe.
            InvalidChangeError: It would break the repository's rules, or make a file where nobody could reach it; the
                message says which.
            TooLargeError: Beyond the limits.
            NotReadyError: The history is still being read, and something is protected, there is a *key*, or a file that
                is not what its change began from, or one to append to that is not there, has to be looked for in it.
            ConflictError: Where the branch is checked out, one of the files has local changes.
            HeadMovedError: Others kept changing the same file, or the wiki while a plan was made; nothing was written.
            StoreError: git failed; nothing was written.
        """
        try:
            return self._writing.commit(changes, actor, summary, key, trailers or {})
        except AddressTakenError as error:
            with self._look(actor) as snapshot:
                if snapshot.may_see(past_name(error.other, None)):
                    raise
            raise InvalidChangeError(
                Message("Another file has the address of “%(path)s”; choose another name.", path=error.path)
            ) from None

    @property
    def pushing(self) -> Pushing:
        """Takes what somebody pushes.

        Raises:
            StoreError: Nothing can be pushed to where the pages are kept.
        """
        store = self._parts.store
        if not isinstance(store, Pushable):
            raise StoreError("nothing can be pushed to this wiki: its pages are in no repository")
        return Pushing(
            store, self._follower, self.turns, self.policy, self.protections, self._look, self._push_limits
        )

    def exchange(self, remote: Remote, joiner: Author) -> Exchange:
        """Return what keeps the branch the same as that of another repository.

        Args:
            remote: The other one.
            joiner: Whom commits name that join the two where nobody had to decide.

        Raises:
            StoreError: Where the pages are kept there is nothing of the kind.
        """
        store = self._parts.store
        if not isinstance(store, Mirrored):
            raise StoreError("this wiki cannot be mirrored: its pages are in no repository")
        return Exchange(store, remote, self._follower, self.turns, joiner)

    def follow(self, wait: float = WAIT) -> None:
        """Bring the names to the branch's commit, see `Follower.follow`."""
        self._follower.follow(wait)

    def catch_up(self, wait: float = 0, progress: Progress = lambda stage, done, total: None) -> bool:
        """Follow, and bring everything derived up to date, see `Follower.catch_up`."""
        self._follower.follow(max(wait, WAIT))
        return self._follower.catch_up(wait, progress)

    def rebuild(self, wait: float = 60, progress: Progress = lambda stage, done, total: None) -> bool:
        """Forget everything derived, and derive it anew; results as `catch_up`."""
        self._follower.forget(wait)
        return self.catch_up(wait, progress)

    def reindex(self, wait: float = 60, progress: Progress = lambda stage, done, total: None) -> bool:
        """Build the search index anew; results as `catch_up`."""
        self._follower.reindex()
        return self.catch_up(wait, progress)

    def start(self) -> None:
        """Follow in the background until `close`."""
        self._follower.start()

    def close(self) -> None:
        """Stop following and release everything."""
        self._follower.stop()
        self._kept.close()
        self._parts.index.close()
        self._parts.catalog.close()
        self._parts.store.close()

    def head(self) -> str | None:
        """Return the branch's commit as it is now."""
        return self._parts.store.head()

    def version(self) -> str | None:
        """Return what answers depend on as it is now, see `Snapshot.version`."""
        return version(self.head(), joined_edges(self._parts.store.edges()), self.protections.stamp())

    @contextmanager
    def at(self, actor: Actor, *, patient: bool = False) -> Iterator[Snapshot]:
        """Follow, and give a snapshot for *actor*; it ends with the context.

        A change that is just being made need not be in it, as nobody was told yet that it was. Where following fails,
        the snapshot is of the commit before.

        Args:
            actor: Who asks.
            patient: Wait also for a change that is just being made.
        """
        leave = None if patient else self.turns.is_writing
        try:
            with ExitStack() as held:
                moment, fresh = self._moment_of_head(held), True
                if moment is None:
                    fresh = self._follow_for_a_reader(leave)
                    moment = Moment(held.enter_context(self._parts.catalog.reading()))
                yield Snapshot(
                    self._parts,
                    self.policy,
                    self.protections,
                    self._kept,
                    self._follower,
                    moment,
                    actor,
                    fresh=fresh,
                )
        except DatabaseError as error:
            self._follower.fail(error)
            raise StoreError("what is known of the pages could not be read; try again in a moment") from error

    def _moment_of_head(self, held: ExitStack) -> Moment | None:
        """Open the catalog, for as long as *held*, if it describes the branch's head, as it mostly does."""
        with ExitStack() as opened, suppress(SQLAlchemyError, StoreError):  # following tells what is wrong
            moment = Moment(opened.enter_context(self._parts.catalog.reading()))
            if moment.head == self._parts.store.head():
                held.push(opened.pop_all())
                return moment
        return None

    def _follow_for_a_reader(self, leave: Callable[[], bool] | None) -> bool:
        try:
            return self._follower.follow(WAIT, leave)
        except (SQLAlchemyError, WikiError, OSError) as error:
            log.exception("following failed; serving the commit before")
            self._follower.fail(error)
            with self._parts.catalog.reading() as db:
                if Moment(db).head is None:
                    raise
            return False

    def status(self) -> Status:
        """Say how fresh everything is."""
        with self._parts.catalog.reading() as db:
            moment = Moment(db)
            return Status(
                commit=self.head(),
                catalog=moment.head,
                scanned=moment.scanned_at,
                traced=moment.traced_at,
                index=self._parts.index.commit() or None,
                pages=moment.page_count(),
                unknown=0 if moment.scanned else len(moment.unknown_blobs()),
                work=self._follower.work,
            )
