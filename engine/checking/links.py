"""What is wrong with the links of pages: they lead to nothing, to a part that is not there, or to more than one file."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from engine import frontmatter
from engine.cache import Cache
from engine.catalog import Moment, Visible
from engine.checking.anchors import Anchors, Rendering
from engine.checking.finding import Finding
from engine.checking.near import Names
from engine.linking import REDIRECTS
from engine.markup.media import is_media
from engine.model import Facts, Form, Link, LinkKind, Name, Problem, Target

KEPT = 4_000_000  # bytes of what was found out for one finding and may serve for the next
NAMED = 4  # files that a message names
_SHOWN = {LinkKind.IMAGE, LinkKind.EMBED}
_ENDLESS = {"embed-cycle", "embed-depth"}
_FROM_HERE = re.compile(r"\.\.?(?:/|\Z)")


class Reader(Rendering, Protocol):
    """Whoever may read pages."""

    visible: Visible

    def problems(self, name: Name) -> Sequence[Problem]:
        """Return what rendering a page finds odd about it."""
        ...


class Links:
    """Checks the links of pages, many pages at once; remembers which media they lead to.

    Args:
        moment: The catalog, with the facts of all pages.
        reader: Shows pages, and knows what may be seen.
    """

    def __init__(self, moment: Moment, reader: Reader) -> None:
        self.media: set[str] = set()  # paths that some link leads to
        self._moment = moment
        self._reader = reader
        self._names = Names(moment, reader.visible)
        self._anchors = Anchors(reader)
        self._others: Cache[tuple[str, str], str] = Cache(KEPT)
        self._fronts: Cache[str, list[str]] = Cache(KEPT)

    def findings(self, pages: Sequence[tuple[Name, Facts]]) -> Iterator[tuple[Name, list[Finding]]]:
        """Yield each page with what is wrong with its links, in the order of its lines."""
        targets = self._moment.resolve(_wanted(pages), self._reader.visible)
        self.media.update(
            target.name.path for target in targets.values() if target and target.name.form is not Form.PAGE
        )
        facts = self._facts_of_targets(pages, targets)
        for name, known in pages:
            found: dict[tuple[object, ...], Finding] = {}
            for link in known.links:
                target = targets.get((name.folder, link.target)) if link.target else Target(name, "")
                finding = self._finding(name, known, link, target, facts)
                if finding is not None:
                    found.setdefault((finding.code, finding.line, link.target, link.fragment), finding)
            if any(_embeds_page(name, link, targets) for link in known.links):
                found |= {(each, ""): each for each in self._embeds(name)}
            if known.redirect:
                found |= {(each, ""): each for each in self._redirect(name, known)}
            yield name, sorted(found.values(), key=lambda finding: finding.line)

    def _facts_of_targets(
        self, pages: Sequence[tuple[Name, Facts]], targets: Mapping[tuple[str, str], Target | None]
    ) -> dict[str, Facts]:
        """Return by blob the facts of the pages that links lead into."""
        known = {name.blob: facts for name, facts in pages}
        asked = {
            target.name.blob
            for name, facts in pages
            for link in facts.links
            if link.fragment and (target := targets.get((name.folder, link.target))) is not None
            if target.name.form is Form.PAGE and target.name.blob not in known
        }
        return known | dict(self._moment.all_facts(asked))

    def _finding(
        self, name: Name, own: Facts, link: Link, target: Target | None, facts: Mapping[str, Facts]
    ) -> Finding | None:
        if target is None:
            return self._missing(name, link)
        if link.fragment and target.name.form is Form.PAGE:
            known = facts.get(target.name.blob, own)
            if not self._anchors.has(target.name, known, link):
                return self._missing_anchor(name, link, target.name, known)
        if target.ambiguous:
            return self._ambiguous(name, link, target.name)
        return None

    def _missing(self, name: Name, link: Link) -> Finding:
        media = link.kind is LinkKind.IMAGE or is_media(link.target)
        near = self._names.like(link.target, name, media=media)
        hint = f"did you mean {near}?" if near else ""
        shown = written(link)
        if link.target.startswith("/"):
            what = f"{shown} counts from the top of this wiki, where there is no such {_kind(media)}"
            hint = hint or "write the whole address (https://…) if it leads to another site."
            code = "absolute-link"
        elif _is_outside(name.folder, link.target):
            what = f"{shown} climbs above the top folder of this wiki"
            hint = hint or "write the whole address (https://…) of what is not in it."
            code = "outside-link"
        else:
            what = f"{shown} leads to no {_kind(media)}"
            hint = hint or (
                "add the file, or take it out." if media else "make the page, or take the link out."
            )
            code = "missing-media" if media else "missing-page"
        return Finding(code, name.path, link.line, f"{what}; {hint}", near)

    def _missing_anchor(self, name: Name, link: Link, target: Name, facts: Facts) -> Finding:
        near = self._anchors.near(target, facts, link)
        what = "block" if link.fragment.startswith("^") else "heading"
        where = "this page" if not link.target else target.path
        hint = f"did you mean #{near}?" if near else f"name one of its {what}s."
        message = f"{written(link)} names a {what} that {where} does not have; {hint}"
        return Finding("missing-anchor", name.path, link.line, message, near)

    def _ambiguous(self, name: Name, link: Link, taken: Name) -> Finding:
        asked = (name.folder, link.target)
        others = self._others.get(asked)
        if others is None:
            fitting = self._moment.fitting(*asked, self._reader.visible)
            others = listed([each.path for each in fitting if each.path != taken.path])
            self._others.put(asked, others, 200 + len(others))
        message = f"{written(link)} fits {taken.path}, which was taken, and as well {others}; write more of its path."
        return Finding("ambiguous-link", name.path, link.line, message, taken.path)

    def _embeds(self, name: Name) -> Iterator[Finding]:
        """Tell what only rendering knows: embeds that would not end."""
        for problem in self._reader.problems(name):
            if problem.code in _ENDLESS:
                yield Finding(problem.code, name.path, problem.line, problem.message)

    # -- redirects

    def _redirect(self, name: Name, facts: Facts) -> Iterator[Finding]:
        """Follow the redirect of a page as it is followed for a reader."""
        at, passed, following = name, [name.path], facts.redirect
        while following:
            target = self._moment.resolve([(at.folder, following)], self._reader.visible)[
                at.folder, following
            ]
            if target is None:
                if at is name:
                    yield self._redirect_to_nothing(name, following)
                return
            at = target.name
            passed.append(at.path)
            if at.path in passed[:-1] or len(passed) > REDIRECTS + 1:
                what = "in a circle" if at.path in passed[:-1] else f"through more than {REDIRECTS} pages"
                way = " → ".join(passed)
                message = f"The redirect leads {what} ({way}); let it name the page that is meant."
                yield Finding("redirect-loop", name.path, self.front_line(name, "redirect"), message)
                return
            known = self._moment.facts(at.blob) if at.form is Form.PAGE else None
            following = known.redirect if known is not None else ""

    def _redirect_to_nothing(self, name: Name, following: str) -> Finding:
        near = self._names.like(following, name, media=is_media(following))
        hint = f"did you mean {near}?" if near else "name a page of this wiki."
        message = f"The redirect to {following} leads to nothing; {hint}"
        return Finding("redirect-missing", name.path, self.front_line(name, "redirect"), message, near)

    def front_line(self, name: Name, *words: str) -> int:
        """Return the first line of a page's front matter that holds all *words*, 0 where there is none."""
        for number, line in enumerate(self._front(name), 1):
            if all(word in line for word in words):
                return number
        return 0

    def _front(self, name: Name) -> list[str]:
        """Return the lines of a page's front matter."""
        lines = self._fronts.get(name.blob)
        if lines is None:
            text = frontmatter.split(self._reader.text(name) or "").raw
            lines = text.splitlines()
            self._fronts.put(name.blob, lines, 200 + 2 * len(text) + 60 * len(lines))
        return lines


def written(link: Link) -> str:
    """Return a link about as its author wrote it."""
    whole = link.target + (f"#{link.fragment}" if link.fragment else "")
    if link.kind in {LinkKind.WIKILINK, LinkKind.EMBED}:
        return f"{'!' if link.kind is LinkKind.EMBED else ''}[[{whole}]]"
    return f"{'!' if link.kind is LinkKind.IMAGE else ''}[…]({whole})"


def listed(paths: Sequence[str], count: int | None = None) -> str:
    """Name a few of *paths*, and count the others; there are *count*, if that many were not given."""
    more = (len(paths) if count is None else count) - min(len(paths), NAMED)
    return ", ".join(paths[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _wanted(pages: Iterable[tuple[Name, Facts]]) -> Iterator[tuple[str, str]]:
    return ((name.folder, link.target) for name, facts in pages for link in facts.links if link.target)


def _embeds_page(name: Name, link: Link, targets: Mapping[tuple[str, str], Target | None]) -> bool:
    if link.kind is not LinkKind.EMBED:
        return False
    target = targets.get((name.folder, link.target))
    return not link.target or (target is not None and target.name.form is Form.PAGE)


def _kind(media: bool) -> str:
    return "file" if media else "page"


def _is_outside(folder: str, target: str) -> bool:
    """Say whether a relative target climbs above the root."""
    if not _FROM_HERE.match(target):
        return False
    depth = len(folder.split("/")) if folder else 0
    for part in target.split("/"):
        depth += -1 if part == ".." else int(part not in {"", "."})
        if depth < 0:
            return True
    return False
