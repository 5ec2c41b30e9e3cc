"""How much of a page is read and how far embeds are followed: a page costs what a bound says, never more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one page. Beyond a bound a page is still shown; a problem says what was left out."""

    page_bytes: int = 1_000_000  # of UTF-8 text; a longer page is cut at a line
    nesting: int = 100  # blocks within blocks; what lies deeper is left out
    embed_depth: int = 4  # embeds within embeds
    embed_bytes: int = 1_000_000  # text that all embeds of a page may bring in together
    highlight_bytes: int = 16_000  # of one code block; a longer one stays plain
    highlight_total: int = 64_000  # of all code blocks of a page together
    math_characters: int = 2_000  # of one formula; a longer one is shown as code
    math_total: int = 50_000  # of all formulas of a page together
