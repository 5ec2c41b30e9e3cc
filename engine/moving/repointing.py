"""Rewriting links on many pages, and telling what was done on each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.markup import Markup
from engine.messages import Message
from engine.model import Link, Name
from engine.moving.rewriting import Sample, Wish, rewrite
from engine.store import Store

SAMPLES = 5  # links of a page that are shown

Answer = Wish | Message | None
"""What a link should say, or why that cannot be said; ``None`` where it stays as it is."""


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Links of one page that change, or would have to."""

    name: Name  # as it is now
    title: str
    links: int
    samples: tuple[Sample, ...] = ()  # the first of them


@dataclass(frozen=True, slots=True)
class Unsure:
    """A link that will not mean what it means now, and has to be looked at by somebody."""

    name: Name  # its page, as it is now
    title: str
    written: str  # what it names
    reason: Message


@dataclass(slots=True)
class Repointed:
    """What became of some pages."""

    rewritten: list[PageLinks] = field(default_factory=list)
    locked: list[PageLinks] = field(default_factory=list)  # that the actor may not change
    unsure: list[Unsure] = field(default_factory=list)


class Pages:
    """The texts of pages, as they are and as they are to be.

    Args:
        store: Where they are.
        markup: Reads them.
        names: All pages that will be asked for.
        titles: Of these pages, by path.
    """

    def __init__(
        self, store: Store, markup: Markup, names: Iterable[Name], titles: Mapping[str, str]
    ) -> None:
        self.done = Repointed()
        self._markup = markup
        self._names = {name.path: name for name in names}
        self._titles = titles
        self._contents = dict(store.read_many({name.blob for name in self._names.values()}))
        self._new: dict[str, str] = {}

    def text(self, name: Name) -> str | None:
        """Return a page's text, byte order mark and all; ``None`` where it is not UTF-8."""
        if name.path in self._new:
            return self._new[name.path]
        try:
            return self._contents[name.blob].decode()
        except (KeyError, UnicodeDecodeError):
            return None

    def put(self, name: Name, text: str) -> None:
        """Give a page another text."""
        self._new[name.path] = text

    def repoint(self, name: Name, answer: Callable[[Link], Answer], *, may_write: bool) -> None:
        """Let the links of a page say something else, where that is sure."""
        text = self.text(name)
        if text is None:
            return
        page = self._markup.trace(text)
        wishes: dict[int, Wish] = {}
        for number, link in enumerate(page.facts.links):
            match answer(link):
                case Wish() as wish:
                    wishes[number] = wish
                case Message() as reason:
                    self.doubt(name, said(link), reason)
        if not may_write:
            if wishes:
                self.lock(name, len(wishes))
            return
        if not wishes:
            return
        made = rewrite(self._markup, page, wishes)
        for number, reason in sorted(made.unsure.items()):
            self.doubt(name, said(page.facts.links[number]), reason)
        if made.samples:
            self._new[name.path] = made.text
            self.tell(name, [made.samples[number] for number in sorted(made.samples)])

    def doubt(self, name: Name, written: str, reason: Message, title: str | None = None) -> None:
        """Note a link that could not be changed, or another thing that somebody has to look at."""
        title = self._titles[name.path] if title is None else title
        self.done.unsure.append(Unsure(name, title, written, reason))

    def lock(self, name: Name, links: int = 1) -> None:
        """Note links that the actor may not change."""
        self._add(self.done.locked, name, links)

    def tell(self, name: Name, samples: Sequence[Sample]) -> None:
        """Note links that were rewritten."""
        self._add(self.done.rewritten, name, len(samples), samples)

    def _add(self, told: list[PageLinks], name: Name, links: int, samples: Sequence[Sample] = ()) -> None:
        before = told.pop() if told and told[-1].name == name else PageLinks(name, self._titles[name.path], 0)
        shown = (*before.samples, *samples)[:SAMPLES]
        told.append(PageLinks(name, before.title, before.links + links, shown))

    def changed(self) -> Iterator[tuple[Name, bytes]]:
        """Yield the pages that have another text, ordered by path, with its bytes."""
        for path in sorted(self._new):
            content = self._new[path].encode()
            if content != self._contents.get(self._names[path].blob):
                yield self._names[path], content


def said(link: Link) -> str:
    """Return what a link names, with the part of it."""
    return link.target + (f"#{link.fragment}" if link.fragment else "")
