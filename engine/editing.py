"""What somebody needs who edits a page: its text, a part of it, and what a text would look like; see `Snapshot.editing`.

Nothing here writes: a text that is done goes to `Wiki.commit`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from engine.access import Lineage
from engine.answers import Child, Page
from engine.catalog import Moment, Visible, everything
from engine.contents import Contents, compare
from engine.errors import (
    InvalidChangeError,
    NotReadyError,
    PageExistsError,
    PageNotFoundError,
    RevisionNotFoundError,
)
from engine.ids import PageId, page_stem, parse_path
from engine.markup import Markup
from engine.markup.sections import Span
from engine.merging import Merge
from engine.messages import Message
from engine.model import Form, Heading, Name
from engine.naming import file_name
from engine.past import Past
from engine.scanning import decode_page
from engine.settling import merge_pages
from engine.site import Site
from engine.store import Store
from engine.textstyle import plain

TEMPLATES = "templates"
"""The folder of the pages that new ones may begin as."""

TEMPLATES_LISTED = 100
LATELY = 200  # commits that are asked one by one what was at a path, while the history is being read


class Drawer(Protocol):
    """Whoever shows pages: a snapshot."""

    def may_see(self, name: Name) -> bool:
        """Say whether the actor may read this file."""
        ...

    def drawn_text(self, name: Name, text: str) -> Page:
        """Return a page as it would be with another text."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a page that is to be edited, or of one that is to be made."""

    path: str  # where it is, or will be
    text: str  # lines end in ``\n``
    base: str | None  # the blob; None where there is no page
    title: str
    name: Name | None  # None where there is no page
    section: str = ""  # the anchor of the part that it is; empty for all of it


class Editing:
    """Texts of pages, as one actor may see them. Made by `Snapshot.editing`."""

    def __init__(
        self,
        moment: Moment,
        store: Store,
        markup: Markup,
        past: Past,
        drawer: Drawer,
        visible: Visible,
        site: Site,
    ) -> None:
        self._moment = moment
        self._store = store
        self._markup = markup
        self._past = past
        self._drawer = drawer
        self._visible = visible
        self._site = site

    def source(self, text: str, section: str = "") -> Source:
        """Return the text of the page that *text* names, by its id or path, or of one that has no text yet.

        Args:
            text: A page id, or the path of a file.
            section: The anchor of a heading: only its section is wanted.

        Raises:
            InvalidChangeError: It is no page, or no text.
            PageNotFoundError: It has no such section.
            PageIdError: There is no such page, and none can be made.
        """
        target = self.target(text)
        if target.name is None:
            return target
        whole = self.text(target.name.blob, target.path)
        if section:
            whole = self._span(whole, section).cut(whole)
        return replace(target, text=whole, base=target.name.blob, section=section)

    def target(self, text: str) -> Source:
        """Return what a text is for that somebody has written: as `source`, but what stands there is not read.

        Raises:
            InvalidChangeError: It is no page.
            PageIdError: There is no such page, and none can be made.
        """
        found = self._moment.named(text, self._visible)
        if not found:
            PageId.parse(text)
            return Source(f"{text}.md", "", None, text.rpartition("/")[2], None)
        name = found[0]
        if name.form is not Form.PAGE:
            raise InvalidChangeError(
                Message("“%(path)s” is no page, so it cannot be edited as text.", path=name.path)
            )
        return Source(name.path, "", None, self._moment.titles([name])[name.path], name)

    def text(self, blob: str, path: str) -> str:
        r"""Return the text that an edit began from, with lines that end in ``\n``.

        Args:
            blob: What the file at *path* is, or was once.
            path: Where it is.

        Raises:
            InvalidChangeError: It is no text, or was never there, as far as the actor may know.
            NotReadyError: As `knows`.
        """
        try:
            content = self._store.read(blob) if self.knows(path, blob) else None
        except RevisionNotFoundError:
            content = None
        if content is None:
            raise InvalidChangeError(
                Message("What this edit began from is not in the repository; read the page again.")
            )
        text = decode_page(content)
        if text is None:
            raise InvalidChangeError(
                Message(
                    "“%(path)s” is not UTF-8, so it cannot be edited as text; change it with git.", path=path
                )
            )
        return plain(text)

    def knows(self, path: str, blob: str) -> bool:
        """Say whether the actor may know what *blob* holds: it is, or was, at *path*, and they may see it there.

        A repository may hold more than the wiki shows, and each of its blobs has an id that may be known.

        Raises:
            NotReadyError: It was not there lately, and the history is still being read.
        """
        if any(name.blob == blob for name in self._moment.named(path, self._visible)):
            return True
        if self._past.known:
            return self._past.had(path, blob)
        found = self._had_lately(path, blob) if self._visible is everything else None
        if found is None:
            raise NotReadyError(Message("The history is still being read; try again in a moment."))
        return found

    def _had_lately(self, path: str, blob: str) -> bool | None:
        """Say whether a commit has *blob* at *path*, as git has it; ``None`` where none of the newest has it."""
        head = self._moment.head
        chain = self._store.chain(head) if head is not None else []
        entries = (self._store.entry(commit, path) for commit, _ in chain[:LATELY])
        if any(entry is not None and entry.blob == blob for entry in entries):
            return True
        return None if len(chain) > LATELY else False

    def whole(self, base: str | None, path: str, section: str, text: str) -> str:
        """Put a section that was edited back into the page that it was taken from.

        Raises:
            InvalidChangeError, NotReadyError: As `text`.
            PageNotFoundError: As `source`.
        """
        if not section or base is None:
            return text
        before = self.text(base, path)
        span = self._span(before, section)
        return span.put(before, text)

    def _span(self, text: str, section: str) -> Span:
        span = self._markup.span(self._markup.parse(text), section)
        if span is None:
            raise PageNotFoundError(
                Message("The page has no section “%(name)s” any more.", name=section[:60])
            )
        return span

    def lineage(self, path: str) -> Lineage | None:
        """Return where the page at *path* began, ``None`` where there is none, or none that the actor may see."""
        found = self._moment.named(path, self._visible)
        return self._moment.arrivals.origin(path) if any(name.path == path for name in found) else None

    def places(self, lineages: Iterable[Lineage]) -> Mapping[Lineage, str]:
        """Return where pages are now that began so; without those that are gone, or that the actor may not see."""
        found = self._moment.arrivals.begun(lineages)
        return {lineage: name.path for lineage, name in found.items() if self._visible(name)}

    def outline(self, name: Name) -> Sequence[Heading]:
        """Return the headings of a page."""
        if not self._drawer.may_see(name):
            raise PageNotFoundError(Message("There is no page “%(name)s”.", name=str(name.id)))
        facts = self._moment.facts(name.blob)
        if facts is None:
            facts = self._markup.scan(self._markup.parse(self.text(name.blob, name.path)))
        return facts.headings

    def preview(self, path: str, text: str) -> Page:
        """Return a page as it would be with this text."""
        parse_path(path)
        return self._drawer.drawn_text(Name(path, "", Form.PAGE), text)

    def merged(self, path: str, base: str | None, ours: str, theirs: str) -> Merge:
        """Merge a text with what a page has become.

        Args:
            path: Where the page is.
            base: The blob that the text began from; ``None`` where there was no page.
            ours: The text.
            theirs: The blob that others made of it.

        Raises:
            InvalidChangeError, NotReadyError: As `text`.
        """
        before = self.text(base, path) if base is not None else None
        return merge_pages(before, ours, self.text(theirs, path))

    def compare(self, old: str, new: str) -> Contents:
        """Say what differs between two texts of a page."""
        return compare(old.encode(), new.encode())

    def new_path(self, title: str, folder: str = "") -> str:
        """Return the path of a new page with this title.

        Raises:
            InvalidChangeError: No name can be made of the title.
            PageExistsError: There is a page with that name.
            PageIdError: The folder is no safe path.
        """
        path = self._path(title, folder)
        if self.would_be(title, folder) is not None:
            raise PageExistsError(Message("There is a page “%(path)s” already.", path=path))
        return path

    def would_be(self, title: str, folder: str) -> Name | None:
        """Return the file whose address a new page with this title would have; errors as `new_path`."""
        id_text = page_stem(self._path(title, folder)) or ""
        return next(iter(self._moment.keyed(id_text, self._visible)), None)

    def _path(self, title: str, folder: str) -> str:
        name = file_name(title, self._site.naming)
        if not name:
            raise InvalidChangeError(
                Message("“%(title)s” cannot name a page; use some letters or digits.", title=title[:60])
            )
        return parse_path("/".join(part for part in (folder.strip("/"), name) if part))

    def templates(self) -> list[Child]:
        """Return the pages that new ones may begin as, by title."""
        files = self._moment.files_in(TEMPLATES, visible=self._visible)
        return [Child(*each) for each in files.part(0, TEMPLATES_LISTED)]
