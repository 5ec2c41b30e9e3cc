"""Files that get in each other's way: by address, by key, by case alone, by alias; and names that mislead."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from engine.catalog import Moment, Visible
from engine.catalog.resolve import claim
from engine.checking.finding import Finding
from engine.checking.links import NAMED, listed
from engine.ids import unsafe_because
from engine.language import language
from engine.model import Form, Name
from engine.site import Site

Line = Callable[[Name, str], int]
"""Finds the line of a page's front matter that says something."""

_CASE = "{} differs from {} in case alone, and many computers cannot keep both; rename one."


def clashes(moment: Moment, visible: Visible, site: Site, line: Line) -> Iterator[Finding]:
    """Find all of them.

    Args:
        moment: The catalog.
        visible: Names for which it is false do not exist.
        site: The settings of the content, for the language of pages.
        line: Finds the line of an alias.
    """
    found = moment.clashes
    for group in found.same_key():
        if names := [name for name in group if visible(name)]:
            yield from _same_key(names)
    yield from _sources(moment, visible)
    yield from _folders(moment, visible)
    languages: dict[str, str] = {}  # by path
    for aliases in found.same_alias():
        pages = [name for name in aliases if visible(name)]
        for group in _by_language(moment, pages, site, languages):
            for page in group:
                others = [other.path for other in group[: NAMED + 2] if other is not page]
                message = f"The alias {aliases[page]} is also one of {listed(others, len(group) - 1)}; keep it on one page."
                yield Finding("alias-clash", page.path, line(page, aliases[page]), message, others[0])
    for alias, page, owner in found.taken_aliases():
        if visible(page) and visible(owner):
            message = f"The alias {alias} leads to {owner.path}, whose name it is; choose another one, or delete it."
            yield Finding("alias-taken", page.path, line(page, alias), message, owner.path)
    for name in moment.names():
        reason = next(filter(None, map(unsafe_because, name.path.split("/"))), None)
        if reason is not None and visible(name):
            yield Finding("unsafe-name", name.path, 0, f"This name is unsafe: {reason}; rename the file.")


def _same_key(names: Sequence[Name]) -> Iterator[Finding]:
    """Tell how names with one key get in each other's way."""
    by_id: dict[str, list[Name]] = defaultdict(list)
    for name in sorted(names, key=claim):
        by_id[str(name.id)].append(name)
    for first, *losers in by_id.values():
        for loser in losers:
            message = f"{first.path} is shown at {first.url}, and so this file is not; rename one of the two."
            yield Finding("address-clash", loser.path, 0, message, first.path)
    first, *others = [group[0] for _, group in sorted(by_id.items())]
    for other in others:
        if _without_case(other.path) != _without_case(first.path):
            message = f"Whoever types its name may mean {first.path} as well, and has to choose; rename one."
            yield Finding("key-clash", other.path, 0, message, first.path)
        elif other.folder == first.folder:  # else their folders are told of
            yield Finding("case-clash", other.path, 0, _CASE.format("It", first.path), first.path)


def _sources(moment: Moment, visible: Visible) -> Iterator[Finding]:
    """Find pages whose address is that of another page's Markdown, as of ``a.md.md`` beside ``a.md``."""
    for page in moment.clashes.named_like_files():
        taken = moment.name(str(page.id))
        if taken is not None and visible(page) and visible(taken) and taken.form is Form.PAGE:
            message = f"{page.url} is also the address of the Markdown of {taken.path}; rename this page."
            yield Finding("address-clash", page.path, 0, message, taken.path)


def _folders(moment: Moment, visible: Visible) -> Iterator[Finding]:
    """Find folders that differ in case alone, at the first part that does."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for folder in sorted(moment.folders()):
        parent, _, last = folder.rpartition("/")
        alike[parent, _without_case(last)].append(folder)
    for first, *others in alike.values():
        if others and moment.has_folder(first, visible):
            for other in others:
                if moment.has_folder(other, visible):
                    yield Finding("case-clash", other, 0, _CASE.format("This folder", first), first)


def _by_language(
    moment: Moment, pages: Sequence[Name], site: Site, known: dict[str, str]
) -> Iterator[list[Name]]:
    """Yield the pages that share a language with another one: translations may share an alias.

    Args:
        moment: The catalog.
        pages: They have one alias.
        site: Says which language a page is in that says nothing of its own.
        known: The languages of pages that were met before, by path; further ones are added.
    """
    new = [page for page in pages if page.path not in known] if len(pages) > 1 else []
    facts = dict(moment.all_facts(page.blob for page in new))
    for page in new:
        own = facts[page.blob].lang if page.blob in facts else ""
        known[page.path] = language(own, page.id, site.language)
    groups: dict[str, list[Name]] = defaultdict(list)
    for page in pages:
        groups[known.get(page.path, "")].append(page)
    yield from (group for group in groups.values() if len(group) > 1)


def _without_case(path: str) -> str:
    """Reduce a path to what a disk without case tells it by."""
    return unicodedata.normalize("NFC", path).lower()
