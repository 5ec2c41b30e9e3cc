"""Tokens -> the words a reader sees."""

from collections.abc import Iterable, Iterator

from markdown_it.token import Token

TEXT = frozenset({"text", "text_special", "code_inline", "math_inline", "wikilink", "embed", "tag"})
"""Inline tokens whose ``content`` is shown as it stands."""


def pieces(children: Iterable[Token] | None) -> Iterator[tuple[Token, str]]:
    """Go through inline tokens, each with its words; what shows no words has ``""``."""
    for token in children or ():
        if token.type in TEXT:
            yield token, token.content
        elif token.type in {"softbreak", "hardbreak"}:
            yield token, " "
        elif token.type == "image":
            yield token, plain(token.children)
        else:
            yield token, ""


def plain(children: Iterable[Token] | None) -> str:
    """Return the words of inline tokens: no markup, no notes, no comments."""
    return "".join(words for _, words in pieces(children))
