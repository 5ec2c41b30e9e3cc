"""What a snapshot answers: records for views, commands and programs."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.catalog import Backlink, LastChange
from engine.model import Facts, Name, Problem
from engine.reading_time import reading_minutes
from engine.search.query import Query


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
    properties: Mapping[str, str]  # the author's own keys of the front matter
    problems: tuple[Problem, ...]
    backlinks: tuple[Backlink, ...]
    last_change: LastChange | None
    redirect: str = ""  # URL of the page that took its place
    more_backlinks: bool = False  # there are more than those
    unlisted: bool = False  # its author wants no search engine to list it
    related: "tuple[Child, ...]" = ()  # pages that share tags and links with it, best first

    @property
    def minutes(self) -> int:
        """How long it takes to read."""
        return reading_minutes(self.facts.words, self.lang)


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, in one of its spellings, and how many pages have it."""

    tag: str
    pages: int


@dataclass(frozen=True, slots=True)
class Tags:
    """The tags of a wiki."""

    most: tuple[TagCount, ...]  # the most used first
    total: int  # with those that are left out


@dataclass(frozen=True, slots=True)
class Child:
    """One line of a folder's listing."""

    name: Name
    title: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A part of a folder's listing: its folders, then its pages, then its other files.

    Pages are ordered by title, in a folder with very many by the names of their files.
    """

    path: str
    folders: tuple[Child, ...]
    pages: tuple[Child, ...]
    media: tuple[Child, ...]
    total: int  # lines of the whole listing


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
