"""Merging front matter, key by key.

::

    base     title: A     tags: [x]
    ours     title: B     tags: [x, y]                   a key that one side changed is taken from it,
    theirs   title: A     tags: [x, z]    lang: de       and lists of texts are sets
    ->       title: B     tags: [x, z, y] lang: de

What cannot be taken apart surely is merged by lines, if YAML reads the outcome; else all of it is one conflict.
"""

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Any

from engine.diff import lines
from engine.frontkeys import Entry, Parts, parts, valued
from engine.frontmatter import split
from engine.merging.by_line import merge_lines
from engine.merging.pieces import Clash, Piece, decided, settled


def merge_front(base: str, ours: str, theirs: str) -> list[Piece]:
    r"""Merge the front matter of three pages.

    Args:
        base, ours, theirs: As in `engine.frontmatter.FrontMatter.raw`, without a byte order mark; lines end in ``\n``.
    """
    found = settled(base, ours, theirs)
    if found is not None:
        return [found]
    if ours and theirs:
        taken_apart = [parts(side) for side in (base, ours, theirs)]
        sides = [side for side in taken_apart if side is not None]
        pieces = _by_key(*sides) if len(sides) == 3 else None
        pieces = pieces or _by_lines(base, ours, theirs)
        if pieces:
            return pieces
    return [Clash(base, ours, theirs, front=True)]


def _by_lines(base: str, ours: str, theirs: str) -> list[Piece] | None:
    """Merge by lines, unless that breaks what was sound."""
    pieces = [
        replace(piece, front=True) if isinstance(piece, Clash) else piece
        for piece in merge_lines(lines(base), lines(ours), lines(theirs))
    ]
    was_odd = any(split(side).problems for side in (ours, theirs))
    reads = [split(text) for text in decided(pieces)]
    return pieces if all(not read.body and (was_odd or not read.problems) for read in reads) else None


def _by_key(base: Parts, ours: Parts, theirs: Parts) -> list[Piece] | None:
    """Merge key by key; ``None`` where the order of keys, or what is around them, was changed in two ways."""
    preamble = settled(base.preamble, ours.preamble, theirs.preamble)
    closing = settled(base.closing, ours.closing, theirs.closing)
    sides = [{entry.key: entry for entry in side.entries} for side in (base, ours, theirs)]
    keys = _ordered(*map(list, sides))
    if preamble is None or closing is None or keys is None:
        return None
    if any("{}" in side.closing for side in (base, ours, theirs)):  # has no keys, and says so
        return None
    pieces: list[Piece] = [preamble]
    # What is to be read where our side stands in conflicts, and where theirs does.
    wanted: list[dict[str, Any]] = [{}, {}]
    for key in keys:
        merged = _merged(*(side.get(key) for side in sides))
        for own, side in zip(wanted, sides[1:], strict=True):
            if shown := side.get(key) if isinstance(merged, Clash) else merged:
                own[key] = shown.value
        if merged is not None:
            pieces.append(merged if isinstance(merged, Clash) else merged.whole)
    pieces.append(closing)
    reads = [split(text) for text in decided(pieces)]
    is_sound = not any(read.body or read.problems for read in reads)
    return pieces if is_sound and [read.properties for read in reads] == wanted else None


def _merged(base: Entry | None, ours: Entry | None, theirs: Entry | None) -> Entry | Clash | None:
    """Merge one key; ``None`` when it is to be gone."""
    was, one, other = (side.whole if side else "" for side in (base, ours, theirs))
    found = settled(was, one, other)
    if found is not None:
        return theirs if found == other else ours
    if ours and theirs:
        lead = settled(base.lead if base else "", ours.lead, theirs.lead)
        entry = _with_text(base, ours, theirs) or _as_set(base, ours, theirs)
        if lead is not None and entry is not None:
            return replace(entry, lead=lead)
    return Clash(was, one, other, front=True)


def _with_text(base: Entry | None, ours: Entry, theirs: Entry) -> Entry | None:
    text = settled(base.text if base else "", ours.text, theirs.text)
    return next((side for side in (theirs, ours) if side.text == text), None)


def _as_set(base: Entry | None, ours: Entry, theirs: Entry) -> Entry | None:
    """Merge lists of texts, each of which stands there once; not where a comment in them was changed."""
    entries = [side for side in (base, ours, theirs) if side]
    sides = [base.value if base else [], ours.value, theirs.value]
    if len({_remarks(entry) for entry in entries}) > 1 or not all(map(_is_set, sides)):
        return None
    was, one, other = sides
    items = _ordered(was, one, other)
    if items is None:
        return None
    kept = (set(one) & set(other)) | (set(one) ^ set(other)) - set(was)
    # A list that one side wrote in another style keeps that.
    start = ours if base and _is_block(base) is _is_block(theirs) else theirs
    return valued(start, [item for item in items if item in kept])


def _is_set(value: object) -> bool:
    return (
        isinstance(value, list) and all(isinstance(i, str) for i in value) and len(set(value)) == len(value)
    )


def _remarks(entry: Entry) -> tuple[str, ...]:
    """Return whatever may be a comment."""
    return tuple(line.partition("#")[2] for line in lines(entry.text) if "#" in line)


def _is_block(entry: Entry) -> bool:
    return entry.text.partition("\n")[0].rstrip().endswith(":")


def _ordered(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """Return all that stands on the two sides, in an order that both agree with; ``None`` where each has its own.

    What only one side has follows what it followed there; of two additions at one place, theirs is first.
    """
    common = set(base) & set(ours) & set(theirs)
    orders = [[key for key in side if key in common] for side in (base, ours, theirs)]
    order = settled(*orders)
    if order is None:
        return None
    known = set(base)
    if order == orders[2]:
        return _woven(_woven(theirs, base, known), ours, known)
    first = _woven(ours, base, known)
    return _woven(first, theirs, set(first))


def _woven(first: Sequence[str], second: Sequence[str], steady: Container[str]) -> list[str]:
    """Put what only *second* has into *first*: behind what it follows there, and before the next that is *steady*."""
    own, behind = set(first), defaultdict[str | None, list[str]](list)
    before = None
    for key in second:
        if key in own:
            before = key
        else:
            behind[before].append(key)
    made: list[str] = []
    waiting = behind[None]
    for key in first:
        if key in steady:
            made += waiting
            waiting = []
        made.append(key)
        waiting += behind[key]
    return made + waiting
