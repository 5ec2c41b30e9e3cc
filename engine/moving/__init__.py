"""Giving files other paths, and headings other names, with the links to them rewritten; see `Snapshot.moving`.

::

    planning    what a move comes to: what moves, which links must say something else, what stays behind
    anchoring   the same for headings that an edit renames; headings finds which these are
    rules       what may be moved where
    relinking   which links would mean something else afterwards, and what they should name then
    spelling    the ways to write a target, in the style in which it was written
    repointing  many pages, and what was done on each
    rewriting   one text, in which only the characters of links change
    aliasing    what is left for who knows a page by an old name

Nothing here writes: a plan is shown first, and its changes go to `Wiki.commit`.
"""

from engine.moving.anchoring import AnchorPlan
from engine.moving.planning import Leave, MovePlan, Moving

__all__ = ["AnchorPlan", "Leave", "MovePlan", "Moving"]
