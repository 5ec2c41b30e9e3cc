"""Which links have to name another target after files moved, and what they should name then.

A link has to change if it would mean another file, seen from where its page then is; not only links to what moved: a
new name may come before another file that a link meant by the end of its path, by an alias or a title. So all links
are looked at that end in a part of an old or a new path, and all links of pages that move; each is resolved twice, in
the wiki as it is and as it would be.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import chain

from engine.catalog import Moment, Visible
from engine.catalog.codec import tail
from engine.catalog.resolve import INDEX_KEYS
from engine.catalog.wanted import Wanted
from engine.frontlinks import own_targets
from engine.ids import fold
from engine.model import Form, Name
from engine.moving.spelling import Kind, Meant, fits, spellings


@dataclass(frozen=True, slots=True)
class Moves:
    """What moves, and what comes to be besides."""

    files: Mapping[str, tuple[Name, Name]]  # by path: each file as it is, and as it will be
    folder: tuple[str, str] | None = None  # that moves with all that is in it, from and to
    made: Sequence[Name] = ()  # pages that lead on from where others were
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)  # that pages get, by path

    def new(self, name: Name) -> Name:
        """Return what a file, or a folder, will be."""
        if name.path in self.files and name.form is not Form.FOLDER:
            return self.files[name.path][1]
        if self.folder is not None and name.form is Form.FOLDER:
            old, new = self.folder
            if f"{name.path}/".startswith(f"{old}/"):
                return Name(new + name.path[len(old) :], "", Form.FOLDER)
        return name

    def relocated(self, page: Name, target: str) -> str:
        """Return what *target*, which names a place where nothing is, has to be on a page that moves.

        The place may also lie above the top of the wiki, in the rest of its repository.
        """
        old, new = page.folder, self.new(page).folder
        if old == new or target.startswith("/"):
            return target
        above = "/above" * (1 + target.count(".."))
        place = posixpath.normpath(f"{above}/{old}/{target}")
        if self.folder is not None and f"{place}/".startswith(f"{above}/{self.folder[0]}/"):
            place = f"{above}/{self.folder[1]}{place[len(f'{above}/{self.folder[0]}') :]}"
        found = posixpath.relpath(place, f"{above}/{new}")
        dot = "./" if target.startswith("./") and not found.startswith("..") else ""
        return dot + found + ("/" if target.endswith("/") else "")

    def after(self, moment: Moment, *, aliases: bool = True) -> AbstractContextManager[None]:
        """Let *moment* answer as if all had moved."""
        new = [*(after for _, after in self.files.values()), *self.made]
        named: dict[str, list[str]] = {}
        for path, names in self.aliases.items() if aliases else ():
            named.setdefault(self.files[path][0].blob, []).extend(names)
        return moment.after(self.files.keys(), new, named)


@dataclass(frozen=True, slots=True)
class Need:
    """A target, as some links of one page are written, that would not mean what it means."""

    means: Name | None  # now; None for a place that counts from the page, and where nothing is
    new: str | None  # what to write instead; None where nothing means that file
    after: Name | None  # what it would mean, as it is written


Needs = Mapping[tuple[Kind, str], Need]
"""By what a target is written in, and the target."""


def relink(moment: Moment, visible: Visible, moves: Moves) -> Mapping[Name, Needs]:
    """Return, for every page with links that have to change, which.

    Args:
        moment: With the facts of all pages.
        visible: What the actor may see.
        moves: What is asked for.
    """
    uses = _uses(moment, visible, moves)
    before = moment.meant(
        ((page.folder, target) for page, targets in uses.items() for _, target in targets), visible
    )
    changed = _changed(moment, visible, moves, uses, before)
    kinds = _kinds(moment, changed, before)
    with moves.after(moment):
        return _choose(moment, visible, moves, kinds, before)


@dataclass(frozen=True, slots=True)
class _Then:
    """What a link would mean, as it is written."""

    name: Name | None
    same: bool = False  # what it means now, but no more by its path from the page


_Uses = dict[Name, set[tuple[bool, str]]]
"""By page: whether a target is in the front matter, and the target."""
_Meanings = Mapping[tuple[str, str], tuple[Name, bool] | None]


def _uses(moment: Moment, visible: Visible, moves: Moves) -> _Uses:
    """Find the links that may be concerned."""
    found: _Uses = {}
    for page, target in moment.links_ending(_tails(moment, moves), visible):
        found.setdefault(page, set()).add((False, target))
    moving = [path for path, (name, _) in moves.files.items() if name.form is Form.PAGE]
    for target, link in moment.links_of(moving, visible):
        found.setdefault(link.name, set()).add((False, target))
    for page, target in moment.redirects(visible):
        found.setdefault(page, set()).add((True, target))
    media = any(name.form is Form.MEDIA for name, _ in moves.files.values())
    fronts = moment.fronts(visible, brackets=not media)
    # What a page that moves names of media is looked at in any case.
    for page, properties in chain(fronts, moment.fronts(visible, moving)):
        for target in own_targets(properties):
            found.setdefault(page, set()).add((True, target))
    return found


def _tails(moment: Moment, moves: Moves) -> set[str]:
    """Return the keys of last parts that a link can end in which means what moves, or might mean it then."""
    found = {""}  # ``./``, ``..`` and the like
    for before, after in moves.files.values():
        old, new = str(before.id).split("/"), str(after.id).split("/")
        same = 0
        while same < min(len(old), len(new)) - 1 and old[same] == new[same]:
            same += 1
        # Also the folder that both are in: one of them may speak for it.
        found.update(tail(part) for part in (*old[max(same - 1, 0) :], *new[max(same - 1, 0) :]))
        found.update((tail(before.path), tail(after.path)))
    labels = moment.labels(before.blob for before, _ in moves.files.values())
    named = (alias for names in moves.aliases.values() for alias in names)
    found.update(tail(each) for each in (*labels, *named))
    return found


def _changed(
    moment: Moment, visible: Visible, moves: Moves, uses: _Uses, before: _Meanings
) -> dict[Name, dict[tuple[bool, str], _Then]]:
    """Return which links would mean something else, by page, and what they would mean."""
    found: dict[Name, dict[tuple[bool, str], _Then]] = {}
    # Links are not left to an alias that the page gets only for those who do not know its new name.
    for aliases in (False, True) if moves.aliases else (False,):
        with moves.after(moment, aliases=aliases):
            meanings = moment.meant(
                ((moves.new(page).folder, target) for page, targets in uses.items() for _, target in targets),
                visible,
            )
        for page, targets in uses.items():
            for front, target in targets:
                now, later = before[page.folder, target], meanings[moves.new(page).folder, target]
                then = _Then(later[0] if later else None, now is not None and _is_same(moves, now, later))
                if now is None:
                    kept = moves.relocated(page, target) == target
                else:
                    kept = then.same and _is_path(page, target, now[0]) <= _is_path(
                        moves.new(page), target, moves.new(now[0])
                    )
                if not kept:
                    found.setdefault(page, {}).setdefault((front, target), then)
    return found


def _speaks_for(page: Name, folder: str) -> bool:
    """Say whether a page may be what is meant by a folder."""
    return str(page.id) == folder or (page.folder == folder and fold(page.id.last) in INDEX_KEYS)


def _is_path(page: Name, target: str, name: Name) -> bool:
    """Say whether a target is the path of a file from a page, as other readers of Markdown understand it."""
    return Wanted.of(page.folder, target).here in {name.path, str(name.id)}


def _is_same(moves: Moves, now: tuple[Name, bool], later: tuple[Name, bool] | None) -> bool:
    """Say whether a link means the same file in both worlds, and is not ambiguous in the later one alone."""
    if later is None:
        return False
    name, new = moves.new(now[0]), later[0]
    speaks = name.form is Form.FOLDER and new.form is Form.PAGE and _speaks_for(new, name.path)
    return speaks or ((name.path, name.form) == (new.path, new.form) and (now[1] or not later[1]))


_Kinds = dict[Name, dict[tuple[Kind, str], Name | None]]


def _kinds(
    moment: Moment, changed: Mapping[Name, Mapping[tuple[bool, str], _Then]], before: _Meanings
) -> _Kinds:
    """Find out what the targets that have to change are written in."""
    links = {
        blob: {(Kind.of(link.kind), link.target) for link in facts.links}
        for blob, facts in moment.all_facts({page.blob for page in changed})
    }
    found: _Kinds = {}
    for page, targets in changed.items():
        kept = found[page] = {}
        for (front, target), then in targets.items():
            now = before[page.folder, target]
            if front:
                if now is not None and not then.same:
                    kept[Kind.FRONT, target] = then.name
                continue
            # Addresses count from their page: what is nowhere does, too, and so it does in wikilinks that say so.
            here = Wanted.of(page.folder, target).explicit if now is None else not then.same
            for kind, counts in ((Kind.WIKI, here), (Kind.ADDRESS, True)):
                if counts and (kind, target) in links.get(page.blob, ()):
                    kept[kind, target] = then.name
    return found


@dataclass(frozen=True, slots=True)
class _Question:
    """What could be written in the place of one target, on pages of one folder."""

    before: Meant
    folder: str  # of the page, afterwards
    name: Name  # what it has to mean


def _choose(
    moment: Moment, visible: Visible, moves: Moves, kinds: _Kinds, before: _Meanings
) -> Mapping[Name, Needs]:
    """Choose new targets; *moment* answers as if all had moved."""
    found: dict[Name, dict[tuple[Kind, str], Need]] = {}
    asked: dict[Name, list[tuple[_Question, Name | None]]] = {}
    for page, targets in kinds.items():
        for (kind, target), later in targets.items():
            now = before[page.folder, target]
            if now is None:
                found.setdefault(page, {})[kind, target] = Need(None, moves.relocated(page, target), later)
            else:
                meant = Meant(kind, page.folder, target, now[0])
                question = _Question(meant, moves.new(page).folder, moves.new(now[0]))
                asked.setdefault(page, []).append((question, later))
    answers = _answers(moment, visible, (question for each in asked.values() for question, _ in each))
    for page, questions in asked.items():
        for question, later in questions:
            asking, new = question.before, answers[question]
            if new != asking.target:
                found.setdefault(page, {})[asking.kind, asking.target] = Need(asking.name, new, later)
    return found


def _answers(moment: Moment, visible: Visible, questions: Iterable[_Question]) -> dict[_Question, str | None]:
    """Find for each question the first target that means nothing but what it should."""
    found: dict[_Question, str | None] = {}
    second: dict[_Question, str] = {}  # what means it, and fits other files as well
    waiting = {each: _ways(moment, each) for each in questions}
    while waiting:
        tried = {each: target for each, ways in waiting.items() if (target := next(ways, None)) is not None}
        for each in waiting.keys() - tried.keys():
            found[each] = second.get(each)
            del waiting[each]
        meant = moment.meant(((each.folder, target) for each, target in tried.items()), visible)
        for each, target in tried.items():
            match = meant[each.folder, target]
            if match is None or (match[0].path, match[0].form) != (each.name.path, each.name.form):
                continue
            if match[1]:
                second.setdefault(each, target)
            else:
                found[each] = target
                del waiting[each]
    return found


def _ways(moment: Moment, question: _Question) -> Iterator[str]:
    """Yield the targets that may be written, last of all the names by which a page goes."""
    yield from spellings(question.before, question.folder, question.name)
    if question.before.kind is Kind.WIKI and (facts := moment.facts(question.name.blob)) is not None:
        yield from (each for each in (facts.title, *facts.aliases) if fits(Kind.WIKI, each))
