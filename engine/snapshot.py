"""Snapshot: everything that a reader may ask at one commit.

It pins the commit, by one reading transaction of the catalog, and the rights: what the actor may not see does not exist
in any answer.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from engine.access import Action, Actor, Policy, Protections, may_write
from engine.answers import Child, Folder, Found, Page, SearchResults, TagCount, Tags
from engine.blaming import Blaming
from engine.catalog import FilesIn, Moment, Visible, everything
from engine.catalog.codec import is_unlisted
from engine.change_feed import ChangeFeed
from engine.checking import Finding, check
from engine.commits import Commits
from engine.comparing import Comparing
from engine.editing import Editing
from engine.errors import MediaNotFoundError, NotReadyError, PageNotFoundError, TooLargeError
from engine.finding import Finder
from engine.following import Follower, Parts, Progress, version
from engine.frame import HELP, SIDEBARS, Aside, Frame, tree
from engine.frontmatter import others
from engine.ids import address_key, url_path
from engine.kept import Kept
from engine.language import direction, language
from engine.linking import REDIRECTS, PageLinker
from engine.links import LinkReport
from engine.lists import TAGS, Lists
from engine.markup import Rendered
from engine.media import Media
from engine.messages import Message
from engine.model import Facts, Form, Name, Problem
from engine.moving import Moving
from engine.past import Past
from engine.scanning import NOT_UTF8, decode_page
from engine.searching import Searching
from engine.site import PATH, Site
from engine.undoing import Undoing

MEDIA_BYTES = 100_000_000  # a larger file is not served
RELATED = 6  # pages that are named beside one
BACKLINKS = 12  # that are shown beside a page; the others have a list of their own


class Snapshot:
    """The wiki at one commit, as one actor may see it. Made by `Wiki.at`; for one thread."""

    def __init__(
        self,
        parts: Parts,
        policy: Policy,
        protections: Protections,
        kept: Kept,
        follower: Follower,
        moment: Moment,
        actor: Actor,
        *,
        fresh: bool = True,
    ) -> None:
        self.actor = actor
        self.fresh = fresh
        """Whether it has all that anybody was told of; else it is of an older commit."""
        self._parts = parts
        self._policy = policy
        self._protections = protections
        self._kept = kept
        self._follower = follower
        self._moment = moment
        self._agrees = True  # until something that is derived answers of another commit
        self._open = policy.is_open(actor)
        self.visible: Visible = everything if self._open else self.may_see
        settings = moment.name(PATH)
        self.site = kept.site(settings.blob) if settings and settings.form is Form.MEDIA else Site()

    @property
    def commit(self) -> str | None:
        """The commit that every answer describes; ``None`` while the branch has none."""
        return self._moment.head

    @property
    def version(self) -> str | None:
        """What every answer depends on: the commit, where the history of a shallow clone is cut, what is protected."""
        return version(self._moment.head, self._moment.edges, self._protections.stamp())

    @property
    def complete(self) -> bool:
        """Whether facts and history of all pages are known, so that answers will not grow."""
        return self._moment.scanned and self._moment.traced

    @property
    def settled(self) -> bool:
        """Whether the answers so far depend on the version alone, and will be the same when asked again."""
        return self.complete and self._agrees

    @property
    def lists(self) -> Lists:
        """The questions that concern all pages together."""
        return Lists(
            self._moment, self.visible, self._link_report, self._tags, lambda: self._finder.home().name
        )

    def _tags(self) -> Tags:
        scope = self._policy.scope(self.actor)
        found = self._kept.tags(self.commit, scope) if self.complete else None
        if found is None:
            counted = self._moment.tag_counts(self.visible)
            found = Tags(tuple(TagCount(*each) for each in counted[:TAGS]), len(counted))
            if self.complete:
                self._kept.keep_tags(self.commit, scope, found)
        return found

    @property
    def past(self) -> Past:
        """The questions that concern what was."""
        return Past(self._moment, self._parts.store, self, sees_all=self._open)

    @property
    def comparing(self) -> Comparing:
        """What differs between two revisions of a file."""
        return Comparing(self.past, self._moment, self._parts.store)

    @property
    def commits(self) -> Commits:
        """Single commits, with all that they did."""
        return Commits(self.past, self._moment, self._parts.store, self, sees_all=self._open)

    @property
    def change_feed(self) -> ChangeFeed:
        """What arrived since, for programs that follow the wiki."""
        return ChangeFeed(self._moment, self._parts.store, self._kept, self, sees_all=self._open)

    @property
    def editing(self) -> Editing:
        """Texts of pages for those who edit them."""
        return Editing(
            self._moment,
            self._parts.store,
            self._parts.markup,
            self.past,
            self,
            self.visible,
            self.site,
        )

    @property
    def media(self) -> Media:
        """Files other than pages: lists of them, what is known of one, and where a new one goes."""
        return Media(
            self._moment,
            self._parts.store,
            self._kept.previews,
            self.visible,
            self._link_report,
            self.site,
            self.source,
            self.may_write,
        )

    @property
    def blaming(self) -> Blaming:
        """Who wrote each line of a file."""
        return Blaming(
            self.past,
            self._moment,
            self._parts.store,
            self._kept,
            may_see=self.may_see,
            sees_all=self._open,
        )

    @property
    def undoing(self) -> Undoing:
        """How to take back what was done."""
        return Undoing(self.past, self._moment, self._parts.store, self, sees_all=self._open)

    @property
    def moving(self) -> Moving:
        """What it takes to give files other paths."""
        return Moving(self._moment, self._parts.store, self._parts.markup, self.visible, locked=self.locked)

    def _link_report(self) -> LinkReport | None:
        if not self._moment.scanned:
            self._agrees = False
            return None
        policy, actor = self._policy, self.actor  # the report may be made when this snapshot is gone
        visible = everything if self._open else lambda name: policy.allows(actor, Action.READ, name)
        found = self._kept.links.report(self._parts.catalog, self.commit or "", policy.scope(actor), visible)
        self._agrees = self._agrees and found is not None and found.commit == (self.commit or "")
        return found

    def may_see(self, name: Name) -> bool:
        """Say whether the actor may read this file."""
        return self._open or self._policy.allows(self.actor, Action.READ, name)

    def may_write(self, path: str) -> bool:
        """Say whether the actor may change the file at *path*, or make one there.

        Raises:
            NotReadyError: As `protected`.
        """
        return may_write(self._policy, self.actor, path) and self.is_unprotected(path)

    def may_try(self, path: str) -> bool:
        """Say whether the actor may begin to change the file at *path*.

        That is so, too, while it is not known whether it is protected: by the time that it is to be saved it mostly is,
        and `Wiki.commit` waits a little for that, and decides.
        """
        try:
            return self.may_write(path)
        except NotReadyError:
            return True  # as far as the policy goes, which was asked first

    def offers_change(self, path: str) -> bool:
        """Say whether to offer the actor to change the file at *path*: not, while it is not known whether they may."""
        try:
            return self.may_write(path)
        except NotReadyError:
            return False

    def locked(self, paths: Iterable[str]) -> frozenset[str]:
        """Return those of *paths* at which the actor may not change a file, nor make one; `may_write`, for many at once.

        Raises:
            NotReadyError: As `protected`.
        """
        asked = set(paths)
        refused = {path for path in asked if not may_write(self._policy, self.actor, path)}
        return self.protected(asked - refused) | refused

    def is_unprotected(self, path: str) -> bool:
        """Say whether the actor may change the file at *path* as far as protections go; see `protected`."""
        return not self.protected([path])

    def protected(self, paths: Iterable[str]) -> frozenset[str]:
        """Return those of *paths* at which protections keep the actor from changing a file, or from making one.

        The address at which a protected file was last is kept for it when it is deleted. It takes a handful of queries,
        however many paths there are.

        Raises:
            NotReadyError: Something is protected against the actor, and the history, which tells what it is called
                now, is still being read.
        """
        covers, asked = self.actor.role.covers, set(paths)
        if not asked or covers(self._protections.highest()):
            return frozenset()
        if not self._moment.traced:
            raise NotReadyError(
                Message("Which pages are protected is known once the history is read; try again in a moment.")
            )
        here = self._moment.arrivals.names(asked).keys()
        origins = self._moment.arrivals.origins(here)
        kept = self._kept_addresses() if asked - here else frozenset()
        return frozenset(
            path
            for path in asked
            if not covers(self._protections.level(path, origins.get(path)))
            or (path not in here and address_key(path) in kept)
        )

    def _kept_addresses(self) -> frozenset[str]:
        """Return the addresses at which something was last that is protected against the actor, and is not there now."""
        arrivals = self._moment.arrivals
        pages = [page for page in self._protections.pages() if not self.actor.role.covers(page[2])]
        numbers = arrivals.numbered({lineage for _, lineage, _ in pages})
        last, living = arrivals.last_paths(numbers.values()), arrivals.living(numbers.values())
        found = set()
        for path, lineage, _ in pages:
            number = numbers.get(lineage, 0)  # 0 of what is not in this history
            if number not in living:
                found.add(address_key(last.get(number, path)))
        return frozenset(found)

    def find(self, text: str) -> Found:
        """Find what a URL's path means, see `Finder.find`."""
        return self._finder.find(text)

    @property
    def _finder(self) -> Finder:
        return Finder(self._moment, self.visible, self.site.home)

    # -- reading

    def page(self, name: Name) -> Page:
        """Return a page as it is shown.

        Raises:
            PageNotFoundError: The actor may not know that it exists.
        """
        if not self.may_see(name) or name.form is not Form.PAGE:
            raise PageNotFoundError(Message("There is no page “%(name)s”.", name=str(name.id)))
        scope = self._policy.scope(self.actor)
        page = self._kept.kept_page(self.version, scope, name.path) if self.complete else None
        if page is None:
            page = self._page(name)
            if self.complete:
                self._kept.keep_page(self.version, scope, page)
        return page

    def _page(self, name: Name) -> Page:
        drawn = self.drawn(name)
        linking = self._moment.backlinks(name, self.visible, limit=BACKLINKS + 1)
        return replace(
            drawn,
            backlinks=tuple(linking[:BACKLINKS]),
            more_backlinks=len(linking) > BACKLINKS,
            last_change=self._moment.last_change(name.path),
            redirect=self._redirect(name, drawn.facts),
            related=self._related(name, drawn.facts),
        )

    def drawn(self, name: Name) -> Page:
        """Return a page of any text that the repository has, at the place *name* tells, with the links of today.

        What other pages and the history say of it is left out.

        Raises:
            PageNotFoundError: The actor may not see it, or it is no page.
        """
        if not self.may_see(name) or name.form is not Form.PAGE:
            raise PageNotFoundError(Message("There is no page “%(name)s”.", name=str(name.id)))
        return self._shown(name, *self._render(name))

    def drawn_text(self, name: Name, text: str) -> Page:
        """Return a page as it would be at the place *name* tells, with a text that the repository does not have."""
        parsed = self._parts.markup.parse(text)
        facts = self._parts.markup.scan(parsed)
        lang = self._language(name, facts)
        rendered = self._parts.markup.render(parsed, name.id, PageLinker(self._moment, self), lang)
        return self._shown(name, facts, rendered)

    def _shown(self, name: Name, facts: Facts, rendered: Rendered) -> Page:
        lang = self._language(name, facts)
        return Page(
            name=name,
            title=facts.title or name.id.last,
            html=rendered.html,
            lang=lang,
            dir=direction(lang),
            facts=facts,
            properties=others(facts.properties),
            unlisted=is_unlisted(facts),
            problems=(*facts.problems, *rendered.problems),
            backlinks=(),
            last_change=None,
        )

    def _related(self, name: Name, facts: Facts) -> tuple[Child, ...]:
        """Return the pages that share most with a page, once the facts of all are known."""
        if not self._moment.scanned:
            return ()
        found = self._moment.related(name, facts, RELATED, self.visible)
        return tuple(Child(each, title) for each, title in found)

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
        linker = PageLinker(self._moment, self)
        lang = self._language(name, facts)
        key = linker.digest(name, facts, lang)
        rendered = self._kept.rendered(key)
        if rendered is None:
            parsed = (
                parsed or self._follower.fresh(name.blob) or self._parts.markup.parse(self.text(name) or "")
            )
            rendered = self._parts.markup.render(parsed, name.id, linker, lang)
            self._kept.keep(key, rendered)
        return facts, rendered

    def _language(self, name: Name, facts: Facts) -> str:
        return language(facts.lang, name.id, self.site.language)

    def source(self, name: Name) -> bytes:
        """Return a file's bytes: a page's Markdown, a medium, a symlink's text.

        Raises:
            MediaNotFoundError: The actor may not know that it exists, or it is a submodule.
            TooLargeError: It is larger than `MEDIA_BYTES`.
        """
        if not self.may_see(name) or name.form in {Form.SUBMODULE, Form.FOLDER}:
            raise MediaNotFoundError(Message("There is no file “%(name)s”.", name=name.path))
        if (size := self._parts.store.size(name.blob)) > MEDIA_BYTES:
            raise TooLargeError(
                Message(
                    "%(name)s has %(size)s bytes; files of up to %(limit)s are served, clone the repository for it.",
                    name=name.path,
                    size=f"{size:,}",
                    limit=f"{MEDIA_BYTES:,}",
                )
            )
        return self._parts.store.read(name.blob)

    def folder(self, path: str, start: int = 0, count: int | None = None) -> Folder:
        """List a folder.

        Args:
            path: Of the folder; empty for the root.
            start: The first line of the listing that is wanted.
            count: How many lines; all of them where it is ``None``.

        Raises:
            PageNotFoundError: There is no such folder, or nothing in it that the actor may know of.
        """
        folders = self._moment.subfolders(path)
        if not self._open:
            folders = [child for child in folders if self._moment.has_folder(child, self.visible)]
        pages = self._moment.files_in(path, visible=self.visible)
        media = self._moment.files_in(path, pages=False, visible=self.visible)
        total = len(folders) + pages.count + media.count
        if not total and path:
            raise PageNotFoundError(Message("There is no folder “%(name)s”.", name=path))
        end = total if count is None else start + count
        before = len(folders) + pages.count

        def cut(files: FilesIn, before: int) -> tuple[Child, ...]:
            first = max(start - before, 0)
            return tuple(Child(*each) for each in files.part(first, end - before - first))

        return Folder(
            path,
            tuple(Child(Name(each, "", Form.FOLDER), each.rpartition("/")[2]) for each in folders[start:end]),
            cut(pages, len(folders)),
            cut(media, before),
            total,
        )

    def frame(self, folder: str, page: str = "") -> Frame:
        """Return what stands around a page, or around all pages of a folder.

        Args:
            folder: It need not exist.
            page: The path of a page in it.
        """
        scope = self._policy.scope(self.actor)
        found = self._kept.frame(self.commit, scope, folder) if self.complete else None
        if found is None:
            manual = self._moment.folder_index(HELP, self.visible)
            address = url_path(f"{HELP}/") if manual else ""
            if side := self._aside(folder):
                found = Frame(address, side)
            else:
                found = Frame(address, None, *tree(self._moment, folder, self.visible, page))
            if self.complete:  # but for a tree that is of this page alone
                kept = replace(found, tree=None) if found.cut else found
                self._kept.keep_frame(self.commit, scope, folder, kept)
        elif found.cut:
            return replace(found, tree=tree(self._moment, folder, self.visible, page)[0])
        return found

    def _aside(self, folder: str) -> Aside | None:
        name = self._moment.nearest(folder, SIDEBARS, self.visible)
        if name is None:
            return None
        facts, rendered = self._render(name)
        lang = language(facts.lang, name.id, self.site.language)
        return Aside(name.url, rendered.html, lang, direction(lang))

    def folder_page(self, path: str) -> Name | None:
        """Return the page that speaks for a folder, if there is one."""
        return self._moment.folder_index(path, self.visible)

    # -- searching

    def search(self, text: str, *, page: int = 1) -> SearchResults:
        """Find pages by words, see `Searching.search`."""
        if self._moment.scanned:
            self._follower.await_index(self.commit)
        searching = Searching(self._moment, self._parts, self, self.site.language, sees_all=self._open)
        found = searching.search(text, page)
        self._agrees = self._agrees and found.commit == self.commit
        return found

    # -- what rendering and checking need

    def check(self, progress: Progress = lambda stage, done, total: None) -> Iterator[Finding]:
        """Find what is wrong with the pages, see `engine.checking`.

        Raises:
            StoreError: Not all pages have been read yet.
        """
        return check(self._moment, self, self.site, progress)

    def html(self, name: Name) -> str:
        """Return a page's HTML."""
        return self._render(name)[1].html

    def problems(self, name: Name) -> Sequence[Problem]:
        """Return what rendering a page finds odd about it."""
        return self._render(name)[1].problems

    def parts(self, name: Name) -> Callable[[str], bool]:
        """Read a page, and return what says whether it has the section or block that an embed names."""
        markup = self._parts.markup
        parsed = markup.parse(self.text(name) or "")
        return lambda fragment: markup.has_part(parsed, fragment)

    def text(self, name: Name) -> str | None:
        """Return a page's Markdown as text, ``None`` when it is not UTF-8 or not for this actor."""
        return decode_page(self._parts.store.read(name.blob)) if self.may_see(name) else None

    def scan(self, name: Name) -> Facts | None:
        """Return a page's facts, scanning it when the catalog has not got to it yet."""
        facts = self._moment.facts(name.blob)
        if facts is None and (text := self.text(name)) is not None:
            facts = self._parts.markup.scan(self._parts.markup.parse(text))
        return facts
