"""Wiki (follow, at) and Snapshot: everything that a reader may ask at one commit.

A request asks for a snapshot once and holds nothing else. The snapshot pins the commit, by one reading transaction of
the catalog, and the rights: what the actor may not see does not exist in any answer.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from logging import getLogger
from pathlib import Path

from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from engine.access import Action, Actor, Policy
from engine.cache import Cache
from engine.catalog import Backlink, Catalog, LastChange, Moment, Visible, everything
from engine.errors import (
    MediaNotFoundError,
    PageNotFoundError,
    RevisionNotFoundError,
    StoreError,
    TooLargeError,
    WikiError,
)
from engine.following import Follower, Parts, Progress, Work
from engine.ids import MAX_PATH_BYTES, PageId, page_stem, url_path
from engine.language import direction, language
from engine.markup import RENDERER, SCANNER, Markup, Rendered
from engine.model import Facts, Form, LinkKind, Name, Problem, Target
from engine.scanning import NOT_UTF8, decode_page
from engine.search import SearchIndex
from engine.search.query import Query, parse
from engine.search.snippet import best_section, snippet
from engine.site import PATH, Site, parse_site
from engine.store import Store

INDEX_WAIT = 0.2  # seconds that a search waits for the index to follow a small change
log = getLogger(__name__)

WAIT = 0.1  # seconds that a reader waits for another process to follow, before the older commit is served
HOME_KEYS = ("home", "index", "readme", "start")
MEDIA_BYTES = 100_000_000  # a larger file is not served
REDIRECTS = 10  # pages in a row that each name another in their place
RESULTS = 20  # hits on one page of results
RESULT_PAGES = 50


@dataclass(frozen=True, slots=True)
class Found:
    """What a URL leads to: exactly one of the four."""

    name: Name | None = None  # a page, a medium or a folder
    source: bool = False  # with a page: its Markdown rather than its HTML
    redirect: str = ""  # the canonical URL of what was meant
    choices: tuple[Name, ...] = ()  # several pages have this key


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it is shown."""

    name: Name
    title: str
    html: str  # sanitized
    lang: str
    dir: str
    facts: Facts
    problems: tuple[Problem, ...]
    backlinks: tuple[Backlink, ...]
    last_change: LastChange | None
    redirect: str = ""  # URL of the page that took its place


@dataclass(frozen=True, slots=True)
class Child:
    """One line of a folder's listing."""

    name: Name
    title: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder's listing: its folders, its pages by title, its media."""

    path: str
    folders: tuple[Child, ...]
    pages: tuple[Child, ...]
    media: tuple[Child, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One hit as it is shown; its title and text are those that were indexed."""

    name: Name
    title: str
    url: str  # leads to the section with the best match
    section: str  # that section's heading, empty when it is the page's beginning
    parts: tuple[tuple[str, bool], ...]  # the snippet; true where it matches


@dataclass(frozen=True, slots=True)
class SearchResults:
    """One page of results."""

    query: Query
    results: tuple[Result, ...]
    more: bool
    commit: str | None  # what the index describes; the results are of this commit


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
        cache_bytes: How much rendered HTML is kept in memory.
        processes: Children that scan pages; ``None`` for one a core.
    """

    def __init__(
        self, parts: Parts, policy: Policy, *, cache_bytes: int = 32_000_000, processes: int | None = None
    ) -> None:
        self.policy = policy
        self._parts = parts
        self._follower = Follower(parts, processes=processes)
        self._rendered: Cache[bytes, Rendered] = Cache(cache_bytes)
        self._pages: Cache[tuple[str | None, str, str], Page] = Cache(cache_bytes // 4)
        self._sites: Cache[str, Site] = Cache(1_000_000)

    @classmethod
    def open(
        cls,
        store: Store,
        index: SearchIndex,
        folder: Path,
        policy: Policy,
        *,
        markup: Markup | None = None,
        cache_bytes: int = 32_000_000,
        processes: int | None = None,
    ) -> "Wiki":
        """Put a wiki together; derived data other than the index lives in *folder*."""
        catalog = Catalog(folder, version=str(SCANNER))
        parts = Parts(store, catalog, index, markup or Markup(), folder)
        return cls(parts, policy, cache_bytes=cache_bytes, processes=processes)

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

    def start(self) -> None:
        """Follow in the background until `close`."""
        self._follower.start()

    def close(self) -> None:
        """Stop following and release everything."""
        self._follower.stop()
        self._parts.index.close()
        self._parts.catalog.close()
        self._parts.store.close()

    def head(self) -> str | None:
        """Return the branch's commit as it is now."""
        return self._parts.store.head()

    @contextmanager
    def at(self, actor: Actor) -> Iterator["Snapshot"]:
        """Follow, and give a snapshot for *actor*; it ends with the context.

        Where following fails, the snapshot is of the commit before.
        """
        self._follow_for_a_reader()
        try:
            with self._parts.catalog.reading() as db:
                yield Snapshot(self, self._parts, Moment(db), actor)
        except DatabaseError as error:
            self._follower.fail(error)
            raise StoreError("what is known of the pages could not be read; try again in a moment") from error

    def _follow_for_a_reader(self) -> None:
        try:
            self.follow()
        except (SQLAlchemyError, WikiError, OSError) as error:
            log.exception("following failed; serving the commit before")
            self._follower.fail(error)
            with self._parts.catalog.reading() as db:
                if Moment(db).head is None:
                    raise

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

    def await_index(self, commit: str | None) -> None:
        """Wait shortly until the index describes *commit*, if the follower is about to bring it there."""
        end = time.monotonic() + INDEX_WAIT
        while self._follower.is_near_done and (self._parts.index.commit() or None) != commit:
            if time.monotonic() > end:
                return
            time.sleep(0.005)

    def rendered(self, key: bytes) -> Rendered | None:
        """Return HTML that was kept under a digest of all that it depends on."""
        return self._rendered.get(key)

    def keep(self, key: bytes, rendered: Rendered) -> None:
        """Keep HTML for `rendered`."""
        self._rendered.put(key, rendered, 2 * len(rendered.html) + 200)

    def kept_page(self, commit: str | None, scope: str, path: str) -> Page | None:
        """Return a page that was kept as it is at *commit*, for readers with one scope."""
        return self._pages.get((commit, scope, path))

    def keep_page(self, commit: str | None, scope: str, page: Page) -> None:
        """Keep a page for `kept_page`; only one whose facts and history are complete at that commit."""
        size = (
            2 * len(page.html)
            + len(page.facts.text)
            + 500 * (len(page.facts.links) + len(page.backlinks) + 4)
        )
        self._pages.put((commit, scope, page.name.path), page, size)

    def site(self, blob: str) -> Site:
        """Return the content settings that a blob holds."""
        site = self._sites.get(blob)
        if site is None:
            site = parse_site(self._parts.store.read(blob))
            self._sites.put(blob, site, 2_000)
        return site


class Snapshot:
    """The wiki at one commit, as one actor may see it. Made by `Wiki.at`; for one thread."""

    def __init__(self, wiki: Wiki, parts: Parts, moment: Moment, actor: Actor) -> None:
        self.actor = actor
        self._wiki = wiki
        self._parts = parts
        self._moment = moment
        self._index_agrees = True  # until it answers of another commit
        self._open = wiki.policy.is_open(actor)
        self.visible: Visible = everything if self._open else self.may_see
        settings = moment.name(PATH)
        self.site = wiki.site(settings.blob) if settings and settings.form is Form.MEDIA else Site()

    @property
    def commit(self) -> str | None:
        """The commit that every answer describes; ``None`` while the branch has none."""
        return self._moment.head

    @property
    def complete(self) -> bool:
        """Whether facts and history of all pages are known, so that answers will not grow."""
        return self._moment.scanned and self._moment.traced

    @property
    def settled(self) -> bool:
        """Whether the answers so far depend on the commit alone, and will be the same when asked again."""
        return self.complete and self._index_agrees

    def may_see(self, name: Name) -> bool:
        """Say whether the actor may read this file."""
        return self._open or self._wiki.policy.allows(self.actor, Action.READ, name)

    # -- finding

    def find(self, text: str) -> Found:
        """Find what a URL's path means.

        Args:
            text: The path, decoded and without its leading slash; a folder's ends in a slash.

        Raises:
            PageNotFoundError: Nothing has that name, or nothing that the actor may know of.
        """
        known = text.encode("utf-8", "replace").decode() == text and "\0" not in text
        if not known or len(text.encode()) > MAX_PATH_BYTES + len(".md/"):
            raise PageNotFoundError(f"no page is named {text[:60]!r}")
        if not text:
            found: Found | None = self._home()
        else:
            found = self._folder_url(text) if text.endswith("/") else self._file_url(text)
        if found is None:
            raise PageNotFoundError(f"there is no page {text!r}")
        return found

    def _home(self) -> Found:
        for name in self._homes():
            if name.form is Form.PAGE:
                return Found(name)
        return Found(Name("", "", Form.FOLDER))

    def _homes(self) -> Iterator[Name]:
        if self.site.home:
            yield from self._moment.named(self.site.home, self.visible)
        for key in HOME_KEYS:
            yield from self._moment.keyed(key, self.visible)

    def _folder_url(self, text: str) -> Found | None:
        folder = text.rstrip("/")
        if self._moment.has_folder(folder, self.visible):
            exact = text == f"{folder}/"
            return Found(Name(folder, "", Form.FOLDER)) if exact else Found(redirect=url_path(f"{folder}/"))
        if (spelled := self._moment.folder_like(folder, self.visible)) is not None:
            return Found(redirect=url_path(f"{spelled}/"))
        found = self._file_url(folder)
        return Found(redirect=found.redirect or found.name.url) if found and found.name else found

    def _file_url(self, text: str) -> Found | None:
        if named := self._moment.named(text, self.visible):
            best = named[0]
            return Found(best, source=best.form is Form.PAGE and str(best.id) != text)
        suffix = ".md" if page_stem(text) else ""
        if suffix and (named := self._moment.named(page_stem(text) or "", self.visible)):
            return Found(named[0], source=True)  # a page kept in another suffix answers to .md as well
        if self._moment.has_folder(text, self.visible):
            return Found(redirect=url_path(f"{text}/"))
        similar = self._moment.keyed(text, self.visible)
        if len(similar) > 1:
            return Found(choices=tuple(similar))
        if similar:
            return Found(redirect=similar[0].url + (suffix if similar[0].form is Form.PAGE else ""))
        spelled = self._moment.folder_like(text, self.visible)
        return Found(redirect=url_path(f"{spelled}/")) if spelled is not None else None

    # -- reading

    def page(self, name: Name) -> Page:
        """Return a page as it is shown.

        Raises:
            PageNotFoundError: The actor may not know that it exists.
        """
        if not self.may_see(name) or name.form is not Form.PAGE:
            raise PageNotFoundError(f"there is no page {str(name.id)!r}")
        scope = self._wiki.policy.scope(self.actor)
        page = self._wiki.kept_page(self.commit, scope, name.path) if self.complete else None
        if page is None:
            page = self._page(name)
            if self.complete:
                self._wiki.keep_page(self.commit, scope, page)
        return page

    def _page(self, name: Name) -> Page:
        facts, rendered = self._render(name)
        lang = language(facts.lang, name.id, self.site.language)
        return Page(
            name=name,
            title=facts.title or name.id.last,
            html=rendered.html,
            lang=lang,
            dir=direction(lang),
            facts=facts,
            problems=(*facts.problems, *rendered.problems),
            backlinks=tuple(self._moment.backlinks(name, self.visible)),
            last_change=self._moment.last_change(name.path),
            redirect=self._redirect(name, facts),
        )

    def _redirect(self, name: Name, facts: Facts) -> str:
        """Return where a page and those that took its place lead in the end; empty when that is a circle."""
        at, passed = name, {name.path}
        following: Facts | None = facts
        while following is not None and following.redirect:
            wanted = (at.folder, following.redirect)
            target = self._moment.resolve([wanted], self.visible)[wanted]
            if target is None:
                break
            at = target.name
            if at.path in passed or len(passed) > REDIRECTS:
                return ""
            passed.add(at.path)
            following = self.scan(at) if at.form is Form.PAGE else None
        return at.url if at is not name else ""

    def _render(self, name: Name) -> tuple[Facts, Rendered]:
        """Render a page, or take the HTML of the same text with the same targets."""
        facts = self._moment.facts(name.blob)
        parsed = None
        if facts is None:  # not scanned yet: this one parse gives facts and HTML
            text = self.text(name)
            if text is None:
                return Facts(problems=(NOT_UTF8,)), Rendered("", ())
            parsed = self._parts.markup.parse(text)
            facts = self._parts.markup.scan(parsed)
        linker = _Linker(self, self._moment)
        key = linker.digest(name, facts)
        rendered = self._wiki.rendered(key)
        if rendered is None:
            parsed = parsed or self._parts.markup.parse(self.text(name) or "")
            rendered = self._parts.markup.render(parsed, name.id, linker)
            self._wiki.keep(key, rendered)
        return facts, rendered

    def source(self, name: Name) -> bytes:
        """Return a file's bytes: a page's Markdown, a medium, a symlink's text.

        Raises:
            MediaNotFoundError: The actor may not know that it exists, or it is a submodule.
            TooLargeError: It is larger than `MEDIA_BYTES`.
        """
        if not self.may_see(name) or name.form in {Form.SUBMODULE, Form.FOLDER}:
            raise MediaNotFoundError(f"there is no file {name.path!r}")
        if (size := self._parts.store.size(name.blob)) > MEDIA_BYTES:
            raise TooLargeError(
                f"{name.path} has {size:,} bytes; files of up to {MEDIA_BYTES:,} are served, clone the repository for it"
            )
        return self._parts.store.read(name.blob)

    def folder(self, path: str) -> Folder:
        """List a folder.

        Raises:
            PageNotFoundError: There is no such folder, or nothing in it that the actor may know of.
        """
        files = [name for name in self._moment.files(path) if self.may_see(name)]
        subfolders = self._moment.subfolders(path)
        if not self._open:
            subfolders = [child for child in subfolders if self._moment.has_folder(child, self.visible)]
        if not files and not subfolders and path:
            raise PageNotFoundError(f"there is no folder {path!r}")
        titles = self._moment.titles(name for name in files if name.form is Form.PAGE)
        folders = (Child(Name(child, "", Form.FOLDER), child.rpartition("/")[2]) for child in subfolders)
        pages = (Child(name, titles[name.path]) for name in files if name.form is Form.PAGE)
        media = (Child(name, name.id.last) for name in files if name.form is not Form.PAGE)
        by_title = sorted(pages, key=lambda child: (child.title.casefold(), child.name.path))
        return Folder(path, tuple(folders), tuple(by_title), tuple(media))

    def folder_page(self, path: str) -> Name | None:
        """Return the page that speaks for a folder, if there is one."""
        return self._moment.folder_index(path, self.visible)

    # -- searching

    def search(self, text: str, *, page: int = 1) -> SearchResults:
        """Find pages by words; any text is a query.

        Args:
            text: What somebody typed.
            page: Which page of results, from 1 to `RESULT_PAGES`.
        """
        query = parse(text)
        page = min(max(page, 1), RESULT_PAGES)
        if self._moment.scanned:
            self._wiki.await_index(self.commit)
        found = self._parts.index.search(
            query, limit=RESULTS, offset=(page - 1) * RESULTS, allowed=self._allowed()
        )
        self._index_agrees = (found.commit or None) == self.commit
        names = {name.path: name for name in self._moment.names(hit.path for hit in found.hits)}
        facts = dict(self._moment.all_facts(hit.blob for hit in found.hits))
        results = [
            self._result(names[hit.path], facts.get(hit.blob) or self._scanned(hit.blob), query)
            for hit in found.hits
            if hit.path in names and self.may_see(names[hit.path])
        ]
        return SearchResults(query, tuple(results), found.more and page < RESULT_PAGES, found.commit or None)

    def _allowed(self) -> "_Allowed | None":
        return None if self._open else _Allowed(self, self._moment)

    def _scanned(self, blob: str) -> Facts | None:
        """Scan a text that the catalog does not know at this moment: the index may be older or newer than it."""
        try:
            text = decode_page(self._parts.store.read(blob))
        except RevisionNotFoundError:
            return None
        return None if text is None else self._parts.markup.scan(self._parts.markup.parse(text))

    def _result(self, name: Name, facts: Facts | None, query: Query) -> Result:
        if facts is None:
            return Result(name, name.id.last, name.url, "", ())
        lang = language(facts.lang, name.id, self.site.language)
        cut = snippet(facts.text, query, lang)
        section = best_section(facts.headings, cut.offset)
        title = facts.title or name.id.last
        if section is None or section.text == title:
            return Result(name, title, name.url, "", cut.parts)
        return Result(name, title, f"{name.url}#{url_path(section.anchor)[1:]}", section.text, cut.parts)

    # -- what rendering needs

    def text(self, name: Name) -> str | None:
        """Return a page's Markdown as text, ``None`` when it is not UTF-8 or not for this actor."""
        return decode_page(self._parts.store.read(name.blob)) if self.may_see(name) else None

    def scan(self, name: Name) -> Facts | None:
        """Return a page's facts, scanning it when the catalog has not got to it yet."""
        facts = self._moment.facts(name.blob)
        if facts is None and (text := self.text(name)) is not None:
            facts = self._parts.markup.scan(self._parts.markup.parse(text))
        return facts


class _Allowed:
    """Tells the index which paths the actor may see; asked for many paths, it asks the policy once for each."""

    def __init__(self, snapshot: Snapshot, moment: Moment) -> None:
        self._snapshot = snapshot
        self._moment = moment
        self._known: dict[str, bool] = {}

    def __call__(self, path: str) -> bool:
        if path not in self._known:
            name = self._moment.name(path)
            self._known[path] = name is not None and self._snapshot.may_see(name)
        return self._known[path]


class _Linker:
    """Resolves the links of one page and of what it embeds; a `Linker` for rendering."""

    DEPTH = 5  # embeds within embeds whose links count for the digest; rendering stops before

    def __init__(self, snapshot: Snapshot, moment: Moment) -> None:
        self._snapshot = snapshot
        self._moment = moment
        self._targets: dict[tuple[str, str], Target | None] = {}

    def target(self, source: PageId, link: str) -> Target | None:
        """Resolve a link's target as written on page *source*."""
        pair = (source.folder, link)
        if pair not in self._targets:
            self._resolve(source, [link])
        return self._targets[pair]

    def text(self, target: Target) -> str | None:
        """Return the Markdown of a page that is embedded."""
        return self._snapshot.text(target.name) if target.name.form is Form.PAGE else None

    def digest(self, name: Name, facts: Facts) -> bytes:
        """Digest all that a page's HTML depends on: text, place, targets, and the same of what it embeds."""
        seen: dict[str, str] = {}
        waiting = [(name, facts)]
        for _ in range(self.DEPTH + 1):  # breadth first, so that each page is met where it is least deep
            waiting = [inner for outer in waiting for inner in self._collect(*outer, seen)]
        return sha256(repr((RENDERER, str(name.id), name.blob, sorted(seen.items()))).encode()).digest()

    def _collect(self, name: Name, facts: Facts, seen: dict[str, str]) -> Iterator[tuple[Name, Facts]]:
        """Note what the links of a page lead to, and yield the pages it embeds that were not met yet."""
        targets = self._resolve(name.id, [link.target for link in facts.links if link.target])
        for text, target in targets.items():
            shown = (target.name.url, target.name.form, target.title, target.ambiguous) if target else None
            seen[f"{name.id.folder}\0{text}"] = repr(shown)
        embedded = {link.target for link in facts.links if link.kind is LinkKind.EMBED and link.target}
        for text in sorted(embedded):
            target = targets[text]
            if target is None or target.name.form is not Form.PAGE or f"\0{target.name.path}" in seen:
                continue
            seen[f"\0{target.name.path}"] = target.name.blob
            if (inner := self._snapshot.scan(target.name)) is not None:
                yield target.name, inner

    def _resolve(self, source: PageId, links: list[str]) -> Mapping[str, Target | None]:
        folder = source.folder
        new = [(folder, link) for link in links if (folder, link) not in self._targets]
        if new:
            self._targets.update(self._moment.resolve(new, self._snapshot.visible))
        return {link: self._targets[folder, link] for link in links}
