"""What a renamed heading comes to: links that lead to it, and what they say then."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.catalog import Moment, Visible
from engine.changes import Put
from engine.markup import Markup
from engine.messages import Message
from engine.model import Facts, Link, LinkKind, Name
from engine.moving.headings import Renamed, new_fragment, renamed_headings
from engine.moving.repointing import Answer, PageLinks, Pages, Unsure
from engine.moving.rewriting import Wish
from engine.moving.rules import Locked
from engine.store import Store

_NO_PART = Message("The page would have no part of that name.")


@dataclass(frozen=True, slots=True)
class AnchorPlan:
    """What it takes to lead links to the headings that an edit renames."""

    renamed: tuple[Renamed, ...]
    rewritten: tuple[PageLinks, ...]  # other pages, ordered by path, and the page itself
    locked: tuple[PageLinks, ...]  # pages that the actor may not change
    unsure: tuple[Unsure, ...]
    text: str  # of the edit, with its own links rewritten
    changes: tuple[Put, ...]  # of other pages

    @property
    def links(self) -> int:
        """How many links are rewritten."""
        return sum(page.links for page in self.rewritten)


class Anchoring:
    """Plans for one snapshot; arguments as those of `engine.moving.Moving`."""

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

    def plan(self, name: Name, before: str, text: str) -> AnchorPlan:
        """Find the links that lead to headings which *text* renames.

        Args:
            name: The page that is edited.
            before: Its text as the edit began.
            text: Its text after the edit.
        """
        facts = self._markup.scan(self._markup.parse(text))
        renamed = renamed_headings(self._markup.scan(self._markup.parse(before)), facts)
        if not renamed:
            return AnchorPlan((), (), (), (), text, ())
        by_anchor = {each.before.anchor: each for each in renamed}
        linking = self._linking(name, by_anchor)
        names = {each.path: each for each in (*linking, name)}
        pages = Pages(self._store, self._markup, names.values(), self._moment.titles(names.values()))
        part = _Parts(self._markup, text)
        locked = self._locked(each.path for each in linking)
        for each in sorted(linking, key=lambda each: each.path):
            answer = _Answer(linking[each], by_anchor, part)
            pages.repoint(each, answer, may_write=each.path not in locked)
        changes = tuple(Put(each.path, content, each.blob) for each, content in pages.changed())
        pages.put(name, text)
        own = _Answer(self._own_targets(name, facts), by_anchor, part)
        pages.repoint(name, own, may_write=True)
        done = pages.done
        return AnchorPlan(
            renamed=renamed,
            rewritten=tuple(done.rewritten),
            locked=tuple(done.locked),
            unsure=tuple(done.unsure),
            text=pages.text(name) or text,
            changes=changes,
        )

    def _linking(self, name: Name, renamed: Mapping[str, Renamed]) -> dict[Name, set[str]]:
        """Return the other pages with links to renamed headings, each with the targets by which it means the page."""
        linking = [each.name for each in self._moment.backlinks(name, self._visible)]
        facts = dict(self._moment.all_facts({each.blob for each in linking}))
        pointing = {
            each: {
                link.target
                for link in facts[each.blob].links
                if link.target and link.fragment and new_fragment(link, renamed) is not None
            }
            for each in linking
            if each.blob in facts
        }
        return self._meaning(name, pointing)

    def _own_targets(self, name: Name, facts: Facts) -> set[str]:
        """Return the targets by which a page means itself."""
        targets = {link.target for link in facts.links if link.target and link.fragment}
        return {"", *self._meaning(name, {name: targets}).get(name, set())}

    def _meaning(self, name: Name, targets: Mapping[Name, set[str]]) -> dict[Name, set[str]]:
        """Return those targets, by page, that mean *name*."""
        meant = self._moment.meant(
            ((page.folder, target) for page, each in targets.items() for target in each), self._visible
        )
        found = {
            page: {
                target
                for target in each
                if (match := meant[page.folder, target]) is not None and match[0].path == name.path
            }
            for page, each in targets.items()
        }
        return {page: each for page, each in found.items() if each}


class _Parts:
    """Knows which parts the edited page has."""

    def __init__(self, markup: Markup, text: str) -> None:
        self._markup = markup
        self._parsed = markup.parse(text)

    def has(self, fragment: str) -> bool:
        return self._markup.has_part(self._parsed, fragment)


class _Answer:
    """Says what the links of one page should say."""

    def __init__(self, targets: set[str], renamed: Mapping[str, Renamed], parts: _Parts) -> None:
        self._targets = targets
        self._renamed = renamed
        self._parts = parts

    def __call__(self, link: Link) -> Answer:
        if link.target not in self._targets or not link.fragment:
            return None
        new = new_fragment(link, self._renamed)
        if new is None:
            return None
        if link.kind is LinkKind.EMBED and not self._parts.has(new):
            return _NO_PART
        return Wish(fragment=new)
