"""The records that everybody speaks in: frozen dataclasses without behaviour of weight."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.ids import PageId, page_stem, url_path
from engine.messages import Message


class Form(StrEnum):
    """What kind of thing a path of the repository is."""

    PAGE = "page"
    MEDIA = "media"
    SYMLINK = "symlink"  # shown as its text, never followed
    SUBMODULE = "submodule"  # a commit of another repository; listed, not served
    FOLDER = "folder"  # no file: what a link to a folder leads to; its blob is empty


@dataclass(frozen=True, slots=True)
class Name:
    """One file at one commit: its path under the content root, its blob, and what it is."""

    path: str
    blob: str  # full hex object id
    form: Form

    @property
    def id(self) -> PageId:
        """The page id; for media the path itself, so that every name has a place in the URL space."""
        stem = page_stem(self.path) if self.form is Form.PAGE else None
        return PageId.take(stem if stem is not None else self.path)

    @property
    def url(self) -> str:
        """Its address from the root of the site; a folder's ends in a slash."""
        if self.form is Form.FOLDER:
            return url_path(f"{self.path}/" if self.path else "")
        return url_path(str(self.id))

    @property
    def folder(self) -> str:
        """The parts of its path before the last."""
        return self.path.rpartition("/")[0]


BOT_ENDINGS = ("[bot]", "-bot", " bot")


@dataclass(frozen=True, slots=True)
class Author:
    """Who made a commit, as git records it."""

    name: str
    email: str

    @property
    def is_bot(self) -> bool:
        """Whether a program signed, by the custom of calling it so: ``renovate[bot]``, ``sync-bot``, ``Sync Bot``."""
        names = (self.name.casefold().rstrip(), self.email.casefold().partition("@")[0])
        return any(name == "bot" or name.endswith(BOT_ENDINGS) for name in names)


@dataclass(frozen=True, slots=True)
class Revision:
    """One commit that touched a page."""

    id: str  # full hex commit id; templates shorten it
    author: Author
    time: datetime  # author date, aware, UTC
    summary: str  # first line of the commit message


class TouchKind(StrEnum):
    """What a commit did to a file."""

    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"  # and maybe changed as well
    DELETED = "deleted"
    MERGED = "merged"  # a merge made of it what no parent had


class LinkKind(StrEnum):
    """How a page refers to another file of the wiki."""

    WIKILINK = "wikilink"  # [[target]]
    LINK = "link"  # [label](target)
    EMBED = "embed"  # ![[target]]
    IMAGE = "image"  # ![alt](target)


@dataclass(frozen=True, slots=True)
class Link:
    """A reference to another file of the same wiki, not yet resolved.

    ``target`` is percent-decoded and without ``#fragment`` and ``?query``; it is empty for a link within the page.
    Addresses with a scheme or a host are not links in this sense.
    """

    kind: LinkKind
    target: str
    fragment: str = ""  # without "#"; a heading's text or anchor, or "^block"
    sentence: str = ""  # the plain sentence around it, at most 300 characters
    line: int = field(default=0, compare=False)  # counted from 1 in the file; 0 where it is not known


@dataclass(frozen=True, slots=True)
class Heading:
    """One heading; ``start`` is its offset in ``Facts.text``, where its section begins."""

    level: int  # 1 to 6
    text: str
    anchor: str
    start: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd about a page: listed beside it, never a failure."""

    code: str  # a short stable word: "front-matter", "undefined-note", "unclosed-fence"
    message: Message  # one sentence for the author
    line: int  # counted from 1 in the file; 0 when no line is to blame


@dataclass(frozen=True, slots=True)
class Facts:
    """What one scan learns about a page: all that other pages and the search need to know of it."""

    title: str = (
        ""  # front matter, else the first level-1 heading, else empty: then the id's last part serves
    )
    description: str = ""
    lang: str = ""  # front matter only; see `engine.language` for the rest of the rule
    redirect: str = ""  # front matter "redirect": a link target
    tags: tuple[str, ...] = ()  # without "#", in order of first use, each once
    aliases: tuple[str, ...] = ()
    headings: tuple[Heading, ...] = ()
    links: tuple[Link, ...] = ()
    blocks: tuple[str, ...] = ()  # block ids, without "^"
    notes: tuple[str, ...] = ()  # labels of notes in order of first use
    words: int = 0
    text: str = ""  # plain text, for search and snippets; blocks end in "\n"
    properties: Mapping[str, Any] = field(default_factory=dict)  # front matter, JSON-safe
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """What a link resolved to."""

    name: Name
    title: str
    ambiguous: bool = False  # another file fits as well; the best was taken


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a commit."""

    path: str
    blob: str  # of a submodule: the commit of the other repository, which cannot be read here
    form: Form  # by mode first (symlink, submodule), then by suffix (page, media)


@dataclass(frozen=True, slots=True)
class Difference:
    """One path that differs between two commits; ``None`` stands for no file."""

    path: str
    old: Entry | None
    new: Entry | None


@dataclass(frozen=True, slots=True)
class Touch:
    """One path that a commit changed, as against its parents."""

    path: str
    old_path: str | None  # where the file was renamed from; otherwise None
    blob: str | None  # None when the commit deleted it
    added: bool  # the path is new here, and no rename


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit and what it touched under the content root.

    For a merge the touches are the paths that differ from every parent: what the merge itself changed. A commit
    without parents, also one where a shallow clone was cut, adds all it has. Touches are ordered by path.
    """

    id: str
    parents: tuple[str, ...]
    author: Author
    time: datetime  # author date, aware, UTC; 1970 where it cannot be read
    summary: str  # the first paragraph of the message, on one line
    touches: tuple[Touch, ...]
    key: str = ""  # of the call that made it, where that had one; see `engine.store.trailers`


@dataclass(frozen=True, slots=True)
class CommitText:
    """What a commit says of itself, besides what it touched."""

    author: Author
    time: datetime  # author date, aware, UTC; 1970 where it cannot be read
    committer: Author
    committed: datetime  # as time
    message: str  # all of it, as it is; lines end in "\n"


@dataclass(frozen=True, slots=True)
class Origin:
    r"""Consecutive lines of a file, and the commit that brought them. Lines are counted from 1, and end in ``\n``."""

    commit: str
    path: str | None  # of the file in that commit; None outside the content root
    start: int  # the first line in the file that was asked about
    start_then: int  # the same line in that commit
    count: int
    previous: tuple[str, str] | None  # that commit's first parent with the file, and its path there
