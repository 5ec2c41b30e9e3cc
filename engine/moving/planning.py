"""Giving a page, a medium or a folder another path, with the links to it rewritten; see `Snapshot.moving`.

::

    path, to ──> what moves ──> which links would mean something else, ──> other texts ──> changes
                 (move_rules)   and what they should name (relinking)      (rewriting)

Nothing here writes: a plan is shown first, and its changes go to `Wiki.commit`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.catalog import Moment, Visible
from engine.changes import Change, Move, Put
from engine.errors import NotReadyError
from engine.frontlinks import retargeted
from engine.ids import fold
from engine.markup import Markup
from engine.messages import Message
from engine.model import Form, Link, Name
from engine.moving.aliasing import redirect_text, with_aliases
from engine.moving.anchoring import Anchoring, AnchorPlan
from engine.moving.relinking import Moves, Need, Needs, relink
from engine.moving.repointing import Answer, PageLinks, Pages, Unsure
from engine.moving.rewriting import UNWRITABLE, Sample, Wish
from engine.moving.rules import Rules
from engine.moving.spelling import Kind
from engine.site import PATH as SETTINGS
from engine.site import parse_site, with_setting
from engine.store import Store


class Leave(StrEnum):
    """What stays behind for who knows a page by its old name."""

    NOTHING = "nothing"
    ALIAS = "alias"  # the page gets its old name as an alias
    REDIRECT = "redirect"  # a page at the old path leads on to it


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
        may_write: Says whether the actor may change the file at a path, or make one there.
    """

    def __init__(
        self,
        moment: Moment,
        store: Store,
        markup: Markup,
        visible: Visible,
        may_write: Callable[[str], bool],
    ) -> None:
        self._moment = moment
        self._store = store
        self._markup = markup
        self._visible = visible
        self._may_write = may_write

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
        """
        self._await_facts()
        moves = Rules(self._moment, self._visible, self._may_write).moves(
            path, to, leads=leave is Leave.REDIRECT
        )
        moves = self._with_left(moves, leave)
        return self._planned(moves, relink(self._moment, self._visible, moves))

    def renamed(self, name: Name, before: str, text: str) -> AnchorPlan:
        """Find the links that lead to headings which an edit renames, see `Anchoring.plan`.

        Raises:
            NotReadyError: Not all pages have been read yet.
        """
        self._await_facts()
        anchoring = Anchoring(self._moment, self._store, self._markup, self._visible, self._may_write)
        return anchoring.plan(name, before, text)

    def _await_facts(self) -> None:
        if not self._moment.scanned:
            raise NotReadyError(
                Message(
                    "Not all pages have been read yet, so it is not known what links here; try again soon."
                )
            )

    # -- what stays

    def _with_left(self, moves: Moves, leave: Leave) -> Moves:
        pages = [
            pair
            for pair in moves.files.values()
            if pair[0].form is Form.PAGE and pair[0].id.key != pair[1].id.key
        ]
        if leave is Leave.REDIRECT:
            return replace(moves, made=[Name(before.path, "", Form.PAGE) for before, _ in pages])
        if leave is Leave.ALIAS:
            with moves.after(self._moment):
                found = {before.path: self._free(_old_names(before, after)) for before, after in pages}
            return replace(moves, aliases={path: names for path, names in found.items() if names})
        return moves

    def _free(self, names: Iterable[str]) -> list[str]:
        """Return those names that no file has, and no page as an alias."""
        return [each for each in names if not self._moment.keyed(each)]

    # -- the plan

    def _planned(self, moves: Moves, needs: Mapping[Name, Needs]) -> MovePlan:
        aliased = [moves.files[path][0] for path in sorted(moves.aliases)]
        settings = self._moment.name(SETTINGS)
        names = {page.path: page for page in (*needs, *aliased)}
        read = [*names.values(), *filter(None, [settings])]
        pages = Pages(self._store, self._markup, read, self._moment.titles(read))
        for path in sorted(names):
            page = names[path]
            writes = path in moves.files or self._may_write(path)
            if page in needs:
                _repoint(pages, page, needs[page], writes=writes)
        if settings is not None:
            self._set(moves, pages, settings)
        self._tell_hidden_aliases(moves, pages)
        left = [name for page in aliased for name in _alias(pages, page, moves.aliases[page.path])]
        contents = {name.path: (name, content) for name, content in pages.changed()}
        changes: list[Change] = [
            Move(path, after.path, before.blob, contents.pop(path, (before, None))[1])
            for path, (before, after) in sorted(moves.files.items())
        ]
        changes += (Put(path, content, name.blob) for path, (name, content) in contents.items())
        leading = self._leading_on(moves)
        changes += (Put(path, redirect_text(target).encode(), None) for path, target in leading.items())
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

    def _set(self, moves: Moves, pages: Pages, name: Name) -> None:
        """Rewrite what the settings of the content name: the home page and the logo."""
        text = pages.text(name)
        site = parse_site((text or "").encode())
        home = self._moment.named(site.home, self._visible)[:1] if site.home else []
        logo = self._moment.meant([("", site.logo)], self._visible)["", site.logo] if site.logo else None
        for key, old, file in (
            ("home", site.home, home[0] if home else None),
            ("logo", site.logo, logo[0] if logo else None),
        ):
            if text is None or file is None or file.path not in moves.files:
                continue
            new = str(moves.files[file.path][1].id)
            made = with_setting(text, key, new)
            if not self._may_write(SETTINGS):
                pages.lock(name)
            elif made is None:
                pages.doubt(name, old, UNWRITABLE)
            else:
                pages.put(name, made)
                pages.tell(name, [Sample(_line(text, made), old, new)])
                text = made

    def _leading_on(self, moves: Moves) -> dict[str, str]:
        """Return what the pages that lead on should name, by their paths."""
        if not moves.made:
            return {}
        found: dict[str, str] = {}
        with moves.after(self._moment):
            for each in moves.made:
                new = moves.files[each.path][1]
                ways = (str(new.id), f"/{new.id}", f"/{new.path}")
                meant = self._moment.meant(((each.folder, way) for way in ways), self._visible)
                found[each.path] = next(
                    (
                        way
                        for way in ways
                        if (match := meant[each.folder, way]) is not None and match[0].path == new.path
                    ),
                    ways[-1],
                )
        return found


def _line(before: str, after: str) -> int:
    """Return the first line in which two texts differ."""
    pairs = enumerate(zip(before.splitlines(), after.splitlines(), strict=False), 1)
    return next((number for number, (old, new) in pairs if old != new), 0)


def _old_names(before: Name, after: Name) -> list[str]:
    """Return the names by which people may know a page that has moved: its id, and what the id ended in."""
    names = [str(before.id)]
    if fold(before.id.last) != fold(after.id.last) and before.id.last not in names:
        names.append(before.id.last)
    return names


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


def _alias(pages: Pages, page: Name, names: Iterable[str]) -> list[str]:
    """Give a page more aliases; return those that it got."""
    text = pages.text(page)
    made = with_aliases(text, list(names)) if text is not None else None
    if made is None:
        return []
    pages.put(page, made)
    return list(names)


def _reason(need: Need) -> Message:
    if need.means is None:
        return UNWRITABLE
    if need.means.form is Form.FOLDER and need.after is None:
        return Message("Nothing is left in the folder “%(name)s”.", name=need.means.path)
    return Message("There is no way to write from there that “%(name)s” is meant.", name=need.means.path)
