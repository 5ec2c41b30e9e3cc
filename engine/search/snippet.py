"""Stub."""

from dataclasses import dataclass


@dataclass
class Snippet:
    parts: tuple[tuple[str, bool], ...]
    offset: int


def snippet(text, query, lang):
    return Snippet(((text[:200], False),), 0)


def best_section(headings, offset):
    return None
