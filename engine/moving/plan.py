"""`Moving`: plans moves, and follows renamed headings; see `Snapshot.moving`."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.catalog import Moment, Visible
from engine.changes import Change, Move, Put
from engine.errors import NotReadyError, TooLargeError
from engine.frontlinks import retargeted
from engine.markup import Markup
from engine.messages import Message
from engine.model import Form, Link, Name
from engine.moving.anchoring import Anchoring, AnchorPlan
from engine.moving.leaving import Leave, add_aliases, leading_on, with_left
from engine.moving.relinking import Moves, Need, Needs, relink
from engine.moving.repointing import Answer, PageLinks, Pages, Unsure
from engine.moving.rewriting import UNWRITABLE, Sample, Wish
from engine.moving.rules import Locked, Rules
from engine.moving.settings import repoint_settings
from engine.moving.spelling import Kind
from engine.site import PATH as SETTINGS
from engine.store import Store

FILES = 10_000
"""Files that one move may change."""


@dataclass(frozen=True, slots=True)
class MovePlan:
    """What a move comes to."""

    moves: tuple[tuple[str, str], ...]  # old path, new path
    rewritten: tuple[PageLinks, ...]  # pages whose links are rewritten, ordered by path
    locked: tuple[PageLinks, ...]  # pages whose links would have to be, and that the actor may not change
    unsure: tuple[Unsure, ...]  # links that nobody can rewrite surely
    left: tuple[str, ...]  # aliases that pages get, or paths of pages that lead on
    changes: tuple[Change, ...]

    @property
    def links(self) -> int:
        """How many links are rewritten."""
        return sum(page.links for page in self.rewritten)


class Moving:
    """Plans moves of one snapshot.

    Args:
        moment: The catalog.
        store: Where the texts are.
        markup: Reads pages.
        visible: What the actor may see.
        locked: Tells at which paths the actor may not change a file, nor make one.
    """

    def __init__(
        self,
        moment: Moment,
        store: Store,
        markup: Markup,
        visible: Visible,
        locked: Locked,
    ) -> None:
        self._moment = moment
        self._store = store
        self._markup = markup
        self._visible = visible
        self._locked = locked

    def plan(self, path: str, to: str, leave: Leave = Leave.NOTHING) -> MovePlan:
        """Work out what it takes to give a file or a folder another path.

        Args:
            path: Of a page with its suffix, of a medium, or of a folder.
            to: Its new path, in full.
            leave: What stays behind of each page that moves.

        Raises:
            NotReadyError: Not all pages have been read yet.
            PageNotFoundError: Nothing is at *path*, or nothing that the actor may know of.
            PageIdError: The new path is unsafe.
            PageExistsError: Another file has the new path, or its address.
            InvalidChangeError: It cannot be moved there; the message says why.
            ForbiddenError: The actor may not change one of the files that move.
            TooLargeError: It would change more than `FILES` files.
        """
        self._await_facts()
        moves = Rules(self._moment, self._visible, self._locked).moves(
            path, to, leads=leave is Leave.REDIRECT
        )
        moves = with_left(self._moment, moves, leave)
        needs = relink(self._moment, self._visible, moves)
        if (files := len({*moves.files, *(page.path for page in needs)})) > FILES:
            raise TooLargeError(
                Message(
                    "That would change %(count)s files, and one move may change %(limit)s; do it in parts, or with git.",
                    count=f"{files:,}",
                    limit=f"{FILES:,}",
                )
            )
        return self._planned(moves, needs)

    def renamed(self, name: Name, before: str, text: str) -> AnchorPlan:
        """Find the links that lead to headings which an edit renames, see `Anchoring.plan`.

        Raises:
            NotReadyError: Not all pages have been read yet.
        """
        self._await_facts()
        anchoring = Anchoring(self._moment, self._store, self._markup, self._visible, self._locked)
        return anchoring.plan(name, before, text)

    def _await_facts(self) -> None:
        if not self._moment.scanned:
            raise NotReadyError(
                Message(
                    "Not all pages have been read yet, so it is not known what links here; try again soon."
                )
            )

    def _planned(self, moves: Moves, needs: Mapping[Name, Needs]) -> MovePlan:
        aliased = [moves.files[path][0] for path in sorted(moves.aliases)]
        settings = self._moment.name(SETTINGS)
        names = {page.path: page for page in (*needs, *aliased)}
        read = [*names.values(), *filter(None, [settings])]
        pages = Pages(self._store, self._markup, read, self._moment.titles(read))
        locked = self._locked([*(path for path in names if path not in moves.files), SETTINGS])
        for path in sorted(names):
            page = names[path]
            writes = path in moves.files or path not in locked
            if page in needs:
                _repoint(pages, page, needs[page], writes=writes)
        if settings is not None:
            repoint_settings(
                self._moment, self._visible, moves, pages, settings, may_write=SETTINGS not in locked
            )
        self._tell_hidden_aliases(moves, pages)
        left = [name for page in aliased for name in add_aliases(pages, page, moves.aliases[page.path])]
        contents = {name.path: (name, content) for name, content in pages.changed()}
        changes: list[Change] = [
            Move(path, after.path, before.blob, contents.pop(path, (before, None))[1])
            for path, (before, after) in sorted(moves.files.items())
        ]
        changes += (Put(path, content, name.blob) for path, (name, content) in contents.items())
        leading = leading_on(self._moment, moves, self._visible)
        changes += (Put(path, text.encode(), None) for path, text in leading.items())
        return MovePlan(
            moves=tuple((path, after.path) for path, (_, after) in sorted(moves.files.items())),
            rewritten=tuple(pages.done.rewritten),
            locked=tuple(pages.done.locked),
            unsure=tuple(pages.done.unsure),
            left=(*left, *leading),
            changes=tuple(changes),
        )

    def _tell_hidden_aliases(self, moves: Moves, pages: Pages) -> None:
        """Tell of aliases that lead to their pages no more, as they become the names of files."""
        new = {after.id.key: (before, after) for before, after in moves.files.values()}
        for key, having in self._moment.with_aliases(new, self._visible).items():
            before, after = new[key]
            for page in having:
                if page != before and before.id.key != key:
                    reason = Message(
                        "This alias will be the name of “%(name)s”, which comes first.", name=after.path
                    )
                    pages.doubt(page, str(after.id), reason, self._moment.titles([page])[page.path])


def _repoint(pages: Pages, page: Name, needs: Needs, *, writes: bool) -> None:
    """Rewrite the links of one page, and what its front matter leads on to."""

    def answer(link: Link) -> Answer:
        need = needs.get((Kind.of(link.kind), link.target)) if link.target else None
        if need is None:
            return None
        return Wish(target=need.new) if need.new is not None else _reason(need)

    if any(kind is not Kind.FRONT for kind, _ in needs):
        pages.repoint(page, answer, may_write=writes)
    for (kind, target), need in needs.items():
        if kind is Kind.FRONT:
            _lead_on(pages, page, target, need, writes=writes)


def _lead_on(pages: Pages, page: Name, target: str, need: Need, *, writes: bool) -> None:
    text = pages.text(page)
    if text is None:
        return
    if need.new is None:
        pages.doubt(page, target, _reason(need))
        return
    if not writes:
        pages.lock(page)
        return
    made = retargeted(text, target, need.new)
    if made is None:
        pages.doubt(page, target, UNWRITABLE)
    else:
        pages.put(page, made[0])
        pages.tell(page, [Sample(line, target, need.new) for line in made[1]])


def _reason(need: Need) -> Message:
    if need.means is None:
        return UNWRITABLE
    if need.means.form is Form.FOLDER and need.after is None:
        return Message("Nothing is left in the folder “%(name)s”.", name=need.means.path)
    return Message("There is no way to write from there that “%(name)s” is meant.", name=need.means.path)
