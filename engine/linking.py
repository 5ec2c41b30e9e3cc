"""What rendering asks of the rest of the wiki, and a digest of all the answers."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Protocol

from engine.catalog import Moment, Visible
from engine.ids import PageId
from engine.markup import RENDERER
from engine.model import Facts, Form, LinkKind, Name, Target

REDIRECTS = 10  # pages in a row that each name another in their place


class Reader(Protocol):
    """Whoever may read pages: a snapshot."""

    visible: Visible

    def text(self, name: Name) -> str | None:
        """Return a page's Markdown, ``None`` when it cannot be shown."""
        ...

    def scan(self, name: Name) -> Facts | None:
        """Return a page's facts, ``None`` when it cannot be read."""
        ...


class PageLinker:
    """Resolves the links of one page and of what it embeds; a `Linker` for rendering.

    Args:
        moment: The catalog.
        reader: Gives texts and facts, and knows what may be seen.
    """

    DEPTH = 5  # embeds within embeds whose links count for the digest; rendering stops before

    def __init__(self, moment: Moment, reader: "Reader") -> None:
        self._moment = moment
        self._reader = reader
        self._targets: dict[tuple[str, str], Target | None] = {}

    def target(self, source: PageId, link: str) -> Target | None:
        """Resolve a link's target as written on page *source*."""
        pair = (source.folder, link)
        if pair not in self._targets:
            self._resolve(source, [link])
        return self._targets[pair]

    def text(self, target: Target) -> str | None:
        """Return the Markdown of a page that is embedded."""
        return self._reader.text(target.name) if target.name.form is Form.PAGE else None

    def digest(self, name: Name, facts: Facts, lang: str) -> bytes:
        """Digest all that a page's HTML depends on: text, place, language, targets, and the same of what it embeds."""
        seen: dict[tuple[str, ...], str] = {}
        waiting = [(name, facts)]
        for _ in range(self.DEPTH + 1):  # breadth first, so that each page is met where it is least deep
            waiting = [inner for outer in waiting for inner in self._collect(*outer, seen)]
        return sha256(repr((RENDERER, str(name.id), lang, name.blob, sorted(seen.items()))).encode()).digest()

    def _collect(
        self, name: Name, facts: Facts, seen: dict[tuple[str, ...], str]
    ) -> Iterator[tuple[Name, Facts]]:
        """Note what the links of a page lead to, and yield the pages it embeds that were not met yet."""
        targets = self._resolve(name.id, [link.target for link in facts.links if link.target])
        for text, target in targets.items():
            shown = (target.name.url, target.name.form, target.title, target.ambiguous) if target else None
            seen["link", name.id.folder, text] = repr(shown)
        embedded = {link.target for link in facts.links if link.kind is LinkKind.EMBED and link.target}
        for text in sorted(embedded):
            target = targets[text]
            if target is None or target.name.form is not Form.PAGE or ("embed", target.name.path) in seen:
                continue
            seen["embed", target.name.path] = target.name.blob
            if (inner := self._reader.scan(target.name)) is not None:
                yield target.name, inner

    def _resolve(self, source: PageId, links: list[str]) -> Mapping[str, Target | None]:
        folder = source.folder
        new = [(folder, link) for link in links if (folder, link) not in self._targets]
        if new:
            self._targets.update(self._moment.resolve(new, self._reader.visible))
        return {link: self._targets[folder, link] for link in links}
