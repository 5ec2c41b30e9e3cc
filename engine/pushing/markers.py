"""Conflict markers that a merge has left in a page: all three, in order, and not as an example in a fence."""

import re

_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)")
_MARKERS = (re.compile(r"<{7}(?: .*)?"), re.compile(r"={7}"), re.compile(r">{7}(?: .*)?"))


def conflict_markers(text: str) -> list[int]:
    """Return the lines, counted from 1, at which a conflict that nobody resolved begins.

    Source:
        git-merge(1), "How conflicts are presented"; CommonMark 0.31.2, 4.5, for fences.
    """
    found: list[int] = []
    fence, step, began = "", 0, 0
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            if _closes(line, fence):
                fence = ""
            continue
        if _MARKERS[0].fullmatch(line):
            step, began = 1, number
        elif step and _MARKERS[step].fullmatch(line):
            step += 1
            if step == len(_MARKERS):
                found.append(began)
                step = 0
        elif not step:  # within a conflict each side may open a fence
            fence = _opened(line)
    return found


def _opened(line: str) -> str:
    opening = _FENCE.fullmatch(line)
    return opening["fence"] if opening and not ("`" in opening["fence"] and "`" in opening["info"]) else ""


def _closes(line: str, fence: str) -> bool:
    found = line.strip()
    return len(found) >= len(fence) and not found.strip(fence[0]) and len(line) - len(line.lstrip(" ")) < 4
