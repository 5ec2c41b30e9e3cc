"""Which headings of a page an edit has renamed, and what a link to such a heading says then."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from engine.markup.links import heading_anchor, link_anchor
from engine.markup.rules.wikilink import clean
from engine.model import Facts, Heading, Link, LinkKind

COMPARED = 2_000  # headings of a page, beyond which nothing is said
_IN_WIKILINK = frozenset("[]|#\n")


@dataclass(frozen=True, slots=True)
class Renamed:
    """A heading before and after an edit, with another anchor."""

    before: Heading
    after: Heading


def renamed_headings(before: Facts, after: Facts) -> tuple[Renamed, ...]:
    """Find the headings that an edit has renamed: in the same place of the outline, at the same level.

    Headings that stay as they are part the outline. Between two of them a heading is known again by the text under it,
    else by its place, where as many were as are. One that keeps its words and gets another number, because there is
    another one with these words, counts too.
    """
    old, new = before.headings, after.headings
    if max(len(old), len(new)) > COMPARED:
        return ()
    return tuple(
        Renamed(old[was], new[now])
        for was, now in _pairs(before, after)
        if old[was].level == new[now].level and old[was].anchor != new[now].anchor
    )


def _pairs(before: Facts, after: Facts) -> Iterator[tuple[int, int]]:
    """Match headings, by their numbers: first what is surest, and between two that match what is less sure."""
    sides = [[_Known.of(facts, each) for each in range(len(facts.headings))] for facts in (before, after)]
    yield from _matched(sides[0], sides[1], _KEYS)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a heading is known by."""

    number: int
    level: int
    text: str
    under: str  # what stands between it and the next one

    @classmethod
    def of(cls, facts: Facts, number: int) -> "_Known":
        heading = facts.headings[number]
        following = facts.headings[number + 1].start if number + 1 < len(facts.headings) else None
        under = facts.text[heading.start : following].partition("\n")[2].strip()
        return cls(number, heading.level, heading.text, under)


_KEYS: Sequence[Callable[[_Known], object]] = (
    lambda each: (each.level, each.text, each.under),
    lambda each: (each.level, each.text),
    lambda each: each.under or object(),
)


def _matched(
    old: Sequence[_Known], new: Sequence[_Known], keys: Sequence[Callable[[_Known], object]]
) -> Iterator[tuple[int, int]]:
    if not keys:
        if len(old) == len(new):
            yield from ((was.number, now.number) for was, now in zip(old, new, strict=True))
        return
    matcher = SequenceMatcher(None, list(map(keys[0], old)), list(map(keys[0], new)), autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind == "replace":
            yield from _matched(old[start:end], new[new_start:new_end], keys[1:])
        elif kind == "equal":
            for was, now in zip(old[start:end], new[new_start:new_end], strict=True):
                yield was.number, now.number


def new_fragment(link: Link, renamed: Mapping[str, Renamed]) -> str | None:
    """Return what a link says that leads to a renamed heading; ``None`` where it leads elsewhere.

    Args:
        link: To a part of the page with these headings.
        renamed: By the anchor that each heading had.
    """
    if link.kind not in {LinkKind.WIKILINK, LinkKind.EMBED}:
        found = _found(link.fragment, link_anchor(link.fragment), renamed, own=not link.target)
        return None if found is None else _said(link.fragment, found, wiki=False)
    parts = link.fragment.split("#")
    if parts[-1].strip().startswith("^"):
        return None
    new = []
    for part in parts:  # ``A#B`` names B within A
        each = _found(part.strip(), heading_anchor(part), renamed, own=not link.target)
        new.append(part if each is None else _said(part.strip(), each, wiki=True))
    return None if new == parts else "#".join(new)


def _found(written: str, anchor: str, renamed: Mapping[str, Renamed], *, own: bool) -> Renamed | None:
    """Return the heading that is meant; within its page its words mean it too, whatever its anchor."""
    if own:
        for each in renamed.values():
            if each.before.text == written:
                return each
    return renamed.get(anchor)


def _said(written: str, found: Renamed, *, wiki: bool) -> str:
    """Return the words of the heading where its words were written, if they mean it; else its anchor."""
    text, anchor = found.after.text, found.after.anchor
    if written == found.before.anchor and written != found.before.text:
        return anchor
    if wiki:
        plain = not _IN_WIKILINK.intersection(text) and clean(text) == text and not text.startswith("^")
        return text if plain and heading_anchor(text) == anchor else anchor
    return text if link_anchor(text) == anchor else anchor
