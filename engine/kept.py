"""What a wiki keeps so as not to do it twice; bounded in bytes, and never the only copy."""

from collections.abc import Sequence

from engine.answers import Page, Tags
from engine.cache import Cache
from engine.frame import Frame
from engine.links import LinkReports
from engine.markup import Rendered
from engine.model import Name, Origin
from engine.previews import Previews
from engine.site import Site, parse_site
from engine.store import Store

ORIGIN_BYTES = 8_000_000
"""Of runs of lines with the commits that brought them, 400 bytes each."""


class Kept:
    """Rendered HTML by a digest of all it depends on, whole pages by commit and scope, settings by blob, link reports.

    Args:
        store: Where the settings are read from.
        capacity: Bytes of HTML that are kept; of whole pages an eighth as many.
        previews: Small pictures of images, kept on the disk.
    """

    def __init__(self, store: Store, capacity: int, previews: Previews) -> None:
        self._store = store
        self.previews = previews
        self._rendered: Cache[bytes, Rendered] = Cache(capacity)
        self._pages: Cache[tuple[str | None, str, str], Page] = Cache(capacity // 8)
        self._frames: Cache[tuple[str | None, str, str], Frame] = Cache(capacity // 32)
        self._sites: Cache[str, Site] = Cache(1_000_000)
        self._origins: Cache[tuple[str, str, str], tuple[Origin, ...]] = Cache(ORIGIN_BYTES)
        self._tags: Cache[tuple[str | None, str], Tags] = Cache(8_000_000)
        self._lines: Cache[tuple[str, str], Sequence[int]] = Cache(4_000_000)
        self.links = LinkReports()

    def rendered(self, key: bytes) -> Rendered | None:
        """Return HTML that was kept under a digest of all that it depends on."""
        return self._rendered.get(key)

    def keep(self, key: bytes, rendered: Rendered) -> None:
        """Keep HTML for `rendered`."""
        self._rendered.put(key, rendered, 2 * len(rendered.html) + 200)

    def kept_page(self, version: str | None, scope: str, path: str) -> Page | None:
        """Return a page that was kept as it is at `Snapshot.version`, for readers with one scope."""
        return self._pages.get((version, scope, path))

    def keep_page(self, version: str | None, scope: str, page: Page) -> None:
        """Keep a page for `kept_page`; only one whose facts and history are complete at that version."""
        size = (
            2 * len(page.html)
            + len(page.facts.text)
            + 500
            * (len(page.facts.links) + len(page.facts.headings) + len(page.backlinks) + len(page.related) + 4)
        )
        self._pages.put((version, scope, page.name.path), page, size)

    def frame(self, commit: str | None, scope: str, folder: str) -> Frame | None:
        """Return what was kept that stands around the pages of a folder."""
        return self._frames.get((commit, scope, folder))

    def keep_frame(self, commit: str | None, scope: str, folder: str, frame: Frame) -> None:
        """Keep for `frame` what stands around the pages of a folder."""
        size = 2 * len(frame.side.html) if frame.side else 40_000  # a tree is bounded
        self._frames.put((commit, scope, folder), frame, 500 + size)

    def tags(self, commit: str | None, scope: str) -> Tags | None:
        """Return the tags at *commit*, for readers with one scope."""
        return self._tags.get((commit, scope))

    def keep_tags(self, commit: str | None, scope: str, tags: Tags) -> None:
        """Keep tags for `tags`."""
        self._tags.put((commit, scope), tags, sum(200 + 2 * len(each.tag) for each in tags.most))

    def line(self, head: str, edges: str) -> Sequence[int] | None:
        """Return the ranks on the first-parent line of a commit, by what alone they depend on, if they were kept."""
        return self._lines.get((head, edges))

    def keep_line(self, head: str, edges: str, line: Sequence[int]) -> None:
        """Keep the ranks on a first-parent line for `line`."""
        self._lines.put((head, edges), line, 8 * len(line) + 200)

    def site(self, blob: str) -> Site:
        """Return the content settings that a blob holds."""
        site = self._sites.get(blob)
        if site is None:
            site = parse_site(self._store.read(blob))
            self._sites.put(blob, site, 2_000)
        return site

    def close(self) -> None:
        """Stop what is being worked out."""
        self.links.close()
        self.previews.close()

    def origins(self, commit: str, name: Name) -> tuple[Origin, ...] | None:
        """Return which commits brought the lines of a file of *commit*, if that was kept."""
        return self._origins.get((commit, name.path, name.blob))

    def keep_origins(self, commit: str, name: Name, origins: tuple[Origin, ...]) -> None:
        """Keep what `Store.blame` said."""
        self._origins.put((commit, name.path, name.blob), origins, 400 * (len(origins) + 1))
