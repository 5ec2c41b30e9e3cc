"""Finding a part of a page: the section under a heading, or the block with an id."""

from collections.abc import Sequence

from markdown_it.token import Token

from engine.markup.links import heading_anchor


def select(tokens: Sequence[Token], fragment: str) -> Sequence[Token] | None:
    """Return the tokens that *fragment* names, all when it is empty; ``None`` when there is no such part.

    Args:
        tokens: The block tokens of a page.
        fragment: ``Heading`` (its text or its anchor), ``Heading#Heading below it``, or ``^block``.
    """
    if fragment.startswith("^"):
        return _block(tokens, fragment)
    chosen: Sequence[Token] | None = tokens
    for part in fragment.split("#"):
        if part.strip() and chosen is not None:
            chosen = _section(chosen, part)
    return chosen


def _section(tokens: Sequence[Token], heading: str) -> Sequence[Token] | None:
    wanted = {heading.strip(), heading_anchor(heading)}
    headings = (index for index, token in enumerate(tokens) if token.type == "heading_open")
    start = next((index for index in headings if not wanted.isdisjoint(tokens[index].meta.values())), None)
    if start is None:
        return None
    first = tokens[start]
    for end in range(start + 3, len(tokens)):
        token = tokens[end]
        # A list of notes that has no place of its own belongs to the page, not to its last section.
        outside = token.level < first.level or (token.type == "note_list" and token.meta["title"])
        if outside or (
            token.type == "heading_open" and token.level == first.level and token.tag <= first.tag
        ):
            return tokens[start:end]
    return tokens[start:]


def _block(tokens: Sequence[Token], name: str) -> Sequence[Token] | None:
    for start, token in enumerate(tokens):
        if token.attrs.get("id") != name:
            continue
        if token.nesting == 0:
            return [token]
        end = start + 1
        while tokens[end].nesting != -1 or tokens[end].level != token.level:
            end += 1
        return tokens[start + 1 : end] if token.type == "list_item_open" else tokens[start : end + 1]
    return None
