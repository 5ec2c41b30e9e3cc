"""Lists: what may be asked of all pages together, at one commit and as one actor may see it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise
from typing import Generic, TypeVar

from engine.answers import TagCount, Tags
from engine.catalog import Backlink, Moment, Suggestion, Visible
from engine.errors import NotFoundError, PageNotFoundError
from engine.ids import fold_path, url_path
from engine.links import LinkReport, Wish, wish
from engine.messages import Message
from engine.model import Form, Name

LISTED = 100  # lines on one page of a list
LIST_PAGES = 1_000
BRANCH = 200  # lines of a folder that the tree shows at once
TAG_CHARACTERS = 100  # of a tag that nobody has, in the message that says so
TAGS = 10_000  # tags that are listed, the most used ones

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    page: int  # counted from 1
    more: bool  # there is a next page
    total: int | None  # lines of all pages together; None where nobody has counted


@dataclass(frozen=True, slots=True)
class Reported(Generic[T]):
    """One page of a list that needs every link of the wiki."""

    listing: Listing[T]
    commit: str  # that it describes; another one than the snapshot's while that is being worked out
    left_out: int  # lines that are counted in the total, and on no page
    uncounted: bool = False  # there are more than the total, too many to be told apart


@dataclass(frozen=True, slots=True)
class Line:
    """A page in a list."""

    name: Name
    title: str


@dataclass(frozen=True, slots=True)
class Subfolder:
    """A folder in the tree of pages."""

    path: str
    pages: int  # in it, at any depth


@dataclass(frozen=True, slots=True)
class Branch:
    """A part of what lies directly in a folder, as the tree of pages shows it: folders with pages first, then pages."""

    path: str
    folders: tuple[Subfolder, ...]
    pages: tuple[Line, ...]
    start: int  # lines before this part
    more: bool  # there are lines behind it
    total: int


@dataclass(frozen=True, slots=True)
class Missing:
    """A target that links name, and that nothing fits."""

    target: str  # as it was first written, made whole where it was relative
    url: str  # where it would be
    pages: int  # that name it
    sources: tuple[Backlink, ...]  # some of them


@dataclass(frozen=True, slots=True)
class Address:
    """A page for search engines."""

    name: Name
    changed: datetime | None  # None while the history is still being read


class Lists:
    """The lists of one snapshot.

    Args:
        moment: The catalog.
        visible: What the actor may see; everything else does not exist in any list.
        report: Gives what the links of all pages come to, ``None`` while that is being worked out.
        tags: Gives the tags with their counts.
        home: Gives the home page, if there is one.
    """

    def __init__(
        self,
        moment: Moment,
        visible: Visible,
        report: Callable[[], LinkReport | None],
        tags: Callable[[], Tags],
        home: Callable[[], Name | None],
    ) -> None:
        self._moment = moment
        self._visible = visible
        self._report = report
        self._tags = tags
        self._home = home

    def missing(self, page: int = 1) -> Reported[Missing] | None:
        """List the targets that nothing fits, those that most pages name first, with where they are named.

        Returns:
            One page of the list; ``None`` while nothing is known yet, and it is to be asked for again.
        """
        report = self._report()
        if report is None:
            return None
        listing = _page(report.wishes, page, report.wish_count)
        sources = self._sources(listing.items)
        items = tuple(
            Missing(each.target, url_path(each.target), each.pages, found)
            for each, found in zip(listing.items, sources, strict=True)
        )
        made = Listing(items, listing.page, listing.more, listing.total)
        return Reported(made, report.commit, report.wish_count - len(report.wishes), report.more_wishes)

    def _sources(self, wishes: Sequence[Wish]) -> list[tuple[Backlink, ...]]:
        """Return pages that name each of *wishes*, with the sentence in which they do."""
        links = self._moment.links_of((path for each in wishes for path in each.sources), self._visible)
        found: dict[tuple[str, str], Backlink] = {}
        for target, backlink in links:
            path = backlink.name.path
            found.setdefault((fold_path(wish(path, target)), path), backlink)
        return [
            tuple(found[key] for path in each.sources if (key := (fold_path(each.target), path)) in found)
            for each in wishes
        ]

    def orphans(self, page: int = 1) -> Reported[Line] | None:
        """List the pages that no other page links to, ordered by path.

        The home page, pages that speak for a folder and pages that lead on to another do not count.

        Returns:
            One page of the list; ``None`` while nothing is known yet, and it is to be asked for again.
        """
        report = self._report()
        if report is None:
            return None
        home = self._home()
        paths = [path for path in report.orphans if home is None or path != home.path]
        count = report.orphan_count - (len(report.orphans) - len(paths))
        cut = _page(paths, page, count)
        lines = self.lines(self._moment.names(cut.items))
        return Reported(Listing(lines, cut.page, cut.more, count), report.commit, count - len(paths))

    def children(self, folder: str, start: int = 0, *, with_: str = "") -> Branch:
        """List a part of what lies directly in *folder*: `BRANCH` lines from *start* on, and the folder *with_*.

        Folders are ordered by path; pages by title, in a folder with very many by the names of their files.

        Raises:
            PageNotFoundError: No page that the actor may see lies in *folder*, at any depth, and it is not the root.
        """
        below = list(self._moment.pages_below(folder, self._visible).items())
        pages = self._moment.files_in(folder, visible=self._visible)
        total = len(below) + pages.count
        if folder and not total:
            raise PageNotFoundError(Message("There is no folder “%(name)s”.", name=folder))
        shown = tuple(Subfolder(*each) for each in below[start : start + BRANCH])
        if with_ not in {each.path for each in shown}:
            shown = (*(Subfolder(*each) for each in below if each[0] == with_), *shown)
        found = pages.part(max(start - len(below), 0), BRANCH - len(below[start : start + BRANCH]))
        lines = tuple(Line(name, title) for name, title in found)
        return Branch(folder, shown, lines, start, start + BRANCH < total, total)

    def branches(self, folder: str, start: int = 0) -> list[Branch]:
        """Return the tree with *folder* opened: the root, the folders on the way to it, and itself from *start* on.

        Raises:
            PageNotFoundError: As `children`.
        """
        last = self.children(folder, start)
        parts = folder.split("/") if folder else []
        paths = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
        above = [self.children(path, with_=inner) for path, inner in pairwise(paths)]
        return [*above, last]

    def tags(self, page: int = 1, *, by_name: bool = False) -> Listing[TagCount]:
        """List the tags with the number of pages that have them.

        Args:
            page: Which page of the list.
            by_name: In the order of their names; otherwise the most used first.
        """
        tags = self._tags()
        items = sorted(tags.most, key=lambda each: fold_path(each.tag)) if by_name else tags.most
        return _page(items, page, tags.total)

    def tagged(self, tag: str, page: int = 1) -> tuple[str, Listing[Line]]:
        """List the pages with a tag, ordered by title.

        Args:
            tag: In any spelling with the same key.
            page: Which page of the list.

        Returns:
            The tag as one of the pages spells it, and the pages.

        Raises:
            NotFoundError: No page has the tag, or none that the actor may see.
        """
        start = (page - 1) * LISTED
        found = tuple(islice(self._moment.tagged(tag, self._visible), start, start + LISTED + 1))
        first = found[:1] or tuple(islice(self._moment.tagged(tag, self._visible), 1))
        if not first:
            raise NotFoundError(Message("No page has the tag “%(tag)s”.", tag=tag[:TAG_CHARACTERS]))
        lines = tuple(Line(name, title) for name, title, _ in found[:LISTED])
        return first[0][2], Listing(lines, page, len(found) > LISTED, None)

    def backlinks(self, name: Name, page: int = 1) -> Listing[Backlink]:
        """List the pages that link to a page or another file, ordered by path, each with the sentence that does.

        Raises:
            PageNotFoundError: The actor may not know that *name* exists.
        """
        if not self._visible(name):
            raise PageNotFoundError(Message("There is no page “%(name)s”.", name=str(name.id)))
        start = (page - 1) * LISTED
        found = self._moment.backlinks(name, self._visible, limit=LISTED + 1, start=start)
        return Listing(tuple(found[:LISTED]), page, len(found) > LISTED, None)

    def suggest(self, typed: str) -> tuple[Suggestion, ...]:
        """Suggest pages for what somebody has typed so far: at most ten, best first.

        Those that are called just so come first, then those whose title or alias begins so, then those with words
        that begin as the typed ones do; among equals the shorter comes first.
        """
        return tuple(self._moment.suggest(typed, self._visible))

    def addresses(self, start: int, count: int) -> tuple[Address, ...]:
        """Return some of the pages that search engines may list, ordered by path, with their last change.

        Pages that lead on to another are left out, and those whose author wants no search engine to list them.
        """
        names = tuple(self._moment.listed(start, count, self._visible))
        changed = self._moment.last_times(name.path for name in names)
        return tuple(Address(name, changed.get(name.path)) for name in names)

    def address_count(self) -> int:
        """Return how many `addresses` there are."""
        return self._moment.listed_count(self._visible)

    def lines(self, names: Iterable[Name]) -> tuple[Line, ...]:
        """Return those of *names* that may be seen, with their titles."""
        seen = [name for name in names if self._visible(name)]
        titles = self._moment.titles(name for name in seen if name.form is Form.PAGE)
        return tuple(Line(name, titles.get(name.path) or name.id.last) for name in seen)


def _page(items: Sequence[T], page: int, total: int) -> Listing[T]:
    """Cut one page out of what is at hand of a list."""
    start = (page - 1) * LISTED
    return Listing(tuple(items[start : start + LISTED]), page, start + LISTED < len(items), total)
