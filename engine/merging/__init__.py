r"""Three-way merge of a page: of two texts that began as one, what both meant.

::

            base  ours  theirs
               \    |    /
          front matter | body               by_key: each key from the side that changed it; lists of texts as sets
                       |
             regions of lines               by_line, regions: unchanged, changed by one side, by both (diff3)
                       |
      both added at the end: keep both      ends: theirs first, then ours
                       |
        still in conflict: sentences        by_sentence: whole ones of whole paragraphs; blocks: what is such
                       |
               text + conflicts             result: where conflicts are, ours stands in the text

No text is lost: what a side wrote is in the merged text, or in a conflict. What cannot be merged surely is a conflict,
and what was too large to be compared exactly cannot. With the two sides exchanged, the conflicts are the same.

Source:
    Khanna, Kunal and Pierce, "A Formal Investigation of Diff3" (FSTTCS 2007).
"""

from engine.diff import lines
from engine.frontmatter import split
from engine.merging.by_key import merge_front
from engine.merging.by_line import merge_markdown
from engine.merging.pieces import Clash, Piece, settled
from engine.merging.result import Choice, Conflict, Merge, assembled

__all__ = ["Choice", "Conflict", "Merge", "merge"]

_MARK = "\ufeff"


def merge(base: str, ours: str, theirs: str) -> Merge:
    r"""Join two edits of one page.

    Args:
        base: The text both edits began from. Lines end in ``\n``, as in the two others.
        ours: The edit that is to be saved.
        theirs: The edit that is published already.

    Returns:
        The joined page, with conflicts where the edits do not go together.

    Raises:
        ValueError: A text holds ``\r``; the border normalizes line ends before it calls.

    Source:
        See the head of this package.
    """
    texts = base, ours, theirs
    if any("\r" in text for text in texts):
        raise ValueError("lines must end in a newline alone")
    found = settled(*texts)
    if found is not None:
        return Merge(found)
    mark = _MARK if settled(*(text.startswith(_MARK) for text in texts)) else ""
    pages = [split(_ended(text.removeprefix(_MARK))) for text in texts]
    front = merge_front(*(page.raw for page in pages))
    body = merge_markdown(*(lines(page.body) for page in pages))
    return assembled([mark, *_with_ends([*front, *body], texts)])


def _ended(text: str) -> str:
    return text if text.endswith("\n") or not text else f"{text}\n"


def _with_ends(pieces: list[Piece], texts: tuple[str, str, str]) -> list[Piece]:
    """Let the page end in a newline or not, as the side says that changed it; in a conflict, as each did."""
    while pieces and pieces[-1] == "":
        pieces.pop()
    if not pieces:
        return []
    has_end = [text.endswith("\n") or not text for text in texts]
    last = pieces[-1]
    if isinstance(last, Clash):
        sides = zip((last.base, last.ours, last.theirs), has_end, strict=True)
        base, ours, theirs = (side if ends else side.removesuffix("\n") for side, ends in sides)
        return [*pieces[:-1], Clash(base, ours, theirs, last.front)]
    return pieces if settled(*has_end) else [*pieces[:-1], last.removesuffix("\n")]
