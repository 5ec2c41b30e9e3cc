"""What stays behind for who knows a page by an old name: an alias in its front matter, or a page that leads on to it."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from engine import frontmatter
from engine.catalog import Moment, Visible
from engine.frontkeys import set_key
from engine.ids import fold
from engine.messages import Message
from engine.model import Form, Name
from engine.moving.relinking import Moves
from engine.moving.repointing import Pages

_UNREAD = Message("Its front matter cannot be changed for certain, so the page gets no alias.")


class Leave(StrEnum):
    """What stays behind."""

    NOTHING = "nothing"
    ALIAS = "alias"  # the page gets its old name as an alias
    REDIRECT = "redirect"  # a page at the old path leads on to it


def with_left(moment: Moment, moves: Moves, leave: Leave) -> Moves:
    """Add to *moves* what stays behind of each page whose address changes."""
    pages = [
        (before, after)
        for before, after in moves.files.values()
        if before.form is Form.PAGE and before.id.key != after.id.key
    ]
    if leave is Leave.REDIRECT:
        return replace(moves, made=[Name(before.path, "", Form.PAGE) for before, _ in pages])
    if leave is Leave.ALIAS:
        with moves.after(moment):
            # No other file has it as its name, and no page as an alias.
            free = {
                before.path: [each for each in _old_names(before, after) if not moment.keyed(each)]
                for before, after in pages
            }
        return replace(moves, aliases={path: names for path, names in free.items() if names})
    return moves


def _old_names(before: Name, after: Name) -> list[str]:
    """Return the names by which people may know a page: its id, and what the id ended in."""
    names = [str(before.id)]
    if fold(before.id.last) != fold(after.id.last) and before.id.last not in names:
        names.append(before.id.last)
    return names


def add_aliases(pages: Pages, page: Name, names: Sequence[str]) -> Sequence[str]:
    """Give a page more aliases; return those that it got."""
    text = pages.text(page)
    made = with_aliases(text, names) if text is not None else None
    if made is None:
        pages.doubt(page, names[0], _UNREAD)
        return []
    pages.put(page, made)
    return names


def with_aliases(text: str, names: Iterable[str]) -> str | None:
    """Return a page with more aliases; ``None`` where its front matter cannot be changed surely."""
    known = frontmatter.split(text).properties.get("aliases")
    before = known if isinstance(known, list) else [] if known is None else [known]
    if not all(isinstance(each, str) for each in before):
        return None
    try:
        return set_key(text, "aliases", [*before, *(each for each in names if each not in before)])
    except ValueError:
        return None


def leading_on(moment: Moment, moves: Moves, visible: Visible) -> dict[str, str]:
    """Return the texts of the pages that lead on, by their paths."""
    found: dict[str, str] = {}
    with moves.after(moment):
        for each in moves.made:
            new = moves.files[each.path][1]
            ways = (str(new.id), f"/{new.id}", f"/{new.path}")
            meant = moment.meant(((each.folder, way) for way in ways), visible)
            matches = {way: meant[each.folder, way] for way in ways}
            target = next((way for way, match in matches.items() if match and match[0] == new), ways[-1])
            found[each.path] = redirect_text(target)
    return found


def redirect_text(target: str) -> str:
    """Return the text of a page that leads on to *target*."""
    for written in (target, json.dumps(target, ensure_ascii=False)):
        text = f"---\nredirect: {written}\n---\n"
        if frontmatter.split(text).properties == {"redirect": target}:
            break
    return text
